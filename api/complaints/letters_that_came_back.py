"""A letter that left and later comes back: it reached nobody, whatever it had met; it goes another way, or a way is looked for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.anchors import DayImpossible
from api.complaints.clock_rows import Desk
from api.complaints.contact import strike_out
from api.complaints.evidence_taken_back import take_back
from api.complaints.facts import TAKEN_UP_AGAIN
from api.complaints.history import ended_as
from api.complaints.letter_addressees import copies_of, counts, missed, set_of, written_after
from api.complaints.letter_carrying import look_for
from api.complaints.letter_desk import DeskCarrier, tools_of
from api.complaints.letter_writing import tell_not_written, write_anew
from api.complaints.letters import LEAVES_ON, LetterIncomplete, LetterUnknown
from api.complaints.letters_over import keep_back_asking
from api.complaints.lines import SAID_BY, said_on
from api.complaints.our_answer import is_answer, recalls_answer, told_in_vain
from api.complaints.parties import COMPLAINANT, may_decide, parties
from api.complaints.said import is_answered
from api.complaints.struck_out import CAME_BACK, does_not_reach
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, PartyRow
from engine import feel
from engine.actors import Actor
from engine.deadlines.clocks import Act
from engine.errors import Conflict
from engine.store.reading import root_values
from engine.zones import day_in_words, local_date

if TYPE_CHECKING:
    from api.wiring import Redress

BACK_ON = "cameBackOn"  # the fact of the timeline's line: the local day, as ISO text
TAKE_UP = "matter-of-its-own"  # the message that has intake register a complaint anew
LOOKED_UP = ("leftOn", "askedOn", "toldOn")  # the variables by which diagrams know when a letter left
_REPLIES = (
    "complainant-answer",
    "complainant-survey",
)  # lines that show that our letters reach who wrote them


class LetterHasNotLeft(Conflict):
    """This letter has not left, so it cannot have come back. Where it waits to be posted or told, say there that it reaches nobody."""

    code = "letter_has_not_left"


class CameBackAlready(Conflict):
    """It is noted already that this letter came back."""

    code = "came_back_already"


class LetterReachedThem(Conflict):
    """They have replied since this letter left, so it reached them. Where an address is wrong now, correct their details."""

    code = "letter_reached_them"


def record(
    service: Redress,
    complaint_key: int,
    letter_key: int,
    *,
    on: date | None = None,
    reason: str = "",
    by: Actor,
) -> bool:
    """Note that a letter came back ``on`` a local day (None: today); tell whether it is written anew, or kept for a way to them.

    What it had met is open again, what counted from it ends, its address or number is used no more, and diagrams look anew when
    our letter left. False: a newer letter has left to them elsewhere, or what it says is not owed in the complaint's state any
    more; then it is noted, and nothing is sent.

    Raises ``LetterUnknown``, ``LetterHasNotLeft``, ``CameBackAlready``, ``LetterReachedThem``, ``DayImpossible``.
    """
    written = False

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        nonlocal written
        letter = desk.session.get(LetterRow, letter_key)
        if letter is None or letter.complaint_key != complaint.key:
            raise LetterUnknown(letter=str(letter_key))
        _refuse(desk, letter, on or desk.today)
        written, moved = _came_back(service, desk, complaint, letter, on or desk.today, reason.strip())
        return moved

    act = Act(at=service.clock.now(), by=by.name, reason="Letter came back")
    service.move_clocks(complaint_key, change, act=act, by=by)
    service.engine.house.call_workers()
    return written


def came_back_on(session: Session, complaint_key: int) -> dict[int, date]:
    """Return the local days on which letters of a complaint came back, by their keys."""
    lines = select(EventRow).where(EventRow.complaint_key == complaint_key, EventRow.kind == CAME_BACK)
    return {
        int(line.facts["letter"]): date.fromisoformat(line.facts[BACK_ON]) for line in session.scalars(lines)
    }


def _refuse(desk: Desk, letter: LetterRow, on: date) -> None:
    if letter.dispatched_at is None:
        raise LetterHasNotLeft(letter=str(letter.key))
    if letter.replaced_at is not None:
        raise CameBackAlready(letter=str(letter.key))
    left_on = local_date(letter.dispatched_at, desk.moment.zone_info)
    if on < left_on:
        raise DayImpossible(f"It left on {day_in_words(left_on)}: the day cannot be before that.")
    if on > desk.today:
        raise DayImpossible("The day cannot be after today.")
    if _replied_since(desk, letter):
        raise LetterReachedThem(letter=str(letter.key))


def _replied_since(desk: Desk, letter: LetterRow) -> bool:
    """Tell whether its person has replied to us since it left; who wrote on the status page may decide."""
    zone, party = desk.moment.zone_info, _party_of(desk.session, letter)
    left_at = letter.dispatched_at or letter.queued_at
    lines = select(EventRow).where(
        EventRow.complaint_key == letter.complaint_key, EventRow.kind.in_(_REPLIES), EventRow.at > left_at
    )
    for line in desk.session.scalars(lines):
        role = (line.facts or {}).get(SAID_BY)
        theirs = may_decide(party) if role is None else role == _role_of(party)
        if theirs and said_on(line, zone) >= local_date(left_at, zone):
            return True
    return False


def _party_of(session: Session, letter: LetterRow) -> PartyRow | None:
    """Return who the letter was for; one for nobody in particular was for the complainant."""
    if letter.party_key is not None:
        return session.get(PartyRow, letter.party_key)
    return parties(session, letter.complaint_key).get(COMPLAINANT)


def _role_of(party: PartyRow | None) -> str:
    return COMPLAINANT if party is None else party.role


def _came_back(
    service: Redress, desk: Desk, complaint: ComplaintRow, letter: LetterRow, on: date, reason: str
) -> tuple[bool, tuple[str, ...]]:
    session, letters, party = desk.session, service.letters, _party_of(desk.session, letter)
    carrier = DeskCarrier(service, desk, complaint)
    why_not = _why_not_anew(service, desk, complaint, letter)
    letter.replaced_at = desk.act.at
    session.flush()
    said = f"Letter came back on {day_in_words(on)}: {letter.subject}. {does_not_reach(letter)}"
    facts = {"letter": str(letter.key), BACK_ON: on.isoformat()} | ({"reason": reason} if reason else {})
    desk.tell(complaint.key, CAME_BACK, f"{said} {why_not or ''}".strip(), public=True, facts=facts)
    if party is not None:
        strike_out(session, letters, party, letter, at=desk.act.at)
    if why_not is not None:
        subject = f"Letter came back: {letter.subject}"
        desk.notify_owner(
            complaint, subject, f"{does_not_reach(letter)} {why_not}", otherwise="complaints-managers"
        )
        moved = tuple[str, ...]()
    else:
        moved = take_back(service.case_clocks, desk, complaint, letter)
        if _is_taken_up(service, session, complaint, letter):
            complaint.facts = complaint.facts | {TAKEN_UP_AGAIN: True}
        moved += _write_anew(service, desk, complaint, letter, carrier)
        _look_again(service, desk, complaint, letter, carrier)
    session.flush()
    role = _role_of(party)
    if party is not None and role in missed(letters, session, complaint.key, on=desk.today):
        carrier.throw(*look_for(complaint, role))
    return why_not is None, moved


def _why_not_anew(service: Redress, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> str | None:
    """Return why nothing takes the place of a letter that came back; None: it is owed."""
    letters = service.letters
    if letter.template not in letters.ids:
        return "It is not sent again: whoever wants a link asks for a new one."
    newer = select(LetterRow).where(
        LetterRow.complaint_key == complaint.key,
        LetterRow.party_key == letter.party_key,
        written_after(letter),
        LetterRow.recipient != letter.recipient,
        LetterRow.dispatched_at.is_not(None),
        LetterRow.replaced_at.is_(None),
    )
    answers = is_answer(letters, letter.template)
    for one in desk.session.scalars(newer):
        stands_for_it = is_answer(letters, one.template) if answers else one.template == letter.template
        if stands_for_it and set_of(one) != set_of(letter):
            return "A newer letter has left to them since, by another way: nothing is sent again."
    recalls = recalls_answer(letters, letter.template)
    if recalls and told_in_vain(letters, desk.session, complaint, {letter.template}):
        return "The answer it asks about came back as well: they are asked again once they have it."
    if not letters.owed(letter.template, complaint.state):
        return "What it says is not owed any more: nothing is sent again."
    return None


def _write_anew(
    service: Redress, desk: Desk, complaint: ComplaintRow, letter: LetterRow, carrier: DeskCarrier
) -> tuple[str, ...]:
    _recall_given(service, desk.session, complaint, letter)
    try:
        with desk.session.begin_nested():
            return write_anew(
                tools_of(service), desk, complaint, letter, why=does_not_reach(letter), carrier=carrier
            )
    except LetterIncomplete as problem:  # that it came back is so all the same
        tell_not_written(desk, complaint, letter, problem.message)
        return ()


def _recall_given(service: Redress, session: Session, complaint: ComplaintRow, letter: LetterRow) -> None:
    """Read from the case what a letter says that left when nothing of it was kept."""
    if complaint.instance_key is None or set(letter.given or {}) - {LEAVES_ON}:
        return
    names = service.letters.names(letter.template) | {"waits"}
    known = root_values(session, complaint.instance_key)
    recalled = {name: feel.pack(feel.inward(value)) for name, value in known.items() if name in names}
    letter.given = recalled | (letter.given or {})


def _look_again(
    service: Redress, desk: Desk, complaint: ComplaintRow, letter: LetterRow, carrier: DeskCarrier
) -> None:
    """Have diagrams look anew when our letters left; what asks about an answer that came back asks nobody.

    Where nothing of the complaint goes on any more, and nobody else who may reply has our answer, it is taken up again.
    """
    session, letters, case = desk.session, service.letters, complaint.instance_key
    answers = is_answer(letters, letter.template) and counts(letters, session, letter)
    if answers and not _somebody_has(service, session, letter):
        keep_back_asking(letters, desk, complaint, throw=carrier.throw)
    if case is None:
        return
    have_looked_up(service, session, complaint)
    if _is_taken_up(service, session, complaint, letter):
        _take_up(session, complaint, carrier)


def have_looked_up(service: Redress, session: Session, complaint: ComplaintRow) -> None:
    """Have the complaint's diagrams look anew when our letters left, and know whether somebody is looked for to get one."""
    changes: dict[str, Any] = dict.fromkeys(LOOKED_UP)
    if letters_owed.is_sought(complaint, service.letters):
        changes[letters_owed.WAY_SOUGHT] = True
    for name, value in changes.items():
        service.engine.overwrite_within(session, complaint.instance_key or 0, name, value)


def _is_taken_up(service: Redress, session: Session, complaint: ComplaintRow, letter: LetterRow) -> bool:
    """Tell whether the complaint had come to its end by silence on this answer, and nobody else who may reply has it."""
    if complaint.instance_key is None or "withdrawn" in (complaint.state, ended_as(session, complaint)):
        return False
    answers = is_answer(service.letters, letter.template) and counts(service.letters, session, letter)
    return answers and not _somebody_has(service, session, letter) and is_answered(session, complaint)


def _somebody_has(service: Redress, session: Session, letter: LetterRow) -> bool:
    copies = copies_of(session, letter.complaint_key, set_of(letter))
    return any(one.dispatched_at is not None and counts(service.letters, session, one) for one in copies)


def _take_up(session: Session, complaint: ComplaintRow, carrier: DeskCarrier) -> None:
    """Have the complaint registered anew: it was taken for silence, and they never heard from us."""
    known = root_values(session, complaint.instance_key or 0)
    told = {
        "complaintKey": str(complaint.key),
        "reference": complaint.reference,
        "priority": complaint.priority,
        "waits": known.get("waits"),
        "channel": complaint.channel,
        "again": True,
        "cameBack": True,
    }
    carrier.throw(TAKE_UP, str(complaint.key), told)
