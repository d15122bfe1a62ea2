"""What a letter of a complaint says: its facts filled in, with the dates that hold once it has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import WINDOWS
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.errand import Tools
from api.complaints.evidence import meet_each
from api.complaints.extensions import new_date
from api.complaints.facts import clock_dates, letter_facts, neutral_facts
from api.complaints.from_complainant import ANSWERS, waited_at
from api.complaints.history import Place, Standing, first_written, standing
from api.complaints.letter_addressees import copies_of, set_of
from api.complaints.letter_links import STATUS_LINK
from api.complaints.letters import LEAVES_ON, LetterIncomplete, Written, in_words
from api.complaints.letters_held import that_wait
from api.complaints.our_answer import is_with_them
from api.complaints.parties import goes_by_mail, may_act, person_of
from api.complaints.policies import second_look
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow, oldest_first
from api.complaints.told_days import ANSWER, OF_OUR_ANSWER, day_of_answer, named_and_over, names_day
from engine import feel
from engine.deadlines.errors import EvidenceRefused
from engine.deadlines.state import Evidence
from engine.zones import A_DAY, day_in_words, local_date


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
    return fill(tools, desk, letter, facts_of(tools, desk, complaint, letter, party, variables, meets))


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
    *,
    first: Place | None = None,
    place: Place | None = None,
    counted_from: datetime | None = None,
    leaves_on: date | None = None,
) -> dict[str, Any]:
    """Return what ``letter`` to ``party`` may name (``write`` explains), as the complaint stands at ``place`` (None: now).

    It was ``first`` written there (None: nowhere yet), and the dates it names count from ``counted_from`` (aware UTC, None: now).
    ``leaves_on`` is the day it counts from where others decide that too, None for the one that its head gives for ``party``.
    Raises ``LetterIncomplete`` where its head has no day.
    """
    if party is not None and not may_act(party, on=desk.today):
        waits = variables.get("waits")
        neutral = neutral_facts(desk.session, complaint, tools.organisation, to=party, waits=waits)
        return _with_its_day(tools, desk, letter, neutral, leaves_on)
    link = None
    if party is not None:
        link = STATUS_LINK if goes_by_mail(party) else _on_paper(tools, complaint, party)
    zone = tools.settings.time_zone
    here = place or Place(desk.moment.now)
    facts = letter_facts(
        desk.session,
        complaint,
        tools.organisation,
        to=party,
        link=link,
        zone=zone,
        standing=_standing(tools, desk, complaint, here, first),
        variables=variables,
    )
    facts["secondStage"] = second_look(desk.session, complaint.regime, desk.moment)
    if waiting := _waiting(desk.session, complaint.key):
        coming = _dates_once_sent(tools.clocks, desk, complaint, waiting)
        facts["clocks"] = coming | {name: due for name, due in facts["clocks"].items() if due is not None}
    if meets:
        since = counted_from or desk.moment.now
        facts["clocks"] = _dates_once_sent(tools.clocks, desk, complaint, [(meets, since)])
    for name in _days_to_be_told(desk.session, complaint.key):
        facts["clocks"][name] = None
    facts["clocks"][ANSWER] = day_of_answer(facts["clocks"])
    facts["clocks"] = _still_to_come(facts["clocks"], on=desk.today)
    facts["newDate"] = new_date(tools.clocks, desk, complaint, letter) or facts.get("newDate")
    return _with_its_day(tools, desk, letter, facts, leaves_on)


def _standing(
    tools: Tools, desk: Desk, complaint: ComplaintRow, place: Place, first: Place | None
) -> Standing:
    """Return how the complaint stood at ``place``, and our answer with it."""
    there = standing(desk.session, complaint, place, first=first)
    with_them = is_with_them(tools.letters, desk.session, complaint, place)
    return replace(
        there,
        answer_on_its_way=with_them is False,
        replies_taken=with_them is True
        and there.state == "responded"
        and waited_at(desk.session, complaint.key, ANSWERS, place.at),
    )


def _with_its_day(
    tools: Tools, desk: Desk, letter: str, facts: dict[str, Any], leaves_on: date | None
) -> dict[str, Any]:
    """Return ``facts`` with the day from which a letter counts whose head names one: ``leaves_on``, else by its head."""
    known = {name: feel.inward(value) for name, value in facts.items()}
    day = leaves_on or tools.letters.leaves_on(letter, known, moment=desk.moment)
    return facts if day is None else facts | {LEAVES_ON: day}


def one_day_for_all(
    tools: Tools,
    desk: Desk,
    complaint: ComplaintRow,
    letter: str,
    people: Sequence[PartyRow],
    variables: Mapping[str, Any],
) -> date | None:
    """Return the last day on which the copies of ``letter`` to ``people`` may leave: what counts from it is one day for all.

    None for a letter whose head names no such day. Raises ``LetterNotFound``, ``LetterIncomplete``.
    """
    if not tools.letters.counts_from_leaving(letter):
        return None
    each = (facts_of(tools, desk, complaint, letter, party, variables, "") for party in people)
    return max((facts[LEAVES_ON] for facts in each if LEAVES_ON in facts), default=None)


def _waiting(session: Session, complaint_key: int) -> list[tuple[str, datetime]]:
    """Return the letters whose clocks wait for the first of their copies to leave: those clocks, and since when they count."""
    rows = session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == complaint_key,
            LetterRow.meets.is_not(None),
            LetterRow.replaced_at.is_(None),
        )
        .order_by(*oldest_first(LetterRow))
    )
    written: dict[int, list[LetterRow]] = {}
    for row in rows:
        written.setdefault(set_of(row), []).append(row)
    return [
        (copies[0].meets or "", copies[0].queued_at)
        for copies in written.values()
        if all(one.dispatched_at is None for one in copies)
    ]


def _days_to_be_told(session: Session, complaint_key: int) -> frozenset[str]:
    """Return the clocks for which a letter that waits tells another day: it stands in that letter alone, and none in others.

    Others would contradict it with the day before, or name it before anybody was told.
    """
    waiting = select(LetterRow.extends).where(LetterRow.complaint_key == complaint_key, that_wait())
    asked = session.scalars(waiting)
    clocks = frozenset(each["clock"] for each in asked if each and each.get("until"))
    return clocks | OF_OUR_ANSWER if clocks & OF_OUR_ANSWER else clocks


def _still_to_come(dates: Mapping[str, date | None], *, on: date) -> dict[str, date | None]:
    """Return the dates that a letter of the day ``on`` may promise: one that is over promises nothing."""
    return {name: due if due is not None and due >= on else None for name, due in dates.items()}


class _Tried(Exception):
    """Carries the dates out of a trial, and so ends it."""


def _dates_once_sent(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letters: Sequence[tuple[str, datetime]]
) -> dict[str, Any]:
    """Return the due dates as they are when letters have left now, of each the clocks it answers and since when they count.

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


