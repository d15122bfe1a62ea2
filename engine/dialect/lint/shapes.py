"""Walking an executable process against the allow-list: elements, attributes, extensions, namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from engine.dialect.ids import BPMN, GLOBAL_TASKS
from engine.dialect.lint import allowed
from engine.dialect.lint.allowed import Attribute, Extension, Kind
from engine.dialect.lint.drawing import CAMUNDA, MODELER, ZEEBE, Drawing
from engine.dialect.lint.notes import Notes, elements, quote, split, tag_of
from engine.dialect.lint.texts import Texts
from engine.truth import read_truth

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"
LONGEST_NAME: Final = 1_000
_PLACEHOLDER: Final = "__targetRef_placeholder"  # bpmn-js writes such a property for a drawn data association
_NAMED: Final = frozenset({"message", "signal", "error", "escalation"})
_NAMED_ATTRIBUTES: Final = {
    "message": frozenset({"name", "itemRef"}),
    "signal": frozenset({"name", "structureRef"}),
    "error": frozenset({"name", "errorCode", "structureRef"}),
    "escalation": frozenset({"name", "escalationCode", "structureRef"}),
}
_CONVERT: Final = "Convert the diagram to Camunda 8 (Zeebe) in the Modeler."


def check_shapes(drawing: Drawing, texts: Texts) -> None:
    """Judge every element and attribute of the executable processes and of the things they refer to."""
    walk = _Walk(texts)
    for process in (*drawing.executable, *drawing.global_tasks):
        walk.process(process)
    for kind in sorted(_NAMED):
        for thing in drawing.named[kind].values():
            walk.named(thing, kind)
    walk.report_ignored()
    _check_camunda(drawing, texts.notes)


class _Walk:
    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.notes = texts.notes
        self.ignored: dict[tuple[str, str], list[etree._Element]] = {}

    def process(self, process: etree._Element) -> None:
        waiting = [process]
        while waiting:
            node = waiting.pop()
            name = split(node.tag)[1]
            name = GLOBAL_TASKS.get(name, name)
            self.attributes(node, name)
            waiting += reversed(list(self.children(node, name)))

    def named(self, node: etree._Element, kind: str) -> None:
        self.attributes(node, kind)
        for child in elements(node):
            if split(child.tag) == (BPMN, "extensionElements"):
                self.extensions(child, kind)

    def children(self, node: etree._Element, name: str) -> Iterator[etree._Element]:
        """Yield the children to walk on with; note those that have no place here."""
        good = allowed.CHILDREN_OF.get(name, frozenset())
        for child in elements(node):
            namespace, tag = split(child.tag)
            if namespace != BPMN:
                self.foreign_element(child, namespace)
            elif tag == "extensionElements":
                self.extensions(child, name)
            elif tag in allowed.LATER:
                message = f"A {tag} is not supported yet."
                self.notes.error(child, "not_supported_yet", message, allowed.LATER[tag])
            elif tag in allowed.REFUSED and not _is_placeholder(child, tag):
                advice = allowed.REFUSED[tag]
                self.notes.error(child, "element_refused", f"{tag} is not supported.", advice, attribute=tag)
            elif tag in good:
                yield child
            elif tag not in allowed.DRAWN and tag not in allowed.REFUSED:
                message = f"{tag} has no place in {name}."
                self.notes.error(child, "element_unknown", message, "Remove it.", attribute=tag)

    def attributes(self, node: etree._Element, name: str) -> None:
        good = _NAMED_ATTRIBUTES.get(name, allowed.ATTRIBUTES_OF.get(name, frozenset()))
        for attribute, value in node.attrib.items():
            namespace, local = split(attribute)
            if namespace:
                self.foreign_attribute(node, namespace, local)
            elif local in ("id", "name"):
                self._length(node, local, str(value))
            elif local not in good:
                message = f"The attribute {local} has no place on {tag_of(node)}."
                self.notes.error(node, "attribute_unknown", message, "Remove it.", attribute=local)
            else:
                self._value(node, name, local, str(value))

    def _length(self, node: etree._Element, local: str, value: str) -> None:
        if len(value) > LONGEST_NAME:
            message = f"The {local} has {len(value):,} characters; at most {LONGEST_NAME:,} are accepted."
            self.notes.error(node, "too_long", message, "Shorten it.", attribute=local)

    def _value(self, node: etree._Element, name: str, attribute: str, value: str) -> None:
        only = allowed.ONLY.get((name, attribute)) or allowed.ONLY.get(("*", attribute))
        if only and value.strip() not in only[0]:
            message = f"{attribute}={quote(value)} is not supported."
            self.notes.error(node, "value_refused", message, only[1], attribute=attribute)
        elif attribute in allowed.BOOLEANS and read_truth(value) is None:
            message = f"{attribute} is {quote(value)}, neither true nor false."
            self.notes.error(node, "bad_value", message, attribute=attribute)
        elif attribute in allowed.IGNORED_ATTRIBUTES and not value.startswith("##") and value:
            self.ignored.setdefault(("", attribute), []).append(node)
        elif attribute == "language" and value and "feel" not in value.lower():
            message = f"The language {quote(value)} is not supported."
            self.notes.error(node, "language_refused", message, "Write FEEL.", attribute=attribute)

    def foreign_element(self, node: etree._Element, namespace: str) -> None:
        if namespace == ZEEBE:
            message = f"{tag_of(node)} stands outside extensionElements."
            self.notes.error(node, "extension_misplaced", message, "Move it into extensionElements.")
        elif namespace != CAMUNDA:
            self.ignored.setdefault((namespace, tag_of(node)), []).append(node)

    def foreign_attribute(self, node: etree._Element, namespace: str, local: str) -> None:
        if namespace in (XSI, XML, MODELER) or namespace == CAMUNDA:
            return
        if namespace == ZEEBE and not local.startswith(allowed.IGNORED_ZEEBE_ATTRIBUTES):
            message = f"The attribute zeebe:{local} is not known."
            self.notes.error(node, "attribute_unknown", message, "Remove it.", attribute=local)
        else:
            self.ignored.setdefault((namespace, local), []).append(node)

    def extensions(self, holder: etree._Element, owner: str) -> None:
        good = allowed.EXTENSIONS_OF.get(owner, frozenset())
        seen: set[str] = set()
        for child in elements(holder):
            namespace, tag = split(child.tag)
            if namespace != ZEEBE:
                if namespace not in (CAMUNDA, MODELER):
                    self.ignored.setdefault((namespace, tag_of(child)), []).append(child)
                continue
            extension = allowed.EXTENSIONS.get(tag)
            if extension is None or not (tag in good or extension.status is not None):
                what = "is not known" if extension is None else f"has no place on {owner}"
                self.notes.error(
                    child, "extension_unknown", f"zeebe:{tag} {what}.", "Remove it.", attribute=tag
                )
            elif tag in seen:
                self.notes.error(
                    child, "extension_twice", f"zeebe:{tag} is there twice.", "Remove one.", attribute=tag
                )
            else:
                self.extension(child, tag, extension)
            seen.add(tag)

    def extension(self, node: etree._Element, tag: str, extension: Extension) -> None:
        if extension.status is not None:
            later = extension.status is Kind.LATER
            code, said = (
                ("not_supported_yet", "not supported yet") if later else ("element_refused", "not supported")
            )
            self.notes.error(node, code, f"zeebe:{tag} is {said}.", "Remove it.", attribute=tag)
            return
        self._extension_attributes(node, tag, extension)
        for child in elements(node):
            namespace, name = split(child.tag)
            if namespace == ZEEBE and name in extension.children:
                self.extension(child, name, allowed.EXTENSIONS[name])
            elif namespace == ZEEBE or not namespace:
                message = f"zeebe:{name} has no place in zeebe:{tag}."
                self.notes.error(child, "extension_unknown", message, "Remove it.", attribute=name)

    def _extension_attributes(self, node: etree._Element, tag: str, extension: Extension) -> None:
        for attribute, rule in extension.attributes.items():
            value = node.get(attribute)
            if value is not None:
                self._extension_value(node, attribute, str(value), rule)
            elif rule.required:
                message = f"zeebe:{tag} has no {attribute}."
                self.notes.error(node, "attribute_missing", message, "Fill it in.", attribute=attribute)
        for name in node.attrib:
            namespace, local = split(name)
            if namespace in ("", ZEEBE) and local.startswith(allowed.IGNORED_ZEEBE_ATTRIBUTES):
                self.ignored.setdefault((ZEEBE, local), []).append(node)
            elif namespace not in ("", CAMUNDA):
                self.ignored.setdefault((namespace, local), []).append(node)
            elif not namespace and local not in extension.attributes:
                message = f"The attribute {local} has no place on zeebe:{tag}."
                self.notes.error(node, "attribute_unknown", message, "Remove it.", attribute=local)

    def _extension_value(self, node: etree._Element, attribute: str, value: str, rule: Attribute) -> None:
        if rule.kind is Kind.LATER:
            message = f"{attribute} is not supported yet."
            self.notes.error(node, "not_supported_yet", message, "Remove it.", attribute=attribute)
        elif rule.kind is Kind.REFUSED:
            self.notes.error(
                node, "attribute_refused", f"{attribute} is not supported.", "Remove it.", attribute=attribute
            )
        else:
            self.texts.judge(node, attribute, value, kind=rule.kind, reads=rule.reads)

    def report_ignored(self) -> None:
        """Name what is ignored once per file, with the first place and the number of the others."""
        for (namespace, name), nodes in self.ignored.items():
            others = f" (and {len(nodes) - 1} times more)" if len(nodes) > 1 else ""
            origin = f" of {namespace}" if namespace and namespace != ZEEBE else ""
            message = f"{name}{origin} is ignored{others}."
            self.notes.warning(nodes[0], "ignored", message, "It has no effect here.", attribute=name)


def _is_placeholder(node: etree._Element, tag: str) -> bool:
    return tag == "property" and node.get("name") == _PLACEHOLDER


def _check_camunda(drawing: Drawing, notes: Notes) -> None:
    """Refuse every element and attribute of Camunda 7, wherever it stands."""
    for node in drawing.root.iter(etree.Element):
        if split(node.tag)[0] == CAMUNDA:
            notes.error(node, "camunda_7", f"{tag_of(node)} belongs to Camunda 7.", _CONVERT)
        for attribute in node.attrib:
            namespace, local = split(attribute)
            if namespace == CAMUNDA:
                message = f"camunda:{local} belongs to Camunda 7."
                notes.error(node, "camunda_7", message, _CONVERT, attribute=local)
