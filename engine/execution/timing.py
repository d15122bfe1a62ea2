"""When timers and user tasks of a case are due: texts, case clocks and zones brought together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from engine import feel
from engine.dialect.model import Element, TimerText
from engine.dialect.values import Formula, Value
from engine.errors import Invalid
from engine.execution.case_clocks import dormant, followed, read_by
from engine.execution.changes import TaskRescheduled, TimerArmed
from engine.execution.ending import halt_at
from engine.execution.expressions import EXTRACT, evaluate, known
from engine.execution.token import Token
from engine.execution.world import Halt
from engine.timers import Armed, TimerRule, read_timer

SHORTEST_WAIT = timedelta(seconds=1)  # a timer armed less long before it is due is no wait

CLOCK_ZONE = "UTC"


def arm_timer(token: Token, element: Element, text: TimerText, *, at: int) -> Armed:
    """Return the armed timer of ``element``: the bound of its case clock if the case has one, else what the
    text says.

    A text that reads a clock the case has not, or that does not run, gives a dormant timer; so does one whose
    moment is over and told already (``_told_already``).

    Raises ``Halt`` when the text gives no timer.
    """
    consulted = token.workflow.consulted
    if consulted is not None:
        consulted.taken()  # by expressions before this one
    armed = _armed(token, element, text, at=at)
    return replace(armed, calendars=consulted.taken()) if consulted is not None else armed


def _armed(token: Token, element: Element, text: TimerText, *, at: int) -> Armed:
    now, value = token.workflow.world.moment.now, _passed_at(token, element)
    if value is None:
        value = evaluate(token, text.value, at=at, event=element) if _clocks_there(token, element) else None
        if value is None and read_by(element):
            token.internal_data.pop("fired", None)
            return dormant(now)
        if read_by(element) and feel.kind_of(value) == "date and time":
            value = feel.outward(value)
    if isinstance(value, datetime):
        armed = TimerRule("date", value.isoformat(), CLOCK_ZONE).first_due(now)
        if _told_already(token, element, armed):
            return dormant(now)
        token.internal_data.pop("fired", None)
        return armed
    what = value if isinstance(value, str) else str(value) if feel.kind_of(value) in _TEMPORAL else None
    written = f"={text.value.text}" if isinstance(text.value, Formula) else text.value or ""
    if what is None:
        raise Halt(EXTRACT, f"The timer must be a {text.kind}, but is {feel.kind_of(value)}.")
    try:
        rule = read_timer(text.kind, what, zone=_zone(token, text, what))
        return rule.first_due(token.workflow.world.moment.now)
    except Invalid as error:
        raise Halt(EXTRACT, f"The timer “{written[:80]}” cannot be used: {error.message}") from error


def remember_fired(token: Token, element: Element, at: datetime) -> None:
    """Keep that the timer of ``element`` fired for the moment ``at``, in these rounds of the clocks it follows."""
    token.internal_data["fired"] = {"at": at.isoformat(), "rounds": _rounds(token, element)}


def _told_already(token: Token, element: Element, armed: Armed) -> bool:
    """Tell whether this timer fired for a moment that is over, and would again in the same rounds of its clocks.

    A clock whose facts are corrected gives another moment; once it lies ahead, what was told is forgotten.
    """
    fired = token.internal_data.get("fired")
    if not isinstance(fired, dict):  # None, or the moment alone as older cases keep it
        return armed.due_at.isoformat() == fired
    over = armed.due_at <= token.workflow.world.moment.now
    return over and fired["rounds"] == _rounds(token, element)


def _rounds(token: Token, element: Element) -> dict[str, int]:
    clocks = {name: token.workflow.world.case_clock(name) for name in followed(element)}
    return {name: clock.round for name, clock in clocks.items() if clock is not None}


def announce(token: Token, armed: Armed) -> None:
    """Keep an armed timer and tell the world."""
    data, element = token.internal_data, token.element
    data["timer"] = armed.to_json()
    data["occurrence"] = data.get("occurrence", 0) + 1
    data["at_once"] = (
        data["occurrence"] == 1 and armed.due_at - token.workflow.world.moment.now < SHORTEST_WAIT
    )
    token.workflow.emit(
        TimerArmed(token.key, element.id, armed.due_at, data["occurrence"], data["timer"], followed(element))
    )


def rearm(token: Token) -> None:
    """Compute again when a timer or user task is due whose case clock has moved; a failing text halts it."""
    element = token.element
    try:
        if token.wait == "task" and element.task is not None:
            token.workflow.emit(TaskRescheduled(token.key, task_due(token, element, element.task.due)))
        elif element.trigger is not None and element.trigger.timer is not None:
            at = token.scope.key if token.is_listener else token.key
            announce(token, arm_timer(token, element, element.trigger.timer, at=at))
    except Halt as halt:
        halt_at(token, halt)


def task_due(token: Token, element: Element, own: Value) -> datetime | None:
    """Return when a user task is due: with its clocks, else at its ``own`` moment, and no later than its limits.

    Its own moment counts as it was when it was first needed, so that a clock that moves gives a step no more days; one that
    reads clocks in its text is computed anew. Raises ``Halt``.
    """
    due = clock_bound(token, element) or _own_due(token, element, own)
    return min((at for at in (due, _earliest(token, element.limits)) if at is not None), default=None)


def _own_due(token: Token, element: Element, own: Value) -> datetime | None:
    kept = token.internal_data.get("due")
    if kept is not None and not read_by(element):
        return datetime.fromisoformat(kept)
    due = moment_of(token, own, "due date")
    if due is not None:
        token.internal_data["due"] = due.isoformat()
    return due


def _passed_at(token: Token, element: Element) -> datetime | None:
    """Return the earliest bound of the case clocks that a timer follows; None while nobody knows one, as its day is only expected."""
    clocks = (token.workflow.world.case_clock(name) for name in element.clocks)
    bounds = (clock.bound_at for clock in clocks if clock is not None)
    return min((bound for bound in bounds if bound is not None), default=None)


def clock_bound(token: Token, element: Element) -> datetime | None:
    """Return the earliest bound of the case clocks that ``element`` is due with, None when none has one."""
    return _earliest(token, element.clocks)


def _earliest(token: Token, clocks: tuple[str, ...]) -> datetime | None:
    bounds = (token.workflow.world.clock_due(name) for name in clocks)
    return min((bound for bound in bounds if bound is not None), default=None)


def _clocks_there(token: Token, element: Element) -> bool:
    """Tell whether the case has every clock that ``element`` reads."""
    return all(token.workflow.world.case_clock(name) is not None for name in read_by(element))


def moment_of(token: Token, value: Value, what: str) -> datetime | None:
    """Return the UTC moment an attribute such as ``dueDate`` means, None when absent. Raises ``Halt``."""
    found = known(token, value)
    if found is None or found == "":
        return None
    text = found if isinstance(found, str) else str(found) if feel.kind_of(found) == "date and time" else None
    if text is None:
        raise Halt(EXTRACT, f"The {what} must be a date-time, but is {feel.kind_of(found)}.")
    try:
        rule = read_timer("date", text, zone=zone_name(token))
        return rule.first_due(token.workflow.world.moment.now).due_at
    except Invalid as error:
        raise Halt(EXTRACT, f"The {what} cannot be used: {error.message}") from error


def zone_name(token: Token) -> str:
    """Return the zone of the process, else the service's."""
    case = token.workflow
    return case.definition.time_zone or str(case.world.moment.zone)


def _zone(token: Token, text: TimerText, what: str) -> str:
    if text.kind == "cycle" and not what.startswith("R"):
        return token.workflow.definition.time_zone or "UTC"  # cron (dialect §10)
    return zone_name(token)


_TEMPORAL = frozenset({"date and time", "days and time duration", "years and months duration"})
