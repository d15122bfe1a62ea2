"""Facts that the register and the case both hold: what is corrected in one reaches the other, a step that waits included."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.clock_rows import Desk
from api.complaints.errand import Errand
from api.complaints.tables import ComplaintRow
from engine.store.tables import instances, jobs, variables
from engine.values import read_json
from engine.zones import local_date

if TYPE_CHECKING:
    from engine.engine import Engine

START_CLOCKS = "redress:start-clocks"


def put_under(
    engine: Engine, desk: Desk, complaint: ComplaintRow, *, regime: str, category: str | None
) -> None:
    """Handle the complaint under these rules from now on; steps to come, and one that waits to start clocks, know them."""
    complaint.regime, complaint.category = regime, category
    values = {"regime": regime, "category": category}
    carry(engine, desk, complaint, values)
    for scope in _starting(desk.session, complaint):
        engine.set_variables_within(desk.session, scope, values)


def carry_receipt(
    engine: Engine, desk: Desk, complaint: ComplaintRow, received_at: datetime, *, zone: ZoneInfo
) -> None:
    """Have every part of the case know when the complaint was received."""
    day = local_date(received_at, zone)
    carry(engine, desk, complaint, {"receivedAt": received_at, "receivedOn": day})


def carry(engine: Engine, desk: Desk, complaint: ComplaintRow, values: Mapping[str, Any]) -> None:
    """Have every part of the complaint's case that holds one of these facts hold it like this."""
    if complaint.instance_key is None:
        return
    desk.session.flush()
    for name, value in values.items():
        engine.overwrite_within(desk.session, complaint.instance_key, name, value)


def asked(errand: Errand, name: str, given: str | None, held: str | None) -> str | None:
    """Return what a job is told of a fact: its input ``given``, or what the register holds if it was given nothing.

    A job that is tried again took its copy when it failed: what its case has learnt since is newer.
    """
    told = given or held
    if told != held or errand.context.job_key is None:
        return told
    now = errand.session.scalar(
        select(variables.c.value).where(
            variables.c.scope_key == errand.context.instance_key, variables.c.name == name
        )
    )
    known = None if now is None else read_json(now.encode())
    return held if known is None else str(known).strip() or held


def _starting(session: Session, complaint: ComplaintRow) -> list[int]:
    """Return the steps of a complaint's case that could not start its clocks, and wait to be tried again."""
    waiting = (
        select(jobs.c.element_instance_key)
        .join(instances, instances.c.key == jobs.c.instance_key)
        .where(
            instances.c.case_key == complaint.instance_key,
            jobs.c.type == START_CLOCKS,
            jobs.c.status.in_(("ready", "dead")),
        )
    )
    return [key for key in session.scalars(waiting).all() if key is not None]
