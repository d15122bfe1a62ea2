"""What is complained of, one by one: the register knows it, diagrams ask for it, and new ones join while we have not answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from api.complaints.errand import Errand
from api.complaints.states import UNANSWERED
from api.complaints.tables import IssueRow


def issues(errand: Errand) -> dict[str, Any]:
    """``redress:issues``: the issues of the complaint; those in input ``add`` (a list of texts) join it first, if they still can.

    Returns ``issues`` (a list of ``{id, summary}``, in their order) and ``joined``: false when something was to be added and our
    answer has left, so that it is a matter of its own.
    """
    given = errand.value("add")
    add = [text for one in (given if isinstance(given, list) else ()) if (text := str(one or "").strip())]
    joins = errand.complaint.state in UNANSWERED
    for summary in add if joins else ():
        last = max((row.number for row in numbered(errand)), default=0)
        put(errand, last + 1, summary)
    kept = [{"id": row.number, "summary": row.summary} for row in numbered(errand)]
    return {"issues": kept, "joined": joins or not add}


def numbered(errand: Errand) -> list[IssueRow]:
    """Return the issues of the complaint by their number."""
    mine = select(IssueRow).where(IssueRow.complaint_key == errand.complaint.key)
    return list(errand.session.scalars(mine.order_by(IssueRow.number)))


def put(errand: Errand, number: int, summary: str) -> IssueRow:
    """Return the issue of this number, made when there is none; it gets the summary while it has none."""
    found = next((row for row in numbered(errand) if row.number == number), None)
    if found is None:
        found = IssueRow(
            key=errand.next_key(), complaint_key=errand.complaint.key, number=number, summary=summary
        )
        errand.session.add(found)
        errand.session.flush()
    found.summary = found.summary or summary
    return found


def replace(errand: Errand, summaries: Sequence[str], *, seen: int) -> None:
    """Let the first ``seen`` issues be these instead; those that joined meanwhile stay, and come after them."""
    rows = numbered(errand)
    before, later = [row for row in rows if row.number <= seen], [row for row in rows if row.number > seen]
    for row in before[len(summaries) :]:
        errand.session.delete(row)
    errand.session.flush()
    for place, row in sorted(enumerate(later, start=len(summaries) + 1), reverse=len(summaries) > seen):
        row.number = place
        errand.session.flush()
    for number, summary in enumerate(summaries, start=1):
        put(errand, number, summary).summary = summary
