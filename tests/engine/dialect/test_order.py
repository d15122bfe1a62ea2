"""A token may be put back by hand, never past work: an earlier step is one that every way leads through."""

from __future__ import annotations

import pytest

from engine.dialect import read_bpmn
from engine.dialect.order import leaves_out
from tests.engine.diagrams import END, START, bpmn, chain, flow, user_task

TIMER = '<timerEventDefinition><timeDuration xsi:type="tFormalExpression">P1D</timeDuration></timerEventDefinition>'
BODY = (
    START
    + user_task("draft")
    + user_task("check")
    + '<exclusiveGateway id="ok" default="ok-draft"/>'
    + user_task("send")
    + f'<boundaryEvent id="late" attachedToRef="check">{TIMER}</boundaryEvent>'
    + user_task("hurry")
    + '<parallelGateway id="fork"/><parallelGateway id="join"/>'
    + user_task("pay")
    + user_task("verify")
    + END
    + '<endEvent id="gone"/>'
    + '<subProcess id="inner"><startEvent id="in"/>'
    + user_task("look")
    + '<endEvent id="out"/>'
    + chain("in", "look", "out")
    + "</subProcess>"
    + chain("start", "draft", "check", "ok")
    + flow("ok", "send", condition="=true")
    + chain("ok", "draft")
    + chain("send", "fork", "pay", "join", "inner", "end")
    + chain("fork", "verify", "join")
    + chain("late", "hurry", "gone")
)
PROCESS = read_bpmn(bpmn("p", BODY), name="p.bpmn").processes["p"]


@pytest.mark.parametrize(
    ("source", "target", "left_out"),
    [
        ("check", "draft", False),  # back
        ("check", "check", False),  # once more
        ("draft", "check", True),  # past the draft
        ("draft", "send", True),
        ("pay", "draft", False),  # back before the fork
        ("pay", "verify", True),  # the other branch is not on the way
        ("join", "inner", True),  # a join waits for the others
        ("ok", "send", False),  # a choice that could not be made
        ("ok", "gone", True),
        ("check", "gone", True),  # an end
        ("inner", "end", True),
        ("hurry", "check", False),  # by the boundary event
        ("hurry", "draft", False),
        ("check", "hurry", True),
        ("look", "draft", True),  # another scope
        ("inner", "send", False),
    ],
)
def test_a_step_back_leaves_nothing_out(source, target, left_out):
    elements = PROCESS.elements
    assert leaves_out(PROCESS, elements[source], elements[target]) is left_out
