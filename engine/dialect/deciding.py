"""Which variables decide who gets work: those that assignments name, and those that these are made of in turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.dialect.remaking import Made, remade_in
from engine.dialect.values import is_formula
from engine.dialect.words import names_in_text
from engine.dialect.xml import read_xml

_ASSIGNED = ("assignee", "candidateUsers", "candidateGroups")


@dataclass(frozen=True, slots=True)
class Sources:
    """What a file says of its variables: which ``assign`` work, of which others each is ``made``, and which an
    expression may give whatever value it likes (``remade``).
    """

    assign: frozenset[str]
    made: tuple[Made, ...]
    remade: frozenset[str]


def sources_of(data: bytes) -> Sources:
    """Return what stands in a diagram: mappings, scripts, collections. Raises ``XmlRefused``.

    What a table answers is not followed: the groups it may name stand in the table.
    """
    assign: set[str] = set()
    made: list[Made] = []
    tree = read_xml(data)
    for node in tree.iter():
        kind = str(node.tag).rpartition("}")[2]
        if kind == "assignmentDefinition":
            assign.update(*(_names(node.get(name)) for name in _ASSIGNED))
        else:
            made.extend(_made(kind, node))
    return Sources(frozenset(assign), tuple(made), remade_in(tree))


def deciding(found: Iterable[Sources], besides: Collection[str]) -> frozenset[str]:
    """Return the variables that decide who gets work, with ``besides`` and all they are made of."""
    files = tuple(found)
    made = [one for file in files for one in file.made]
    names = set(besides).union(*(file.assign for file in files))
    while new := {source for target, sources in made if target in names for source in sources} - names:
        names |= new
    return frozenset(names)


def _made(kind: str, node: Any) -> Iterator[Made]:
    if kind in ("input", "output"):
        yield node.get("target", "").split(".")[0], _names(node.get("source"))
    elif kind == "script":
        yield node.get("resultVariable", ""), _names(node.get("expression"))
    elif kind == "calledDecision":
        yield node.get("resultVariable", ""), _names(node.get("decisionId"))
    elif kind == "loopCharacteristics":
        yield node.get("inputElement", ""), _names(node.get("inputCollection"))
        yield node.get("outputCollection", ""), _names(node.get("outputElement"))


def _names(text: str | None) -> frozenset[str]:
    return frozenset(names_in_text(text)) if text and is_formula(text) else frozenset()
