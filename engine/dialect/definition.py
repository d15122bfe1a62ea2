"""A deployed process as everybody uses it: immutable, shared by all its instances, cheap to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine import feel
from engine.dialect import extensions as ext
from engine.dialect.ids import assign_ids
from engine.dialect.model import Binding, Element, FormRule, StartEvent, Trigger
from engine.dialect.notes import Problems
from engine.dialect.parser import Parser, links, process_element
from engine.dialect.reader import RawProcess, Reader
from engine.dialect.specs import ProcessSpec
from engine.dialect.structure import check_structure
from engine.dialect.values import Formula, Value
from engine.dialect.xml import XmlRefused, read_xml
from engine.errors import Invalid
from engine.findings import Finding

START_KINDS = ("none", "message", "timer", "signal", "conditional")


class DiagramRefused(Invalid):
    """The diagram cannot be executed."""

    code = "diagram_refused"

    def __init__(self, findings: Iterable[Finding], name: str = "") -> None:
        """``findings`` say what is wrong, each with its place."""
        self.findings = tuple(findings)
        super().__init__(None, file=name, findings=[str(finding) for finding in self.findings])


@dataclass(frozen=True, slots=True)
class Called:
    """A process or decision that an element names: literal id or expression, and which version."""

    element_id: str
    called: Value
    binding: Binding


@dataclass(frozen=True, slots=True)
class EventSubprocess:
    """An event sub-process and the start event that triggers it."""

    element: Element
    start: Element


@dataclass(frozen=True, eq=False)
class ProcessDefinition:
    """One executable process of a diagram.

    ``elements`` holds every flow node by id, in document order; ``root`` stands for the process.
    ``starts`` gives the elements where a scope (process or sub-process id) begins without an event;
    ``boundaries`` the boundary events of an activity; ``event_subprocesses`` those of a scope; ``links``
    the catch of a link throw.
    """

    process_id: str
    name: str
    version_tag: str | None
    spec: ProcessSpec
    root: Element
    elements: Mapping[str, Element]
    properties: Mapping[str, str]
    start_events: tuple[StartEvent, ...]
    starts: Mapping[str, tuple[Element, ...]]
    boundaries: Mapping[str, tuple[Element, ...]]
    event_subprocesses: Mapping[str, tuple[EventSubprocess, ...]]
    links: Mapping[str, str]

    @property
    def time_zone(self) -> str | None:
        """The IANA zone of the process (``redress.timeZone``), None for the service's."""
        return self.properties.get("redress.timeZone")

    @property
    def calendar(self) -> str | None:
        """The working-day calendar of the process (``redress.calendar``), None for the service's."""
        return self.properties.get("redress.calendar")

    @property
    def calls(self) -> tuple[Called, ...]:
        """The processes that call activities name."""
        found = [(e.id, e.call) for e in self.elements.values()]
        return tuple(Called(key, call.process_id, call.binding) for key, call in found if call)

    @property
    def decisions(self) -> tuple[Called, ...]:
        """The decisions that business rule tasks name."""
        found = [(e.id, e.decision) for e in self.elements.values()]
        return tuple(Called(key, rule.decision_id, rule.binding) for key, rule in found if rule)

    @property
    def forms(self) -> Mapping[str, FormRule]:
        """The form of every user task and start event that has one, by element id."""
        return MappingProxyType({e.id: e.form for e in self.elements.values() if e.form})

    @property
    def job_types(self) -> Mapping[str, Value]:
        """The job type of every element that makes jobs, by element id."""
        return MappingProxyType({e.id: e.job.type for e in self.elements.values() if e.job})

    def children(self, scope_id: str) -> tuple[Element, ...]:
        """Return the flow nodes drawn directly inside a scope."""
        return tuple(element for element in self.elements.values() if element.scope_id == scope_id)


