"""The addresses a desktop modeller links to after deploying and starting: they lead to pages of ours."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from api.identity.doors import action

blueprint = Blueprint("links", __name__)


@blueprint.get("/processes")
@action("public")
def processes() -> ResponseReturnValue:
    """Lead to the instances of a process and version."""
    asked = {name: request.args[name][:200] for name in ("process", "version") if name in request.args}
    return redirect(url_for("staff.instances", process=asked.get("process"), version=asked.get("version")))


@blueprint.get("/processes/<int:key>")
@action("public")
def process(key: int) -> ResponseReturnValue:
    """Lead to one instance."""
    return redirect(url_for("staff.instance", key=key))
