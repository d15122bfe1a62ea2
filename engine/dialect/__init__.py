"""What a diagram means: reading BPMN files into definitions that can be executed.

Belongs here: XML, ``zeebe:`` extensions, the SpiffWorkflow parser and task specs, checks at deployment.
Does not: anything about a running case (``engine.execution``), SQL.
"""

from engine.dialect.definition import (
    Called,
    Diagram,
    DiagramRefused,
    EventSubprocess,
    ProcessDefinition,
    formulas_of,
    read_bpmn,
)
from engine.dialect.model import Binding, Element, Flow, FormRule, StartEvent, TimerText, Trigger
from engine.dialect.values import Formula, Value

__all__ = [
    "Binding",
    "Called",
    "Diagram",
    "DiagramRefused",
    "Element",
    "EventSubprocess",
    "Flow",
    "FormRule",
    "Formula",
    "ProcessDefinition",
    "StartEvent",
    "TimerText",
    "Trigger",
    "Value",
    "formulas_of",
    "read_bpmn",
]
