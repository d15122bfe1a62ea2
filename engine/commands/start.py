"""Starting a process instance, at its none start event or at chosen elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine import forms
from engine.actors import SYSTEM, Actor
from engine.commands import family
from engine.commands.data import accept
from engine.commands.errors import DefinitionNotFound, StartRefused
from engine.commands.house import Beginning, FilledForm, House
from engine.commands.step import Case, Step
from engine.dialect import Binding, ProcessDefinition
from engine.execution.case import StepBudgetSpent
from engine.execution.world import Halt
from engine.store import definitions
from engine.store.definitions import DefinitionRow

TAG = re.compile(r"[A-Za-z][A-Za-z0-9_\-:.]{0,99}", re.ASCII)
LONGEST_BUSINESS_ID = 256
NO_START = ("START_EVENT", "BOUNDARY_EVENT", "EVENT_SUB_PROCESS")
Alongside = Callable[[Session, int, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Started:
    """A new instance. ``ended`` tells that it ran to its end at once."""

    key: int
    process_definition_key: int
    process_definition_id: str
    process_definition_version: int
    business_id: str | None
    tags: tuple[str, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class Start:
    """What is asked for: one of a definition key, or a process id with perhaps a version or a version tag.

    ``at`` names elements to begin at instead of the start event; when one named in ``stop_after`` has
    ended, the rest is terminated. ``version`` None or -1 means the latest. ``form`` tells to judge the
    variables by the start form.
    """

    process_id: str | None = None
    definition_key: int | None = None
    version: int | None = None
    version_tag: str | None = None
    business_id: str | None = None
    tags: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    stop_after: tuple[str, ...] = ()
    form: bool = False


def start(
    house: House,
    session: Session,
    asked: Start,
    variables: Mapping[str, Any] | None,
    *,
    alongside: Alongside | None = None,
    by: Actor,
) -> Started:
    """Start an instance and advance it to its first waits; ``alongside`` writes rows and adds variables
    before.

    Raises ``DefinitionNotFound``, ``StartRefused``, ``FormInvalid``, ``ValueRefused``. What goes wrong
    while it moves is an incident on the instance, not an error here.
    """
    step = Step(house, session, actor=by, command="start")
    case, definition = begin(step, asked, variables, alongside=alongside)
    step.finish()
    return _answer(case, definition, asked)


def begin(
    step: Step,
    asked: Start,
    variables: Mapping[str, Any] | None,
    *,
    alongside: Alongside | None = None,
) -> tuple[Case, DefinitionRow]:
    """Start an instance, a case of its own, as part of a step that may move other cases. Raises as ``start`` does."""
    house, session = step.house, step.session
    definition = find_definition(session, asked)
    _check(house, session, asked, definition)
    key = house.keys.next()
    given = dict(variables or {})
    if asked.form and definition.start_form:
        given = _judged(step, definition, key, given)
    _enter(house, session, definition, key, given, alongside=alongside, by=step.actor)
    values = accept(given)
    row = family.new_row(
        step,
        key=key,
        definition_key=definition.key,
        process_id=definition.identity,
        business_id=asked.business_id,
        tags=asked.tags,
        stop_after=asked.stop_after,
    )
    return family.begin(step, row, values, activate=asked.at), definition


def start_halted(
    house: House,
    session: Session,
    asked: Start,
    variables: Mapping[str, Any] | None,
    problem: StepBudgetSpent,
    *,
    alongside: Alongside | None = None,
    by: Actor,
) -> Started:
    """Store an instance that could not even reach its first wait, as it stands before its first element: with an incident there,
    to be repaired like any other.
    """
    definition = find_definition(session, asked)
    step = Step(house, session, actor=by, command="start")
    key, given = house.keys.next(), dict(variables or {})
    _enter(house, session, definition, key, given, alongside=alongside, by=by)
    row = family.new_row(
        step,
        key=key,
        definition_key=definition.key,
        process_id=definition.identity,
        business_id=asked.business_id,
        tags=asked.tags,
        stop_after=asked.stop_after,
    )
    case = family.begin(step, row, accept(given), activate=asked.at)
    step.hold(case, Halt("UNKNOWN", problem.message, code=problem.code, facts=problem.about))
    step.finish()
    return Started(
        row.key,
        definition.key,
        definition.identity,
        definition.version,
        row.business_id,
        asked.tags,
        ended=False,
    )


def _enters_register(house: House, process: ProcessDefinition) -> list[Callable[[Beginning], None]]:
    """Return what has the register know the cases of this process before they begin."""
    named = process.job_types.values()
    return [known.enters for name, known in house.job_types.items() if known.enters and name in named]


def _enter(
    house: House,
    session: Session,
    definition: DefinitionRow,
    key: int,
    given: dict[str, Any],
    *,
    alongside: Alongside | None,
    by: Actor,
) -> None:
    """Write what belongs to the case before it begins: what the caller brings, and what its steps would enter later."""
    if alongside is not None:
        alongside(session, key, given)
    beginning = Beginning(session, key, given, by, house.clock.now(), house.keys.next)
    for enters in _enters_register(house, house.catalogue.process(session, definition.key)):
        enters(beginning)


def start_timed(house: House, session: Session, definition_key: int, element_id: str) -> int:
    """Start an instance at a timer start event and return its key."""
    step = Step(house, session, actor=SYSTEM, command="start_timed")
    definition = house.catalogue.row(session, "process", definition_key)
    row = family.new_row(
        step, key=house.keys.next(), definition_key=definition.key, process_id=definition.identity
    )
    family.begin(step, row, {}, at=element_id)
    step.finish()
    return row.key


def find_definition(session: Session, asked: Start) -> DefinitionRow:
    """Return the definition that is meant. Raises ``DefinitionNotFound``, ``StartRefused``."""
    if (asked.process_id is None) == (asked.definition_key is None):
        raise StartRefused("Name either a process definition key or a process id.")
    if asked.version is not None and asked.version_tag is not None:
        raise StartRefused("Name a version or a version tag, not both.")
    if asked.definition_key is not None:
        found = definitions.by_key(session, "process", asked.definition_key)
    elif asked.version_tag is not None:
        found = definitions.tagged(session, "process", asked.process_id or "", asked.version_tag)
    elif asked.version is not None and asked.version != -1:
        found = definitions.numbered(session, "process", asked.process_id or "", asked.version)
    else:
        found = definitions.latest(session, "process", asked.process_id or "")
    if found is None or found.state == "DELETED":
        raise DefinitionNotFound(
            process=asked.process_id or asked.definition_key,
            **{
                name: value
                for name in ("version", "version_tag")
                if (value := getattr(asked, name)) is not None
            },
        )
    return found


def _check(house: House, session: Session, asked: Start, definition: DefinitionRow) -> None:
    if asked.business_id is not None and not 0 < len(asked.business_id) <= LONGEST_BUSINESS_ID:
        raise StartRefused("A business id has 1 to 256 characters.", business_id=asked.business_id[:300])
    for tag in asked.tags:
        if not TAG.fullmatch(tag):
            raise StartRefused(
                "A tag begins with a letter and has up to 100 letters, digits or _-:.", tag=tag[:120]
            )
    process = house.catalogue.process(session, definition.key)
    for element_id in asked.stop_after:
        if element_id not in process.elements:
            raise StartRefused("There is no such element to stop after.", element=element_id)
        if _enters_register(house, process):
            raise StartRefused(
                "A case of the register ends as its diagram says. Leave the stop out.", element=element_id
            )
    for element_id in asked.at:
        _check_element(process, element_id)
    if not asked.at and not process.starts[process.process_id]:
        raise StartRefused("The process has no start without an event.", process=process.process_id)


def _check_element(process: ProcessDefinition, element_id: str) -> None:
    element = process.elements.get(element_id)
    if element is None:
        raise StartRefused("There is no such element to start at.", element=element_id)
    if element.type in NO_START:
        raise StartRefused("A process instance cannot begin at an event like this.", element=element_id)
    scope: Any = element
    while scope.scope_id in process.elements:
        scope = process.elements[scope.scope_id]
        if scope.multi_instance is not None or scope.is_event_subprocess:
            raise StartRefused("A process instance cannot begin inside this element.", element=element_id)


def _judged(step: Step, definition: DefinitionRow, key: int, variables: Mapping[str, Any]) -> dict[str, Any]:
    reference = definition.start_form or {}
    found = step.house.catalogue.bound(
        step.session,
        "form",
        reference["form_id"],
        Binding(reference["kind"], reference["version_tag"]),
        definition.deployment_key,
    )
    if found is None:
        raise StartRefused("The start form is not deployed.", form=reference["form_id"])
    form = step.house.catalogue.form(step.session, found.key)
    moment = step.house.moment()
    checked = forms.check(form, variables, {}, moment=moment)
    step.sheets.append(FilledForm(key, key, None, found.key, form, checked, {}, moment))
    return dict(checked.variables)


def _answer(case: Case, definition: DefinitionRow, asked: Start) -> Started:
    return Started(
        case.row.key,
        definition.key,
        definition.identity,
        definition.version,
        case.row.business_id,
        tuple(asked.tags),
        ended=not case.row.is_open,
    )