@dataclass(frozen=True, eq=False)
class Diagram:
    """What one ``.bpmn`` file defines: its executable processes by id, in document order."""

    name: str
    processes: Mapping[str, ProcessDefinition]


def read_bpmn(data: bytes, *, name: str = "") -> Diagram:
    """Return the executable processes of a diagram file called ``name``.

    Raises ``DiagramRefused`` with every problem that keeps it from being executed; whether it is *wise* is
    the lint's affair.
    """
    try:
        root = read_xml(data)
    except XmlRefused as refused:
        raise DiagramRefused([refused.finding(name)], name) from None
    assign_ids(root)
    problems = Problems(name)
    raw = list(Reader(root, problems).processes())
    if not raw:
        problems.error(root, "nothing_executable", "No process is executable.", "Set isExecutable to true.")
    for process in raw:
        check_structure(process, problems)
    if problems.found:
        raise DiagramRefused(problems.found, name)
    return Diagram(name, MappingProxyType({process.process_id: _define(process) for process in raw}))


def _define(raw: RawProcess) -> ProcessDefinition:
    elements = raw.elements
    by_scope: dict[str, list[Element]] = {raw.process_id: []}
    boundaries: dict[str, list[Element]] = {}
    for element in elements.values():
        by_scope.setdefault(element.scope_id, []).append(element)
        if element.attached_to:
            boundaries.setdefault(element.attached_to, []).append(element)
    linked = dict(links(raw))
    return ProcessDefinition(
        process_id=raw.process_id,
        name=raw.name,
        version_tag=ext.version_tag(raw.node),
        spec=Parser(raw).parse(),
        root=process_element(raw),
        elements=elements,
        properties=ext.properties(raw.node),
        start_events=tuple(_start_event(e) for e in by_scope[raw.process_id] if e.tag == "startEvent"),
        starts=MappingProxyType({scope: _starts(inside, linked) for scope, inside in by_scope.items()}),
        boundaries=MappingProxyType({key: tuple(events) for key, events in boundaries.items()}),
        event_subprocesses=MappingProxyType(
            {scope: _event_subprocesses(inside, by_scope) for scope, inside in by_scope.items()}
        ),
        links=MappingProxyType(linked),
    )


def _starts(inside: list[Element], linked: Mapping[str, str]) -> tuple[Element, ...]:
    """Return the none start event; without any start event, the nodes that no flow, event or link leads
    to."""
    events = [element for element in inside if element.tag == "startEvent"]
    if events:
        return tuple(e for e in events if e.trigger is None or e.trigger.kind == "none")[:1]
    return tuple(
        e
        for e in inside
        if not (
            e.incoming
            or e.attached_to
            or e.is_event_subprocess
            or e.for_compensation
            or e.id in linked.values()
        )
    )


def _event_subprocesses(
    inside: list[Element], by_scope: Mapping[str, list[Element]]
) -> tuple[EventSubprocess, ...]:
    found: list[EventSubprocess] = []
    for element in inside:
        if element.is_event_subprocess:
            starts = [child for child in by_scope.get(element.id, ()) if child.tag == "startEvent"]
            found.extend(EventSubprocess(element, start) for start in starts[:1])
    return tuple(found)


def _start_event(element: Element) -> StartEvent:
    trigger = element.trigger or Trigger()
    return StartEvent(
        element.id,
        trigger.kind,
        trigger.name,
        trigger.timer,
        trigger.condition,
        element.form,
        element.interrupting,
        trigger,
    )


def formulas_of(definition: ProcessDefinition) -> Iterable[tuple[Element, Formula]]:
    """Yield every expression of the process with the element it belongs to."""
    for element in definition.elements.values():
        yield from ((element, formula) for formula in _formulas(element))


def _formulas(value: object) -> Iterable[Formula]:
    if isinstance(value, Formula):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _formulas(item)
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, feel.Expression):
        for name in value.__dataclass_fields__:
            yield from _formulas(getattr(value, name))
