"""Conditions of one gateway that say the same, or are true together."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from engine.dialect.lint.drawing import Drawing, Flow, Node, text_of
from engine.dialect.lint.flows import default_of
from engine.dialect.lint.formulas import Constant, Span, span_of
from engine.dialect.lint.notes import Notes
from engine.dialect.lint.texts import Texts

MOST_COMPARED: Final = 40


def check_conditions(drawing: Drawing, texts: Texts) -> None:
    """Compare the conditions leaving each exclusive or inclusive gateway."""
    expressions = dict(texts.formulas)
    for node in drawing.nodes:
        if node.tag not in ("exclusiveGateway", "inclusiveGateway"):
            continue
        flows = [
            flow for flow in node.outgoing if flow.condition is not None and flow is not default_of(node)
        ]
        _check_equal(flows, texts.notes)
        if node.tag == "exclusiveGateway":
            spans = [
                (flow, span)
                for flow in flows[:MOST_COMPARED]
                if flow.condition in expressions and (span := span_of(expressions[flow.condition]))
            ]
            _check_overlap(node, spans, texts.notes)


def _normal(flow: Flow) -> str:
    return " ".join(text_of(flow.condition).split()) if flow.condition is not None else ""


def _check_equal(flows: list[Flow], notes: Notes) -> None:
    seen: dict[str, Flow] = {}
    for flow in flows:
        text = _normal(flow)
        if text in seen:
            message = f"The flow {seen[text].id!r} of the same gateway has the same condition."
            advice = "Change one of them, or join the flows."
            notes.warning(flow.xml, "condition_twice", message, advice, attribute="conditionExpression")
        seen.setdefault(text, flow)


def _check_overlap(node: Node, spans: list[tuple[Flow, Span]], notes: Notes) -> None:
    for (first, one), (second, other) in combinations(spans, 2):
        if _normal(first) == _normal(second):
            continue
        shared = one.example_shared_with(other)
        if shared is not None:
            message = (
                f"The conditions of {first.id!r} and {second.id!r} are both true"
                f" when {one.variable} is {_written(shared)}; then {first.id!r} is taken."
            )
            advice = "Make them exclude each other, or make sure the order in the file is meant."
            notes.warning(node.xml, "conditions_overlap", message, advice, attribute="conditionExpression")


def _written(value: Constant) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value!r}" if isinstance(value, str) else f"{value:f}"
