"""What a model says that can be read and cannot be answered: names nobody provides, cells that fit no value of their column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine import feel
from engine.dmn.elements import Need, decision_ready, knowledge_ready, known_names
from engine.dmn.errors import ImportMissing, ModelRefused
from engine.dmn.model import (
    Boxed,
    ContextBox,
    FilterBox,
    FunctionBox,
    IterationBox,
    LiteralBox,
    Model,
    TableBox,
    Text,
)
from engine.dmn.program import Linked, program_of
from engine.dmn.walk import boxes_of, parts_of
from engine.errors import RedressError
from engine.feel import syntax
from engine.feel.functions import FUNCTIONS
from engine.feel.names import nearest
from engine.feel.types import BUILT_IN_TYPES, Type
from engine.findings import Finding

_ANYTHING: Final = ("", "-")
_CONSTANTS: Final = {syntax.String: "string", syntax.Number: "number", syntax.Boolean: "boolean"}
_MAKERS: Final = ("date", "time", "date and time")  # functions named for the kind of value they make


@dataclass(frozen=True, slots=True)
class Unseen:
    """A name that a text of a decision reads and the model does not provide; ``seen`` are those it does provide.

    ``is_told``: the model draws no input data, so that whatever the caller has is seen: no function is among it.
    """

    name: str
    text: Text
    seen: frozenset[str]
    is_told: bool


def lint(model: Model) -> tuple[Finding, ...]:
    """Return what would make every answer of a decision fail, and cells that no value can meet."""
    found = [
        _finding(
            model, unseen.text, "name_unknown", f"Nothing here is called “{unseen.name}”.", _meant(unseen)
        )
        for unseen in unseen_names(model)
        if not unseen.is_told
    ]
    for box in boxes_of(model):
        if isinstance(box, TableBox):
            found += _misfits(model, box)
    return tuple(found)


def unseen_names(model: Model) -> Iterator[Unseen]:
    """Yield the names that the model's texts read and that neither it nor FEEL provides; none for one that imports others."""
    try:
        root = program_of(model, ()).root
        decisions = [(each, decision_ready(root, each)) for each in model.decisions.values()]
        knowledge = [(each, knowledge_ready(root, each)) for each in model.knowledge.values()]
    except (ImportMissing, ModelRefused):
        return
    for decision, ready in decisions:
        yield from _unseen(root, decision.expression, ready.needs, is_told=ready.sees_all_inputs)
    for function, able in knowledge:
        yield from _unseen(root, function.logic, able.needs, is_told=False)


def _unseen(root: Linked, box: Boxed | None, needs: tuple[Need, ...], *, is_told: bool) -> Iterator[Unseen]:
    odd = known_names(root, needs)
    given = frozenset(name for need in needs for name in (need.path[:1] or need.names))

    def within(part: Boxed | None, seen: frozenset[str]) -> Iterator[Unseen]:
        if part is None:
            return
        for text, is_test in _texts(part):
            names, called = _names(text, odd | seen, root, is_test=is_test)
            for name in sorted(names - seen - {"?"}):
                if name in called:
                    yield Unseen(name, text, seen | FUNCTIONS.keys(), is_told=False)
                else:
                    yield Unseen(name, text, seen, is_told)
        inside = seen | _introduced(part)
        for each in parts_of(part):
            if not (isinstance(part, FilterBox) and each is part.match):  # sees the members of each item too
                yield from within(each, inside)

    yield from within(box, given)


def _introduced(box: Boxed) -> frozenset[str]:
    """Return the names that the parts of a box see besides those it sees itself."""
    if isinstance(box, ContextBox):
        return frozenset(variable.name for variable, _ in box.entries)
    if isinstance(box, FunctionBox):
        return frozenset(parameter.name for parameter in box.parameters)
    if isinstance(box, IterationBox):
        return frozenset({box.variable, "partial"})
    return frozenset()


def _texts(box: Boxed) -> Iterator[tuple[Text, bool]]:
    """Yield the FEEL texts of a box itself, and whether each is a list of tests."""
    if isinstance(box, LiteralBox):
        yield box.text, False
    elif isinstance(box, TableBox):
        yield from ((column.expression, False) for column in box.inputs)
        lists = [*(column.allowed for column in box.inputs), *(column.allowed for column in box.outputs)]
        yield from ((text, True) for text in lists if text is not None)
        yield from ((column.default, False) for column in box.outputs if column.default is not None)
        for rule in box.rules:
            yield from ((cell, True) for cell in rule.conditions)
            yield from ((cell, False) for cell in rule.results)


