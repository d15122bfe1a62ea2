"""Deploying diagrams, tables and forms: the Deploy button of a modeller."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_smorest.fields import Upload
from marshmallow import fields

from api.context import the_person, the_service
from api.identity.doors import action
from api.procedure.deployment import deploy_within
from api.rest.interface import ShapeRefused, written
from api.rest.noun import noun
from api.rest.schemas.definitions import Deployment
from api.rest.shapes import TENANT, Body

blueprint = noun("deployments", "Deploying diagrams, decision tables and forms.")


class Files(Body):
    """The parts of a deployment; the kind of a file is read from its name."""

    resources = fields.List(Upload(), required=True)
    tenant_id = fields.String()


FILES_DOC = {
    "required": True,
    "content": {"multipart/form-data": {"schema": Files}},
}


def uploaded() -> list[tuple[str, bytes]]:
    """Return name and bytes of every part called ``resources``. Raises ``ShapeRefused``."""
    if request.form.get("tenantId", TENANT) not in ("", TENANT):
        raise ShapeRefused({"tenantId": [f"There is one tenant, {TENANT}; leave tenantId out."]})
    parts = request.files.getlist("resources")
    if not parts:
        raise ShapeRefused(
            {"resources": ["Send at least one file as multipart/form-data, in parts called resources."]}
        )
    if not all(part.filename for part in parts):
        raise ShapeRefused({"resources": ["Every part needs a file name."]})
    return [(part.filename or "", part.read()) for part in parts]


@blueprint.post("/deployments")
@action("definition.deploy")
@blueprint.doc(requestBody=FILES_DOC)
@blueprint.answers(200, Deployment)
def deploy() -> Any:
    """Deploy files, all or none. 400 names every finding, one per line.

    The header ``Redress-Warnings`` says how many warnings there are; a person who deploys finds them among their notices.
    """
    service, files, by = the_service(), uploaded(), the_person().actor
    done = service.engine.write(lambda session: deploy_within(service, session, files, by=by))
    answer = {
        "deployment_key": done.deployment_key,
        "deployments": [
            *({"process_definition": one} for one in done.processes),
            *({"decision_definition": one} for one in done.decisions),
            *({"decision_requirements": one} for one in done.requirements),
            *({"form": one} for one in done.forms),
        ],
    }
    told = written(Deployment().dump(answer))
    told.headers["Redress-Warnings"] = str(sum(finding.severity == "warning" for finding in done.findings))
    return told
