"""Which facts a case is begun with stay what they were: no diagram makes them of anything else it knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from engine.dialect.values import is_formula
from engine.dialect.words import LITERAL
from engine.feel.names import KEYWORDS

Made = tuple[str, frozenset[str]]  # a variable, and the names it is made of
_MEMBER = re.compile(r'(?<![\w.])"?([^\W\d]\w*)"?\s*:(?!\s*\1\s*[,}])')
_WORDS = KEYWORDS | {"date", "get", "not", "now", "time", "today"}  # of expressions that bring nothing in


def remade_in(tree: Any) -> frozenset[str]:
    """Return the names that results, or members of contexts in expressions, give another meaning in a diagram."""
    return frozenset(name for node in tree.iter() for name in _remade(node))


def untouched(made: Collection[Made], remade: Collection[str], facts: Collection[str]) -> frozenset[str]:
    """Return those of the facts that are made of such facts alone, where they are made at all."""
    words = _WORDS - {target for target, _ in made}
    kept = frozenset(facts).difference(remade)
    while lost := {target for target, sources in made if target in kept and sources - kept - words}:
        kept -= lost
    return kept


def _remade(node: Any) -> Iterator[str]:
    for name in ("resultVariable", "inputElement", "outputCollection"):
        if node.get(name):
            yield node.get(name)
    for text in (node.text, *node.attrib.values()):
        if is_formula(text):
            yield from _MEMBER.findall(text)
            yield from LITERAL.findall(text)
