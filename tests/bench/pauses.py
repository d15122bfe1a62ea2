"""How long nobody is answered while many start cases at once, over many blocks of keys."""

from __future__ import annotations

import itertools
import threading
import time

from engine.engine import Engine
from engine.keys import Keys
from engine.store.database import Database, connect
from engine.store.migrations import upgrade
from tests.bench.ground import START_WITH, postgres_url, small, sqlite
from tests.bench.report import Report

CLIENTS, STARTS = 8, 100  # each; ten times as many with --long
THINKING = 0.005  # seconds between two requests: who asks again at once takes its own connection back
BLOCK = 400  # keys: with those of the service a short measurement would pass no block


def measure(report: Report) -> None:
    """Measure on both databases."""
    with sqlite() as database, report.section(f"Pauses, {CLIENTS} clients, blocks of {BLOCK} keys, SQLite"):
        _pauses(report, database)
    with (
        postgres_url() as url,
        report.section(f"Pauses, {CLIENTS} clients, blocks of {BLOCK} keys, PostgreSQL"),
    ):
        if url is None:
            report.say("skipped: no PostgreSQL server is reachable at REDRESS_TEST_POSTGRES_URL")
            return
        database = connect(url)
        upgrade(database)
        try:
            _pauses(report, database)
        finally:
            database.dispose()


def _pauses(report: Report, database: Database) -> None:
    blocks: list[int] = []

    def reserve(count: int) -> int:
        blocks.append(count)
        return database.reserve_keys(count)

    database.keys = Keys(reserve, block=BLOCK, low_water=BLOCK // 2)
    engine = Engine(database)
    engine.deploy([("small.bpmn", small())])
    answered: list[float] = []
    starts = STARTS * 10 if report.long else STARTS

    def client() -> None:
        for _ in range(starts):
            engine.start("small", START_WITH)
            answered.append(time.perf_counter())
            threading.Event().wait(THINKING)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moments = sorted([began, *answered])
    longest = max(later - earlier for earlier, later in itertools.pairwise(moments))
    report.add("longest pause in which nobody is answered", longest, "s", target=0.5)
    report.add("blocks of keys reserved meanwhile", len(blocks), "blocks", better="more")
    report.add("cases started", len(answered) / (moments[-1] - began), "cases/s", better="more")
