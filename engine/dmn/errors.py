"""What can be wrong with a decision model, or with asking it."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import Invalid, NotFound
from engine.findings import Finding


class ModelRefused(Invalid):
    """The decision model cannot be used."""

    code = "decision_model_refused"

    def __init__(self, findings: Iterable[Finding]) -> None:
        """``findings`` say everything that is wrong, with element ids."""
        self.findings = tuple(findings)
        first = str(self.findings[0]) if self.findings else ""
        super().__init__(count=len(self.findings), first=first)


class DecisionNotFound(NotFound):
    """The model has no decision or decision service of that id or name."""

    code = "decision_not_found"


class ImportMissing(NotFound):
    """A model that this one imports was not given."""

    code = "decision_import_missing"


class DecisionFailed(Invalid):
    """The decision has no usable result for this data."""

    code = "decision_failed"
