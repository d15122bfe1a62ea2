"""Compensation and transactions (dialect §4, §10)."""

from __future__ import annotations

from tests.engine.execution.story import (
    DECLARED,
    ERROR,
    boundary,
    event_subprocess,
    flows,
    mapping,
    sub,
    throw,
    timer,
    user,
)
from tests.engine.execution.test_loops import many

START = '<startEvent id="s"/>'
UNDO = "<compensateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"


def undoable(task_id: str, marker: str = "") -> str:
    """Return a user task, its compensation event and its handler ``undo-<id>``."""
    return (
        user(task_id, "").replace("</userTask>", f"{marker}</userTask>")
        + boundary(f"c-{task_id}", task_id, UNDO)
        + user(f"undo-{task_id}", attributes='isForCompensation="true"')
        + f'<association id="as-{task_id}" sourceRef="c-{task_id}" targetRef="undo-{task_id}"/>'
    )


def test_what_completed_is_undone_and_waited_for(story):
    body = START + undoable("a") + undoable("b") + throw("t", UNDO) + user("z")
    told = story(body + flows("s > a > t > z", "s > b")).start().do("a")
    assert sorted(told.open) == ["b", "t", "undo-a"]
    assert sorted(told.do("undo-a").open) == ["b", "z"]


def test_only_completed_activities_are_undone_and_only_once(story):
    body = START + undoable("a") + undoable("b") + throw("t", UNDO) + throw("u", UNDO) + user("z")
    told = story(body + flows("s > a > b > t > u > z")).start().do("a").do("b")
    assert sorted(told.open) == ["t", "undo-a", "undo-b"]
    assert sorted(told.do("undo-b").open) == ["t", "undo-a"]
    assert told.do("undo-a").open == ["z"]


def test_one_activity_can_be_picked(story):
    body = (
        START
        + undoable("a")
        + undoable("b")
        + throw("t", UNDO.replace("/>", ' activityRef="a"/>'))
        + user("z")
    )
    told = story(body + flows("s > a > b > t > z")).start().do("a").do("b")
    assert sorted(told.open) == ["t", "undo-a"]


def test_with_nothing_to_undo_the_throw_passes(story):
    assert story(START + undoable("a") + throw("t", UNDO) + user("z") + flows("s > t > z")).start().open == [
        "z"
    ]


def test_inner_activities_of_a_completed_sub_process_are_undone_with_its_variables(story):
    inner = undoable("a") + flows("sub-start > a")
    body = (
        START
        + sub("sub", inner, extra=mapping("in =1 -> local"))
        + throw("t", UNDO, tag="endEvent")
        + flows("s > sub > t")
    )
    told = story(body).start().do("a")
    assert sorted(told.open) == ["t", "undo-a"]
    assert told.run.variables(told.key("undo-a"))["local"] == 1
    assert told.do("undo-a").ended


def test_a_handler_of_the_sub_process_itself_comes_before_those_inside(story):
    inner = undoable("a") + flows("sub-start > a")
    body = (
        START
        + sub("sub", inner)
        + boundary("c-sub", "sub", UNDO)
        + user("undo-sub", attributes='isForCompensation="true"')
    )
    body += '<association id="x" sourceRef="c-sub" targetRef="undo-sub"/>' + throw("t", UNDO) + user("z")
    told = story(body + flows("s > sub > t > z")).start().do("a")
    assert sorted(told.open) == ["t", "undo-sub"]
    assert told.do("undo-sub").open == ["z"]


def test_a_compensation_event_sub_process_takes_the_place_of_the_handlers_inside(story):
    esp = event_subprocess(
        "esp",
        UNDO,
        user("own") + throw("inner", UNDO) + user("after") + flows("esp-start > own > inner > after"),
    )
    body = START + sub("sub", undoable("a") + flows("sub-start > a") + esp) + throw("t", UNDO) + user("z")
    told = story(body + flows("s > sub > t > z")).start().do("a")
    assert sorted(told.open) == ["own", "t"]
    assert sorted(told.do("own").open) == ["inner", "t", "undo-a"]
    assert sorted(told.do("undo-a").open) == ["after", "t"]
    assert told.do("after").open == ["z"]


