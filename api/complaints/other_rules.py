"""Putting a complaint under another regime, category or stage: one rule for the page and for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from api.complaints.clock_start import STAGES
from api.complaints.clocks import Desk
from api.complaints.held_twice import put_under
from api.complaints.policies import kinds
from api.complaints.tables import ComplaintRow
from engine.errors import Invalid

if TYPE_CHECKING:
    from api.wiring import Redress


class RulesUnknown(Invalid):
    """Select regime, category and stage from the lists."""

    code = "rules_unknown"


def other_rules(
    service: Redress, *, regime: str, category: str | None, stage: str
) -> Callable[[Desk, ComplaintRow], tuple[str, ...]]:
    """Return the change that puts a complaint under these rules: clocks keep anchor and pauses, what is past is breached.

    It returns the names of the clocks that moved. Raises ``RulesUnknown``, and ``DeadlineTableMissing``; the change raises
    ``ComplaintWithoutClock``.
    """
    known = service.engine.read(kinds)
    if regime not in known.regimes or category not in (None, *known.categories) or stage not in STAGES:
        raise RulesUnknown(
            regimes=", ".join(known.regimes), categories=", ".join(known.categories), stages=", ".join(STAGES)
        )

    def change(desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
        before = f"{complaint.regime}, {complaint.category or 'no category'}"
        put_under(service.engine, desk, complaint, regime=regime, category=category)
        text = f"Now handled as {regime}, {category or 'no category'}"
        told = {"before": before, "reason": desk.act.reason}
        desk.tell(complaint.key, "recategorised", text, facts=told)
        moved = service.case_clocks.start_by_policy(desk, complaint, category=category, stage=stage)
        service.case_clocks.refuse_without_clock(desk, complaint, category=category, stage=stage)
        return moved

    return change
