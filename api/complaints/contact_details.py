"""Correcting how somebody of a complaint is called and reached, at any time: one rule for the page and for programs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from api.complaints.clocks import Desk
from api.complaints.contact import IN_WORDS, leave_mailbox, note_who_is_known
from api.complaints.intake import CHANNELS
from api.complaints.letter_addressees import missed
from api.complaints.letter_carrying import REACHED
from api.complaints.letter_desk import DeskCarrier, tools_of
from api.complaints.letter_leaving import put_another_in_its_place
from api.complaints.letters_caught_up import send_owed
from api.complaints.letters_held import is_held
from api.complaints.letters_over import waiting_letters
from api.complaints.letters_owed import came_back, given_up
from api.complaints.of_case import key_of_person
from api.complaints.owed import told_to_nobody
from api.complaints.parties import CONFIRMED, parties, somebody_else_there, way_to
from api.complaints.struck_out import plain_form, struck_out
from api.complaints.tables import ComplaintRow, PartyRow
from engine.actors import Actor
from engine.deadlines.clocks import Act
from engine.errors import Conflict, Invalid, NotFound
from engine.forms.rules import is_email

if TYPE_CHECKING:
    from api.wiring import Redress

WORDS = {
    "name": "name",
    "email": "e-mail address",
    "phone": "phone number",
    "address": "postal address",
    "preferred_channel": "preferred channel",
}
"""What can be corrected, as ``PartyRow`` calls it → in words."""
LONGEST = {"name": 200, "email": 254, "phone": 60, "address": 2_000, "preferred_channel": 16}  # characters
_WAYS = ("email", "phone", "address")


class PersonUnknown(NotFound):
    """Nobody of this role is on file in this complaint."""

    code = "person_unknown"


class ReasonMissing(Invalid):
    """Give a reason."""

    code = "reason_missing"


class DetailRefused(Invalid):
    """This cannot be how somebody is called or reached."""

    code = "detail_refused"


class StruckOut(Invalid):
    """This was struck out because it reached nobody. Say that it reaches them again, or enter another one."""

    code = "struck_out"


class AnotherPerson(Invalid):
    """This could be somebody else, who has no authority yet. Say that it is the same person, or record that somebody else acts."""

    code = "another_person"


class DetailsChanged(Conflict):
    """Somebody else corrected these details meanwhile. Read what stands now before you correct it."""

    code = "details_changed"


def correct(
    service: Redress,
    complaint_key: int,
    role: str,
    given: Mapping[str, str | None],
    *,
    reason: str,
    works_again: bool = False,
    same_person: bool = False,
    seen: str | None = None,
    by: Actor,
) -> frozenset[str]:
    """Correct details (``WORDS``; None or blank: none is known) of the complainant or the representative; return those changed.

    Letters to them that wait are written anew, by the way that is right now, and what they are owed besides leaves; without any
    way they are kept, and somebody looks for one. A changed e-mail address makes their links useless, and what waits for the
    old one stays here. Held letters are judged when somebody sends them. What was struck out is taken again only where it
    ``works_again``; a representative whose authority was confirmed gets another name and another way only as the ``same_person``.
    ``seen`` is the mark (``mark_of``) of what whoever corrects was shown, None: nothing.
    Safe to repeat: nothing changed, nothing done.

    Raises ``ReasonMissing``, ``PersonUnknown``, ``DetailRefused``, ``StruckOut`` and ``AnotherPerson`` (fact ``field``),
    ``DetailsChanged``, and what writing letters raises.
    """
    act = act_of(service, reason, by)
    details = clean_details(given)
    changed: frozenset[str] = frozenset()

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        nonlocal changed
        party = parties(desk.session, complaint.key).get(role)
        if party is None:
            raise PersonUnknown(role=role)
        if seen not in (None, mark_of(party)):
            raise DetailsChanged
        changed = frozenset(
            field for field, value in details.items() if _clean(getattr(party, field)) != value
        )
        if not changed:
            return ()
        _refuse_struck_out(service, desk, complaint, details, changed, works_again=works_again)
        refuse_shared(desk.session, party, details, changed)
        if not same_person and _is_somebody_else(party, details, changed):
            raise AnotherPerson(field="same_person")
        return _lay(service, desk, complaint, party, {field: details[field] for field in changed})

    do(service, complaint_key, change, act=act, by=by)
    return changed


def act_of(service: Redress, reason: str, by: Actor) -> Act:
    """Return the act of somebody who says why. Raises ``ReasonMissing``."""
    if not reason.strip():
        raise ReasonMissing
    return Act(at=service.clock.now(), by=by.name, reason=reason.strip())


def do(
    service: Redress,
    complaint_key: int,
    change: Callable[[Desk, ComplaintRow], tuple[str, ...]],
    *,
    act: Act,
    by: Actor,
) -> None:
    """Change a complaint in a transaction of its own, and let the workers see to what is due of it. Raises what ``change`` raises."""
    service.engine.write(
        lambda session: service.move_clocks_within(session, complaint_key, change, act=act, by=by)
    )
    service.engine.house.call_workers()


def mark_of(party: PartyRow) -> str:
    """Return a mark of the details as they stand: another once any of them has changed."""
    return sha256("\n".join(f"{field}: {getattr(party, field)}" for field in WORDS).encode()).hexdigest()


def clean_details(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return details (``WORDS``) as they are kept, None for blank ones. Raises ``DetailRefused`` (fact ``field``)."""
    details = {field: _clean(value) for field, value in given.items()}
    for field, value in details.items():
        _refuse(field, value)
    return details


