"""Finding complaints: by reference, person, words, stage, dates; only what the person may read."""

from __future__ import annotations

from datetime import date, datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints.reading import display_names
from api.complaints.references import read_reference
from api.complaints.search import PAGE, SORTS, Wanted, find
from api.complaints.states import STATES
from api.context import require, the_service
from api.db import db
from api.identity.decide import reach
from api.identity.doors import action
from api.web.staff import blueprint

SORT_WORDS = {"received": "Newest first", "oldest": "Oldest first", "priority": "Priority", "state": "Stage"}


@blueprint.get("/complaints")
@action("complaint.search")
def search() -> ResponseReturnValue:
    """Show one page of complaints; a reference that fits exactly one opens it."""
    person = require("complaint.search")
    wanted, problem = _wanted()
    page = request.args.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and 1 <= int(page) <= 10_000 else 1
    session = db.session()
    zone = the_service().settings.time_zone
    found = find(session, person, reach(person), wanted, zone=zone, offset=(number - 1) * PAGE)
    if read_reference(wanted.text) and len(found.lines) == 1:
        return redirect(url_for("staff.complaint", key=found.lines[0].key))
    return render_template(
        "staff/search.html",
        found=found,
        wanted=wanted,
        asked=request.args,
        problem=problem,
        page=number,
        states=[(code, words[0]) for code, words in STATES.items()],
        sorts=[(code, SORT_WORDS[code]) for code in SORTS],
        names=display_names(session),
        filtered=wanted != Wanted(sort=wanted.sort),
    )


def _wanted() -> tuple[Wanted, str]:
    asked = request.args
    days: dict[str, date | None] = {}
    problem = ""
    for name in ("from", "to"):
        text = asked.get(name, "").strip()
        try:
            days[name] = datetime.strptime(text, "%d %m %Y").date() if text else None  # noqa: DTZ007
        except ValueError:
            days[name], problem = None, "Enter days as 27 3 2026."
    state = asked.get("state", "")
    return (
        Wanted(
            text=asked.get("q", "").strip()[:200],
            state=state if state in STATES else None,
            open_only=asked.get("open") == "yes",
            owner=asked.get("owner") or None,
            received_from=days["from"],
            received_to=days["to"],
            breached=asked.get("breached") == "yes",
            held=asked.get("held") == "yes",
            sort=asked.get("sort", "received"),
        ),
        problem,
    )
