"""The invented colleagues of the demo: every role is held by somebody; all names are made up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.identity import people
from api.identity.people import Person

COLLEAGUES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("ines", "Ines Amberg", ("intake",), ()),
    ("ivan", "Ivan Kessler", ("intake",), ()),
    ("hana", "Hana Whitlock", ("handler",), ()),
    ("hugo", "Hugo Pemberton", ("handler",), ()),
    ("hilde", "Hilde Okafor", ("handler",), ()),
    ("iris", "Iris Valdez", ("investigator",), ()),
    ("ilya", "Ilya Brandt", ("investigator",), ()),
    ("quinn", "Quinn Ashby", ("quality",), ()),
    ("quentin", "Quentin Moreau", ("quality",), ()),
    ("anya", "Anya Lindqvist", ("approver",), ()),
    ("adam", "Adam Rowntree", ("approver",), ()),
    ("rita", "Rita Solano", ("reviewer",), ()),
    ("ralf", "Ralf Nyberg", ("reviewer",), ()),
    ("lea", "Lea Carrington", ("team-lead",), ()),
    ("max", "Max Holloway", ("manager",), ()),
    ("tara", "Tara Winfield", ("top-management",), ()),
    ("paul", "Paul Ferrers", ("process-owner",), ()),
    ("audra", "Audra Finch", ("auditor",), ()),
    ("bill", "Bill Sanderson", ("contributor",), ("department-billing",)),
    ("fiona", "Fiona Dale", ("contributor",), ("department-field-service",)),
    ("sam", "Sam Osei", ("contributor",), ("department-sales",)),
    ("isla", "Isla Frost", ("contributor",), ("department-it",)),
    ("emil", "Emil Hart", ("employee",), ()),
)


def add_colleagues(
    session: Session, *, keys: list[int], password: str | None, at: datetime
) -> tuple[Person, ...]:
    """Create the accounts that are missing; with ``password`` None nobody can sign in to them. ``keys`` must suffice."""
    made = []
    for key, (name, display_name, roles, groups) in zip(keys, COLLEAGUES, strict=True):
        known = people.find(session, name)
        made.append(
            known
            or people.add(
                session,
                key=key,
                name=name,
                display_name=display_name,
                email=f"{name}@northfield.example",
                password=password,
                roles=roles,
                groups=groups,
                at=at,
            )
        )
    return tuple(made)
