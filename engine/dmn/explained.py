"""How a decision came about, as plain data: for the history, the pages, REST and the command line."""

from __future__ import annotations

from typing import Any

from engine.dmn.decided import Decided, DecisionNote, EvaluatedDecision
from engine.feel import to_json


def explained(decided: Decided) -> dict[str, Any]:
    """Return ``output``, ``decisions`` in the order they were made, and ``notes``; all of it JSON.

    A decision has ``id name kind inputs rules output``; an input ``id name value``; a rule ``id index
    outputs``; a note ``code severity decision element rule column facts`` and, for FEEL, the offending line
    with carets as ``place``.
    """
    return {
        "output": to_json(decided.value),
        "decisions": [_decision(evaluated) for evaluated in decided.trace],
        "notes": [_note(note) for note in decided.notes],
    }


def _decision(evaluated: EvaluatedDecision) -> dict[str, Any]:
    return {
        "id": evaluated.decision_id,
        "name": evaluated.name,
        "kind": evaluated.kind,
        "inputs": [
            {"id": given.id, "name": given.name, "value": to_json(given.value)} for given in evaluated.inputs
        ],
        "rules": [
            {
                "id": rule.id,
                "index": rule.index,
                "outputs": {name: to_json(value) for name, value in rule.outputs.items()},
            }
            for rule in evaluated.matched
        ],
        "output": to_json(evaluated.output),
    }


def _note(note: DecisionNote) -> dict[str, Any]:
    return {
        "code": note.code,
        "severity": note.severity,
        "decision": note.decision_id,
        "element": note.element_id,
        "rule": note.rule_id,
        "column": note.column,
        "facts": dict(note.facts),
        "place": None if note.note is None else note.note.caret(),
    }
