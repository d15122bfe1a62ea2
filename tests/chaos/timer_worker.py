"""A worker process for the timer chaos test, which fires timers until it is killed, and the process it fires them in.

``settle_without_fence`` is for the guard check: settling then asks for nothing but the job's key, as code without a fence
would, so that a worker that lost its lease still acts.
"""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import sqlalchemy as sa

from engine.clock import SystemClock
from engine.engine import Engine
from engine.jobs.types import JobType
from engine.store.columns import METADATA, Moment
from engine.store.database import connect
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

EFFECTS = sa.Table(
    "chaos_effects",
    sa.MetaData(),
    sa.Column("instance_key", sa.BigInteger, nullable=False),
    sa.Column("at", Moment, nullable=False),
)


def engine_at(url):
    """Return an engine whose one handler writes a row for every firing."""
    return Engine(connect(url), clock=SystemClock(), job_types=[JobType("redress:effect", _effect)])


def ticking(times, every):
    """Return a process: a task with a boundary timer that fires ``times`` times, a step with the effect behind it."""
    ticks = (
        '<boundaryEvent id="tick" attachedToRef="wait" cancelActivity="false"><timerEventDefinition>'
        f'<timeCycle xsi:type="tFormalExpression">="R{times}/" + begin + "/{every}"</timeCycle>'
        "</timerEventDefinition></boundaryEvent>"
    )
    body = (
        START
        + user_task("wait")
        + END
        + ticks
        + service_task("effect", "redress:effect")
        + '<endEvent id="done"/>'
    )
    return bpmn("ticking", body + chain("start", "wait", "end") + chain("tick", "effect", "done"))


def work(url, name, lease_s):
    """Claim and fire until the process ends."""
    engine = engine_at(url)
    worker = engine.worker(f"{name}-{os.getpid()}", lease=timedelta(seconds=lease_s))
    never = threading.Event()
    while True:
        worker.run_for(1.0, stop=never, pause=0.2)


def settle_without_fence(session, claim, *, now, state="COMPLETED"):
    """Settle a claim by its key alone, whoever holds it by now."""
    table = METADATA.tables["jobs"]
    session.execute(
        sa.update(table)
        .where(table.c.key == claim.key)
        .values(status="done", state=state, lease_owner=None, lease_until=None, updated_at=now, ended_at=now)
    )
    return True


def _effect(context):
    context.session.execute(
        sa.insert(EFFECTS).values(instance_key=context.instance_key, at=SystemClock().now())
    )
