"""The main navigation of staff pages: what this person may do, where they are, how many notices wait."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

from api.context import anybody
from api.identity.decide import may
from api.web.staff import notices

ITEMS = (
    ("inbox", "Inbox", "task.list"),
    ("search", "Complaints", "complaint.search"),
    ("record", "Record", "complaint.register"),
    ("due", "Deadlines", "due.list"),
    ("calendar_list", "Calendars", "calendar.read"),
    ("notices", "Notices", "task.list"),
    ("instances", "Processes", "instance.read"),
    ("incidents", "Stuck steps", "incident.read"),
    ("people", "People", "people.manage"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry. ``count`` is shown beside it when it is not zero."""

    label: str
    href: str
    current: bool
    count: int = 0


def staff_navigation() -> list[Item]:
    """Return the entries this person may follow."""
    person = anybody()
    if person is None:
        return []
    here = (request.endpoint or "").removeprefix("staff.")
    return [
        Item(
            label, url_for(f"staff.{name}"), here == name, notices.unread(person) if name == "notices" else 0
        )
        for name, label, needed in ITEMS
        if may(person, needed)
    ]
