"""User tasks: finding, taking, giving, changing and completing them. The engine's guard decides who may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import fields

from api.context import require, the_engine, the_person
from api.identity.decide import may
from api.identity.doors import action
from api.reach import seen, shown
from api.rest import listing
from api.rest.interface import ShapeRefused
from api.rest.noun import noun
from api.rest.reach import found
from api.rest.schemas.definitions import Form
from api.rest.schemas.instances import Variable, WholeVariable
from api.rest.schemas.tasks import Assignment, Completion, TaskUpdate, UserTask
from api.rest.search import Searchable, answer_of, request_of
from api.rest.shapes import Body, read_moment
from engine.commands.errors import TaskNotFound
from engine.commands.update_task import KEEP, Keep, TaskChanges
from engine.store import entities

blueprint = noun("user-tasks", "Work of people.")
_SORTS = ("creation_date", "completion_date", "follow_up_date", "due_date", "priority", "name", "business_id")
SEARCHABLE = Searchable(
    entities.TASKS,
    (
        *_SORTS,
        "state",
        "assignee",
        "element_id",
        "element_instance_key",
        "candidate_group",
        "candidate_user",
        "process_definition_id",
        "process_definition_key",
        "process_instance_key",
        "user_task_key",
        "process_instance_variables",
        "local_variables",
        "tags",
    ),
    _SORTS,
    groups=True,
)
Search, Page = request_of("UserTask", SEARCHABLE), answer_of("UserTask", UserTask)
VariablePage, WholeVariablePage = (
    answer_of("TaskVariable", Variable),
    answer_of("WholeTaskVariable", WholeVariable),
)


class Cutting(Body):
    """Whether long values are cut."""

    truncate_values = fields.Boolean(load_default=True)


@blueprint.post("/user-tasks/search")
@action("task.search")
@blueprint.arguments(Search)
@blueprint.answers(200, Page)
def search_user_tasks(body: dict[str, Any]) -> Any:
    """Search tasks: those of the caller and offered to them, or all for those who assign work or audit."""
    return found(SEARCHABLE, body)


@blueprint.get("/user-tasks/<key:key>")
@action("task.search")
@blueprint.answers(200, UserTask)
def user_task(key: int) -> Any:
    """Return one task."""
    return seen(the_engine().task(key, by=the_person().actor), lambda: TaskNotFound(task=key))


@blueprint.get("/user-tasks/<key:key>/form")
@action("task.search")
@blueprint.answers(200, Form)
@blueprint.alt_response(204, description="The task has no form.", success=True)
def form_of(key: int) -> Any:
    """Return the form version bound to a task."""
    the_engine().task(key, by=the_person().actor)
    return the_engine().task_form(key) or Response(status=204)


@blueprint.post("/user-tasks/<key:key>/assignment")
@action("task.work")
@blueprint.arguments(Assignment)
@blueprint.answers(204)
def assign(body: dict[str, Any], key: int) -> None:
    """Give a task to somebody, or claim it for oneself. 409 if it is held and ``allowOverride`` is false."""
    person, override = the_person(), body["allow_override"] is not False
    if body["assignee"] == person.name and (not override or not _may_assign()):
        the_engine().claim_task(key, by=person.actor)
        return
    require("task.give")
    the_engine().assign_task(key, body["assignee"], allow_override=override, by=person.actor)


@blueprint.delete("/user-tasks/<key:key>/assignee")
@action("task.work")
@blueprint.answers(204)
def unassign(key: int) -> None:
    """Give a task back."""
    the_engine().unclaim_task(key, by=the_person().actor)


@blueprint.post("/user-tasks/<key:key>/completion")
@action("task.work")
@blueprint.arguments(Completion)
@blueprint.answers(204)
def complete(body: dict[str, Any], key: int) -> None:
    """Finish a task: 400 if its form refuses, 404 if unknown, 409 if finished already or held by somebody else."""
    the_engine().complete_task(key, body["variables"], by=the_person().actor)


@blueprint.patch("/user-tasks/<key:key>")
@action("task.work")
@blueprint.arguments(TaskUpdate)
@blueprint.answers(204)
def update(body: dict[str, Any], key: int) -> None:
    """Change dates, candidates or priority; null keeps, an empty text or list clears.

    For those who assign work. The due date of a task that follows a clock moves with the clock alone: 409.
    """
    given = body["changeset"] or {}
    changes = TaskChanges(
        due_at=_moment("dueDate", given.get("due_date")),
        follow_up_at=_moment("followUpDate", given.get("follow_up_date")),
        candidate_users=_kept(given.get("candidate_users")),
        candidate_groups=_kept(given.get("candidate_groups")),
        priority=_kept(given.get("priority")),
    )
    the_engine().update_task(key, changes, by=the_person().actor)


@blueprint.post("/user-tasks/<key:key>/variables/search")
@action("task.search")
@blueprint.arguments(listing.VariableQuery)
@blueprint.arguments(Cutting, location="query")
@blueprint.answers(200, VariablePage)
def search_task_variables(body: dict[str, Any], query: dict[str, Any], key: int) -> Any:
    """Return every variable seen from the task, per scope."""
    the_engine().task(key, by=the_person().actor)
    return _shown(listing.page(shown(the_engine().visible_variables(key)), body), query)


@blueprint.post("/user-tasks/<key:key>/effective-variables/search")
@action("task.search")
@blueprint.arguments(listing.VariableQuery)
@blueprint.arguments(Cutting, location="query")
@blueprint.answers(200, VariablePage)
def search_effective_variables(body: dict[str, Any], query: dict[str, Any], key: int) -> Any:
    """Return the innermost variable of each name seen from the task."""
    the_engine().task(key, by=the_person().actor)
    return _shown(listing.page(shown(the_engine().effective_variables(key)), body), query)


def _shown(page: dict[str, Any], query: dict[str, Any]) -> Any:
    return page if query["truncate_values"] else listing.whole(page)


def _may_assign() -> bool:
    return bool(may(the_person(), "task.give"))


def _moment(name: str, text: str | None) -> datetime | Keep | None:
    if text is None:
        return KEEP
    if text == "":
        return None
    moment = read_moment(text)
    if moment is None:
        raise ShapeRefused({"changeset": {name: ["A moment looks like 2026-11-23T10:00:00Z."]}})
    return moment


def _kept(value: Any) -> Any:
    return KEEP if value is None else value
