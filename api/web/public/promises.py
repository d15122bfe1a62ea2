"""The organisation's time limits in words, from the same deadline table that drives the clocks."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from api.complaints.anchors import PLAN, RECEIVED
from api.complaints.policies import categories_of, policies_for, second_look
from api.identity import people
from api.web.filters import plain
from api.wiring import Redress
from engine.calendars import Calendar
from engine.deadlines.policy import DeadlinePolicy
from engine.zones import local_date

Chosen = Mapping[str, DeadlinePolicy]  # one policy for each clock
Stages = Mapping[str, Chosen]

_UNITS = {
    "business_days": "working day",
    "calendar_days": "day",
    "weeks": "week",
    "months": "month",
    "hours": "hour",
    "business_hours": "working hour",
}
_WHICHEVER = {"earliest": "whichever is sooner", "latest": "whichever is later"}
DAYS = {  # the day that a clock counts from, as the complainant knows it
    "received": "the day we receive your complaint",
    "first_raised": "the day you first told us of the problem",
    "sent_to_company": "the day your complaint was sent to us",
    "acknowledged": "the day of our confirmation",
    "agreed": "the day we agree with you",
    "offer_accepted": "the day you accept our offer",
    "stage_opened": "the day you tell us so",
    "investigation_finished": "the day we have found out what happened",
    "final_response_sent": "the day of our answer",
}
_SAID = {  # what the public pages promise of a clock, by stage
    ("one", "acknowledgement"): "we confirm that we have it",
    ("one", "early_resolution"): "we settle it quickly, if we can,",
    ("one", "update"): "you hear how far we are",
    ("one", "final_response"): "you have our answer",
    ("two", "final_response"): "somebody else reviews the answer",
    ("one", "referral_window"): "you may take it outside",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in words by clock, such as ``within 10 working days``; a limit the table does not set is missing.

    ``longer`` says by stage how much later the answer may come after a notice; ``special`` holds the categories with other
    limits and their sentences; ``week`` names the working days.
    """

    first: Mapping[str, str]
    second: Mapping[str, str]
    longer: Mapping[str, str]
    special: tuple[tuple[str, str], ...]
    week: str


def limits_in_words(service: Redress) -> Limits:
    """Return the limits of the organisation's own regime for a complaint received today, first and second stage."""
    today = local_date(service.clock.now(), service.calendars.get(None).zone)
    rows, special = service.engine.read(lambda session: _chosen(service, session, today))
    answers = {
        stage: policies["final_response"] for stage, policies in rows.items() if "final_response" in policies
    }
    used = {policy.calendar for policies in rows.values() for policy in policies.values()} or {None}
    return Limits(
        _phrases(rows["one"]),
        _phrases(rows["two"]),
        {stage: words for stage, policy in answers.items() if (words := longer(policy)) is not None},
        tuple(
            (plain(category), said)
            for category, other in special.items()
            if (said := _differences(rows, other))
        ),
        " or ".join(sorted({working_week(service.calendars.get(each), today) for each in used})),
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
    """Return by when it is done: ``within 6 weeks of the day you first told us of the problem``, ``at least every 10 days``.

    Counted from the receipt no day is named. What ends on the very day it counts from is done ``on`` that day.
    """
    length = amount(policy.amount, policy.unit)
    if policy.second is not None:
        other = amount(policy.second.amount, policy.second.unit)
        length = f"{length} or {other}, {_WHICHEVER[policy.second.combine]}"
    if policy.repeats:
        words = f"at least every {length}"
    elif policy.amount == 0 and policy.second is None:
        words = f"{'by' if policy.anchor == 'agreed' else 'on'} {_since(policy)}"
    elif policy.anchor == RECEIVED:
        words = f"within {length}"
    else:
        words = f"within {length} of {_since(policy).removeprefix('the day of ')}"
    asides = "; ".join(_asides(policy))
    return f"{words} ({asides})" if asides else words


def longer(policy: DeadlinePolicy) -> str | None:
    """Return how late a new date may be: ``at most 10 working days later``; None where the rule lets nobody extend it."""
    more = policy.extension
    if more is None:
        return None
    if more.counts_from == "anchor":  # counted anew, in the unit of the rule itself
        return f"within {amount(more.amount, policy.unit)} of {_since(policy).removeprefix('the day of ')}"
    totals = [total for total in (more.cap, more.times and more.times * more.amount) if total]
    return f"at most {amount(min(totals), more.unit)} later"


def amount(number: int, unit: str) -> str:
    """Return ``1 working day``, ``8 weeks``."""
    return f"{number} {_UNITS[unit]}{'' if number == 1 else 's'}"


def _chosen(service: Redress, session: Session, today: date) -> tuple[Stages, dict[str, Stages]]:
    """Return the rows for a complaint of no category, and those of every category, by stage."""
    regime, moment = service.organisation.regime, service.moment()
    offered = ("one", "two") if second_look(session, regime, moment) != "none" else ("one",)

    def stages(category: str | None) -> Stages:
        rows: dict[str, Chosen] = {"one": {}, "two": {}}
        for stage in offered:
            found = policies_for(
                session, regime=regime, category=category, stage=stage, on=today, moment=moment
            )
            rows[stage] = {policy.clock: policy for policy in found}
        return rows

    return stages(None), {category: stages(category) for category in categories_of(session, regime)}


def _phrases(policies: Chosen) -> dict[str, str]:
    phrases = {clock: in_words(policy) for clock, policy in policies.items()}
    for clock, policy in policies.items():
        if policy.anchor == "agreed" and PLAN in policies:
            phrases[clock] += f", and we agree it {phrases[PLAN]}"
    return phrases


def _differences(usual: Stages, special: Stages) -> str:
    """Return what a category is promised otherwise, as one sentence without an end; empty for nothing."""
    said = []
    for (stage, clock), what in _SAID.items():
        policy = special[stage].get(clock)
        if policy is not None and (clock not in usual[stage] or usual[stage][clock].id != policy.id):
            said.append(f"{what} {_phrases(special[stage])[clock]}")
            if clock == "final_response" and (later := longer(policy)):
                said.append(f"if we need longer, we write before that day and give a new date, {later}")
    return "; ".join(said)


def _since(policy: DeadlinePolicy) -> str:
    day = DAYS.get(policy.anchor, f"the day of this: {plain(policy.anchor)}")
    if policy.anchor_rule == "earliest":
        day += ", or of the last day for it if that is sooner"
    return day


def _asides(policy: DeadlinePolicy) -> Iterator[str]:
    """Yield what else moves the end, in words."""
    if policy.day_zero == "include":
        yield "that day included"
    if policy.roll == "next" or (policy.unit == "business_days" and policy.amount == 0):
        yield "the next working day, if the last day is a day off"
    if policy.roll == "previous":
        yield "the working day before, if the last day is a day off"
    if policy.end == "close_of_business":
        yield "by closing time"
    if policy.cutoff is not None:
        hour = "closing time" if policy.cutoff == "closing" else policy.cutoff
        yield f"what comes after {hour}, or on a day off, counts as of the next working day"
    if policy.pausable:
        yield "the time stands still while we wait for others"
