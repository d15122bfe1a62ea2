"""One complaint as its pages show it: overview, people, issues, clocks, letters, documents, remedies, timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.anchors import ASKED, missing
from api.complaints.answers.sheets import SheetView, of_complaint
from api.complaints.clock_rows import WINDOWS, is_only_expected, label
from api.complaints.joined import joined_by
from api.complaints.lines import said_by
from api.complaints.of_case import complaint_of_root
from api.complaints.parties import COMPLAINANT, REPRESENTATIVE, authority_in_words
from api.complaints.states import CLOSING_REASONS, public_words, staff_words
from api.complaints.struck_out import CAME_BACK
from api.complaints.tables import (
    ClockChangeRow,
    ClockRow,
    ComplaintRow,
    DocumentRow,
    EventRow,
    IssueRow,
    LetterRow,
    PartyRow,
    RecordRow,
    RemedyRow,
    newest_first,
    oldest_first,
)
from api.deadlines.calendars import KeptCalendars
from api.identity.tables import PersonRow
from engine.calendars import Calendar
from engine.deadlines.explain import explain
from engine.deadlines.state import OPEN, ClockState, counted_anchor
from engine.errors import NotFound
from engine.zones import local_date

CLOCK_WORDS = {
    "projected": "expected",
    "running": "running",
    "paused": "paused",
    "met": "met",
    "met_late": "met late",
    "breached": "breached",
    "missed": "missed",
    "cancelled": "not needed any more",
    "superseded": "replaced",
    "not_applicable": "does not apply",
}
TONES = {
    "met": "good",
    "running": "cool",
    "projected": "cool",
    "paused": "warn",
    "breached": "bad",
    "met_late": "bad",
    "missed": "bad",
}


OVER = "over"  # of time the complainant has


class ComplaintNotFound(NotFound):
    """There is no such complaint."""

    code = "complaint_not_found"


@dataclass(frozen=True, slots=True)
class ClockChange:
    """One line of a clock's history."""

    at: datetime
    by: str
    words: str
    reason: str
    due_before: date | None
    due_after: date | None


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock for reading. ``used`` is the share of its days gone by, 0 to 100; ``left`` says it in words.

    ``answered_at`` is when what answered it left; None while nothing has. ``only_expected``: the day has passed and counts for
    nothing, as what it counts from is not known yet. ``missing`` says in words which day nobody has noted that it counts from; then
    ``at_latest`` tells whether it can only be due sooner.
    """

    key: int
    name: str
    label: str
    state: str
    words: str
    tone: str
    due_on: date | None
    bound_at: datetime | None
    used: int
    left: str
    is_open: bool
    is_window: bool
    pausable: bool
    pause_reasons: tuple[str, ...]
    extendable: bool
    extension_reasons: tuple[str, ...]
    extension_amount: int
    extension_unit: str
    evidence: tuple[str, ...]
    answered_at: datetime | None
    only_expected: bool
    missing: str | None
    at_latest: bool
    held_on: date | None
    legal_source: str
    policy: str
    rule: str
    stage: str | None  # of the complaint that the clock belongs to; None: any
    changes: tuple[ClockChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline."""

    at: datetime
    by: str
    kind: str
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything a complaint's page shows."""

    complaint: ComplaintRow
    state_words: str
    closing_words: str | None
    owner_name: str | None
    people: tuple[PartyRow, ...]
    authority: Mapping[int, str]  # of representatives, by key: what they may do today
    issues: tuple[IssueRow, ...]
    remedies: tuple[RemedyRow, ...]
    clocks: tuple[ClockView, ...]
    letters: tuple[LetterRow, ...]
    documents: tuple[DocumentRow, ...]
    records: tuple[RecordRow, ...]
    events: tuple[Event, ...]
    sheets: tuple[SheetView, ...]


def complaint(session: Session, key: int) -> ComplaintRow:
    """Return the row. Raises ``ComplaintNotFound``."""
    row = session.get(ComplaintRow, key)
    if row is None:
        raise ComplaintNotFound(complaint=str(key))
    return row


def standing_remedies(session: Session, key: int) -> tuple[RemedyRow, ...]:
    """Return what we promised and stand to: of the newest decision, what was carried out, and what we keep in any case."""
    rows = session.scalars(
        select(RemedyRow).where(RemedyRow.complaint_key == key).order_by(*oldest_first(RemedyRow))
    ).all()
    decided = session.scalars(
        select(RecordRow)
        .where(RecordRow.complaint_key == key, RecordRow.kind == "decision")
        .order_by(*oldest_first(RecordRow))
    ).all()
    since = decided[-1].at if decided else None
    kept = {
        str(one.get("id"))
        for record in decided
        for one in record.data.get("commitments") or ()
        if one.get("keepAnyway") is True
    }
    return tuple(
        row
        for row in rows
        if since is None or row.decided_at >= since or row.corrected_at is not None or row.mark in kept
    )


