"""Case clocks: which a task or timer follows, and which some timer watches."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from engine.dialect.lint.drawing import EVENTS, ZEEBE, Drawing, Node, first_zeebe, text_of, zeebe
from engine.dialect.model import names_in

PROPERTY: Final = "redress.clock"
PROPERTIES: Final = frozenset({PROPERTY, "redress.noLaterThan"})
_CALL: Final = re.compile(r'\bclock\s*\(\s*"([^"\\]{1,200})"')


def follows_clock(node: etree._Element) -> bool:
    """Tell whether the element's due time is that of a case clock by its property."""
    return bool(_by_property(node))


def clocks_of_task(node: Node) -> frozenset[str]:
    """Return the clocks a task's due date follows, by a property or by calling ``clock("…")``."""
    schedule = first_zeebe(node.xml, "taskSchedule")
    text = str(schedule.get("dueDate") or "") if schedule is not None else ""
    return _by_property(node.xml, PROPERTIES) | frozenset(_CALL.findall(text))


def clocks_watched(drawing: Drawing) -> frozenset[str]:
    """Return the clocks that timer events follow: those whose deadlines do not pass unnoticed."""
    found: set[str] = set()
    for node in drawing.nodes:
        if node.tag in EVENTS and node.trigger == "timer":
            found |= _by_property(node.xml)
            found.update(_CALL.findall(text_of(node.definitions[0])))
    return frozenset(found)


def _by_property(node: etree._Element, properties: frozenset[str] = frozenset({PROPERTY})) -> frozenset[str]:
    items = (
        item for holder in zeebe(node, "properties") for item in holder.iterchildren(f"{{{ZEEBE}}}property")
    )
    texts = (str(item.get("value") or "") for item in items if item.get("name") in properties)
    return frozenset(name for text in texts for name in names_in(text))
