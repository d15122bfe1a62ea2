"""The job type by which a diagram publishes a message: ``redress:publish-message`` (dialect §5, §14)."""

from __future__ import annotations

from engine import feel
from engine.commands.context import StepContext
from engine.commands.house import JobType
from engine.errors import Invalid


class MessageNameMissing(Invalid):
    """The job publishes a message, but its header "name" is missing."""

    code = "message_name_missing"


def publish(context: StepContext) -> None:
    """Publish the message named in header ``name`` to the local variables ``correlationKey`` and
    ``variables``.
    """
    name = context.headers.get("name") or context.headers.get("messageName")
    if not name:
        raise MessageNameMissing(element=context.element_id)
    key = feel.outward(context.variables.get("correlationKey"))
    variables = context.variables.get("variables")
    context.publish(name, "" if key is None else str(key), variables if isinstance(variables, dict) else {})


PUBLISH_MESSAGE = JobType("redress:publish-message", publish)
