"""What a page needs to show a task's form: the form as bound, what is known, and the moment its rules see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine import feel, forms
from engine.actors import SYSTEM
from engine.commands.errors import TaskNotFound
from engine.commands.house import House
from engine.commands.step import Step, plain
from engine.execution.run import Execution
from engine.store import instances, tasks


@dataclass(frozen=True, slots=True)
class TaskSheet:
    """A form to fill in. ``stored`` is plain Python, private values of the register included."""

    form: forms.Form
    stored: Mapping[str, Any]
    moment: feel.Moment


def task_sheet(house: House, session: Session, key: int, *, reader: str) -> TaskSheet | None:
    """Return the sheet of an open task as ``reader`` (a name) is shown it, None if it has no form or is closed.

    Reads only. Raises ``TaskNotFound``.
    """
    task = tasks.read(session, key)
    if task is None:
        raise TaskNotFound(task=key)
    row, live = instances.read(session, task.instance_key), instances.saved(session, task.instance_key)
    if task.form_key is None or task.state != "CREATED" or row is None or live is None:
        return None
    definition = house.catalogue.process(session, row.definition_key)
    world = Step(house, session, actor=SYSTEM, command="task_sheet").world(row, definition)
    execution = Execution.revive(definition, live, world=world)
    form = house.catalogue.form(session, task.form_key)
    known = house.private.load(session, task.root_key, form.variables_read, reader=reader)
    return TaskSheet(form, plain(execution.variables(key)) | dict(known), world.moment)
