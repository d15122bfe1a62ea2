"""What people wrote, and what diagrams made of it, kept from whoever may not read the complaint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.complaints.access import unread_roots
from api.complaints.intake import start_facts, start_variable_names
from api.complaints.open_words import VEIL, OpenWords
from api.identity.decide import reach
from api.identity.people import Person
from engine.commands.catalogue import Catalogue
from engine.errors import Conflict
from engine.quoted import plain, retold
from engine.store import reading
from engine.store.records import IncidentRecord, JobRecord, VariableRecord, told_by_a_case
from engine.store.tables import instances
from engine.values import read_json, to_text


class ContentVeiled(Conflict):
    """“[content]” stands for words you may not read; writing it back would lose them."""

    code = "content_veiled"


def unread(session: Session, person: Person, roots: Iterable[int | None]) -> frozenset[int]:
    """Return those of the root instances whose content ``person`` may not read."""
    asked = {root for root in roots if root is not None}
    if not asked or reach(person).every:  # conflicts of interest apart: those cases are not there at all
        return frozenset()
    return frozenset(session.scalars(unread_roots(person).where(instances.c.key.in_(asked))))


def open_words(session: Session, catalogue: Catalogue, person: Person) -> OpenWords:
    """Return the words open to ``person`` whatever they may read."""
    known = catalogue.words(session) | person.groups | {person.name} | start_variable_names()
    return OpenWords(known, catalogue.untouched(session, start_facts()))


def shown_to(
    session: Session, catalogue: Catalogue, person: Person, records: Iterable[Any]
) -> tuple[Any, ...]:
    """Return the records, those of cases that ``person`` may not read without what was or may have been written by people."""
    found = tuple(records)
    kept_back = unread(session, person, (getattr(one, "root_process_instance_key", None) for one in found))
    if not kept_back:
        return tuple(map(_plain, found))
    told = reading.told_by_people(
        session, [one.incident_key for one in found if isinstance(one, IncidentRecord)]
    )
    words = open_words(session, catalogue, person)
    return tuple(
        _veiled_record(one, told, words)
        if getattr(one, "root_process_instance_key", None) in kept_back
        else _plain(one)
        for one in found
    )


def refuse_veil(value: Any) -> None:
    """Raise ``ContentVeiled`` if somewhere in ``value`` stands a veil instead of the words behind it."""
    if value == VEIL:
        raise ContentVeiled
    inside = (
        [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for item in inside:
        refuse_veil(item)


def _plain(record: Any) -> Any:
    message = record.error_message if isinstance(record, IncidentRecord | JobRecord) else None
    return replace(record, error_message=plain(message)) if message else record


def _veiled_record(record: Any, told: frozenset[int], words: OpenWords) -> Any:
    computed = {name: getattr(record, name) for name in told_by_a_case(type(record))}
    shown = {name: words.of(value) for name, value in computed.items()}
    if isinstance(record, VariableRecord):
        shown["value"] = to_text(words.veil(record.name, read_json(record.value.encode())))
    elif isinstance(record, IncidentRecord):
        from_outside = record.incident_key in told
        shown["error_message"] = VEIL if from_outside else retold(record.error_message, words.told)
    elif isinstance(record, JobRecord) and record.error_message:
        from_outside = record.kind == "service"
        shown["error_message"] = VEIL if from_outside else retold(record.error_message, words.told)
    return replace(record, **shown)
