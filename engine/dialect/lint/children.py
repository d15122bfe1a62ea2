"""What activities give back to the scope around them, and where one risks to undo what another gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from lxml import etree

from engine.dialect.lint.context import DeploymentContext
from engine.dialect.lint.drawing import ZEEBE, Drawing, Node, Scope, bpmn, first_zeebe
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.values import is_formula
from engine.truth import is_true

_SPLITS: Final = frozenset({"parallelGateway", "inclusiveGateway"})
_MOST_NAMED: Final = 12


@dataclass(slots=True)
class Gifts:
    """What each activity of a drawing gives back, as far as it can be read: names by which the scope around it knows them.

    ``written`` is what called processes give back, by process id; one that is not there is not known.
    """

    context: DeploymentContext
    written: Mapping[str, frozenset[str]]
    _known: dict[Node, frozenset[str]] = field(default_factory=dict)

    def of(self, node: Node) -> frozenset[str]:
        """Return the names that an activity or event gives to the scope it stands in."""
        if node not in self._known:
            self._known[node] = frozenset()  # a drawing that holds itself gives nothing more
            self._known[node] = self._read(node)
        return self._known[node]

    def inside(self, scope: Scope) -> frozenset[str]:
        """Return the names that what is drawn in a scope gives to it."""
        return frozenset().union(*(self.of(node) for node in scope.nodes))

    def of_instance(self, node: Node) -> frozenset[str]:
        """Return the names that one instance of an activity with a loop marker gives back."""
        if targets := mapped(node, "output"):
            return targets
        if node.inner is not None:
            return self.inside(node.inner) - mapped(node, "input") - _element_of(node)
        if node.tag == "callActivity":
            called = called_process(node)
            return self.written.get(called or "", frozenset()) if gives_back_all(node) else frozenset()
        return (results_of(node) | handed_over(node, self.context)) - _element_of(node)

    def _read(self, node: Node) -> frozenset[str]:
        _, loop = _marker_of(node)
        collection = {_collection_of(loop)} if loop is not None else set()
        return (self.of_instance(node) | collection) - {""}


def gives_back_all(call: Node) -> bool:
    """Tell whether a call activity without output mappings gives back whatever the called process writes."""
    called = first_zeebe(call.xml, "calledElement")
    return called is not None and is_true(called.get("propagateAllChildVariables"), default=True)


def called_process(call: Node) -> str | None:
    """Return the id of the process that a call activity names; None where an expression says it."""
    called = first_zeebe(call.xml, "calledElement")
    name = "" if called is None else str(called.get("processId") or "").strip()
    return None if not name or is_formula(name) else name


def results_of(node: Node) -> frozenset[str]:
    """Return the variables that a script or decision of this element writes."""
    own = (first_zeebe(node.xml, "script"), first_zeebe(node.xml, "calledDecision"))
    names = {str(item.get("resultVariable") or "").partition(".")[0] for item in own if item is not None}
    return frozenset(names - {""})


def handed_over(node: Node, context: DeploymentContext) -> frozenset[str]:
    """Return the names that an element is known to bring in without a mapping."""
    if node.tag in ("userTask", "startEvent"):
        return _form_fields(first_zeebe(node.xml, "formDefinition"), context)
    job, service = first_zeebe(node.xml, "taskDefinition"), context.known.service
    if job is None or service is None:
        return frozenset()
    facts = service.job_types.get(str(job.get("type") or ""))
    return frozenset() if facts is None else facts.results


def written_by(drawings: Mapping[str, Drawing], context: DeploymentContext) -> Mapping[str, frozenset[str]]:
    """Return the names that each process of these files gives back to who calls it: process id → names.

    What the processes give that it calls in turn is among them, in whatever circle they call each other.
    """
    scopes = {
        scope.id: scope
        for drawing in drawings.values()
        for scope in drawing.processes()
        if scope.tag == "process"
    }
    written: dict[str, frozenset[str]] = dict.fromkeys(scopes, frozenset())
    while True:
        gifts = Gifts(context, written)
        grown = {name: gifts.inside(scope) for name, scope in scopes.items()}
        if grown == written:
            return written
        written = grown


def check_children(drawing: Drawing, notes: Notes, context: DeploymentContext) -> None:
    """Note what calls and instances give back where one may undo another."""
    written = context.together.written if context.together is not None else {}
    gifts = Gifts(context, written)
    for node in drawing.nodes:
        if node.tag == "callActivity":
            _check_call(node, written, notes)
        marker, loop = _marker_of(node)
        if loop is not None:
            _check_collection(node, loop, gifts, notes)
            if not is_true(marker.get("isSequential")):
                _check_instances(node, loop, gifts, notes)
    for scope in drawing.scopes:
        _check_branches(scope, gifts, notes)


def _check_call(call: Node, written: Mapping[str, frozenset[str]], notes: Notes) -> None:
    called = first_zeebe(call.xml, "calledElement")
    if called is None or mapped(call, "output") or called.get("propagateAllChildVariables") is not None:
        return
    process = called_process(call)
    if process is None or process not in written:
        names = "Which variables these are is known only when it runs."
    elif written[process]:
        names = f"These are {_listed(written[process])}."
    else:
        return
    message = f"The call gives back every variable that the called process writes. {names}"
    advice = "Map what is wanted, or choose what is propagated."
    notes.note(call.xml, "call_gives_back_all", message, advice, attribute="propagateAllChildVariables")


def _check_collection(node: Node, loop: etree._Element, gifts: Gifts, notes: Notes) -> None:
    name = _collection_of(loop)
    own = mapped(node, "output") or (
        results_of(node) if node.inner is None else gifts.inside(node.inner) - mapped(node, "input")
    )
    if name and name in own:
        message = f"Each instance writes {quote(name)}, in which the results of all are collected."
        advice = "Give what one instance writes another name, and name that in the output element."
        notes.error(node.xml, "output_overwritten", message, advice, attribute="outputCollection")


def _check_instances(node: Node, loop: etree._Element, gifts: Gifts, notes: Notes) -> None:
    if mapped(node, "output"):
        return
    names = gifts.of_instance(node) - {_collection_of(loop)}
    if names:
        message = f"All instances at once give back {_listed(names)}: the last one to end wins."
        advice = "Collect the results in an output collection, and map what is to leave an instance."
        notes.warning(node.xml, "children_write_same", message, advice)


def _check_branches(scope: Scope, gifts: Gifts, notes: Notes) -> None:
    for split in scope.nodes:
        if split.tag not in _SPLITS or len(split.outgoing) < 2:
            continue
        reached = [_reached(flow.target) for flow in split.outgoing if flow.target is not None]
        for one, other in combinations(reached, 2):
            for first in _calls(one - other):
                for second in _calls(other - one):
                    _check_pair(first, second, gifts, notes)


def _check_pair(first: Node, second: Node, gifts: Gifts, notes: Notes) -> None:
    if first is second or mapped(first, "output") or mapped(second, "output"):
        return
    names = gifts.of(first) & gifts.of(second)
    if names:
        message = f"{quote(first.title)} runs beside it, and both give back {_listed(names)}: the last one to end wins."
        notes.warning(second.xml, "children_write_same", message, "Map what each gives back to its own name.")


def _calls(nodes: frozenset[Node]) -> list[Node]:
    return sorted((node for node in nodes if node.tag == "callActivity"), key=lambda node: node.id)


def _reached(start: Node) -> frozenset[Node]:
    found, left = {start}, [start]
    while left:
        node = left.pop()
        for leaving in (node, *node.boundaries):
            for flow in leaving.outgoing:
                if flow.target is not None and flow.target not in found:
                    found.add(flow.target)
                    left.append(flow.target)
    return frozenset(found)


def _marker_of(node: Node) -> tuple[etree._Element, etree._Element | None]:
    """Return the multi-instance marker of an activity with its loop characteristics; without them the activity, and None."""
    for marker in bpmn(node.xml, "multiInstanceLoopCharacteristics"):
        if (loop := first_zeebe(marker, "loopCharacteristics")) is not None:
            return marker, loop
    return node.xml, None


def _collection_of(loop: etree._Element) -> str:
    return str(loop.get("outputCollection") or "").strip()


def _element_of(node: Node) -> frozenset[str]:
    """Return the names that are each instance's own: its item, and what its output element is taken from."""
    _, loop = _marker_of(node)
    if loop is None:
        return frozenset()
    taken = str(loop.get("outputElement") or "").removeprefix("=").strip().partition(".")[0]
    return frozenset({str(loop.get("inputElement") or ""), taken if taken.isidentifier() else ""})


def mapped(node: Node, direction: str) -> frozenset[str]:
    """Return the variables that the ``input`` or ``output`` mappings of an element write."""
    return frozenset(_targets(node, direction)) - {""}


def _targets(node: Node, direction: str) -> Iterator[str]:
    mapping = first_zeebe(node.xml, "ioMapping")
    for item in () if mapping is None else mapping.iterchildren(f"{{{ZEEBE}}}{direction}"):
        yield str(item.get("target") or "").partition(".")[0]


def _form_fields(form: etree._Element | None, context: DeploymentContext) -> frozenset[str]:
    form_id = str(form.get("formId") or "") if form is not None else ""
    if not form_id or is_formula(form_id):
        return frozenset()
    together = context.together.form_fields if context.together is not None else {}
    return together.get(form_id, context.known.form_fields.get(form_id, frozenset()))


def _listed(names: frozenset[str]) -> str:
    listed = [quote(name) for name in sorted(names)]
    more = len(listed) - _MOST_NAMED
    return ", ".join(listed[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
