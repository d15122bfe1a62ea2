"""What people wrote, kept from whoever may not read the complaint: numbers, yes and no, and days stay, words do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from api.complaints.access import unread_roots
from api.complaints.references import between_references
from api.identity.decide import reach
from api.identity.people import Person
from engine.commands.catalogue import Catalogue
from engine.errors import Conflict
from engine.quoted import plain, retold
from engine.store import reading
from engine.store.records import IncidentRecord, JobRecord, VariableRecord, told_by_a_case
from engine.store.tables import instances
from engine.values import read_json, to_text

VEIL = "[content]"
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_BETWEEN_DAYS = re.compile(rf"(?<!\d){_DAY.pattern}(?!\d)", re.ASCII)


class ContentVeiled(Conflict):
    """“[content]” stands for words you may not read; writing it back would lose them."""

    code = "content_veiled"


def unread(session: Session, person: Person, roots: Iterable[int | None]) -> frozenset[int]:
    """Return those of the root instances whose content ``person`` may not read."""
    asked = {root for root in roots if root is not None}
    if not asked or reach(person).every:  # conflicts of interest apart: those cases are not there at all
        return frozenset()
    return frozenset(session.scalars(unread_roots(person).where(instances.c.key.in_(asked))))


@dataclass(frozen=True, slots=True)
class OpenWords:
    """Which texts of a case are open to somebody who may not read it: what is put together from words of diagrams and tables,
    their own name and groups, references of complaints and days. Everything else may have been computed from what people wrote.
    """

    known: frozenset[str]

    def told(self, text: str) -> str:
        """Return a text, or the veil."""
        return text if self.open(text) else VEIL

    def open(self, text: str) -> bool:
        """Tell whether a text says nothing that people wrote."""
        between = [one for part in between_references(text) for one in _BETWEEN_DAYS.split(part)]
        return all(not one or one in self.known for one in between)

    def among(self, asked: Iterable[str]) -> frozenset[str]:
        """Return the words that are open, those of the texts ``asked`` for included that are open by what they are."""
        return self.known | {text for text in asked if self.open(text)}

    def of(self, value: Any) -> Any:
        """Return the member of a record with every text in it as it is told; names of its members stay."""
        if isinstance(value, str):
            return self.told(value)
        if isinstance(value, Mapping):
            return {name: self.of(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(item) for item in value]
        return value

    def veil(self, value: Any) -> Any:
        """Return plain data of a variable in which every text but a day or moment is veiled, also where it names a member."""
        if isinstance(value, str):
            return value if _DAY.fullmatch(value) else VEIL
        if isinstance(value, dict):
            return {self.told(name): self.veil(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.veil(item) for item in value]
        return value


def open_words(session: Session, catalogue: Catalogue, person: Person) -> OpenWords:
    """Return the words open to ``person`` whatever they may read."""
    return OpenWords(catalogue.words(session) | person.groups | {person.name})


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
        shown["value"] = to_text(words.veil(read_json(record.value.encode())))
    elif isinstance(record, IncidentRecord):
        from_outside = record.incident_key in told
        shown["error_message"] = VEIL if from_outside else retold(record.error_message, words.told)
    elif isinstance(record, JobRecord) and record.error_message:
        from_outside = record.kind == "service"
        shown["error_message"] = VEIL if from_outside else retold(record.error_message, words.told)
    return replace(record, **shown)
