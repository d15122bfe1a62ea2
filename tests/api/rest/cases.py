"""Files to deploy in tests of the interface: one process that waits in every way, a form, a table."""

from __future__ import annotations

import json

from tests.engine.diagrams import END, START, bpmn, chain, flow, service_task, user_task

FORM = json.dumps(
    {
        "id": "assess",
        "type": "default",
        "schemaVersion": 16,
        "components": [
            {
                "type": "number",
                "key": "amount",
                "id": "amount",
                "label": "Amount",
                "validate": {"required": True, "max": 100},
            },
            {"type": "textfield", "key": "note", "id": "note", "label": "Note"},
        ],
    }
)

TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="rules" name="Rules" namespace="t">
  <decision id="lane" name="Lane"><variable name="lane" typeRef="string"/>
    <decisionTable id="laneTable" hitPolicy="UNIQUE">
      <input id="in1" label="Amount"><inputExpression id="in1e" typeRef="number"><text>amount</text></inputExpression></input>
      <output id="out1" name="lane" typeRef="string"/>
      <rule id="r1"><inputEntry id="r1i"><text>&lt; 10</text></inputEntry><outputEntry id="r1o"><text>"fast"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="r2i"><text>&gt;= 10</text></inputEntry><outputEntry id="r2o"><text>"slow"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""

MESSAGE = (
    '<message id="m1" name="reply"><extensionElements><zeebe:subscription correlationKey="=caseId"/></extensionElements></message>'
    '<error id="e1" errorCode="NOPE" name="nope"/><signal id="s1" name="alarm"/>'
)


def order() -> bytes:
    """Return start → "assess" (form) → "mail" (job, error → "repair") → message "reply" → signal "alarm" → "final" → end."""
    return bpmn(
        "order",
        START
        + user_task(
            "assess",
            '<zeebe:formDefinition formId="assess"/><zeebe:assignmentDefinition candidateGroups="handlers"/>'
            '<zeebe:taskHeaders><zeebe:header key="duty" value="assess"/></zeebe:taskHeaders>',
        )
        + service_task(
            "mail",
            "mail",
            extension='<zeebe:taskHeaders><zeebe:header key="to" value="ann"/></zeebe:taskHeaders>',
        )
        + '<boundaryEvent id="refused" attachedToRef="mail"><errorEventDefinition errorRef="e1"/></boundaryEvent>'
        + user_task("repair", '<zeebe:assignmentDefinition assignee="admin"/>')
        + '<intermediateCatchEvent id="reply"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>'
        + '<intermediateCatchEvent id="alarm"><signalEventDefinition signalRef="s1"/></intermediateCatchEvent>'
        + user_task("final", '<zeebe:assignmentDefinition candidateUsers="admin"/>')
        + END
        + '<endEvent id="end2"/>'
        + chain("start", "assess", "mail", "reply", "alarm", "final", "end")
        + chain("refused", "repair", "end2"),
        extra=MESSAGE,
    )


def table_task() -> bytes:
    """Return start → business rule task "decide" (decision lane) → end; fails without a number ``amount``."""
    rule = (
        '<businessRuleTask id="decide"><extensionElements>'
        '<zeebe:calledDecision decisionId="lane" resultVariable="lane"/></extensionElements></businessRuleTask>'
    )
    return bpmn("sorting", START + rule + END + chain("start", "decide", "end"))


def choice() -> bytes:
    """Return start → gateway → "yes" or "no" (user tasks) → end; an incident while ``go`` is no truth value."""
    return bpmn(
        "choice",
        START
        + '<exclusiveGateway id="which" default="which-no"/>'
        + user_task("yes")
        + user_task("no")
        + END
        + '<endEvent id="end2"/>'
        + chain("start", "which")
        + flow("which", "yes", "=go")
        + '<sequenceFlow id="which-no" sourceRef="which" targetRef="no"/>'
        + chain("yes", "end")
        + chain("no", "end2"),
    )


FILES = (
    ("order.bpmn", order()),
    ("sorting.bpmn", table_task()),
    ("choice.bpmn", choice()),
    ("assess.form", FORM.encode()),
    ("rules.dmn", TABLE.encode()),
)
