"""What a decision answered, what there was to note, and which rules led to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.dmn.errors import DecisionFailed
from engine.feel.notes import Note, Severity
from engine.feel.values import Value


@dataclass(frozen=True, slots=True)
class DecisionNote:
    """Something that gave null, and where: the decision being made and the element, in a table rule and
    column.

    ``column`` is the label of an input or the name of an output. ``note`` is FEEL's own, with the place in
    the text. ``facts`` name kinds, names and ids, never data.
    """

    code: str
    severity: Severity
    decision_id: str | None = None
    decision_name: str | None = None
    element_id: str | None = None
    rule_id: str | None = None
    column: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class EvaluatedInput:
    """What an input column, or a required element, came to."""

    id: str | None
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """A rule that matched: its id, its place from 1, and its outputs by name (the name may be empty)."""

    id: str | None
    index: int
    outputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class EvaluatedDecision:
    """One decision, or one table inside a knowledge model or boxed expression, evaluated on the way."""

    decision_id: str
    name: str
    kind: str
    inputs: tuple[EvaluatedInput, ...]
    matched: tuple[MatchedRule, ...]
    output: Value


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer: a FEEL value, notes as they arose, and a trace with the decision asked for last."""

    value: Value
    notes: tuple[DecisionNote, ...] = ()
    trace: tuple[EvaluatedDecision, ...] = ()

    def required(self) -> Value:
        """Return the value. Raises ``DecisionFailed`` naming decision and rule if a note is an error."""
        for note in self.notes:
            if note.severity == "error":
                facts: dict[str, Any] = {
                    "reason": note.code,
                    "decision": note.decision_id,
                    "name": note.decision_name,
                    "element": note.element_id,
                    "rule": note.rule_id,
                    "column": note.column,
                    "inputs": self._inputs_of(note.decision_id),
                    **note.facts,
                }
                raise DecisionFailed(**{name: fact for name, fact in facts.items() if fact is not None})
        return self.value

    def _inputs_of(self, decision_id: str | None) -> list[str] | None:
        for evaluated in self.trace:
            if evaluated.decision_id == decision_id:
                return [given.name for given in evaluated.inputs]
        return None
