"""Start events that wait: message and signal names, conditions, timers, as read and stored at deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import feel
from engine.commands.check import Judged
from engine.commands.errors import DeploymentRefused
from engine.commands.house import House
from engine.dialect import Formula, ProcessDefinition, StartEvent, TimerText, Value
from engine.errors import Invalid
from engine.findings import Finding
from engine.store import definitions, messages
from engine.store.batch import new_job
from engine.store.definitions import DefinitionRow
from engine.store.tables import jobs
from engine.store.unit_of_work import after_commit
from engine.timers import Armed, read_timer


@dataclass(frozen=True, slots=True)
class Start:
    """A start event that waits for something: a name, a condition (its text), or an armed timer."""

    event: StartEvent
    name: str = ""
    armed: Armed | None = None


def read_starts(house: House, judged: Judged) -> dict[str, list[Start]]:
    """Return what starts each process.

    Raises ``DeploymentRefused`` for names and timers that cannot be evaluated.
    """
    found: dict[str, list[Start]] = {}
    problems: list[Finding] = []
    for file, diagram in judged.diagrams.items():
        for process in diagram.processes.values():
            waiting = found.setdefault(process.process_id, [])
            for event in process.start_events:
                try:
                    start = _start(house, process, event)
                except Invalid as problem:
                    problems.append(
                        Finding(
                            "error",
                            "start_event_failed",
                            f"The start event cannot be armed: {problem.message}",
                            "Without variables only literals and functions of time can be used here.",
                            file=file,
                            element_id=event.element_id,
                        )
                    )
                else:
                    waiting += [start] if start else []
    if problems:
        raise DeploymentRefused([*judged.findings, *problems])
    return found


def _start(house: House, process: ProcessDefinition, event: StartEvent) -> Start | None:
    moment = house.moment(zone=process.time_zone, calendar=process.calendar, seed=event.element_id)
    if event.kind in ("message", "signal"):
        name = _evaluated(event.name, moment)
        if not isinstance(name, str) or not name:
            raise Invalid("the name of its message or signal is no text")
        return Start(event, name=name)
    if event.kind == "timer" and event.timer is not None:
        return Start(event, armed=_arm(house, process, event.timer, moment))
    if event.kind == "conditional" and event.condition is not None:
        return Start(event, name=event.condition.text)
    return None


def _arm(house: House, process: ProcessDefinition, timer: TimerText, moment: feel.Moment) -> Armed:
    """Return the armed timer of a start event. Raises a kind of ``Invalid``."""
    value = _evaluated(timer.value, moment)
    text = value if isinstance(value, str) else str(value)
    is_cron = timer.kind == "cycle" and not text.startswith("R")
    zone = process.time_zone or ("UTC" if is_cron else house.zone)
    return read_timer(timer.kind, text, zone=zone).first_due(moment.now)


def _evaluated(value: Value, moment: feel.Moment) -> Any:
    if not isinstance(value, Formula):
        return value
    return value.expression.evaluate({}, moment=moment).required()


def open_starts(
    house: House, session: Session, rows: Sequence[DefinitionRow], starts: Mapping[str, Sequence[Start]]
) -> None:
    """Let the new versions of processes be started by their events, and older versions no longer."""
    new = {row.identity: row for row in rows if row.kind == "process"}
    if not new:
        return
    now = house.clock.now()
    definitions.close_starts(session, list(new), now)
    waiting: list[dict[str, Any]] = []
    timers: list[dict[str, Any]] = []
    for process_id, row in new.items():
        for start in starts.get(process_id, ()):
            if start.armed is not None:
                timers.append(start_timer(house, row.key, process_id, start.event.element_id, start.armed))
            else:
                waiting.append(
                    {
                        "key": house.keys.next(),
                        "definition_key": row.key,
                        "process_id": process_id,
                        "element_id": start.event.element_id,
                        "kind": start.event.kind,
                        "name": start.name,
                        "is_open": True,
                        "updated_at": now,
                    }
                )
    messages.open_starts(session, waiting)
    if timers:
        session.execute(sa.insert(jobs), timers)
        after_commit(session, house.call_workers)


def start_timer(
    house: House, definition_key: int, process_id: str, element_id: str, armed: Armed
) -> dict[str, Any]:
    """Return the job row of a timer start event."""
    return new_job(house.clock.now()) | {
        "key": house.keys.next(),
        "kind": "timer",
        "type": element_id,
        "dedup_key": f"start:{definition_key}:{element_id}:{armed.number}",
        "due_at": armed.due_at,
        "retries": 5,
        "definition_key": definition_key,
        "process_id": process_id,
        "element_id": element_id,
        "occurrence": armed.number,
        "rule": armed.to_json(),
    }
