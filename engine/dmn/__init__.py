"""Decision models: read from DMN 1.1 to 1.5, checked, and asked for decisions with an account of each.

Belongs here: models, decision tables, boxed expressions, requirements, imports, services. Does not belong
here: FEEL itself, files, stored definitions, and what a failed decision means for a case.
"""

from engine.dmn.check import findings_about
from engine.dmn.decide import decide
from engine.dmn.decided import (
    Decided,
    DecisionNote,
    EvaluatedDecision,
    EvaluatedInput,
    MatchedRule,
)
from engine.dmn.errors import DecisionFailed, DecisionNotFound, ImportMissing, ModelRefused
from engine.dmn.explained import explained
from engine.dmn.lint import Unseen, lint, unseen_names
from engine.dmn.model import Decision, DecisionService, Model
from engine.dmn.read import draft, read

__all__ = [
    "Decided",
    "Decision",
    "DecisionFailed",
    "DecisionNotFound",
    "DecisionNote",
    "DecisionService",
    "EvaluatedDecision",
    "EvaluatedInput",
    "ImportMissing",
    "MatchedRule",
    "Model",
    "ModelRefused",
    "Unseen",
    "decide",
    "draft",
    "explained",
    "findings_about",
    "lint",
    "read",
    "unseen_names",
]
