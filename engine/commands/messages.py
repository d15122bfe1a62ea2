"""Publishing and correlating messages, broadcasting signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from engine import feel
from engine.actors import Actor
from engine.commands import events
from engine.commands.data import accept
from engine.commands.errors import MessageDoubled, MessageNotCorrelated, MessageRefused
from engine.commands.house import House
from engine.commands.step import Step
from engine.store import dialects, messages

LONGEST_STAY = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Correlated:
    """A message that was caught: its key, and the first instance it reached."""

    message_key: int
    instance_key: int


def publish_message(
    house: House,
    session: Session,
    name: str,
    correlation_key: str,
    variables: Mapping[str, Any] | None,
    *,
    time_to_live: timedelta,
    message_id: str | None,
    by: Actor,
) -> int:
    """Deliver a message to whom it concerns, keep it for its time to live, and return its key.

    Never tells whether anybody caught it. Raises ``MessageRefused``, ``MessageDoubled``, ``ValueRefused``.
    """
    _check(name, time_to_live)
    values = accept(variables)
    step = Step(house, session, actor=by, command="publish_message")
    key = house.keys.next()
    dialects.take_turns(session, f"message:{name}:{correlation_key}")
    if message_id is not None and messages.is_doubled(
        session, name, correlation_key, message_id, now=step.now
    ):
        raise MessageDoubled(name=name, correlation_key=correlation_key, message_id=message_id)
    reached = events.publish(step, name, correlation_key, values)
    if time_to_live > timedelta(0):
        messages.buffer(
            session,
            key=key,
            name=name,
            correlation_key=correlation_key,
            message_id=message_id,
            variables=feel.dump(values),
            delivered=list(reached),
            publisher={"name": by.name, "kind": by.kind},
            now=step.now,
            expires_at=step.now + time_to_live,
        )
    step.finish()
    return key


def correlate_message(
    house: House,
    session: Session,
    name: str,
    correlation_key: str,
    variables: Mapping[str, Any] | None,
    *,
    to_case: int | None = None,
    by: Actor,
) -> Correlated:
    """Deliver a message now. With ``to_case`` that case throws it: it reaches its own, and what it starts belongs to it.

    Raises ``MessageNotCorrelated`` when nobody catches it, ``MessageRefused``, ``ValueRefused``.
    """
    _check(name, timedelta(0))
    values = accept(variables)
    step = Step(house, session, actor=by, command="correlate_message")
    reached = events.publish(step, name, correlation_key, values, thrower=to_case)
    if not reached:
        raise MessageNotCorrelated(name=name, correlation_key=correlation_key)
    step.finish()
    return Correlated(house.keys.next(), min(reached.values()))


def broadcast_signal(
    house: House, session: Session, name: str, variables: Mapping[str, Any] | None, *, by: Actor
) -> int:
    """Deliver a signal to everybody who waits for it, and return its key.

    Raises ``MessageRefused``, ``ValueRefused``.
    """
    _check(name, timedelta(0))
    values = accept(variables)
    step = Step(house, session, actor=by, command="broadcast_signal")
    events.broadcast(step, name, values)
    step.finish()
    return house.keys.next()


def _check(name: str, time_to_live: timedelta) -> None:
    if not name:
        raise MessageRefused("A message or signal needs a name.")
    if not timedelta(0) <= time_to_live <= LONGEST_STAY:
        raise MessageRefused(
            "A message is kept between 0 and 366 days.", seconds=time_to_live.total_seconds()
        )
