"""Pages for colleagues: sign-in, inbox, task, complaint, search, recording a complaint, notices.

Routes load, ask once, render. What may be seen is decided by ``api.identity.decide`` and the engine's task guard.
"""

from flask import Blueprint

blueprint = Blueprint("staff", __name__, url_prefix="/staff", template_folder="../templates")

from api.web.staff import (  # noqa: E402
    account,
    calendars,
    clocks,
    complaint,
    conflicts,
    deadlines,
    files,
    inbox,
    incidents,
    instances,
    notices,
    outside,
    people,
    record,
    said,
    search,
    task,
    timers,
    who_complains,
)

__all__ = [
    "account",
    "blueprint",
    "calendars",
    "clocks",
    "complaint",
    "conflicts",
    "deadlines",
    "files",
    "inbox",
    "incidents",
    "instances",
    "notices",
    "outside",
    "people",
    "record",
    "said",
    "search",
    "task",
    "timers",
    "who_complains",
]
