"""What an error becomes under /v2: a problem document; its title is a code, its detail says the way out (rest-v2 §3)."""

from __future__ import annotations

import re

from flask import Response
from werkzeug.exceptions import HTTPException

from api.errors import Forbidden, SignInNeeded, problem
from api.identity.throttle import TooManyTries
from api.rest.interface import ShapeRefused
from engine.commands.access import ActRefused
from engine.commands.errors import DeploymentRefused, MessageDoubled, NotYetEnded, NotYourTask
from engine.errors import Broken, Conflict, Invalid, NotFound, RedressError, TooLarge, Unavailable
from engine.execution.case import StepBudgetSpent
from engine.forms.errors import FormInvalid
from engine.migration import MigrationRefused

KINDS: tuple[tuple[type[RedressError], int, str], ...] = (
    (SignInNeeded, 401, "UNAUTHORIZED"),
    (Forbidden, 403, "FORBIDDEN"),
    (NotYourTask, 403, "FORBIDDEN"),
    (ActRefused, 403, "FORBIDDEN"),
    (TooManyTries, 429, "TOO_MANY_REQUESTS"),
    (NotYetEnded, 504, "DEADLINE_EXCEEDED"),
    (StepBudgetSpent, 409, "INVALID_STATE"),  # noted as an incident
    (MessageDoubled, 409, "ALREADY_EXISTS"),
    (NotFound, 404, "NOT_FOUND"),
    (Conflict, 409, "INVALID_STATE"),
    (TooLarge, 413, "CONTENT_TOO_LARGE"),
    (Invalid, 400, "INVALID_ARGUMENT"),
    (Unavailable, 503, "RESOURCE_EXHAUSTED"),
    (Broken, 500, "INTERNAL"),
)
FRAMEWORK = {400: "INVALID_ARGUMENT", 413: "CONTENT_TOO_LARGE"}


def answer(error: RedressError) -> Response:
    """Return the problem document of one of our errors."""
    status, title = next(
        ((status, title) for kind, status, title in KINDS if isinstance(error, kind)), (500, "INTERNAL")
    )
    document = problem(status, title, detail(error))
    if status == 401:
        document.headers["WWW-Authenticate"] = 'Basic realm="Redress"'
    if status in (429, 503):
        document.headers["Retry-After"] = str(error.facts.get("retry_after") or 2)
    return document


def tell(error: HTTPException) -> Response:
    """Return the problem document of what the framework refused."""
    status = error.code or 500
    title = FRAMEWORK.get(status) or re.sub(r"[^A-Z]+", "_", error.name.upper())
    document = problem(status, title, error.description or error.name)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            document.headers[name] = value
    return document


def detail(error: RedressError) -> str:
    """Return a full sentence with the particulars; of several problems each on its own line."""
    if isinstance(error, DeploymentRefused):
        return "\n".join(str(finding) for finding in error.findings if finding.severity == "error")
    if isinstance(error, MigrationRefused):
        return "\n".join((error.message, *error.facts["findings"]))
    if isinstance(error, ShapeRefused):
        return "\n".join(f"{path}: {text}" if path else text for path, text in error.problems)
    if isinstance(error, FormInvalid):
        lines = (
            f"{one.path}: {one.code.replace('_', ' ')}"
            + "".join(f", {name} {value}" for name, value in one.facts.items())
            for one in error.errors
        )
        return "\n".join((error.message, *lines))
    if isinstance(error, (SignInNeeded, Forbidden)):
        return error.message
    return str(error)
