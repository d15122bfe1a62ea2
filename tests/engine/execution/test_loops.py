"""Multi-instance activities and standard loops (dialect §4, §8)."""

from __future__ import annotations

import pytest

from engine.execution.changes import ElementActivated
from tests.engine.execution.story import (
    DECLARED,
    ERROR,
    MESSAGE,
    boundary,
    event_subprocess,
    flows,
    mapping,
    sub,
    timer,
    user,
)

START = '<startEvent id="s"/>'


def many(
    attributes: str = "", *, sequential: bool = False, until: str = "", collection: str = "=items"
) -> str:
    """Return a multi-instance marker."""
    done = f"<completionCondition>{until}</completionCondition>" if until else ""
    rule = f'<zeebe:loopCharacteristics inputCollection="{collection}" {attributes}/>'
    mark = "true" if sequential else "false"
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{mark}"><extensionElements>'
        f"{rule}</extensionElements>{done}"
        "</multiInstanceLoopCharacteristics>"
    )


def asked(marker: str, extra: str = "", task: str = "userTask") -> str:
    inner = "<zeebe:userTask/>" if task == "userTask" else '<zeebe:taskDefinition type="t"/>'
    return f'<{task} id="a"><extensionElements>{inner}{extra}</extensionElements>{marker}</{task}>'


BOTH = 'inputElement="item" outputCollection="answers" outputElement="=answer"'


def test_parallel_instances_keep_their_order_in_the_output(story):
    told = story(START + asked(many(BOTH)) + user("z") + flows("s > a > z")).start({"items": ["x", "y", "z"]})
    assert told.open == ["a", "a", "a"]
    keys = [e.key for e in told.run.open_elements() if e.waiting_for == "task"]
    assert [told.run.locals(key)["item"] for key in keys] == ["x", "y", "z"]
    assert [int(told.run.locals(key)["loopCounter"]) for key in keys] == [1, 2, 3]
    told.do("a", nth=2, answer=30).do("a", nth=0, answer=10).do("a", answer=20)
    assert told.open == ["z"]
    assert told.vars == {"items": ["x", "y", "z"], "answers": [10, 20, 30]}


def test_sequential_instances_come_one_after_another_nulls_included(story):
    told = story(START + asked(many(BOTH, sequential=True)) + user("z") + flows("s > a > z")).start(
        {"items": [1, None, 2]}
    )
    for item in (1, None, 2):
        assert told.open == ["a"]
        assert told.run.locals(told.key("a", waiting="task"))["item"] == item
        told.do("a", answer=item)
    assert told.vars["answers"] == [1, None, 2]


@pytest.mark.parametrize("sequential", [True, False])
def test_an_empty_collection_completes_at_once_with_an_empty_output(story, sequential):
    told = story(START + asked(many(BOTH, sequential=sequential)) + user("z") + flows("s > a > z")).start(
        {"items": []}
    )
    assert told.open == ["z"]
    assert told.vars == {"items": [], "answers": []}


@pytest.mark.parametrize("items", [None, 3, "abc", {"a": 1}])
def test_something_else_than_a_list_is_an_incident(story, items):
    told = story(START + asked(many(BOTH)) + flows("s > a")).start({"items": items})
    assert told.incidents == [("a", "EXTRACT_VALUE_ERROR")]
    assert told.set(items=[1]).retry("a").open == ["a"]


def test_the_collection_is_evaluated_once(story):
    told = story(START + asked(many(BOTH, sequential=True)) + flows("s > a")).start({"items": [1, 2]})
    told.set(items=[9, 9, 9]).do("a").do("a")
    assert told.ended


def test_mappings_apply_to_each_instance(story):
    extra = mapping("in =item * 10 -> ten", "out =ten + n -> answer", "out =n -> last")
    told = story(START + asked(many(BOTH), extra) + user("z") + flows("s > a > z")).start({"items": [1, 2]})
    told.do("a", n=1).do("a", n=2)
    assert told.vars == {"items": [1, 2], "answers": [11, 22], "last": 2}


def test_the_output_element_is_local_to_each_instance(story):
    told = story(START + asked(many(BOTH)) + user("z") + flows("s > a > z")).start(
        {"items": [1, 2], "answer": "kept"}
    )
    told.do("a", answer=1)
    assert told.vars["answer"] == "kept"


@pytest.mark.parametrize("sequential", [True, False])
def test_a_completion_condition_ends_the_rest(story, sequential):
    until = "=numberOfCompletedInstances / numberOfInstances &gt;= 0.5"
    told = story(
        START + asked(many(BOTH, sequential=sequential, until=until)) + user("z") + flows("s > a > z")
    )
    told.start({"items": [1, 2, 3, 4], "numberOfInstances": 1000}).do("a", answer="x")
    assert "a" in told.open
    told.do("a", answer="y")
    assert told.open == ["z"]
    assert told.vars["answers"] == ["x", "y", None, None]
    assert told.terminated == ([] if sequential else ["a", "a"])


