"""Deploying files: judged together, stored together, each id with its next version (dialect §1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import forms
from engine.actors import Actor
from engine.commands import start_events
from engine.commands.check import Files, Judged, read_and_judge
from engine.commands.errors import DeploymentRefused
from engine.commands.house import House
from engine.dialect import ProcessDefinition
from engine.dialect.lint import FUNCTIONS, SHORTEST_CYCLE, KnownResources
from engine.findings import Finding
from engine.store import definitions
from engine.store.definitions import VERSIONED, DefinitionRow
from engine.store.records import (
    DecisionDefinitionRecord,
    DecisionRequirementsRecord,
    FormRecord,
    ModelRecord,
    ProcessDefinitionRecord,
)
from engine.store.tables import deployments, models, resources


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment holds; versions and keys of unchanged files are the ones they had."""

    deployment_key: int
    processes: tuple[ProcessDefinitionRecord, ...] = ()
    decisions: tuple[DecisionDefinitionRecord, ...] = ()
    requirements: tuple[DecisionRequirementsRecord, ...] = ()
    forms: tuple[FormRecord, ...] = ()
    models: tuple[ModelRecord, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Work:
    """One deployment on its way into the tables."""

    house: House
    session: Session
    by: Actor
    key: int
    judged: Judged
    rows: list[DefinitionRow] = field(default_factory=list)
    kept: list[ModelRecord] = field(default_factory=list)


def deploy(house: House, session: Session, files: Files, *, by: Actor) -> Deployed:
    """Store the files as a new deployment. The same files as before are judged again: what is known has grown since.

    Raises ``DeploymentRefused`` with every finding; then nothing is stored.
    """
    judged = judge(house, session, files)
    if judged.is_refused:
        raise DeploymentRefused(judged.findings)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files}
    known = {name: _in_force(session, name, digest) for name, digest in hashes.items()}
    unchanged = {name: rows for name, rows in known.items() if rows is not None}
    if len(unchanged) == len(files) > 0:
        return _deploy_again(_Work(house, session, by, house.keys.next(), judged), files, unchanged)
    starts = start_events.read_starts(house, judged)
    work = _Work(house, session, by, house.keys.next(), judged)
    _note_deployment(work)
    for name, data in files:
        _store(work, name, data, hashes[name])
    start_events.open_starts(house, session, work.rows, starts)
    return _answer(work)


def _note_deployment(work: _Work) -> None:
    work.session.execute(
        sa.insert(deployments).values(
            key=work.key, deployed_at=work.house.clock.now(), deployed_by=work.by.name
        )
    )


def judge(house: House, session: Session, files: Files) -> Judged:
    """Return the files as read, and judged by everything that is deployed and that the service offers."""
    procedure = house.procedure
    more = () if procedure is None else procedure.findings(session, files)
    return read_and_judge(files, known_resources(house, session, files), more)


def known_resources(house: House, session: Session, files: Files) -> KnownResources:
    """Return what is deployed and what the service offers, for judging ``files``."""
    return KnownResources(
        processes=_tags(session, "process"),
        decisions=_tags(session, "decision"),
        forms=_tags(session, "form"),
        form_fields=_fields(session),
        in_step_types=frozenset(house.job_types),
        working_days=house.calendars,
        functions=FUNCTIONS,
        now=house.clock.now(),
        zone=house.zone,
        shortest_cycle=SHORTEST_CYCLE,
        service=None if house.procedure is None else house.procedure.facts(session, files),
    )


def _fields(session: Session) -> Mapping[str, frozenset[str]]:
    """Return the top names of the answers of every form, in its newest version."""
    found: dict[str, frozenset[str]] = {}
    for form_id, content in definitions.newest_contents(session, "form"):
        form = forms.read(content, name=form_id)
        found[form_id] = frozenset(str(path[0]) for path, _ in form.fields())
    return found


def keep_model(house: House, session: Session, name: str, data: bytes, *, by: Actor) -> ModelRecord:
    """Keep a diagram that is drawn, not run. The same name and bytes are kept once."""
    digest = hashlib.sha256(data).hexdigest()
    table = models.c
    known = session.execute(
        sa.select(table.key, table.kept_at, table.kept_by).where(table.name == name, table.sha256 == digest)
    ).first()
    if known is not None:
        return ModelRecord(known.key, name, digest, known.kept_at, known.kept_by)
    record = ModelRecord(house.keys.next(), name, digest, house.clock.now(), by.name)
    session.execute(
        sa.insert(models).values(
            key=record.model_key,
            name=name,
            content=data,
            sha256=digest,
            kept_at=record.kept_at,
            kept_by=record.kept_by,
        )
    )
    return record


def _tags(session: Session, kind: str) -> Mapping[str, frozenset[str]]:
    table, identity = VERSIONED[kind]
    found: dict[str, set[str]] = {}
    rows = session.execute(
        sa.select(table.c[identity], table.c.version_tag).where(table.c.state != "DELETED")
    )
    for name, tag in rows:
        found.setdefault(name, set()).update({tag} - {None})
    return {name: frozenset(tags) for name, tags in found.items()}


