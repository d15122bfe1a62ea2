"""Which deadline policies a complaint gets, and whether a second look: the tables in their latest deployed version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import dmn, feel
from engine.deadlines import policy as policies
from engine.deadlines.policy import DeadlinePolicy
from engine.dmn.model import TableBox
from engine.errors import Unavailable
from engine.store.tables import decision_definitions, resources
from engine.zones import day_in_words

DECISION = "deadline_policies"
STAGES = "stages"
PROMISING = frozenset({"acknowledgement", "final_response"})  # without them nobody is ever late
_KINDS = ("regime", "category", "stage")  # what the table is told of a complaint besides its day
_LITERAL = re.compile(r'"([^"\\]*)"')


class DeadlineTableMissing(Unavailable):
    """A decision table about deadlines is not deployed. Deploy processes/deadlines.dmn and processes/stages.dmn."""

    code = "deadline_table_missing"


@dataclass(frozen=True, slots=True)
class Matter:
    """A complaint as the table is told of it; ``days`` are those of the anchors that are known, that of ``received`` first."""

    regime: str
    category: str | None
    stage: str | None
    days: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Gap:
    """The clocks that say by when a complaint is acknowledged and answered, and that the table gives only on other days.

    ``begins`` is the first day of their rows as far as those say it.
    """

    regime: str
    clocks: tuple[str, ...]
    begins: date | None

    @property
    def words(self) -> str:
        """Return for people what is wrong with the day of a complaint."""
        if self.begins is None:
            return f"The rules “{self.regime}” do not hold for this day: no clock would run."
        return f"The rules “{self.regime}” begin on {day_in_words(self.begins)}: for an earlier day no clock would run."


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the table distinguishes: its regimes, and the categories with rows of their own."""

    regimes: tuple[str, ...]
    categories: tuple[str, ...]


def policies_for(
    session: Session, *, regime: str, category: str | None, stage: str | None, on: date, moment: feel.Moment
) -> tuple[DeadlinePolicy, ...]:
    """Return one policy per clock for a complaint of this kind whose anchor date is ``on``.

    The version of each says both what its row calls itself and which deployment of the table it came from, such as
    ``2026-11, table 3``. Raises ``DeadlineTableMissing``.
    """
    version, model = _table(session, DECISION)
    inputs = {"regime": regime, "category": category, "stage": stage, "anchorDate": on}
    decided = dmn.decide(model, DECISION, {k: feel.inward(v) for k, v in inputs.items()}, moment=moment)
    rows: list[Mapping[str, Any]] = feel.outward(decided.required()) or []
    chosen = policies.read_policies(rows, regime=regime, category=category, stage=stage, on=on)
    return tuple(replace(policy, version=f"{policy.version}, table {version}") for policy in chosen)


def policies_on(session: Session, matter: Matter, *, moment: feel.Moment) -> tuple[DeadlinePolicy, ...]:
    """Return one policy per clock; which version of a rule is in force is told by its own anchor's day, else by the receipt."""
    chosen, received = dict[str, DeadlinePolicy](), next(iter(matter.days.values()))
    for on in dict.fromkeys(matter.days.values()):
        for policy in policies_for(
            session, regime=matter.regime, category=matter.category, stage=matter.stage, on=on, moment=moment
        ):
            if matter.days.get(policy.anchor, received) == on:
                chosen.setdefault(policy.clock, policy)
    return tuple(chosen.values())


def gap_on(session: Session, matter: Matter, *, moment: feel.Moment) -> Gap | None:
    """Return what the table gives such a complaint on other days than these; None where nothing is missing.

    A table that has no such clock on any day leaves no gap here: no other day would help.
    """
    lacking = PROMISING - {policy.clock for policy in policies_on(session, matter, moment=moment)}
    if not lacking:
        return None
    rows = rows_of_any_day(
        session, regime=matter.regime, category=matter.category, stage=matter.stage, moment=moment
    )
    missing = [row for row in rows if row.clock in lacking]
    if not missing:
        return None
    begins = [row.effective_from for row in missing if row.effective_from is not None]
    return Gap(matter.regime, tuple(sorted({row.clock for row in missing})), min(begins, default=None))


def rows_of_any_day(
    session: Session, *, regime: str, category: str | None, stage: str | None, moment: feel.Moment
) -> tuple[DeadlinePolicy, ...]:
    """Return the rows the table has for such a complaint on one day or another. Raises ``DeadlineTableMissing``."""
    _, model = _table(session, DECISION)
    return rows_in(model, regime=regime, category=category, stage=stage, moment=moment)


def rows_in(
    model: dmn.Model, *, regime: str, category: str | None, stage: str | None, moment: feel.Moment
) -> tuple[DeadlinePolicy, ...]:
    """Return the rows that a table of deadlines has for such a complaint on one day or another."""
    inputs = {"regime": regime, "category": category, "stage": stage, "anchorDate": date.min}
    decided = dmn.decide(
        _on_any_day(model), DECISION, {k: feel.inward(v) for k, v in inputs.items()}, moment=moment
    )
    rows: list[Mapping[str, Any]] = feel.outward(decided.required()) or []
    return policies.read_rows(rows, regime=regime, category=category, stage=stage)


