"""Kill the real server again and again under load: what it acknowledged is there, once, whole, and its letters left."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from http.client import HTTPException
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from api.app import create_app
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ComplaintRow, LetterRow
from api.installation import open_service, ready_service
from api.wiring import wire
from engine.actors import SYSTEM
from engine.actors import service as as_service
from engine.clock import SystemClock
from engine.commands.step import Step
from engine.store.tables import instances, jobs, outbox
from tests.api.browsing import add_person
from tests.api.conftest import ADMIN_TOKEN, Caller, settings_for
from tests.api.conftest import prepared as prepared
from tests.conftest import _empty

pytestmark = pytest.mark.slow
CLIENTS = 4


class Post:
    """A mail server that keeps everything, and hangs up after every tenth letter it took."""

    def __init__(self):
        self.ids = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.ids.append(message_from_bytes(envelope.content)["Message-ID"])
        if len(self.ids) % 10 == 0:
            server.transport.abort()
        return "250 taken"


class _AnyPort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def post():
    handler = Post()
    controller = _AnyPort(handler, hostname="127.0.0.1", port=0, ready_timeout=10)
    controller.start()
    handler.url = f"smtp://127.0.0.1:{controller.port}"
    yield handler
    controller.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, prepared, tmp_path, post):
    """Settings over a prepared database of each kind."""
    folder, more = tmp_path / "data", {"REDRESS_SMTP_URL": post.url}
    if request.param == "sqlite":
        shutil.copytree(prepared, folder)
    else:
        url = request.getfixturevalue("postgres_url")
        if url is None:
            pytest.skip("no PostgreSQL server is reachable")
        _empty(url)
        more["REDRESS_DATABASE_URL"] = url
        ready_service(settings_for(folder, **more)).database.dispose()
    return settings_for(folder, **more)


class Server:
    """`redress serve` as a process of its own."""

    def __init__(self, settings):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        keep = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
        self.environ = keep | {
            "REDRESS_DATA_DIR": str(settings.data_dir),
            "REDRESS_DATABASE_URL": settings.database_url,
            "REDRESS_SMTP_URL": settings.smtp_url,
            "REDRESS_PORT": str(self.port),
        }
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "redress"), "serve"],
            env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def post(self, body, key):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/complaints",
            data=json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {ADMIN_TOKEN}",
                "Idempotency-Key": key,
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


def test_what_was_acknowledged_survives_every_kill_and_every_letter_leaves(settings, post, request):
    kills = 60 if request.config.getoption("--long") else 3
    server, done, lock = Server(settings), threading.Event(), threading.Lock()
    acknowledged, lot = {}, random.Random(20261123)
    print("seed 20261123")

    def complain(client):
        number = 0
        while not done.is_set():
            key = f"key-{client}-{number}"
            body = {
                "channel": "web",
                "description": f"Complaint {key}",
                "complainant": {"email": f"{key}@example.org"},
            }
            try:
                made = server.post(body, key)
            except (OSError, HTTPException, ValueError):
                done.wait(0.05)
                continue  # the very same request again, with the very same key
            with lock:
                acknowledged[key] = made["reference"]
            number += 1

    server.start()
    clients = [threading.Thread(target=complain, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(kills):
            before, target = len(acknowledged), lot.randint(5, 25)
            for _ in range(600):
                if len(acknowledged) >= before + target:
                    break
                done.wait(0.05)
            assert len(acknowledged) > before, "the server does not come back"
            done.wait(lot.random() * 0.05)
            server.kill()
            server.start()
    finally:
        done.set()
        for client in clients:
            client.join()
        server.kill()

    service = open_service(settings)
    try:
        rows = service.engine.read(
            lambda session: session.execute(select(ComplaintRow.reference, ComplaintRow.description)).all()
        )
        stored = Counter(row.description.removeprefix("Complaint ") for row in rows)
        assert set(acknowledged) <= set(stored), "something acknowledged is lost"
        assert max(stored.values()) == 1, "a repeated request made a second complaint"
        assert {row.reference for row in rows} >= set(acknowledged.values())
        load_everything(service, len(rows))
        let_letters_leave(service)
        letters = service.engine.read(
            lambda session: session.scalars(select(LetterRow).where(LetterRow.channel == "e-mail")).all()
        )
        ids = service.engine.read(lambda session: set(session.scalars(select(outbox.c.message_id))))
        assert len(letters) >= len(rows)
        lost = [letter.outbox_key for letter in letters if letter.dispatched_at is None]
        assert told_of(service, lost) == [], "a letter is lost"
        assert set(post.ids) == ids, "a letter never left, or left under another id"
        stuck = [
            found for found in service.engine.sweep() if found.code != "nobody_eligible"
        ]  # there is no staff
        assert stuck == []
    finally:
        service.database.dispose()


def load_everything(service, expected):
    engine = service.engine
    keys = engine.read(
        lambda session: session.scalars(select(instances.c.key).where(instances.c.state == "ACTIVE")).all()
    )
    roots = engine.read(
        lambda session: session.scalars(
            select(instances.c.key).where(instances.c.process_id == "complaint-handling")
        ).all()
    )
    assert len(roots) == expected, "a complaint without its case, or a case without its complaint"
    for key in keys:
        engine.write(
            lambda session, key=key: Step(engine.house, session, actor=SYSTEM, command="look").case(key)
        )


class _Ahead(SystemClock):
    """The present, an hour ahead for each round: leases of killed workers have run out, delayed letters are due."""

    hours = 0

    def now(self):
        return super().now() + timedelta(hours=self.hours)


def told_of(service, keys):
    """Return what is known of these letters and the jobs that carry them."""
    query = (
        select(
            outbox.c.state,
            outbox.c.smtp_reply,
            jobs.c.status,
            jobs.c.tries,
            jobs.c.claims,
            jobs.c.due_at,
            jobs.c.lease_until,
        )
        .join(jobs, jobs.c.key == outbox.c.job_key)
        .where(outbox.c.key.in_(keys))
    )
    return service.engine.read(lambda session: [tuple(row) for row in session.execute(query)])


def let_letters_leave(service):
    """Work until no letter waits; PostgreSQL judges leases of killed workers by its own clock: 15 real seconds."""
    ahead, waiting = _Ahead(), threading.Event()
    open_letters = select(func.count()).select_from(outbox).where(outbox.c.state.in_(("queued", "sending")))
    later = wire(service.settings, clock=ahead)
    try:
        for _ in range(60):
            ahead.hours += 1
            later.engine.run_due_jobs()
            if later.engine.read(lambda session: session.scalar(open_letters)) == 0:
                return
            waiting.wait(0.4)
    finally:
        later.database.dispose()


def together(work, number):
    """Run ``work(index)`` in this many threads at the same moment and return what each answered."""
    barrier, answers = threading.Barrier(number), [None] * number

    def run(index):
        barrier.wait()
        answers[index] = work(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def service(settings):
    service = open_service(settings)
    yield service
    service.database.dispose()


def test_simultaneous_posts_with_one_key_are_one_complaint(service, request):
    keys = 200 if request.config.getoption("--long") else 15
    app = create_app(service)
    for number in range(keys):
        body = {"channel": "phone", "description": f"Complaint {number}"}

        def post(_, body=body, number=number):
            caller = Caller(app, ADMIN_TOKEN)
            return caller.raw(
                "POST", "/api/complaints", json=body, headers={"Idempotency-Key": f"same-{number}"}
            )

        answers = together(post, 8)
        good = [answer for answer in answers if answer.status_code == 201]
        assert {answer.status_code for answer in answers} <= {201, 409, 503}
        assert good
        assert len({answer.get_json()["reference"] for answer in good}) == 1
    stored = service.engine.read(lambda session: session.scalars(select(ComplaintRow.description)).all())
    assert sorted(stored) == sorted(f"Complaint {number}" for number in range(keys))


def test_of_sixteen_who_complete_a_task_one_does(service):
    ina = add_person(service, "ina", "intake").actor
    for _ in range(3):
        case = receive(
            service, NewComplaint("web", service.clock.now(), "x", PartyDetails("Ann")), by=as_service("web")
        )
        (task,) = [
            one for one in service.engine.open_tasks(case.instance_key) if one.name == "Screen the complaint"
        ]

        def complete(_, key=task.user_task_key):
            try:
                service.engine.complete_task(key, {"scopeExit": "in_scope", "problem": "other"}, by=ina)
            except Exception as refusal:  # noqa: BLE001  (every refusal is an answer here)
                return type(refusal).__name__
            return "done"

        answers = Counter(together(complete, 16))
        assert answers["done"] == 1
        assert set(answers) <= {
            "done",
            "TaskAlreadyCompleted",
            "VersionConflict",
            "TooMuchContention",
            "DatabaseAway",
        }
        opened = [one.name for one in service.engine.open_tasks(case.instance_key)]
        assert opened.count("Assess the complaint") == 1
