"""What tests in a browser need: the real server on a free port, people in every role, pages that watch for violations."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from waitress.server import create_server

from api.app import create_app
from api.identity import people
from api.installation import ready_service
from api.settings import read_settings
from api.wiring import Redress
from engine.jobs.scheduler import Metronome

ROOT = Path(__file__).parents[2]
AXE = ROOT / "api/web/assets/node_modules/axe-core/axe.min.js"
PASSWORD = "a long enough pass phrase"  # of people who exist in this test only
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STAFF = {
    "emma": ("employee",),
    "ina": ("intake",),
    "hana": ("handler",),
    "hugo": ("handler",),
    "ivo": ("investigator",),
    "cora": ("contributor",),
    "quinn": ("quality",),
    "ada": ("approver",),
    "rita": ("reviewer",),
    "lea": ("team-lead",),
    "max": ("manager",),
    "tom": ("top-management",),
    "petra": ("process-owner",),
    "otto": ("auditor",),
}
DEPARTMENTS = {"cora": ("department-billing",)}
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_networks = itertools.count(1)


def pytest_collection_modifyitems(items):
    """Mark every test of this folder: it needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Server:
    """The running service: its address, and the composed service behind it."""

    url: str
    service: Redress

    def settle(self) -> None:
        """Run what is due now: letters, timers, retries."""
        self.service.engine.run_due_jobs()


@dataclass
class Watched:
    """A page with everything it complained about: violations of the policy, script errors, failed requests."""

    page: object
    server: Server
    problems: list[str] = field(default_factory=list)

    def open(self, path: str):
        """Go to an address of the service."""
        return self.page.goto(path if path.startswith("http") else f"{self.server.url}{path}")


@pytest.fixture(scope="session")
def chromium():
    """The browser; tests are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("REDRESS_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("Chromium is not installed; set REDRESS_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A real server on a free port over SQLite, with worker and scheduler, and one colleague in every role."""
    folder = tmp_path_factory.mktemp("served")
    port = _free_port()
    settings = read_settings(
        {
            "REDRESS_DATA_DIR": str(folder),
            "REDRESS_PORT": str(port),
            "REDRESS_ADMIN_PASSWORD": PASSWORD,
            "REDRESS_PROXIES": "1",  # every visitor of these tests comes from an address of their own
        }
    )
    service = ready_service(settings)
    service.engine.write(lambda session: _hire(service, session))
    app = create_app(service)
    wsgi = create_server(app, host="127.0.0.1", port=port, threads=4, clear_untrusted_proxy_headers=False)
    thread = threading.Thread(target=wsgi.run, daemon=True)
    thread.start()
    metronome = Metronome(service.engine, chores=app.extensions["redress_chores"])
    metronome.start()
    yield Server(f"http://127.0.0.1:{port}", service)
    metronome.stop()
    wsgi.close()
    thread.join(timeout=5)
    service.database.dispose()


@pytest.fixture
def browse(chromium, server):
    """A function: a fresh visitor's page, wide or narrow, light or dark, with JavaScript or not; no problem may be left."""
    opened = []

    def make(*, width: int = 1280, dark: bool = False, js: bool = True) -> Watched:
        number = next(_networks)
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=js,
            extra_http_headers={"X-Forwarded-For": f"10.1.{number // 250}.{number % 250 + 1}"},
        )
        page = context.new_page()
        watched = Watched(page, server)
        page.on("console", lambda message: _note(watched, message))
        page.on("pageerror", lambda error: watched.problems.append(f"script: {error}"))
        page.on("requestfailed", lambda request: _note_failure(watched, request))
        opened.append((context, watched))
        return watched

    yield make
    for context, watched in opened:
        context.close()
        assert watched.problems == []


@pytest.fixture(scope="session")
def axe():
    """A function: what axe-core finds wrong with a page, as lines of text; nothing is what we want."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run make assets")
    source = AXE.read_text(encoding="utf-8")

    def run(page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    return run


@pytest.fixture
def sign_in(server):
    """A function: sign a colleague in on a page."""

    def enter(page, name: str) -> None:
        page.goto(f"{server.url}/staff/sign-in")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/staff/**")

    return enter


def scrolls_sideways(page) -> bool:
    """Tell whether the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def _note(watched: Watched, message) -> None:
    if message.type == "error" and "the server responded with a status of" not in message.text:
        watched.problems.append(f"console: {message.text}")


def _note_failure(watched: Watched, request) -> None:
    if request.failure != "net::ERR_ABORTED":  # given up because the visitor went on to another page
        watched.problems.append(f"failed: {request.url} {request.failure}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _hire(service: Redress, session) -> None:
    for name, roles in STAFF.items():
        people.add(
            session,
            key=service.database.keys.next(),
            name=name,
            display_name=name.title(),
            password=PASSWORD,
            roles=roles,
            groups=DEPARTMENTS.get(name, ()),
            at=service.clock.now(),
        )
