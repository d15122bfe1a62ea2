"""The same complaint sent twice: which earlier one it may join, and what the earlier one gets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from api.complaints.contact import IN_WORDS
from api.complaints.danger import FOUND, found_since, join_danger
from api.complaints.errand import Errand
from api.complaints.facts import clock_dates
from api.complaints.from_complainant import ADDITION, ADDS, UNREAD
from api.complaints.joined import FROM, INTO, MERGED
from api.complaints.keeping_away import hand_over
from api.complaints.letters import in_words
from api.complaints.parties import (
    COMPLAINANT,
    REPRESENTATIVE,
    WAYS,
    may_act,
    parties,
    shared_ways,
    somebody_answers,
)
from api.complaints.references import read_reference
from api.complaints.search import readable_by
from api.complaints.separation import is_excluded
from api.complaints.states import AWAITED, ENDED
from api.complaints.tables import ComplaintRow, DocumentRow, EventRow, ExclusionRow, PartyRow, oldest_first
from api.complaints.told_days import day_of_answer
from api.complaints.urgency import make_urgent
from engine.errors import Invalid
from engine.zones import local_date

MOST = 20
EARLIER = "earlier"  # what forms call the list; they get it as it is now, whatever a diagram has kept of it
SCREENS = "intake"  # the group that hears of it while the earlier one has no owner


_AUTHORITY = ("authority", "authority_scope", "authority_from", "authority_until")
_OF_A_REPRESENTATIVE = ("name", "preferred_channel", *WAYS.values(), *_AUTHORITY)  # what goes over with them


class MergeRefused(Invalid):
    """A complaint joins only an open complaint of the same person, one that has not joined another itself."""

    code = "merge_refused"


def earlier_complaints(errand: Errand) -> dict[str, Any]:
    """``redress:earlier-complaints``: the open complaints of the same person as ``earlier``, options of a form.

    Whoever reads this complaint reads its variables: one that somebody is kept away from stands there only if they are kept away
    from this one too. Who fills in the form finds every one that they may read.
    """
    complaint = errand.complaint
    kept_away = select(ExclusionRow.person_name).where(ExclusionRow.complaint_key == complaint.key)
    closed = select(ExclusionRow.complaint_key).where(ExclusionRow.person_name.not_in(kept_away))
    zone = errand.tools.settings.time_zone
    return {EARLIER: _options(errand.session, complaint, ComplaintRow.key.not_in(closed), zone=zone)}


def earlier(
    session: Session, complaint: ComplaintRow, *, zone: ZoneInfo, reader: str
) -> list[dict[str, str]]:
    """Return the complaints that this one may join now and that ``reader`` may read, newest first, as options."""
    return _options(session, complaint, readable_by(session, reader), zone=zone)


def _options(
    session: Session, complaint: ComplaintRow, those: ColumnElement[bool], *, zone: ZoneInfo
) -> list[dict[str, str]]:
    rows = session.scalars(
        _joinable(session, complaint)
        .where(those)
        .order_by(ComplaintRow.received_at.desc(), ComplaintRow.key.desc())
        .limit(MOST)
    )
    return as_options(rows, zone=zone)


def as_options(rows: Iterable[ComplaintRow], *, zone: ZoneInfo) -> list[dict[str, str]]:
    """Return complaints as options of a form, with days of ``zone``."""
    return [
        {
            "label": f"{row.reference}, received {in_words(row.received_at.astimezone(zone).date(), zone=zone)}",
            "value": row.reference,
        }
        for row in rows
    ]


def merge(errand: Errand) -> dict[str, Any]:
    """``redress:merge``: hand what was sent to the earlier complaint of input ``into``; its owner has it to read.

    Whoever is kept away from one of the two is kept away from both, before anything is handed over.
    Danger goes over too: the earlier one is dangerous and urgent from here on, and where nobody has acted yet people are
    protected there from each danger, by the hours that began when it was told here. A representative whose authority is
    confirmed speaks for the earlier one, too.
    Returns ``answerBy``, the day of the earlier one's answer; None when it has none that lies ahead. Raises ``MergeRefused``.
    """
    complaint = errand.complaint
    older = joined(errand.session, complaint, errand.text("into"), by=errand.actor)
    hand_over(errand, complaint, older)
    hand_over(errand, older, complaint)
    errand.session.execute(
        update(DocumentRow).where(DocumentRow.complaint_key == complaint.key).values(complaint_key=older.key)
    )
    again = f"The complainant wrote again ({complaint.reference}): {_all_that_was_written(errand)}"
    errand.desk.tell(older.key, ADDITION, again, facts={FROM: complaint.reference})
    errand.desk.notify_owner(
        older,
        f"The complainant of {older.reference} wrote again",
        "It is among what the complainant sent. Read it by the date of the task.",
        otherwise=SCREENS,
    )
    _hand_over_representative(errand, older)
    dangers = _hand_over_danger(errand, older)
    first = next(iter(dangers), None)
    errand.context.publish(
        ADDS,
        str(older.key),
        {"dangerNow": first is not None, **found_since(first)},
        to_case=older.instance_key,
    )
    for since in dangers[1:]:
        errand.context.publish(FOUND, str(older.key), found_since(since), to_case=older.instance_key)
    if older.instance_key is not None:
        errand.context.overwrite(UNREAD, True, in_case=older.instance_key)
    errand.tell(MERGED, f"Joined the earlier complaint {older.reference}", facts={INTO: older.reference})
    due = day_of_answer(clock_dates(errand.session, older.key))
    today = local_date(errand.now, errand.tools.settings.time_zone)
    return {"answerBy": due if due is not None and due >= today else None}


def _hand_over_representative(errand: Errand, older: ComplaintRow) -> None:
    """Let who may act for this complaint act for the earlier one, where nobody is said to: letters of it go to them from here on.

    Where somebody else is, or our answer has gone to the complainant, its owner is asked to look.
    """
    session, complaint, today = errand.session, errand.complaint, errand.today
    party, there = parties(session, complaint.key).get(REPRESENTATIVE), parties(session, older.key)
    own, other = there.get(COMPLAINANT), there.get(REPRESENTATIVE)
    if party is None or not may_act(party, on=today) or _same_person(party, other):
        return
    reasons = {
        "Somebody else is said to act for the complainant there.": other is not None,
        "The complainant is reached there where they are.": own is not None and bool(shared_ways(own, party)),
        "The complainant has our answer already.": older.state not in AWAITED,
    }
    why_not = next((words for words, holds in reasons.items() if holds), None)
    if why_not is not None:
        errand.desk.notify_owner(
            older,
            f"A representative wrote about {older.reference}",
            f"{party.name or 'Somebody'} acts for the complainant in {complaint.reference}, which joined it. {why_not} Its letters "
            "do not go to them. If they are to, record on the tab “People” that somebody else acts for the complainant.",
            otherwise=SCREENS,
        )
        return
    known = {name: getattr(party, name) for name in _OF_A_REPRESENTATIVE}
    session.add(PartyRow(key=errand.next_key(), complaint_key=older.key, role=REPRESENTATIVE, **known))
    session.flush()
    text = f"{IN_WORDS[REPRESENTATIVE].capitalize()} of {complaint.reference}, which joined this one, acts for it too"
    errand.desk.tell(older.key, "representative-joined", text, facts={FROM: complaint.reference})
    if older.instance_key is not None:
        reached = somebody_answers(session, older.key, on=today)
        errand.context.overwrite("complainantKnown", reached, in_case=older.instance_key)


def _same_person(one: PartyRow, other: PartyRow | None) -> bool:
    """Tell whether two representatives are one who may act in the same way."""
    return other is not None and all(
        getattr(one, name) == getattr(other, name) for name in ("name", *_AUTHORITY)
    )


def _hand_over_danger(errand: Errand, older: ComplaintRow) -> list[datetime]:
    """Make the earlier complaint as dangerous as this one; return since when nobody has acted on each danger told here."""
    if errand.complaint.facts.get("danger") is True:
        make_urgent(errand.session, older)
    return join_danger(errand.session, errand.complaint, older)


def _all_that_was_written(errand: Errand) -> str:
    """Return the description and what the complainant added to it since, as the timeline has it."""
    added = errand.session.scalars(
        select(EventRow.text)
        .where(EventRow.complaint_key == errand.complaint.key, EventRow.kind == ADDITION)
        .order_by(*oldest_first(EventRow))
    )
    return "\n\n".join([errand.complaint.description, *added])


def joined(session: Session, complaint: ComplaintRow, reference: str | None, *, by: str) -> ComplaintRow:
    """Return the complaint that ``complaint`` may join under this reference, if it is there for who does it (``by``).

    Raises ``MergeRefused``, whatever is wrong alike.
    """
    known = read_reference(reference or "") or reference
    older = session.scalar(_joinable(session, complaint).where(ComplaintRow.reference == known))
    if older is None or is_excluded(session, older.key, by):
        raise MergeRefused
    return older


def _joinable(session: Session, complaint: ComplaintRow) -> Select[ComplaintRow]:
    return select(ComplaintRow).where(
        ComplaintRow.key != complaint.key,
        ComplaintRow.state.not_in(sorted(ENDED)),
        ComplaintRow.closed_at.is_(None),
        of_same_person(session, complaint),
    )


def of_same_person(session: Session, complaint: ComplaintRow) -> ColumnElement[bool]:
    """Return the condition under which a complaint is of the same person as this one."""
    return ComplaintRow.key.in_(select(PartyRow.complaint_key).where(_same(session, complaint)))


def _same(session: Session, complaint: ComplaintRow) -> ColumnElement[bool]:
    """Return the condition under which a party is this complaint's complainant: same e-mail address, or name and one way more."""
    person = parties(session, complaint.key).get("complainant")
    ways: list[ColumnElement[bool]] = []
    if person is not None and person.email:
        ways.append(func.lower(PartyRow.email) == func.lower(person.email.strip()))
    if person is not None and person.name:
        named = func.lower(PartyRow.name) == func.lower(person.name.strip())
        for column, value in ((PartyRow.phone, person.phone), (PartyRow.address, person.address)):
            if value:
                ways.append(and_(named, column == value))
    if not ways:
        return PartyRow.key.is_(None)  # nobody is known: nobody is the same
    return and_(PartyRow.role == "complainant", or_(*ways))
