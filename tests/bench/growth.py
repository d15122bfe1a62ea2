"""Whether a step costs the same when a case is old: one case that goes round and round."""

from __future__ import annotations

import statistics
import time

from engine.engine import Engine
from tests.bench.ground import sqlite
from tests.bench.report import Report
from tests.engine.diagrams import END, START, bpmn, chain, flow, user_task

AGES = (10, 100, 1_000)
SAMPLE = 30


def rounds() -> bytes:
    """Return a process that asks again and again until it is told to stop."""
    body = START + user_task("ask") + '<exclusiveGateway id="again" default="again-ask"/>' + END
    back = '<sequenceFlow id="again-ask" sourceRef="again" targetRef="ask"/>'
    return bpmn("rounds", body + chain("start", "ask", "again") + back + flow("again", "end", "=stop"))


def measure(report: Report) -> None:
    """Measure a completion after 10, 100 and 1,000 rounds."""
    with sqlite() as database, report.section("Cost of a step as the case grows old, SQLite"):
        engine = Engine(database)
        engine.deploy([("rounds.bpmn", rounds())])
        case = engine.start("rounds", {"stop": False})
        (task,) = engine.open_tasks(case.key)
        key, spent = task.user_task_key, list[float]()
        medians = {}
        for _ in range(max(AGES) + SAMPLE):
            began = time.process_time()  # the disk's and the neighbours' moods are not what is asked here
            key = engine.complete_task(key, {"answer": "again"}).opened[0].key
            spent.append(time.process_time() - began)
        for age in AGES:
            medians[age] = statistics.median(spent[age : age + SAMPLE])
            report.add(f"a completion after {age:,} rounds, processor time", medians[age] * 1e3, "ms")
        growth = medians[AGES[-1]] / medians[AGES[0]]
        report.add("growth from 10 to 1,000 rounds", growth, "times", target=1.25)
        cold = Engine(database)
        began = time.perf_counter()
        cold.complete_task(key, {"answer": "again"})
        report.add("the same read from its row by another process", (time.perf_counter() - began) * 1e3, "ms")
