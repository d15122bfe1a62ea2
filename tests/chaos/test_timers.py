"""Each timer takes effect exactly once while its workers are killed and stalled (P2); without the fence one stall does harm."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.clock import SystemClock
from engine.store import jobs, tables
from engine.store.search import Query
from tests.chaos.timer_worker import EFFECTS, engine_at, settle_without_fence, ticking, work

pytestmark = pytest.mark.slow
OCCURRENCES = 3


@dataclass(frozen=True)
class Storm:
    """How much happens: timers (three occurrences for each case), kills, stalls longer than the lease."""

    timers: int
    kills: int
    stalls: int
    lease_s: float
    spread_s: float  # over which the cases' first timers fall due
    workers: int = 3


CI = Storm(timers=600, kills=22, stalls=9, lease_s=2.0, spread_s=9)
LONG = Storm(timers=3_000, kills=60, stalls=40, lease_s=0.5, spread_s=40)


@pytest.fixture
def storm(request):
    """What ``make chaos`` (``--long``) and everyday runs go through."""
    return LONG if request.config.getoption("--long") else CI


@pytest.fixture
def seed():
    """A seed to run again from, printed when the test fails."""
    chosen = random.SystemRandom().randrange(10**9)
    print(f"seed {chosen}")
    return chosen


class Crew:
    """Worker processes that are killed and stalled, and replaced at once."""

    def __init__(self, url, storm):
        self._url, self._storm = url, storm
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.chaos.timer_worker"])
        self.members = [self._hire(number) for number in range(storm.workers)]
        self.stalled = set()

    def _hire(self, number):
        name = f"worker-{number}"
        process = self._context.Process(target=work, args=(self._url, name, self._storm.lease_s), daemon=True)
        process.start()
        return process

    def kill(self, number):
        process = self.members[number]
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)
        self.members[number] = self._hire(number)

    def stall(self, number, seconds):
        """Stop a worker for longer than its lease; on SQLite a stopped writer keeps everybody waiting as long."""
        process = self.members[number]
        os.kill(process.pid, signal.SIGSTOP)
        self.stalled.add(number)

        def wake():
            self.stalled.discard(number)
            if process.is_alive():
                os.kill(process.pid, signal.SIGCONT)

        timer = threading.Timer(seconds, wake)
        timer.daemon = True
        timer.start()

    def end(self):
        for process in self.members:
            os.kill(process.pid, signal.SIGKILL)
            process.join(10)


@contextmanager
def armed(url, *, cases, lead_s, spread_s, every="PT2S"):
    """Give an engine with its cases armed, the first timers due from ``lead_s`` on; clean up behind it."""
    engine = engine_at(url)
    EFFECTS.metadata.create_all(engine.database.writer)
    engine.deploy([("ticking.bpmn", ticking(OCCURRENCES, every))])
    now = SystemClock().now()
    for number in range(cases):
        begin = now + timedelta(seconds=lead_s + spread_s * number / cases)
        engine.start("ticking", {"begin": begin.isoformat()})
    try:
        yield engine
    finally:
        EFFECTS.metadata.drop_all(engine.database.writer)
        engine.database.dispose()


@contextmanager
def fleet(url, storm):
    """Give an engine with its cases armed, and the crew that fires their timers."""
    cases = storm.timers // OCCURRENCES
    with armed(url, cases=cases, lead_s=cases / 50, spread_s=storm.spread_s) as engine:
        crew = Crew(url, storm)
        try:
            yield engine, crew
        finally:
            crew.end()


def rage(engine, crew, storm, seed):
    """Kill and stall at random, one worker always left alone, until every timer is done and the storm is over."""
    chance, pause = random.Random(seed), threading.Event()
    blows = ["kill"] * storm.kills + ["stall"] * storm.stalls
    chance.shuffle(blows)
    for blow in blows:
        pause.wait(0.45 + 0.2 * chance.random())
        number = chance.randrange(1, storm.workers)
        if number in crew.stalled:
            number = storm.workers - number
        if number in crew.stalled:
            continue
        if blow == "kill":
            crew.kill(number)
        else:
            crew.stall(number, storm.lease_s * 1.25)
    for _ in range(600):
        if not waiting(engine):
            break
        pause.wait(0.2)
    pause.wait(storm.lease_s * 1.5)  # whoever was stalled acts now, if nothing keeps it


def waiting(engine):
    """Return whether a timer is not done."""
    return len(engine.timers(Query(limit=1)).items)


def firings(engine):
    """Return how often each case's timer took effect, and how many incidents there are."""
    with engine.database.reader.connect() as connection:
        counts = Counter(row.instance_key for row in connection.execute(sa.select(EFFECTS)))
        troubles = connection.scalar(sa.select(sa.func.count()).select_from(tables.incidents))
        leases = connection.scalar(
            sa.select(sa.func.count())
            .select_from(tables.jobs)
            .where(tables.jobs.c.lease_until.is_not(None), tables.jobs.c.status != "ready")
        )
    return counts, troubles, leases


def test_no_timer_fires_twice_and_none_is_lost_under_kills_and_stalls(database_url, storm, seed):
    with fleet(database_url, storm) as (engine, crew):
        rage(engine, crew, storm, seed)

        counts, troubles, leases = firings(engine)
        twice = {key: count for key, count in counts.items() if count > OCCURRENCES}
        assert twice == {}
        assert sum(counts.values()) == storm.timers
        assert (troubles, leases, engine.sweep()) == (0, 0, ())


@pytest.mark.parametrize("fenced", [True, False], ids=["fenced", "unfenced"])
def test_a_worker_that_wakes_after_its_lease_does_harm_only_without_the_fence(
    database_url, monkeypatch, fenced
):
    if not fenced:
        monkeypatch.setattr(jobs, "settle", settle_without_fence)
    with armed(database_url, cases=1, lead_s=3, spread_s=0, every="PT1H") as engine:
        late, prompt = (engine.worker(name, lease=timedelta(seconds=0.5)) for name in ("late", "prompt"))
        threading.Event().wait(3.5)
        (overdue,) = late.claim(20)
        threading.Event().wait(0.7)
        assert prompt.run_once() == 1
        late.do(overdue)
        while prompt.run_once():
            pass
        counts, troubles, _ = firings(engine)

    assert (sum(counts.values()), troubles) == ((1, 0) if fenced else (2, 0))