def _clean(value: str | None) -> str | None:
    return (value or "").replace("\x00", "").replace("\r\n", "\n").strip() or None


def _refuse(field: str, value: str | None) -> None:
    if value is None:
        return
    if len(value) > LONGEST[field]:
        words = (
            f"The {WORDS[field]} takes {LONGEST[field]:,} characters; this has {len(value):,}. Shorten it."
        )
        raise DetailRefused(words, field=field)
    if field == "email" and not is_email(value):
        raise DetailRefused("Enter an e-mail address in the form name@example.org.", field=field)
    if field == "preferred_channel" and value not in CHANNELS:
        raise DetailRefused(f"The preferred channel is one of {', '.join(CHANNELS)}.", field=field)


def _refuse_struck_out(
    service: Redress,
    desk: Desk,
    complaint: ComplaintRow,
    details: Mapping[str, str | None],
    changed: Iterable[str],
    *,
    works_again: bool,
) -> None:
    if works_again:
        return
    found = {one["plain"] for one in struck_out(desk.session, complaint, service.settings.time_zone)}
    for field in sorted(set(changed) & set(_WAYS)):
        if plain_form(details[field] or "") in found:
            raise StruckOut(field=field)


def refuse_shared(
    session: Session, party: PartyRow, details: Mapping[str, str | None], changed: Collection[str]
) -> None:
    """Return unless one of two people would be reached where the other is: what is for one may not be for the other."""
    for field in sorted(set(changed) & set(_WAYS)):
        other = somebody_else_there(session, party.complaint_key, party.role, field, details[field])
        if other is not None:
            words = f"This is how {IN_WORDS[other.role]} is reached. What is meant for one of the two would reach the other."
            raise DetailRefused(words, field=field)


def _is_somebody_else(party: PartyRow, details: Mapping[str, str | None], changed: Collection[str]) -> bool:
    """Tell whether these details could be another person's, who would have the authority that somebody found for this one."""
    replaced = {field for field in changed if getattr(party, field) and details[field]}
    return party.authority == CONFIRMED and "name" in replaced and not replaced.isdisjoint(_WAYS)


def _lay(
    service: Redress, desk: Desk, complaint: ComplaintRow, party: PartyRow, changes: Mapping[str, str | None]
) -> tuple[str, ...]:
    old_email, before = party.email, told_to_nobody(desk.session, complaint.key, on=desk.today)
    for field, value in changes.items():
        setattr(party, field, value)
    desk.session.flush()
    what = ", ".join(words for field, words in WORDS.items() if field in changes)
    facts = {"reason": desk.act.reason, "party": str(party.key), "changed": sorted(changes)}
    text = f"Details of {IN_WORDS[party.role]} corrected: {what}"
    desk.tell(complaint.key, "contact-corrected", text, facts=facts)
    if "email" in changes and old_email is not None:
        leave_mailbox(desk.session, service.letters, party, old_email, at=desk.act.at)
    moved = note_at_desk(service, desk, complaint, before=before)
    return (*moved, *_write_to(service, desk, complaint, party, renamed="name" in changes))


def note_at_desk(
    service: Redress, desk: Desk, complaint: ComplaintRow, *, before: frozenset[str]
) -> tuple[str, ...]:
    """``note_who_is_known`` in the transaction of somebody's act."""

    def overwrite(name: str, value: bool) -> None:
        if complaint.instance_key is not None:
            service.engine.overwrite_within(desk.session, complaint.instance_key, name, value)

    return note_who_is_known(service.case_clocks, desk, complaint, before=before, overwrite=overwrite)


def _write_to(
    service: Redress, desk: Desk, complaint: ComplaintRow, party: PartyRow, *, renamed: bool
) -> tuple[str, ...]:
    """Write what waits for ``party`` anew where it goes elsewhere now, and what they are owed besides."""
    tools, carrier = tools_of(service), DeskCarrier(service, desk, complaint)
    moved: tuple[str, ...] = ()
    way = way_to(party)
    for letter in waiting_letters(desk.session, complaint):
        if letter.party_key != party.key:
            continue
        stays = not renamed and way is not None and tuple(way) == (letter.channel, letter.recipient)
        apart = letter.template not in service.letters.ids or given_up(desk.session, letter)
        if not (stays or apart or is_held(letter)):
            why = f"The details of {IN_WORDS[party.role]} were corrected."
            moved += put_another_in_its_place(tools, desk, complaint, letter, carrier, why=why)
    dead = {letter.recipient for letter in came_back(desk.session, party, service.letters)}
    if way is not None and way.recipient not in dead:
        moved += send_owed(tools, desk, complaint, party.role, carrier)
    desk.session.flush()
    if party.role not in missed(service.letters, desk.session, complaint.key, on=service.today()):
        carrier.throw(REACHED, key_of_person(complaint.key, party.role), {})
    return moved
