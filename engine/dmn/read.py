"""From the bytes of a .dmn file to a model; everything that is wrong with it is found at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from lxml import etree

from engine.dmn.boxes import Boxes
from engine.dmn.check import findings_about
from engine.dmn.errors import ModelRefused
from engine.dmn.model import (
    Decision,
    DecisionService,
    FunctionItem,
    Import,
    InputData,
    ItemDefinition,
    KnowledgeModel,
    Model,
    Reference,
    ReferenceKind,
    Variable,
)
from engine.dmn.reading import Findings, normal
from engine.dmn.xml import BadXml, child, children, name_of, namespace_of, parse, text_of
from engine.findings import Finding
from engine.truth import read_truth

NAMESPACES: Final[Mapping[str, str]] = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
_ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
_CAMUNDA: Final = "http://camunda.org/schema/1.0/dmn"
_XML_PROBLEMS: Final = {
    "too_large": ("The file is larger than 4 MB.", "Split the model."),
    "not_xml": ("The file is not well-formed XML.", ""),
    "has_doctype": ("The file has a document type.", "Remove the DOCTYPE; entities are not read."),
}
_REQUIRED: Final[Mapping[str, ReferenceKind]] = {
    "requiredInput": "input",
    "requiredDecision": "decision",
    "requiredKnowledge": "knowledge",
}
_Named = TypeVar("_Named", InputData, Decision, KnowledgeModel, DecisionService)


def read(data: bytes, *, name: str = "") -> Model:
    """Return the model in a .dmn file of DMN 1.1 to 1.5; ``name`` is the file's, for the findings.

    Raises ``ModelRefused`` with all findings, element ids included, if anything in it cannot be used: other
    languages than FEEL, Java and PMML functions, imports that are no DMN, requirements in a circle,
    references to nothing, FEEL that cannot be read. FEEL that depends on imports is judged when the imports
    are known: see ``findings_about``.
    """
    model, findings = draft(data, name=name)
    errors = [finding for finding in (*findings, *findings_about(model)) if finding.severity == "error"]
    if errors:
        raise ModelRefused(errors)
    return model


def draft(data: bytes, *, name: str = "") -> tuple[Model, tuple[Finding, ...]]:
    """Return the model, however incomplete, and what is wrong with its elements; what cannot be used gives
    null.

    For editors and measurements; ``read`` is for everything else. Raises ``ModelRefused`` for what is no DMN
    at all.
    """
    findings = Findings(name)
    try:
        root = parse(data)
    except BadXml as bad:
        message, advice = _XML_PROBLEMS[bad.code]
        finding = Finding("error", bad.code, message, advice, file=name, line=bad.line)
        raise ModelRefused([finding]) from None
    if name_of(root) != "definitions" or namespace_of(root) not in NAMESPACES:
        findings.error("not_dmn", root, "This is no DMN model of version 1.1 to 1.5.")
        raise ModelRefused(findings)
    return _Reader(root, findings).model(), tuple(findings)


class _Reader:
    """One pass over the elements of a model."""

    def __init__(self, root: etree._Element, findings: Findings) -> None:
        self.root = root
        self.findings = findings
        self.boxes = Boxes(findings)
        self.namespace = root.get("namespace") or ""

    def model(self) -> Model:
        self.boxes.refuse_other_language(self.root)
        self._refuse_double_ids()
        return Model(
            id=self.root.get("id") or normal(self.root.get("name")),
            name=normal(self.root.get("name")),
            namespace=self.namespace,
            inputs=self._unique(self._input(e) for e in children(self.root, "inputData")),
            decisions=self._unique(self._decision(e) for e in children(self.root, "decision")),
            knowledge=self._unique(self._knowledge(e) for e in children(self.root, "businessKnowledgeModel")),
            services=self._unique(self._service(e) for e in children(self.root, "decisionService")),
            types={item.name: item for item in map(self._item, children(self.root, "itemDefinition"))},
            imports=tuple(self._imports()),
            file=self.findings.file,
        )

    def _refuse_double_ids(self) -> None:
        seen: set[str] = set()
        for element in self.root.iter():
            if isinstance(element.tag, str) and namespace_of(element) == namespace_of(self.root):
                own = element.get("id")
                if own is not None and own in seen:
                    self.findings.error("double_id", element, f"The id {own} is used twice.")
                elif own is not None:
                    seen.add(own)

    def _unique(self, elements: Iterable[_Named]) -> dict[str, _Named]:
        found: dict[str, _Named] = {}
        names: set[str] = set()
        for element in elements:
            if element.name in names:
                self.findings.append(
                    Finding(
                        "error",
                        "double_name",
                        f"Two elements of one kind are named {element.name}.",
                        "Rename one.",
                        file=self.findings.file,
                        element_id=element.id,
                        element_name=element.name,
                    )
                )
            names.add(element.name)
            found.setdefault(element.id, element)
        return found

    def _imports(self) -> Iterable[Import]:
        for element in children(self.root, "import"):
            kind = element.get("importType", "")
            if kind in NAMESPACES:
                yield Import(normal(element.get("name")), element.get("namespace") or "")
            else:
                self.findings.error("import_type", element, f"Imports of type {kind} are not read.")

    def _input(self, element: etree._Element) -> InputData:
        name = normal(element.get("name"))
        return InputData(element.get("id") or name, name, self._variable(element, name))

    def _variable(self, element: etree._Element, name: str) -> Variable:
        variable = self.boxes.variable(child(element, "variable"))
        return Variable(variable.name or name, variable.type_ref)

    def _decision(self, element: etree._Element) -> Decision:
        name = normal(element.get("name"))
        return Decision(
            element.get("id") or name,
            name,
            self._variable(element, name),
            self._requirements(element),
            self.boxes.first_in(element),
            _version_tag(element),
            child(element, "variable") is not None,
        )

    def _knowledge(self, element: etree._Element) -> KnowledgeModel:
        name = normal(element.get("name"))
        logic = child(element, "encapsulatedLogic")
        return KnowledgeModel(
            element.get("id") or name,
            name,
            self._variable(element, name),
            self._requirements(element),
            None if logic is None else self.boxes.function(logic),
        )

    def _service(self, element: etree._Element) -> DecisionService:
        name = normal(element.get("name"))

        def references(child_name: str, kind: ReferenceKind) -> tuple[Reference, ...]:
            return tuple(self._reference(kind, e) for e in children(element, child_name))

        return DecisionService(
            element.get("id") or name,
            name,
            self._variable(element, name),
            references("outputDecision", "decision"),
            references("encapsulatedDecision", "decision"),
            references("inputDecision", "decision"),
            references("inputData", "input"),
        )

    def _requirements(self, element: etree._Element) -> tuple[Reference, ...]:
        return tuple(
            self._reference(_REQUIRED[name_of(required)], required)
            for requirement in children(element, "informationRequirement", "knowledgeRequirement")
            for required in children(requirement, *_REQUIRED)
        )

    def _reference(self, kind: ReferenceKind, element: etree._Element) -> Reference:
        namespace, _, element_id = (element.get("href") or "").rpartition("#")
        own = not namespace or namespace == self.namespace
        return Reference(kind, element_id, None if own else namespace)

    def _item(self, element: etree._Element) -> ItemDefinition:
        self.boxes.refuse_other_language(element, "typeLanguage")
        function = child(element, "functionItem")
        return ItemDefinition(
            normal(element.get("name")),
            element.get("id"),
            normal(text_of(child(element, "typeRef"))) or None,
            self._truth(element, "isCollection"),
            tuple(self._item(component) for component in children(element, "itemComponent")),
            self.boxes.optional_text(child(element, "allowedValues"), element),
            self.boxes.optional_text(child(element, "typeConstraint"), element),
            None if function is None else self._function_item(function),
        )

    def _truth(self, element: etree._Element, attribute: str) -> bool:
        text = element.get(attribute, "false")
        found = read_truth(text)
        if found is None:
            self.findings.error(
                "bad_value", element, f"{attribute} is {text!r}, neither true nor false.", "Correct it."
            )
        return bool(found)

    def _function_item(self, element: etree._Element) -> FunctionItem:
        parameters = tuple(self.boxes.variable(parameter) for parameter in children(element, "parameters"))
        return FunctionItem(parameters, element.get("outputTypeRef"))


def _version_tag(element: etree._Element) -> str | None:
    """Return the tag of Camunda 8 (an extension element) or Camunda 7 (an attribute)."""
    for extensions in children(element, "extensionElements"):
        tag = extensions.find(f"{{{_ZEEBE}}}versionTag")
        if tag is not None:
            return tag.get("value")
    return element.get(f"{{{_CAMUNDA}}}versionTag")
