"""Every story is told twice: straight, and saved and revived between all steps."""

from __future__ import annotations

import pytest

from tests.engine.execution.story import FakeWorld, Story, diagram


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture(params=["straight", "restored"])
def story(request, world):
    """Make a story from the body of a process."""

    def tell(body: str, *, more: str = "", attributes: str = "", process: str = "p") -> Story:
        data = diagram(body, more=more, attributes=attributes)
        return Story(data, restore=request.param == "restored", process=process, world=world)

    return tell
