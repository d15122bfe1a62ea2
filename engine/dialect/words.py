"""The words that stand in a file itself, as against what cases compute: attributes, texts, and what expressions are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.dialect.values import is_formula
from engine.dialect.xml import read_xml

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"[^\W\d]\w*")


def words_of(data: bytes) -> frozenset[str]:
    """Return every text of a diagram or table as a whole, each item of a comma list, and of each expression the literals and
    the names.

    Raises ``XmlRefused``; what was deployed has been read before.
    """
    found: set[str] = set()
    for node in read_xml(data).iter():
        if node.text and node.text.strip():
            found.update(_words(node.text.strip(), is_expression=node.tag.endswith("}text")))
        for text in node.attrib.values():
            found.update(_words(str(text).strip(), is_expression=False))
    return frozenset(found)


def names_in_text(text: str) -> list[str]:
    """Return the names in an expression: every word outside its literals, those of members and functions too."""
    return _NAME.findall(LITERAL.sub("", text))


def _words(text: str, *, is_expression: bool) -> Iterator[str]:
    yield text
    yield from (literal.replace('\\"', '"') for literal in LITERAL.findall(text))
    if is_expression or is_formula(text):
        yield from names_in_text(text)
    else:
        yield from (part.strip() for part in text.split(","))
        yield from text.split(".")
