"""Facts that a letter names and that do not exist: found before anybody waits for the letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

from lxml import etree

from api.complaints.facts import complaint_facts
from api.complaints.letter_text import expressions
from api.complaints.letters import LetterTemplate
from api.complaints.tables import ComplaintRow
from api.organisation import Organisation
from engine import feel, forms
from engine.dialect.lint.suggest import perhaps
from engine.dialect.xml import read_xml
from engine.errors import RedressError
from engine.feel import syntax
from engine.findings import Finding

Files = Iterable[tuple[str, bytes]]
BY_HAND = frozenset({"holdingText", "extensionReason", "reason"})  # given when a colleague extends a clock
OURS = frozenset({"complaint", "clocks", "organisation", "money", "newDate", "secondStage"})
_LITERAL = re.compile(r'"([a-z][a-z0-9_]*)"')
_NAMING = ("target", "resultVariable", "inputElement", "outputCollection")


def unknown_facts(
    letters: Iterable[LetterTemplate], definitions: Files, organisation: Organisation
) -> tuple[Finding, ...]:
    """Return an error for each name of a letter that neither the register, nor any diagram or form of ``definitions``, provides."""
    variables, clocks = _provided(definitions)
    members = _members(organisation) | {"clocks": clocks}
    found: dict[tuple[str, str], Finding] = {}
    for letter in letters:
        for expression, bound in expressions(letter.subject + letter.body):
            for name, among in _unknown(expression, variables | OURS | BY_HAND | bound, members):
                message = f"The letter names {name}, which no complaint has."
                found[letter.id, name] = Finding(
                    "error", "letter_fact_unknown", message, perhaps(name, among), file=f"{letter.id}.md"
                )
    return tuple(found.values())


def _unknown(
    expression: feel.Expression, known: frozenset[str], members: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    for name in sorted(expression.variables - known):
        yield name, known
    for node in syntax.parts(expression.tree):
        if isinstance(node, syntax.Postfix) and isinstance(node.base, syntax.Name):
            path = node.base.name
            for step in node.steps:
                among = members.get(path)
                if among is None or not isinstance(step, syntax.PathStep):
                    break
                path = f"{path}.{step.name}"
                if step.name not in among:
                    yield path, among
                    break


def _members(organisation: Organisation) -> dict[str, frozenset[str]]:
    """Return what may follow a dot, by what stands before it."""
    specimen = ComplaintRow(channel="web", received_at=datetime(2000, 1, 1, tzinfo=UTC), facts={})
    facts = complaint_facts(
        specimen,
        {},
        to=None,
        contact="",
        link=None,
        zone=ZoneInfo("UTC"),
        issues=(),
        remedies=(),
        decided_outside=False,
    )
    house = organisation.facts()
    return {
        "complaint": frozenset(facts),
        "organisation": frozenset(house),
        "organisation.outsideBody": frozenset(house["outsideBody"]),
    }


def _provided(definitions: Files) -> tuple[frozenset[str], frozenset[str]]:
    """Return the variables that diagrams and forms provide, and the names of clocks in tables and diagrams."""
    variables: set[str] = set()
    clocks: set[str] = set()
    for name, data in definitions:
        ending = PurePath(name).suffix.lower()
        try:
            if ending == ".form":
                variables |= {path[0] for path, _ in forms.read(data, name=name).fields()}
                continue
            root = read_xml(data)
        except RedressError:  # its own findings say what is wrong with it
            continue
        for node in root.iter(etree.Element):
            variables |= {str(node.get(word) or "").partition(".")[0] for word in _NAMING}
            if node.get("key") == "clock":
                clocks.add(str(node.get("value")))
            if ending == ".dmn" and node.text:
                clocks |= set(_LITERAL.findall(node.text))
    return frozenset(variables - {""}), frozenset(clocks)
