"""Small diagrams for the validator, written in one line.

A drawing is the inside of a process (default namespace BPMN, ``z`` for zeebe), then perhaps ``|`` and
flows such as ``s>a a>e``. A start ``s`` and an end ``e`` are added where missing; without flows ``s>a a>e``
is meant if there is an ``a``, else ``s>e``. Around it stand a few messages, signals, errors and escalations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.dialect.lint import (
    NOTHING_KNOWN,
    DeploymentContext,
    Header,
    JobFacts,
    KnownResources,
    ServiceFacts,
    Words,
    check_diagram,
)
from engine.dialect.xml import read_xml
from engine.findings import Finding

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"'
    ' xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:z="http://camunda.org/schema/zeebe/1.0" xmlns:modeler="http://camunda.org/schema/modeler/1.0"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:other="urn:other"'
)
KEY = "<extensionElements><z:subscription correlationKey='=caseId'/></extensionElements>"
OUTSIDE = f"""
<message id="reply" name="reply">{KEY}</message><message id="answer" name="answer">{KEY}</message>
<message id="also-reply" name="reply">{KEY}</message>
<message id="nameless">{KEY}</message><message id="keyless" name="keyless"/>
<message id="computed" name="=&quot;a&quot; + x">{KEY}</message>
<signal id="alarm" name="alarm"/><signal id="mute"/>
<error id="refused" name="Refused" errorCode="refused"/><error id="codeless" name="Codeless"/>
<error id="computed-error" errorCode="=code"/>
<escalation id="late" escalationCode="late"/><escalation id="uncoded"/>
"""
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LETTERS = Words(kind="letter", known=frozenset({"acknowledgement"}))
CLOCKS = Words(kind="clock", known=frozenset({"respond", "update", "x"}), others="accepted")
SERVICE = ServiceFacts(
    job_types={
        "redress:start-clock": JobFacts(
            headers={"clock": Header(words=CLOCKS)},
            inputs={"due": None},
            results=frozenset(),
            passes_on=False,
        ),
        "redress:send-letter": JobFacts(
            headers={"letter": Header(words=LETTERS)},
            inputs={"to": None},
            results=frozenset({"letterKey"}),
            passes_on=True,
        ),
    },
    task_headers={"duty": Header(words=Words(kind="duty", known=frozenset({"draft", "quality-check"})))},
    variables={"closingReason": Words(kind="closing reason", known=frozenset({"accepted", "settled_early"}))},
    members={"waits": frozenset({"reminder", "silence"})},
    clocks=CLOCKS,
    states=Words(kind="state", known=frozenset({"closed"})),
    joined={"both": frozenset({"respond", "update"})},
    messages=Words(kind="message", known=frozenset({"complainant-answers"}), others="accepted"),
    groups=Words(kind="group", known=frozenset({"handlers", "quality"}), others="warning", many=True),
    calendars=frozenset({"uk-england", "uk-scotland"}),
    start_variables=frozenset({"channel"}),
    provided=frozenset(),
    replaced={},
)
KNOWN = replace(
    NOTHING_KNOWN,
    in_step_types=frozenset({"redress:start-clock", "redress:send-letter"}),
    now=NOW,
    zone="Europe/London",
    service=SERVICE,
)


def file_of(
    drawing: str, *, root: str = "", process: str = 'isExecutable="true"', outside: str = OUTSIDE
) -> str:
    """Return a whole BPMN file around a drawing."""
    body, _, flows = drawing.partition("|")
    if not re.search(r"id='s'", body):
        body = "<startEvent id='s'/>" + body
    if not re.search(r"id='e'", body):
        body += "<endEvent id='e'/>"
    if "|" not in drawing:
        flows = "s>a a>e" if "id='a'" in body else "s>e"
    for flow in flows.split():
        source, target = flow.split(">")
        body += f"<sequenceFlow id='{source}-{target}' sourceRef='{source}' targetRef='{target}'/>"
    return f'{HEAD} {root}>{outside}<process id="p" {process}>{body}</process></definitions>'


Lint = Callable[..., tuple[Finding, ...]]


@pytest.fixture(scope="session")
def lint() -> Lint:
    """Return what judges a drawing: ``lint(drawing, known=…, root=…, process=…)``."""

    def judge(drawing: str, *, known: KnownResources = KNOWN, **around: str) -> tuple[Finding, ...]:
        root = read_xml(file_of(drawing, **around).encode())
        return check_diagram(root, file="a.bpmn", context=DeploymentContext(known=known))

    return judge


@pytest.fixture(scope="session")
def tell_apart(lint: Lint) -> Callable[[str, str, str], None]:
    """Return what asserts that the first drawing, and only the first, has a finding of the code."""

    def compare(code: str, bad: str, good: str) -> None:
        found = lint(bad)
        assert code in {finding.code for finding in found}, found
        for finding in found:
            assert finding.message
            assert finding.file == "a.bpmn"
            assert finding.line
        accepted = lint(good)
        assert not [finding for finding in accepted if finding.code == code or finding.severity == "error"], (
            accepted
        )

    return compare


@pytest.fixture(scope="session")
def whole_file() -> Callable[..., str]:
    """Return what makes a BPMN file of a drawing."""
    return file_of
