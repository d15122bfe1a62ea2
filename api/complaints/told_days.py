"""Days the complainant was told, by a letter or on the receipt page: the day of our answer, and of news, stands (decision 37)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk
from api.complaints.history import opening
from api.complaints.letter_addressees import set_of
from api.complaints.parties import COMPLAINANT, REPRESENTATIVE
from api.complaints.tables import ClockChangeRow, ClockRow, ComplaintRow, LetterRow, oldest_first
from engine.deadlines.state import MET, OPEN, ClockState
from engine.zones import A_DAY, day_in_words, local_date

PUBLIC_FORM = (
    "public-form"  # the source of what comes in by the public form, whose sender reads the receipt page
)
SHOWN_FOR = timedelta(minutes=30)  # as long as that page can be read
ANSWER, PROMISED = "final_response", "promised_answer"
OF_OUR_ANSWER = frozenset({ANSWER, PROMISED})
NEWS = frozenset({"update", "explanation"})  # clocks of ours, besides the answer, whose day letters tell
AGREED = "agreed"  # the anchor of an answer whose day the complainant agreed to
_TOLD_MOVES = frozenset(
    {"paused", "resumed", "extended", "unextended"}
)  # changes of which the complainant hears, or heard nothing after all


def day_of_answer(days: Mapping[str, date | None]) -> date | None:
    """Return the day of our answer that stands, of the days of open clocks by name: the one promised, else the limit's.

    A promise was told last: with a notice or an explanation where it lies after the limit, before that moved where it lies before
    it. None where there is neither.
    """
    return days.get(PROMISED) or days.get(ANSWER)


def keeps_its_day(desk: Desk, row: ClockRow, after: date | None) -> bool:
    """Tell whether an open clock of news stays as it is, as somebody was told its day and it would count to a later one.

    ``after`` is when it would be due, None if it would end. A letter that waits counts: it leaves with that day in it.
    """
    if row.name not in NEWS or row.state not in OPEN or row.due_on is None:
        return False
    if row.due_on < local_date(desk.act.at, desk.moment.zone_info) or (after and after <= row.due_on):
        return False
    complaint = desk.session.get_one(ComplaintRow, row.complaint_key)
    if any(names_day(letter.text, row.due_on) for letter in _letters(desk.session, complaint.key)):
        return True
    return _on_receipt_page(complaint, _changes(desk.session, [row])) == row.due_on


def standing(
    session: Session, complaint: ComplaintRow, *, stage: str, on: date
) -> tuple[date | None, ClockRow | None]:
    """Return the day of our answer to be kept as a promise on the day ``on``, and the open promise that nothing holds any more.

    None, None: what is told and what counts agree, or our answer of this look has been given. A day that is over is no promise: it
    was missed, and is explained.
    """
    rounds = _rounds(session, complaint.key, stage)
    opened = opening(session, complaint.key) if stage == "two" else None
    since = None if opened is None else opened.at
    if not rounds or _is_given(session, complaint, rounds[-1], since):
        return None, None
    limit, promise = rounds[-1], _open_promise(session, complaint.key)
    anchor = ClockState.from_json(limit.saved).anchor
    agreed = anchor.event == AGREED and (anchor.at or anchor.on) is not None
    told = None if agreed else _answer_told(session, complaint, rounds, since=since)
    if told is not None and told >= on and _counts_later(limit, told):
        nearer = promise is not None and promise.due_on is not None and promise.due_on <= told
        return None if nearer else told, None
    if promise is None or promise.due_on is None:
        return None, None
    if agreed and _counted_since(session, limit, promise):
        return None, promise
    was_limit = promise.due_on in _days(_changes(session, rounds))
    counts = limit.state in OPEN and limit.due_on is not None and on <= limit.due_on <= promise.due_on
    replaced = agreed or counts or (told is not None and told > promise.due_on)
    return None, promise if was_limit and replaced else None


def told_anew(session: Session, complaint_key: int) -> frozenset[int]:
    """Return the sets of letters which have left with a day of our answer, and whose day one that was written later tells anew.

    The newest written day stands, in whatever order they left.
    """
    left = [letter for letter in _letters(session, complaint_key) if letter.dispatched_at is not None]
    telling = {set_of(one) for one in left if one.extends and one.extends["clock"] in OF_OUR_ANSWER}
    return frozenset(sorted(telling)[:-1])


def named_and_over(
    session: Session, complaint_key: int, text: str, *, after: date, before: date
) -> date | None:
    """Return a day by which ``text`` says that something is due, and that is over; None without one.

    That is a day on which a clock of the complaint was due, ``after`` the day the text was written and ``before`` that on which it
    is judged, whatever has become of the clock.
    """
    rows = session.scalars(select(ClockRow).where(ClockRow.complaint_key == complaint_key)).all()
    days = sorted(day for day in _days(_changes(session, rows)) if after < day < before)
    return next((day for day in days if names_day(text, day)), None)


def names_day(text: str, day: date) -> bool:
    """Tell whether ``text`` names the day in words, such as 1 December 2026; 21 December 2026 does not."""
    return day_in_words(day) in A_DAY.findall(text)


def _counts_later(limit: ClockRow, told: date) -> bool:
    """Tell whether the answer would come later than the day told, or the rules name no day any more."""
    if limit.state in OPEN:
        return limit.due_on is not None and limit.due_on > told
    return limit.state == "not_applicable"


def _is_given(session: Session, complaint: ComplaintRow, limit: ClockRow, since: datetime | None) -> bool:
    """Tell whether our answer of the look opened ``since`` a moment is given: its limit does not run, and its promise was met."""
    if limit.state in OPEN:
        return False
    query = select(ClockRow).where(
        ClockRow.complaint_key == complaint.key, ClockRow.name == PROMISED, ClockRow.state.in_(MET)
    )
    met = session.scalars(query.order_by(ClockRow.number)).all()
    return any(since is None or change.at >= since for change in _changes(session, met[-1:]))


def _counted_since(session: Session, limit: ClockRow, promise: ClockRow) -> bool:
    """Tell whether the limit came to count to its day after the promise had been made."""
    made_at = min(change.at for change in _changes(session, [promise]))
    return any(
        change.at >= made_at and change.due_before != change.due_after == limit.due_on
        for change in _changes(session, [limit])
    )


def _answer_told(
    session: Session, complaint: ComplaintRow, rounds: Sequence[ClockRow], *, since: datetime | None
) -> date | None:
    """Return the day of our answer that was told last: by the newest letter that left and names one, else on the receipt page.

    Of a second look, opened ``since`` a moment (aware UTC), only letters written in it tell its day: what the first answer was
    promised for is over with it. One whose clock was then paused or extended moved with it: of that the complainant hears.
    """
    changes = _changes(session, rounds)
    promised = select(ClockRow).where(ClockRow.complaint_key == complaint.key, ClockRow.name == PROMISED)
    days = _days(changes) | _days(_changes(session, session.scalars(promised).all()))
    left = [
        letter
        for letter in _letters(session, complaint.key)
        if letter.dispatched_at is not None and (since is None or letter.queued_at >= since)
    ]
    for letter in sorted(left, key=lambda one: (one.dispatched_at, one.key), reverse=True):
        if named := [day for day in days if names_day(letter.text, day)]:
            return _moved_with(max(named), letter.dispatched_at, changes)
    shown = None if since is not None else _on_receipt_page(complaint, changes)
    return None if shown is None else _moved_with(shown, complaint.recorded_at, changes)


def _moved_with(told: date, since: datetime | None, changes: Sequence[ClockChangeRow]) -> date:
    stopped = False
    for change in changes:
        if change.change not in _TOLD_MOVES or (since is not None and change.at < since):
            continue
        if change.due_before == told or (stopped and change.due_before is None):
            stopped, told = change.due_after is None, change.due_after or told
    return told


def _on_receipt_page(complaint: ComplaintRow, changes: Sequence[ClockChangeRow]) -> date | None:
    """Return the day of a clock that its sender read on the receipt page; who only says that they act for somebody reads none."""
    if complaint.source != PUBLIC_FORM or complaint.represented:
        return None
    shown = (one for one in changes if one.at <= complaint.recorded_at + SHOWN_FOR)
    return next((one.due_after for one in shown if one.due_after is not None), None)


def _letters(session: Session, complaint_key: int) -> Iterator[LetterRow]:
    """Yield the letters to the complainant, or who speaks for them, that have left or still may."""
    yield from session.scalars(
        select(LetterRow).where(
            LetterRow.complaint_key == complaint_key,
            LetterRow.to_role.in_((COMPLAINANT, REPRESENTATIVE)),
            LetterRow.replaced_at.is_(None),
        )
    )


def _rounds(session: Session, complaint_key: int, stage: str) -> list[ClockRow]:
    """Return the rounds of our answer's clock in this look, the newest last."""
    rows = session.scalars(
        select(ClockRow)
        .where(ClockRow.complaint_key == complaint_key, ClockRow.name == ANSWER)
        .order_by(ClockRow.number)
    )
    return [
        row for row in rows if (ClockState.from_json(row.saved).policy.stage == "two") == (stage == "two")
    ]


def _open_promise(session: Session, complaint_key: int) -> ClockRow | None:
    return session.scalar(
        select(ClockRow).where(
            ClockRow.complaint_key == complaint_key, ClockRow.name == PROMISED, ClockRow.state.in_(OPEN)
        )
    )


def _changes(session: Session, rows: Sequence[ClockRow]) -> Sequence[ClockChangeRow]:
    keys = [row.key for row in rows]
    return session.scalars(
        select(ClockChangeRow)
        .where(ClockChangeRow.clock_key.in_(keys))
        .order_by(*oldest_first(ClockChangeRow))
    ).all()


def _days(changes: Sequence[ClockChangeRow]) -> set[date]:
    """Return every day on which a clock was due at one time or another."""
    return {day for one in changes for day in (one.due_before, one.due_after) if day is not None}
