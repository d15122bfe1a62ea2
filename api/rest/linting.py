"""Judging files as a deployment would, without deploying them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.context import the_engine
from api.identity.doors import action
from api.rest.deployments import FILES_DOC, uploaded
from api.rest.interface import Interface
from api.rest.shapes import Record
from engine.findings import SEVERITIES

blueprint = Interface("lint", prefix="/api", description="Checking files before they are deployed.")


class FindingAnswer(Record):
    """One thing that is wrong, or doubtful."""

    severity = fields.String(metadata={"enum": list(SEVERITIES)})
    code = fields.String()
    message = fields.String()
    advice = fields.String()
    file = fields.String()
    element_id = fields.String(allow_none=True)
    element_name = fields.String(allow_none=True)
    attribute = fields.String(allow_none=True)
    line = fields.Integer(allow_none=True)


class Judgement(Record):
    """Everything found; ``accepted`` when a deployment would succeed."""

    accepted = fields.Boolean()
    findings = fields.List(fields.Nested(FindingAnswer))


@blueprint.post("/lint")
@action("definition.read")
@blueprint.doc(requestBody=FILES_DOC)
@blueprint.answers(200, Judgement)
def lint() -> Any:
    """Return every finding a deployment of these files would have; nothing is stored."""
    findings = the_engine().check(uploaded())
    return {"accepted": all(one.severity != "error" for one in findings), "findings": findings}
