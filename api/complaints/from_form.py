"""What the two intake forms say, as a complaint: the public one and the one colleagues fill in for somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from api.complaints.intake import CHANNELS, ComplaintRefused, NewComplaint, PartyDetails
from api.complaints.parties import WAYS


def _of(prefix: str, name: str) -> str:
    """Return the key of a person's detail: ``otherName`` of ``other`` and ``name``."""
    return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name


_ADDRESS = ("address", "postcode", "town", "country")
_PERSON = ("name", "email", "phone", "preferredChannel", *_ADDRESS)
_BOTH: dict[str, frozenset[str]] = {
    **{_of(prefix, name): frozenset() for prefix in ("", "other") for name in _PERSON},
    **dict.fromkeys(
        ("description", "occurredOn", "product", "problem", "desiredRemedy", "firstRaisedOn"), frozenset()
    ),
    "toldBefore": frozenset({"yes", "no"}),
}
PUBLIC: Mapping[str, frozenset[str]] = _BOTH | {
    "anonymous": frozenset({"yes"}),
    "actingFor": frozenset({"other"}),
    "dangerReported": frozenset({"yes"}),
    "dangerDetails": frozenset(),
    "withOutsideBody": frozenset({"yes"}),
}
"""Every key of the public form that is read here, with the codes it is compared with."""
STAFF: Mapping[str, frozenset[str]] = _BOTH | {
    "problem": frozenset({"employment"}),
    **dict.fromkeys(
        (
            *(
                "receivedOn",
                "receivedTime",
                "backdatingReason",
                "channel",
                "staffConcerned",
                "sentToCompanyOn",
            ),
            *("actingForOther", "anonymous", "dangerReported", "withOutsideBody"),
        ),
        frozenset(),
    ),
}
"""The same of the form colleagues fill in."""
CLOSED: Mapping[str, frozenset[str]] = {
    "channel": frozenset(CHANNELS),
    **{_of(prefix, "preferredChannel"): frozenset(WAYS) for prefix in ("", "other")},
}
"""Keys of both forms → all codes that are understood: any other would be refused, or followed by nobody."""


def from_public_form(
    answers: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, regime: str, documents: tuple[int, ...]
) -> NewComplaint:
    """Return the complaint of the public form's clean ``answers`` (keys of forms/complaint.form), received ``now``.

    Who says to act for somebody else is their representative, whether or not they give a name.
    """
    on_behalf = answers.get("actingFor") == "other"
    sender = _sender(answers, anonymous=answers.get("anonymous") == "yes", on_behalf=on_behalf)
    other = _party(answers, "other") if on_behalf else None
    description = str(answers.get("description") or "")
    if answers.get("dangerDetails"):
        description = f"{description}\n\nDanger: {answers['dangerDetails']}"
    return NewComplaint(
        channel="web",
        received_at=now,
        description=description,
        complainant=other if on_behalf else sender,
        representative=sender if on_behalf else None,
        occurred_on=answers.get("occurredOn"),
        product=answers.get("product"),
        problem=answers.get("problem"),
        category=None,
        regime=regime,
        desired_remedy=answers.get("desiredRemedy"),
        danger_reported=answers.get("dangerReported") == "yes",
        with_outside_body=answers.get("withOutsideBody") == "yes",
        first_raised_on=_first_raised(answers, now.astimezone(zone).date()),
        documents=documents,
    )


def from_staff_form(
    answers: Mapping[str, Any],
    *,
    now: datetime,
    zone: ZoneInfo,
    regime: str,
    documents: tuple[int, ...],
) -> NewComplaint:
    """Return the complaint of the staff form's clean ``answers`` (keys of forms/log-complaint.form).

    Raises ``ComplaintRefused`` with fact ``field``: a date before today without a reason.
    """
    received_at = _received(answers.get("receivedOn"), answers.get("receivedTime"), now=now, zone=zone)
    reason = str(answers.get("backdatingReason") or "").strip() or None
    if received_at.astimezone(zone).date() < now.astimezone(zone).date() and reason is None:
        raise ComplaintRefused(
            "Say why it is entered after the day it was received.", field="backdatingReason"
        )
    on_behalf = answers.get("actingForOther") is True
    sender = _sender(answers, anonymous=answers.get("anonymous") is True, on_behalf=on_behalf)
    return NewComplaint(
        channel=str(answers.get("channel") or "phone"),
        received_at=received_at,
        description=str(answers.get("description") or ""),
        complainant=_party(answers, "other") if on_behalf else sender,
        representative=sender if on_behalf else None,
        occurred_on=answers.get("occurredOn"),
        product=answers.get("product"),
        problem=answers.get("problem"),
        regime=regime,
        desired_remedy=answers.get("desiredRemedy"),
        danger_reported=answers.get("dangerReported") is True,
        with_outside_body=answers.get("withOutsideBody") is True,
        employment=answers.get("problem") == "employment",
        first_raised_on=_first_raised(answers, received_at.astimezone(zone).date()),
        sent_to_company_on=answers.get("sentToCompanyOn"),
        staff_concerned=tuple(answers.get("staffConcerned") or ()),
        documents=documents,
        backdating_reason=reason,
    )


def _sender(answers: Mapping[str, Any], *, anonymous: bool, on_behalf: bool) -> PartyDetails | None:
    """Return who writes to us, None for a complainant without a name: a representative without one is nobody's complainant."""
    if anonymous:
        return PartyDetails() if on_behalf else None
    return _party(answers)


def _first_raised(answers: Mapping[str, Any], received_on: date) -> date | None:
    """Return the day we were told first: the day of receipt when it was never told before, None when nobody knows."""
    if answers.get("toldBefore") == "no":
        return received_on
    return answers.get("firstRaisedOn") if answers.get("toldBefore") == "yes" else None


def _received(day: Any, clock_time: Any, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of receipt: with no time given, the present moment today, else the end of the office's morning."""
    if not isinstance(day, date):
        raise ComplaintRefused("Enter the date it was received.", field="receivedOn")
    if isinstance(clock_time, time):
        return datetime.combine(day, clock_time.replace(tzinfo=None), zone)
    local_now = now.astimezone(zone)
    return now if day == local_now.date() else datetime.combine(day, time(12, 0), zone)


def _party(answers: Mapping[str, Any], prefix: str = "") -> PartyDetails:
    def value(name: str) -> Any:
        return answers.get(_of(prefix, name)) or None

    lines = [str(value(name)) for name in _ADDRESS if value(name)]
    return PartyDetails(
        name=value("name"),
        email=value("email"),
        phone=value("phone"),
        address="\n".join(lines) or None,
        preferred_channel=value("preferredChannel"),
    )
