"""What tests of the service need: a composed service on a prepared SQLite file, people with tokens, a caller over HTTP."""

from __future__ import annotations

import io
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import create_app
from api.identity import people, tokens
from api.installation import ready_service
from api.settings import read_settings
from api.wiring import wire
from engine.clock import FrozenClock

ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, as the clock fixture has it
ADMIN_TOKEN = "token-of-the-administrator"


def settings_for(folder, **more):
    return read_settings(
        {
            "REDRESS_DATA_DIR": str(folder),
            "REDRESS_ADMIN_PASSWORD": "correct horse battery",
            "REDRESS_ADMIN_TOKEN": ADMIN_TOKEN,
            **more,
        }
    )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The folder of a service with its first account and the shipped definitions, to copy from."""
    folder = tmp_path_factory.mktemp("prepared")
    service = ready_service(settings_for(folder), clock=FrozenClock(START))
    service.database.dispose()
    return folder


@pytest.fixture
def service_settings(prepared, tmp_path):
    """Settings over a fresh copy of the prepared folder."""
    folder = tmp_path / "data"
    shutil.copytree(prepared, folder)
    return settings_for(folder)


@pytest.fixture
def service(service_settings, clock):
    """A composed service: frozen clock, `admin` with a token, the shipped definitions."""
    service = wire(service_settings, clock=clock)
    yield service
    service.database.dispose()


@pytest.fixture
def app(service):
    """The application over the service."""
    app = create_app(service)
    app.testing = False
    return app


class Caller:
    """Somebody who calls with a token; answers are (status, JSON)."""

    def __init__(self, app, token=None):
        self.app, self.headers = app, {"Authorization": f"Bearer {token}"} if token else {}

    def raw(self, method, path, **options):
        headers = self.headers | options.pop("headers", {})
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    def get(self, path):
        return self._answer(self.raw("GET", path))

    def post(self, path, body=None, **options):
        return self._answer(self.raw("POST", path, **({} if body is None else {"json": body}), **options))

    def send(self, method, path, body=None):
        return self._answer(self.raw(method, path, **({} if body is None else {"json": body})))

    def deploy(self, *files):
        parts = [
            (io.BytesIO(data if isinstance(data, bytes) else data.encode()), name) for name, data in files
        ]
        return self._answer(
            self.raw("POST", "/v2/deployments", data={"resources": parts, "tenantId": "<default>"})
        )

    @staticmethod
    def _answer(answer):
        return answer.status_code, answer.get_json(silent=True) if answer.data else None


@pytest.fixture
def admin(app):
    """The first administrator, who is manager and process owner too."""
    return Caller(app, ADMIN_TOKEN)


@pytest.fixture
def stranger(app):
    """Somebody without credentials."""
    return Caller(app)


@pytest.fixture
def person(app, service):
    """A function: an account of this name with these roles, as a caller."""

    def make(name, *roles, groups=()):
        def work(session):
            next_key, now = service.database.keys.next, service.clock.now()
            someone = people.add(
                session,
                key=next_key(),
                name=name,
                display_name=name.title(),
                password=None,
                roles=roles,
                groups=groups,
                at=now,
            )
            return tokens.issue(session, someone, key=next_key(), label="test", at=now)

        return Caller(app, service.engine.write(work))

    return make
