"""What a letter begins, an extension or a promise: asked for when it is written, in force from the moment it has left (rule 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.complaints import letters_owed
from api.complaints.clock_rows import keep, open_clocks
from api.complaints.clock_start import promised_policy
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.letter_addressees import counts, newest_set, set_of
from api.complaints.letters import Letters
from api.complaints.owed import owed
from api.complaints.tables import ComplaintRow, LetterRow, newest_first
from api.complaints.told_days import PROMISED, told_anew
from engine.deadlines.clocks import supersede, unextend
from engine.deadlines.errors import ExtensionRefused
from engine.deadlines.state import ClockState
from engine.errors import RedressError


def ask(
    clocks: CaseClocks,
    letters: Letters,
    desk: Desk,
    complaint: ComplaintRow,
    name: str,
    *,
    letter: str,
    category: str,
    amount: int | None = None,
) -> tuple[str, ...]:
    """Extend the clock ``name`` with the newest ``letter`` to the complainant, at once if it has left, else when it does.

    One that is kept, as no way leads to whom it is owed, brings it along. Returns the names of the clocks that moved already.
    Raises the refusals of the rules, and ``ExtensionRefused`` when there is nobody to write to who may answer it.
    """
    until = clocks.extended_to(desk, complaint, name, category=category, amount=amount)
    row, kept = _newest(letters, desk.session, complaint, letter)
    if row is None and kept is None:
        raise ExtensionRefused(
            "The complainant was not told: no letter could be written.", clock=name, letter=letter
        )
    asked = _asked(desk, name, until, category=category, amount=amount)
    return _with(clocks, desk, complaint, asked, row, kept)


def promise(
    clocks: CaseClocks,
    letters: Letters,
    desk: Desk,
    complaint: ComplaintRow,
    name: str,
    *,
    due: date,
    letter: str | None = None,
    subject: str | None = None,
) -> tuple[str, ...]:
    """Promise the day ``due`` by the clock ``name`` with the newest ``letter``, at once if it has left, else when it does.

    One that is kept, as no way leads to whom it is owed, brings it along: nobody was told yet. At once, too, where no letter is
    named, or there is nobody to write it to. ``subject`` tells promises apart. Returns the names of the clocks that moved already.
    """
    row, kept = (None, None) if letter is None else _newest(letters, desk.session, complaint, letter)
    if row is None and kept is None:
        return _hold(clocks, desk, complaint, name, due, subject)
    asked = _asked(desk, name, due, promised=True, subject=subject)
    return _with(clocks, desk, complaint, asked, row, kept)


def _newest(
    letters: Letters, session: Session, complaint: ComplaintRow, letter: str
) -> tuple[LetterRow | None, int | None]:
    """Return the copy, to somebody who may answer, of the newest ``letter``, else its set where it is kept for somebody.

    None, None where there is neither, or it has begun what it tells.
    """
    rows = session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == complaint.key,
            LetterRow.template == letter,
            LetterRow.replaced_at.is_(None),
        )
        .order_by(*newest_first(LetterRow))
    ).all()
    kept = [one for one in letters_owed.kept(complaint) if one.letter == letter and one.copies]
    newest, later = newest_set(session, complaint.key, rows, kept)
    copies = [one for one in rows if set_of(one) == newest]
    if later:
        return None, later[-1].copies
    if any(one.extends for one in copies):
        return None, None
    row = next((one for one in copies if counts(letters, session, one)), None)
    return row, newest if row is None and any(one.copies == newest for one in kept) else None


def _asked(desk: Desk, name: str, until: date | None, **how: Any) -> dict[str, Any]:
    """Return what a letter is asked to begin: the day ``until`` for the clock ``name``."""
    day = None if until is None else until.isoformat()
    return {"clock": name, "until": day, "by": desk.act.by, "reason": desk.act.reason, **how}


def _with(
    clocks: CaseClocks,
    desk: Desk,
    complaint: ComplaintRow,
    asked: Mapping[str, Any],
    letter: LetterRow | None,
    kept: int | None,
) -> tuple[str, ...]:
    """Have ``letter`` bring into force what is ``asked``, at once if it has left; None: what is ``kept`` of its set, as it leaves."""
    if letter is not None:
        letter.extends = dict(asked)
        return begin(clocks, desk, complaint, letter)
    if kept is not None:
        letters_owed.begin_with(complaint, kept, asked)
    return ()


def is_awaited(session: Session, letter: LetterRow) -> bool:
    """Tell whether an open clock waits for ``letter`` to extend it; a promise is none before its letter has left."""
    asked = letter.extends
    if asked is None or asked.get("promised"):
        return False
    return any(row.name == asked["clock"] for row in open_clocks(session, letter.complaint_key))


def begin(clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> tuple[str, ...]:
    """Bring into force what ``letter``, which has left, was written for; what nobody is promised any more begins no more.

    An extension that comes too late or is used up is told in the timeline. Then the limit stands, and the day the letter names
    is a promise of its own. Of a day of our answer that a letter written later has told anew nothing begins any more.
    """
    asked, sent_at = letter.extends, letter.dispatched_at
    if not asked or sent_at is None:
        return ()
    if set_of(letter) in told_anew(desk.session, complaint.key):
        text = f"A newer letter has told the day of our answer: that of “{letter.subject}” does not count"
        desk.tell(complaint.key, "day-told-anew", text, facts={"letter": str(letter.key)})
        return ()
    acting = replace(desk, act=replace(desk.act, by=asked["by"], reason=asked["reason"]))
    until = date.fromisoformat(asked["until"]) if asked.get("until") else None
    name, subject = asked["clock"], asked.get("subject")
    if not asked.get("promised"):
        try:
            return clocks.extend(
                acting,
                complaint,
                name,
                category=asked["category"],
                letter=str(letter.key),
                sent_at=sent_at,
                amount=asked["amount"],
            )
        except RedressError as refusal:
            facts = {"clock": name, "letter": str(letter.key)}
            desk.tell(complaint.key, "clock-extension-refused", refusal.message, facts=facts)
            name = PROMISED
    if until is None or not owed(desk.session, complaint, name, on=desk.today):
        return ()
    return _hold(clocks, acting, complaint, name, until, subject)


def take_back(
    clocks: CaseClocks,
    desk: Desk,
    complaint: ComplaintRow,
    letter: LetterRow,
    others: Iterable[LetterRow],
) -> tuple[str, ...]:
    """Take back what ``letter``, which came back, brought into force: it begins with the letter that takes its place.

    Where one of the ``others``, the copies that have left, told it as well, it stays, and is theirs from here on. Returns the
    names of the clocks that moved.
    """
    asked = letter.extends
    if not asked:
        return ()
    heir = next(iter(others), None)
    if heir is not None:
        heir.extends, letter.extends = heir.extends or asked, None
        return ()
    name, moved = asked["clock"], list[str]()
    promised = name if asked.get("promised") else PROMISED
    promise = promised_policy(promised, asked.get("subject")).id
    copies = _keys_of(desk.session, complaint, set_of(letter))
    for row in open_clocks(desk.session, complaint.key):
        state = ClockState.from_json(row.saved)
        calendar = clocks.calendars.get_version(state.calendar_id, state.calendar_version)
        if row.name == name and any(one.letter in copies for one in state.extensions):
            keep(desk, row, unextend(state, calendar, desk.act, letters=copies), calendar)
        elif (
            state.policy.id == promise
            and row.due_on is not None
            and row.due_on.isoformat() == asked.get("until")
        ):
            keep(desk, row, supersede(state, desk.act), calendar)
        else:
            continue
        moved.append(row.name)
    return tuple(moved)


def _keys_of(session: Session, complaint: ComplaintRow, copies: int) -> frozenset[str]:
    """Return the keys, as text, of all letters of a set, also of those that another took the place of."""
    mine = LetterRow.complaint_key == complaint.key
    of_set = or_(LetterRow.key == copies, LetterRow.copy_of == copies)
    return frozenset(str(key) for key in session.scalars(select(LetterRow.key).where(mine, of_set)))


def _hold(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, name: str, due: date, subject: str | None
) -> tuple[str, ...]:
    """Start the clock of a promise; one of several, told apart by its ``subject``, opens again where it was met."""
    policy = promised_policy(name, subject)
    return clocks.start_until(desk, complaint, policy, due=due, may_reopen=subject is not None)


def new_date(clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letter: str) -> date | None:
    """Return the date that ``letter``, as the extension letter of one of the open clocks, may promise; None without one."""
    for row in open_clocks(desk.session, complaint.key):
        rule = ClockState.from_json(row.saved).policy.extension
        if rule is not None and rule.letter == letter:
            try:
                category = rule.reasons[0] if rule.reasons else ""
                return clocks.extended_to(desk, complaint, row.name, category=category)
            except RedressError:
                return None
    return None
