"""Job types that move clocks: start, meet, pause, resume, extend, cancel, end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from api.complaints import letters_owed
from api.complaints.channels import KINDS
from api.complaints.clock_rows import ClockNotFound, clocks_in
from api.complaints.clock_start import promised_policy
from api.complaints.errand import Errand, as_day
from api.complaints.evidence import meet_by_step
from api.complaints.extensions import ask, promise
from api.complaints.held_twice import asked
from api.complaints.letters_over import answers_to_come
from api.complaints.tables import LetterRow, newest_first
from engine.deadlines.compute import Anchor
from engine.deadlines.errors import (
    BoundPassed,
    ClockEnded,
    ClockNotPausable,
    ClockNotRunning,
    ExtensionRefused,
    PauseReasonRefused,
)
from engine.deadlines.state import Evidence
from engine.zones import reached_on

RUNS_ON = (ClockNotFound, ClockNotPausable, ClockNotRunning, ClockEnded, BoundPassed, PauseReasonRefused)
"""Why a clock may not pause: the case goes on all the same, and so does the clock."""

_FOLLOWS = {"referral_window": "final_response_sent"}
BY_JOB = frozenset({"offer_accepted"})  # anchors of clocks that a diagram starts when the event happens


def start_clocks(errand: Errand) -> None:
    """``redress:start-clocks``: every clock of the deadline table for this regime, category and stage (header ``stage``).

    Raises ``ComplaintWithoutClock``, an incident of the case, when one is missing that says by when it is acknowledged or
    answered: it would wait without anybody being late.
    """
    complaint = errand.complaint
    complaint.regime = asked(errand, "regime", errand.text("regime"), complaint.regime) or complaint.regime
    complaint.category = asked(errand, "category", errand.text("category"), complaint.category)
    stage = errand.context.headers.get("stage")
    moved = errand.tools.clocks.start_by_policy(
        errand.desk, complaint, category=complaint.category, stage=stage
    )
    errand.tools.clocks.refuse_without_clock(errand.desk, complaint, category=complaint.category, stage=stage)
    errand.moved(moved)


def start_clock(errand: Errand) -> dict[str, Any]:
    """``redress:start-clock``: one clock (header ``clock``), from the table, or until the date in input ``due``.

    Header ``letter`` names the letter that makes the promise, as it leaves; without one, or where none could be written, it is made
    here. Input ``subject`` tells several promises apart. Returns ``due``, the day by which a promise is to be kept: the one given,
    or sooner where a clock that runs under the same name ends before it; null for a clock of the table. A clock that counts
    from the final letter starts when that letter leaves, counted from its writing: here if it has left, else with its dispatch;
    never while nobody could be written to.
    """
    name, complaint, due = errand.header("clock"), errand.complaint, as_day(errand.value("due"))
    if due is None:
        if name in _FOLLOWS:
            letter = _final_letter(errand)
            if letter is None or letter.dispatched_at is None:
                return {"due": None}
            moved = errand.tools.clocks.happened(errand.desk, complaint, _FOLLOWS[name], letter.queued_at)
            errand.moved(moved)
            return {"due": None}
        moved = errand.tools.clocks.start_with(
            errand.desk,
            complaint,
            name,
            anchor=Anchor("started", at=errand.now),
            category=complaint.category,
            stage=errand.context.headers.get("stage"),
        )
        errand.moved(moved)
        return {"due": None}
    tools, desk, subject = errand.tools, errand.desk, errand.text("subject")
    by_letter = errand.context.headers.get("letter")
    errand.moved(
        promise(
            tools.clocks, tools.letters, desk, complaint, name, due=due, letter=by_letter, subject=subject
        )
    )
    counts = tools.clocks.promised_on(errand.session, complaint.key, promised_policy(name, subject))
    return {"due": counts or due}


def meet_clock(errand: Errand) -> None:
    """``redress:meet-clock``: evidence of having reached the complainant (inputs ``evidence``, ``at``), or a skip.

    ``at`` is a moment, or a day in the service's zone: what was done on a day was done on it to its end. Input ``subject`` names
    the promise that was kept: its own clock is met, and a limit of the rules too, once nothing that it is for is left to carry
    out; without it every open round of the clock is met.
    """
    name, how = errand.header("clock"), errand.text("evidence") or "e-mail"
    if how == "skip":
        errand.moved(errand.tools.clocks.skip(errand.desk, errand.complaint, name))
        return
    kind = KINDS.get(how, how)
    at = errand.value("at")
    sent_at = at if isinstance(at, datetime) and at.tzinfo else None
    if sent_at is None:
        day = as_day(at)
        sent_at = (
            errand.now if day is None else reached_on(day, errand.tools.settings.time_zone, now=errand.now)
        )
    evidence = Evidence(kind, errand.context.element_id, min(sent_at, errand.now))
    subject = errand.text("subject")
    if subject is not None:
        errand.moved(errand.tools.clocks.meet(errand.desk, errand.complaint, name, evidence, subject=subject))
        return
    errand.moved(meet_by_step(errand.tools.clocks, errand.desk, errand.complaint, name, evidence))


def pause_clock(errand: Errand) -> None:
    """``redress:pause-clock``: inputs ``category``, ``reason``; a clock that is not there, late, or may not pause is left."""
    name, category = errand.header("clock"), errand.text("category") or "complainant"
    try:
        moved = errand.tools.clocks.pause(errand.desk, errand.complaint, name, category=category)
    except RUNS_ON:
        return
    errand.moved(moved)


def resume_clock(errand: Errand) -> None:
    """``redress:resume-clock``: end the pauses of the clock, if it is paused."""
    name = errand.header("clock")
    if errand.tools.clocks.is_paused(errand.session, errand.complaint.key, name):
        errand.moved(errand.tools.clocks.resume(errand.desk, errand.complaint, name))


def extend_clock(errand: Errand) -> dict[str, Any]:
    """``redress:extend-clock``: by the policy's rule, from the moment its letter (header ``letter``) leaves.

    Returns ``extended``, false with ``extensionRefused`` when the rules or a missing letter are against it.
    """
    name, letter = errand.header("clock"), errand.context.headers.get("letter", "holding-notice")
    category = errand.text("category") or ""
    try:
        tools, desk = errand.tools, errand.desk
        moved = ask(
            tools.clocks, tools.letters, desk, errand.complaint, name, letter=letter, category=category
        )
    except ExtensionRefused as refusal:
        errand.tell("clock-extension-refused", refusal.message, facts={"clock": name})
        return {"extended": False, "extensionRefused": refusal.message}
    errand.moved(moved)
    return {"extended": True, "extensionRefused": None}


def cancel_clock(errand: Errand) -> None:
    """``redress:cancel-clock``: the clock (header) is no longer needed, for the reason in input ``reason``.

    One that a letter on its way answers is left: the letter says when it was met.
    """
    clocks, name = errand.tools.clocks, errand.header("clock")
    errand.moved(clocks.cancel(errand.desk, errand.complaint, [name], but=_to_come(errand)))


def end_clocks(errand: Errand) -> None:
    """``redress:end-clocks``: nobody wants the round of header ``stage``: its open clocks end, and the answer promised in it.

    Input ``reason`` says why. A clock that a letter on its way answers is left: the letter says when it was met.
    """
    clocks, stage = errand.tools.clocks, errand.header("stage")
    errand.moved(clocks.cancel_stage(errand.desk, errand.complaint, stage, but=_to_come(errand)))


def _to_come(errand: Errand) -> frozenset[str]:
    complaint = errand.complaint
    return answers_to_come(errand.session, complaint, errand.tools.letters, state=complaint.state)


def _final_letter(errand: Errand) -> LetterRow | None:
    """Return the letter that tells our newest answer; None while it waits for somebody to be reached."""
    if any("final_response" in clocks_in(unsent.meets) for unsent in letters_owed.kept(errand.complaint)):
        return None
    return errand.session.scalar(
        select(LetterRow)
        .where(
            LetterRow.complaint_key == errand.complaint.key,
            LetterRow.meets.like("%final_response%"),
            LetterRow.replaced_at.is_(None),
        )
        .order_by(*newest_first(LetterRow))
        .limit(1)
    )
