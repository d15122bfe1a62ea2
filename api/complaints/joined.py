"""Which complaints joined which, as the lines of their timelines say; what joined one that joined another stands with the other."""

from __future__ import annotations

from sqlalchemy import CTE, BigInteger, literal, select
from sqlalchemy.orm import Session, aliased

from api.complaints.tables import ComplaintRow, EventRow
from engine.store.expressions import member

INTO, FROM = "into", "duplicate"  # facts of the lines that say which complaint joined which
MERGED = "merged"  # the state of a complaint that joined another, and the kind of its line that says so


def joined_by(session: Session, complaint_key: int) -> dict[int, str]:
    """Return the references of the complaints that joined this one, directly or with another, by key."""
    here = select(literal(complaint_key, BigInteger).label("key")).cte(recursive=True)
    here = here.union(
        select(ComplaintRow.key)
        .join(EventRow, member(EventRow.facts, FROM) == ComplaintRow.reference)
        .join(here, here.c.key == EventRow.complaint_key)
    )
    rows = select(ComplaintRow.key, ComplaintRow.reference).where(
        ComplaintRow.key.in_(select(here.c.key)), ComplaintRow.key != complaint_key
    )
    return {row.key: row.reference for row in session.execute(rows)}


def all_joined() -> CTE:
    """Return the table of every complaint that joined another (``part``) beside each that it stands with since (``whole``)."""
    joined, older = aliased(ComplaintRow), aliased(ComplaintRow)
    direct = (
        select(joined.key.label("part"), older.key.label("whole"))
        .join(EventRow, EventRow.complaint_key == joined.key)
        .join(older, older.reference == member(EventRow.facts, INTO))
        .where(joined.state == MERGED, EventRow.kind == MERGED)
        .cte()
    )
    known = select(direct).cte(recursive=True)
    return known.union(select(known.c.part, direct.c.whole).join(direct, direct.c.part == known.c.whole))
