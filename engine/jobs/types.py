"""What job types are written against: the type itself and the context its handler is given."""

from engine.commands.context import StepContext
from engine.commands.house import Beginning, JobType
from engine.execution.world import BpmnError

__all__ = ["Beginning", "BpmnError", "JobType", "StepContext"]
