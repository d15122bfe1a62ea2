"""Who the organisation is: one file of the process owners, read at start, shown on pages and in letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.errors import Invalid
from engine.values import read_json

FILE = "organisation.json"
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}  # of currencies no other shares its sign with in these letters
NO_WINDOW = "It decides by its own rules how long after our answer it takes up a complaint, so please do not wait long."


class OrganisationRefused(Invalid):
    """processes/organisation.json cannot be used."""

    code = "organisation_refused"


@dataclass(frozen=True, slots=True)
class Department:
    """A department that can be asked for a contribution; ``id`` is the candidate group of its tasks."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class OutsideBody:
    """Who decides when the organisation and the complainant cannot agree.

    ``phone`` and ``address`` are None where the file does not give them. ``window`` is the sentence that says until when one
    may go there, for regimes whose deadline table has no such clock.
    """

    name: str
    website: str
    phone: str | None
    address: str | None
    window: str

    @property
    def contact(self) -> str:
        """Return every way to reach it, in one line."""
        phone = f"phone {self.phone}" if self.phone else None
        return ", ".join(way for way in (self.website, phone, self.address) if way)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Name, ways to reach it, default regime and calendar, departments, and the outside bodies.

    ``outside_body`` is the one of every regime that ``bodies`` (by regime) does not name.
    """

    name: str
    phone: str
    phone_hours: str
    email: str
    address: str
    complaints_manager: str
    regime: str
    calendar: str
    currency: str
    outside_body: OutsideBody
    bodies: Mapping[str, OutsideBody]
    departments: tuple[Department, ...]

    def body_of(self, regime: str) -> OutsideBody:
        """Return who decides at the end in this regime."""
        return self.bodies.get(regime, self.outside_body)

    def money(self, amount: Decimal) -> str:
        """Return an amount as people write it: ``£1,062.40``, ``CHF 50.00``."""
        sign = SYMBOLS.get(self.currency, f"{self.currency} ")
        return f"{sign}{amount:,.2f}"

    def facts(self, regime: str | None = None) -> dict[str, Any]:
        """Return the facts letters may name, in the words of the file; ``regime`` None means the organisation's own."""
        body = self.body_of(regime or self.regime)
        return {
            "name": self.name,
            "phone": self.phone,
            "phoneHours": self.phone_hours,
            "email": self.email,
            "address": self.address,
            "complaintsManager": self.complaints_manager,
            "currency": self.currency,
            "outsideBody": {
                "name": body.name,
                "phone": body.phone,
                "website": body.website,
                "address": body.address,
                "contact": body.contact,
                "window": body.window,
            },
        }

    def department(self, department_id: str) -> str:
        """Return the name of a department, or the id itself when the file does not know it."""
        return next((each.name for each in self.departments if each.id == department_id), department_id)


def read_organisation(folder: Path) -> Organisation:
    """Read ``organisation.json`` in ``folder``. Raises ``OrganisationRefused`` naming the member, ``OSError``."""
    return read_organisation_file((folder / FILE).read_bytes())


def read_organisation_file(content: bytes) -> Organisation:
    """Read the content of ``organisation.json``. Raises ``OrganisationRefused`` naming the member."""
    data = read_json(content)
    try:
        return Organisation(
            name=_text(data, "name"),
            phone=_text(data, "phone"),
            phone_hours=_text(data, "phoneHours"),
            email=_text(data, "email"),
            address=_text(data, "address"),
            complaints_manager=_text(data, "complaintsManager"),
            regime=_text(data, "regime"),
            calendar=_text(data, "calendar"),
            currency=_text(data, "currency"),
            outside_body=_body(data["outsideBody"]),
            bodies=_bodies(data.get("bodies", {})),
            departments=tuple(
                Department(_text(each, "id"), _text(each, "name")) for each in data["departments"]
            ),
        )
    except (AttributeError, KeyError, TypeError) as fault:
        raise OrganisationRefused(f"{FILE}: the member {fault} is missing or of another shape.") from fault


def _bodies(data: Any) -> dict[str, OutsideBody]:
    """Return by regime the bodies of ``{id: {name, website, …, regimes: […]}}``; one regime has one body."""
    found: dict[str, OutsideBody] = {}
    for each in data.values():
        for regime in each["regimes"]:
            if not isinstance(regime, str) or regime in found:
                raise TypeError(f"bodies: the regime {regime!r}")
            found[regime] = _body(each)
    return found


def _body(data: Any) -> OutsideBody:
    return OutsideBody(
        name=_text(data, "name"),
        website=_text(data, "website"),
        phone=_text(data, "phone") if "phone" in data else None,
        address=_text(data, "address") if "address" in data else None,
        window=_text(data, "window") if "window" in data else NO_WINDOW,
    )


def _text(data: Any, name: str) -> str:
    value = data[name]
    if not isinstance(value, str) or not value.strip():
        raise TypeError(name)
    return value.strip()
