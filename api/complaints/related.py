"""Complaints that name each other: a matter of its own told on one, and one that is taken up again under another."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.complaints.errand import Errand
from api.complaints.from_complainant import ADDITION as TOLD
from api.complaints.from_complainant import last_said, words_of
from api.complaints.intake import PROCESS, NewComplaint, PartyDetails, beside, free_reference
from api.complaints.keeping_away import hand_over
from api.complaints.lines import said_on
from api.complaints.merging import MOST, as_options, of_same_person
from api.complaints.parties import may_act, only_claims, parties
from api.complaints.references import read_reference
from api.complaints.search import readable_by, visible
from api.complaints.separation import exclude, is_excluded
from api.complaints.tables import (
    ComplaintRow,
    DocumentRow,
    EventRow,
    ExclusionRow,
    IssueRow,
    PartyRow,
    newest_first,
    oldest_first,
)
from api.identity.decide import Reach
from api.identity.people import Person
from engine.commands import start
from engine.errors import Invalid
from engine.zones import local_date

if TYPE_CHECKING:
    from engine.commands.step import Step

WORDS, DAY = "newDescription", "newReceivedOn"  # what the form of the task asks for
SINCE = "registeredSince"  # what the form of *Register it again* calls the list it offers
RELATED = "related"  # the event by which each of the two names the other
NOON = time(12)  # of a day of which no moment is known


class NotRegisteredAgain(Invalid):
    """Choose the complaint that was recorded for this matter since this one ended; one that joined another is none."""

    code = "not_registered_again"


class NothingToRegister(Invalid):
    """Say what the new complaint is about, and on which day it was told."""

    code = "nothing_to_register"


def told_words(session: Session, complaint: ComplaintRow) -> str | None:
    """Return what the complainant told last, in their words; None when they told nothing since the receipt."""
    last = last_said(session, complaint.key, TOLD)
    return None if last is None else words_of(last) or None


def told_on(session: Session, complaint: ComplaintRow, zone: ZoneInfo) -> date | None:
    """Return the local day on which they told it."""
    last = last_said(session, complaint.key, TOLD)
    return None if last is None else said_on(last, zone)


def papers_of_related(
    session: Session, complaint_key: int, person: Person, reach: Reach
) -> dict[str, list[DocumentRow]]:
    """Return by reference what was sent with the complaints that this one names, of those that ``person`` may read."""
    named = session.scalars(
        select(EventRow.facts).where(EventRow.complaint_key == complaint_key, EventRow.kind == RELATED)
    )
    references = {str(facts.get("related")) for facts in named if facts}
    rows = session.execute(
        select(ComplaintRow.reference, DocumentRow)
        .join(DocumentRow, DocumentRow.complaint_key == ComplaintRow.key)
        .where(ComplaintRow.reference.in_(references), visible(person, reach))
        .order_by(ComplaintRow.key, *oldest_first(DocumentRow))
    )
    found: dict[str, list[DocumentRow]] = {}
    for reference, document in rows:
        found.setdefault(reference, []).append(document)
    return found


def register_related(errand: Errand) -> dict[str, Any]:
    """``redress:register-related``: register what was told on this complaint as one of its own, received when it was told.

    Input ``newReceivedOn`` is the day, ``newProblem`` the kind of problem, ``channel`` how it came; the words are the private
    answer ``newDescription``. With input ``again`` true this complaint is taken up again: what it complained of goes with them.
    The people are those of this complaint, whoever is kept away from it is kept away from the new one, and each names the other.
    Returns ``newReference``. Raises ``NothingToRegister``, ``ComplaintRefused``.
    """
    first, zone = errand.complaint, errand.tools.settings.time_zone
    private = dict(first.private)
    words, day = str(private.pop(WORDS, None) or "").strip(), errand.value("newReceivedOn")
    if not words or not isinstance(day, date):
        raise NothingToRegister
    first.private = private
    again = errand.value("again") is True
    people = parties(errand.session, first.key)
    representative = people.get("representative")
    if representative is not None and not (
        only_claims(representative) or may_act(representative, on=errand.today)
    ):
        representative = None
    new = NewComplaint(
        channel=errand.text("channel") or first.channel,
        received_at=_received_at(errand, day, zone=zone),
        description=f"{words}\n\n{first.reference}: {first.description}" if again else words,
        complainant=_details(people.get("complainant")),
        representative=_details(representative),
        problem=errand.text("newProblem"),
        product=first.product,
        regime=first.regime,
        occurred_on=first.occurred_on if again else None,
        desired_remedy=first.desired_remedy if again else None,
        issues=_issues(errand) if again else (),
        backdating_reason=f"Told on {first.reference}",
    )
    reference = free_reference(errand.session)
    alongside, made = beside(
        new, reference, by=errand.context.actor, now=errand.now, zone=zone, next_key=errand.next_key
    )

    def store(session: Session, instance_key: int, variables: dict[str, Any]) -> None:
        alongside(session, instance_key, variables)
        kept = select(ExclusionRow).where(ExclusionRow.complaint_key == first.key)
        for row in session.scalars(kept).all():
            exclude(session, made["key"], row.person_name, reason=row.reason, at=errand.now)
        text = f"Registered from what was told on {first.reference}"
        errand.desk.tell(made["key"], RELATED, text, facts={"related": first.reference})

    asked = start.Start(PROCESS, business_id=reference)
    errand.context.requests.append(partial(_begin, asked=asked, alongside=store))
    errand.tell(RELATED, f"Registered as a complaint of its own: {reference}", facts={"related": reference})
    return {"newReference": reference}


def registered_since(
    session: Session, complaint: ComplaintRow, *, zone: ZoneInfo, reader: str
) -> list[dict[str, str]]:
    """Return the complaints under which this one may go on, as options of a form with days of ``zone``: those ``reader`` may read.

    Those of the same person come first, then the newest.
    """
    offered = (
        _since(complaint)
        .where(readable_by(session, reader))
        .order_by(of_same_person(session, complaint).desc(), *newest_first(ComplaintRow))
        .limit(MOST)
    )
    return as_options(session.scalars(offered), zone=zone)


def relate(errand: Errand) -> None:
    """``redress:relate``: this complaint goes on under the one of input ``to`` (a reference); each names the other.

    Whoever is kept away from one of the two is kept away from both. Raises ``NotRegisteredAgain``.
    """
    first, given = errand.complaint, errand.text("to") or ""
    known = read_reference(given) or given
    other = errand.session.scalar(_since(first).where(ComplaintRow.reference == known))
    if other is None or is_excluded(errand.session, other.key, errand.actor):
        raise NotRegisteredAgain
    hand_over(errand, first, other)
    hand_over(errand, other, first)
    errand.tell(RELATED, f"Registered again: {other.reference}", facts={"related": other.reference})
    text = f"Registered for the matter of {first.reference}"
    errand.desk.tell(other.key, RELATED, text, facts={"related": first.reference})


def _since(complaint: ComplaintRow) -> Select[ComplaintRow]:
    """Return the query of the complaints recorded since this one ended, those that joined another left out."""
    return select(ComplaintRow).where(
        ComplaintRow.key != complaint.key,
        ComplaintRow.recorded_at >= (complaint.closed_at or complaint.recorded_at),
        ComplaintRow.state != "merged",
    )


def _begin(step: Step, *, asked: start.Start, alongside: start.Alongside) -> None:
    start.begin(step, asked, {}, alongside=alongside)


def _issues(errand: Errand) -> tuple[str, ...]:
    """Return what this complaint complains of, in its order."""
    mine = select(IssueRow.summary).where(IssueRow.complaint_key == errand.complaint.key)
    return tuple(errand.session.scalars(mine.order_by(IssueRow.number)))


def _received_at(errand: Errand, day: date, *, zone: ZoneInfo) -> datetime:
    """Return the moment they told it if that was on this day, else noon of it, never after now."""
    told = errand.session.scalars(
        select(EventRow.at).where(EventRow.complaint_key == errand.complaint.key, EventRow.kind == TOLD)
    )
    of_the_day = [at for at in told if local_date(at, zone) == day]
    return max(of_the_day, default=min(errand.now, datetime.combine(day, NOON, zone)))


def _details(party: PartyRow | None) -> PartyDetails | None:
    if party is None or party.ended_at is not None:
        return None
    return PartyDetails(party.name, party.email, party.phone, party.address, party.preferred_channel)
