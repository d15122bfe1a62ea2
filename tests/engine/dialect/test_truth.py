"""XML writes yes and no in two ways each; both mean the same, in every attribute, for reading and for checking."""

import re
from pathlib import Path

import pytest

from engine import dmn
from engine.dialect.ids import assign_ids
from engine.dialect.lint import allowed, check_diagram
from engine.dialect.notes import Problems
from engine.dialect.reader import Reader
from engine.dialect.xml import read_xml
from engine.truth import is_true, read_truth
from tests.engine.diagrams import END, START, bpmn, chain
from tests.engine.dmn.conftest import definitions

ROOT = Path(__file__).parents[3]
FILES = sorted(ROOT.glob("processes/*.bpmn"))
ZEEBE = {
    name
    for extension in allowed.EXTENSIONS.values()
    for name, attribute in extension.attributes.items()
    if attribute.reads is allowed.Reads.BOOLEAN
}
FLAGS = re.compile(rf'\b({"|".join(sorted(allowed.BOOLEANS | ZEEBE))})=(["\'])(true|false)\2')
ALL_FLAGS = bpmn(
    "flags",
    START
    + '<userTask id="each"><multiInstanceLoopCharacteristics isSequential="true"><extensionElements>'
    '<zeebe:loopCharacteristics inputCollection="=[1]"/></extensionElements></multiInstanceLoopCharacteristics></userTask>'
    '<userTask id="again"><standardLoopCharacteristics testBefore="true"><loopCondition>=false</loopCondition>'
    "</standardLoopCharacteristics></userTask>"
    '<boundaryEvent id="late" attachedToRef="each" cancelActivity="false"><timerEventDefinition>'
    '<timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="end2"/>'
    '<subProcess id="aside" triggeredByEvent="true"><startEvent id="inner" isInterrupting="false">'
    '<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent>'
    '<endEvent id="inner-end"/><sequenceFlow id="inner-flow" sourceRef="inner" targetRef="inner-end"/></subProcess>'
    '<callActivity id="call"><extensionElements><zeebe:calledElement processId="other"'
    ' propagateAllParentVariables="false" propagateAllChildVariables="true"/></extensionElements></callActivity>'
    '<userTask id="undo" isForCompensation="true"/>'
    + END
    + chain("start", "each", "again", "call", "end")
    + chain("late", "end2"),
)  # fmt: skip


def otherwise(data):
    """Return the file with every yes and no written the other way."""
    return FLAGS.sub(lambda found: f'{found[1]}="{int(found[3] == "true")}"', data.decode()).encode()


def elements(data):
    root = read_xml(data)
    assign_ids(root)
    found = [dict(process.elements) for process in Reader(root, Problems("x.bpmn")).processes()]
    return re.sub(r" at 0x[0-9a-f]+", "", repr(found))


@pytest.mark.parametrize(
    "data", [ALL_FLAGS, *[path.read_bytes() for path in FILES]], ids=["flags", *[p.stem for p in FILES]]
)
def test_a_diagram_means_the_same_in_both_ways_of_writing(data):
    assert otherwise(data) != data
    assert elements(otherwise(data)) == elements(data)
    one, other = (check_diagram(read_xml(each)) for each in (data, otherwise(data)))
    assert [finding.code for finding in other] == [finding.code for finding in one]


@pytest.mark.parametrize("attribute", sorted({found[0] for found in FLAGS.findall(ALL_FLAGS.decode())}))
def test_anything_else_is_a_finding(attribute):
    wrong = re.sub(rf'\b{attribute}="(true|false)"', f'{attribute}="yes"', ALL_FLAGS.decode()).encode()
    found = check_diagram(read_xml(wrong))
    assert "neither true nor false" in " ".join(finding.message for finding in found)


def test_a_sequence_written_with_a_digit_is_one(engine):
    body = (
        START + '<userTask id="each"><multiInstanceLoopCharacteristics isSequential="1"><extensionElements>'
        '<zeebe:loopCharacteristics inputCollection="=[1, 2, 3]"/></extensionElements>'
        "</multiInstanceLoopCharacteristics></userTask>" + END + chain("start", "each", "end")
    )
    engine.deploy([("s.bpmn", bpmn("s", body))])
    assert len(engine.open_tasks(engine.start("s").key)) == 1


@pytest.mark.parametrize(
    ("written", "meant"), [("true", True), ("1", True), ("false", False), ("0", False), (" 1\n", True)]
)
def test_a_list_type_is_one_however_it_is_written(written, meant):
    item = f'<itemDefinition name="t" isCollection="{written}"><typeRef>number</typeRef></itemDefinition>'
    assert dmn.read(definitions(item)).types["t"].is_collection is meant


def test_a_list_type_that_says_neither_is_refused():
    item = '<itemDefinition id="i" name="t" isCollection="yes"><typeRef>number</typeRef></itemDefinition>'
    with pytest.raises(dmn.ModelRefused) as refused:
        dmn.read(definitions(item))
    assert [(found.code, found.element_id) for found in refused.value.findings] == [("bad_value", "i")]


def test_the_schema_s_four_words_and_no_others():
    assert [read_truth(text) for text in ("true", "1", "false", "0", "\t1 ")] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert [read_truth(text) for text in ("True", "yes", "", "TRUE", "2", "\u00a01")] == [None] * 6
    assert (is_true(None), is_true(None, default=True), is_true("0", default=True)) == (False, True, False)


def test_no_other_module_reads_yes_and_no_from_xml():
    files = [path for folder in ("dialect", "dmn") for path in (ROOT / "engine" / folder).rglob("*.py")]
    compared = re.compile(r"""(==|!=|in)\s*\(?["'](true|false|1|0)["']""")
    assert [path.name for path in files if compared.search(path.read_text(encoding="utf-8"))] == []
