"""Deployed definitions as parsed once per process: processes, decision models and forms, by their keys."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from engine import dmn, forms
from engine.commands.errors import DefinitionNotFound, ResourceNotFound
from engine.dialect import Binding, ProcessDefinition, read_bpmn
from engine.dialect.deciding import Sources, deciding, sources_of
from engine.dialect.remaking import untouched
from engine.dialect.words import words_of
from engine.store import definitions
from engine.store.definitions import DefinitionRow

T = TypeVar("T")


class Catalogue:
    """Definitions by key.

    What is deployed never changes, so nothing here grows stale. Safe between threads.
    """

    def __init__(self) -> None:
        """Nothing is parsed yet."""
        self._rows: dict[tuple[str, int], DefinitionRow] = {}
        self._processes: dict[int, ProcessDefinition] = {}
        self._models: dict[int, dmn.Model] = {}
        self._forms: dict[int, forms.Form] = {}
        self._together: dict[tuple[str, str, int], DefinitionRow] = {}
        self._words: dict[int, frozenset[str]] = {}
        self._sources: dict[int, Sources] = {}

    def row(self, session: Session, kind: str, key: int) -> DefinitionRow:
        """Return the row of a definition. Raises ``DefinitionNotFound``."""
        known = self._rows.get((kind, key))
        if known is None:
            known = definitions.by_key(session, kind, key)
            if known is None:
                raise DefinitionNotFound(kind=kind, key=key)
            self._rows[kind, key] = known
        return known

    def process(self, session: Session, key: int) -> ProcessDefinition:
        """Return the parsed process of this definition key. Raises ``DefinitionNotFound``."""

        def parse(row: DefinitionRow, data: bytes) -> ProcessDefinition:
            diagram = read_bpmn(data, name=row.resource_name)
            siblings = definitions.of_resource(session, "process", row.resource_key)
            for sibling in siblings:  # a collaboration is parsed once for all its processes
                if sibling.key != key and sibling.identity in diagram.processes:
                    self._processes.setdefault(sibling.key, diagram.processes[sibling.identity])
            return diagram.processes[row.identity]

        return self._parsed(session, "process", key, self._processes, parse)

    def model(self, session: Session, requirements_key: int) -> dmn.Model:
        """Return the parsed decision model of a requirements key. Raises ``DefinitionNotFound``."""
        return self._parsed(
            session,
            "requirements",
            requirements_key,
            self._models,
            lambda row, data: dmn.read(data, name=row.resource_name),
        )

    def form(self, session: Session, key: int) -> forms.Form:
        """Return the parsed form of this key. Raises ``DefinitionNotFound``."""
        return self._parsed(
            session, "form", key, self._forms, lambda row, data: forms.read(data, name=row.resource_name)
        )

    def bound(
        self, session: Session, kind: str, identity: str, binding: Binding, deployment_key: int
    ) -> DefinitionRow | None:
        """Return the version a binding means at this moment, or None if there is none (dialect §1)."""
        if binding.kind == "deployment":
            place = (kind, identity, deployment_key)
            known = self._together.get(place)
            if known is None:
                known = definitions.deployed_with(session, kind, identity, deployment_key)
                if known is not None:
                    self._together[place] = known
            return known
        if binding.kind == "versionTag":
            return definitions.tagged(session, kind, identity, binding.version_tag or "")
        return definitions.latest(session, kind, identity)

    def words(self, session: Session) -> frozenset[str]:
        """Return the words of the diagrams and tables deployed so far, and the names of forms (``engine.dialect.words``)."""
        self._read_new(session)
        return frozenset().union(*self._words.values())

    def deciding(self, session: Session, besides: Collection[str]) -> frozenset[str]:
        """Return the variables that decide, in the diagrams deployed so far, who gets work (``engine.dialect.deciding``)."""
        self._read_new(session)
        return deciding(tuple(self._sources.values()), besides)

    def untouched(self, session: Session, facts: Collection[str]) -> frozenset[str]:
        """Return those of the facts that no diagram deployed so far makes of anything else (``engine.dialect.remaking``)."""
        self._read_new(session)
        files = tuple(self._sources.values())
        remade = frozenset().union(*(one.remade for one in files))
        return untouched([made for one in files for made in one.made], remade, facts)

    def _read_new(self, session: Session) -> None:
        for key, kind, data in definitions.contents_besides(session, set(self._words)):
            if kind == "form":
                self._words[key] = frozenset(
                    path[0] for path, _ in forms.keyed(forms.read(data, name=str(key)).components)
                )
            else:
                self._words[key], self._sources[key] = words_of(data), sources_of(data)

    def forget(self, kind: str, key: int) -> None:
        """Forget a definition whose row has changed (it was deleted)."""
        self._rows.pop((kind, key), None)
        self._together = {place: row for place, row in self._together.items() if row.key != key}

    def _parsed(
        self,
        session: Session,
        kind: str,
        key: int,
        kept: dict[int, T],
        parse: Callable[[DefinitionRow, bytes], T],
    ) -> T:
        known = kept.get(key)
        if known is None:
            row = self.row(session, kind, key)
            stored: Any = definitions.content(session, row.resource_key)
            if stored is None:
                raise ResourceNotFound(key=row.resource_key)
            known = kept[key] = parse(row, stored[1])
        return known
