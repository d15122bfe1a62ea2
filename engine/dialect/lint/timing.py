"""Timers: one kind, allowed where it stands, readable, and able to fire."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from engine import feel
from engine.dialect.lint.clocks import follows_clock
from engine.dialect.lint.context import KnownResources
from engine.dialect.lint.drawing import EVENTS, Drawing, Node, bpmn, text_of
from engine.dialect.lint.formulas import CALENDAR_FUNCTIONS, called
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.positions import TIMER_TABLE
from engine.dialect.lint.texts import Texts
from engine.dialect.values import is_formula
from engine.errors import Invalid
from engine.timers import Kind as TimerKind
from engine.timers import TimerRule, read_timer

_KINDS: Final[dict[str, TimerKind]] = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}


def check_timers(drawing: Drawing, texts: Texts, known: KnownResources) -> None:
    """Judge every timer event."""
    for node in drawing.nodes:
        if node.tag in EVENTS and node.trigger == "timer":
            _check_timer(node, texts, known)


def _check_timer(node: Node, texts: Texts, known: KnownResources) -> None:
    given = [(kind, element) for kind in _KINDS for element in bpmn(node.definitions[0], kind)]
    if len(given) != 1:
        said = (
            "has no date, duration or cycle" if not given else "has more than one of date, duration and cycle"
        )
        texts.notes.error(node.xml, "timer_definition", f"The timer {said}.", "Give it exactly one.")
        return
    kind, element = given[0]
    places = TIMER_TABLE.get(node.position, frozenset())
    if kind not in places and not (f"{kind}?" in places and not node.interrupts):
        word = _KINDS[kind]
        repeated = f"{kind}?" in places
        message = f"A timer {word} cannot stand here ({node.position}{', interrupting' if repeated else ''})."
        advice = (
            "Make the event non-interrupting, or use a date or duration." if repeated else "Use another kind."
        )
        texts.notes.error(node.xml, "timer_kind", message, advice, attribute=kind)
    text = text_of(element)
    if not text:
        texts.notes.error(
            node.xml, "timer_empty", "The timer is empty.", "Write when it fires.", attribute=kind
        )
    elif is_formula(text):
        expression = texts.formula(element, kind, text)
        if expression is not None and node.tag == "startEvent" and node.scope.parent is None:
            _check_start(node, kind, expression, texts, known)
    else:
        rule = _read(node, kind, text, texts, known)
        if rule is not None and known.now is not None:
            _check_past(node, rule, texts.notes, known)


def _read(node: Node, kind: str, value: object, texts: Texts, known: KnownResources) -> TimerRule | None:
    try:
        return read_timer(_KINDS[kind], value, zone=texts.zone, shortest=known.shortest_cycle)
    except Invalid as error:
        message = f"The timer {_KINDS[kind]} {quote(str(value))} cannot be used."
        texts.notes.error(node.xml, "timer_unreadable", message, error.message, attribute=kind)
        return None


def _check_start(
    node: Node, kind: str, expression: feel.Expression, texts: Texts, known: KnownResources
) -> None:
    """A process start timer is evaluated at deployment, without variables."""
    if expression.variables:
        names = ", ".join(sorted(expression.variables)[:5])
        message = f"The timer of a process start is read at deployment and cannot use variables ({names})."
        texts.notes.error(
            node.xml, "start_reads_variables", message, "Write it without variables.", attribute=kind
        )
        return
    if known.now is None or (known.working_days is None and called(expression) & CALENDAR_FUNCTIONS):
        return
    try:
        moment = feel.Moment(now=known.now, zone=texts.zone, calendars=known.working_days)
        value = feel.to_json(expression.evaluate({}, moment=moment).required())
    except Invalid as error:
        message = f"The timer cannot be computed: {error.message}"
        texts.notes.error(node.xml, "timer_unreadable", message, attribute=kind)
        return
    _read(node, kind, value, texts, known)


def _check_past(node: Node, rule: TimerRule, notes: Notes, known: KnownResources) -> None:
    if known.now is None or follows_clock(node.xml):
        return
    due_at = rule.schedule
    if isinstance(due_at, datetime) and due_at <= known.now:
        message = f"The date {rule.text} has passed: the timer fires at once, never later."
        advice = "Use an expression, a duration or a later date."
        notes.warning(node.xml, "timer_in_the_past", message, advice, attribute="timeDate")
