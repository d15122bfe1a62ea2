"""The front door's second half: everything that can be asked without changing anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from engine import forms
from engine.actors import SYSTEM, Actor
from engine.commands.errors import (
    DecisionDefinitionNotFound,
    DefinitionNotFound,
    IncidentNotFound,
    InstanceNotFound,
    JobNotFound,
    ResourceNotFound,
    ScopeNotFound,
    TaskNotFound,
)
from engine.commands.house import House
from engine.commands.task_sheet import TaskSheet, task_sheet
from engine.commands.tasks import facts_of
from engine.dialect import Binding, ProcessDefinition
from engine.dialect.model import Element
from engine.dialect.order import leaves_out
from engine.errors import NotFound
from engine.execution.modifying import can_begin
from engine.store import definitions, entities, instances, reading, upkeep, waiting
from engine.store import inbox as boxes
from engine.store import tasks as task_rows
from engine.store.records import (
    DecisionDefinitionRecord,
    ElementCount,
    ElementInstanceRecord,
    FormRecord,
    HistoryRecord,
    IncidentRecord,
    InstanceRecord,
    JobRecord,
    MessageSubscriptionRecord,
    ProcessDefinitionRecord,
    TaskRecord,
    TimerRecord,
    VariableRecord,
)
from engine.store.search import Condition, Entity, Page, Query, Sort, find, search
from engine.store.tables import jobs
from engine.store.tables import tasks as tasks_table
from engine.store.unit_of_work import read

R = TypeVar("R")
SERVICE_JOBS = (jobs.c.kind.in_(("service", "own")),)
WAITING_TIMERS = (jobs.c.kind == "timer", jobs.c.status == "ready")


class VariableNotFound(NotFound):
    """There is no such variable."""

    code = "variable_not_found"


class FormNotFound(NotFound):
    """There is no such form."""

    code = "form_not_found"


class Questions:
    """Reading. Single records raise a kind of ``NotFound``; searches raise ``SearchRefused``."""

    house: House

    def read(self, work: Callable[[Session], R]) -> R:
        """Return what ``work`` answers from one consistent view of the database."""
        return read(self.house.database, work)

    # one record

    def instance(self, key: int) -> InstanceRecord:
        """Return a process instance."""
        return self._one(entities.INSTANCES, key, InstanceNotFound)

    def element_instance(self, key: int) -> ElementInstanceRecord:
        """Return an element instance."""
        return self._one(entities.ELEMENT_INSTANCES, key, ScopeNotFound)

    def hidden_cases(self, by: Actor) -> frozenset[int]:
        """Return the root instances that must look to ``by`` as if they did not exist."""
        return self.read(lambda session: self.house.access.hidden_cases(session, by))

    def task(self, key: int, *, by: Actor | None = None) -> TaskRecord:
        """Return a user task; with ``by`` only if the guard lets them see it."""

        def work(session: Session) -> TaskRecord:
            record = find(session, entities.TASKS, key)
            if record is None:
                raise TaskNotFound(task=key)
            if by is not None:
                row = task_rows.read(session, key)
                if row is not None:
                    self.house.guard.check("see", session=session, task=facts_of(row), actor=by)
            return record

        return self.read(work)

    def job(self, key: int) -> JobRecord:
        """Return a service job."""
        return self._one(entities.JOBS, key, JobNotFound)

    def timer(self, job_key: int) -> TimerRecord:
        """Return a timer, waiting or not."""
        return self._one(entities.TIMERS, job_key, JobNotFound)

    def incident(self, key: int) -> IncidentRecord:
        """Return an incident."""
        return self._one(entities.INCIDENTS, key, IncidentNotFound)

    def variable(self, key: int) -> VariableRecord:
        """Return a variable."""
        return self._one(entities.VARIABLES, key, VariableNotFound)

    def process_definition(self, key: int) -> ProcessDefinitionRecord:
        """Return one version of a process."""
        return self._one(entities.PROCESS_DEFINITIONS, key, DefinitionNotFound)

    def decision_definition(self, key: int) -> DecisionDefinitionRecord:
        """Return one version of a decision."""
        return self._one(entities.DECISION_DEFINITIONS, key, DecisionDefinitionNotFound)

    # searches

    def instances(self, query: Query = Query()) -> Page[InstanceRecord]:  # noqa: B008
        """Search process instances."""
        return self.read(lambda session: search(session, entities.INSTANCES, query))

    def element_instances(self, query: Query = Query()) -> Page[ElementInstanceRecord]:  # noqa: B008
        """Search element instances."""
        return self.read(lambda session: search(session, entities.ELEMENT_INSTANCES, query))

    def tasks(self, query: Query = Query(), *, by: Actor | None = None) -> Page[TaskRecord]:  # noqa: B008
        """Search user tasks; with ``by`` those of cases hidden from them are left out."""

        def work(session: Session) -> Page[TaskRecord]:
            hidden = self.house.access.hidden_cases(session, by) if by is not None else frozenset()
            within = (tasks_table.c.root_key.not_in(list(hidden)),) if hidden else ()
            return search(session, entities.TASKS, query, within=within)

        return self.read(work)

    def jobs(self, query: Query = Query()) -> Page[JobRecord]:  # noqa: B008
        """Search service jobs, outside ones and our own."""
        return self.read(lambda session: search(session, entities.JOBS, query, within=SERVICE_JOBS))

    def timers(self, query: Query = Query()) -> Page[TimerRecord]:  # noqa: B008
        """Search waiting timers."""
        return self.read(lambda session: search(session, entities.TIMERS, query, within=WAITING_TIMERS))

    def incidents(self, query: Query = Query()) -> Page[IncidentRecord]:  # noqa: B008
        """Search incidents."""
        return self.read(lambda session: search(session, entities.INCIDENTS, query))

    def incidents_of(self, instance_key: int, query: Query = Query()) -> Page[IncidentRecord]:  # noqa: B008
        """Search the incidents of an instance and of all it called."""
        if self.read(lambda session: instances.root_of(session, instance_key)) is None:
            raise InstanceNotFound(instance=instance_key)
        family = self.read(lambda session: instances.family_below(session, instance_key))
        inside = Condition("process_instance_key", "in", family)
        return self.incidents(
            Query((*query.where, inside), query.any_of, query.sort, query.limit, query.offset)
        )

    def variables(self, query: Query = Query()) -> Page[VariableRecord]:  # noqa: B008
        """Search variables."""
        return self.read(lambda session: search(session, entities.VARIABLES, query))

    def process_definitions(self, query: Query = Query()) -> Page[ProcessDefinitionRecord]:  # noqa: B008
        """Search process definitions."""
        return self.read(lambda session: search(session, entities.PROCESS_DEFINITIONS, query))

    def decision_definitions(self, query: Query = Query()) -> Page[DecisionDefinitionRecord]:  # noqa: B008
        """Search decision definitions."""
        return self.read(lambda session: search(session, entities.DECISION_DEFINITIONS, query))

    def message_subscriptions(self, query: Query = Query()) -> Page[MessageSubscriptionRecord]:  # noqa: B008
        """Search what waits for messages."""
        return self.read(lambda session: search(session, waiting.MESSAGE_SUBSCRIPTIONS, query))

    # forms, diagrams, definitions

    def form(self, key: int) -> FormRecord:
        """Return a form with its schema as text."""
        found = self.read(lambda session: reading.form(session, key))
        if found is None:
            raise FormNotFound(form=key)
        return found

    def task_form(self, task_key: int) -> FormRecord | None:
        """Return the form version bound to a task, None if it has no form. Raises ``TaskNotFound``."""
        task = self.task(task_key)
        return None if task.form_key is None else self.form(task.form_key)

    def task_sheet(self, task_key: int, *, reader: str = SYSTEM.name) -> TaskSheet | None:
        """Return what a page needs to show ``reader`` (a name) an open task's form, None if it has none.

        Raises ``TaskNotFound``.
        """
        return self.read(lambda session: task_sheet(self.house, session, task_key, reader=reader))

    def start_form(self, definition_key: int) -> FormRecord | None:
        """Return the start form of a process as bound now, None if it has none.

        Raises ``DefinitionNotFound``.
        """

        def work(session: Session) -> FormRecord | None:
            row = self.house.catalogue.row(session, "process", definition_key)
            if not row.start_form:
                return None
            binding = Binding(row.start_form["kind"], row.start_form["version_tag"])
            found = self.house.catalogue.bound(
                session, "form", row.start_form["form_id"], binding, row.deployment_key
            )
            return None if found is None else reading.form(session, found.key)

        return self.read(work)

    def latest_form_key(self, form_id: str) -> int:
        """Return the key of the newest version of a form. Raises ``FormNotFound``."""

        def work(session: Session) -> int:
            found = self.house.catalogue.bound(session, "form", form_id, Binding(), 0)
            if found is None:
                raise FormNotFound(form=form_id)
            return found.key

        return self.read(work)

    def parsed_form(self, key: int) -> forms.Form:
        """Return a form as parsed, kept for the life of the process. Raises ``DefinitionNotFound``."""
        return self.read(lambda session: self.house.catalogue.form(session, key))

    def parsed_process(self, definition_key: int) -> ProcessDefinition:
        """Return a process as parsed, kept for the life of the process. Raises ``DefinitionNotFound``."""
        return self.read(lambda session: self.house.catalogue.process(session, definition_key))

    def diagram(self, definition_key: int) -> bytes:
        """Return the BPMN file of a process as deployed. Raises ``DefinitionNotFound``."""
        return self._content("process", definition_key)

    def decision_file(self, decision_key: int) -> bytes:
        """Return the DMN file of a decision as deployed. Raises ``DefinitionNotFound``."""
        return self._content("decision", decision_key)

    # variables and history

    def visible_variables(self, scope_key: int) -> list[VariableRecord]:
        """Return every variable seen from an element instance, task or instance, innermost scope first."""
        return self.read(lambda session: reading.visible_variables(session, scope_key))

    def effective_variables(self, scope_key: int) -> list[VariableRecord]:
        """Return the variables seen from a scope, of each name the innermost."""
        return self.read(lambda session: reading.effective_variables(session, scope_key))

    def values(self, instance_key: int) -> dict[str, Any]:
        """Return the instance's own variables as plain data (dates as ISO text)."""
        return self.read(lambda session: reading.root_values(session, instance_key))

    def history(self, instance_key: int) -> list[HistoryRecord]:
        """Return the timeline of an instance's family, oldest first."""

        def work(session: Session) -> list[HistoryRecord]:
            root = instances.root_of(session, instance_key)
            if root is None:
                raise InstanceNotFound(instance=instance_key)
            return reading.timeline(session, root)

        return self.read(work)

    def element_counts(
        self, *, instance_key: int | None = None, definition_key: int | None = None, by: Actor = SYSTEM
    ) -> list[ElementCount]:
        """Return how often each element is active, canceled, stuck, completed: of one instance or of a
        definition. Cases hidden from ``by`` are not counted.
        """
        return self.read(
            lambda session: reading.element_counts(
                session,
                instance_key=instance_key,
                definition_key=definition_key,
                besides=self.house.access.hidden_cases(session, by),
            )
        )

    def open_task_names(self, instance_key: int) -> list[str]:
        """Return the names of the open tasks of an instance and all it called, oldest first."""
        return self.read(lambda session: reading.open_task_names(session, instance_key))

    def open_tasks(self, instance_key: int) -> tuple[TaskRecord, ...]:
        """Return the open tasks of an instance and all it called, oldest first."""
        query = Query(
            (Condition("root_process_instance_key", "eq", instance_key), Condition("state", "eq", "CREATED")),
            sort=(Sort("user_task_key"),),
            limit=10_000,
        )
        return self.tasks(query).items

    def case_tasks(self, case_key: int) -> tuple[TaskRecord, ...]:
        """Return the open tasks of a case, and of what began beside it, oldest first."""
        roots = self.read(lambda session: list(session.scalars(instances.roots_of_case(case_key))))
        query = Query(
            (Condition("root_process_instance_key", "in", roots), Condition("state", "eq", "CREATED")),
            sort=(Sort("user_task_key"),),
            limit=10_000,
        )
        return self.tasks(query).items

    def tokens(self, instance_key: int) -> tuple[ElementInstanceRecord, ...]:
        """Return the active element instances of one instance: where it stands."""
        query = Query(
            (Condition("process_instance_key", "eq", instance_key), Condition("state", "eq", "ACTIVE")),
            limit=10_000,
        )
        return self.element_instances(query).items

    def places_for(self, instance_key: int, element_id: str) -> tuple[Element, ...]:
        """Return where a token at an element may be put by hand: in a case of the register no work is left out.

        Raises ``InstanceNotFound``.
        """

        def work(session: Session) -> tuple[Element, ...]:
            row = instances.read(session, instance_key)
            if row is None:
                raise InstanceNotFound(instance=instance_key)
            process = self.house.catalogue.process(session, row.definition_key)
            everywhere = tuple(one for one in process.elements.values() if can_begin(one))
            here = process.elements.get(element_id)
            if here is None or not self.house.access.is_conducted(session, row.case_key):
                return everywhere
            return tuple(one for one in everywhere if not leaves_out(process, here, one))

        return self.read(work)

    # inbox

    def inbox(
        self,
        box: boxes.Box,
        *,
        by: Actor,
        text: str = "",
        sort: boxes.Order = "due",
        limit: int = 50,
        offset: int = 0,
    ) -> boxes.InboxPage:
        """Return a page of one person's box (see ``store.inbox.page``); cases hidden from them are left
        out.
        """
        now = self.house.clock.now()
        return self.read(
            lambda session: boxes.page(
                session,
                box,
                self._reader(session, by),
                now=now,
                text=text,
                order=sort,
                limit=limit,
                offset=offset,
            )
        )

    def inbox_counts(self, by: Actor) -> boxes.InboxCounts:
        """Return how many open tasks each of a person's boxes holds, each counted up to 1,000."""
        now = self.house.clock.now()
        return self.read(lambda session: boxes.counts(session, self._reader(session, by), now=now))

    # the service itself

    def next_due_at(self) -> datetime | None:
        """Return when the next job of ours is due, None when none waits."""
        return self.read(upkeep.next_due)

    def workers(self) -> dict[str, dict[str, Any]]:
        """Return the signs of life of all processes by name: host, started_at, beat_at, chores."""
        return self.read(upkeep.beats)

    def _one(self, entity: Entity[R], key: int, absent: type[NotFound]) -> R:
        found = self.read(lambda session: find(session, entity, key))
        if found is None:
            raise absent(key=key)
        return found

    def _content(self, kind: str, key: int) -> bytes:
        def work(session: Session) -> bytes:
            row = self.house.catalogue.row(session, kind, key)
            found = definitions.content(session, row.resource_key)
            if found is None:
                raise ResourceNotFound(key=row.resource_key)
            return found[1]

        return self.read(work)

    def _reader(self, session: Session, by: Actor) -> boxes.Reader:
        return boxes.Reader(by.name, by.groups, self.house.access.hidden_cases(session, by))
