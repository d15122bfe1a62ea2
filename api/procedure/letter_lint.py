"""Words of a letter that nothing knows: found before anybody waits for the letter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.complaints.facts import CHANNEL_WORDS, complaint_facts
from api.complaints.history import Standing
from api.complaints.letter_text import HAPPENED, conditions
from api.complaints.letters import LEAVES_ON, LetterTemplate, asked
from api.complaints.states import STATES
from api.complaints.tables import ComplaintRow, IssueRow, RemedyRow
from api.organisation import Organisation
from api.procedure.reading import Named, asked_of
from api.procedure.slips import wrong_word
from engine import feel
from engine.dialect.lint import Words, compared
from engine.feel import syntax
from engine.findings import Finding
from engine.suggest import perhaps

BY_HAND = frozenset({"holdingText", "extensionReason", "reason"})  # given when a colleague extends a clock
OURS = frozenset({"complaint", "clocks", "organisation", "money", "newDate", "secondStage", LEAVES_ON})

_NO_TRUTH = frozenset({"complaint", "clocks", "organisation", "newDate", "secondStage", LEAVES_ON})
_REGISTERED = {  # what a fact of the register can be: nothing else comes from anywhere
    "complaint.channel": frozenset(CHANNEL_WORDS.values()),
    "complaint.state": frozenset(STATES),
}


@dataclass(frozen=True, slots=True)
class LetterWords:
    """What a letter may name: ``named`` by the procedure, ``clocks``, and by variable or member the ``codes`` it can have."""

    named: Named
    clocks: frozenset[str]
    codes: Mapping[str, Words]
    organisation: Organisation


def letter_findings(letters: Iterable[LetterTemplate], words: LetterWords) -> tuple[Finding, ...]:
    """Return the findings about names, members and codes of letters that neither register, diagram, table nor form provides.

    A name that nothing provides is an error: the letter would wait with a hole. So is a code a letter away from a known one. Any
    other member may be in what somebody else's service brings: a warning.
    """
    register = _of_the_register()
    members = _members(register, words.organisation) | {"clocks": words.clocks}
    names = words.named.variables | OURS | BY_HAND
    rows = words.named.provided | _members_of_rows(register)
    found: dict[tuple[str, str, str], Finding] = {}
    for letter in letters:
        for expression, bound in asked(letter):
            for one in (
                *_unknown(expression, names | bound, rows),
                *_unknown_members(expression, members, rows),
                *_unknown_codes(expression, words.codes),
                *_picked_by_text(expression, members),
                *_impossible_codes(expression),
            ):
                found[letter.id, one.code, one.message] = replace(one, file=f"{letter.id}.md")
        for condition in conditions(letter.body):
            for one in _no_condition(condition, members, register):
                found[letter.id, one.code, one.message] = replace(one, file=f"{letter.id}.md")
    return tuple(found.values())


def _unknown(expression: feel.Expression, names: frozenset[str], rows: frozenset[str]) -> Iterator[Finding]:
    """Yield variables that are not there; within ``[…]`` the members of a row are names too."""
    of_rows = {
        node.name
        for step in syntax.parts(expression.tree)
        if isinstance(step, syntax.FilterStep)
        for node in syntax.parts(step.condition)
        if isinstance(node, syntax.Name)
    }
    for name in sorted(expression.variables - names - (of_rows & rows)):
        yield _nowhere(name, names)


def _unknown_members(
    expression: feel.Expression, members: Mapping[str, frozenset[str]], rows: frozenset[str]
) -> Iterator[Finding]:
    """Yield what follows a dot and is not there: of our own facts always wrong, of others a slip or a doubt."""
    for node in syntax.parts(expression.tree):
        if not isinstance(node, syntax.Postfix):
            continue
        path = node.base.name if isinstance(node.base, syntax.Name) else ""
        for step in node.steps:
            if not isinstance(step, syntax.PathStep):
                path = ""
            elif path in members:
                path, among = f"{path}.{step.name}", members[path]
                if step.name not in among:
                    yield _nowhere(path, among)
                    break
            else:
                path = ""
                yield from wrong_word(step.name, Words(kind="member", known=rows, others="warning"))


def _unknown_codes(expression: feel.Expression, codes: Mapping[str, Words]) -> Iterator[Finding]:
    for name, code in asked_of(expression):
        if name in codes:
            yield from wrong_word(code, codes[name])


def _picked_by_text(expression: feel.Expression, members: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Yield ``clocks["update"]``: brackets filter a list, and of one thing with members they give nothing."""
    for node in syntax.parts(expression.tree):
        if not isinstance(node, syntax.Postfix) or not isinstance(node.base, syntax.Name):
            continue
        step = node.steps[0] if node.steps else None
        if isinstance(step, syntax.FilterStep) and isinstance(step.condition, syntax.String):
            name, member = node.base.name, step.condition.value
            if name in members and member in members[name]:
                message = f"{name}[“{member}”] is always empty."
                yield Finding("error", "letter_fact_unknown", message, f"Write {name}.{member}.")
            elif name in members:
                yield _nowhere(f"{name}.{member}", members[name])


