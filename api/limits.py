"""How much one visitor may ask: caps on public requests before anything is parsed, and on odd bodies and addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.routing import IntegerConverter, Map

from api.context import the_service
from api.identity.throttle import network_of

URLENCODED_LIMIT = 512 * 1024
FIELD_LIMIT = 400
_MINUTE = timedelta(minutes=1)


def install_limits(app: Flask) -> None:
    """Refuse before parsing: too many posts to public pages from one address, and forms too large or of too many fields.

    Install it before the routes: numbers in addresses become keys, which have an end.
    """
    app.url_map.converters["int"] = KeyInAddress
    app.before_request(_refuse_odd_address)
    app.before_request(_cap_body)
    app.before_request(_cap_rate)


class KeyInAddress(IntegerConverter):
    """A number in an address that no database would take names nothing: 404."""

    def __init__(self, url_map: Map, **given: Any) -> None:
        """Cap it at 2^63 - 1."""
        super().__init__(url_map, **({"max": 2**63 - 1} | given))


def _refuse_odd_address() -> None:
    """No text we keep holds NUL, so an address with one names nothing; PostgreSQL would not even look."""
    if "\x00" in request.path or any("\x00" in text for _, text in request.args.items(multi=True)):
        raise BadRequest("This address holds a character that no address of ours has.")


def _cap_body() -> None:
    if request.mimetype != "application/x-www-form-urlencoded":
        return
    if (request.content_length or 0) > URLENCODED_LIMIT:
        raise RequestEntityTooLarge
    if request.get_data(cache=True).count(b"&") >= FIELD_LIMIT:
        raise RequestEntityTooLarge("This form has too many fields.")


def _cap_rate() -> None:
    if request.method not in {"POST", "PUT", "PATCH", "DELETE"} or not (request.endpoint or "").startswith(
        "public."
    ):
        return
    service = the_service()
    service.throttle.take(
        "public", network_of(request.remote_addr), limit=60, window=_MINUTE, now=service.clock.now()
    )
    service.throttle.take("public", "everybody", limit=600, window=_MINUTE, now=service.clock.now())
