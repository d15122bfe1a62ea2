"""How a clock moves: started, projected, paused, resumed, extended, met, breached, re-anchored, ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from engine.calendars import Calendar
from engine.deadlines.compute import Anchor
from engine.deadlines.errors import (
    AnchorUnknown,
    BoundPassed,
    ClockEnded,
    ClockNotPausable,
    ClockNotPaused,
    EvidenceRefused,
    ExtensionNotAllowed,
    ExtensionReasonUnknown,
    ExtensionRefused,
    ExtensionTooLate,
    ExtensionTooLong,
    ExtensionUsedUp,
    NothingHeld,
    PauseReasonRefused,
    WrongCalendar,
)
from engine.deadlines.judge import (
    Act,
    ChangeKind,
    ClockChange,
    Moved,
    change,
    judged,
    require,
    require_reason,
    with_breaches,
)
from engine.deadlines.policy import UNSENT, DeadlinePolicy
from engine.deadlines.state import (
    MET,
    OPEN,
    ClockState,
    Evidence,
    Extended,
    Held,
    Pause,
    Status,
    deadline,
)
from engine.zones import in_utc

__all__ = [
    "STAFF_ABSENCE",
    "Act",
    "ClockChange",
    "Moved",
    "approve_shortening",
    "breach",
    "cancel",
    "decline_shortening",
    "extend",
    "go_back",
    "meet",
    "pause",
    "project",
    "re_anchor",
    "re_project",
    "recalendar",
    "recategorise",
    "reopen",
    "resume",
    "rule_out",
    "start",
    "supersede",
    "unextend",
]

STAFF_ABSENCE = "staff_absence"


def start(
    policy: DeadlinePolicy,
    anchor: Anchor,
    calendar: Calendar,
    act: Act,
    *,
    name: str = "",
    number: int = 1,
    pauses: tuple[Pause, ...] = (),
) -> Moved:
    """Start a clock whose anchor has happened. Received long ago, it is breached on entry, once (rule 12).

    ``pauses`` are stretches, ended, for which it did not run although its anchor lay before them.
    """
    state = ClockState(
        name or policy.clock,
        policy,
        calendar.id,
        calendar.version,
        "running",
        anchor,
        number=number,
        pauses=pauses,
    )
    return judged(None, state, calendar, act, "started")


def project(
    policy: DeadlinePolicy,
    expected_on: date,
    calendar: Calendar,
    act: Act,
    *,
    name: str = "",
    number: int = 1,
    at_latest: bool = False,
) -> Moved:
    """Show when a clock will be due if its anchor happens on ``expected_on``, its own due date (rule 2).

    ``at_latest``: it has happened by then, nobody knows when; past the day counted from there the clock is missed.
    """
    state = ClockState(
        name or policy.clock,
        policy,
        calendar.id,
        calendar.version,
        "projected",
        Anchor(policy.anchor),
        expected_on,
        at_latest,
        number=number,
    )
    return judged(None, state, calendar, act, "projected")


def pause(state: ClockState, calendar: Calendar, act: Act, *, category: str) -> Moved:
    """Stop a pausable clock (rule 7). A second pause may begin while another lasts; they count once.

    Raises ``ClockNotPausable``, ``PauseReasonRefused`` (staff absence never is a reason), ``ReasonNeeded``,
    ``BoundPassed``, ``ClockNotRunning``, ``ClockEnded``, ``WrongCalendar``.
    """
    require(state, calendar, "running", "paused")
    if not state.policy.pausable:
        raise ClockNotPausable(clock=state.name, policy=state.policy.id)
    allowed = state.policy.pause_reasons
    if category == STAFF_ABSENCE or (allowed and category not in allowed):
        raise PauseReasonRefused(clock=state.name, category=category, allowed=list(allowed))
    require_reason(state, act)
    if state.bound_at is not None and in_utc(act.at) >= state.bound_at:
        raise BoundPassed(clock=state.name, bound=state.bound_at.isoformat())
    begun = Pause(category, act.reason, act.by, in_utc(act.at))
    return judged(state, replace(state, pauses=(*state.pauses, begun)), calendar, act, "paused")


def resume(state: ClockState, calendar: Calendar, act: Act, *, category: str | None = None) -> Moved:
    """End the pauses that last, or those of one category; the clock runs again when none is left.

    Raises ``ClockNotPaused``, ``ClockEnded``, ``WrongCalendar``.
    """
    require(state, calendar, "paused", "running")
    chosen = [each for each in state.open_pauses if category in (None, each.category)]
    if not chosen:
        raise ClockNotPaused(clock=state.name, category=category)
    ended = tuple(
        replace(each, ended_at=max(in_utc(act.at), each.began_at)) if each in chosen else each
        for each in state.pauses
    )
    return judged(state, replace(state, pauses=ended), calendar, act, "resumed")


def extend(
    state: ClockState,
    calendar: Calendar,
    act: Act,
    *,
    sent_at: datetime,
    letter: str,
    category: str = "",
    amount: int | None = None,
) -> Moved:
    """Lengthen a deadline by the policy's extension, or by a smaller ``amount`` (rule 9).

    ``sent_at`` is when the notice ``letter`` was dispatched, ``category`` one of the policy's reasons. Raises
    a kind of ``ExtensionRefused``, also while the day it counts from is not known and may lie later;
    ``ReasonNeeded``, ``ClockNotRunning``, ``ClockEnded``, ``WrongCalendar``.
    """
    require(state, calendar, "projected", "running", "breached")
    if not state.counts:
        raise ExtensionRefused("The day that this deadline counts from is not known yet.", clock=state.name)
    rule, sent_at = state.policy.extension, in_utc(sent_at)
    if rule is None:
        raise ExtensionNotAllowed(clock=state.name, policy=state.policy.id)
    amount = rule.amount if amount is None else amount
    granted = [each for each in state.extensions if each.policy_id == state.policy.id]
    if sent_at > in_utc(act.at):
        raise ExtensionRefused("The extension letter has not been dispatched.", clock=state.name)
    if state.bound_at is not None and sent_at >= state.bound_at:
        raise ExtensionTooLate(clock=state.name, bound=str(state.bound_at), sent=str(sent_at))
    if rule.times is not None and len(granted) >= rule.times:
        raise ExtensionUsedUp(clock=state.name, times=rule.times)
    used = sum(each.amount for each in granted) if rule.counts_from == "due" else 0
    if amount < 1 or amount > rule.amount or (rule.cap is not None and used + amount > rule.cap):
        raise ExtensionTooLong(clock=state.name, asked=amount, used=used, most=rule.cap or rule.amount)
    if rule.reasons and category not in rule.reasons:
        raise ExtensionReasonUnknown(clock=state.name, category=category, allowed=list(rule.reasons))
    if not letter:
        raise ExtensionRefused("An extension needs a letter to the complainant.", clock=state.name)
    require_reason(state, act)
    more = Extended(
        state.policy.id, amount, rule.unit, rule.counts_from, category or act.reason, letter, act.by, sent_at
    )
    return judged(state, replace(state, extensions=(*state.extensions, more)), calendar, act, "extended")


def meet(state: ClockState, calendar: Calendar, act: Act, *, evidence: Evidence) -> Moved:
    """Record that the message left (rule 11): met if it left before the bound, else met late.

    An open pause counts as ended when the message left. Evidence ``NOBODY`` says that the answer was decided
    and there is nobody to write to, ``REPLIED`` that somebody replied to it; whether that is so is the
    caller's to know. Raises ``EvidenceRefused`` for a kind that shows no dispatch or a moment still to come,
    ``ClockEnded``, ``WrongCalendar``.
    """
    require(state, calendar, "projected", "running", "paused", "breached")
    evidence = replace(evidence, sent_at=in_utc(evidence.sent_at))
    allowed = (*state.policy.evidence, *UNSENT)
    if evidence.kind not in allowed or evidence.sent_at > in_utc(act.at):
        raise EvidenceRefused(
            clock=state.name,
            kind=evidence.kind,
            allowed=list(state.policy.evidence),
            sent=str(evidence.sent_at),
        )
    pauses = _ended_pauses(state.pauses, evidence.sent_at)
    return judged(state, replace(state, evidence=evidence, pauses=pauses, held=None), calendar, act, "met")


def reopen(state: ClockState, calendar: Calendar, act: Act) -> Moved:
    """Take back what met a clock: it showed nothing after all, and the clock is judged as if it had never been.

    Raises ``ClockEnded``, ``ClockNotRunning`` for one that is not met, ``ReasonNeeded``, ``WrongCalendar``.
    """
    require(state, calendar, *MET)
    require_reason(state, act)
    return judged(state, replace(state, evidence=None), calendar, act, "reopened")


def unextend(state: ClockState, calendar: Calendar, act: Act, *, letters: Collection[str]) -> Moved:
    """Take back the extensions that one of ``letters`` told: they reached nobody, and the clock is judged without them.

    Raises ``ClockEnded``, ``ReasonNeeded``, ``WrongCalendar``.
    """
    require(state, calendar, *OPEN)
    require_reason(state, act)
    kept = tuple(each for each in state.extensions if each.letter not in letters)
    return judged(state, replace(state, extensions=kept), calendar, act, "unextended")


def go_back(fallen: ClockState, following: ClockState, calendar: Calendar, act: Act) -> tuple[Moved, Moved]:
    """Take back what met a round of a repeating clock once the round ``following`` it runs: that one counts from what the first did.

    The first awaits nothing any more and is no breach of its own: what was not said is missed once. ``calendar`` is that of the
    round that runs. Raises ``ClockEnded``, ``ReasonNeeded``, ``WrongCalendar``.
    """
    past = tuple(replace(each, superseded=True) for each in fallen.breaches)
    over = replace(fallen, status="superseded", evidence=None, breaches=past)
    pauses = (*fallen.pauses, *following.pauses)
    anchor = replace(fallen.anchor, event=following.policy.anchor)
    again = replace(following, expected_on=fallen.expected_on, pauses=pauses)
    moved = re_anchor(again, anchor, calendar, act)
    return Moved(over, (change(fallen, over, act, "superseded"),)), moved


def breach(state: ClockState, act: Act) -> Moved:
    """Note that the bound has passed.

    Safe to repeat, and nothing happens before the bound or to a paused clock. A clock projected from an event
    that is not known is breached only if that can but make it due sooner.
    """
    if not state.is_open or state.status == "breached" or state.bound_at is None or not state.counts:
        return Moved(state)
    if in_utc(act.at) < state.bound_at:
        return Moved(state)
    return with_breaches(state, replace(state, status="breached"), act)


def re_anchor(state: ClockState, anchor: Anchor, calendar: Calendar, act: Act) -> Moved:
    """Set the moment of the anchor: it has happened (a projected clock starts), or it was recorded wrongly.

    Everything is counted again, a met clock judged again (rule 12); a breach that falls away is superseded.
    Raises ``ReasonNeeded`` for a correction, ``AnchorUnknown`` for another event, ``ClockEnded``,
    ``WrongCalendar``.
    """
    require(state, calendar, *OPEN, *MET)
    if anchor.event != state.policy.anchor:
        raise AnchorUnknown(clock=state.name, needed=state.policy.anchor, given=anchor.event)
    if state.anchor_known:
        require_reason(state, act)
    return judged(state, replace(state, anchor=anchor), calendar, act, "re_anchored")


def re_project(state: ClockState, expected_on: date, calendar: Calendar, act: Act) -> Moved:
    """Set anew the date on which the anchor is, or was, due: that clock was corrected, paused or extended.

    Under the rule "earliest" it counts even after the anchor has happened. Raises like ``re_anchor``.
    """
    require(state, calendar, *OPEN, *MET)
    if state.anchor_known:
        require_reason(state, act)
    return judged(state, replace(state, expected_on=expected_on), calendar, act, "re_anchored")


def recategorise(
    state: ClockState, policy: DeadlinePolicy, calendar: Calendar, act: Act, *, anchor: Anchor | None = None
) -> Moved:
    """Put a clock under another policy and its ``calendar``; anchor and pauses stay (rule 10).

    Extensions belong to the policy that granted them. ``anchor`` is needed if the policy counts from another
    event. Raises ``AnchorUnknown``, ``ClockEnded``; if the new deadline has passed, the clock is breached,
    with one event.
    """
    if not state.is_open:
        raise ClockEnded(clock=state.name, status=state.status)
    anchor = anchor or state.anchor
    if anchor.event != policy.anchor:
        raise AnchorUnknown(clock=state.name, needed=policy.anchor, given=anchor.event)
    new = replace(
        state,
        policy=policy,
        anchor=anchor,
        pauses=state.pauses if policy.pausable else _ended_pauses(state.pauses, in_utc(act.at)),
        calendar_id=calendar.id,
        calendar_version=calendar.version,
        held=None,
    )
    return judged(state, new, calendar, act, "recategorised")


def recalendar(state: ClockState, calendar: Calendar, act: Act) -> Moved:
    """Count an open clock with a new version of its calendar (rule 5); use the result unsaved as a preview.

    Met, breached and ended clocks are left alone. A change that would shorten the promise is held for
    approval: the due date stays, with the calendar version it was counted with. Raises ``WrongCalendar`` for
    another calendar.
    """
    if calendar.id != state.calendar_id:
        raise WrongCalendar(clock=state.name, needed=state.calendar_id, given=calendar.id)
    if state.status not in ("projected", "running", "paused"):
        return Moved(state)
    new = replace(state, calendar_version=calendar.version, held=None)
    due = deadline(new, calendar)
    if state.bound_at is not None and due.bound_at < state.bound_at:
        held = replace(state, held=Held(calendar.version, due.on, due.bound_at))
        return Moved(held, (change(state, held, act, "calendar_change_held"),))
    moved = judged(state, new, calendar, act, "calendar_changed")
    unmoved = (moved.state.bound_at, moved.state.days_left) == (state.bound_at, state.days_left)
    return Moved(moved.state) if unmoved else moved


def approve_shortening(state: ClockState, calendar: Calendar, act: Act) -> Moved:
    """Apply a calendar change that was held. Raises ``NothingHeld``, ``WrongCalendar``, ``ReasonNeeded``."""
    if state.held is None:
        raise NothingHeld(clock=state.name)
    if (calendar.id, calendar.version) != (state.calendar_id, state.held.calendar_version):
        raise WrongCalendar(clock=state.name, needed=state.held.calendar_version, given=calendar.version)
    require_reason(state, act)
    new = replace(state, calendar_version=calendar.version, held=None)
    return judged(state, new, calendar, act, "calendar_changed")


def decline_shortening(state: ClockState, act: Act) -> Moved:
    """Keep the promise, and the calendar version it was counted with. Raises ``NothingHeld``."""
    if state.held is None:
        raise NothingHeld(clock=state.name)
    new = replace(state, held=None)
    return Moved(new, (change(state, new, act, "calendar_change_declined"),))


def cancel(state: ClockState, act: Act) -> Moved:
    """End a clock that is no longer wanted. Raises ``ClockEnded``, ``ReasonNeeded``."""
    return _ended(state, act, "cancelled", "cancelled")


def supersede(state: ClockState, act: Act) -> Moved:
    """End a clock that another one replaces. Raises ``ClockEnded``, ``ReasonNeeded``."""
    return _ended(state, act, "superseded", "superseded")


def rule_out(state: ClockState, act: Act) -> Moved:
    """Note that the clock does not apply to this complaint. Raises ``ClockEnded``, ``ReasonNeeded``."""
    return _ended(state, act, "not_applicable", "ruled_out")


def _ended(state: ClockState, act: Act, status: Status, kind: ChangeKind) -> Moved:
    """Return the clock ended as ``status``; one whose limit had passed stays missed, whatever ends it."""
    if not state.is_open:
        raise ClockEnded(clock=state.name, status=state.status)
    require_reason(state, act)
    if state.status == "breached":
        status, kind = "missed", "missed"
    new = replace(state, status=status, held=None)
    return Moved(new, (change(state, new, act, kind),))


def _ended_pauses(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    """Return the pauses with those that last ended ``at`` a moment."""
    return tuple(
        replace(each, ended_at=max(at, each.began_at)) if each.ended_at is None else each for each in pauses
    )
