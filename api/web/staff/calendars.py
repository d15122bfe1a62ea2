"""Business calendars: their hours and days off, a change with everything it moves, and shortenings that wait for a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from api.complaints.clock_rows import label
from api.complaints.tables import ClockRow, ComplaintRow, ExclusionRow
from api.context import require, the_service
from api.db import db
from api.deadlines import calendar_changes, calendars
from api.deadlines.calendars import CalendarChange
from api.identity.decide import may
from api.identity.doors import action
from api.identity.people import Person
from api.web.staff import blueprint
from api.web.staff.typed import typed
from engine.calendar_files import WEEKDAYS
from engine.calendars import Calendar
from engine.deadlines.state import ClockState
from engine.errors import RedressError
from engine.zones import local_date

KINDS = (
    ("closure", "A closure of our own"),
    ("holiday", "A public holiday"),
    ("opening", "Open on this day, with other hours"),
    ("ordinary", "Nothing special any more"),
)
MOST_DAYS, LONGEST_NAME = 60, 200


class _BadDays(Exception):
    """What was typed is no change; the text says why, ``field`` where."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class DayOff:
    """One special day of a calendar in words."""

    on: date
    what: str
    kind: str


@blueprint.get("/calendars")
@action("calendar.read")
def calendar_list() -> ResponseReturnValue:
    """List the calendars with how many open clocks count by each older version of them."""
    require("calendar.read")
    service, session = the_service(), db.session()
    found = [service.calendars.get(each) for each in service.calendars.ids]
    hidden = _kept_from(require("calendar.read").name)
    behind = {calendar.id: calendar_changes.behind(session, calendar, besides=hidden) for calendar in found}
    return render_template(
        "staff/calendars.html", calendars=found, behind=behind, default=service.calendars.default
    )


@blueprint.get("/calendars/<calendar_id>")
@action("calendar.read")
def calendar(calendar_id: str) -> ResponseReturnValue:
    """Show one calendar: hours, days off to come, versions, clocks that wait for approval."""
    require("calendar.read")
    return _page(calendar_id)


@blueprint.post("/calendars/<calendar_id>")
@action("calendar.change")
def change_calendar(calendar_id: str) -> ResponseReturnValue:
    """Show what a change would move; sent again with ``confirm``, store it as a new version and move it all."""
    person, service = require("calendar.change"), the_service()
    before, reason = service.calendars.get(calendar_id), typed("reason")
    try:
        asked = _asked()
        if not reason:
            raise _BadDays("Give a reason.", "reason")
    except _BadDays as problem:
        return _page(calendar_id, problem=str(problem), field=problem.field), 422
    after = asked.on(before, version=before.version + 1)
    if (after.holidays, after.closures, after.special) == (before.holidays, before.closures, before.special):
        return _page(calendar_id, problem="The calendar says so already.", field="day"), 422
    if request.form.get("confirm") != str(after.version):
        return _preview_page(before, after, reason)
    try:
        calendar_changes.change(service, after, asked, reason=reason, by=person.actor)
    except RedressError as refusal:
        return _page(calendar_id, problem=refusal.message), 422
    flash(f"Version {after.version} is in force. Open clocks moved, with every timer that follows them.")
    return redirect(url_for("staff.calendar", calendar_id=calendar_id), 303)


@blueprint.post("/calendars/<calendar_id>/apply")
@action("calendar.change")
def apply_calendar(calendar_id: str) -> ResponseReturnValue:
    """Show what the newest version, which came with a file, moves in open clocks; with ``confirm``, move it."""
    person, service = require("calendar.change"), the_service()
    newest, reason = service.calendars.get(calendar_id), typed("reason")
    if not reason:
        return _page(calendar_id, problem="Give a reason.", field="apply-reason"), 422
    if request.form.get("confirm") != str(newest.version):
        return _preview_page(newest, newest, reason)
    calendar_changes.apply_newest(service, calendar_id, reason=reason, by=person.actor)
    flash("Open clocks moved, with every timer that follows them.")
    return redirect(url_for("staff.calendar", calendar_id=calendar_id), 303)


@blueprint.post("/calendars/<calendar_id>/held")
@action("calendar.change")
def decide_held(calendar_id: str) -> ResponseReturnValue:
    """Approve or decline that a change shortens the clocks ticked."""
    person, reason = require("calendar.change"), typed("reason")
    shown = {str(row.key) for row, *_ in _held(calendar_id, person)}
    keys = [int(key) for key in request.form.getlist("clock") if key in shown]
    if not keys or not reason:
        problem = "Give a reason." if keys else "Tick the clocks you decide on."
        return _page(calendar_id, problem=problem, field="held-reason"), 422
    approve = request.form.get("do") == "approve"
    count = calendar_changes.decide_held(the_service(), keys, approve=approve, reason=reason, by=person.actor)
    flash(f"{count} clocks {'shortened' if approve else 'keep their date'}.")
    return redirect(url_for("staff.calendar", calendar_id=calendar_id), 303)