def why_other(tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> str | None:
    """Return why a letter written earlier may not leave now: it was to leave before, promises a day that is over, or says what
    it would not say any more; else None.

    Judged is what the letter computes, and the days that stand in it. Days to come stay as they were told; what has happened to
    the complaint since makes it another letter, as does another name.
    """
    leaves_on = to_leave_on(letter)
    if leaves_on is not None and leaves_on < desk.today:
        words = in_words(leaves_on, zone=tools.settings.time_zone)
        return f"What it says counts from the day it leaves, which was to be {words} at the latest."
    if letter.template not in tools.letters.ids:
        return None
    written = replace(desk, moment=replace(desk.moment, now=letter.queued_at))
    place = Place(letter.queued_at, letter.key)
    facts = _facts_at(tools, written, complaint, letter, place)
    over = tools.letters.days_over(
        letter.template,
        {name: feel.inward(value) for name, value in facts.items()},
        moment=written.moment,
        zone=tools.settings.time_zone,
        today=desk.today,
    )
    named = next((day for day in over if names_day(letter.text, day)), None) or named_and_over(
        desk.session,
        complaint.key,
        letter.text,
        after=local_date(letter.queued_at, tools.settings.time_zone),
        before=desk.today,
    )
    if named is not None:
        return f"It names a day that is over, {day_in_words(named)}."
    if letter.neutral:
        return None
    here = Place(desk.moment.now) if desk.moment.now >= desk.act.at else Place(desk.moment.now, letter.key)
    try:
        then = fill(tools, written, letter.template, facts)
        now = fill(tools, desk, letter.template, _facts_at(tools, desk, complaint, letter, here))
    except LetterIncomplete:  # nothing could take its place
        return None
    for window in filter(None, map(facts["clocks"].get, WINDOWS)):  # another letter may begin it anew
        if names_day(then.text, window) and not names_day(letter.text, window):
            return f"The time to go outside ends on another day than it names: {day_in_words(window)}."
    if _words(then) != _words(now):
        return "What has happened since makes it wrong: it would say something else by now."
    names = [facts["complaint"].get(name) for name in _NAMES]
    if any(name and name in then.text and name not in letter.text for name in names):
        return "Somebody it names is called otherwise."
    return None


_NAMES = ("addresseeName", "complainantName", "representativeName")


def _facts_at(
    tools: Tools, desk: Desk, complaint: ComplaintRow, letter: LetterRow, place: Place
) -> dict[str, Any]:
    """Return what a letter written earlier may name as the complaint stood at ``place``; its dates count from its writing."""
    session, copies = desk.session, set_of(letter)
    party = person_of(session, letter)
    known = {name: feel.unpack(value) for name, value in (letter.given or {}).items()}
    if until := (letter.extends or {}).get("until"):
        known["newDate"] = date.fromisoformat(until)
    set_meets = (one.meets for one in [letter, *copies_of(session, complaint.key, copies)])
    return facts_of(
        tools,
        desk,
        complaint,
        letter.template,
        party,
        known,
        next((meets for meets in set_meets if meets), ""),
        first=first_written(session, complaint.key, letter.template, copies),
        place=place,
        counted_from=letter.queued_at,
        leaves_on=to_leave_on(letter),
    )


def _words(letter: Written) -> str:
    """Return what a letter says, whatever the days in it."""
    return A_DAY.sub("…", f"{letter.subject}\n{letter.text}")


def to_leave_on(letter: LetterRow) -> date | None:
    """Return the last day on which a letter may leave as it was written, from which its text counts; None: it names none."""
    day: date | None = feel.outward(feel.unpack((letter.given or {}).get(LEAVES_ON)))
    return day


def _on_paper(tools: Tools, complaint: ComplaintRow, party: PartyRow | None) -> str:
    """Return how to go on without a link: paper passes through the hands of staff, so that no secret is printed on it."""
    way = f"call {tools.organisation.phone} or write to us, and name the reference {complaint.reference}"
    mailed = f"; a link comes to your e-mail address from {tools.settings.base_url}/lost-link"
    return way + (mailed if party is not None and party.email else "")
