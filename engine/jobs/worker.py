"""One worker: claims what is due, does it, settles it; what fails is put back with a growing delay, then
handed to a person.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from engine.actors import service
from engine.commands.chores import run_chore
from engine.commands.errors import FenceLost
from engine.commands.house import House
from engine.commands.step import Step
from engine.commands.timers import fire_claimed
from engine.execution.case import StepBudgetSpent
from engine.execution.state import StateTooLarge
from engine.jobs.letters import LetterGuard, LetterListener, Postman, carry
from engine.jobs.lines import Line
from engine.jobs.own import HandlerFailed, HandlerRefused, run_own
from engine.retry import JOBS
from engine.store import jobs
from engine.store.errors import DatabaseAway, OutcomeUnknown, VersionConflict
from engine.store.jobs import Claim
from engine.store.unit_of_work import read, write

LOG = logging.getLogger(__name__)
LEASE = timedelta(seconds=15)
NOTHING_LOST = (
    VersionConflict,
    DatabaseAway,
    OutcomeUnknown,
)  # cost no try: the lease runs out and somebody tries again


class Worker:
    """Does the due jobs of one line under its own name. One thread uses it at a time."""

    def __init__(
        self,
        house: House,
        name: str,
        line: Line,
        *,
        postman: Postman | None = None,
        letter_listeners: tuple[LetterListener, ...] = (),
        letter_guard: LetterGuard | None = None,
        lease: timedelta = LEASE,
    ) -> None:
        """``name`` must be unique among workers; ``line`` is what this one does.

        Whose line has letters needs a ``postman``; ``letter_guard`` judges each letter once more as it leaves.
        """
        self._house, self._name, self._line, self._lease = house, name, line, lease
        self._postman, self._letter_listeners, self._letter_guard = postman, letter_listeners, letter_guard
        self.actor = service("worker")
        self._stopping = threading.Event()
        self.fence_lost = 0

    def run_once(self, limit: int | None = None) -> int:
        """Claim up to ``limit`` due jobs (None: as many as the line says), do them in the order they were due,
        and return how many were claimed.
        """
        claims = self.claim(self._line.limit if limit is None else limit)
        for position, one in enumerate(claims):
            if self._stopping.is_set():
                self.release(claims[position:])
                break
            self.do(one, *claims[position + 1 :])
        return len(claims)

    def claim(self, limit: int) -> list[Claim]:
        """Lease up to ``limit`` due jobs; return them in the order they were due."""
        return write(
            self._house.database,
            lambda session: jobs.claim(
                session,
                self._line.kinds,
                owner=self._name,
                lease=self._lease,
                limit=limit,
                now=self._house.clock.now(),
                types=self._line.own_types,
                urgent_first=self._line.urgent_first,
            ),
        )

    def do(self, claim: Claim, *waiting: Claim) -> None:
        """Do one claimed job; whatever goes wrong is noted, nothing is raised but the end of the process.

        The leases of those ``waiting`` for their turn are kept up as well.
        """
        try:
            with self._renewed(claim, *waiting):
                self._act(claim)
        except FenceLost:
            self.fence_lost += 1
            LOG.warning("job %s was taken over by another worker", claim.key)
        except NOTHING_LOST as problem:
            LOG.warning("job %s not done now: %s", claim.key, problem)
            self._quietly(lambda: self.release([claim]))
        except HandlerRefused as problem:
            reason, code = str(problem), problem.code
            self._quietly(lambda: self._fail(claim, reason, "JOB_NO_RETRIES", code, at_once=True))
        except HandlerFailed as problem:
            reason = str(problem)
            self._quietly(lambda: self._fail(claim, reason, "JOB_NO_RETRIES", None))
        except (StepBudgetSpent, StateTooLarge) as problem:
            told = problem.without_names() if isinstance(problem, StateTooLarge) else problem
            reason, code, facts = told.message, told.code, told.about
            self._quietly(lambda: self._fail(claim, reason, "UNKNOWN", code, at_once=True, facts=facts))
        except Exception as problem:
            LOG.exception("job %s of kind %s failed", claim.key, claim.kind)
            reason = f"{type(problem).__name__}: {problem}"
            self._quietly(lambda: self._fail(claim, reason, "UNKNOWN", None))

    def release(self, claims: list[Claim]) -> None:
        """Give back what was claimed and not begun."""
        write(self._house.database, lambda session: jobs.release(session, claims))

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished."""
        self._stopping.set()

    def run_for(self, seconds: float, *, stop: threading.Event, pause: float = 1.0) -> None:
        """Work until ``seconds`` have passed: claim, act, wait for a wake-up or the next due moment."""
        house = self._house
        begun = house.clock.now()
        while not stop.is_set():
            seen = house.wakeup.count()
            worked = self.run_once()
            left = seconds - (house.clock.now() - begun).total_seconds()
            if left <= 0:
                return
            if not worked:
                house.wakeup.wait(seen, min(left, pause, self._until_due()))

    def _until_due(self) -> float:
        due = read(
            self._house.database,
            lambda session: jobs.next_due(session, self._line.kinds, self._line.own_types),
        )
        if due is None:
            return 60.0
        return max((due - self._house.clock.now()).total_seconds(), 0.01)

    def _act(self, claim: Claim) -> None:
        if claim.kind == "timer":
            write(
                self._house.database, lambda session: fire_claimed(self._house, session, claim, by=self.actor)
            )
        elif claim.kind == "own":
            run_own(self._house, claim, by=self.actor)
        elif claim.kind == "chore":
            write(self._house.database, lambda session: run_chore(self._house, session, claim, by=self.actor))
        elif claim.kind == "mail" and self._postman is not None:
            carry(
                self._house,
                claim,
                self._postman,
                by=self.actor,
                lease=self._lease,
                listeners=self._letter_listeners,
                guard=self._letter_guard,
            )

    def _fail(
        self,
        claim: Claim,
        reason: str,
        error_type: str,
        code: str | None,
        *,
        at_once: bool = False,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        write(
            self._house.database,
            lambda session: self._put_back(session, claim, reason, error_type, code, at_once, facts),
        )

    def _put_back(
        self,
        session: Session,
        claim: Claim,
        reason: str,
        error_type: str,
        code: str | None,
        at_once: bool,
        facts: Mapping[str, Any] | None,
    ) -> None:
        house = self._house
        step = Step(house, session, actor=self.actor, command="fail_job")
        if claim.instance_key is not None:
            step.lock("job", claim.key)
        dead = at_once or claim.retries <= 1
        due_at = JOBS.next_due(step.now, claim.tries + 1, key=claim.key)
        if not jobs.put_back(
            session, claim, due_at=due_at, now=step.now, message=reason, code=code, dead=dead
        ):
            raise FenceLost(job=claim.key)
        if dead and claim.instance_key is not None:
            step.rows.open_incident(
                step.head(claim.instance_key),
                error_type=error_type,
                code=code,
                message=reason,
                element_id=claim.element_id,
                element_key=claim.element_instance_key,
                job_key=claim.key,
                facts=facts,
            )
        step.finish()

    def _quietly(self, work: Callable[[], None]) -> None:
        """Note a failure; if even that fails, the lease runs out and the job is tried again."""
        try:
            work()
        except FenceLost:
            self.fence_lost += 1
        except Exception:
            LOG.exception("a failed job could not be put back")

    @contextmanager
    def _renewed(self, claim: Claim, *waiting: Claim) -> Iterator[None]:
        """Renew the leases every third of them while something outside the database is done."""
        outside = self._house.job_types.get(claim.type)
        if claim.kind != "mail" and not (claim.kind == "own" and outside is not None and outside.outside):
            yield
            return
        done = threading.Event()
        thread = threading.Thread(target=self._renew, args=((claim, *waiting), done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew(self, claims: Sequence[Claim], done: threading.Event) -> None:
        def renew(session: Session) -> bool:
            now = self._house.clock.now()
            held = [jobs.renew(session, one, lease=self._lease, now=now) for one in claims]
            return held[0]

        while not done.wait(self._lease.total_seconds() / 3):
            try:
                held = write(self._house.database, renew)
            except Exception:
                LOG.exception("a lease could not be renewed")
                continue
            if not held:
                return
