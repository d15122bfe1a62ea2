"""A letter that waits, as it leaves: judged once more, its dispatch noted and its clock answered, or another put in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.complaints import extensions
from api.complaints.anchors import DayImpossible
from api.complaints.channels import DONE, KINDS
from api.complaints.clocks import Desk
from api.complaints.contact import strike_out
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.letter_addressees import copies_of, set_of, why_not_leave
from api.complaints.letter_carrying import DELIVERED, Carrier
from api.complaints.letter_contents import to_leave_on, why_other
from api.complaints.letter_writing import write_anew
from api.complaints.letters_held import waits
from api.complaints.letters_over import keep_back_unowed
from api.complaints.parties import BY_HAND, BY_POST, person_of
from api.complaints.struck_out import does_not_reach
from api.complaints.tables import ComplaintRow, LetterRow
from api.complaints.told_days import ANSWER
from engine.deadlines.state import Evidence
from engine.zones import day_in_words, local_date, start_of_day


def is_to_be_posted(letter: LetterRow) -> bool:
    """Tell whether a letter on paper has not left yet."""
    return letter.channel == BY_POST and waits(letter)


def is_by_hand(letter: LetterRow) -> bool:
    """Tell whether somebody of ours still has to post this letter, or to ring and tell it."""
    return letter.channel in BY_HAND and waits(letter)


def counts_from(letter: LetterRow, *, zone: ZoneInfo) -> date | None:
    """Return the day (in ``zone``) that a letter which has left counts from: the one its text counts from, else the day it left.

    None while it waits.
    """
    if letter.dispatched_at is None:
        return None
    return to_leave_on(letter) or local_date(letter.dispatched_at, zone)


def left_at(desk: Desk, letter: LetterRow, day: date | None) -> datetime:
    """Return the moment (aware UTC) that counts for a letter by hand that left on this local ``day``, None for today.

    A day has no time: what was due on it, at whatever hour, was reached; only the writing comes first. Raises ``DayImpossible``
    for a day before the letter was written, or still to come.
    """
    zone, today = desk.moment.zone_info, desk.today
    day, written_on = day or today, local_date(letter.queued_at, zone)
    if day < written_on:
        raise DayImpossible(f"It was written on {day_in_words(written_on)}: the day cannot be before that.")
    if day > today:
        raise DayImpossible("The day cannot be after today.")
    return min(max(letter.queued_at, start_of_day(day, zone)), desk.act.at)


def why_not(tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> str | None:
    """Return why a letter written earlier may not leave at the desk's moment: for whom it is, or what it says."""
    reason = why_not_leave(tools.letters, desk.session, letter, on=desk.today)
    return reason or why_other(tools, desk, complaint, letter)


def let_leave(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: LetterRow,
    carrier: Carrier,
    leave: Callable[[], tuple[str, ...]],
    *,
    at: datetime,
) -> tuple[bool, tuple[str, ...]]:
    """``leave`` with a letter that may ``at`` a moment (aware UTC), or put another in its place; tell which, and the names of
    the clocks that moved. What leaves today is judged by what is so now.

    Raises what writing it anew raises.
    """
    leaves_today = local_date(at, desk.moment.zone_info) == desk.today
    then = desk if leaves_today else replace(desk, moment=replace(desk.moment, now=at))
    why = why_not(tools, then, complaint, letter)
    if why is None:
        return True, leave()
    return False, put_another_in_its_place(tools, desk, complaint, letter, carrier, why=why)


def delivered(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: LetterRow,
    carrier: Carrier,
    *,
    on: date | None = None,
) -> tuple[bool, tuple[str, ...]]:
    """Note that a letter was posted, or told by phone, ``on`` a local day (None: today), by who acts.

    That day decides whether it might leave, and when its clocks were met. Results and errors are those of ``let_leave``, and
    ``DayImpossible``.
    """
    at = left_at(desk, letter, on)

    def leave() -> tuple[str, ...]:
        carrier.throw(DELIVERED, str(letter.key), {})
        evidence = f"{DONE[letter.channel]} by {desk.act.by}"
        return dispatched(tools, desk, complaint, letter, carrier, evidence=evidence, at=at)

    return let_leave(tools, desk, complaint, letter, carrier, leave, at=at)


def not_reached(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow, carrier: Carrier
) -> tuple[str, ...]:
    """Note that a letter by hand cannot reach its addressee there; it is written anew to go another way.

    That address or number is not used again; the letter keeps it. Returns the names of the clocks that moved.
    """
    party = person_of(desk.session, letter)
    if party is not None:
        strike_out(desk.session, tools.letters, party, letter, at=desk.act.at)
    return put_another_in_its_place(tools, desk, complaint, letter, carrier, why=does_not_reach(letter))


def put_another_in_its_place(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow, carrier: Carrier, *, why: str
) -> tuple[str, ...]:
    """Write a letter anew that may not leave; return the names of the clocks that moved."""
    if letter.channel in BY_HAND:
        carrier.throw(DELIVERED, str(letter.key), {})
    return write_anew(tools, desk, complaint, letter, why=why, carrier=carrier)


def dispatched(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: LetterRow,
    carrier: Carrier,
    *,
    evidence: str,
    at: datetime,
) -> tuple[str, ...]:
    """Note that a letter left ``at`` a moment (aware UTC), answer the clock it was written for, and return the names of the
    clocks that moved.

    The clock is answered when the first of its copies leaves that may answer it. What counts from it counts from when that one
    was written: the day that somebody reads in it is the day that counts, however long it lay in the post room. A day of our
    answer that it names stands, though the clock came to count to a later one meanwhile. Once it gives our answer, nothing leaves
    any more that says it is still to come.
    """
    clocks = tools.clocks
    letter.dispatched_at, letter.evidence = at, evidence[:500]
    facts = {"letter": str(letter.key)}
    desk.tell(complaint.key, "letter-sent", f"Letter sent: {letter.subject}", public=True, facts=facts)
    others = copies_of(desk.session, complaint.key, set_of(letter))
    is_first = all(one is letter or one.dispatched_at is None or one.meets is None for one in others)
    meets = letter.meets or "" if is_first else ""
    evidence_of = Evidence(KINDS[letter.channel], str(letter.key), at)
    moved = meet_each(clocks, desk, complaint, meets, evidence_of, counted_from=letter.queued_at)
    begun = extensions.begin(clocks, desk, complaint, letter)
    if ANSWER in moved:
        keep_back_unowed(tools.letters, desk, complaint, throw=carrier.throw)
    return (*moved, *begun, *clocks.as_told(desk, complaint))
