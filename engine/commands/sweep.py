"""Looking for what is silently stuck, and raising an incident for each find (reliability P6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actors import SYSTEM
from engine.commands.house import House
from engine.commands.step import Step
from engine.store import incidents, instances
from engine.store.jobs import MOST_CLAIMS
from engine.store.tables import incidents as incidents_table
from engine.store.tables import instances as instances_table
from engine.store.tables import jobs, outbox, subscriptions, tasks
from engine.store.unit_of_work import read, write

STILL = timedelta(seconds=60)
OVERDUE = timedelta(minutes=5)
MOST = 500  # finds of one kind per sweep
N, J = instances_table.c, jobs.c
OVERDUE_CODE = "job_overdue"


@dataclass(frozen=True, slots=True)
class Found:
    """Something stuck: what (the incident's code), the instance if there is one, and the job, task or
    letter.
    """

    code: str
    instance_key: int | None
    key: int


Branch = Callable[..., list[Found]]  # of a session and ``now``


def sweep(house: House, orphans: Callable[[Session], Iterable[int]] | None = None) -> tuple[Found, ...]:
    """Raise one incident for everything stuck that has none yet, and return the finds.

    ``orphans`` names open tasks that nobody may take.
    """
    found: list[Found] = []
    looks = [partial(branch, now=house.clock.now()) for branch in BRANCHES]
    if orphans is not None:
        looks.append(partial(_nobody, orphans=orphans))
    for look in looks:
        found += [one for one in read(house.database, look) if _raise(house, one)]
    write(house.database, lambda session: _close_caught_up(house, session))
    return tuple(found)


def without_next_step(session: Session, now: datetime) -> list[Found]:
    """Active instances, unchanged for a minute, with nothing to wait for."""
    child = instances_table.alias("child")
    rows = session.execute(
        sa.select(N.key)
        .where(
            N.state == "ACTIVE",
            N.changed_at < now - STILL,
            N.open_incidents == 0,
            ~sa.exists().where(tasks.c.instance_key == N.key, tasks.c.state == "CREATED"),
            ~sa.exists().where(J.instance_key == N.key, J.status == "ready", J.kind != "mail"),
            ~sa.exists().where(subscriptions.c.instance_key == N.key, subscriptions.c.state == "CREATED"),
            ~sa.exists().where(child.c.parent_key == N.key, child.c.state == "ACTIVE"),
        )
        .limit(MOST)
    ).scalars()
    return [Found("instance_without_next_step", key, key) for key in rows]


def job_killers(session: Session, now: datetime) -> list[Found]:  # noqa: ARG001
    """Jobs picked up five times and never settled."""
    rows = session.execute(
        sa.select(J.key, J.instance_key).where(J.status == "ready", J.claims >= MOST_CLAIMS).limit(MOST)
    )
    return [Found("job_kills_worker", row.instance_key, row.key) for row in rows]


def dead_jobs(session: Session, now: datetime) -> list[Found]:  # noqa: ARG001
    """Dead jobs that nobody was told of."""
    rows = session.execute(
        sa.select(J.key, J.instance_key)
        .where(
            J.status == "dead",
            ~sa.exists().where(incidents_table.c.job_key == J.key, incidents_table.c.state == "ACTIVE"),
        )
        .limit(MOST)
    )
    return [Found("job_dead", row.instance_key, row.key) for row in rows]


def overdue_jobs(session: Session, now: datetime) -> list[Found]:
    """Jobs of our own that should have run long ago."""
    rows = session.execute(
        sa.select(J.key, J.instance_key)
        .where(
            J.status == "ready",
            J.kind.in_(("timer", "own", "chore", "mail")),
            J.due_at < now - OVERDUE,
            J.claims < MOST_CLAIMS,
            ~sa.exists().where(incidents_table.c.job_key == J.key, incidents_table.c.state == "ACTIVE"),
        )
        .limit(MOST)
    )
    return [Found(OVERDUE_CODE, row.instance_key, row.key) for row in rows]


def letters_without_job(session: Session, now: datetime) -> list[Found]:  # noqa: ARG001
    """Waiting letters that no job carries."""
    rows = session.execute(
        sa.select(outbox.c.key, outbox.c.case_key)
        .where(
            outbox.c.state.in_(("queued", "sending")),
            ~sa.exists().where(J.key == outbox.c.job_key, J.status.in_(("ready", "dead"))),
        )
        .limit(MOST)
    )
    return [Found("letter_without_job", row.case_key, row.key) for row in rows]


def work_of_ended(session: Session, now: datetime) -> list[Found]:  # noqa: ARG001
    """Open tasks and ready jobs of instances that have ended."""
    over = N.state.in_(("COMPLETED", "TERMINATED"))
    late_tasks = session.execute(
        sa.select(tasks.c.key, tasks.c.instance_key)
        .join(instances_table, N.key == tasks.c.instance_key)
        .where(tasks.c.state == "CREATED", over)
        .limit(MOST)
    )
    late_jobs = session.execute(
        sa.select(J.key, J.instance_key)
        .join(instances_table, N.key == J.instance_key)
        .where(J.status == "ready", J.kind != "mail", over)
        .limit(MOST)
    )
    return [Found("work_of_ended_instance", row.instance_key, row.key) for row in (*late_tasks, *late_jobs)]


BRANCHES: tuple[Branch, ...] = (
    without_next_step,
    job_killers,
    dead_jobs,
    overdue_jobs,
    letters_without_job,
    work_of_ended,
)
MESSAGES = {
    "instance_without_next_step": "The case is open, but waits for nothing. Move it on.",
    "job_kills_worker": "The job was begun five times and never finished.",
    "job_dead": "A job was given up and nobody was told. Resolve this to try it again.",
    OVERDUE_CODE: "A job is more than five minutes late. See whether a worker runs.",
    "letter_without_job": "A letter waits in the outbox, but no job carries it. Release it again.",
    "work_of_ended_instance": "The case has ended, but a task or job of it is still open.",
    "nobody_eligible": "Nobody may take this task. Change its candidates or assign it.",
}
OF_JOBS = ("job_kills_worker", "job_dead", OVERDUE_CODE)


def _raise(house: House, found: Found) -> bool:
    """Open the incident of a find, after looking again with the case locked; tell whether it was new."""
    return write(house.database, lambda session: _raise_locked(house, session, found))


def _raise_locked(house: House, session: Session, found: Found) -> bool:
    step = Step(house, session, actor=SYSTEM, command="sweep")
    if found.instance_key is not None:
        step.lock("instance", found.instance_key)
        if found.code == "instance_without_next_step" and _waits_after_all(step, found.instance_key):
            return False
    if found.code == "job_kills_worker":
        session.execute(
            sa.update(jobs).where(J.key == found.key).values(status="dead", state="FAILED", claims=0)
        )
    place = f"{'job' if found.code in OF_JOBS else 'found'}:{found.key}"
    row = incidents.new_row(
        key=house.keys.next(),
        now=step.now,
        place=place,
        error_type="UNKNOWN",
        code=found.code,
        message=MESSAGES[found.code],
        facts={"key": found.key},
        job_key=found.key if found.code in OF_JOBS else None,
        instance_key=found.instance_key,
    )
    if found.instance_key is not None:
        head = step.head(found.instance_key)
        row |= {
            "root_key": head.root_key,
            "definition_key": head.definition_key,
            "process_id": head.process_id,
        }
    if not incidents.open_one(session, row):
        return False
    if found.instance_key is not None:
        instances.count_incidents(session, step.head(found.instance_key), 1)
        step.rows.tell(step.head(found.instance_key), "incident_opened", {"code": found.code})
    step.finish()
    return True


def _waits_after_all(step: Step, key: int) -> bool:
    """Tell whether the case has ended meanwhile, or waits for a condition, which has no row."""
    if not step.head(key).is_open:
        return True
    return any(one.waiting_for == "condition" for one in step.case(key).execution.open_elements())


def _nobody(session: Session, orphans: Callable[[Session], Iterable[int]]) -> list[Found]:
    keys = list(orphans(session))
    rows = session.execute(
        sa.select(tasks.c.key, tasks.c.instance_key).where(tasks.c.key.in_(keys), tasks.c.state == "CREATED")
    )
    return [Found("nobody_eligible", row.instance_key, row.key) for row in rows]


def _close_caught_up(house: House, session: Session) -> None:
    """Resolve the incidents of late jobs that have run since."""
    late = session.execute(
        sa.select(incidents_table.c.key, incidents_table.c.instance_key)
        .join(jobs, J.key == incidents_table.c.job_key)
        .where(
            incidents_table.c.state == "ACTIVE",
            incidents_table.c.code == OVERDUE_CODE,
            sa.or_(J.status.in_(("done", "cancelled")), J.due_at > house.clock.now()),
        )
        .limit(MOST)
    ).all()
    for one in late:
        gone = incidents.close(
            session, incidents_table.c.key == one.key, now=house.clock.now(), by=SYSTEM.name
        )
        row = instances.read(session, one.instance_key) if one.instance_key is not None else None
        if gone and row is not None:
            instances.count_incidents(session, row, -gone)
