"""What a message has to bring (``redress.needs``): each is something that the diagram reads."""

from __future__ import annotations

from engine.dialect.lint.drawing import ZEEBE, Drawing, zeebe
from engine.dialect.lint.formulas import paths
from engine.dialect.lint.notes import quote
from engine.dialect.lint.texts import Texts
from engine.dialect.model import names_in
from engine.suggest import perhaps

NEEDS = "redress.needs"


def check_needs(drawing: Drawing, texts: Texts) -> None:
    """Note what nothing reads: every message without it would be refused for nothing."""
    read = {name for _, expression in texts.formulas for name in expression.variables}
    read.update(".".join(path) for _, expression in texts.formulas for path in paths(expression))
    for node in drawing.nodes:
        for holder in zeebe(node.xml, "properties"):
            for item in holder.iterchildren(f"{{{ZEEBE}}}property"):
                asked = names_in(str(item.get("value") or "")) if item.get("name") == NEEDS else ()
                for path in asked:
                    if path not in read:
                        message = f"Nothing in this diagram reads {quote(path)}: a message would be refused for nothing."
                        texts.notes.error(item, "need_unread", message, perhaps(path, read), attribute=NEEDS)