def _deploy_again(work: _Work, files: Files, known: Mapping[str, Sequence[DefinitionRow]]) -> Deployed:
    """Answer with what the same files have become when they were first deployed."""
    _note_deployment(work)
    for name, data in files:
        work.rows += known[name]
        if not known[name]:
            work.kept.append(keep_model(work.house, work.session, name, data, by=work.by))
    return _answer(work)


def _in_force(session: Session, name: str, digest: str) -> list[DefinitionRow] | None:
    """Return what was found in this file when it was stored, if all of it is still the newest of its id; else None.

    The numbers of the versions say what is newest. The keys do not: every process hands out its own block of them.
    """
    for resource_key in definitions.resources_like(session, name, digest):
        rows = [row for kind in VERSIONED for row in definitions.of_resource(session, kind, resource_key)]
        if all(_is_newest(session, row) for row in rows):
            return rows
    return None


def _is_newest(session: Session, row: DefinitionRow) -> bool:
    newest = definitions.newest_version(session, row.kind, row.identity)
    return row.state != "DELETED" and row.version == newest


def _store(work: _Work, name: str, data: bytes, digest: str) -> None:
    resource_key = work.house.keys.next()
    work.session.execute(
        sa.insert(resources).values(
            key=resource_key,
            deployment_key=work.key,
            name=name,
            kind=PurePath(name).suffix.lower().lstrip("."),
            content=data,
            sha256=digest,
        )
    )
    judged = work.judged
    if name in judged.diagrams:
        for process in judged.diagrams[name].processes.values():
            _add(
                work,
                "process",
                process.process_id,
                process.name,
                process.version_tag,
                name,
                resource_key,
                _start_form(process),
            )
    elif name in judged.models:
        model = judged.models[name]
        graph = _add(work, "requirements", model.id, model.name, None, name, resource_key, {})
        of_graph = {"requirements_key": graph.key, "requirements_id": model.id}
        for decision in model.decisions.values():
            _add(
                work,
                "decision",
                decision.id,
                decision.name,
                decision.version_tag,
                name,
                resource_key,
                of_graph,
            )
    elif name in judged.forms:
        form = judged.forms[name]
        _add(work, "form", form.id, form.name or None, form.version_tag, name, resource_key, {})
    else:
        work.kept.append(keep_model(work.house, work.session, name, data, by=work.by))


def _add(
    work: _Work,
    kind: str,
    identity: str,
    name: str | None,
    version_tag: str | None,
    resource_name: str,
    resource_key: int,
    more: Mapping[str, Any],
) -> DefinitionRow:
    table, column = VERSIONED[kind]
    row = DefinitionRow(
        key=work.house.keys.next(),
        kind=kind,
        identity=identity,
        version=definitions.newest_version(work.session, kind, identity) + 1,
        version_tag=version_tag,
        name=name,
        resource_name=resource_name,
        resource_key=resource_key,
        deployment_key=work.key,
        state="ACTIVE",
        **more,
    )
    stored = {
        "key": row.key,
        column: identity,
        "version": row.version,
        "version_tag": version_tag,
        "name": name,
        "resource_name": resource_name,
        "resource_key": resource_key,
        "deployment_key": work.key,
        "state": "ACTIVE",
        **more,
    }
    work.session.execute(sa.insert(table).values(stored))
    work.rows.append(row)
    return row


def _start_form(process: ProcessDefinition) -> dict[str, Any]:
    """Return the form of the none start event, if it is named by a literal id."""
    for event in process.start_events:
        if event.kind == "none" and event.form is not None and isinstance(event.form.form_id, str):
            binding = event.form.binding
            reference = {
                "form_id": event.form.form_id,
                "kind": binding.kind,
                "version_tag": binding.version_tag,
            }
            return {"has_start_form": True, "start_form": reference}
    return {"has_start_form": False, "start_form": None}


def _answer(work: _Work) -> Deployed:
    by_kind = {kind: [row for row in work.rows if row.kind == kind] for kind in VERSIONED}
    return Deployed(
        deployment_key=work.key,
        processes=tuple(
            ProcessDefinitionRecord(
                row.key,
                row.identity,
                row.name,
                row.version,
                row.version_tag,
                row.resource_name,
                row.deployment_key,
                row.has_start_form,
                row.state,
            )
            for row in by_kind["process"]
        ),
        decisions=tuple(
            DecisionDefinitionRecord(
                row.key,
                row.identity,
                row.name or row.identity,
                row.version,
                row.version_tag,
                row.requirements_id or "",
                row.requirements_key or 0,
                row.deployment_key,
                row.state,
            )
            for row in by_kind["decision"]
        ),
        requirements=tuple(
            DecisionRequirementsRecord(
                row.key,
                row.identity,
                row.name or row.identity,
                row.version,
                row.resource_name,
                row.deployment_key,
            )
            for row in by_kind["requirements"]
        ),
        forms=tuple(
            FormRecord(
                row.key,
                row.identity,
                row.version,
                row.version_tag,
                row.resource_name,
                row.deployment_key,
                None,
            )
            for row in by_kind["form"]
        ),
        models=tuple(work.kept),
        findings=work.judged.findings,
    )
