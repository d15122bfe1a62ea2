"""Completing a user task: judged by its form, then the case moves on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from engine import feel, forms
from engine.actors import Actor
from engine.commands.data import accept
from engine.commands.errors import TaskHeld
from engine.commands.house import FilledForm, House
from engine.commands.step import Case, Step, plain
from engine.commands.tasks import open_task
from engine.execution.changes import TaskClosed, TaskOpened
from engine.forms import Documents
from engine.store.tasks import TaskRow, assignees

Source = Literal["rest", "page"]


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """A task this step opened; ``assignee`` holds it after listeners have looked at it."""

    key: int
    name: str
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Completed:
    """What came of completing a task: the tasks open now because of it, and whether the case is over."""

    instance_key: int
    root_key: int
    opened: tuple[OpenedTask, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """What was filled in: ``source`` "page" drops fields hidden by now, "rest" refuses them.

    ``documents`` judges new files (``engine.forms.documents``). ``revision`` is that of the task the person
    saw.
    """

    variables: Mapping[str, Any] | None = None
    source: Source = "rest"
    documents: Documents | None = None
    revision: int | None = None


def complete_task(house: House, session: Session, key: int, answers: Answers, *, by: Actor) -> Completed:
    """Complete a task; of several who try, one succeeds.

    Raises ``TaskNotFound``, ``TaskAlreadyCompleted``, ``TaskCanceled``, ``TaskHeld``, ``StaleTask``,
    ``FormInvalid``, ``ValueRefused``, ``DecidesWhoActs``, and what the guard raises.
    """
    step = Step(house, session, actor=by, command="complete_task")
    task = open_task(step, key, "complete", revision=answers.revision, timers_first=True)
    if by.kind == "person" and task.assignee not in (None, by.name) and not by.is_trusted:
        raise TaskHeld(task=key, holder=task.assignee)
    case = step.case(task.instance_key)
    variables = _judged(step, case, task, answers)
    step.move(case, lambda execution: execution.complete_task(key, variables))
    step.finish()
    return _answer(step, case, task)


def _judged(step: Step, case: Case, task: TaskRow, answers: Answers) -> dict[str, Any]:
    if task.form_key is None:
        values = accept(answers.variables)
        step.refuse_setting(case.row.case_key, values)
        return values
    form = step.house.catalogue.form(step.session, task.form_key)
    stored = plain(case.execution.variables(task.key)) | dict(
        step.house.private.load(step.session, task.root_key, form.variables_read, reader=step.actor.name)
    )
    moment = step.world(case.row, case.definition).moment
    checked = forms.check(
        form,
        answers.variables or {},
        stored,
        moment=moment,
        source=answers.source,
        documents=answers.documents,
    )
    step.sheets.append(
        FilledForm(task.root_key, task.instance_key, task.key, task.form_key, form, checked, stored, moment)
    )
    return {name: feel.inward(value) for name, value in checked.variables.items()}


def _answer(step: Step, case: Case, task: TaskRow) -> Completed:
    changes = [change for _, change in step.changes if isinstance(change, TaskOpened)]
    holders = assignees(step.session, [change.key for change in changes if change.assignee])
    opened = {change.key: OpenedTask(change.key, change.name, holders.get(change.key)) for change in changes}
    for _, change in step.changes:
        if isinstance(change, TaskClosed):
            opened.pop(change.key, None)
    root = step.cases.get(task.root_key)
    ended = not (root.row if root is not None else case.row).is_open
    return Completed(task.instance_key, task.root_key, tuple(opened.values()), ended)
