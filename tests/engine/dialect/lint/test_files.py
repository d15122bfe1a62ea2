"""All files of a deployment judged together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.dialect.lint import NOTHING_KNOWN, check_files
from engine.findings import Finding

DMN = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="graph" name="Graph" namespace="n">'
    '<decision id="severity" name="Severity"><variable name="Severity"/>'
    "<literalExpression><text>1 + 1</text></literalExpression></decision></definitions>"
)


def form(form_id: str = "assess", key: str = "verdict") -> bytes:
    component = {"id": "Field_1", "type": "textfield", "key": key, "label": "Verdict"}
    head = {"id": form_id, "type": "default", "schemaVersion": 19, "executionPlatform": "Camunda Cloud"}
    return json.dumps(head | {"components": [component]}).encode()


def call(binding: str = "") -> str:
    return (
        f"<callActivity id='a'><extensionElements>"
        f"<z:calledElement processId='q' propagateAllChildVariables='false' {binding}/>"
        "</extensionElements></callActivity>"
    )


def decide(binding: str = "") -> str:
    return (
        f"<businessRuleTask id='a'><extensionElements>"
        f"<z:calledDecision decisionId='severity' resultVariable='r' {binding}/>"
        "</extensionElements></businessRuleTask>"
    )


def ask(binding: str = "") -> str:
    return (
        "<userTask id='a'><extensionElements><z:userTask/><z:assignmentDefinition assignee='ann'/>"
        f"<z:formDefinition formId='assess' {binding}/></extensionElements></userTask>"
    )


TOGETHER = "bindingType='deployment'"
TAGGED = "bindingType='versionTag' versionTag='v2'"
NOTHING = replace(NOTHING_KNOWN, processes={}, decisions={}, forms={})
STORED = replace(
    NOTHING_KNOWN,
    processes={"q": frozenset({"v2"})},
    decisions={"severity": frozenset({"v2"})},
    forms={"assess": frozenset({"v2"})},
)


@pytest.fixture
def files(whole_file: Callable) -> Callable[[str], dict[str, bytes]]:
    """Return a deployment of one drawing, the process it calls, a decision and a form."""

    def build(drawing: str) -> dict[str, bytes]:
        called = whole_file("", outside="").replace('id="p"', 'id="q"')
        return {
            "p.bpmn": whole_file(drawing, outside="").encode(),
            "q.bpmn": called.encode(),
            "severity.dmn": DMN.encode(),
            "assess.form": form(),
        }

    return build


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.file, finding.code) for finding in findings]


@pytest.mark.parametrize(
    ("drawing", "partner"), [(call, "q.bpmn"), (decide, "severity.dmn"), (ask, "assess.form")]
)
def test_each_binding_finds_its_target(files: Callable, drawing: Callable, partner: str) -> None:
    for binding in ("", TOGETHER):
        assert check_files(files(drawing(binding)), known=NOTHING) == ()
    alone = {"p.bpmn": files(drawing())["p.bpmn"]}

    assert check_files(alone, known=STORED) == ()
    assert codes(check_files(alone, known=NOTHING)) == [("p.bpmn", "target_unknown")]
    assert check_files(alone) == ()
    together = files(drawing(TOGETHER))
    together.pop(partner)
    assert codes(check_files(together, known=STORED)) == [("p.bpmn", "target_not_deployed_together")]


@pytest.mark.parametrize("drawing", [call, decide, ask])
def test_a_version_tag_must_exist(files: Callable, drawing: Callable) -> None:
    alone = {"p.bpmn": files(drawing(TAGGED))["p.bpmn"]}

    assert check_files(alone, known=STORED) == ()
    untagged = replace(
        NOTHING_KNOWN,
        **{
            kind: dict.fromkeys(getattr(STORED, kind), frozenset())
            for kind in ("processes", "decisions", "forms")
        },
    )
    assert codes(check_files(alone, known=untagged)) == [("p.bpmn", "tag_unknown")]


def test_a_version_tag_in_the_same_deployment_counts(files: Callable, whole_file: Callable) -> None:
    tag = "<extensionElements><z:versionTag value='v2'/></extensionElements>"
    together = files(call(TAGGED))
    assert codes(check_files(together, known=NOTHING)) == [("p.bpmn", "tag_unknown")]
    together["q.bpmn"] = whole_file(tag, outside="").replace('id="p"', 'id="q"').encode()

    assert check_files(together, known=NOTHING) == ()


def test_a_target_computed_at_run_time_is_not_judged(files: Callable) -> None:
    alone = {"p.bpmn": files(call().replace("'q'", "'=next'"))["p.bpmn"]}

    assert check_files(alone, known=NOTHING) == ()


def test_an_id_in_two_files_is_refused(files: Callable) -> None:
    twice = files("")
    twice |= {"r.bpmn": twice["q.bpmn"], "more.dmn": DMN.encode(), "more.form": form()}

    assert codes(check_files(twice)) == [
        ("r.bpmn", "id_in_two_files"),
        ("more.dmn", "id_in_two_files"),
        ("more.form", "id_in_two_files"),
    ]


def test_problems_of_all_files_are_reported_together_in_the_order_of_the_files(whole_file: Callable) -> None:
    found = check_files(
        {
            "b.bpmn": whole_file("<scriptTask id='a'/>").encode(),
            "a.bpmn": b"<!DOCTYPE x><x/>",
            "c.dmn": DMN.replace("1 + 1", "1 +").encode(),
            "d.form": b"{",
            "e.txt": b"hello",
            "f.bpmn": b"<html/>",
        }
    )

    assert list(dict.fromkeys(finding.file for finding in found)) == [
        "b.bpmn",
        "a.bpmn",
        "c.dmn",
        "d.form",
        "e.txt",
        "f.bpmn",
    ]
    assert {"implementation_missing", "doctype", "file_kind", "not_bpmn"} <= {
        finding.code for finding in found
    }
    assert all(finding.severity == "error" for finding in found)


def test_an_empty_deployment_is_refused() -> None:
    assert codes(check_files({})) == [("", "no_files")]


def test_too_many_files_are_refused_unread() -> None:
    many = {f"{number}.bpmn": b"" for number in range(201)}

    assert codes(check_files(many)) == [("", "too_many_files")]


def test_what_a_form_of_the_deployment_asks_is_provided(files: Callable) -> None:
    drawing = ask() + (
        "<scriptTask id='b'><extensionElements><z:script expression='=verdict + verdit' resultVariable='r'/>"
        "</extensionElements></scriptTask> | s>a a>b b>e"
    )

    (found,) = check_files(files(drawing), known=NOTHING_KNOWN)

    assert (found.code, found.attribute) == ("variable_unknown", "verdit")
