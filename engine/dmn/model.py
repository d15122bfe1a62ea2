"""What a decision model is once it has been read: elements and boxed expressions, frozen, free of XML."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

HitPolicy = Literal["UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"]
Aggregation = Literal["SUM", "COUNT", "MIN", "MAX"]
ReferenceKind = Literal["input", "decision", "knowledge"]


@dataclass(frozen=True, slots=True)
class Text:
    """A FEEL text and the element it stands in."""

    text: str
    element_id: str | None = None
    type_ref: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A name with the type it is declared to have."""

    name: str
    type_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Boxed:
    """Any boxed expression; ``type_ref`` is the type of its own result."""

    element_id: str | None = field(default=None, kw_only=True)
    type_ref: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class LiteralBox(Boxed):
    """A FEEL text; empty is null."""

    text: Text


@dataclass(frozen=True, slots=True)
class ContextBox(Boxed):
    """Named entries, each of which sees those before it; ``result``, if any, is the value of the whole."""

    entries: tuple[tuple[Variable, Boxed | None], ...]
    result: Boxed | None = None


@dataclass(frozen=True, slots=True)
class InvocationBox(Boxed):
    """A call of what ``callee`` yields, arguments by name."""

    callee: Boxed | None
    bindings: tuple[tuple[Variable, Boxed | None], ...]


@dataclass(frozen=True, slots=True)
class ListBox(Boxed):
    """Items in order."""

    items: tuple[Boxed | None, ...]


@dataclass(frozen=True, slots=True)
class RelationBox(Boxed):
    """A list of contexts drawn as a table."""

    columns: tuple[Variable, ...]
    rows: tuple[tuple[Boxed | None, ...], ...]


@dataclass(frozen=True, slots=True)
class FunctionBox(Boxed):
    """A function; ``kind`` is FEEL, Java or PMML, of which only FEEL can run."""

    kind: str
    parameters: tuple[Variable, ...]
    body: Boxed | None


@dataclass(frozen=True, slots=True)
class ConditionalBox(Boxed):
    """If, then, else."""

    condition: Boxed | None
    then: Boxed | None
    otherwise: Boxed | None


@dataclass(frozen=True, slots=True)
class FilterBox(Boxed):
    """The items of ``source`` for which ``match`` is true; it sees ``item``."""

    source: Boxed | None
    match: Boxed | None


@dataclass(frozen=True, slots=True)
class IterationBox(Boxed):
    """``for``, ``some`` or ``every`` over ``source``; ``body`` sees ``variable`` and, in ``for``,
    ``partial``.
    """

    kind: Literal["for", "some", "every"]
    variable: str
    source: Boxed | None
    body: Boxed | None


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column of conditions."""

    element_id: str | None
    label: str
    expression: Text
    allowed: Text | None = None


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of results; ``allowed`` also gives their order of priority."""

    element_id: str | None
    name: str
    type_ref: str | None = None
    allowed: Text | None = None
    default: Text | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table."""

    element_id: str | None
    conditions: tuple[Text, ...]
    results: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class TableBox(Boxed):
    """A decision table."""

    hit_policy: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[InputColumn, ...]
    outputs: tuple[OutputColumn, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to another element: ``namespace`` None is this very model."""

    kind: ReferenceKind
    element_id: str
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class InputData:
    """What a model is told."""

    id: str
    name: str
    variable: Variable


@dataclass(frozen=True, slots=True)
class Decision:
    """What a model answers; ``kind`` is the kind of its expression, such as ``decision table``."""

    id: str
    name: str
    variable: Variable
    requirements: tuple[Reference, ...]
    expression: Boxed | None
    version_tag: str | None = None
    has_own_variable: bool = True

    @property
    def kind(self) -> str:
        """Return ``decision table``, ``literal expression``, …, or ``none`` for an empty decision."""
        return KINDS[type(self.expression)]


KINDS: Mapping[type, str] = {
    TableBox: "decision table",
    LiteralBox: "literal expression",
    ContextBox: "context",
    InvocationBox: "invocation",
    ListBox: "list",
    RelationBox: "relation",
    FunctionBox: "function",
    ConditionalBox: "conditional",
    FilterBox: "filter",
    IterationBox: "iteration",
    type(None): "none",
}


@dataclass(frozen=True, slots=True)
class KnowledgeModel:
    """A function that decisions and other knowledge models may call."""

    id: str
    name: str
    variable: Variable
    requirements: tuple[Reference, ...]
    logic: FunctionBox | None


@dataclass(frozen=True, slots=True)
class DecisionService:
    """Decisions offered as one function: its parameters are input data, then input decisions."""

    id: str
    name: str
    variable: Variable
    outputs: tuple[Reference, ...]
    encapsulated: tuple[Reference, ...]
    input_decisions: tuple[Reference, ...]
    input_data: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class FunctionItem:
    """The signature of a function type."""

    parameters: tuple[Variable, ...]
    result: str | None


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A type of the model, or one component of such a type."""

    name: str
    element_id: str | None = None
    type_ref: str | None = None
    is_collection: bool = False
    components: tuple[ItemDefinition, ...] = ()
    allowed: Text | None = None
    constraint: Text | None = None
    function: FunctionItem | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """Another model whose elements are known here as ``name.…``."""

    name: str
    namespace: str


Requirer = Decision | KnowledgeModel | DecisionService
Element = InputData | Decision | KnowledgeModel | DecisionService


@dataclass(frozen=True, eq=False)
class Model:
    """One decision model. Elements are found by id; names of one kind are unique.

    Immutable; ``compiled`` only remembers what was worked out from the rest.
    """

    id: str
    name: str
    namespace: str
    inputs: Mapping[str, InputData]
    decisions: Mapping[str, Decision]
    knowledge: Mapping[str, KnowledgeModel]
    services: Mapping[str, DecisionService]
    types: Mapping[str, ItemDefinition]
    imports: tuple[Import, ...] = ()
    file: str = ""
    compiled: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def element(self, element_id: str) -> Element | None:
        """Return the input, decision, knowledge model or service of that id, None if there is none."""
        for elements in (self.inputs, self.decisions, self.knowledge, self.services):
            found = elements.get(element_id)
            if found is not None:
                return found
        return None
