"""From syntax tree back to text: canonical, and read again it gives the same tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.feel.display import quoted
from engine.feel.lexer import WORD
from engine.feel.numbers import plain
from engine.feel.syntax import (
    At,
    Between,
    Boolean,
    CallStep,
    Chain,
    Comparison,
    ContextLiteral,
    ContextOf,
    FilterStep,
    For,
    FormalParameter,
    FunctionLiteral,
    FunctionOf,
    If,
    In,
    InstanceOf,
    Iterator,
    ListLiteral,
    ListOf,
    Logic,
    Minus,
    Name,
    NamedType,
    Node,
    Null,
    Number,
    PathStep,
    Postfix,
    Quantified,
    RangeLiteral,
    RangeOf,
    SignRange,
    SignTest,
    String,
    TypeNode,
    UnaryTests,
)

FORM, OR, AND, COMPARING, ADDING, MULTIPLYING, RAISING, MINUS, INSTANCE, POSTFIX, PRIMARY = range(11)
_CHAIN_LEVELS: Final = {"+": ADDING, "-": ADDING, "*": MULTIPLYING, "/": MULTIPLYING, "**": RAISING}
_LEVELS: Final[dict[type, int]] = {
    If: FORM,
    For: FORM,
    Quantified: FORM,
    FunctionLiteral: FORM,
    Comparison: COMPARING,
    Between: COMPARING,
    In: COMPARING,
    Minus: MINUS,
    InstanceOf: INSTANCE,
    Postfix: POSTFIX,
}


def text_of_tree(node: Node) -> str:
    """Return the text of an expression, a unary test or a type."""
    return _PRINTERS[type(node)](node)


def _level(node: Node) -> int:
    if type(node) is Chain:
        return _CHAIN_LEVELS[node.rest[0][0]]
    if type(node) is Logic:
        return OR if node.word == "or" else AND
    return _LEVELS.get(type(node), PRIMARY)


def _inside(node: Node, level: int) -> str:
    """Return the text, in parentheses if the node binds less tightly than ``level``."""
    text = text_of_tree(node)
    return text if _level(node) >= level else f"({text})"


def _postfix(node: Postfix) -> str:
    base = _inside(node.base, PRIMARY)
    return base + "".join(_step(step) for step in node.steps)


def _step(step: PathStep | FilterStep | CallStep) -> str:
    if isinstance(step, PathStep):
        return f".{step.name}"
    if isinstance(step, FilterStep):
        return f"[{text_of_tree(step.condition)}]"
    texts = [text_of_tree(argument) for argument in step.arguments]
    if step.names is not None:
        texts = [f"{name}: {text}" for name, text in zip(step.names, texts, strict=True)]
    return f"({', '.join(texts)})"


def _chain(node: Chain) -> str:
    above = _level(node) + 1
    rest = "".join(f" {sign} {_inside(operand, above)}" for sign, operand in node.rest)
    return _inside(node.first, above) + rest


def _logic(node: Logic) -> str:
    return f" {node.word} ".join(_inside(operand, _level(node) + 1) for operand in node.operands)


def _comparison(node: Comparison) -> str:
    return f"{_inside(node.left, ADDING)} {node.sign} {_inside(node.right, ADDING)}"


def _between(node: Between) -> str:
    value, low, high = (_inside(part, ADDING) for part in (node.value, node.low, node.high))
    return f"{value} between {low} and {high}"


def _in(node: In) -> str:
    tests = ", ".join(text_of_tree(test) for test in node.tests)
    return f"{_inside(node.value, ADDING)} in ({tests})"


def _instance(node: InstanceOf) -> str:
    return f"{_inside(node.value, INSTANCE)} instance of {text_of_tree(node.type)}"


def _if(node: If) -> str:
    parts = (text_of_tree(part) for part in (node.condition, node.then, node.otherwise))
    return "if {} then {} else {}".format(*parts)


def _iterators(iterators: tuple[Iterator, ...]) -> str:
    return ", ".join(
        f"{iterator.name} in {text_of_tree(iterator.domain)}"
        + (f"..{text_of_tree(iterator.to)}" if iterator.to is not None else "")
        for iterator in iterators
    )


def _for(node: For) -> str:
    return f"for {_iterators(node.iterators)} return {text_of_tree(node.body)}"


def _quantified(node: Quantified) -> str:
    return f"{node.word} {_iterators(node.iterators)} satisfies {text_of_tree(node.condition)}"


def _parameter(parameter: FormalParameter) -> str:
    return parameter.name if parameter.type is None else f"{parameter.name}: {text_of_tree(parameter.type)}"


def _function(node: FunctionLiteral) -> str:
    parameters = ", ".join(_parameter(parameter) for parameter in node.parameters)
    return f"function({parameters}) {'external ' if node.external else ''}{text_of_tree(node.body)}"


def _context(node: ContextLiteral) -> str:
    entries = (
        f"{entry.key if WORD.fullmatch(entry.key) else quoted(entry.key)}: {text_of_tree(entry.value)}"
        for entry in node.entries
    )
    return f"{{{', '.join(entries)}}}"


def _range(node: RangeLiteral) -> str:
    opening, closing = "[" if node.low_included else "(", "]" if node.high_included else ")"
    return f"{opening}{text_of_tree(node.low)}..{text_of_tree(node.high)}{closing}"


def _sign(node: SignTest) -> str:
    return f"{node.sign} {_inside(node.operand, ADDING)}"


def _unary_tests(node: UnaryTests) -> str:
    tests = ", ".join(text_of_tree(test) for test in node.tests)
    return f"not({tests})" if node.negated else tests or "-"


def _function_type(node: FunctionOf) -> str:
    return f"function<{', '.join(map(text_of_tree, node.parameters))}> -> {text_of_tree(node.result)}"


def _context_type(node: ContextOf) -> str:
    entries: list[tuple[str, TypeNode]] = list(node.entries)
    return f"context<{', '.join(f'{name}: {text_of_tree(kind)}' for name, kind in entries)}>"


_PRINTERS: Final[dict[type, Callable[[Any], str]]] = {
    Number: lambda node: plain(node.value),
    String: lambda node: quoted(node.value),
    Boolean: lambda node: "true" if node.value else "false",
    Null: lambda _node: "null",
    At: lambda node: f"@{quoted(node.text)}",
    Name: lambda node: node.name,
    Minus: lambda node: f"-{_inside(node.operand, MINUS)}",
    Chain: _chain,
    Logic: _logic,
    Comparison: _comparison,
    Between: _between,
    In: _in,
    InstanceOf: _instance,
    If: _if,
    For: _for,
    Quantified: _quantified,
    FunctionLiteral: _function,
    ContextLiteral: _context,
    ListLiteral: lambda node: f"[{', '.join(map(text_of_tree, node.items))}]",
    RangeLiteral: _range,
    SignRange: lambda node: f"({node.sign} {_inside(node.operand, ADDING)})",
    SignTest: _sign,
    Postfix: _postfix,
    UnaryTests: _unary_tests,
    NamedType: lambda node: node.name,
    ListOf: lambda node: f"list<{text_of_tree(node.of)}>",
    RangeOf: lambda node: f"range<{text_of_tree(node.of)}>",
    ContextOf: _context_type,
    FunctionOf: _function_type,
}
