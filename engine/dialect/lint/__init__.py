"""The deploy-time validator: everything wrong or doubtful about the files of a deployment, at once.

Belongs here: rules over the raw XML, before anything is parsed into the engine, and the proof that parsing
lost nothing. Does not belong here: storing, running, deciding what a finding means for an answer.
"""

from engine.dialect.lint.context import DeploymentContext, KnownResources, Together
from engine.dialect.lint.diagram import check_diagram
from engine.dialect.lint.files import check_files
from engine.dialect.lint.parsed import check_parsed
from engine.dialect.lint.report import report

__all__ = [
    "DeploymentContext",
    "KnownResources",
    "Together",
    "check_diagram",
    "check_files",
    "check_parsed",
    "report",
]
