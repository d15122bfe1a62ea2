"""The organisation's time limits in words, from the same deadline table that drives the clocks."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from api.complaints.policies import policies_for
from api.identity import people
from api.wiring import Redress
from engine.calendars import Calendar
from engine.deadlines.policy import DeadlinePolicy
from engine.zones import local_date

_UNITS = {
    "business_days": "working day",
    "calendar_days": "day",
    "weeks": "week",
    "months": "month",
    "hours": "hour",
    "business_hours": "working hour",
}
_WHICHEVER = {"earliest": "whichever is sooner", "latest": "whichever is later"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in words, such as ``10 working days``, by clock; a limit the table does not set is missing."""

    first: Mapping[str, str]
    second: Mapping[str, str]
    longer: str | None
    week: str
    day_zero_counts: bool


def limits_in_words(service: Redress) -> Limits:
    """Return the limits of the organisation's own regime for a complaint received today, first and second stage."""
    today = local_date(service.clock.now(), service.calendars.get(None).zone)

    def chosen(stage: str) -> dict[str, DeadlinePolicy]:
        found = service.engine.read(
            lambda session: policies_for(
                session,
                regime=service.organisation.regime,
                category=None,
                stage=stage,
                on=today,
                moment=service.moment(),
            )
        )
        return {policy.clock: policy for policy in found}

    first, second = chosen("one"), chosen("two")
    answer = first.get("final_response")
    more = answer.extension if answer is not None else None
    return Limits(
        {clock: in_words(policy) for clock, policy in first.items()},
        {clock: in_words(policy) for clock, policy in second.items()},
        amount(more.amount, more.unit) if more is not None and more.counts_from == "due" else None,
        working_week(service.calendars.get(None), today),
        answer is not None and answer.day_zero == "include",
    )


def somebody_is_on_duty(service: Redress) -> bool:
    """Tell whether danger reaches a person at any hour: somebody active is on duty and has an e-mail address."""
    on_duty = service.engine.read(lambda session: people.eligible(session, {"on-duty"}))
    return any(person.email for person in on_duty)


def working_week(calendar: Calendar, today: date) -> str:
    """Return the weekdays that count as working days: ``Monday to Friday``, ``Sunday, Monday, Tuesday``."""
    month = [today + timedelta(days=number) for number in range(28)]
    days = sorted({day.weekday() for day in month if calendar.is_working_day(day)})
    names = [day_name[day] for day in days]
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)


def in_words(policy: DeadlinePolicy) -> str:
    """Return how long it is: ``20 working days``, ``24 hours or 1 working day, whichever is later``."""
    words = amount(policy.amount, policy.unit)
    if policy.second is None:
        return words
    other = amount(policy.second.amount, policy.second.unit)
    return f"{words} or {other}, {_WHICHEVER[policy.second.combine]}"


def amount(number: int, unit: str) -> str:
    """Return ``1 working day``, ``8 weeks``."""
    return f"{number} {_UNITS[unit]}{'' if number == 1 else 's'}"
