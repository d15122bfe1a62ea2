"""Findings as text, and the proof that nothing was lost in parsing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from engine import dialect
from engine.dialect.ids import assign_ids
from engine.dialect.lint import check_parsed, report
from engine.dialect.xml import read_xml
from engine.findings import Finding

FINDINGS = (
    Finding("warning", "w", "Doubtful.", file="b.bpmn", element_id="x", line=9),
    Finding(
        "error", "e", "Wrong\nhere\n", "Mend it.", file="b.bpmn", element_id="a", element_name="Ask", line=3
    ),
    Finding("error", "z", "Whole file.", file="a.bpmn"),
)
TEXT = """\
a.bpmn:1: error: Whole file. [z]
b.bpmn:3: error: a “Ask”: Wrong
    here Mend it. [e]
b.bpmn:9: warning: x: Doubtful. [w]"""


@pytest.mark.parametrize("found", [FINDINGS, FINDINGS[::-1]])
def test_a_report_has_a_stable_order_by_file_and_line(found: tuple[Finding, ...]) -> None:
    assert report(found) == TEXT


def test_nothing_found_is_no_text() -> None:
    assert report(()) == ""


DRAWING = (
    "<userTask id='a'/><subProcess id='b'><startEvent id='i'/><task id='j'/>"
    "<sequenceFlow sourceRef='i' targetRef='j'/></subProcess>"
    "<boundaryEvent attachedToRef='a'><errorEventDefinition/></boundaryEvent> | s>a a>b b>e"
)


def test_the_parser_takes_over_every_node_and_flow(whole_file: Callable) -> None:
    data = whole_file(DRAWING, outside="").encode()
    root = read_xml(data)
    assign_ids(root)

    definition = dialect.read_bpmn(data).processes["p"]

    assert check_parsed(root, definition) == ()


def test_a_lost_node_flow_or_process_is_found(whole_file: Callable) -> None:
    root = read_xml(whole_file(DRAWING, outside="").encode())
    assign_ids(root)
    definition = dialect.read_bpmn(whole_file(DRAWING, outside="").encode()).processes["p"]

    without_node = {key: value for key, value in definition.elements.items() if key != "j"}
    cut = dict(definition.elements) | {"a": replace(definition.elements["a"], outgoing=())}

    def codes(process_id: str, elements: dict) -> set[str]:
        found = check_parsed(root, SimpleNamespace(process_id=process_id, elements=elements))
        return {f"{finding.code} {finding.element_id}" for finding in found}

    assert codes("p", without_node) == {"node_lost j", "flow_lost Flow_i_j"}
    assert codes("p", cut) == {"flow_lost a-b"}
    assert codes("q", dict(definition.elements)) == {"process_lost None"}
