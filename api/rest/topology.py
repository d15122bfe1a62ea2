"""Topology, licence and readiness: what a modeller asks before anything else; open to all, and without the database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response

from api.context import the_engine, the_service
from api.identity.doors import action
from api.rest.noun import noun
from api.rest.schemas.service import License, Topology
from engine.errors import RedressError

blueprint = noun("topology", "The service: version, licence, readiness.")


@blueprint.get("/topology")
@action("public")
@blueprint.answers(200, Topology)
def topology() -> Any:
    """Say which version this is; the same in every mode of authentication (rest-v2 §9)."""
    settings = the_service().settings
    partition = {"partition_id": 1, "role": "leader", "health": "healthy", "state": "active"}
    broker = {
        "node_id": 0,
        "broker_id": "0",
        "host": settings.host,
        "port": settings.port,
        "version": settings.gateway_version,
        "partitions": [partition],
    }
    return {
        "brokers": [broker],
        "cluster_id": None,
        "cluster_size": 1,
        "partitions_count": 1,
        "replication_factor": 1,
        "gateway_version": settings.gateway_version,
        "last_completed_change_id": "-1",
    }


@blueprint.get("/status")
@action("public")
@blueprint.answers(204)
def status() -> Response:
    """Answer 204 when requests can be served, else 503."""
    try:
        the_engine().read(lambda session: session.execute(sa.select(1)).one())
    except RedressError:
        return Response(status=503)
    return Response(status=204)


@blueprint.get("/license")
@action("public")
@blueprint.answers(200, License)
def license_of() -> Any:
    """Say that nothing here expires."""
    return {"valid_license": True, "license_type": "self-managed", "is_commercial": False, "expires_at": None}