def _names(
    text: Text, odd: frozenset[str], root: Linked, *, is_test: bool
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the free names of a text, without those that may be members of what a filter looks at, and what it calls."""
    if text.text.strip() in _ANYTHING:
        return frozenset(), frozenset()
    try:
        read = (feel.compile_unary if is_test else feel.compile)(text.text, odd, root.types.find)
    except RedressError:
        return frozenset(), frozenset()  # its own findings say why
    filters = (node.condition for node in syntax.parts(read.tree) if isinstance(node, syntax.FilterStep))
    members = {
        node.name
        for condition in filters
        for node in syntax.parts(condition)
        if isinstance(node, syntax.Name)
    }
    called = frozenset(name for name, _ in syntax.calls(read.tree))
    return (frozenset(read.variables) - members) | (read.variables & called), called


def _misfits(model: Model, box: TableBox) -> Iterator[Finding]:
    for place, column in enumerate(box.inputs):
        kind = BUILT_IN_TYPES.get(column.expression.type_ref or "")
        cells = [rule.conditions[place] for rule in box.rules if place < len(rule.conditions)]
        for cell in [*([column.allowed] if column.allowed else []), *cells]:
            yield from _judge_tests(model, cell, kind, column.expression.type_ref or "")
    for place, output in enumerate(box.outputs):
        kind = BUILT_IN_TYPES.get(output.type_ref or "")
        for rule in box.rules:
            if place < len(rule.results):
                yield from _judge_result(model, rule.results[place], kind, output.type_ref or "")


def _judge_tests(model: Model, cell: Text, kind: Type | None, named: str) -> Iterator[Finding]:
    try:
        tests = feel.compile_unary(cell.text).tree.tests
    except RedressError:
        return
    for test in tests:
        low, high = _ends(test)
        if kind is not None:
            for end in (low, high):
                yield from _judge_value(model, cell, end, kind, named)
        if isinstance(test, syntax.Logic) and any(isinstance(each, syntax.String) for each in test.operands):
            message = f"“{test.word}” between texts is true of nothing."
            yield _finding(model, cell, "cell_never_met", message, "Part the texts by commas.")
        backwards = (
            isinstance(low, syntax.Number) and isinstance(high, syntax.Number) and low.value > high.value
        )
        if isinstance(test, syntax.RangeLiteral) and backwards:
            yield _finding(
                model, cell, "cell_never_met", "The range ends before it begins.", "Swap its ends."
            )


def _ends(test: syntax.Node) -> tuple[syntax.Node | None, syntax.Node | None]:
    """Return the values a test compares with: both ends of a range, else one and the same."""
    if isinstance(test, syntax.RangeLiteral):
        return test.low, test.high
    if isinstance(test, syntax.SignTest | syntax.SignRange):
        return test.operand, None
    return test, None


def _judge_value(
    model: Model, cell: Text, node: syntax.Node | None, kind: Type, named: str
) -> Iterator[Finding]:
    given = None if node is None else _kind_of(node)
    if given is not None and kind not in (given, BUILT_IN_TYPES["Any"]):
        message = f"The column is of type {named}; no value of it is like {cell.text.strip()}."
        yield _finding(model, cell, "cell_type", message, f"Write a value of type {named}.")


def _kind_of(node: syntax.Node) -> Type | None:
    """Return the type of a value that is written out, None for anything that is worked out."""
    if isinstance(node, syntax.Minus):
        return _kind_of(node.operand)
    if isinstance(node, syntax.Postfix) and isinstance(node.base, syntax.Name) and len(node.steps) == 1:
        is_call = isinstance(node.steps[0], syntax.CallStep)
        return BUILT_IN_TYPES[node.base.name] if is_call and node.base.name in _MAKERS else None
    name = _CONSTANTS.get(type(node))
    return None if name is None else BUILT_IN_TYPES[name]


def _judge_result(model: Model, cell: Text, kind: Type | None, named: str) -> Iterator[Finding]:
    if kind is None or cell.text.strip() in _ANYTHING:
        return
    try:
        tree = feel.compile(cell.text).tree
    except RedressError:
        return
    given = _kind_of(tree)
    if given is not None and kind not in (given, BUILT_IN_TYPES["Any"]):
        message = f"The column gives {named}, and {cell.text.strip()} is none."
        yield _finding(model, cell, "cell_type", message, f"Write a value of type {named}.")


def _meant(unseen: Unseen) -> str:
    known = nearest(unseen.name, unseen.seen)
    if known:
        return f"Did you mean {known[0]}?"
    return "Put a text in quotation marks; require a name from an input or a decision."


def _finding(model: Model, text: Text, code: str, message: str, advice: str) -> Finding:
    return Finding(
        "error", code, message, advice, file=model.file, element_id=text.element_id, line=text.line
    )
