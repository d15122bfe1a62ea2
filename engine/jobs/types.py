"""What job types are written against: the type itself and the context its handler is given."""

from engine.commands.context import StepContext
from engine.commands.house import JobType
from engine.execution.world import BpmnError

__all__ = ["BpmnError", "JobType", "StepContext"]
