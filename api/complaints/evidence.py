"""What shows that the complainant was reached, and which clocks it answers."""

from __future__ import annotations

from datetime import datetime

from api.complaints.answered_before import keep_answer
from api.complaints.clock_rows import newest
from api.complaints.clock_start import LEFT
from api.complaints.clocks import CaseClocks, Desk
from api.complaints.states import AWAITED
from api.complaints.tables import ComplaintRow
from engine.deadlines.policy import NOBODY
from engine.deadlines.state import Evidence
from engine.dialect.model import names_in
from engine.errors import Conflict

ANCHORS = {"acknowledgement": "acknowledged", "final_response": "final_response_sent"}


class NothingDecided(Conflict):
    """Nothing is decided yet that could have been told. Decide the complaint first; the answer meets its clock as it leaves."""

    code = "nothing_decided"


def refuse_undecided(complaint: ComplaintRow, clock: str) -> None:
    """Raise ``NothingDecided`` where somebody says that our answer was given, and there is none: the time to go outside would run."""
    if ANCHORS.get(clock) == "final_response_sent" and complaint.state in AWAITED:
        raise NothingDecided(clock=clock, state=complaint.state)


def meet_each(
    clocks: CaseClocks,
    desk: Desk,
    complaint: ComplaintRow,
    names: str,
    evidence: Evidence,
    *,
    counted_from: datetime | None = None,
) -> tuple[str, ...]:
    """Answer the clocks in ``names``, parted by commas, those the complaint has; start what counts from the event.

    What starts counts ``counted_from`` (aware UTC; None: from the evidence), such as when a letter was written that names the
    days. An answer that lies on file reached nobody: nothing counts from it.
    """
    moved: tuple[str, ...] = ()
    for name in names_in(names):
        moved += clocks.meet(desk, complaint, name, evidence)
        if name in ANCHORS and evidence.kind != NOBODY:
            moved += clocks.happened(desk, complaint, ANCHORS[name], counted_from or evidence.sent_at)
    return moved


def meet_by_step(
    clocks: CaseClocks, desk: Desk, complaint: ComplaintRow, names: str, evidence: Evidence
) -> tuple[str, ...]:
    """Answer clocks like ``meet_each`` by a step that no letter shows; what the complaint has no clock for is kept.

    Other rules may ask for it later: it was done then.
    """
    moved = meet_each(clocks, desk, complaint, names, evidence)
    for name in names_in(names):
        row = newest(desk.session, complaint.key, name)
        if row is None or row.state in LEFT:
            keep_answer(complaint, name, evidence)
    return moved
