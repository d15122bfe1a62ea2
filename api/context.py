"""What a request can reach: the composed service, its engine, and who is acting."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app, g

from api.errors import Forbidden, NoRole, SignInNeeded
from api.identity.decide import ComplaintFacts, may
from engine.errors import NotFound

if TYPE_CHECKING:
    from api.identity.people import Person
    from api.wiring import Redress
    from engine.engine import Engine


class Hidden(NotFound):
    """There is nothing at this address, or it is not for you."""

    code = "not_found"


def the_service() -> Redress:
    """Return the composed service of this application."""
    return cast("Redress", current_app.extensions["redress"])


def the_engine() -> Engine:
    """Return the workflow engine."""
    return the_service().engine


def the_person() -> Person:
    """Return who is acting. Raises ``SignInNeeded`` when nobody is signed in."""
    person: Person | None = g.get("person")
    if person is None:
        raise SignInNeeded
    return person


def anybody() -> Person | None:
    """Return who is acting, or None."""
    return cast("Person | None", g.get("person"))


def require(action: str, facts: ComplaintFacts | None = None, *, absent: NotFound | None = None) -> Person:
    """Return the acting person if they may do ``action``.

    Raises ``SignInNeeded``, ``Forbidden`` or its ``NoRole``, or what is answered when there is no such thing: ``absent`` or
    ``Hidden``.
    """
    person = the_person()
    decision = may(person, action, facts)
    if decision.hidden:
        raise absent or Hidden
    if not decision:
        raise Forbidden(rule=decision.rule) if person.roles else NoRole(rule=decision.rule)
    return person