def test_a_failing_completion_condition_halts_that_instance_without_repeating_its_outputs(story):
    extra = mapping("out =sum + 1 -> sum")
    told = story(
        START + asked(many('inputElement="i"', until="=stop"), extra) + user("z") + flows("s > a > z")
    )
    told.start({"items": [1, 2], "sum": 0}).do("a")
    assert told.incidents == [("a", "EXTRACT_VALUE_ERROR")]
    told.set(stop=True).retry("a")
    assert told.open == ["z"]
    assert told.vars["sum"] == 1


def test_boundary_events_belong_to_the_body(story):
    body = (
        START
        + asked(many(BOTH))
        + boundary("b", "a", timer("duration", "PT1H"))
        + boundary("m", "a", MESSAGE, interrupting=False)
    )
    body += user("z") + user("r") + flows("s > a", "b > z", "m > r")
    told = story(body, more=DECLARED).start({"items": [1, 2], "id": "1"})
    assert sorted(told.armed) == ["b", "m"]
    told.do("a").tell("m")
    assert told.open == ["a", "r"]
    told.ring("b")
    assert told.open == ["r", "z"]
    assert "answers" not in told.vars


def test_an_error_leaving_one_instance_ends_them_all(story):
    body = (
        START
        + asked(many(BOTH), task="serviceTask")
        + boundary("b", "a", ERROR)
        + user("z")
        + flows("s > a", "b > z")
    )
    assert story(body, more=DECLARED).start({"items": [1, 2, 3]}).error("a", "one").open == ["z"]


@pytest.mark.parametrize("sequential", [True, False])
def test_sub_processes_may_be_multi_instance(story, sequential):
    inside = event_subprocess("esp", MESSAGE, user("h") + flows("esp-start > h"), interrupting=False)
    body = sub(
        "sub",
        user("i") + flows("sub-start > i") + inside,
        marker=many('inputElement="id"', sequential=sequential),
    )
    told = story(START + body + user("z") + flows("s > sub > z"), more=DECLARED).start(
        {"items": ["k1", "k2"]}
    )
    assert told.open == (["i"] if sequential else ["i", "i"])
    told.tell("esp-start").do("h").do("i").do("i")
    assert told.open == ["z"]
    bodies = [
        change for change in told.seen(ElementActivated) if change.element_type == "MULTI_INSTANCE_BODY"
    ]
    assert len(bodies) == 1


def test_a_multi_instance_activity_in_a_loop_begins_afresh_each_round(story):
    from tests.engine.execution.story import flow

    body = (
        START
        + asked(many(BOTH, sequential=True))
        + '<exclusiveGateway id="g" default="g-a"/><endEvent id="e"/>'
    )
    told = story(body + flows("s > a > g > a") + flow("g", "e", "=done")).start(
        {"items": [1, 2], "done": False}
    )
    for _ in range(5):
        told.do("a", answer=1).do("a", answer=2)
        assert told.open == ["a"]
    told.set(done=True).do("a").do("a")
    assert told.ended


def loop(condition: str = "", *, before: bool = False, maximum: int | None = None) -> str:
    mark = f'testBefore="{str(before).lower()}"' + (f' loopMaximum="{maximum}"' if maximum else "")
    inner = f"<loopCondition>{condition}</loopCondition>" if condition else ""
    return f"<standardLoopCharacteristics {mark}>{inner}</standardLoopCharacteristics>"


def test_a_loop_repeats_while_its_condition_holds(story):
    told = story(START + asked(loop("=again")) + user("z") + flows("s > a > z")).start({"again": True})
    told.do("a").do("a")
    assert told.locals("a", nth=1)["loopCounter"] == 3
    assert told.do("a", again=False).open == ["z"]


def test_a_loop_tested_before_may_not_run_at_all(story):
    told = story(START + asked(loop("=again", before=True)) + user("z") + flows("s > a > z"))
    assert told.start({"again": False}).open == ["z"]
    assert told.start({"again": True}).do("a", again=False).open == ["z"]


def test_a_loop_stops_at_its_maximum(story):
    told = story(START + asked(loop("=true", maximum=2)) + user("z") + flows("s > a > z")).start()
    assert told.do("a").open == ["a"]
    assert told.do("a").open == ["z"]


def test_a_loop_counts_from_one_and_may_ask_its_counter(story):
    told = story(START + asked(loop("=loopCounter &lt; 3")) + user("z") + flows("s > a > z")).start()
    assert told.do("a").do("a").open == ["a"]
    assert told.do("a").open == ["z"]


def test_a_failing_loop_condition_halts_the_loop(story):
    told = story(START + asked(loop("=again")) + user("z") + flows("s > a > z")).start().do("a")
    assert told.incidents == [("a", "EXTRACT_VALUE_ERROR")]
    assert told.set(again=False).retry("a").open == ["z"]


def test_a_boundary_event_ends_a_loop_over_a_sub_process(story):
    body = sub("sub", user("i") + flows("sub-start > i"), marker=loop("=true")) + boundary(
        "b", "sub", timer("duration", "PT1H")
    )
    told = story(START + body + user("z") + flows("s > sub", "b > z")).start().do("i").do("i").ring("b")
    assert told.open == ["z"]
    assert told.do("z").ended
