"""Signals, heard by everybody who waits."""

from __future__ import annotations

from typing import Any

from api.context import the_engine, the_person
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.schemas.events import Broadcast, SentSignal

blueprint = noun("signals", "Signals to all who wait.")


@blueprint.post("/signals/broadcast")
@action("message.publish")
@blueprint.arguments(Broadcast)
@blueprint.answers(200, SentSignal)
def broadcast(body: dict[str, Any]) -> Any:
    """Broadcast a signal."""
    key = the_engine().broadcast_signal(body["signal_name"], body["variables"], by=the_person().actor)
    return {"signal_key": key}
