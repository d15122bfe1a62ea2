"""Somebody who said no and cannot be reached: staff decide what follows without them, and nothing is written to nobody."""

from __future__ import annotations

import pytest

from api.app import create_app
from api.complaints.intake import PartyDetails
from tests.api.web.staff_desk import Desk

PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
POST, FIND, OPTIONS = "Post the letter", "Find a way to reach them", "Explain the options"
SAYS = "Nobody can be reached, so decide without them."


def unnamed(walk):
    """No by the status page, from somebody who left nothing to write to."""
    return walk.take("2026-06-01 10:00", sender=None).through().answer("rejects")


def gone(walk):
    """No in person, after our reminder found nobody at their address; then nobody finds a way."""
    walk.take("2026-06-01 10:00", sender=PAPER).wait(hours=1).beside(POST, delivery="done").through()
    walk.beside(POST, delivery="done").later("2026-06-17 10:00").beside(POST, delivery="no_way")
    return walk.answer("rejects").beside(FIND, wayFound="no").wait(hours=1)


def page(walk):
    """What a handler reads on the page of the task."""
    task = next(each for each in walk._open() if each.name == OPTIONS)
    desk = Desk(create_app(walk.service), walk.service, "hana", "handler", groups=("handlers",))
    desk.open(f"/staff/tasks/{task.user_task_key}")
    return desk.text


@pytest.mark.parametrize("sender", [unnamed, gone])
@pytest.mark.parametrize("step", ["stage_two", "external", "none"])
def test_staff_decide_the_options_without_whoever_cannot_be_reached(walk, sender, step):
    sender(walk)
    assert OPTIONS in walk.open
    assert SAYS in page(walk)
    walk.choose(step)
    assert OPTIONS not in walk.open
    assert [
        row.template for row in walk.letters if row.dispatched_at is None and row.replaced_at is None
    ] == []
    assert walk.troubles == []


def test_nothing_of_it_is_said_where_the_complainant_can_be_reached(walk):
    walk.take("2026-06-01 10:00").through().answer("rejects")
    assert OPTIONS in walk.open
    text = page(walk)
    assert "Why does the complainant disagree?" in text
    assert SAYS not in text
