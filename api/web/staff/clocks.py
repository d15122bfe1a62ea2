"""What people do to a complaint's clocks: pause, resume, extend, answer, correct the receipt, put under another rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import extensions, letter_desk
from api.complaints.anchors import EARLIEST, PLAN, WORDS, DayImpossible, refuse_impossible
from api.complaints.clock_rows import label, wanted
from api.complaints.clocks import Desk
from api.complaints.evidence import meet_each, refuse_undecided
from api.complaints.held_twice import carry_receipt
from api.complaints.missing_days import note_day
from api.complaints.other_rules import RulesUnknown, other_rules
from api.complaints.tables import ComplaintRow, LetterRow, newest_first
from api.context import the_person, the_service
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.complaint import opened, page
from api.web.staff.typed import read_day, read_moment, typed
from engine.deadlines.clocks import Act
from engine.deadlines.errors import ClockEnded
from engine.deadlines.state import ClockState, Evidence
from engine.errors import RedressError
from engine.zones import local_date

Change = Callable[[Desk, ComplaintRow], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What an extension would do: the new date, and the letter that goes out for it."""

    clock: str
    due_before: date | None
    due_after: date | None
    letter: LetterRow | None


@blueprint.post("/complaints/<int:key>/clocks/<name>/<any(pause, resume):verb>")
@action("complaint.clock")
def move_clock(key: int, name: str, verb: str) -> ResponseReturnValue:
    """Pause or resume a clock with a reason; timers that follow it move in the same transaction. 422 with the rule."""
    clocks, category = the_service().case_clocks, typed("category") or "complainant"

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        if verb == "pause":
            return clocks.pause(desk, complaint, name, category=category)
        return clocks.resume(desk, complaint, name)

    return _moved(
        key,
        "complaint.clock",
        change,
        field=f"reason-{name}-{verb}",
        said="The clock has moved, and every timer that follows it.",
    )


@blueprint.post("/complaints/<int:key>/clocks/<name>/extend")
@action("complaint.clock")
def extend_clock(key: int, name: str) -> ResponseReturnValue:
    """Show new date and letter of an extension; with ``confirm``, write it. It counts when the letter has left."""
    row, facts = opened(key, "complaint.clock")
    service, reason, category = (
        the_service(),
        typed("reason"),
        typed("category"),
    )
    field = f"reason-{name}-extend"
    if not reason:
        return page(row, facts, "clocks", problem="Give a reason.", field=field), 422

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        rule = ClockState.from_json(wanted(desk.session, complaint.key, name).saved).policy.extension
        letter = (rule.letter if rule else None) or "holding-notice"
        letter_desk.write_now(service, desk, complaint, letter, reason=reason)
        desk.session.flush()
        return extensions.ask(
            service.case_clocks, service.letters, desk, complaint, name, letter=letter, category=category
        )

    try:
        if not request.form.get("confirm"):
            draft = service.rehearse(lambda session: _draft(session, row.key, name, change, reason))
            return render_template(
                "staff/extend.html", complaint=row, draft=draft, reason=reason, category=category, name=name
            )
        _move(row, change, reason)
    except RedressError as refusal:
        return page(row, facts, "clocks", problem=refusal.message, field=field), 422
    flash(
        "The letter is written. The clock, and every timer that follows it, moves when the letter has left."
    )
    return redirect(url_for("staff.complaint", key=key, tab="clocks"), 303)


@blueprint.post("/complaints/<int:key>/clocks/<name>/met")
@action("complaint.clock")
def meet_clock(key: int, name: str) -> ResponseReturnValue:
    """Note how and when the complainant was reached: evidence that answers the clock, and starts what counts from it."""
    field = f"met-at-{name}"
    try:
        at = read_moment(request.form.get("day", ""), request.form.get("time", ""))
    except ValueError:
        row, facts = opened(key, "complaint.clock")
        return page(
            row, facts, "clocks", problem="Enter the day as 27 3 2026 and the time as 14:30.", field=field
        ), 422
    kind, reason, clocks = (
        request.form.get("evidence", ""),
        typed("reason"),
        the_service().case_clocks,
    )

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        state = ClockState.from_json(wanted(desk.session, complaint.key, name).saved)
        if not state.is_open:
            raise ClockEnded(clock=name, status=state.status)
        refuse_undecided(complaint, name)
        evidence = Evidence(kind, f"noted by {desk.act.by}", at)
        return meet_each(clocks, desk, complaint, name, evidence)

    return _moved(
        key,
        "complaint.clock",
        change,
        field=field,
        said=f"Noted: {label(name).lower()} is answered.",
        reason=reason,
    )


