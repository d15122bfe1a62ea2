"""Timers and tasks whose moments come from the deadlines of the case, and move with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.engine.execution import story as s

WARN = '=clock("final_response").warnAt(0.5)'


def watched(kind: str, text: str, task: str = "") -> bytes:
    """Return a process with one task and a non-interrupting event sub-process behind a timer."""
    timer = s.timer(kind, text.replace('"', "&quot;"))
    start = f'<startEvent id="due" isInterrupting="false">{timer}</startEvent>'
    inside = start + s.user("react") + '<endEvent id="done"/>' + s.flows("due > react > done")
    body = '<startEvent id="begin"/>' + s.user("work", task) + s.flows("begin > work")
    return s.diagram(f'{body}<subProcess id="watch" triggeredByEvent="true">{inside}</subProcess>')


@pytest.fixture(params=[False, True], ids=["straight", "restored"])
def tell(request: pytest.FixtureRequest) -> Any:
    def start(data: bytes, **clocks: datetime) -> s.Story:
        world = s.FakeWorld()
        world.clocks.update(clocks)
        return s.Story(data, restore=request.param, world=world).start()

    return start


def due(story: s.Story) -> datetime:
    return story.seen(s.ch.TimerArmed)[-1].due_at


def test_a_timer_waits_without_a_moment_until_its_clock_starts(tell: Any) -> None:
    story = tell(watched("date", WARN))
    assert story.incidents == []
    assert story.seen(s.ch.TimerArmed)[-1].clocks == ("final_response",)
    assert due(story).year == 9999

    story.world.clocks["final_response"] = story.world.now + timedelta(days=10)
    story.then(lambda run: run.rearm("final_response"))
    assert due(story) == s.NOW + timedelta(days=5)


def test_another_clock_leaves_the_timer_alone(tell: Any) -> None:
    story = tell(watched("date", WARN), final_response=s.NOW + timedelta(days=10))
    before = len(story.seen(s.ch.TimerArmed))
    story.then(lambda run: run.rearm("update"))
    assert len(story.seen(s.ch.TimerArmed)) == before


def test_a_date_fires_once_however_often_the_clock_moves(tell: Any) -> None:
    story = tell(watched("date", WARN), final_response=s.NOW + timedelta(days=10))
    story.ring("due")
    assert "due" not in story.armed
    story.world.clocks["final_response"] += timedelta(days=10)
    story.then(lambda run: run.rearm("final_response"))
    assert "due" not in story.armed


def test_a_cycle_fires_again_when_its_clock_names_a_later_moment_and_not_before(tell: Any) -> None:
    text = '=clock("final_response").bound'
    story = tell(watched("cycle", text), final_response=s.NOW + timedelta(days=10))
    story.ring("due")
    assert story.open == ["work", "react"]

    story.then(lambda run: run.rearm("final_response"))
    assert due(story).year == 9999

    story.world.clocks["final_response"] += timedelta(days=10)
    story.then(lambda run: run.rearm("final_response"))
    assert due(story) == s.NOW + timedelta(days=20)
    story.ring("due")
    assert story.open == ["work", "react", "react"]


def test_a_cycle_does_not_fire_again_for_another_moment_that_is_over_but_in_another_round_it_does(
    tell: Any,
) -> None:
    story = tell(watched("cycle", '=clock("final_response").bound'), final_response=s.NOW)
    story.ring("due")
    for corrected in (timedelta(days=-3), timedelta(days=-1)):
        story.world.clocks["final_response"] = s.NOW + corrected
        story.then(lambda run: run.rearm("final_response"))
        assert due(story).year == 9999
    assert story.open == ["work", "react"]

    story.world.round = 2
    story.then(lambda run: run.rearm("final_response"))
    assert due(story) == s.NOW + timedelta(days=-1)


def test_a_stopped_clock_puts_the_timer_to_rest(tell: Any) -> None:
    story = tell(watched("date", WARN), final_response=s.NOW + timedelta(days=10))
    story.world.clocks.clear()
    story.then(lambda run: run.rearm("final_response"))
    assert due(story).year == 9999
    assert story.incidents == []


def test_a_due_date_that_reads_a_clock_follows_it(tell: Any) -> None:
    schedule = '<zeebe:taskSchedule dueDate="=clock(&quot;target&quot;).bound"/>'
    story = tell(watched("date", WARN, schedule), target=datetime(2026, 3, 1, tzinfo=UTC))
    assert story.seen(s.ch.TaskOpened)[0].due_at == datetime(2026, 3, 1, tzinfo=UTC)
    story.world.clocks["target"] = datetime(2026, 3, 9, tzinfo=UTC)
    story.then(lambda run: run.rearm("target"))
    assert story.seen(s.ch.TaskRescheduled)[-1].due_at == datetime(2026, 3, 9, tzinfo=UTC)


def test_a_timer_without_a_clock_still_needs_a_moment(tell: Any) -> None:
    assert tell(watched("date", "=null")).incidents == [("p", "EXTRACT_VALUE_ERROR")]


def test_what_a_round_of_a_clock_demands_ends_with_that_round(tell: Any) -> None:
    ends = s.timer("date", '=clock("update").endedAt(1)'.replace('"', "&quot;"))
    body = s.user("work") + f'<boundaryEvent id="over" attachedToRef="work">{ends}</boundaryEvent>'
    body += '<startEvent id="begin"/><endEvent id="nothing"/>' + s.flows("begin > work", "over > nothing")
    story = tell(s.diagram(body), update=s.NOW + timedelta(days=10))
    assert due(story).year == 9999

    story.world.ended[1] = s.NOW
    story.then(lambda run: run.rearm("update"))
    assert due(story) == s.NOW
