"""What a small case costs inside one process, beside SpiffWorkflow used the obvious way."""

from __future__ import annotations

import time

from engine.engine import Engine
from engine.store.database import Database, connect
from engine.store.migrations import upgrade
from tests.bench.ground import START_WITH, counting, folder, play, postgres_url, size_of, small, sqlite
from tests.bench.naive import Naive
from tests.bench.report import Report

CASES = 150


def measure(report: Report) -> None:
    """Measure small cases on both databases, then the naive way."""
    with sqlite() as database, report.section("Small case, in process, SQLite"):
        _cases(report, database)
    with postgres_url() as url, report.section("Small case, in process, PostgreSQL"):
        if url is None:
            report.say("skipped: no PostgreSQL server is reachable at REDRESS_TEST_POSTGRES_URL")
        else:
            database = connect(url)
            upgrade(database)
            try:
                _cases(report, database)
            finally:
                database.dispose()
    with folder() as place, report.section("Small case, SpiffWorkflow alone, one JSON row per case, SQLite"):
        naive = Naive(place / "naive.db")
        naive.play(START_WITH)
        report.add(
            "cases per second, one thread",
            _per_second(lambda: naive.play(START_WITH)),
            "cases/s",
            better="more",
        )
        report.add("bytes of the stored state of a finished case", naive.bytes_per_case(), "bytes")
        naive.database.close()


def _cases(report: Report, database: Database) -> None:
    engine = Engine(database)
    engine.deploy([("small.bpmn", small())])
    for _ in range(5):
        play(engine)
    _count(report, engine)
    before = size_of(database)
    rate = _per_second(lambda: play(engine))
    report.add("cases per second, one thread (start + 2 completions)", rate, "cases/s", better="more")
    report.add(
        "bytes per finished case, history and indexes included", (size_of(database) - before) / CASES, "bytes"
    )


def _count(report: Report, engine: Engine) -> None:
    database = engine.database
    with counting(database) as counted:
        case = engine.start("small", START_WITH)
    report.add("statements to start a case", counted.statements, "statements", target=10)
    report.add("commits to start a case", counted.commits, "commits", target=1)
    (task,) = engine.open_tasks(case.key)
    for name in ("first", "second"):
        with counting(database) as counted:
            opened = engine.complete_task(task.user_task_key, {"note": "seen"}).opened
        report.add(f"statements to complete the {name} task", counted.statements, "statements", target=10)
        report.add(f"commits to complete the {name} task", counted.commits, "commits", target=1)
        if opened:
            task = engine.task(opened[0].key)


def _per_second(work) -> float:
    began = time.perf_counter()
    for _ in range(CASES):
        work()
    return CASES / (time.perf_counter() - began)
