"""Which deadline policies a complaint gets: the table ``deadline_policies`` in its latest deployed version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import dmn, feel
from engine.deadlines import policy as policies
from engine.deadlines.policy import DeadlinePolicy
from engine.errors import Broken
from engine.store.tables import decision_definitions, resources

DECISION = "deadline_policies"


class DeadlineTableMissing(Broken):
    """The decision table of deadlines is not deployed. Deploy processes/deadlines.dmn."""

    code = "deadline_table_missing"


def policies_for(
    session: Session, *, regime: str, category: str | None, stage: str | None, on: date, moment: feel.Moment
) -> tuple[DeadlinePolicy, ...]:
    """Return one policy per clock for a complaint of this kind whose anchor date is ``on``. Raises ``DeadlineTableMissing``."""
    newest = session.execute(
        select(decision_definitions.c.key, resources.c.content)
        .join(resources, resources.c.key == decision_definitions.c.resource_key)
        .where(decision_definitions.c.decision_id == DECISION, decision_definitions.c.state == "ACTIVE")
        .order_by(decision_definitions.c.version.desc())
        .limit(1)
    ).first()
    if newest is None:
        raise DeadlineTableMissing
    inputs = {"regime": regime, "category": category, "stage": stage, "anchorDate": on}
    decided = dmn.decide(
        _model(newest.key, newest.content), DECISION, {k: feel.inward(v) for k, v in inputs.items()}, moment=moment
    )
    rows: list[Mapping[str, Any]] = feel.outward(decided.required()) or []
    return policies.read_policies(rows, regime=regime, category=category, stage=stage)


@lru_cache(maxsize=4)
def _model(_key: int, content: bytes) -> dmn.Model:
    return dmn.read(content, name="deadlines.dmn")
