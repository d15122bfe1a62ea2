"""Work a command left for later transactions, taken up by workers."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.commands import events
from engine.commands.errors import FenceLost
from engine.commands.house import House
from engine.commands.step import Step
from engine.errors import Broken
from engine.store import jobs
from engine.store.jobs import Claim


class ChoreUnknown(Broken):
    """This release does not know this chore."""

    code = "chore_unknown"


def run_chore(house: House, session: Session, claim: Claim, *, by: Actor) -> None:
    """Do a claimed chore and settle it. Raises ``FenceLost``, ``ChoreUnknown``."""
    step = Step(house, session, actor=by, command="chore")
    step.lock("job", claim.key)
    if not jobs.settle(session, claim, now=step.now):
        raise FenceLost(job=claim.key)
    if claim.type != events.DELIVER_SIGNAL:
        raise ChoreUnknown(chore=claim.type)
    events.deliver_later(step, claim.instance_key or 0, jobs.payload_of(session, claim.key))
    step.finish()
