"""What called processes and parallel instances give back: what all of them write is found, what is mapped is not."""

from __future__ import annotations

import pytest

from engine.dialect.lint import check_files
from engine.findings import Finding, counted

LOOP = "<z:loopCharacteristics inputCollection='=people' inputElement='person' {}/>"
COLLECT = "outputCollection='verdicts' outputElement='=verdict'"
OUT = "<z:ioMapping><z:output source='=tone' target='mine'/></z:ioMapping>"


def script(id, result, more=""):
    return (
        f"<scriptTask id='{id}'><extensionElements><z:script expression='=1' resultVariable='{result}'/>{more}"
        "</extensionElements></scriptTask>"
    )


def call(id="a", process="q", attributes="", more="", inside=""):
    return (
        f"<callActivity id='{id}'><extensionElements><z:calledElement processId='{process}' {attributes}/>{more}"
        f"</extensionElements>{inside}</callActivity>"
    )


def marker(attributes="", sequential=""):
    return (
        f"<multiInstanceLoopCharacteristics {sequential}><extensionElements>{LOOP.format(attributes)}"
        "</extensionElements></multiInstanceLoopCharacteristics>"
    )


def each(inside, attributes="", more="", sequential=""):
    """A sub-process for each person with ``inside`` as its only element ``x``."""
    return (
        f"<subProcess id='a'><extensionElements>{more}</extensionElements>{marker(attributes, sequential)}"
        f"<startEvent id='s1'/>{inside}<endEvent id='e1'/><sequenceFlow id='f1' sourceRef='s1' targetRef='x'/>"
        "<sequenceFlow id='f2' sourceRef='x' targetRef='e1'/></subProcess>"
    )


@pytest.fixture
def found(whole_file):
    """What is found in ``drawing``, which may call ``q`` (writes tone) and ``r`` (calls ``q``, writes pitch)."""

    def judge(drawing, code):
        def named(drawing, name):
            return whole_file(drawing, outside="").replace('id="p"', f'id="{name}"').encode()

        files = {
            "p.bpmn": whole_file(drawing, outside="").encode(),
            "q.bpmn": named(script("a", "tone"), "q"),
            "r.bpmn": named(script("a", "pitch") + call("b", "q") + " | s>a a>b b>e", "r"),
            "none.bpmn": named("", "none"),
        }
        findings = check_files(files)
        assert {one.code for one in findings if one.severity == "error"} <= {code, "condition_missing"}
        return [one for one in findings if one.code == code and one.file == "p.bpmn"]

    return judge


def test_a_call_that_gives_back_all_is_a_note_that_names_what_is_written(found):
    (note,) = found(call(), "call_gives_back_all")
    assert (note.severity, note.element_id) == ("note", "a")
    assert note.message.endswith("These are “tone”.")
    (note,) = found(call(process="r"), "call_gives_back_all")
    assert note.message.endswith("These are “pitch”, “tone”.")
    (note,) = found(call(process="elsewhere"), "call_gives_back_all")
    assert "only when it runs" in note.message


@pytest.mark.parametrize(
    "drawing",
    [
        call(process="none"),
        call(more=OUT),
        call(attributes="propagateAllChildVariables='false'"),
        call(attributes="propagateAllChildVariables='true'"),
    ],
)
def test_a_call_that_says_what_it_gives_back_is_none(found, drawing):
    assert found(drawing, "call_gives_back_all") == []


@pytest.mark.parametrize(
    "drawing",
    [
        call(inside=marker()),
        call(process="r", inside=marker(COLLECT)),
        each(script("x", "tone")),
        each(call("x"), COLLECT),
        each(
            script("x", "tone", ""), more="<z:ioMapping><z:input source='=1' target='pitch'/></z:ioMapping>"
        ),
    ],
)
def test_instances_at_once_that_give_back_the_same_are_a_warning(found, drawing):
    (warning,) = found(drawing, "children_write_same")
    assert (warning.severity, warning.element_id) == ("warning", "a")
    assert "“tone”" in warning.message


@pytest.mark.parametrize(
    "drawing",
    [
        call(inside=marker(COLLECT), more=OUT),
        call(process="none", inside=marker(COLLECT)),
        call(inside=marker("", "isSequential='1'")),
        call(attributes="propagateAllChildVariables='0'", inside=marker()),
        each(script("x", "verdict"), COLLECT),
        each(script("x", "tone"), more="<z:ioMapping><z:input source='=1' target='tone'/></z:ioMapping>"),
        each(script("x", "tone"), sequential="isSequential='true'"),
        each(script("x", "tone"), more=OUT),
    ],
)
def test_instances_that_keep_what_is_theirs_are_none(found, drawing):
    assert found(drawing, "children_write_same") == []


def beside(one, other, split="parallelGateway"):
    return f"<{split} id='g'/>{one}{other}<{split} id='j'/> | s>g g>b g>c b>j c>j j>e"


def test_two_calls_beside_each_other_that_give_back_the_same_are_a_warning(found):
    (warning,) = found(beside(call("b"), call("c", "r")), "children_write_same")
    assert (warning.element_id, "“tone”" in warning.message) == ("c", True)
    assert found(beside(call("b"), call("c", "r"), "inclusiveGateway"), "children_write_same") != []


@pytest.mark.parametrize(
    "drawing",
    [
        beside(call("b"), call("c", "none")),
        beside(call("b"), call("c", "r", more=OUT)),
        beside(call("b"), call("c"), "exclusiveGateway"),
        call("b") + call("c") + " | s>b b>c c>e",
    ],
)
def test_calls_that_do_not_meet_are_none(found, drawing):
    assert found(drawing, "children_write_same") == []


@pytest.mark.parametrize(
    "drawing",
    [
        each(script("x", "verdicts"), COLLECT),
        each(script("x", "verdict"), COLLECT, more=OUT.replace("mine", "verdicts")),
        script("a", "verdicts").replace("</scriptTask>", f"{marker(COLLECT)}</scriptTask>"),
    ],
)
def test_an_instance_that_writes_what_is_collected_is_an_error(found, drawing):
    (error,) = found(drawing, "output_overwritten")
    assert (error.severity, error.element_id, error.attribute) == ("error", "a", "outputCollection")


def test_what_is_collected_and_local_is_none(found):
    local = "<z:ioMapping><z:input source='=1' target='verdicts'/></z:ioMapping>"
    assert found(each(script("x", "verdict"), COLLECT), "output_overwritten") == []
    assert found(each(script("x", "verdicts"), COLLECT, more=local), "output_overwritten") == []


def test_processes_that_call_each_other_in_a_circle_are_read_to_the_end(whole_file):
    def named(name, other):
        drawing = script("a", f"of_{name}") + call("b", other) + " | s>a a>b b>e"
        return whole_file(drawing, outside="").replace('id="p"', f'id="{name}"').encode()

    notes = [
        one
        for one in check_files({"q.bpmn": named("q", "r"), "r.bpmn": named("r", "q")})
        if one.code == "call_gives_back_all"
    ]
    assert [one.message.rpartition("These are ")[2] for one in notes] == ["“of_q”, “of_r”."] * 2


def test_findings_are_counted_by_what_they_are():
    given = [Finding(severity, "x", "y") for severity in ("note", "warning", "note")]
    assert counted(given) == "1 warning, 2 notes"
    assert counted(given, always=("error",)) == "0 errors, 1 warning, 2 notes"
    assert counted(()) == ""
