"""Ids for what was drawn without one: stable, unique, told from the surroundings."""

from __future__ import annotations

from engine.dialect.ids import assign_ids
from engine.dialect.xml import read_xml

HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">'
BODY = (
    '<startEvent id="s"/><task id="a"/>{}<sequenceFlow sourceRef="s" targetRef="a"/>'
    '<sequenceFlow sourceRef="s" targetRef="a"/>'
    '<boundaryEvent attachedToRef="a"><timerEventDefinition/></boundaryEvent>'
    '<boundaryEvent attachedToRef="a"><errorEventDefinition/></boundaryEvent>'
    '<subProcess name="Look again!" triggeredByEvent="true">'
    "<startEvent><signalEventDefinition/></startEvent></subProcess>"
)


def given(body: str) -> tuple[str, ...]:
    return assign_ids(read_xml(f"{HEAD}{body}</process></definitions>".encode()))


EXPECTED = (
    "Flow_s_a",
    "Flow_s_a_2",
    "BoundaryEvent_a_timer",
    "BoundaryEvent_a_error",
    "SubProcess_p_Look_again",
    "StartEvent_SubProcess_p_Look_again_signal",
)


def test_ids_tell_where_the_element_stands() -> None:
    assert given(BODY.format("")) == EXPECTED


def test_an_edit_elsewhere_changes_no_id() -> None:
    more = (
        '<task id="b"/><sequenceFlow sourceRef="a" targetRef="b"/><sequenceFlow sourceRef="b" targetRef="a"/>'
    )

    assert set(given(BODY.format(more))) == {*EXPECTED, "Flow_a_b", "Flow_b_a"}


def test_an_id_already_there_is_not_given_again() -> None:
    taken = '<task id="Flow_s_a"/>'

    assert given(BODY.format(taken))[0] == "Flow_s_a_2"


def test_repeating_is_harmless() -> None:
    root = read_xml(f"{HEAD}{BODY.format('')}</process></definitions>".encode())

    assert assign_ids(root) == EXPECTED
    assert assign_ids(root) == ()


def test_a_long_name_gives_a_short_id() -> None:
    (one,), (other,) = given(f'<task name="{"x" * 500}1"/>'), given(f'<task name="{"x" * 500}2"/>')

    assert len(one) <= 200
    assert one != other
