"""A blueprint for programs: strict JSON in, JSON out, everything described in OpenAPI."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import flask_smorest
from flask import Request, Response, request
from flask.blueprints import BlueprintSetupState
from marshmallow import ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.routing import IntegerConverter, Map

from api.rest.shapes import LARGEST
from engine.errors import Invalid, RedressError
from engine.values import LIMITS, read_json, to_text

View = Callable[..., Any]
Answering = Callable[[RedressError], Response]
Telling = Callable[[HTTPException], Response]


class ShapeRefused(Invalid):
    """The request does not have the expected shape."""

    code = "shape_refused"

    def __init__(self, messages: Any) -> None:
        """``messages`` are marshmallow's, nested as the request is."""
        self.problems = tuple(_lines("", messages))
        super().__init__(errors=[{"path": path, "message": text} for path, text in self.problems])


class KeyConverter(IntegerConverter):
    """A key in an address; anything that is no 64-bit number is an unknown address."""

    def __init__(self, url_map: Map) -> None:
        """Accept 0 to 2^63 - 1."""
        super().__init__(url_map, max=LARGEST)


class StrictParser(FlaskParser):
    """Reads JSON bodies through the engine's gate: no doubled member, NaN, NUL, half a character, or depth."""

    def load_json(self, req: Request, schema: Any) -> Any:  # noqa: ARG002
        """Return the body; no bytes are an empty object, whatever the content type says. Raises ``JsonRefused``."""
        return json_body(req)

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise ``ShapeRefused``."""
        messages = error.messages
        raise ShapeRefused(messages.get("json", messages) if isinstance(messages, dict) else messages)


def json_body(req: Request = request) -> Any:
    """Return the JSON of a request, ``{}`` for none. Raises 413, 415, ``JsonRefused``, ``ValueRefused``."""
    if (req.content_length or 0) > LIMITS.size:
        raise RequestEntityTooLarge(f"A JSON body has at most {LIMITS.size} bytes.")
    data = req.get_data()
    if not data:
        return {}
    if req.mimetype and req.mimetype != "application/json" and not req.mimetype.endswith("+json"):
        raise UnsupportedMediaType("Send application/json.")
    return read_json(data)


class Interface(flask_smorest.Blueprint):  # type: ignore[misc]
    """One noun of an interface for programs."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(
        self,
        name: str,
        *,
        prefix: str,
        description: str,
        answer: Answering | None = None,
        tell: Telling | None = None,
    ) -> None:
        """``answer`` and ``tell`` turn our errors and the framework's into documents of this interface."""
        super().__init__(name, name, url_prefix=prefix, description=description)
        self.record(_know_keys)
        if answer is not None:
            self.register_error_handler(RedressError, answer)
        if tell is not None:
            self.register_error_handler(HTTPException, tell)

    def arguments(self, schema: Any, **described: Any) -> Callable[[View], View]:
        """Declare what a view takes. The schema is made once: making one costs as much as a small query."""
        return super().arguments(_made(schema), **described)  # type: ignore[no-any-return]

    def answers(self, status: int, schema: Any = None, **described: Any) -> Callable[[View], View]:
        """Declare what a view answers: the status, and the schema that its value is dumped with (None: no body)."""

        ready = _made(schema)

        def decorate(view: View) -> View:
            @wraps(view)
            def dumped(*args: Any, **kwargs: Any) -> Response:
                value = view(*args, **kwargs)
                if isinstance(value, Response):
                    return value
                return Response(status=status) if ready is None else written(ready.dump(value), status)

            return self.response(status, schema, **described)(dumped)  # type: ignore[no-any-return]

        return decorate


def written(value: Any, status: int = 200) -> Response:
    """Return plain data as a JSON answer; Decimals keep all their digits."""
    return Response(to_text(value), status=status, mimetype="application/json")


def _made(schema: Any) -> Any:
    return schema() if isinstance(schema, type) else schema


def _know_keys(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["key"] = KeyConverter


def _lines(path: str, messages: Any) -> list[tuple[str, str]]:
    if isinstance(messages, dict):
        return [
            line
            for name, inner in messages.items()
            for line in _lines(path if name == "_schema" else f"{path}.{name}".lstrip("."), inner)
        ]
    if isinstance(messages, list):
        return [line for inner in messages for line in _lines(path, inner)]
    return [(path, str(messages))]
