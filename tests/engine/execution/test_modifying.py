"""Moving tokens by hand, and beginning elsewhere."""

from __future__ import annotations

import pytest

from engine.execution.changes import ElementActivated, InstanceEnded
from engine.execution.modifying import CannotActivate, CannotTerminate
from engine.execution.run import Activation, Move, NoSuchStart
from tests.engine.execution.story import (
    DECLARED,
    MESSAGE,
    boundary,
    event_subprocess,
    flows,
    mapping,
    service,
    sub,
    timer,
    user,
)
from tests.engine.execution.test_loops import BOTH, asked, many

START = '<startEvent id="s"/>'
LINE = START + user("a") + user("b") + user("c") + flows("s > a > b > c")
NESTED = (
    START
    + user("a")
    + sub("sub", user("i") + user("j") + flows("sub-start > i > j"), extra=mapping("in =1 -> v"))
)
NESTED += boundary("t", "sub", timer("duration", "PT1H")) + user("z") + flows("s > a > sub > z", "t > z")


def test_an_element_is_activated_beside_the_others(story):
    told = story(LINE).start()
    told.then(lambda run: run.modify(activate=[Activation("c")]))
    assert told.open == ["a", "c"]


def test_a_token_is_moved(story):
    told = story(LINE).start()
    told.then(lambda run: run.modify(moves=[Move(told.key("a"), "c")]))
    assert (told.open, told.terminated) == (["c"], ["a"])
    assert told.do("c").ended


def test_the_scopes_around_an_activated_element_are_opened_with_their_listeners(story):
    told = story(NESTED).start()
    told.then(
        lambda run: run.modify(
            activate=[Activation("j", variables={"sub": {"w": 2}, "": {"x": 3}, "j": {"y": 4}})]
        )
    )
    assert (told.open, told.armed) == (["a", "j"], ["t"])
    assert told.locals("sub") == {"w": 2, "v": 1}
    assert told.locals("j") == {"y": 4}
    assert told.vars == {"x": 3}
    assert told.do("j").open == ["a", "z"]


def test_an_open_scope_is_used_again(story):
    told = story(NESTED).start().do("a")
    told.then(lambda run: run.modify(activate=[Activation("j")]))
    assert told.open == ["i", "j"]
    told.do("j").do("i")
    assert told.open == ["j"]


def test_terminating_the_last_element_ends_the_scope_and_then_the_instance(story):
    told = story(NESTED).start().do("a")
    told.then(lambda run: run.modify(terminate=[told.key("i")]))
    assert told.ended
    assert told.terminated == ["i", "sub"]


def test_terminating_one_instance_lets_the_others_finish(story):
    told = story(START + asked(many(BOTH)) + user("z") + flows("s > a > z")).start({"items": [1, 2]})
    told.then(lambda run: run.modify(terminate=[told.key("a", waiting="task")]))
    assert told.do("a", answer=2).open == ["z"]
    assert told.vars["answers"] == [None, 2]


def test_what_is_activated_by_hand_at_a_join_does_not_wait(story):
    body = (
        START + '<parallelGateway id="f"/>' + user("a") + user("b") + '<parallelGateway id="j"/>' + user("z")
    )
    told = story(body + flows("s > f > a > j > z", "f > b > j")).start()
    told.then(lambda run: run.modify(activate=[Activation("j")]))
    assert told.open == ["a", "b", "z"]


def test_an_event_sub_process_is_entered_by_hand(story):
    inside = event_subprocess("esp", MESSAGE, user("h") + flows("esp-start > h"))
    told = story(START + user("a") + flows("s > a") + inside, more=DECLARED).start({"id": "1"})
    told.then(lambda run: run.modify(activate=[Activation("h")]))
    assert told.open == ["a", "h"]


@pytest.mark.parametrize("element", ["nowhere", "s", "sub-start", "t"])
def test_what_cannot_be_activated_is_refused(story, element):
    told = story(NESTED).start()
    with pytest.raises(CannotActivate):
        told.run.modify(activate=[Activation(element)])


def test_an_ambiguous_scope_needs_an_ancestor(story):
    body = START + sub(
        "sub", user("i") + user("j") + flows("sub-start > i > j"), marker=many('inputElement="n"')
    )
    told = story(body + flows("s > sub")).start({"items": [1, 2]})
    key = told.run.open_elements()[-1].key
    saved = told.run.save()
    with pytest.raises(CannotActivate):
        told.run.modify(activate=[Activation("j")])
    told.run = type(told.run).revive(told.definition, saved, world=told.world)
    told.then(lambda run: run.modify(activate=[Activation("j", ancestor_key=key)]))
    assert told.open == ["i", "i", "j"]


def test_what_is_not_open_cannot_be_terminated(story):
    told = story(LINE).start()
    with pytest.raises(CannotTerminate):
        told.run.modify(terminate=[1])


def test_an_instance_may_begin_at_other_elements(story):
    told = story(NESTED).start(activate=("a", "j"))
    assert told.open == ["a", "j"]


def test_a_process_cannot_be_started_at_what_is_no_start_event(story):
    with pytest.raises(NoSuchStart):
        story(LINE).start(at="a")
    with pytest.raises(NoSuchStart):
        story(
            f'<startEvent id="m">{MESSAGE}</startEvent>' + user("a") + flows("m > a"), more=DECLARED
        ).start()


def test_a_case_that_stops_after_an_element_begins_nothing_behind_it(story):
    told = story(START + user("a") + service("j") + user("b") + flows("s > a > j > b"))
    told.world.stop_after, told.world.handlers = {"a"}, {"work": {}}
    told.start().do("a")
    assert told.seen(InstanceEnded)[-1].terminated
    assert told.world.performed == []
    assert {one.element_id for one in told.seen(ElementActivated)} <= {"s", "a"}


def test_a_case_stops_after_all_rounds_of_an_element_and_ends_what_runs_beside_it(story):
    body = START + '<parallelGateway id="f"/>' + asked(many()) + user("b") + flows("s > f > a", "f > b")
    told = story(body)
    told.world.stop_after = {"a"}
    told.start({"items": [1, 2]}).do("a")
    assert sorted(told.open) == ["a", "b"]
    told.do("a")
    assert told.seen(InstanceEnded)[-1].terminated
    assert told.terminated == ["b"]


def test_a_case_whose_last_element_it_is_completes(story):
    told = story(START + user("a") + flows("s > a"))
    told.world.stop_after = {"a"}
    told.start().do("a")
    assert not told.seen(InstanceEnded)[-1].terminated


def test_a_case_also_stops_when_the_element_was_interrupted(story):
    body = (
        START
        + user("a")
        + boundary("t", "a", timer("duration", "PT1H"))
        + user("z")
        + flows("s > a", "t > z")
    )
    told = story(body)
    told.world.stop_after = {"a"}
    told.start().ring("t")
    assert told.seen(InstanceEnded)[-1].terminated
    assert "z" not in {one.element_id for one in told.seen(ElementActivated)}
