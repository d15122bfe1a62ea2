"""What walks through the real service need: a service over a fresh copy of the prepared folder, on the frozen clock."""

from __future__ import annotations

import pytest

from tests.api.conftest import prepared, service, service_settings
from tests.processes.walking import Walk

__all__ = ["prepared", "service", "service_settings"]


@pytest.fixture
def walk(service, clock):
    """A complaint's way through the service, not yet begun."""
    return Walk(service, clock)
