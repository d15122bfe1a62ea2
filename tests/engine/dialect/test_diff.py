"""Two versions of a diagram compared by meaning, in words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialect.diff import compare, in_words
from engine.dialect.xml import XmlRefused

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:z="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:x="urn:x" xmlns:di="urn:di">'
)
THINGS = '<message id="M" name="reply"/><message id="N" name="answer"/><error id="E" errorCode="late"/>'
TASK = (
    '<userTask id="a" name="Assess"><extensionElements><z:userTask/>'
    '<z:assignmentDefinition candidateGroups="handlers"/>'
    '<z:taskHeaders><z:header key="k" value="1"/><z:header key="l" value="2"/></z:taskHeaders>'
    '<z:ioMapping><z:input source="=p" target="q"/></z:ioMapping></extensionElements></userTask>'
)
TIMER = (
    '<boundaryEvent id="t" name="Too late" attachedToRef="a"><timerEventDefinition id="td">'
    "<timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>"
)
CATCH = (
    '<intermediateCatchEvent id="c" name="Wait"><messageEventDefinition messageRef="M"/>'
    "</intermediateCatchEvent>"
)
CHOICE = (
    '<exclusiveGateway id="g" name="Enough?" default="g-b"/><task id="b" name="Go on"/>'
    '<sequenceFlow id="g-a" name="No" sourceRef="g" targetRef="a">'
    "<conditionExpression>=x</conditionExpression>"
    '</sequenceFlow><sequenceFlow id="g-b" sourceRef="g" targetRef="b"/>'
)
ALL = TASK + TIMER + CATCH + CHOICE


def file(body: str, things: str = THINGS, shapes: str = "") -> bytes:
    process = f'<process id="p" name="Handling" isExecutable="true">{body}</process>'
    return f"{HEAD}{things}{process}{shapes}</definitions>".encode()


def told(old: str, new: str) -> list[str]:
    return list(in_words(compare(file(old), file(new))))


CHANGES = [
    ('name="Assess"', 'name="Judge"', "User task “Judge”: name is now “Judge” instead of “Assess”."),
    ("P1D", "P2D", "Timer boundary event “Too late”: timer duration is now “P2D” instead of “P1D”."),
    (
        '"handlers"',
        '"quality"',
        "User task “Assess”: candidate groups is now “quality” instead of “handlers”.",
    ),
    ("=x<", "=y<", "Flow “No”: condition is now “=y” instead of “=x”."),
    (
        'Ref="M"',
        'Ref="N"',
        "Message intermediate catch event “Wait”: message is now “answer” instead of “reply”.",
    ),
    ('value="1"', 'value="3"', "User task “Assess”: header k is now “3” instead of “1”."),
    ('<z:header key="k" value="1"/>', "", "User task “Assess”: header k is gone, it was “1”."),
    ('source="=p"', 'source="=r"', "User task “Assess”: input q is now “=r” instead of “=p”."),
    ('targetRef="b"', 'targetRef="c"', None),
    (' default="g-b"', "", "Exclusive gateway “Enough?”: default flow is gone, it was “flow g-b”."),
    (
        ' attachedToRef="a"',
        ' attachedToRef="b"',
        "Timer boundary event “Too late”: host is now “Go on” instead of “Assess”.",
    ),
    (' attachedToRef="a"', ' attachedToRef="a" cancelActivity="false"', None),
    (
        '<z:header key="l" value="2"/>',
        '<z:header key="l"/>',
        "User task “Assess”: header l is now “” instead of “2”.",
    ),
    ("<task id", '<task x:k="1" id', "Task “Go on”: urn:x:k is now “1”, there was none."),
]


@pytest.mark.parametrize(("old", "new", "sentence"), CHANGES)
def test_a_change_is_told_once_in_words(old: str, new: str, sentence: str | None) -> None:
    assert old in ALL
    sentences = told(ALL, ALL.replace(old, new))

    assert len(sentences) == 1
    if sentence is not None:
        assert sentences == [sentence]


def test_what_came_and_went_is_told_with_its_place() -> None:
    assert told(ALL, ALL + '<task id="n" name="New"/>') == ["Added: task “New” in process “Handling”."]
    assert told(ALL + '<task id="n" name="New"/>', ALL) == ["Removed: task “New” in process “Handling”."]


def test_another_kind_of_element_is_another_element() -> None:
    assert told(ALL, ALL.replace("userTask id", "serviceTask id").replace("</userTask", "</serviceTask")) == [
        "Removed: user task “Assess” in process “Handling”.",
        "Added: service task “Assess” in process “Handling”.",
    ]


def test_an_element_with_a_new_id_is_known_by_its_name_and_what_points_to_it_stays() -> None:
    renamed = ALL.replace('id="a"', 'id="a2"').replace('"a"', '"a2"')

    assert told(ALL, renamed) == ["User task “Assess” has a new id: a2 instead of a."]


def test_moving_into_a_sub_process_is_told() -> None:
    sub = '<subProcess id="s" name="Deeper">{}</subProcess>'

    assert told(sub.format("") + CATCH, sub.format(CATCH)) == [
        "Message intermediate catch event “Wait”: place is now"
        " “sub-process “Deeper”” instead of “process “Handling””."
    ]


def test_the_order_of_a_gateways_flows_matters_but_not_that_of_anything_else() -> None:
    first, second = CHOICE[CHOICE.index("<sequenceFlow") :].split("</sequenceFlow>", 1)
    head = CHOICE[: CHOICE.index("<sequenceFlow")]

    assert told(TASK + CHOICE, TASK + head + second + first + "</sequenceFlow>") == [
        "Exclusive gateway “Enough?”: order of the flows is now “g-b, g-a” instead of “g-a, g-b”."
    ]
    assert told(TASK + CATCH, CATCH + TASK) == []


def test_what_only_the_editor_writes_is_no_change() -> None:
    noisy = ALL.replace('id="td"', 'id="other"').replace("</exclusiveGateway>", "")
    noisy = noisy.replace(
        '<task id="b" name="Go on"/>', '<task id="b" name="Go on"><incoming>g-b</incoming></task>'
    )

    assert told(ALL, noisy.replace("><", ">\n  <")) == []


def test_the_same_message_under_another_id_is_no_change_of_the_event() -> None:
    other = THINGS.replace('"M"', '"M2"')

    difference = compare(file(CATCH), file(CATCH.replace('"M"', '"M2"'), other))

    assert in_words(difference) == ("Message “reply” has a new id: M2 instead of M.",)


def test_moved_shapes_are_counted_apart() -> None:
    shape = '<di:BPMNShape bpmnElement="a"><di:Bounds x="{}" y="1"/></di:BPMNShape>'

    difference = compare(file(ALL, shapes=shape.format(1)), file(ALL, shapes=shape.format(2)))

    assert difference.is_empty
    assert difference.moved == ("a",)
    assert in_words(difference) == ("1 shape was moved in the drawing.",)


def test_flows_without_ids_are_compared_too() -> None:
    flow = '<sequenceFlow sourceRef="a" targetRef="c"/>'

    assert told(ALL + flow, ALL + flow) == []
    assert told(ALL, ALL + flow) == ["Added: flow “Assess” to “Wait” in process “Handling”."]


def test_ten_thousand_elements_are_compared_in_bounded_time() -> None:
    large = "".join(
        f'<task id="t{n}"/><sequenceFlow sourceRef="t{n}" targetRef="t{n + 1}"/>' for n in range(5_000)
    )
    began = time.perf_counter()

    assert told(large, large) == []
    assert time.perf_counter() - began < 20


def test_hostile_xml_is_refused() -> None:
    with pytest.raises(XmlRefused):
        compare(file(ALL), b"<!DOCTYPE a><a/>")


@given(st.sets(st.sampled_from(range(len(CHANGES)))))
def test_comparing_backwards_tells_the_opposite(chosen: set[int]) -> None:
    new = ALL
    for number in sorted(chosen):
        new = new.replace(CHANGES[number][0], CHANGES[number][1])

    there, back = compare(file(ALL), file(new)), compare(file(new), file(ALL))

    assert [change.element_id for change in there.added] == [change.element_id for change in back.removed]
    flat = {(c.element_id, a.name, a.old, a.new) for c in there.changed for a in c.aspects}
    assert flat == {(c.element_id, a.name, a.new, a.old) for c in back.changed for a in c.aspects}
    assert compare(file(new), file(new)).is_empty
