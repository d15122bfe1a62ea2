"""The obvious way with SpiffWorkflow alone: the whole workflow as JSON in one row, loaded and stored at each step."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

DIAGRAM = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="small" isExecutable="true">
<startEvent id="start"/><userTask id="assess"/>
<boundaryEvent id="late" attachedToRef="assess"><timerEventDefinition id="td"><timeDuration>"P3D"</timeDuration>
</timerEventDefinition></boundaryEvent><endEvent id="gone"/>
<exclusiveGateway id="which" default="which_end"/><userTask id="answer"/><endEvent id="end"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="assess"/>
<sequenceFlow id="f2" sourceRef="assess" targetRef="which"/>
<sequenceFlow id="f3" sourceRef="which" targetRef="answer">
<conditionExpression>severe and amount &gt; 100</conditionExpression></sequenceFlow>
<sequenceFlow id="which_end" sourceRef="which" targetRef="end"/>
<sequenceFlow id="f5" sourceRef="answer" targetRef="end"/><sequenceFlow id="f6" sourceRef="late" targetRef="gone"/>
</process></definitions>"""


class Naive:
    """Cases in one table of one SQLite file, written as carefully as Redress writes."""

    def __init__(self, path: Path) -> None:
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(DIAGRAM.encode()))
        self._spec = parser.get_spec("small")
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
        self.database = sqlite3.connect(path)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")
        self.database.execute("CREATE TABLE cases (id INTEGER PRIMARY KEY, state TEXT)")

    def start(self, data: dict[str, object]) -> int:
        """Start a case and return its id."""
        workflow = BpmnWorkflow(self._spec)
        workflow.set_data(**data)
        workflow.get_next_task(state=TaskState.READY).set_data(**data)
        workflow.do_engine_steps()
        cursor = self.database.execute("INSERT INTO cases (state) VALUES (?)", (self._dump(workflow),))
        self.database.commit()
        return int(cursor.lastrowid or 0)

    def complete(self, case: int, data: dict[str, object]) -> None:
        """Complete the one open task of a case."""
        (state,) = self.database.execute("SELECT state FROM cases WHERE id = ?", (case,)).fetchone()
        workflow = self._serializer.deserialize_json(state)
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.set_data(**data)
        task.run()
        workflow.do_engine_steps()
        self.database.execute("UPDATE cases SET state = ? WHERE id = ?", (self._dump(workflow), case))
        self.database.commit()

    def play(self, data: dict[str, object]) -> None:
        """Take one case from its start through both tasks to its end."""
        case = self.start(data)
        self.complete(case, {"note": "seen"})
        self.complete(case, {"answer": "sorry"})

    def bytes_per_case(self) -> float:
        """Return the mean length of a stored state."""
        (length,) = self.database.execute("SELECT avg(length(state)) FROM cases").fetchone()
        return float(length)

    def _dump(self, workflow: BpmnWorkflow) -> str:
        return str(self._serializer.serialize_json(workflow))
