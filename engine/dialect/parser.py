"""SpiffWorkflow's parser with our node parsers in every place; no node is parsed the library's way."""

from __future__ import annotations

from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser

from engine.dialect.model import Element
from engine.dialect.notes import BPMN, line_of
from engine.dialect.reader import TYPES, RawProcess
from engine.dialect.specs import EACH, ElementSpec, JoinSpec, ProcessSpec, kind_of


class NodeParser(TaskParser):
    """Makes the spec of one flow node; flows are connected afterwards, so long diagrams do not recurse."""

    def parse_node(self) -> ElementSpec:
        """Return the spec, or the spec of the loop around it."""
        element: Element = self.process_parser.raw.elements[self.bpmn_id]
        kind = kind_of(element)
        if element.multi_instance or element.standard_loop:
            self.spec_class(self.spec, element.id + EACH, element, kind)
            kind = "multi-instance" if element.multi_instance else "loop"
            return ElementSpec(self.spec, element.id, element, kind)
        return self.spec_class(self.spec, element.id, element, kind)


class FlatProcessParser(ProcessParser):
    """Parses a process and its sub-processes into one spec; the token tree tells the scopes apart."""

    def __init__(self, parser: Parser, node: etree._Element, *args: Any, **kwargs: Any) -> None:
        """See ``ProcessParser``."""
        self.raw = parser.raw
        super().__init__(parser, node, *args, **kwargs)

    def _index_process_nodes(self) -> None:
        self.nodes_by_id = {
            node.get("id"): node for tag in TYPES for node in self.node.iter(BPMN + tag) if node.get("id")
        }

    def _parse(self) -> None:
        self.spec = self.create_spec()
        self.add_tasks()

    def create_spec(self) -> ProcessSpec:
        """Return an empty spec with our root."""
        return ProcessSpec(process_element(self.raw))

    def add_tasks(self) -> None:
        """Add every node in document order, then every flow and link in document order."""
        for element_id in self.raw.elements:
            self.parse_node(self.nodes_by_id[element_id])
        for flow in self.raw.flows:
            self.spec.task_specs[flow.source].connect(self.spec.task_specs[flow.target])
        for source, target in links(self.raw):
            self.spec.task_specs[source].connect(self.spec.task_specs[target])


class Parser(BpmnParser):
    """The library's parser for one process."""

    PROCESS_PARSER_CLASS = FlatProcessParser
    OVERRIDE_PARSER_CLASSES: ClassVar[dict[str, tuple[type, type]]] = {
        BPMN + tag: (NodeParser, JoinSpec if tag in ("parallelGateway", "inclusiveGateway") else ElementSpec)
        for tag in TYPES
    }

    def __init__(self, raw: RawProcess) -> None:
        """``raw`` is the process as read."""
        super().__init__()
        self.raw = raw

    def parse(self) -> ProcessSpec:
        """Return the spec of the process."""
        self.create_parser(self.raw.body)
        spec: ProcessSpec = self.get_spec(self.raw.process_id)
        return spec


def process_element(raw: RawProcess) -> Element:
    """Return the element that stands for the process itself."""
    return Element(raw.process_id, raw.name, "process", "PROCESS", "", line=line_of(raw.node))


def links(raw: RawProcess) -> list[tuple[str, str]]:
    """Return the pairs (throw, catch) of link events: same name, same scope."""
    catches = {
        (element.scope_id, element.trigger.name): element.id
        for element in raw.elements.values()
        if element.tag == "intermediateCatchEvent" and element.trigger and element.trigger.kind == "link"
    }
    found = []
    for element in raw.elements.values():
        if element.tag == "intermediateThrowEvent" and element.trigger and element.trigger.kind == "link":
            target = catches.get((element.scope_id, element.trigger.name))
            if target is not None:
                found.append((element.id, target))
    return found