def kinds(session: Session) -> Kinds:
    """Return the regimes and categories the table names, in the table's order. Raises ``DeadlineTableMissing``."""
    return _kinds(_table(session, DECISION)[1])


@lru_cache(maxsize=8)
def _kinds(model: dmn.Model) -> Kinds:
    box = model.decisions[DECISION].expression
    found: dict[str, dict[str, None]] = {"regime": {}, "category": {}}
    if isinstance(box, TableBox):
        for place, column in enumerate(box.inputs):
            if column.expression.text.strip() in found:
                for rule in box.rules:
                    words = _LITERAL.findall(rule.conditions[place].text)
                    found[column.expression.text.strip()].update(dict.fromkeys(words))
    return Kinds(tuple(found["regime"]), tuple(found["category"]))


def known_kinds(session: Session) -> Kinds:
    """Return the regimes a complaint may come under and the categories with rows; none where no table distinguishes them."""
    try:
        return kinds(session)
    except DeadlineTableMissing:
        return Kinds((), ())


def categories_of(session: Session, regime: str) -> tuple[str, ...]:
    """Return the categories with rows that a complaint of this regime may reach. Raises ``DeadlineTableMissing``."""
    _, model = _table(session, DECISION)
    box = model.decisions[DECISION].expression
    if not isinstance(box, TableBox):
        return ()
    places = {column.expression.text.strip(): place for place, column in enumerate(box.inputs)}
    found: dict[str, None] = {}
    for rule in box.rules:
        text = rule.conditions[places["regime"]].text
        if regime in (words := _LITERAL.findall(text)) or not words or "not(" in text:
            found.update(dict.fromkeys(_LITERAL.findall(rule.conditions[places["category"]].text)))
    return tuple(found)


def covered_by(session: Session, regime: str, moment: feel.Moment) -> str | None:
    """Return the clock that the table ``stages`` says a second look lies within; None when it names none."""
    return _second(session, regime, moment).get("roundCovers") or None


def second_look(session: Session, regime: str, moment: feel.Moment) -> str:
    """Return what follows when an answer is not accepted: ``own`` round, ``courtesy`` or ``none``, as the table ``stages`` says.

    A regime without a row, or a house without the table, offers none: nothing is promised that nobody keeps.
    """
    return str(_second(session, regime, moment).get("secondStage") or "none")


def second_look_in(model: dmn.Model, regime: str, moment: feel.Moment) -> str:
    """Return what a table of second looks offers under a regime: ``own``, ``courtesy`` or ``none``."""
    return str(_second_in(model, regime, moment).get("secondStage") or "none")


def _second(session: Session, regime: str, moment: feel.Moment) -> Mapping[str, Any]:
    """Return the row of the table ``stages`` for a regime, empty when there is none."""
    try:
        _, model = _table(session, STAGES)
    except DeadlineTableMissing:
        return {}
    return _second_in(model, regime, moment)


def _second_in(model: dmn.Model, regime: str, moment: feel.Moment) -> Mapping[str, Any]:
    """Return what the one row that fits gives; nothing from a table that gives several."""
    decided = dmn.decide(model, STAGES, {"regime": feel.inward(regime)}, moment=moment)
    row = feel.outward(decided.required())
    return row if isinstance(row, Mapping) else {}


@lru_cache(maxsize=8)
def _on_any_day(model: dmn.Model) -> dmn.Model:
    """Return the table with its conditions on days left out."""
    decision = model.decisions[DECISION]
    box = decision.expression
    if not isinstance(box, TableBox):
        return model
    on_kind = [column.expression.text.strip() in _KINDS for column in box.inputs]
    rules = tuple(
        replace(
            rule,
            conditions=tuple(
                cell if kept else replace(cell, text="-")
                for cell, kept in zip(rule.conditions, on_kind, strict=True)
            ),
        )
        for rule in box.rules
    )
    opened = replace(decision, expression=replace(box, rules=rules))
    return replace(model, decisions={**model.decisions, DECISION: opened}, compiled={})


def _table(session: Session, decision: str) -> tuple[int, dmn.Model]:
    newest = session.execute(
        select(decision_definitions.c.key, decision_definitions.c.version, resources.c.content)
        .join(resources, resources.c.key == decision_definitions.c.resource_key)
        .where(decision_definitions.c.decision_id == decision, decision_definitions.c.state == "ACTIVE")
        .order_by(decision_definitions.c.version.desc())
        .limit(1)
    ).first()
    if newest is None:
        raise DeadlineTableMissing(decision=decision)
    return newest.version, _model(newest.key, newest.content, f"{decision}.dmn")


@lru_cache(maxsize=4)
def _model(_key: int, content: bytes, name: str) -> dmn.Model:
    return dmn.read(content, name=name)
