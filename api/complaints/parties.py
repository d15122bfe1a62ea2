"""Who speaks for a complaint: the complainant, or a representative as long as their authority holds."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.tables import LetterRow, PartyRow
from engine.zones import day_in_words

CLAIMED, CONFIRMED, REFUSED, EXPIRED = (
    "claimed",
    "confirmed",
    "refused",
    "expired",
)  # "none": not a representative
COMPLAINANT, REPRESENTATIVE = "complainant", "representative"  # roles of who speaks
FORMER = "former-representative"  # role of who spoke once, until somebody else took their place
SETTLE, RECEIVE = "settle", "receive"  # scopes: decides for the complainant; reads and adds, decides nothing
SETTLED = frozenset({CONFIRMED, REFUSED})  # what a person decides
BY_MAIL, BY_POST, BY_PHONE = "e-mail", "post", "phone"
BY_HAND = frozenset({BY_POST, BY_PHONE})  # somebody of ours posts the letter, or rings and tells it
WAYS = {BY_MAIL: "email", BY_POST: "address", BY_PHONE: "phone"}
"""Channel → what of a person it needs: nothing is posted to a number, or to an e-mail address."""
_USUAL = (BY_MAIL, BY_POST, BY_PHONE)
WAS_CONFIRMED = frozenset({CONFIRMED, EXPIRED})  # on its days; once they are over, that is noted
_WISHED = {BY_POST: (BY_POST, BY_MAIL, BY_PHONE), BY_PHONE: (BY_POST, BY_PHONE, BY_MAIL)}
"""Preferred channel → the ways in order. Who prefers the phone does not want e-mail; an address lets them keep what we say."""


class Reached(Protocol):
    """Somebody with the places where they are reached, None for those that are not known."""

    @property
    def email(self) -> str | None:
        """Return the e-mail address."""

    @property
    def phone(self) -> str | None:
        """Return the number."""

    @property
    def address(self) -> str | None:
        """Return the postal address."""


class Way(NamedTuple):
    """How letters reach somebody: the channel, and the address or number that it needs."""

    channel: str
    recipient: str


def parties(session: Session, complaint_key: int) -> dict[str, PartyRow]:
    """Return the complainant and the representative by role; staff concerned and former representatives are left out."""
    rows = session.scalars(
        select(PartyRow)
        .where(PartyRow.complaint_key == complaint_key, PartyRow.role.in_((COMPLAINANT, REPRESENTATIVE)))
        .order_by(PartyRow.key)
    )
    return {row.role: row for row in rows}


def person_of(session: Session, letter: LetterRow) -> PartyRow | None:
    """Return whom of a complaint a letter was written to; None: to nobody in particular."""
    return None if letter.party_key is None else session.get(PartyRow, letter.party_key)


def may_act(party: PartyRow, *, on: date) -> bool:
    """Tell whether ``party`` may read and get letters on the day ``on`` (in the service's zone).

    A representative may on the days of an authority that a person has confirmed, also once it is noted that they are over; a
    complainant until ended.
    """
    if party.ended_at is not None:
        return False
    if party.role != REPRESENTATIVE:
        return party.role == COMPLAINANT
    begun = party.authority_from is None or party.authority_from <= on
    return (
        party.authority in WAS_CONFIRMED
        and begun
        and (party.authority_until is None or on <= party.authority_until)
    )


def authority_in_words(party: PartyRow, *, on: date) -> str | None:
    """Return what a representative may do on the day ``on`` (in the service's zone), for staff; None of anybody else."""
    if party.role == FORMER:
        return "Acts for the complainant no more: nothing is said to them."
    if party.role != REPRESENTATIVE:
        return None
    if party.authority == REFUSED:
        return "Refused: nothing is said to them, and they decide nothing."
    if party.authority == CLAIMED:
        return "Only says to act for the complainant: nothing of the complaint is said to them until that is confirmed."
    begins, until = party.authority_from, party.authority_until
    if party.ended_at is not None or (until is not None and until < on):
        return f"Their authority is over{f', its last day was {day_in_words(until)}' if until else ''}: nothing is said to them."
    scope = (
        "Gets the letters, as the complainant does, and decides nothing"
        if party.authority_scope == RECEIVE
        else "Acts and decides for the complainant"
    )
    since = f" from {day_in_words(begins)}" if begins is not None and begins > on else ""
    return f"{scope}{since}{f' until {day_in_words(until)}' if until else ''}."


def only_claims(party: PartyRow) -> bool:
    """Tell whether ``party`` says to act for the complainant, and nobody has confirmed or refused it."""
    return party.role == REPRESENTATIVE and party.authority == CLAIMED and party.ended_at is None


def speaks(session: Session, complaint_key: int, *, on: date) -> PartyRow | None:
    """Return whom we deal with on the day ``on``: the representative while they may act, else the complainant, else None."""
    known = parties(session, complaint_key)
    for role in (REPRESENTATIVE, COMPLAINANT):
        party = known.get(role)
        if party is not None and may_act(party, on=on):
            return party
    return None


def way_to(party: PartyRow) -> Way | None:
    """Return how letters reach ``party``: the way they prefer where we can go it, else the next one; None without any."""
    for channel in _WISHED.get(party.preferred_channel or "", _USUAL):
        recipient = getattr(party, WAYS[channel])
        if recipient:
            return Way(channel, recipient)
    return None


def shared_ways(one: Reached, other: Reached) -> tuple[str, ...]:
    """Return by which of ``WAYS`` two people are reached at the same place, however it is spelt."""
    return tuple(field for field in WAYS.values() if _is_there(other, field, getattr(one, field)))


def somebody_else_there(
    session: Session, complaint_key: int, role: str, field: str, place: str | None
) -> PartyRow | None:
    """Return whoever else than ``role`` of the complaint is reached by ``field`` (of ``WAYS``) at this place, however it is spelt."""
    others = (party for name, party in parties(session, complaint_key).items() if name != role)
    return next((party for party in others if _is_there(party, field, place)), None)


def _is_there(person: Reached, field: str, place: str | None) -> bool:
    known = getattr(person, field)
    return bool(place) and bool(known) and as_compared(field, known) == as_compared(field, place or "")


def as_compared(field: str, place: str) -> str:
    """Return a place without what spelling alone changes: of a mailbox capitals and how its domain is coded, of a number all but
    its digits, of an address everything between its words. What no spelling changes parts two places: a dot in a mailbox, the
    order of two house numbers."""
    spelt = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", place).casefold()).strip()
    if field == WAYS[BY_MAIL]:
        mailbox, _, domain = spelt.rpartition("@")
        return f"{mailbox}@{_as_coded(domain)}"
    if field == WAYS[BY_PHONE]:
        return "".join(filter(str.isdigit, spelt.replace("(0)", ""))) or spelt
    return " ".join(re.findall(r"\w+", spelt)) or spelt


def _as_coded(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:  # no domain: nothing reaches it, however it is spelt
        return domain


REACHED_BY = "reachedBy"  # what forms in which a place is entered look up


def reached_by(session: Session, complaint_key: int) -> dict[str, dict[str, str]]:
    """Return where the complainant and the representative are reached, as places are compared: role → field of ``WAYS`` → place."""
    return {
        role: {field: as_compared(field, getattr(party, field) or "") for field in WAYS.values()}
        for role, party in parties(session, complaint_key).items()
    }


def can_be_reached(party: PartyRow | None) -> bool:
    """Tell whether there is an address, postal or electronic, or a number to reach them by."""
    return party is not None and way_to(party) is not None


def goes_by_mail(party: PartyRow | None) -> bool:
    """Tell whether letters reach this person by e-mail."""
    way = way_to(party) if party is not None else None
    return way is not None and way.channel == BY_MAIL


def goes_by_hand(party: PartyRow | None) -> bool:
    """Tell whether letters to this person are posted or told, which takes until somebody does it."""
    way = way_to(party) if party is not None else None
    return way is not None and way.channel in BY_HAND


def somebody_answers(session: Session, complaint_key: int, *, on: date) -> bool:
    """Tell whether anybody who may answer for the complaint on the day ``on`` can be reached."""
    known = parties(session, complaint_key).values()
    return any(can_be_reached(one) and may_act(one, on=on) and may_decide(one) for one in known)


def lapsed(session: Session, complaint_key: int, *, on: date) -> PartyRow | None:
    """Return the representative whose confirmed authority ended before the day ``on`` and is not noted as expired yet."""
    party = parties(session, complaint_key).get(REPRESENTATIVE)
    if party is None or party.authority != CONFIRMED or party.authority_until is None:
        return None
    return party if party.authority_until < on else None


def may_decide(party: PartyRow | None) -> bool:
    """Tell whether they may accept, reject and withdraw; None is whoever complained without a name."""
    return party is None or party.authority_scope != RECEIVE


def speaks_no_more(party: PartyRow | None) -> bool:
    """Tell whether they were a representative, and it is noted that their authority is over."""
    if party is None or party.role == COMPLAINANT:
        return False
    return party.role == FORMER or party.ended_at is not None or party.authority == EXPIRED


def settle(
    party: PartyRow,
    authority: str,
    *,
    scope: str | None,
    begins: date | None,
    until: date | None,
    at: datetime,
) -> None:
    """Note what a person found: ``confirmed`` with its scope and days, or ``refused``, which ends their part."""
    party.authority, party.authority_scope = authority, scope
    party.authority_from, party.authority_until = begins, until
    party.ended_at = at if authority == REFUSED else None


def end_authority(party: PartyRow, *, on: date) -> None:
    """Note that from the local day ``on`` a representative speaks no more; what they said until then was theirs to say."""
    until, last = party.authority_until, on - timedelta(days=1)
    party.authority, party.authority_until = EXPIRED, last if until is None else min(until, last)
