"""Whatever the file says, the validator answers, and in a time that grows with the size of the file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine import dialect
from engine.dialect.ids import BPMN, FLOW_NODES
from engine.dialect.lint import (
    NOTHING_KNOWN,
    DeploymentContext,
    Header,
    JobFacts,
    KnownResources,
    ServiceFacts,
    Words,
    check_diagram,
    check_files,
    check_parsed,
    report,
)
from engine.dialect.lint.allowed import ATTRIBUTES_OF, CHILDREN_OF, DRAWN, EXTENSIONS, REFUSED
from engine.dialect.lint.drawing import CAMUNDA, ZEEBE
from engine.dialect.xml import read_xml
from engine.findings import Finding

CASES = 1_000
PROCESSES = Path(__file__).parents[4] / "processes"
IDS = ["a", "b", "c", "s", "e", "p", "Start", "", " ", "x y", "ä"]
VALUES = [
    *IDS,
    *(
        "true",
        "false",
        "1",
        "0",
        "-1",
        "=x",
        "=",
        "= 1 +",
        "=a.b(c)",
        "P1D",
        "R/PT0S",
        "R/P1D",
        "* * * * * *",
    ),
    *(
        "2026-01-01T00:00:00Z",
        "latest",
        "deployment",
        "versionTag",
        "redress:x",
        "redress.clock",
        "a.b",
        "if",
        "💥",
    ),
    *(
        '=addWorkingDays(1, 2, "x")',
        "x" * 2000,
        "=" + "(" * 300,
        "=x between 1 and 2",
        "P999999999Y",
        "\u2028",
    ),
]
TAGS = [
    *(f"{{{BPMN}}}{name}" for name in sorted(FLOW_NODES | CHILDREN_OF.keys() | ATTRIBUTES_OF.keys() | DRAWN)),
    *(
        f"{{{BPMN}}}{name}"
        for name in [*REFUSED, "message", "signal", "error", "escalation", "globalUserTask"]
    ),
    *(f"{{{BPMN}}}{name}" for name in ["extensionElements"] * 20 + ["definitions", "process", "nonsense"]),
    *(f"{{{ZEEBE}}}{name}" for name in [*EXTENSIONS, "nonsense"]),
    *("{urn:other}thing", f"{{{CAMUNDA}}}thing", "bare"),
]
ATTRIBUTES = [
    *sorted({name for names in ATTRIBUTES_OF.values() for name in names}),
    *sorted({name for extension in EXTENSIONS.values() for name in extension.attributes}),
    *("id", "id", "id", "name", "sourceRef", "targetRef", "attachedToRef", "errorCode", "escalationCode"),
    *("{urn:other}x", f"{{{ZEEBE}}}modelerTemplate", f"{{{CAMUNDA}}}x", "nonsense"),
]
NONE = Words(kind="word", known=frozenset())
KNOWN = replace(
    NOTHING_KNOWN,
    processes={},
    decisions={},
    forms={},
    in_step_types=frozenset({"redress:y"}),
    service=ServiceFacts(
        job_types={
            "redress:y": JobFacts(
                headers={"k": Header(words=NONE)}, inputs={"x": NONE}, results=frozenset(), passes_on=False
            )
        },
        task_headers={"k": Header(words=NONE, required=True)},
        variables={"x": NONE},
        members={"x": frozenset()},
        clocks=NONE,
        states=NONE,
        joined={},
        messages=NONE,
        groups=NONE,
        calendars=frozenset(),
        start_variables=frozenset(),
        provided=frozenset(),
        replaced={},
    ),
)
some = settings(max_examples=CASES // 2, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))


def random_tree(random: Random, size: int) -> etree._Element:
    root = etree.Element(f"{{{BPMN}}}definitions")
    process = etree.SubElement(root, f"{{{BPMN}}}process", isExecutable="true", id="p")
    nodes = [root, process, process, process]
    for _ in range(size):
        parent = random.choice(nodes[-12:] if random.random() < 0.5 else nodes)
        node = etree.SubElement(parent, random.choice(TAGS))
        decorate(node, random)
        nodes.append(node)
    return root


def decorate(node: etree._Element, random: Random) -> None:
    if random.random() < 0.8:
        node.set("id", random.choice(IDS))
    for _ in range(random.randrange(5)):
        node.set(random.choice(ATTRIBUTES), random.choice(VALUES))
    if random.random() < 0.3:
        node.text = random.choice(VALUES)


def mutate(root: etree._Element, random: Random) -> None:
    nodes = list(root.iter())
    for _ in range(random.randint(1, 6)):
        node, other = random.choice(nodes), random.choice(nodes)
        kind = random.randrange(6)
        if kind == 0 and node.getparent() is not None:
            node.getparent().remove(node)
        elif kind == 1:
            other.append(etree.fromstring(etree.tostring(node)))
        elif kind == 2 and node is not root and node not in other.iterancestors() and node is not other:
            other.append(node)
        elif kind == 3:
            node.tag = random.choice(TAGS)
        elif kind == 4 and node.attrib:
            del node.attrib[random.choice(list(node.attrib))]
        else:
            decorate(node, random)


def touch(root: etree._Element, random: Random) -> None:
    """Change one small thing, which often leaves a good diagram."""
    node = random.choice(list(root.iter()))
    kind = random.randrange(4)
    if kind == 0 and node.getparent() is not None:
        node.getparent().remove(node)
    elif kind == 1 and node.attrib:
        del node.attrib[random.choice(list(node.attrib))]
    elif kind == 2 and node.attrib:
        node.set(random.choice(list(node.attrib)), random.choice(VALUES))
    else:
        node.set(random.choice(ATTRIBUTES), random.choice(VALUES))


def judge(root: etree._Element, known: KnownResources) -> tuple[Finding, ...]:
    found = check_diagram(
        read_xml(etree.tostring(root)), file="a.bpmn", context=DeploymentContext(known=known)
    )
    assert all(finding.message and finding.code for finding in found)
    assert len(report(found).splitlines()) >= len(found)
    return found


@many
@given(seed=st.integers(0, 2**32), size=st.integers(0, 60))
def test_any_tree_is_judged(seed: int, size: int) -> None:
    root = random_tree(Random(seed), size)

    judge(root, NOTHING_KNOWN)
    assert judge(root, KNOWN) == judge(root, KNOWN)


class Drawings(list[bytes]):
    """Diagrams; shown by their number when a test fails."""

    def __repr__(self) -> str:
        return f"{len(self)} drawings"


@pytest.fixture(scope="module")
def drawings(whole_file: Callable) -> Drawings:
    """Every file of ours, and one with a bit of everything."""
    everything = (
        "<extensionElements><z:properties><z:property name='redress.timeZone' value='UTC'/></z:properties>"
        "</extensionElements><userTask id='a'><extensionElements>"
        "<z:userTask/><z:taskSchedule dueDate='=x'/><z:ioMapping>"
        "<z:input source='=x' target='y'/></z:ioMapping>"
        "</extensionElements><multiInstanceLoopCharacteristics>"
        "<extensionElements><z:loopCharacteristics inputCollection='=xs'/></extensionElements>"
        "</multiInstanceLoopCharacteristics></userTask>"
        "<boundaryEvent id='b' attachedToRef='a'><timerEventDefinition>"
        "<timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent><exclusiveGateway id='c'/>"
        "<transaction id='d'><startEvent id='f'/><endEvent id='g'>"
        "<cancelEventDefinition/></endEvent></transaction>"
        "<subProcess id='h' triggeredByEvent='true'><startEvent id='i'>"
        "<errorEventDefinition errorRef='refused'/></startEvent>"
        "</subProcess><intermediateThrowEvent id='j'><linkEventDefinition name='L'/></intermediateThrowEvent>"
        "<intermediateCatchEvent id='k'><linkEventDefinition name='L'/></intermediateCatchEvent>"
        "<task id='l' isForCompensation='true'/>"
        "<boundaryEvent id='m' attachedToRef='d'><compensateEventDefinition/>"
        "</boundaryEvent><association id='n' sourceRef='m' targetRef='l'/> | s>a a>c c>a c>d b>j k>e d>e"
    )
    ours = [path.read_bytes() for path in sorted(PROCESSES.glob("*.bpmn"))]
    return Drawings([whole_file(everything).encode(), *ours])


@some
@given(seed=st.integers(0, 2**32))
def test_any_mutation_of_a_good_diagram_is_judged(drawings: Drawings, seed: int) -> None:
    random = Random(seed)
    root = read_xml(random.choice(drawings))
    mutate(root, random)

    judge(root, KNOWN)


@some
@given(seed=st.integers(0, 2**32))
def test_what_is_accepted_can_be_read_and_loses_nothing(drawings: Drawings, seed: int) -> None:
    random = Random(seed)
    root = read_xml(random.choice(drawings))
    touch(root, random)
    data = etree.tostring(root)

    found = check_diagram(root)

    if not any(finding.severity == "error" or finding.code == "stored_as_model" for finding in found):
        for definition in dialect.read_bpmn(data).processes.values():
            assert check_parsed(root, definition) == ()


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_judged(data: bytes) -> None:
    assert check_files({"a.bpmn": data})


def test_a_root_of_another_kind_is_one_finding() -> None:
    found = check_diagram(read_xml(b"<a xmlns='urn:x'><b/></a>"))

    assert [finding.code for finding in found] == ["not_bpmn"]


def test_findings_without_end_are_cut(lint: Callable) -> None:
    found = lint("".join(f"<nonsense id='n{number}'/>" for number in range(3_000)))

    assert len(found) == 1_001
    assert found[-1].code == "too_many_findings"
    assert "2,000" in found[-1].message


def test_warnings_without_end_refuse_nothing(lint: Callable) -> None:
    unused = "".join(
        f"<businessRuleTask id='t{number}'><extensionElements><z:calledDecision decisionId='d' resultVariable='r'"
        " versionTag='v'/></extensionElements></businessRuleTask>"
        for number in range(1_200)
    )
    flows = "s>t0 " + " ".join(f"t{n}>t{n + 1}" for n in range(1_199)) + " t1199>e"
    found = lint(f"{unused} | {flows}")

    assert found[-1].code == "too_many_findings"
    assert {finding.severity for finding in found} == {"warning"}


CHAIN = (
    "".join(f"<task id='t{n}'/>" for n in range(10_000))
    + " | s>t0 t9999>e "
    + " ".join(f"t{n}>t{n + 1}" for n in range(9_999))
)
LARGE = {
    "chain": CHAIN,
    "loop": CHAIN + " t9999>t0",
    "nameless flows": "<task id='a'/>" + "<sequenceFlow sourceRef='s' targetRef='a'/>" * 10_000,
    "nameless tasks": "<task/>" * 10_000 + " | s>e",
    "one id": "<task id='a'/>" * 10_000 + " | s>a a>e",
    "fan": "<exclusiveGateway id='g'/>"
    + "".join(
        f"<sequenceFlow id='f{n}' sourceRef='g' targetRef='e'>"
        f"<conditionExpression>=x = {n}</conditionExpression>"
        "</sequenceFlow>"
        for n in range(5_000)
    )
    + " | s>g",
    "catchers": "<userTask id='a'/>"
    + "".join(
        f"<boundaryEvent id='b{n}' attachedToRef='a'>"
        f"<messageEventDefinition messageRef='reply'/></boundaryEvent>"
        for n in range(10_000)
    )
    + " | s>a a>e",
    "nested": "<subProcess id='p{0}'><startEvent id='i{0}'/>" * 100 + "</subProcess>" * 100 + " | s>e",
    "names": "".join(
        f"<scriptTask id='a{n}'><extensionElements>"
        f"<z:script expression='=variable{n + 1}' resultVariable='variable_{n}'/>"
        "</extensionElements></scriptTask>"
        for n in range(5_000)
    )
    + " | s>e",
}


@pytest.mark.parametrize("name", LARGE)
def test_ten_thousand_elements_are_judged_in_bounded_time(whole_file: Callable, name: str) -> None:
    root = read_xml(whole_file(LARGE[name]).encode())
    began = time.perf_counter()

    check_diagram(root, context=DeploymentContext(known=KNOWN))

    assert time.perf_counter() - began < 20
