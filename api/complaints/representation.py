"""Who speaks for a complainant, and how far, settled anew at any time: one rule for the page and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

from api.complaints.clocks import Desk
from api.complaints.contact import IN_WORDS
from api.complaints.contact_details import act_of, clean_details, do, note_at_desk, refuse_shared
from api.complaints.intake import PartyDetails
from api.complaints.joined import MERGED
from api.complaints.letter_addressees import missed
from api.complaints.letter_carrying import REACHED
from api.complaints.letter_desk import DeskCarrier, tools_of
from api.complaints.letters_caught_up import send_owed
from api.complaints.letters_follow import ASK_AGAIN, letters_follow, only_they_have
from api.complaints.links import revoke_of
from api.complaints.of_case import key_of_person
from api.complaints.owed import told_to_nobody
from api.complaints.parties import (
    COMPLAINANT,
    CONFIRMED,
    FORMER,
    RECEIVE,
    REFUSED,
    REPRESENTATIVE,
    SETTLE,
    WAS_CONFIRMED,
    authority_in_words,
    can_be_reached,
    end_authority,
    parties,
    settle,
)
from api.complaints.said_to_claimant import owe_to_complainant
from api.complaints.tables import ComplaintRow, PartyRow
from engine.actors import Actor
from engine.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from api.wiring import Redress

NONE = "none"
"""They do not speak, or not any more, for the complainant."""
EXTENTS = {
    SETTLE: "They act and decide for the complainant",
    RECEIVE: "They get the letters and may add something; the complainant decides, and gets the letters too",
    NONE: "They do not act for the complainant, or not any more",
}
"""How far somebody speaks for the complainant → in words."""
SPEAKS = tuple(code for code in EXTENTS if code != NONE)
SETTLED = "authority-settled"
"""The message by which diagrams hear that whether somebody may act is settled; it brings ``authority``, and its scope and end."""
LINE = "authority-settled"  # the kind of the timeline's line


class NobodyRepresents(NotFound):
    """Nobody is said to act for the complainant here."""

    code = "nobody_represents"


class AuthorityRefused(Invalid):
    """This cannot be how far somebody acts for a complainant."""

    code = "authority_refused"


class AuthorityChanged(Conflict):
    """Somebody else settled the authority meanwhile. Read what stands now before you settle it."""

    code = "authority_changed"


class JoinedAnother(Conflict):
    """This complaint joined another one, where it goes on: settle there who speaks for the complainant."""

    code = "joined_another"


@dataclass(frozen=True, slots=True)
class Authority:
    """How far somebody speaks: ``extent`` is one of ``EXTENTS``, ``until`` its last local day (None: no end is named)."""

    extent: str
    until: date | None = None


def settle_anew(
    service: Redress,
    complaint_key: int,
    authority: Authority,
    *,
    reason: str,
    seen: str | None = None,
    by: Actor,
) -> None:
    """Confirm, limit or end the authority of the complaint's representative from now on, whatever was found before.

    Letters that wait are written anew to whom they concern now, an answer that only somebody has who may not reply to it goes to
    who may, links of who acts no more open nothing, and a diagram that waits for the authority goes on. What they said while it
    held was theirs to say. ``seen`` is the mark (``mark_of``) of what was shown, None: nothing. Safe to repeat.

    Raises ``ReasonMissing``, ``AuthorityRefused`` (fact ``field``), ``NobodyRepresents``, ``AuthorityChanged``, ``JoinedAnother``.
    """
    _refuse(authority, today=service.today())

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        party = parties(desk.session, complaint.key).get(REPRESENTATIVE)
        if party is None:
            raise NobodyRepresents(complaint=complaint.reference)
        if seen not in (None, mark_of(party)):
            raise AuthorityChanged
        before = told_to_nobody(desk.session, complaint.key, on=desk.today)
        _refuse_joined(complaint)
        if not _lay(desk, party, authority):
            return ()
        return _follow(service, desk, complaint, party, before=before)

    do(service, complaint_key, change, act=act_of(service, reason, by), by=by)


def take_on(
    service: Redress,
    complaint_key: int,
    details: PartyDetails,
    authority: Authority,
    *,
    reason: str,
    seen: str | None = None,
    by: Actor,
) -> None:
    """Let somebody whose proof a person has seen act for the complainant from now on, in place of whoever is said to.

    Whoever acted before them is a former representative, to whom nothing goes any more; the same person recorded again has
    their authority settled. What follows is that of ``settle_anew``. Safe to repeat.

    Raises ``ReasonMissing``, ``AuthorityRefused`` and ``DetailRefused`` (fact ``field``), ``AuthorityChanged``, ``JoinedAnother``.
    """
    _refuse(authority, today=service.today())
    if authority.extent == NONE:
        raise AuthorityRefused("Say what they may do for the complainant.", field="extent")
    given = clean_details(asdict(details))
    if given["name"] is None:
        raise AuthorityRefused("Enter the name of who acts for the complainant.", field="name")

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        session = desk.session
        before = told_to_nobody(session, complaint.key, on=desk.today)
        former = parties(session, complaint.key).get(REPRESENTATIVE)
        _refuse_joined(complaint)
        if seen not in (None, mark_of(former)):
            raise AuthorityChanged
        if former is not None and all(getattr(former, field) == value for field, value in given.items()):
            is_new = _lay(desk, former, authority)
            return _follow(service, desk, complaint, former, before=before) if is_new else ()
        party = PartyRow(key=desk.next_key(), complaint_key=complaint.key, role=REPRESENTATIVE, **given)
        refuse_shared(session, party, given, given)
        if former is not None:
            _lay(desk, former, Authority(NONE))
            former.role = FORMER
            session.flush()
        session.add(party)
        _lay(desk, party, authority)
        complaint.represented = True
        moved = _follow(service, desk, complaint, party, before=before, former=former)
        if former is not None and former.authority == REFUSED:
            moved += owe_to_complainant(service.case_clocks, desk, complaint, former)
        return moved

    do(service, complaint_key, change, act=act_of(service, reason, by), by=by)


def mark_of(party: PartyRow | None) -> str:
    """Return a mark of who acts (None: nobody) and of their authority as it stands: another once anything of it has changed."""
    if party is None:
        return "nobody"
    stands = (party.key, party.authority, party.authority_scope, party.authority_until, party.ended_at)
    return sha256("\n".join(map(str, stands)).encode()).hexdigest()


def extent_of(party: PartyRow) -> str | None:
    """Return which of ``EXTENTS`` stands for a representative, None while nobody has settled it."""
    if party.authority == CONFIRMED:
        return RECEIVE if party.authority_scope == RECEIVE else SETTLE
    return NONE if party.authority == REFUSED or party.authority in WAS_CONFIRMED else None


def _refuse_joined(complaint: ComplaintRow) -> None:
    if complaint.state == MERGED:
        raise JoinedAnother


def _refuse(authority: Authority, *, today: date) -> None:
    if authority.extent not in EXTENTS:
        raise AuthorityRefused("Say what they may do for the complainant.", field="extent")
    if authority.until is not None and authority.extent == NONE:
        raise AuthorityRefused("Who does not act has no last day. Leave it empty.", field="until")
    if authority.until is not None and authority.until < today:
        words = "The last day is over. Say that they do not act any more, or enter a day from today on."
        raise AuthorityRefused(words, field="until")


def _lay(desk: Desk, party: PartyRow, authority: Authority) -> bool:
    """Note how far ``party`` speaks from now on; tell whether anything of it is new."""
    stood = mark_of(party)
    if authority.extent != NONE:
        scope, until = authority.extent, authority.until
        begins = party.authority_from if party.authority == CONFIRMED else desk.today
        settle(party, CONFIRMED, scope=scope, begins=begins, until=until, at=desk.act.at)
    elif party.authority not in WAS_CONFIRMED:
        if party.authority != REFUSED:
            settle(party, REFUSED, scope=None, begins=None, until=None, at=desk.act.at)
    else:
        end_authority(party, on=desk.today)
    if authority.extent == NONE:
        revoke_of(desk.session, party.key, at=desk.act.at)
    return mark_of(party) != stood


def _follow(
    service: Redress,
    desk: Desk,
    complaint: ComplaintRow,
    party: PartyRow,
    *,
    before: frozenset[str],
    former: PartyRow | None = None,
) -> tuple[str, ...]:
    """Tell what is settled, and let letters, clocks and diagrams follow; return the names of the clocks that moved.

    ``former`` is who acted before, where somebody else takes their place.
    """
    session, key = desk.session, complaint.key
    session.flush()
    who = party.name or IN_WORDS[REPRESENTATIVE].capitalize()
    words = f"{who}: {authority_in_words(party, on=desk.today)}"
    facts = {"party": str(party.key), "authority": party.authority, "reason": desk.act.reason}
    desk.tell(key, LINE, f"Who speaks for the complainant is settled. {words}", facts=facts)
    moved = note_at_desk(service, desk, complaint, before=before)
    if party.authority == REFUSED:
        moved += owe_to_complainant(service.case_clocks, desk, complaint, party)
    tools, carrier = tools_of(service), DeskCarrier(service, desk, complaint)
    moved += letters_follow(service, desk, complaint)[1]
    if extent_of(party) != NONE and can_be_reached(party):
        moved += send_owed(tools, desk, complaint, REPRESENTATIVE, carrier)
    session.flush()
    _notify(service, desk, complaint, party if former is None and extent_of(party) == NONE else former, words)
    looked_for = missed(service.letters, session, key, on=desk.today)
    for role in (COMPLAINANT, REPRESENTATIVE):
        if role not in looked_for:
            carrier.throw(REACHED, key_of_person(key, role), {})
    carrier.throw(SETTLED, str(key), _as_heard(party))
    return moved


def _notify(service: Redress, desk: Desk, complaint: ComplaintRow, gone: PartyRow | None, words: str) -> None:
    """Tell whoever looks after the complaint what is settled, and what nobody but who is ``gone`` was sent."""
    alone = [] if gone is None else only_they_have(service, desk.session, gone)
    if complaint.owner == desk.act.by and not alone:
        return
    told = f"{words} {desk.act.reason}" + (f" {ASK_AGAIN.format('; '.join(alone))}" if alone else "")
    subject = f"Who speaks for {complaint.reference} is settled"
    desk.notify_owner(complaint, subject, told, otherwise="complaints-managers")


def _as_heard(party: PartyRow) -> dict[str, object]:
    confirmed = party.authority == CONFIRMED
    return {
        "authority": CONFIRMED if confirmed else REFUSED,
        "authorityScope": party.authority_scope if confirmed else None,
        "authorityUntil": party.authority_until if confirmed else None,
    }
