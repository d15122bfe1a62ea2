"""A complaint whose process somebody started by itself, without a page or the interface: entered from the variables given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.complaints.errand import Errand, Tools, as_day, as_text
from api.complaints.intake import ComplaintRefused, NewComplaint, free_reference, start_variables, store
from api.complaints.of_case import complaint_of_case, forget_case
from api.complaints.tables import ComplaintRow
from engine.actors import Actor
from engine.jobs.types import Beginning
from engine.zones import at_wall, local_date

_OURS = ("complaintKey", "reference")


def enter(beginning: Beginning, tools: Tools) -> None:
    """Have the register know a case before it begins, unless it does: diagrams wait for messages under the key it gives.

    The variables are checked as any other complaint is, and completed by what the register says. Raises ``ComplaintRefused``.
    """
    session, given, zone = beginning.session, beginning.variables, tools.settings.time_zone
    if complaint_of_case(session, beginning.case_key) is not None:
        return
    for name in _OURS:
        if given.get(name) is not None:
            raise ComplaintRefused(f"The register gives a complaint its {name}. Leave it out.", field=name)
    new = _told(given.get, now=beginning.now, tools=tools)
    row = _store(session, new, beginning.case_key, beginning.actor, beginning.now, zone, beginning.next_key)
    given.update(start_variables(row, new, zone=zone))


def enter_begun(errand: Errand) -> ComplaintRow:
    """Return the complaint of a case that began by an event of a diagram, entered now. Raises ``ComplaintRefused``."""
    context, zone = errand.context, errand.tools.settings.time_zone
    new = _told(errand.value, now=errand.now, tools=errand.tools)
    return _store(errand.session, new, context.case_key, context.actor, errand.now, zone, errand.next_key)


def _told(variable: Callable[[str], Any], *, now: datetime, tools: Tools) -> NewComplaint:
    """Return the complaint that variables tell of: start variables of processes/README.md, and a ``description``."""
    zone, issues = tools.settings.time_zone, variable("issues")
    problem = as_text(variable("problem"))
    return NewComplaint(
        channel=as_text(variable("channel")) or "web",
        received_at=_received_at(variable, now=now, zone=zone),
        description=as_text(variable("description")) or problem or "Started without a description",
        complainant=None,
        occurred_on=_day(variable("occurredOn"), "occurredOn"),
        product=as_text(variable("product")),
        problem=problem,
        category=as_text(variable("category")),
        regime=as_text(variable("regime")) or tools.organisation.regime,
        issues=tuple(filter(None, map(_summary, issues if isinstance(issues, list) else ()))),
        danger_reported=variable("dangerReported") is True,
        with_outside_body=variable("withOutsideBody") is True,
        employment=variable("employment") is True,
    )


def _store(
    session: Session,
    new: NewComplaint,
    case_key: int,
    by: Actor,
    now: datetime,
    zone: ZoneInfo,
    next_key: Callable[[], int],
) -> ComplaintRow:
    reference = free_reference(session)
    row = store(session, new, reference, instance_key=case_key, by=by, now=now, zone=zone, next_key=next_key)
    forget_case(session, case_key)
    return row


def _received_at(variable: Callable[[str], Any], *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of receipt: the one given, noon of the day given where that is an earlier one, else now."""
    at = variable("receivedAt")
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            raise ComplaintRefused(f"{at!r} is no date and time.", field="receivedAt") from None
    if isinstance(at, datetime):
        return at if at.tzinfo is not None else at_wall(at, zone)
    on = _day(variable("receivedOn"), "receivedOn")
    if on is None or on == local_date(now, zone):
        return now
    return at_wall(datetime.combine(on, time(12)), zone)


def _day(given: Any, name: str) -> date | None:
    try:
        return as_day(given)
    except ValueError:
        raise ComplaintRefused(f"{given!r} is no date.", field=name) from None


def _summary(issue: Any) -> str:
    return str((issue.get("summary") if isinstance(issue, dict) else issue) or "").strip()
