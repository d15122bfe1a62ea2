"""Job types that move clocks: start, meet, pause, resume, extend, cancel."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from api.complaints.errand import Errand
from engine.deadlines.errors import ExtensionRefused
from engine.deadlines.compute import Anchor
from engine.deadlines.policy import DeadlinePolicy
from engine.deadlines.state import Evidence

EVIDENCE = {
    "e-mail": "message_accepted",
    "web": "message_accepted",
    "letter": "letter_posted",
    "post": "letter_posted",
    "phone": "call_logged",
    "in-person": "handed_over",
    "social": "message_accepted",
}
ANCHORS = {"acknowledgement": "acknowledged", "final_response": "final_response_sent"}
_FOLLOWS = {"referral_window": "final_response_sent"}


def start_clocks(errand: Errand) -> None:
    """``redress:start-clocks``: every clock of the deadline table for this regime, category and stage (header ``stage``)."""
    complaint = errand.complaint
    complaint.regime = errand.text("regime") or complaint.regime
    complaint.category = errand.text("category") or complaint.category
    stage = errand.context.headers.get("stage")
    moved = errand.tools.clocks.start_by_policy(errand.desk, complaint, category=complaint.category, stage=stage)
    errand.moved(moved)


def start_clock(errand: Errand) -> None:
    """``redress:start-clock``: one clock (header ``clock``), from the table, or until the date in input ``due``."""
    name, complaint, due = errand.header("clock"), errand.complaint, _day(errand.value("due"))
    if due is None:
        event = _FOLLOWS.get(name, "started")
        moved = errand.tools.clocks.start_with(
            errand.desk,
            complaint,
            name,
            anchor=Anchor(event, at=errand.now),
            category=complaint.category,
            stage=errand.context.headers.get("stage"),
        )
    else:
        moved = errand.tools.clocks.start_until(errand.desk, complaint, _promised(name), due=due)
    errand.moved(moved)


def meet_clock(errand: Errand) -> None:
    """``redress:meet-clock``: evidence that the complainant was reached (inputs ``evidence``, ``at``), or a reasoned skip."""
    name, how = errand.header("clock"), errand.text("evidence") or "e-mail"
    if how == "skip":
        errand.moved(errand.tools.clocks.skip(errand.desk, errand.complaint, name))
        return
    kind = EVIDENCE.get(how, how)
    at = errand.value("at")
    sent_at = at if isinstance(at, datetime) and at.tzinfo else errand.now
    meet(errand, name, Evidence(kind, errand.context.element_id, min(sent_at, errand.now)))


def meet(errand: Errand, name: str, evidence: Evidence) -> None:
    """Meet a clock and start those that count from this very event."""
    clocks, desk, complaint = errand.tools.clocks, errand.desk, errand.complaint
    moved = clocks.meet(desk, complaint, name, evidence)
    if name in ANCHORS:
        moved += clocks.anchor_happened(desk, complaint, ANCHORS[name], evidence.sent_at)
    errand.moved(moved)


def pause_clock(errand: Errand) -> None:
    """``redress:pause-clock``: inputs ``category`` and ``reason``; a clock the complaint has not, or may not pause, is left."""
    name = errand.header("clock")
    if errand.tools.clocks.pausable(errand.session, errand.complaint.key, name):
        category = errand.text("category") or "complainant"
        errand.moved(errand.tools.clocks.pause(errand.desk, errand.complaint, name, category=category))


def resume_clock(errand: Errand) -> None:
    """``redress:resume-clock``: end the pauses of the clock, if it is paused."""
    name = errand.header("clock")
    if errand.tools.clocks.is_paused(errand.session, errand.complaint.key, name):
        errand.moved(errand.tools.clocks.resume(errand.desk, errand.complaint, name))


def extend_clock(errand: Errand) -> dict[str, Any]:
    """``redress:extend-clock``: by the policy's rule, after its letter; returns ``extended`` and, when refused, why."""
    name = errand.header("clock")
    try:
        moved = errand.tools.clocks.extend(
            errand.desk,
            errand.complaint,
            name,
            category=errand.text("category") or "",
            letter=errand.context.headers.get("letter", "holding-notice"),
        )
    except ExtensionRefused as refusal:
        errand.tell("clock-extension-refused", refusal.message, facts={"clock": name})
        return {"extended": False, "extensionRefused": refusal.message}
    errand.moved(moved)
    return {"extended": True, "extensionRefused": None}


def cancel_clock(errand: Errand) -> None:
    """``redress:cancel-clock``: the clock (header) is no longer needed, for the reason in input ``reason``."""
    errand.moved(errand.tools.clocks.cancel(errand.desk, errand.complaint, [errand.header("clock")]))


def _promised(name: str) -> DeadlinePolicy:
    """Return the rule of a date somebody promised: due at the end of that very day."""
    return DeadlinePolicy(
        id=f"promised-{name}", regime="promise", clock=name, anchor="promised", amount=0, unit="calendar_days", version="1",
        legal_source="A date promised to the complainant",
    )


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(value) if isinstance(value, str) and value else None

