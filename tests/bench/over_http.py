"""The small case as other programs see it: `/v2` over HTTP, four clients, one server or two."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from flask import Flask

from api.app import create_app
from api.installation import ready_service
from api.settings import read_settings
from engine.store.database import connect
from tests.bench.client import TOKEN, Caller, environment, free_port, memory_of, serving
from tests.bench.ground import START_WITH, counting, folder, postgres_url, size_of, small
from tests.bench.report import Report

CLIENTS, BATCHES, BATCH = 4, 4, 15
PROMISED = 120  # small cases per second, where the naive way does 200 to 300 inside one process


def measure(report: Report) -> None:
    """Measure on SQLite, on PostgreSQL, and what a request costs that does nothing."""
    with folder() as place, report.section("Over HTTP, 4 clients, SQLite, one server process"):
        _requests(report, environment(place / "counted"))
        _cases(report, environment(place / "served"), servers=1)
    with (
        folder() as place,
        postgres_url() as url,
        report.section("Over HTTP, 4 clients, PostgreSQL, two server processes"),
    ):
        if url is None:
            report.say("skipped: no PostgreSQL server is reachable at REDRESS_TEST_POSTGRES_URL")
        else:
            _cases(report, environment(place, REDRESS_DATABASE_URL=url), servers=2)
    with report.section("A bare Flask route under waitress, 4 clients"):
        _bare(report)


def _prepare(settings: dict[str, str]) -> None:
    """Make the installation ready and add the small diagram."""
    service = ready_service(read_settings(settings))
    service.engine.deploy([("small.bpmn", small())])
    service.database.dispose()


def _requests(report: Report, settings: dict[str, str]) -> None:
    """Count statements and commits per request, the whole way from the door to the database."""
    service = ready_service(read_settings(settings))
    service.engine.deploy([("small.bpmn", small())])
    client = create_app(service).test_client()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"processDefinitionId": "small", "variables": START_WITH}
    client.post("/v2/process-instances", json=body, headers=headers)
    with counting(service.database) as counted:
        started = client.post("/v2/process-instances", json=body, headers=headers)
    _told(report, "POST /v2/process-instances", counted.statements, counted.commits)
    where = {"filter": {"processInstanceKey": started.json["processInstanceKey"], "state": "CREATED"}}
    for name in ("first", "second"):
        found = client.post("/v2/user-tasks/search", json=where, headers=headers).json["items"]
        key = found[0]["userTaskKey"]
        with counting(service.database) as counted:
            done = client.post(
                f"/v2/user-tasks/{key}/completion", json={"variables": {"note": "x"}}, headers=headers
            )
        if done.status_code != 204:
            raise RuntimeError(done.text)
        _told(report, f"POST …/completion of the {name} task", counted.statements, counted.commits)
    service.database.dispose()


def _told(report: Report, what: str, statements: int, commits: int) -> None:
    report.add(f"{what}: statements", statements, "statements", target=10)
    report.add(f"{what}: commits", commits, "commits", target=1)


def _cases(report: Report, settings: dict[str, str], *, servers: int) -> None:
    _prepare(settings)
    url = read_settings(settings).database_url
    before = _size(url)
    with ExitStack() as stack:
        ports = [free_port() for _ in range(servers)]
        running = [stack.enter_context(serving(port, settings)) for port in ports]
        warm = [Caller(port) for port in ports]
        for caller in warm:
            _batch(caller, 5)
        callers = [Caller(ports[number % servers]) for number in range(CLIENTS)]
        spent = _together([lambda caller=caller: _work(caller) for caller in callers])
        cases = CLIENTS * BATCHES * BATCH
        report.add(
            "cases per second (start + 2 completions)",
            cases / spent,
            "cases/s",
            target=PROMISED,
            better="more",
        )
        for kind in ("start", "completion", "task search"):
            report.times(kind, [one for caller in callers for one in caller.spent[kind]])
        report.add("memory of a server afterwards", memory_of(running[0])[0] / 2**20, "MB")
        for caller in (*warm, *callers):
            caller.close()
    finished = cases + 5 * servers
    report.add(
        "bytes per finished case, history and indexes included", (_size(url) - before) / finished, "bytes"
    )


def _size(url: str) -> int:
    database = connect(url)
    try:
        return size_of(database)
    finally:
        database.dispose()


def _work(caller: Caller) -> None:
    for _ in range(BATCHES):
        _batch(caller, BATCH)


def _batch(caller: Caller, size: int) -> None:
    """Start some cases, then do their first tasks, then their second; each wave of tasks is found at once."""
    body = {"processDefinitionId": "small", "variables": START_WITH}
    cases = [caller.post("/process-instances", body, kind="start")["processInstanceKey"] for _ in range(size)]
    for _ in range(2):
        wanted = {"processInstanceKey": {"$in": cases}, "state": "CREATED"}
        asked = {"filter": wanted, "page": {"limit": 100}}
        found = caller.post("/user-tasks/search", asked, kind="task search")["items"]
        if len(found) != size:
            raise RuntimeError(f"{len(found)} tasks are open, not {size}")
        for task in found:
            done = {"variables": {"note": "seen", "at": "the counter"}}
            caller.post(f"/user-tasks/{task['userTaskKey']}/completion", done, kind="completion")


def _together(works: list[Callable[[], None]]) -> float:
    """Do everything at once, a thread each, and return the seconds until the last is done."""
    failures: list[Exception] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as problem:  # noqa: BLE001 - raised again below
            failures.append(problem)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - began


def _bare(report: Report) -> None:
    from waitress.server import create_server

    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: {"answer": 42})
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    callers = [Caller(server.effective_port) for _ in range(CLIENTS)]

    def work(caller: Caller) -> None:
        for _ in range(150):
            caller.get("/", kind="bare")

    spent = _together([lambda caller=caller: work(caller) for caller in callers])
    report.add(
        "requests per second (server and clients share one process)", CLIENTS * 150 / spent, "requests/s"
    )
    report.times("a request", [one for caller in callers for one in caller.spent["bare"]])
    for caller in callers:
        caller.close()
    server.close()
