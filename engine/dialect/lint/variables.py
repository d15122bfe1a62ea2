"""Variables that are read though nothing provides them, functions and calendars nobody knows."""

from __future__ import annotations

from typing import Final

from lxml import etree

from engine.dialect.lint.children import handed_over, mapped
from engine.dialect.lint.context import DeploymentContext
from engine.dialect.lint.drawing import ZEEBE, Drawing, Node, first_zeebe
from engine.dialect.lint.formulas import calendars_named, called
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.texts import Texts
from engine.dialect.lint.words import said_before
from engine.feel.functions import FUNCTIONS
from engine.suggest import closest, perhaps, slip_of

_COUNTERS: Final = frozenset(
    {
        *("loopCounter", "numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances"),
        *("numberOfTerminatedInstances",),
    }
)


def check_variables(drawing: Drawing, texts: Texts, context: DeploymentContext) -> None:
    """Note names that nothing provides and that look like a slip of a provided one.

    Other names may come from outside: a worker, a message, whoever starts or calls the process. One that takes the place of a
    name that the replaced version read, a letter apart, is an error.
    """
    provided = _provided(drawing, context)
    service = context.known.service
    anywhere = provided | (frozenset() if service is None else service.provided)
    had = said_before(drawing, service).names
    for node, expression in texts.formulas:
        functions = context.known.functions
        _check_calls(
            node,
            (expression.variables & called(expression)) - functions,
            functions.union(FUNCTIONS),
            texts.notes,
        )
        if context.known.service is not None:
            calendars = context.known.service.calendars
            for calendar in calendars_named(expression):
                if calendar not in calendars:
                    message = f"There is no calendar {quote(calendar)}."
                    texts.notes.error(node, "calendar_unknown", message, perhaps(calendar, calendars))
        for name in sorted(expression.variables - provided - called(expression) - _COUNTERS):
            if name in anywhere or name in had:
                continue
            slip = _but_plural(name, slip_of(name, had))
            meant = slip or _but_plural(name, closest(name, provided, likeness=0.86))
            if meant is not None:
                message = f"Nothing in this deployment provides the variable {name}."
                note = texts.notes.warning if slip is None else texts.notes.error
                note(node, "variable_unknown", message, f"Did you mean {meant}?", attribute=name)


def _but_plural(name: str, meant: str | None) -> str | None:
    """Return the name that was probably meant; a plural is another name, not a slip."""
    return None if meant is None or meant.rstrip("s") == name.rstrip("s") else meant


def _check_calls(node: etree._Element, unknown: frozenset[str], known: frozenset[str], notes: Notes) -> None:
    for name in sorted(unknown):
        message = f"There is no function {name}: the case would stop here."
        notes.error(node, "function_unknown", message, perhaps(name, known), attribute=name)


def _provided(drawing: Drawing, context: DeploymentContext) -> frozenset[str]:
    """Return every name that something in the diagram, or the start of a case, provides."""
    names: set[str] = set()
    if context.known.service is not None:
        names |= context.known.service.start_variables
    for node in drawing.nodes:
        names |= mapped(node, "output") | mapped(node, "input")
        names |= _results(node)
        names |= handed_over(node, context)
    return frozenset(names - {""})


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