@blueprint.post("/complaints/<int:key>/receipt")
@action("complaint.backdate")
def correct_receipt(key: int) -> ResponseReturnValue:
    """Correct when the complaint was received; what counts from it is counted anew, and no stale reminder goes out."""
    row, facts = opened(key, "complaint.backdate")
    service = the_service()
    now, clocks = service.clock.now(), service.case_clocks
    try:
        received_at = read_moment(request.form.get("received", ""), request.form.get("time", "") or "12:00")
    except ValueError:
        problem = "Enter the day as 27 3 2026 and the time as 14:30."
        return page(row, facts, "clocks", problem=problem, field="received"), 422
    if received_at > now or local_date(received_at, service.settings.time_zone) < EARLIEST:
        return page(
            row, facts, "clocks", problem="The day must be between 1990 and today.", field="received"
        ), 422

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        before = complaint.received_at
        told = {"from": before.isoformat(), "to": received_at.isoformat(), "reason": desk.act.reason}
        desk.tell(complaint.key, "receipt-corrected", "Date of receipt corrected", facts=told)
        moved = clocks.days_corrected(desk, complaint, received_at=received_at)
        carry_receipt(service.engine, desk, complaint, received_at, zone=service.settings.time_zone)
        return moved

    said = "The date of receipt is corrected; its clocks were counted anew."
    return _moved(key, "complaint.backdate", change, field="receipt-reason", said=said)


@blueprint.post("/complaints/<int:key>/days")
@action("complaint.backdate")
def correct_days(key: int) -> ResponseReturnValue:
    """Keep a day that clocks count from, such as that of having told us first; they are counted anew from it."""
    row, facts = opened(key, "complaint.backdate")
    service, event = the_service(), request.form.get("event", "")
    zone = service.settings.time_zone
    today = service.clock.now().astimezone(zone).date()
    try:
        day = read_day(request.form.get("day", ""))
    except ValueError:
        return page(row, facts, "clocks", problem="Enter the day as 27 3 2026.", field="anchor-day"), 422
    if event not in WORDS:
        return page(row, facts, "clocks", problem="Select which day it is.", field="event"), 422
    try:
        refuse_impossible(row, event, day, today=today, zone=zone)
    except DayImpossible as refusal:
        return page(row, facts, "clocks", problem=refusal.message, field="anchor-day"), 422

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        moved = note_day(service.case_clocks, desk, complaint, event, day)
        if event != "agreed":
            return moved
        agreed = Evidence("call_logged", f"noted by {desk.act.by}", desk.act.at)
        return (*moved, *service.case_clocks.meet(desk, complaint, PLAN, agreed))

    said = "The day is kept, and the clocks that count from it were counted anew."
    return _moved(key, "complaint.backdate", change, field="days-reason", said=said)


@blueprint.post("/complaints/<int:key>/kind")
@action("complaint.clock")
def recategorise(key: int) -> ResponseReturnValue:
    """Put the complaint under another regime, category or stage; clocks keep anchor and pauses, what is past is breached."""
    row, facts = opened(key, "complaint.clock")
    form = request.form
    try:
        change = other_rules(
            the_service(),
            regime=form.get("regime", ""),
            category=form.get("category", "") or None,
            stage=form.get("stage", ""),
        )
    except RulesUnknown as refusal:
        return page(row, facts, "clocks", problem=refusal.message, field="regime"), 422
    said = "The clocks follow the new rules, counted from the day they always counted from."
    return _moved(key, "complaint.clock", change, field="kind-reason", said=said)


def _moved(
    key: int, right: str, change: Change, *, field: str, said: str, reason: str | None = None
) -> ResponseReturnValue:
    """Move clocks for the reason given on the page, and go back to it; a missing reason or a refusal is said there."""
    row, facts = opened(key, right)
    reason = typed("reason") if reason is None else reason
    if not reason:
        return page(row, facts, "clocks", problem="Give a reason.", field=field), 422
    try:
        _move(row, change, reason)
    except RedressError as refusal:
        return page(row, facts, "clocks", problem=refusal.message, field=field), 422
    flash(said)
    return redirect(url_for("staff.complaint", key=key, tab="clocks"), 303)


def _move(row: ComplaintRow, change: Change, reason: str) -> None:
    service, person = the_service(), the_person()
    act = Act(at=service.clock.now(), by=person.name, reason=reason)
    service.move_clocks(row.key, change, act=act, by=person.actor)


def _draft(session: Session, key: int, name: str, change: Change, reason: str) -> Draft:
    service, person = the_service(), the_person()
    act = Act(at=service.clock.now(), by=person.name, reason=reason)
    complaint = session.get_one(ComplaintRow, key)
    desk = service.desk(session, act)
    before = wanted(session, key, name).due_on
    after = service.case_clocks.extended_to(desk, complaint, name, category=typed("category"))
    change(desk, complaint)
    session.flush()
    letter = session.scalar(
        select(LetterRow).where(LetterRow.complaint_key == key).order_by(*newest_first(LetterRow)).limit(1)
    )
    if letter is not None:
        session.expunge(letter)
    return Draft(label(name), before, after, letter)
