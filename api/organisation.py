"""Who the organisation is: one file of the process owners, read at start, shown on pages and in letters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema
from marshmallow.exceptions import SCHEMA

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
    """Read the content of ``organisation.json``. Raises ``OrganisationRefused`` naming every member that is wrong or unknown."""
    try:
        told = _File().load(read_json(content))
    except ValidationError as fault:
        wrong = " ".join(f"{'.'.join(path)}: {text}" for path, text in _wrong(fault.messages, ()))
        raise OrganisationRefused(f"{FILE}: {wrong}") from fault
    return Organisation(
        **told
        | {
            "outside_body": _body(told["outside_body"]),
            "bodies": _by_regime(told["bodies"].values()),
            "departments": tuple(Department(**each) for each in told["departments"]),
        }
    )


class _Text(fields.String):
    """Text that says something; without the white space around it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not isinstance(text, str) or not text.strip():
            raise ValidationError("Write something here.")
        return text.strip()


class _Members(Schema):
    """An object of the file; a member that nothing reads is refused."""

    class Meta:
        """Refuse what is not known."""

        unknown = RAISE


class _Body(_Members):
    name = _Text(required=True)
    website = _Text(required=True)
    phone = _Text(load_default=None)
    address = _Text(load_default=None)
    window = _Text(load_default=NO_WINDOW)


class _BodyOfRegimes(_Body):
    regimes = fields.List(_Text(), required=True)


class _Department(_Members):
    id = _Text(required=True)
    name = _Text(required=True)


class _File(_Members):
    name = _Text(required=True)
    phone = _Text(required=True)
    phone_hours = _Text(required=True, data_key="phoneHours")
    email = _Text(required=True)
    address = _Text(required=True)
    complaints_manager = _Text(required=True, data_key="complaintsManager")
    regime = _Text(required=True)
    calendar = _Text(required=True)
    currency = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Z]{3}\Z", error="Write three capital letters, such as EUR."),
    )
    outside_body = fields.Nested(_Body, required=True, data_key="outsideBody")
    bodies = fields.Dict(keys=fields.String(), values=fields.Nested(_BodyOfRegimes), load_default=dict)
    departments = fields.List(fields.Nested(_Department), required=True)

    @validates_schema(skip_on_field_errors=True)
    def _one_body_each(self, data: Mapping[str, Any], **_: Any) -> None:
        regimes = [regime for each in data["bodies"].values() for regime in each["regimes"]]
        for regime in regimes:
            if regimes.count(regime) > 1:
                raise ValidationError(f"The regime {regime} has two bodies.", "bodies")


def _wrong(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield path and text of every fault of the file."""
    if isinstance(messages, Mapping):
        for name, inside in messages.items():
            yield from _wrong(inside, path if name == SCHEMA else (*path, str(name)))
    else:
        yield from ((path, str(text)) for text in messages)


def _body(told: Mapping[str, Any]) -> OutsideBody:
    return OutsideBody(**{name: value for name, value in told.items() if name != "regimes"})


def _by_regime(bodies: Iterable[Mapping[str, Any]]) -> dict[str, OutsideBody]:
    return {regime: _body(each) for each in bodies for regime in each["regimes"]}