def test_a_multi_instance_activity_is_undone_once(story):
    body = (
        START
        + undoable("a", many('inputElement="i"'))
        + throw("t", UNDO)
        + user("z")
        + flows("s > a > t > z")
    )
    told = story(body).start({"items": [1, 2, 3]}).do("a").do("a").do("a")
    assert sorted(told.open) == ["t", "undo-a"]
    assert told.do("undo-a").open == ["z"]


def test_every_instance_of_a_multi_instance_sub_process_is_undone_inside(story):
    inner = undoable("a") + flows("sub-start > a")
    body = (
        START
        + sub("sub", inner, marker=many('inputElement="i"'))
        + throw("t", UNDO)
        + user("z")
        + flows("s > sub > t > z")
    )
    told = story(body).start({"items": [1, 2]}).do("a").do("a")
    assert sorted(told.open) == ["t", "undo-a", "undo-a"]
    assert told.do("undo-a").do("undo-a").open == ["z"]


def test_an_event_sub_process_may_undo_what_its_scope_did(story):
    esp = event_subprocess("esp", ERROR, throw("t", UNDO) + user("h") + flows("esp-start > t > h"))
    inner = undoable("a") + throw("fail", ERROR, tag="endEvent") + flows("sub-start > a > fail") + esp
    told = story(START + sub("sub", inner) + user("z") + flows("s > sub > z"), more=DECLARED).start().do("a")
    assert sorted(told.open) == ["t", "undo-a"]
    assert told.do("undo-a").open == ["h"]
    assert told.do("h").open == ["z"]


def test_an_interrupted_handler_still_lets_the_throw_go_on(story):
    body = (
        START
        + undoable("a")
        + boundary("b", "undo-a", timer("duration", "PT1H"))
        + user("late")
        + throw("t", UNDO)
        + user("z")
    )
    told = story(body + flows("s > a > t > z", "b > late")).start().do("a").ring("b")
    assert "late" in told.open
    told.do("late")
    assert told.open == ["z"]


def test_a_canceled_transaction_undoes_what_it_did_and_leaves_by_its_cancel_event(story):
    inner = (
        undoable("a")
        + user("b")
        + throw("c", CANCEL, tag="endEvent")
        + flows("tx-start > a > c", "tx-start > b")
    )
    body = START + sub("tx", inner, tag="transaction") + boundary("x", "tx", CANCEL) + user("y") + user("z")
    told = story(body + flows("s > tx > z", "x > y")).start().do("a")
    assert sorted(told.open) == ["c", "undo-a"]
    assert "b" in told.terminated
    assert told.do("undo-a").open == ["y"]


def test_a_transaction_without_anything_to_undo_is_left_at_once_and_its_sibling_is_not(story):
    inner = user("a") + throw("c", CANCEL, tag="endEvent") + flows("tx-start > a > c")
    other = (
        sub("ty", user("k") + flows("ty-start > k"), tag="transaction")
        + boundary("v", "ty", CANCEL)
        + user("w")
    )
    body = START + sub("tx", inner, tag="transaction") + boundary("x", "tx", CANCEL) + user("y") + other
    told = story(body + flows("s > tx", "s > ty", "x > y", "v > w")).start().do("a")
    assert sorted(told.open) == ["k", "y"]


def test_a_transaction_completes_like_a_sub_process(story):
    body = (
        START
        + sub("tx", user("a") + flows("tx-start > a"), tag="transaction")
        + user("z")
        + flows("s > tx > z")
    )
    assert story(body).start().do("a").open == ["z"]


def test_a_completed_transaction_can_be_undone_from_outside(story):
    body = (
        START
        + sub("tx", undoable("a") + flows("tx-start > a"), tag="transaction")
        + throw("t", UNDO)
        + user("z")
    )
    assert sorted(story(body + flows("s > tx > t > z")).start().do("a").open) == ["t", "undo-a"]