def decided_outside(session: Session, key: int, *, until: tuple[datetime, int] | None = None) -> bool:
    """Tell whether the outside body had decided the complaint ``until`` a moment and key (None: by now): nobody need go there."""
    referrals = session.scalars(
        select(RecordRow).where(RecordRow.complaint_key == key, RecordRow.kind == "referral")
    )
    return any(
        record.data.get("status") == "decided"
        for record in referrals
        if until is None or (record.at, record.key) <= until
    )


def complaint_of_case(session: Session, root_key: int) -> ComplaintRow | None:
    """Return the complaint that a root instance conducts, or beside which it began (the survey); None without one."""
    key = complaint_of_root(session, root_key)
    return None if key is None else session.get(ComplaintRow, key)


def case_view(session: Session, row: ComplaintRow, *, calendars: KeptCalendars, now: datetime) -> CaseView:
    """Return the complaint with all that belongs to it."""
    names, people = display_names(session), _people(session, row.key)
    today = local_date(now, calendars.get(None).zone)
    return CaseView(
        complaint=row,
        state_words=staff_words(row.state),
        closing_words=CLOSING_REASONS.get(row.closing_reason or "", row.closing_reason),
        owner_name=names.get(row.owner or ""),
        people=people,
        authority={
            each.key: words for each in people if (words := authority_in_words(each, on=today)) is not None
        },
        issues=tuple(
            session.scalars(
                select(IssueRow).where(IssueRow.complaint_key == row.key).order_by(IssueRow.number)
            )
        ),
        remedies=_all(session, RemedyRow, row.key),
        clocks=clock_views(session, row.key, calendars=calendars, now=now),
        letters=_all(session, LetterRow, row.key),
        documents=_all(session, DocumentRow, row.key),
        records=_all(session, RecordRow, row.key),
        events=timeline(session, row.key),
        sheets=of_complaint(session, row.key, names=names, joined=joined_by(session, row.key)),
    )


def timeline(session: Session, complaint_key: int, *, reader: str | None = None) -> tuple[Event, ...]:
    """Return the complaint's events, newest first; for a ``reader`` with this role on the status page those they may see, in
    their words."""
    query = select(EventRow).where(EventRow.complaint_key == complaint_key)
    if reader is not None:
        query = query.where(EventRow.public.is_(True))
    rows = session.scalars(query.order_by(*newest_first(EventRow)))
    names = {} if reader is not None else display_names(session)
    return tuple(
        Event(
            row.at,
            names.get(row.by, row.by),
            row.kind,
            row.text if reader is None else _public(row, reader),
            row.facts or {},
        )
        for row in rows
    )


def clock_views(
    session: Session, complaint_key: int, *, calendars: KeptCalendars, now: datetime
) -> tuple[ClockView, ...]:
    """Return the complaint's clocks, open ones first by due date, each with its history."""
    history: dict[int, list[ClockChange]] = {}
    names = display_names(session)
    for change in session.scalars(
        select(ClockChangeRow)
        .where(ClockChangeRow.complaint_key == complaint_key)
        .order_by(*oldest_first(ClockChangeRow))
    ):
        history.setdefault(change.clock_key, []).append(
            ClockChange(
                change.at,
                names.get(change.by, change.by),
                change.change.replace("_", " "),
                change.reason,
                change.due_before,
                change.due_after,
            )
        )
    rows = session.scalars(select(ClockRow).where(ClockRow.complaint_key == complaint_key)).all()
    views = [_clock(row, calendars, now, tuple(history.get(row.key, ()))) for row in rows]
    return tuple(sorted(views, key=lambda view: (not view.is_open, view.due_on or date.max, view.label)))


def next_clocks(
    session: Session, complaint_keys: Iterable[int], *, calendars: KeptCalendars, now: datetime
) -> dict[int, ClockView]:
    """Return of each complaint the open clock that is due first; windows of the complainant are left out.

    One that was expected for a day that has passed comes after those that count.
    """
    rows = session.scalars(
        select(ClockRow)
        .where(ClockRow.complaint_key.in_(list(complaint_keys)), ClockRow.state.in_(OPEN))
        .where(ClockRow.name.not_in(WINDOWS))
        .order_by(ClockRow.bound_at.is_(None), ClockRow.bound_at, ClockRow.key)
    )
    first: dict[int, ClockRow] = {}
    for row in sorted(rows, key=lambda row: is_only_expected(row, now=now)):
        first.setdefault(row.complaint_key, row)
    return {key: _clock(row, calendars, now, ()) for key, row in first.items()}


def display_names(session: Session) -> dict[str, str]:
    """Return the display name of every account, and of what acts by itself."""
    names = dict(session.execute(select(PersonRow.name, PersonRow.display_name)).all())
    return names | {"system": "Redress", COMPLAINANT: "Complainant", REPRESENTATIVE: "Representative"}


