"""Messages: publishing, correlating, and what waits for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from api.complaints import after_the_end
from api.complaints.from_complainant import judge_message
from api.context import the_engine, the_person, the_service
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.reach import found
from api.rest.schemas.events import (
    CorrelatedMessage,
    Message,
    MessageSubscription,
    Publication,
    PublishedMessage,
)
from api.rest.search import Searchable, answer_of, request_of
from api.rest.shapes import TENANT
from engine.store import waiting

blueprint = noun("messages", "Messages to running and new processes.")
_FIELDS = (
    "message_subscription_key",
    "message_subscription_state",
    "message_subscription_type",
    "message_name",
    "correlation_key",
    "last_updated_date",
    "element_id",
    "element_instance_key",
    "process_definition_id",
    "process_definition_key",
    "process_definition_name",
    "process_definition_version",
    "process_instance_key",
    "business_id",
)
SEARCHABLE = Searchable(
    waiting.MESSAGE_SUBSCRIPTIONS,
    _FIELDS,
    _FIELDS,
    constants={"tenant_id": TENANT, "tool_name": None, "inbound_connector_type": None},
)
Search, Page = (
    request_of("MessageSubscription", SEARCHABLE),
    answer_of("MessageSubscription", MessageSubscription),
)


@blueprint.post("/messages/publication")
@action("message.publish")
@blueprint.arguments(Publication)
@blueprint.answers(200, PublishedMessage)
def publish(body: dict[str, Any]) -> Any:
    """Publish a message, kept for its time to live; never tells whether anybody caught it.

    409 for a doubled message id, and for a reply to an answer that has not left. What would begin something about a complaint
    gets 404 unless its key names one that is there for you, and 409 where that is in another state than is meant. 400 where it
    does not bring what it would begin cannot do without.
    """
    _judge(body)
    key = the_engine().publish_message(
        body["name"],
        body["correlation_key"] or "",
        body["variables"],
        time_to_live=body["time_to_live"] or timedelta(0),
        message_id=body["message_id"],
        by=the_person().actor,
    )
    return {"message_key": key}


@blueprint.post("/messages/correlation")
@action("message.publish")
@blueprint.arguments(Message)
@blueprint.answers(200, CorrelatedMessage)
def correlate(body: dict[str, Any]) -> Any:
    """Deliver a message now; 404 when nothing waits for it, 409 for a reply to an answer that has not left.

    What would begin something about a complaint is judged as in a publication.
    """
    _judge(body)
    return the_engine().correlate_message(
        body["name"], body["correlation_key"] or "", body["variables"], by=the_person().actor
    )


def _judge(body: dict[str, Any]) -> None:
    service, by = the_service(), the_person().actor
    for judged_by in (judge_message, after_the_end.judge):
        judged_by(service, body["name"], body["correlation_key"] or "", by=by)


@blueprint.post("/message-subscriptions/search")
@action("instance.read")
@blueprint.arguments(Search)
@blueprint.answers(200, Page)
def search_message_subscriptions(body: dict[str, Any]) -> Any:
    """Search what waits for messages."""
    return found(SEARCHABLE, body)
