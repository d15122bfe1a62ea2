"""Who the organisation is: one file of the process owners, read at start, shown on pages and in letters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Invalid
from engine.values import read_json

FILE = "organisation.json"


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
    """Who decides when the organisation and the complainant cannot agree."""

    name: str
    phone: str
    website: str
    address: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """Name, ways to reach it, its outside body, default regime and calendar, and its departments."""

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
    departments: tuple[Department, ...]

    def facts(self) -> dict[str, Any]:
        """Return the facts letters may name, in the words of the file."""
        return {
            "name": self.name,
            "phone": self.phone,
            "phoneHours": self.phone_hours,
            "email": self.email,
            "address": self.address,
            "complaintsManager": self.complaints_manager,
            "currency": self.currency,
            "outsideBody": {
                "name": self.outside_body.name,
                "phone": self.outside_body.phone,
                "website": self.outside_body.website,
                "address": self.outside_body.address,
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
            outside_body=OutsideBody(
                **{name: _text(data["outsideBody"], name) for name in ("name", "phone", "website", "address")}
            ),
            departments=tuple(
                Department(_text(each, "id"), _text(each, "name")) for each in data["departments"]
            ),
        )
    except (KeyError, TypeError) as fault:
        raise OrganisationRefused(f"{FILE}: the member {fault} is missing or of another shape.") from fault


def _text(data: Any, name: str) -> str:
    value = data[name]
    if not isinstance(value, str) or not value.strip():
        raise TypeError(name)
    return value.strip()
