"""Variables that are read though nothing provides them, functions and calendars nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from engine.dialect.lint.context import DeploymentContext
from engine.dialect.lint.drawing import EVENTS, ZEEBE, Drawing, Node, first_zeebe
from engine.dialect.lint.formulas import calendars_named, called
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.suggest import closest, perhaps
from engine.dialect.lint.texts import Texts
from engine.dialect.values import is_formula

_COUNTERS: Final = frozenset(
    {
        *("loopCounter", "numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances"),
        *("numberOfTerminatedInstances",),
    }
)
_FROM_OUTSIDE: Final = frozenset({"message", "signal", "error", "escalation"})


def check_variables(drawing: Drawing, texts: Texts, context: DeploymentContext) -> None:
    """Note names that nothing provides.

    Where an outside source may provide anything (a worker, a message, an unknown form) only a name that looks
    like a slip of a provided one is noted; where all sources are known, every name is.
    """
    provided, closed = _provided(drawing, context)
    for node, expression in texts.formulas:
        unknown = (expression.variables & called(expression)) - context.known.functions
        _check_calls(node, unknown, texts.notes)
        if context.known.calendars is not None:
            for calendar in calendars_named(expression):
                if calendar not in context.known.calendars:
                    message = f"There is no calendar {quote(calendar)}."
                    texts.notes.error(
                        node, "calendar_unknown", message, perhaps(calendar, context.known.calendars)
                    )
        for name in sorted(expression.variables - provided - called(expression) - _COUNTERS):
            meant = _slip_of(name, provided)
            if meant is not None or closed:
                message = f"Nothing in this deployment provides the variable {name}."
                advice = (
                    f"Did you mean {meant}?" if meant else "Then it is null; provide it, or correct its name."
                )
                texts.notes.warning(node, "variable_unknown", message, advice, attribute=name)


def _slip_of(name: str, provided: frozenset[str]) -> str | None:
    """Return the name that was probably meant; a plural is another name, not a slip."""
    meant = closest(name, provided, likeness=0.86)
    return None if meant is None or meant.rstrip("s") == name.rstrip("s") else meant


def _check_calls(node: etree._Element, unknown: frozenset[str], notes: Notes) -> None:
    for name in sorted(unknown):
        message = f"There is no function {name}, so the result is null."
        notes.warning(node, "function_unknown", message, "Correct its name.", attribute=name)


def _provided(drawing: Drawing, context: DeploymentContext) -> tuple[frozenset[str], bool]:
    """Return every name something in the diagram provides, and whether there are no other sources."""
    names: set[str] = set()
    closed = context.known.start_variables is not None
    names |= context.known.start_variables or set()
    for node in drawing.nodes:
        targets = [str(item.get("target") or "").partition(".")[0] for item in _mapped(node, "output")]
        names.update(targets)
        names.update(str(item.get("target") or "").partition(".")[0] for item in _mapped(node, "input"))
        names |= _results(node)
        more = _handed_over(node, context)
        names |= more or set()
        if more is None and not targets:
            closed = False
    return frozenset(names - {""}), closed


def _mapped(node: Node, direction: str) -> Iterator[etree._Element]:
    mapping = first_zeebe(node.xml, "ioMapping")
    return iter(()) if mapping is None else mapping.iterchildren(f"{{{ZEEBE}}}{direction}")


def _results(node: Node) -> set[str]:
    found: set[str] = set()
    for item in node.xml.iter(f"{{{ZEEBE}}}script", f"{{{ZEEBE}}}calledDecision"):
        if node.inner is None:
            found.add(str(item.get("resultVariable") or ""))
    for marker in node.xml.iterchildren(etree.Element):
        loop = first_zeebe(marker, "loopCharacteristics") if isinstance(marker.tag, str) else None
        if loop is not None:
            found |= {str(loop.get("inputElement") or ""), str(loop.get("outputCollection") or "")}
            element = str(loop.get("outputElement") or "").removeprefix("=").strip()
            found.add(element.partition(".")[0] if element.replace(".", "").isidentifier() else "")
    return found


def _handed_over(node: Node, context: DeploymentContext) -> set[str] | None:
    """Return the names an element brings in without a mapping; None if that could be anything."""
    if node.tag == "userTask" or node.tag == "startEvent":
        form = first_zeebe(node.xml, "formDefinition")
        if node.tag == "startEvent" and form is None:
            return set() if node.trigger in ("none", "timer", "conditional", "compensate") else None
        return _form_fields(form, context)
    job = first_zeebe(node.xml, "taskDefinition")
    if job is not None:
        results = context.known.in_step_results.get(str(job.get("type") or ""))
        return None if results is None else set(results)
    if node.tag in ("receiveTask", "callActivity"):
        return None
    if node.tag in EVENTS and node.tag in ("intermediateCatchEvent", "boundaryEvent"):
        return None if node.trigger in _FROM_OUTSIDE else set()
    return set()


def _form_fields(form: etree._Element | None, context: DeploymentContext) -> set[str] | None:
    form_id = str(form.get("formId") or "") if form is not None else ""
    if not form_id or is_formula(form_id):
        return None
    together = context.together.form_fields if context.together is not None else {}
    fields = together.get(form_id, context.known.form_fields.get(form_id))
    return None if fields is None else set(fields)
