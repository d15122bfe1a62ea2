"""The main navigation of staff pages: what this person may do, where they are, how many notices wait."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

from api.context import anybody
from api.identity.decide import may
from api.identity.people import Person
from api.web.staff import notices

ITEMS = (
    ("inbox", "Inbox", "task.list"),
    ("search", "Complaints", "complaint.search"),
    ("record", "Record", "complaint.register"),
    ("due", "Deadlines", "due.list"),
    ("notices", "Notices", "notice.read"),
    ("instances", "Processes", "instance.read"),
    ("incidents", "Stuck steps", "incident.read"),
    ("calendar_list", "Calendars", "calendar.read"),
    ("people", "People", "people.manage"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry. ``count`` is shown beside it when it is not zero."""

    label: str
    href: str
    current: bool
    count: int = 0


def staff_navigation(*, counts: bool = True) -> list[Item]:
    """Return the entries this person may follow; without ``counts`` nothing is asked of the database."""
    person = anybody()
    if person is None:
        return []
    here = (request.endpoint or "").removeprefix("staff.")
    return [
        Item(
            label,
            url_for(f"staff.{name}"),
            here == name,
            notices.unread(person) if counts and name == "notices" else 0,
        )
        for name, label, _ in _open_to(person)
    ]


def may_record() -> bool:
    """Tell whether whoever is signed in may record a complaint."""
    return bool(may(anybody(), "complaint.register"))


def start_page(person: Person | None) -> str:
    """Return the address where this person's work begins: the first entry of their menu."""
    first = next(iter(_open_to(person)), None) if person is not None else None
    return url_for("staff.inbox") if first is None else url_for(f"staff.{first[0]}")


def _open_to(person: Person) -> list[tuple[str, str, str]]:
    return [item for item in ITEMS if may(person, item[2])]
