"""The contract of ``deadlines.dmn``: each row is read at check time as it will be at run time, and its words exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.complaints.clock_start import STAGES
from api.complaints.policies import DECISION, rows_in, second_look_in
from api.complaints.told_days import ANSWER
from api.procedure.reading import literals
from api.procedure.slips import alone, wrong_word
from engine import dmn, feel
from engine.deadlines import policy as policies
from engine.deadlines.policy import DeadlinePolicy
from engine.dialect.lint import Words
from engine.dmn.model import Rule, TableBox
from engine.errors import RedressError
from engine.findings import Finding
from engine.suggest import closest, perhaps, slip_of
from engine.zones import local_date

GIVEN = ("regime", "category", "stage", "anchorDate")  # what the table is told
_ANY_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what it is for, and the policy it gives, or why it gives none."""

    rule: Rule
    words: Mapping[str, tuple[str, ...]]
    policy: DeadlinePolicy | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What the rows may name. ``reasons`` are those for which clocks pause or are extended, ``regimes`` and ``categories`` those that
    anything beside this table names, ``followed`` the clocks that diagrams name, ``before`` the regimes and categories of the table
    that is replaced, ``elsewhere`` the regimes with an outside body of their own.
    """

    anchors: Words
    letters: Words
    evidence: Words
    calendars: Words
    reasons: Words
    regimes: frozenset[str]
    categories: frozenset[str]
    followed: frozenset[str]
    before: frozenset[str]
    elsewhere: frozenset[str]


def table_of(model: dmn.Model, decision_id: str) -> TableBox | None:
    """Return the table of a decision, None when the model has none."""
    decision = model.decisions.get(decision_id)
    return decision.expression if decision is not None and isinstance(decision.expression, TableBox) else None


def rows_of(model: dmn.Model, *, moment: feel.Moment) -> tuple[Row, ...]:
    """Return every row, its results evaluated on their own and read by the very reader of run time."""
    box = table_of(model, DECISION)
    return () if box is None else tuple(_row(model, box, rule, moment) for rule in box.rules)


def _row(model: dmn.Model, box: TableBox, rule: Rule, moment: feel.Moment) -> Row:
    names = [column.expression.text.strip() for column in box.inputs]
    words = {name: literals(cell.text) for name, cell in zip(names, rule.conditions, strict=True)}
    given: dict[str, Any] = {name: next(iter(words.get(name, ())), None) for name in GIVEN}
    given["anchorDate"] = _ANY_DAY
    open_rule = replace(rule, conditions=tuple(replace(cell, text="-") for cell in rule.conditions))
    alone = replace(model.decisions[DECISION], expression=replace(box, rules=(open_rule,)))
    one_row = replace(model, decisions={**model.decisions, DECISION: alone}, compiled={})
    try:
        decided = dmn.decide(
            one_row, DECISION, {name: feel.inward(value) for name, value in given.items()}, moment=moment
        )
        (policy,) = policies.read_rows(
            feel.outward(decided.required()) or [],
            regime=str(given["regime"]),
            category=given["category"],
            stage=given["stage"],
        )
    except RedressError as refusal:
        return Row(rule, words, None, str(refusal))
    except ValueError:
        return Row(rule, words, None, "The row gives no policy.")
    return Row(rule, words, policy)


def check_table(model: dmn.Model, around: Around, *, file: str, moment: feel.Moment) -> Iterator[Finding]:
    """Yield what is wrong with the table for those who read it at run time."""
    box = table_of(model, DECISION)
    if box is None:
        return
    yield from _check_columns(box, file)
    if box.hit_policy != "RULE ORDER":
        message = f"The hit policy is {box.hit_policy}: a complaint would get one clock, not each that fits."
        advice = "Set it to RULE ORDER."
        yield Finding("error", "deadline_hit_policy", message, advice, file=file, element_id=box.element_id)
        return
    rows = rows_of(model, moment=moment)
    regimes, categories = (
        [word for row in rows for word in row.words.get(name, ())] for name in ("regime", "category")
    )
    clocks = [row.policy.clock for row in rows if row.policy is not None]
    for row in rows:
        if row.policy is None:
            yield Finding(
                "error", "deadline_row", row.refusal, "Correct the cell.", file=file, element_id=row.rule.element_id,
                line=_line(row),
            )  # fmt: skip
            continue
        for finding in (
            *_check_row(row, row.policy, around, regimes, categories),
            *_check_followed(row.policy.clock, around.followed, clocks),
        ):
            yield replace(finding, file=file, element_id=row.rule.element_id, line=_line(row))
    for row, name in _of_one_name(rows):
        message = f"Another row has the id “{name}” too: a clock finds its row again by that."
        yield Finding(
            "error", "policy_id_twice", message, "Give each row its own.", file=file, element_id=row.rule.element_id, line=_line(row)
        )  # fmt: skip
    for regime in _without_clocks(box, rows):
        message = (
            f"A complaint under the regime “{regime}” would start without any clock: no row is for it "
            "whatever it is about."
        )
        advice = "Name it in a row whose category is “-”, or take it out of the others."
        yield Finding("error", "regime_without_clocks", message, advice, file=file)
    for regime in _out_of_force(rows, local_date(moment.now, moment.zone_info)):
        message = f"No row of the regime “{regime}” is in force today: a complaint under it would be refused."
        yield Finding(
            "warning", "regime_out_of_force", message, "Correct effectiveFrom or effectiveTo.", file=file
        )
    for row, regime in _by_the_house(rows, around.elsewhere):
        message = f"The regime “{regime}” has an outside body of its own, and this row counts by the calendar of the house."
        advice = "Name the calendar of the place whose rules these are."
        yield Finding(
            "warning", "calendar_of_the_house", message, advice, file=file, element_id=row.rule.element_id, line=_line(row)
        )  # fmt: skip


def check_rounds(
    table: dmn.Model, stages: dmn.Model, regimes: Iterable[str], *, file: str, moment: feel.Moment
) -> Iterator[Finding]:
    """Yield the regimes under which the table of second looks offers one, and no row says by when it is answered."""
    for regime in sorted(regimes):
        try:
            offered = second_look_in(stages, regime, moment)
            rows = rows_in(table, regime=regime, category=None, stage=STAGES[-1], moment=moment)
        except (RedressError, ValueError):
            continue  # the tables' own findings say it
        if offered != "none" and not any(row.clock == ANSWER for row in rows):
            message = (
                f"A second look (“{offered}”) is offered under the regime “{regime}”, and no row says by when it is answered: "
                "a complaint would stop when its complainant does not accept our answer."
            )
            advice = (
                f"Add a row of stage “{STAGES[-1]}” for the clock {ANSWER}, or have stages.dmn offer none."
            )
            yield Finding("error", "round_without_clock", message, advice, file=file)


def _of_one_name(rows: tuple[Row, ...]) -> Iterator[tuple[Row, str]]:
    """Yield each row that has the id of one above it, with that id."""
    above: set[str] = set()
    for row in rows:
        name = "" if row.policy is None else row.policy.id
        if name in above:
            yield row, name
        above.update({name} - {""})


def _without_clocks(box: TableBox, rows: tuple[Row, ...]) -> list[str]:
    """Return the regimes that rows name, and none of those rows holds for a complaint of no category."""
    place = next((at for at, one in enumerate(box.inputs) if one.expression.text.strip() == "category"), None)
    named, begun = set[str](), set[str]()
    for row in rows:
        regimes = row.words.get("regime", ())
        named.update(regimes)
        category = "-" if place is None else row.rule.conditions[place].text.strip()
        if category in ("", "-") or category.startswith("not("):
            begun.update(regimes)
    return sorted(named - begun)


def _out_of_force(rows: tuple[Row, ...], today: date) -> list[str]:
    """Return the regimes whose rows all begin later or have ended, by name."""
    named: set[str] = set()
    holding: set[str] = set()
    for row in rows:
        if row.policy is not None:
            named.update(row.words.get("regime", ()))
            if row.policy.in_force(today):
                holding.update(row.words.get("regime", ()))
    return sorted(named - holding)


def _by_the_house(rows: tuple[Row, ...], elsewhere: frozenset[str]) -> Iterator[tuple[Row, str]]:
    """Yield the rows without a calendar, each with the regimes it is for that follow rules from elsewhere."""
    for row in rows:
        if row.policy is not None and row.policy.calendar is None:
            for regime in row.words.get("regime", ()):
                if regime in elsewhere:
                    yield row, regime


def _check_columns(box: TableBox, file: str) -> Iterator[Finding]:
    known = policies.columns()
    for column in box.outputs:
        if column.name not in known:
            message = f"No policy has a column “{column.name}”."
            yield Finding("error", "deadline_column", message, perhaps(column.name, known), file=file)
    for place in box.inputs:
        try:
            read = feel.compile(place.expression.text).variables
        except RedressError:
            continue  # the table's own findings say it
        for name in sorted(read - set(GIVEN)):
            message = f"The table is told {', '.join(GIVEN)}, not “{name}”: no row would fit."
            yield Finding("error", "deadline_column", message, perhaps(name, GIVEN), file=file)


def _check_row(
    row: Row, policy: DeadlinePolicy, around: Around, regimes: list[str], categories: list[str]
) -> Iterator[Finding]:
    first, last = policy.effective_from, policy.effective_to
    if first is not None and last is not None and last < first:
        message = f"The row is in force from {first} to {last}: never."
        yield Finding("error", "deadline_row", message, "Correct effectiveFrom or effectiveTo.")
    yield from _check_empty(row)
    stages = Words(kind="stage", known=frozenset(STAGES))
    for stage in filter(None, row.words.get("stage", ())):
        yield from wrong_word(stage, stages)
    for category in row.words.get("category", ()):
        yield from _check_capitals(category, categories)
        yield from _check_category(category, categories, around)
        yield from _check_renamed("category", category, around)
    for regime in row.words.get("regime", ()):
        yield from _check_regime(regime, policy.id, regimes, around)
        yield from _check_renamed("regime", regime, around)
    yield from wrong_word(policy.anchor, around.anchors)
    if policy.calendar is not None:
        yield from wrong_word(policy.calendar, around.calendars)
    if policy.extension is not None and policy.extension.letter is not None:
        yield from wrong_word(policy.extension.letter, around.letters)
    extended = () if policy.extension is None else policy.extension.reasons
    for reason in (*policy.pause_reasons, *extended):
        yield from wrong_word(reason, around.reasons)
    for evidence in policy.evidence:
        yield from wrong_word(evidence, around.evidence)


def _check_followed(clock: str, followed: frozenset[str], clocks: list[str]) -> Iterator[Finding]:
    """Yield a finding for a clock that no diagram names; one of a single row that is like another is written wrong."""
    if clock not in followed:
        is_slip = slip_of(clock, followed) or (clocks.count(clock) == 1 and closest(clock, followed))
        message = f"No diagram names the clock “{clock}”: nothing would ever meet it."
        yield Finding(
            "error" if is_slip else "warning", "clock_unfollowed", message, perhaps(clock, followed)
        )


def _check_category(category: str, categories: list[str], around: Around) -> Iterator[Finding]:
    """Yield a finding when a category is a slip of one that is named elsewhere, or when its row alone names it."""
    slips = tuple(wrong_word(category, Words(kind="category", known=around.categories, others="accepted")))
    yield from slips or alone("category", category, categories, around.categories)


def _check_regime(regime: str, policy_id: str, regimes: list[str], around: Around) -> Iterator[Finding]:
    """Yield a finding when a regime is a slip: of another with as many rows or more, or of the one its row is named for; else when
    its row alone names it."""
    likely = {other for other in regimes if regimes.count(other) >= regimes.count(regime)}
    parts = policy_id.split("-")
    named = {"-".join(parts[:end]) for end in range(1, len(parts) + 1)}
    meant = slip_of(regime, likely - {regime}) or (None if regime in named else slip_of(regime, named))
    if meant is not None:
        message = f"The regime “{regime}” differs from “{meant}” by one letter or in capitals: complaints would miss this clock."
        yield Finding("error", "regime_slip", message, f"Did you mean {meant}?")
    else:
        yield from alone("regime", regime, regimes, around.regimes)


def _check_empty(row: Row) -> Iterator[Finding]:
    """Yield a finding for each cell that asks for a text without a letter."""
    for column in sorted(name for name, words in row.words.items() if not all(map(str.strip, words))):
        message = f"The cell of the column “{column}” asks for an empty text: no complaint has one, and no clock would start."
        yield Finding("error", "condition_empty", message, "Write - for any, or name it.", attribute=column)


def _check_capitals(category: str, categories: list[str]) -> Iterator[Finding]:
    """Yield a finding when another category with as many rows or more has the same letters."""
    alike = {other for other in categories if other.casefold() == category.casefold()} - {category}
    meant = max(alike, key=categories.count, default=category)
    if meant != category and categories.count(meant) >= categories.count(category):
        message = f"The category “{category}” differs from “{meant}” in capitals only: complaints would miss this clock."
        yield Finding("error", "category_slip", message, f"Did you mean {meant}?")


def _check_renamed(kind: str, word: str, around: Around) -> Iterator[Finding]:
    """Yield a finding for a word that is new and one letter or capitals away from one the table had before: complaints carry that."""
    meant = slip_of(word, around.before)
    if meant is not None:
        message = f"The {kind} “{word}” was “{meant}” before: complaints under that name would get no clock."
        yield Finding("error", "renamed_by_a_letter", message, f"Did you mean {meant}?")


def _line(row: Row) -> int | None:
    return next((cell.line for cell in (*row.rule.conditions, *row.rule.results) if cell.line), None)
