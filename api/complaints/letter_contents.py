"""What a letter of a complaint says: its facts filled in, with the dates that hold once it has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.extensions import new_date
from api.complaints.facts import clock_dates, letter_facts, neutral_facts
from api.complaints.letter_addressees import set_of
from api.complaints.letter_links import STATUS_LINK
from api.complaints.letters import LEAVES_ON, Written, in_words
from api.complaints.parties import goes_by_mail, may_act
from api.complaints.policies import second_look
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow
from api.complaints.told_days import ANSWER, PROMISED
from engine import feel
from engine.deadlines.errors import EvidenceRefused
from engine.deadlines.state import Evidence


def write(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    *,
    party: PartyRow | None,
    variables: Mapping[str, Any],
    meets: str = "",
) -> Written:
    """Return ``letter`` to ``party`` with the complaint's facts in it; only its own people (None: others) get a link to it.

    Whoever may not act for the complaint gets neutral facts only, whatever the letter asks for. Dates are those that hold once
    the letter has left and answered the clocks in ``meets``. Raises ``LetterNotFound``, ``LetterIncomplete``.
    """
    facts = facts_of(tools, desk, complaint, letter, party, variables, meets)
    return fill(tools, desk, letter, facts)


def fill(tools: Tools, desk: Desk, letter: str, facts: Mapping[str, Any]) -> Written:
    """Return ``letter`` with these facts in it. Raises ``LetterNotFound``, ``LetterIncomplete``."""
    return tools.letters.write(
        letter,
        {name: feel.inward(value) for name, value in facts.items()},
        moment=desk.moment,
        zone=tools.settings.time_zone,
    )


def facts_of(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    party: PartyRow | None,
    variables: Mapping[str, Any],
    meets: str,
) -> dict[str, Any]:
    """Return what ``letter`` to ``party`` may name (``write`` explains). Raises ``LetterIncomplete`` where its head has no day."""
    if party is not None and not may_act(party, on=desk.today):
        waits = variables.get("waits")
        neutral = neutral_facts(desk.session, complaint, tools.organisation, to=party, waits=waits)
        return _with_its_day(tools, desk, letter, neutral)
    link = None
    if party is not None:
        link = STATUS_LINK if goes_by_mail(party) else _on_paper(tools, complaint, party)
    zone = tools.settings.time_zone
    facts = letter_facts(
        desk.session,
        complaint,
        tools.organisation,
        to=party,
        link=link,
        zone=zone,
        at=desk.moment.now,
        variables=variables,
    )
    facts["secondStage"] = second_look(desk.session, complaint.regime, desk.moment)
    if waiting := _waiting(desk.session, complaint.key):
        coming = _dates_once_sent(tools.clocks, desk, complaint, waiting)
        facts["clocks"] = coming | {name: due for name, due in facts["clocks"].items() if due is not None}
    if meets:
        facts["clocks"] = _dates_once_sent(tools.clocks, desk, complaint, [(meets, desk.moment.now)])
    facts["clocks"] = _still_to_come(_as_promised(facts["clocks"], on=desk.today), on=desk.today)
    facts["newDate"] = new_date(tools.clocks, desk, complaint, letter) or facts.get("newDate")
    return _with_its_day(tools, desk, letter, facts)


def _with_its_day(tools: Tools, desk: Desk, letter: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return ``facts`` with the day from which a letter counts whose head names one."""
    known = {name: feel.inward(value) for name, value in facts.items()}
    leaves_on = tools.letters.leaves_on(letter, known, moment=desk.moment)
    return facts if leaves_on is None else facts | {LEAVES_ON: leaves_on}


def _waiting(session: Session, complaint_key: int) -> list[tuple[str, datetime]]:
    """Return the letters whose clocks wait for the first of their copies to leave: those clocks, and when it was written."""
    rows = session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == complaint_key,
            LetterRow.meets.is_not(None),
            LetterRow.replaced_at.is_(None),
        )
        .order_by(LetterRow.key)
    )
    written: dict[int, list[LetterRow]] = {}
    for row in rows:
        written.setdefault(set_of(row), []).append(row)
    return [
        (copies[0].meets or "", copies[0].queued_at)
        for copies in written.values()
        if all(one.dispatched_at is None for one in copies)
    ]


def _still_to_come(dates: Mapping[str, date | None], *, on: date) -> dict[str, date | None]:
    """Return the dates that a letter of the day ``on`` may promise: one that is over promises nothing."""
    return {name: due if due is not None and due >= on else None for name, due in dates.items()}


def _as_promised(dates: Mapping[str, date | None], *, on: date) -> dict[str, date | None]:
    """Return the dates with the nearest day of our answer that is promised; none to come while one that was promised is late."""
    promised, limit = dates.get(PROMISED), dates.get(ANSWER)
    if promised is None:
        return dict(dates)
    coming = [promised] if limit is None or limit < on else [promised, limit]
    return {**dates, ANSWER: min(coming)}


class _Tried(Exception):
    """Carries the dates out of a trial, and so ends it."""


def _dates_once_sent(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letters: Sequence[tuple[str, datetime]]
) -> dict[str, Any]:
    """Return the due dates as they are when letters have left now, of each the clocks it answers and when it was written.

    Nothing of it is kept.
    """
    left = Evidence("message_accepted", "to come", desk.act.at)
    try:
        with desk.session.begin_nested():
            for meets, written_at in letters:
                meet_each(clocks, desk, complaint, meets, left, counted_from=written_at)
            raise _Tried(clock_dates(desk.session, complaint.key))
    except _Tried as tried:
        dates: dict[str, Any] = tried.args[0]
        return dates
    except EvidenceRefused:  # a rule wants another proof: the dates are those of today
        return clock_dates(desk.session, complaint.key)


def day_over(tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> str | None:
    """Return why a letter written earlier may not leave now: it was to leave before, or promises a day that is over; else None.

    Judged are the days that the letter computes, as they are for one written then, and that stand in it.
    """
    leaves_on = to_leave_on(letter)
    if leaves_on is not None and leaves_on < desk.today:
        words = in_words(leaves_on, zone=tools.settings.time_zone)
        return f"What it says counts from the day it leaves, which was to be {words} at the latest."
    written = replace(desk, moment=replace(desk.moment, now=letter.queued_at))
    party = desk.session.get(PartyRow, letter.party_key) if letter.party_key is not None else None
    known = {name: feel.unpack(value) for name, value in (letter.given or {}).items()}
    if until := (letter.extends or {}).get("until"):
        known["newDate"] = date.fromisoformat(until)
    facts = facts_of(tools, written, complaint, letter.template, party, known, letter.meets or "")
    over = tools.letters.days_over(
        letter.template,
        {name: feel.inward(value) for name, value in facts.items()},
        moment=written.moment,
        zone=tools.settings.time_zone,
        today=desk.today,
    )
    named = next((day for day in over if day in letter.text), None)
    return None if named is None else f"It names a day that is over, {named}."


def to_leave_on(letter: LetterRow) -> date | None:
    """Return the last day on which a letter may leave as it was written, from which its text counts; None: it names none."""
    day: date | None = feel.outward(feel.unpack((letter.given or {}).get(LEAVES_ON)))
    return day


def _on_paper(tools: Tools, complaint: ComplaintRow, party: PartyRow | None) -> str:
    """Return how to go on without a link: paper passes through the hands of staff, so that no secret is printed on it."""
    way = f"call {tools.organisation.phone} or write to us, and name the reference {complaint.reference}"
    mailed = f"; a link comes to your e-mail address from {tools.settings.base_url}/lost-link"
    return way + (mailed if party is not None and party.email else "")
