"""What walks through the real service need: a service over a fresh copy of the prepared folder, on the frozen clock."""

from __future__ import annotations

import shutil

import pytest

from engine.clock import FrozenClock
from engine.store.database import connect
from tests.api.conftest import prepared, service, service_settings
from tests.conftest import START
from tests.processes.office import Office, shipped
from tests.processes.walking import Walk

__all__ = ["prepared", "service", "service_settings"]


@pytest.fixture
def walk(service, clock):
    """A complaint's way through the service, not yet begun."""
    return Walk(service, clock)


@pytest.fixture(scope="session")
def deployed(empty_sqlite, tmp_path_factory):
    """The path of a database to copy from, with everything deployed that is shipped."""
    path = tmp_path_factory.mktemp("shipped") / "deployed.db"
    shutil.copy(empty_sqlite, path)
    database = connect(f"sqlite:///{path}")
    Office(database, FrozenClock(START)).engine.deploy(shipped())
    database.dispose()
    return path


@pytest.fixture
def office(deployed, tmp_path, clock):
    path = tmp_path / "redress.db"
    shutil.copy(deployed, path)
    database = connect(f"sqlite:///{path}")
    yield Office(database, clock)
    database.dispose()