def _impossible_codes(expression: feel.Expression) -> Iterator[Finding]:
    """Yield what a fact of the register is compared with and never is."""
    for value, code in compared(expression):
        path = _path(value)
        if path in _REGISTERED:
            yield from wrong_word(
                code, Words(kind=f"value of {path}", known=_REGISTERED[path], others="error")
            )


def _no_condition(
    condition: feel.Expression, members: Mapping[str, frozenset[str]], register: Mapping[str, Any]
) -> Iterator[Finding]:
    """Yield a fact of ours that stands as a condition and is never true or false, such as a day."""
    path = _path(condition.tree)
    owner, _, member = path.rpartition(".")
    if path not in _NO_TRUTH and (owner not in members or member not in members[owner]):
        return
    if owner != HAPPENED or not isinstance(register[member], bool):
        message = f"The condition {path} is neither true nor false."
        yield Finding("error", "letter_condition", message, f"Compare it, for example {path} != null.")


def _path(node: syntax.Node) -> str:
    """Return ``a.b`` of a name and what follows it by dots; empty for anything else."""
    if isinstance(node, syntax.Name):
        return node.name
    if not isinstance(node, syntax.Postfix) or not isinstance(node.base, syntax.Name):
        return ""
    steps = [step.name for step in node.steps if isinstance(step, syntax.PathStep)]
    return ".".join((node.base.name, *steps)) if len(steps) == len(node.steps) else ""


def _nowhere(name: str, among: frozenset[str]) -> Finding:
    message = f"The letter names {name}, which no complaint has."
    return Finding("error", "letter_fact_unknown", message, perhaps(name, among))


def _members(register: Mapping[str, Any], organisation: Organisation) -> dict[str, frozenset[str]]:
    """Return what may follow a dot, by what stands before it."""
    house = organisation.facts()
    return {
        "complaint": frozenset(register),
        "organisation": frozenset(house),
        "organisation.outsideBody": frozenset(house["outsideBody"]),
    }


def _members_of_rows(register: Mapping[str, Any]) -> frozenset[str]:
    """Return what the rows of the register's lists have."""
    lists = (value for value in register.values() if isinstance(value, list))
    return frozenset(name for rows in lists for row in rows if isinstance(row, dict) for name in row)


def _of_the_register() -> dict[str, Any]:
    """Return what a letter knows of a complaint that has one of everything."""
    complaint = ComplaintRow(channel="web", received_at=datetime(2000, 1, 1, tzinfo=UTC), facts={})
    issues, remedies = (IssueRow(number=1, summary=""),), (RemedyRow(kind="", description=""),)
    standing = Standing(complaint.received_at, "received", None, decided_outside=False, waits_for_reply=False)
    return complaint_facts(
        complaint, {}, to=None, contact="", link=None, zone=ZoneInfo("UTC"),
        issues=issues, remedies=remedies, standing=standing,
    )  # fmt: skip