def _clock(
    row: ClockRow, calendars: KeptCalendars, now: datetime, changes: tuple[ClockChange, ...]
) -> ClockView:
    state = ClockState.from_json(row.saved)
    calendar = calendars.get_version(row.calendar_id, row.calendar_version)
    policy = state.policy
    suffix = f" {row.number}" if row.number > 1 else ""
    rule = policy.extension
    granted = sum(each.policy_id == policy.id for each in state.extensions)
    over = row.name in WINDOWS and row.bound_at is not None and row.bound_at <= now
    only_expected, event = is_only_expected(row, now=now), missing(state)
    return ClockView(
        key=row.key,
        name=row.name,
        label=label(row.name) + suffix,
        state=row.state,
        words=OVER if over else CLOCK_WORDS.get(row.state, row.state),
        tone="" if over else TONES.get(row.state, ""),
        due_on=row.due_on,
        bound_at=row.bound_at,
        used=_used(state, calendar, now),
        left="" if over or only_expected else _left(state, calendar, now),
        is_open=row.state in OPEN,
        is_window=row.name in WINDOWS,
        pausable=policy.pausable,
        pause_reasons=policy.pause_reasons,
        extendable=rule is not None
        and row.state == "running"
        and (rule.times is None or granted < rule.times),
        extension_reasons=rule.reasons if rule else (),
        extension_amount=rule.amount if rule else 0,
        extension_unit=rule.unit.replace("_", " ") if rule else "",
        evidence=policy.evidence,
        answered_at=state.evidence.sent_at if state.evidence else None,
        only_expected=only_expected,
        missing=None if event is None else ASKED[event],
        at_latest=event is not None and state.at_latest,
        held_on=state.held.due_on if state.held else None,
        legal_source=policy.legal_source,
        policy=f"{policy.id}, {policy.version}",
        rule=explain(state, calendar),
        stage=policy.stage,
        changes=changes,
    )


def _used(state: ClockState, calendar: Calendar, now: datetime) -> int:
    if state.bound_at is None:
        return 0
    began = counted_anchor(state, calendar).moment(calendar)
    whole = (state.bound_at - began).total_seconds()
    gone = (now - began).total_seconds()
    return 100 if whole <= 0 else max(0, min(100, round(100 * gone / whole)))


def _left(state: ClockState, calendar: Calendar, now: datetime) -> str:
    """Return what is left in words: ``3 working days left``, ``due today``, ``2 working days late``."""
    if state.status == "paused":
        return f"{state.days_left} days left when it runs again" if state.days_left is not None else "paused"
    if state.status not in OPEN or state.due_on is None:
        return ""
    today = local_date(now, calendar.zone)
    working = state.policy.unit == "business_days"
    days = calendar.working_days_between(today, state.due_on) if working else (state.due_on - today).days
    unit = "working day" if working else "day"
    plural = "" if abs(days) == 1 else "s"
    if days == 0:
        return "due today" if state.status != "breached" else "just passed"
    return f"{days} {unit}{plural} left" if days > 0 else f"{-days} {unit}{plural} late"


def _people(session: Session, complaint_key: int) -> tuple[PartyRow, ...]:
    """Return the people of a complaint in the order they were named, which is that of their keys: one step names them."""
    query = select(PartyRow).where(PartyRow.complaint_key == complaint_key).order_by(PartyRow.key)
    return tuple(session.scalars(query))


def _all(session: Session, table: Any, complaint_key: int) -> tuple[Any, ...]:
    return tuple(
        session.scalars(
            select(table).where(table.complaint_key == complaint_key).order_by(*oldest_first(table))
        )
    )


def _public(row: EventRow, reader: str) -> str:
    """Return an event in the words of who reads their status page: what they said, or somebody else for the same complaint."""
    facts = row.facts or {}
    if row.kind == "state":
        return public_words(str(facts.get("to")))
    if row.kind in _SAID:
        by, said = said_by(row), _SAID[row.kind]
        mine, theirs = said.get(str(facts.get("answer")), said[""])
        return f"You {mine}" if by == reader else f"{SOMEBODY_ELSE[by]} {theirs}"
    return _PUBLIC.get(row.kind, row.text)


SOMEBODY_ELSE = {REPRESENTATIVE: "Who acts for you", COMPLAINANT: "The person you act for"}
"""Role → as whoever else follows the same complaint calls them."""
_SAID = {
    "complainant-information": {"": ("sent us more information", "sent us more information")},
    "complainant-survey": {"": ("told us how it went", "told us how it went")},
    "complainant-answer": {
        "": ("told us what you think of our answer", "told us what they think of our answer"),
        "accepts": ("told us that you accept our answer", "told us that our answer is accepted"),
        "rejects": ("told us that you do not accept our answer", "told us that our answer is not accepted"),
    },
}
"""The kind of the timeline's line → what was said, by what they answer: of who reads it, and of somebody else."""


_PUBLIC = {
    "received": "We received your complaint",
    "assessment": "We assessed what your complaint needs",
    "decision": "We decided on our answer",
    "verification": "We checked that what we promised was done",
    "closed": "We closed your complaint",
    CAME_BACK: "A letter of ours came back to us",
    "complainant-withdraws": "You withdrew your complaint",
}
