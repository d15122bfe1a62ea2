"""The description of both interfaces as OpenAPI 3, made from the very schemas that judge requests, and a page to read it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import flask_smorest
from flask import Flask, Response, current_app, render_template

from api.identity.doors import action
from api.rest.interface import Interface, KeyConverter, written
from api.rest.shapes import EpochMilliseconds, JsonTexts, Key, Long, Milliseconds, When

blueprint = Interface("documentation", prefix="/api", description="This description.")
VERBS = ("get", "post", "put", "patch", "delete")
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "A code, such as NOT_FOUND."},
        "status": {"type": "integer"},
        "detail": {
            "type": "string",
            "description": "What is wrong and what to do; several problems one per line.",
        },
        "instance": {"type": "string"},
    },
}


class Description(flask_smorest.Api):  # type: ignore[misc]
    """Gathers operations; errors are answered elsewhere."""

    def _register_error_handlers(self) -> None:
        """Leave the application's error handlers alone."""

    def _register_responses(self) -> None:
        """Describe every refusal as a problem document."""
        self.spec.components.schema("Problem", PROBLEM)
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        self.spec.components.response(
            "DEFAULT_ERROR", {"description": "A problem document", "content": content}
        )


def describe(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document of every blueprint for programs that ``app`` has registered."""
    api = Description(
        spec_kwargs={
            "title": "Redress",
            "version": version("redress"),
            "openapi_version": "3.0.3",
            "info": {
                "description": "`/v2` as Camunda 8 clients speak it, and what is Redress's own under `/api`."
            },
            "security": [{"basic": []}, {"bearer": []}],
        }
    )
    for field, kind in (
        (Key, "string"),
        (Long, "integer"),
        (Milliseconds, "integer"),
        (EpochMilliseconds, "integer"),
    ):
        api.register_field(field, kind, "int64" if kind == "integer" else None)
    api.register_field(When, "string", "date-time")
    api.register_field(JsonTexts, "object", None)
    api.register_converter(KeyConverter, lambda _converter: {"type": "string", "pattern": "^[0-9]+$"})
    api.init_app(app)
    api.spec.components.security_scheme(
        "basic",
        {"type": "http", "scheme": "basic", "description": "User name and one of that user's API tokens."},
    )
    api.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "description": "An API token."}
    )
    for one in app.blueprints.values():
        if isinstance(one, Interface) and one is not blueprint:
            one.register_views_in_doc(api, app, api.spec, name=one.name, parameters=None)
            api.spec.tag({"name": one.name, "description": one.description})
    return _with_refusals(api.spec.to_dict())


def _with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    """Give every operation the one shape of refusals, instead of the names of status codes."""
    for operations in document["paths"].values():
        for verb in VERBS:
            if verb in operations:
                answers = operations[verb]["responses"]
                answers.pop("422", None)
                answers["default"] = {"$ref": "#/components/responses/DEFAULT_ERROR"}
    return document


def _document() -> dict[str, Any]:
    known = current_app.extensions.get("redress_openapi")
    if known is None:
        known = current_app.extensions["redress_openapi"] = describe(current_app)
    return known


@blueprint.get("/openapi.json")
@action("public")
def openapi() -> Response:
    """Return the description."""
    return written(_document())


@blueprint.get("/docs")
@action("public")
def docs() -> str:
    """Show the description to people."""
    document = _document()
    schemas = document["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for verb in VERBS:
            if verb in operations:
                groups[operations[verb]["tags"][0]].append(
                    {"verb": verb.upper(), "path": path, **operations[verb]}
                )
    return render_template("programs/docs.html", document=document, groups=groups, schemas=schemas)
