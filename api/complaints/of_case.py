"""Which complaint a case is about: asked by several rules within one step, looked up once."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.complaints.parties import COMPLAINANT
from api.complaints.tables import ComplaintRow
from engine.store import instances
from engine.store.tables import instances as instances_table

_ASKED = "complaint_of_case"
_CASES = "case_of_root"
_DIGITS = 19  # fewer fit into a key


def complaint_of_case(session: Session, case_key: int) -> int | None:
    """Return the complaint's key by the key of its case (``instances.case_key``); None for a case without a complaint.

    The answer holds for the transaction, unless a step of the case registers it meanwhile (``forget_case``).
    """
    known: dict[int, int | None] = session.info.setdefault(_ASKED, {})
    if case_key not in known:
        known[case_key] = session.scalar(
            select(ComplaintRow.key).where(ComplaintRow.instance_key == case_key)
        )
    return known[case_key]


def complaint_of_root(session: Session, root_key: int) -> int | None:
    """Return the complaint's key by a root instance: that of the case itself, or of a process that began beside it."""
    cases: dict[int, int] = session.info.setdefault(_CASES, {})  # the case of an instance never changes
    if root_key not in cases:
        row = instances.read(session, root_key)
        if row is None:
            return None
        cases[root_key] = row.case_key
    return complaint_of_case(session, cases[root_key])


def key_of_person(complaint_key: int, role: str) -> str:
    """Return the correlation key of a person of a complaint: that of the complaint, which alone is the complainant's."""
    return str(complaint_key) if role == COMPLAINANT else f"{complaint_key}:{role}"


def complaint_named(correlation_key: str) -> int | None:
    """Return the key of the complaint that a correlation key names, alone or with a person of it; None when it is none's."""
    named = correlation_key.partition(":")[0]
    is_key = named.isascii() and named.isdigit() and len(named) < _DIGITS
    return int(named) if is_key else None


def forget_case(session: Session, case_key: int) -> None:
    """Have the next question about this case look it up again: it is getting its complaint."""
    session.info.get(_ASKED, {}).pop(case_key, None)


def roots_of_complaints() -> Select[tuple[int]]:
    """Return the query of the root instances that belong to complaints; narrow it by columns of ``ComplaintRow``."""
    c = instances_table.c
    return (
        select(c.key).join(ComplaintRow, ComplaintRow.instance_key == c.case_key).where(c.key == c.root_key)
    )