def _page(calendar_id: str, *, problem: str = "", field: str = "") -> str:
    person, service, session = require("calendar.read"), the_service(), db.session()
    shown = service.calendars.get(calendar_id)
    today = local_date(service.clock.now(), shown.zone)
    hidden = _kept_from(person.name)
    held = [
        (row.key, complaint.reference, label(row.name), row.due_on, state.held)
        for row, complaint, state in _held(calendar_id, person)
    ]
    return render_template(
        "staff/calendar.html",
        calendar=shown,
        hours=[(name.capitalize(), shown.hours[place]) for place, name in enumerate(WEEKDAYS)],
        days=_days(shown, today),
        versions=calendars.versions(session, calendar_id),
        behind=calendar_changes.behind(session, shown, besides=hidden),
        held=held,
        kinds=KINDS,
        may_change=bool(may(person, "calendar.change")),
        typed=request.form,
        problem=problem,
        field=field,
    )


def _held(calendar_id: str, person: Person) -> list[tuple[ClockRow, ComplaintRow, ClockState]]:
    """Return the clocks whose shortening waits for a word, of complaints that are there for ``person``."""
    hidden = _kept_from(person.name)
    found = calendar_changes.held(db.session(), calendar_id)
    return [one for one in found if one[1].key not in hidden]


def _preview_page(before: Calendar, after: Calendar, reason: str) -> str:
    person = require("calendar.change")
    preview = calendar_changes.preview(the_service(), after, besides=_kept_from(person.name))
    return render_template(
        "staff/calendar_preview.html",
        calendar=after,
        from_file=before is after,
        preview=preview,
        clocks=preview.clocks,
        timers=preview.timers,
        typed=request.form,
        reason=reason,
        kinds=dict(KINDS),
    )


def _asked() -> CalendarChange:
    kind, name = request.form.get("kind", ""), typed("name")
    if len(name) > LONGEST_NAME:
        raise _BadDays(f"A name has up to {LONGEST_NAME} characters; this has {len(name)}.", "name")
    first = _day(request.form.get("day", ""), "day")
    last = _day(request.form["until"], "until") if request.form.get("until", "").strip() else first
    if not first <= last < first + timedelta(days=MOST_DAYS):
        raise _BadDays(f"The last day must follow the first by less than {MOST_DAYS} days.", "until")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if kind in ("closure", "holiday"):
        if not name:
            raise _BadDays("Say what it is, for example Works outing.", "name")
        named = dict.fromkeys(days, name)
        return CalendarChange(closures=named) if kind == "closure" else CalendarChange(holidays=named)
    if kind == "opening":
        try:
            opens, closes = (
                time.fromisoformat(request.form.get("opens", "")),
                time.fromisoformat(request.form.get("closes", "")),
            )
        except ValueError:
            raise _BadDays("Enter times as 09:00.", "opens") from None
        if closes <= opens:
            raise _BadDays("It must close after it opens.", "closes")
        return CalendarChange(openings=dict.fromkeys(days, (opens, closes)))
    if kind == "ordinary":
        return CalendarChange(ordinary=frozenset(days))
    raise _BadDays("Select what changes.", "kind")


def _day(text: str, field: str) -> date:
    try:
        day, month, year = (int(part) for part in text.replace("/", " ").replace(".", " ").split())
        found = date(year, month, day)
    except ValueError:
        raise _BadDays("Enter the day as 27 3 2026.", field) from None
    if not 2000 <= found.year <= 2100:
        raise _BadDays("The year must be between 2000 and 2100.", field)
    return found


def _days(shown: Calendar, today: date) -> list[DayOff]:
    days = [DayOff(on, why, "closure") for on, why in shown.closures.items()]
    days += [DayOff(on, why, "holiday") for on, why in shown.holidays.items() if on not in shown.closures]
    days += [
        DayOff(
            on,
            ", ".join(f"{each.opens:%H:%M} to {each.closes:%H:%M}" for each in openings) or "closed",
            "other hours",
        )
        for on, openings in shown.special.items()
    ]
    return sorted((day for day in days if day.on >= today), key=lambda day: day.on)[:MOST_DAYS]


def _kept_from(name: str) -> frozenset[int]:
    """Return the complaints the person may not know of."""
    return frozenset(
        db.session().scalars(select(ExclusionRow.complaint_key).where(ExclusionRow.person_name == name))
    )
