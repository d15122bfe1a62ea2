"""Waiting timers under /api: finding them, moving them, firing them now, with a reason that is kept (what /v2 lacks)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import fields, validate

from api.context import the_engine, the_person, the_service
from api.deadlines import timers
from api.identity.doors import action
from api.reach import seen
from api.rest.interface import Interface
from api.rest.reach import found
from api.rest.search import Searchable, answer_of, request_of
from api.rest.shapes import Body, Key, Record, When, names
from engine.commands.errors import TimerNotFound
from engine.errors import NotFound
from engine.store import entities

blueprint = Interface("timers", prefix="/api", description="Timers that wait.")
_FIELDS = (
    "job_key",
    "element_id",
    "process_definition_id",
    "process_instance_key",
    "root_process_instance_key",
    "due_date",
)
SEARCHABLE = Searchable(entities.TIMERS, _FIELDS, _FIELDS, constants={})


class Timer(Record):
    """A timer that waits; ``clocks`` are the deadlines its due date follows."""

    job_key = Key()
    element_id = fields.String()
    element_instance_key = Key(allow_none=True)
    process_definition_id = fields.String()
    process_definition_key = Key()
    process_instance_key = Key(allow_none=True)
    root_process_instance_key = Key(allow_none=True)
    due_date = When()
    occurrence = fields.Integer()
    clocks = names()


class Reason(Body):
    """Why a timer is fired; the case's history keeps it."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=2_000))


class NewDueDate(Reason):
    """When a timer is to fire instead."""

    due_date = When(required=True)


Search, Page = request_of("Timer", SEARCHABLE), answer_of("Timer", Timer)


@blueprint.post("/timers/search")
@action("instance.read")
@blueprint.arguments(Search)
@blueprint.answers(200, Page)
def search_timers(body: dict[str, Any]) -> Any:
    """Search waiting timers."""
    return found(SEARCHABLE, body)


@blueprint.post("/timers/<key:key>/move")
@action("instance.operate")
@blueprint.arguments(NewDueDate)
@blueprint.answers(204)
def move_timer(body: dict[str, Any], key: int) -> None:
    """Give a waiting timer another due date; one in the past fires it."""
    _admit(key)
    due_at: datetime = body["due_date"]
    timers.move(the_service(), key, due_at, reason=body["reason"], by=the_person().actor)


@blueprint.post("/timers/<key:key>/fire")
@action("instance.operate")
@blueprint.arguments(Reason)
@blueprint.answers(204)
def fire_timer(body: dict[str, Any], key: int) -> None:
    """Fire a waiting timer now."""
    _admit(key)
    timers.fire(the_service(), key, reason=body["reason"], by=the_person().actor)


def _admit(key: int) -> None:
    try:
        timer = the_engine().timer(key)
    except NotFound:
        raise TimerNotFound(job=key) from None
    seen(timer, lambda: TimerNotFound(job=key))
