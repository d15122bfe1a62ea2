"""Extensions that begin with a letter: asked for when it is written, in force from the moment it has left (rule 9)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from api.complaints.clock_rows import open_clocks
from api.complaints.clock_start import promised_policy
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.letter_addressees import counts, set_of
from api.complaints.letters import Letters
from api.complaints.tables import ComplaintRow, LetterRow
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

    Returns the names of the clocks that moved already. Raises the refusals of the rules, and ``ExtensionRefused`` when
    no such letter was written to anybody who may answer it (nobody to write to).
    """
    until = clocks.extended_to(desk, complaint, name, category=category, amount=amount)
    found = desk.session.scalars(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == complaint.key,
            LetterRow.template == letter,
            LetterRow.extends.is_(None),
            LetterRow.replaced_at.is_(None),
        )
        .order_by(LetterRow.key.desc())
    )
    rows = found.all()
    copies = [one for one in rows if set_of(one) == set_of(rows[0])]
    row = next((one for one in copies if counts(letters, desk.session, one)), None)
    if row is None:
        raise ExtensionRefused(
            "The complainant was not told: no letter could be written.", clock=name, letter=letter
        )
    row.extends = {
        "clock": name,
        "category": category,
        "amount": amount,
        "by": desk.act.by,
        "reason": desk.act.reason,
        "until": until.isoformat() if until is not None else None,
    }
    return begin(clocks, desk, complaint, row) if row.dispatched_at is not None else ()


def begin(clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, letter: LetterRow) -> tuple[str, ...]:
    """Extend the clock that ``letter``, which has left, was written for; too late or used up is told in the timeline.

    Then the limit stands, and the day the letter names is a promise of its own.
    """
    asked, sent_at = letter.extends, letter.dispatched_at
    if not asked or sent_at is None:
        return ()
    acting = Desk(
        desk.session, type(desk.act)(desk.act.at, asked["by"], asked["reason"]), desk.moment, desk.next_key
    )
    try:
        return clocks.extend(
            acting,
            complaint,
            asked["clock"],
            category=asked["category"],
            letter=str(letter.key),
            sent_at=sent_at,
            amount=asked["amount"],
        )
    except RedressError as refusal:
        facts = {"clock": asked["clock"], "letter": str(letter.key)}
        desk.tell(complaint.key, "clock-extension-refused", refusal.message, facts=facts)
        until = asked.get("until")
        if until is None:
            return ()
        promise = promised_policy("promised_answer", None)
        return clocks.start_until(acting, complaint, promise, due=date.fromisoformat(until))


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
