"""The metronome: APScheduler as a clock that wakes workers and chores, and stores nothing (reliability
§5).
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from engine.clock import Clock
from engine.jobs.lines import Line
from engine.jobs.listener import Listener
from engine.jobs.worker import Worker

LOG = logging.getLogger(__name__)
CLAIM = timedelta(seconds=1)
SWEEP = timedelta(seconds=60)
PURGE = timedelta(hours=1)
BEAT = timedelta(seconds=5)  # a chore that ticks more often is noted no more often
WORKING_SHARE = 0.8  # of its interval a claim tick works and waits


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do again and again; ``run`` must be safe to repeat."""

    name: str
    every: timedelta
    run: Callable[[], object]


class Works(Protocol):
    """What the metronome needs of the engine."""

    clock: Clock
    lines: tuple[Line, ...]

    def listener(self) -> Listener:
        """Return what hears of work from other processes."""

    def worker(self, name: str, *, line: Line) -> Worker:
        """Return a new worker of a line."""

    def sweep(self) -> Any:
        """Look for cases that are stuck."""

    def purge(self) -> Any:
        """Remove what is over."""

    def beat(self, name: str, host: str, *, chore: str | None = None) -> None:
        """Note that this process lives, and that a chore of it went well."""


class Metronome:
    """Ticks for one process. Start it after forking, once.

    Every line of work and every chore has a thread of its own, so that none waits for another: a mail server
    that takes its time delays letters alone. What fails, or takes its thread down, is done again at its next
    tick; when each went well last is among the signs of life.
    """

    def __init__(self, engine: Works, *, chores: Iterable[Chore] = (), name: str | None = None) -> None:
        """``chores`` come on top of claiming, sweeping and purging. ``name`` is that of this process."""
        self._engine = engine
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self._stop = threading.Event()
        self._beaten: dict[str, datetime] = {}  # by chore, each the concern of one thread
        self._workers = {
            line.name: engine.worker(f"{self.name}/{line.name}", line=line) for line in engine.lines
        }
        self._listener = engine.listener()
        own = (
            *(Chore(name, CLAIM, partial(self._claim, one)) for name, one in self._workers.items()),
            Chore("sweep", SWEEP, engine.sweep),
            Chore("purge", PURGE, engine.purge),
        )
        self._chores = (*own, *chores)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(len(self._chores) + 1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin ticking; every chore runs at once, then at its interval."""
        self._listener.start()
        now: datetime = self._engine.clock.now()
        for chore in self._chores:
            self._scheduler.add_job(
                self._run,
                "interval",
                args=(chore,),
                id=chore.name,
                seconds=chore.every.total_seconds(),
                next_run_time=now,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking, finish what is under way, give back what was not begun."""
        self._stop.set()
        for worker in self._workers.values():
            worker.stop()
        self._listener.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _claim(self, worker: Worker) -> None:
        worker.run_for(CLAIM.total_seconds() * WORKING_SHARE, stop=self._stop)

    def _run(self, chore: Chore) -> None:
        if self._stop.is_set():
            return
        try:
            chore.run()
            self._beat(chore)
        except Exception:
            LOG.exception("chore %s failed", chore.name)

    def _beat(self, chore: Chore) -> None:
        now, last = self._engine.clock.now(), self._beaten.get(chore.name)
        if last is None or abs(now - last) >= BEAT:
            self._engine.beat(self.name, socket.gethostname(), chore=chore.name)
            self._beaten[chore.name] = now
