"""The deploy-time validator: everything wrong or doubtful about the files of a deployment, at once.

Belongs here: rules over the raw XML, before anything is parsed into the engine, and the proof that parsing
lost nothing. Does not belong here: storing, running, deciding what a finding means for an answer.
"""

from engine.dialect.lint.context import (
    FUNCTIONS,
    NOTHING_KNOWN,
    SHORTEST_CYCLE,
    DeploymentContext,
    Header,
    JobFacts,
    KnownResources,
    ServiceFacts,
    Spoken,
    Together,
    Words,
)
from engine.dialect.lint.diagram import check_diagram
from engine.dialect.lint.files import check_files
from engine.dialect.lint.formulas import called, clock_calls, compared, last_name, paths, results_written_out
from engine.dialect.lint.parsed import check_parsed
from engine.dialect.lint.report import report

__all__ = [
    "FUNCTIONS",
    "NOTHING_KNOWN",
    "SHORTEST_CYCLE",
    "DeploymentContext",
    "Header",
    "JobFacts",
    "KnownResources",
    "ServiceFacts",
    "Spoken",
    "Together",
    "Words",
    "called",
    "check_diagram",
    "check_files",
    "check_parsed",
    "clock_calls",
    "compared",
    "last_name",
    "paths",
    "report",
    "results_written_out",
]
