"""A running case moves to another version of its process, or is told why not."""

from __future__ import annotations

import pytest

from engine.dialect import read_bpmn
from engine.execution.changes import SubscriptionOpened, TimerArmed, TimerDisarmed
from engine.migration import MigrationRefused, migrate, plan
from tests.engine.execution.story import (
    DECLARED,
    MESSAGE,
    FakeWorld,
    Story,
    boundary,
    catch,
    diagram,
    event_subprocess,
    flow,
    flows,
    mapping,
    sub,
    throw,
    timer,
    user,
)
from tests.engine.execution.test_loops import BOTH, asked, many
from tests.engine.execution.test_undoing import UNDO, undoable

START = '<startEvent id="s"/>'
OLD = START + user("a") + user("b") + flows("s > a > b")


@pytest.fixture(params=["straight", "restored"])
def story(request):
    def tell(body: str) -> Story:
        return Story(diagram(body, more=DECLARED), restore=request.param == "restored", world=FakeWorld())

    return tell


def version(body: str):
    return read_bpmn(diagram(body, more=DECLARED), name="new.bpmn").processes["p"]


def move(told: Story, body: str, **renamed: str) -> Story:
    new = version(body)
    told.run = migrate(told.run, new, renamed, world=told.world)
    told.definition = new
    return told._after()


def codes(told: Story, body: str, **renamed: str) -> set[tuple[str | None, str]]:
    return {(finding.element_id, finding.code) for finding in plan(told.run, version(body), renamed).findings}


def test_a_case_goes_on_along_the_new_version(story):
    told = story(OLD).start({"x": 1})
    key = told.key("a")
    move(told, START + user("a") + user("new") + user("b") + flows("s > a > new > b"))
    assert told.key("a") == key
    assert told.do("a").open == ["new"]
    assert told.vars == {"x": 1}


def test_an_element_may_have_another_id(story):
    told = story(OLD).start()
    move(told, START + user("assess") + user("b") + flows("s > assess > b"), a="assess")
    assert told.open == ["assess"]
    assert told.do("assess").do("b").ended


def test_what_has_gone_changed_or_moved_is_refused_and_nothing_happens(story):
    told = story(OLD).start()
    before = told.run.save()
    assert codes(told, START + user("b") + flows("s > b")) == {("a", "element_gone")}
    assert codes(told, START + catch("a", timer("duration", "PT1H")) + flows("s > a")) == {
        ("a", "element_changed"),
        ("a", "trigger_changed"),
    }
    assert codes(told, START + sub("sub", user("a") + flows("sub-start > a")) + flows("s > sub")) == {
        ("a", "scope_changed")
    }
    assert codes(told, START + asked(many(BOTH)) + flows("s > a")) == {("a", "loop_changed")}
    with pytest.raises(MigrationRefused):
        move(told, START + user("b") + flows("s > b"))
    assert told.run.save() == before


def test_new_listeners_are_armed_and_old_ones_taken_down(story):
    old = START + user("a") + boundary("t", "a", timer("duration", "P1D")) + flows("s > a")
    told = story(old).start({"id": "1"})
    inside = event_subprocess("esp", MESSAGE, user("h") + flows("esp-start > h"), interrupting=False)
    new = START + user("a") + boundary("m", "a", MESSAGE) + user("z") + flows("s > a", "m > z") + inside
    planned = plan(told.run, version(new), {})
    assert (planned.dropped, sorted(planned.added)) == (("t",), ["esp-start", "m"])
    move(told, new)
    assert sorted(told.armed) == ["esp-start", "m"]
    assert len(told.seen(TimerDisarmed)) == 1
    assert {change.element_id for change in told.seen(SubscriptionOpened)} == {"m", "esp-start"}
    told.tell("esp-start").tell("m")
    assert sorted(told.open) == ["h", "z"]


def test_a_listener_that_stays_keeps_its_key_and_moment(story):
    old = (
        START + user("a") + boundary("t", "a", timer("duration", "P1D")) + user("z") + flows("s > a", "t > z")
    )
    told = story(old).start()
    key = told.key("t")
    move(told, old.replace('id="t"', 'id="late"').replace('"t"', '"late"'), t="late")
    assert told.key("late") == key
    assert len(told.seen(TimerArmed)) == 1
    assert told.ring("late").open == ["z"]


def test_a_new_listener_that_fails_is_an_incident_that_can_be_retried(story):
    told = story(OLD).start()
    move(told, START + user("a") + boundary("t", "a", timer("duration", "=wait")) + flows("s > a"))
    assert told.incidents == [("a", "EXTRACT_VALUE_ERROR")]
    told.set(wait="PT1H").retry("a")
    assert (told.open, told.armed) == (["a"], ["t"])


def test_a_token_at_a_join_needs_its_flow(story):
    body = (
        START + '<parallelGateway id="f"/>' + user("a") + user("b") + '<parallelGateway id="j"/>' + user("z")
    )
    told = story(body + flows("s > f > a > j > z", "f > b > j")).start().do("a")
    other = body + flows("s > f > a", "f > b > j > z") + flow("a", "j", flow_id="F")
    assert codes(told, other) == {("j", "flow_gone")}
    move(told, other, **{"a-j": "F"})
    assert told.do("b").open == ["z"]


def test_loops_and_sub_processes_move_with_everything_in_them(story):
    inner = user("i", mapping("in =n -> mine")) + user("k") + flows("sub-start > i > k")
    body = START + sub("sub", inner, marker=many('inputElement="n"', sequential=True)) + user("z")
    told = story(body + flows("s > sub > z")).start({"items": [1, 2]})
    new = (
        (body + flows("s > sub > z"))
        .replace('"sub', '"part')
        .replace('"i"', '"ask"')
        .replace("sub-start", "part-start")
    )
    move(told, new.replace('"i-k"', '"x"'), sub="part", i="ask")
    assert told.locals("ask") == {"mine": 1}
    told.do("ask").do("k").do("ask").do("k")
    assert told.open == ["z"]


def test_what_can_be_undone_stays_so(story):
    body = START + undoable("a") + user("b") + throw("t", UNDO) + user("z") + flows("s > a > b > t > z")
    told = story(body).start().do("a")
    new = body.replace('"undo-a"', '"reverse"')
    move(told, new, **{"undo-a": "reverse"})
    assert sorted(told.do("b").open) == ["reverse", "t"]
