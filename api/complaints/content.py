"""What people wrote, kept from whoever may not read the complaint: numbers, yes and no, and days stay, words do not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.complaints.access import unread_roots
from api.identity.decide import reach
from api.identity.people import Person
from engine.errors import Conflict
from engine.store import reading
from engine.store.records import IncidentRecord, JobRecord, VariableRecord
from engine.store.tables import instances
from engine.values import read_json, to_text

VEIL = "[content]"
_DAY = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


class ContentVeiled(Conflict):
    """“[content]” stands for words you may not read; writing it back would lose them."""

    code = "content_veiled"


def unread(session: Session, person: Person, roots: Iterable[int | None]) -> frozenset[int]:
    """Return those of the root instances whose content ``person`` may not read."""
    asked = {root for root in roots if root is not None}
    if not asked or reach(person).every:  # conflicts of interest apart: those cases are not there at all
        return frozenset()
    return frozenset(session.scalars(unread_roots(person).where(instances.c.key.in_(asked))))


def shown_to(session: Session, person: Person, records: Iterable[Any]) -> tuple[Any, ...]:
    """Return the records, those of cases that ``person`` may not read without what people wrote."""
    found = tuple(records)
    kept_back = unread(session, person, (getattr(one, "root_process_instance_key", None) for one in found))
    if not kept_back:
        return found
    told = reading.told_by_people(
        session, [one.incident_key for one in found if isinstance(one, IncidentRecord)]
    )
    return tuple(
        _veiled_record(one, told) if getattr(one, "root_process_instance_key", None) in kept_back else one
        for one in found
    )


def veil(value: Any) -> Any:
    """Return plain data in which every text but a day or moment is veiled; names of members stay."""
    if isinstance(value, str):
        return value if _DAY.fullmatch(value) else VEIL
    if isinstance(value, dict):
        return {name: veil(item) for name, item in value.items()}
    if isinstance(value, list):
        return [veil(item) for item in value]
    return value


def refuse_veil(value: Any) -> None:
    """Raise ``ContentVeiled`` if somewhere in ``value`` stands a veil instead of the words behind it."""
    if value == VEIL:
        raise ContentVeiled
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inside:
        refuse_veil(item)


def _veiled_record(record: Any, told: frozenset[int]) -> Any:
    if isinstance(record, VariableRecord):
        return replace(record, value=to_text(veil(read_json(record.value.encode()))))
    if isinstance(record, IncidentRecord) and record.incident_key in told:
        return replace(record, error_message=VEIL)
    if isinstance(record, JobRecord) and record.error_message and record.kind == "service":
        return replace(record, error_message=VEIL)
    return record
