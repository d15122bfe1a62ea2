"""From XML elements to boxed expressions, decision tables included; what cannot be used becomes a finding."""

from __future__ import annotations

from typing import Final, cast, get_args

from lxml import etree

from engine.dmn.model import (
    Aggregation,
    Boxed,
    ConditionalBox,
    ContextBox,
    FilterBox,
    FunctionBox,
    HitPolicy,
    InputColumn,
    InvocationBox,
    IterationBox,
    ListBox,
    LiteralBox,
    OutputColumn,
    RelationBox,
    Rule,
    TableBox,
    Text,
    Variable,
)
from engine.dmn.reading import Findings, normal
from engine.dmn.xml import child, children, line_of, name_of, text_of

BOXES: Final = (
    "literalExpression", "decisionTable", "context", "invocation", "list", "relation", "functionDefinition",
    "conditional", "filter", "for", "every", "some",
)  # fmt: skip


class Boxes:
    """Reads boxed expressions and collects what is wrong with them."""

    def __init__(self, findings: Findings) -> None:
        """Whatever is wrong goes into ``findings``."""
        self.findings = findings

    def first_in(self, element: etree._Element | None) -> Boxed | None:
        """Return the boxed expression inside ``element``, None if it is empty."""
        found = child(element, *BOXES)
        return None if found is None else self.read(found)

    def read(self, element: etree._Element) -> Boxed:
        """Return the boxed expression that ``element`` is."""
        read = getattr(self, _READERS[name_of(element)])
        return cast(Boxed, read(element))

    def text(self, element: etree._Element | None, owner: etree._Element) -> Text:
        """Return the FEEL text inside ``element``; ``owner`` carries the id if the element has none."""
        source = owner if element is None else element
        self.refuse_other_language(source)
        return Text(
            text_of(child(element, "text")),
            source.get("id") or owner.get("id"),
            source.get("typeRef"),
            line_of(source),
        )

    def optional_text(self, element: etree._Element | None, owner: etree._Element) -> Text | None:
        """Return the FEEL text inside ``element``, None if there is none or it is blank."""
        if element is None:
            return None
        text = self.text(element, owner)
        return text if text.text.strip() else None

    def variable(self, element: etree._Element | None) -> Variable:
        """Return a declared name with its type."""
        if element is None:
            return Variable("")
        return Variable(normal(element.get("name")), element.get("typeRef"))

    def function(self, element: etree._Element) -> FunctionBox:
        """Return a function definition, or the logic of a knowledge model."""
        kind = element.get("kind", "FEEL")
        if kind != "FEEL":
            self.findings.error(
                "external_function",
                element,
                f"Functions of kind {kind} are not run.",
                "Write the body in FEEL.",
            )
        parameters = tuple(self.variable(parameter) for parameter in children(element, "formalParameter"))
        return FunctionBox(kind, parameters, self.first_in(element), **_common(element))

    def refuse_other_language(self, element: etree._Element, attribute: str = "expressionLanguage") -> None:
        """Note a language that is not FEEL."""
        language = element.get(attribute)
        if language and "feel" not in language.lower():
            self.findings.error(
                "expression_language", element, f"The language {language} is not spoken here.", "Write FEEL."
            )

    def _literal(self, element: etree._Element) -> Boxed:
        return LiteralBox(self.text(element, element), **_common(element))

    def _context(self, element: etree._Element) -> Boxed:
        entries: list[tuple[Variable, Boxed | None]] = []
        result: Boxed | None = None
        for entry in children(element, "contextEntry"):
            variable = self.variable(child(entry, "variable"))
            if variable.name:
                entries.append((variable, self.first_in(entry)))
            else:
                result = self.first_in(entry) or LiteralBox(Text(""))
        return ContextBox(tuple(entries), result, **_common(element))

    def _invocation(self, element: etree._Element) -> Boxed:
        bindings = tuple(
            (self.variable(child(binding, "parameter")), self.first_in(binding))
            for binding in children(element, "binding")
        )
        return InvocationBox(self.first_in(element), bindings, **_common(element))

    def _list(self, element: etree._Element) -> Boxed:
        return ListBox(tuple(self.read(item) for item in children(element, *BOXES)), **_common(element))

    def _relation(self, element: etree._Element) -> Boxed:
        columns = tuple(self.variable(column) for column in children(element, "column"))
        rows = tuple(
            tuple(self.read(cell) for cell in children(row, *BOXES)) for row in children(element, "row")
        )
        for row, cells in zip(children(element, "row"), rows, strict=True):
            if len(cells) != len(columns):
                self.findings.error(
                    "relation_shape", row, "The row has not one cell per column.", "Add or remove cells."
                )
        return RelationBox(columns, rows, **_common(element))

    def _conditional(self, element: etree._Element) -> Boxed:
        condition, then, otherwise = (self.first_in(child(element, name)) for name in ("if", "then", "else"))
        return ConditionalBox(condition, then, otherwise, **_common(element))

    def _filter(self, element: etree._Element) -> Boxed:
        return FilterBox(
            self.first_in(child(element, "in")), self.first_in(child(element, "match")), **_common(element)
        )

    def _iteration(self, element: etree._Element) -> Boxed:
        kind = name_of(element)
        body = child(element, "return" if kind == "for" else "satisfies")
        return IterationBox(
            cast(object, kind),  # type: ignore[arg-type]
            normal(element.get("iteratorVariable")),
            self.first_in(child(element, "in")),
            self.first_in(body),
            **_common(element),
        )

    def _table(self, element: etree._Element) -> Boxed:
        policy = element.get("hitPolicy", "UNIQUE")
        aggregation = element.get("aggregation")
        if policy not in get_args(HitPolicy):
            self.findings.error("hit_policy", element, f"There is no hit policy {policy}.", "Choose another.")
            policy = "UNIQUE"
        if aggregation is not None and aggregation not in get_args(Aggregation):
            self.findings.error("aggregation", element, f"There is no aggregation {aggregation}.", "")
            aggregation = None
        inputs = tuple(self._input(column) for column in children(element, "input"))
        outputs = tuple(self._output(column) for column in children(element, "output"))
        rules = tuple(self._rule(rule, len(inputs), len(outputs)) for rule in children(element, "rule"))
        if not outputs:
            self.findings.error("no_output", element, "The table has no output column.", "Add one.")
        if aggregation is not None and (policy != "COLLECT" or len(outputs) > 1):
            self.findings.error(
                "aggregation", element, f"{aggregation} needs COLLECT and exactly one output.", ""
            )
        return TableBox(
            cast(HitPolicy, policy),
            cast(Aggregation | None, aggregation),
            inputs,
            outputs,
            rules,
            **_common(element),
        )

    def _input(self, element: etree._Element) -> InputColumn:
        expression = self.text(child(element, "inputExpression"), element)
        return InputColumn(
            element.get("id"),
            element.get("label") or " ".join(expression.text.split()),
            expression,
            self.optional_text(child(element, "inputValues"), element),
        )

    def _output(self, element: etree._Element) -> OutputColumn:
        return OutputColumn(
            element.get("id"),
            normal(element.get("name")),
            element.get("typeRef"),
            self.optional_text(child(element, "outputValues"), element),
            self.optional_text(child(element, "defaultOutputEntry"), element),
        )

    def _rule(self, element: etree._Element, inputs: int, outputs: int) -> Rule:
        conditions = tuple(self.text(cell, element) for cell in children(element, "inputEntry"))
        results = tuple(self.text(cell, element) for cell in children(element, "outputEntry"))
        if len(conditions) != inputs or len(results) != outputs:
            self.findings.error(
                "rule_shape", element, "The rule has not one cell per column.", "Add or remove cells."
            )
        return Rule(element.get("id"), conditions, results)


def _common(element: etree._Element) -> dict[str, str | None]:
    return {"element_id": element.get("id"), "type_ref": element.get("typeRef")}


_READERS: Final = {
    "literalExpression": "_literal",
    "decisionTable": "_table",
    "context": "_context",
    "invocation": "_invocation",
    "list": "_list",
    "relation": "_relation",
    "functionDefinition": "function",
    "conditional": "_conditional",
    "filter": "_filter",
    "for": "_iteration",
    "every": "_iteration",
    "some": "_iteration",
}
