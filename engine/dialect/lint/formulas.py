"""What an expression does, read off its tree: functions called, constants given, values compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine import feel
from engine.feel import syntax

CALENDAR_FUNCTIONS: Final = frozenset(
    {
        *("addWorkingDays", "addWorkingTime", "workingDaysBetween", "isWorkingDay", "nextWorkingDay"),
        *("previousWorkingDay", "startOfWorkingDay", "endOfWorkingDay"),
    }
)
_CALENDAR_AT: Final = {
    **dict.fromkeys(("addWorkingDays", "addWorkingTime", "workingDaysBetween"), 2),
    **dict.fromkeys(("isWorkingDay", "nextWorkingDay", "previousWorkingDay"), 1),
    **dict.fromkeys(("startOfWorkingDay", "endOfWorkingDay"), 1),
}
Constant = Decimal | str | bool


def called(expression: feel.Expression) -> frozenset[str]:
    """Return the names of all functions called."""
    return frozenset(name for name, _ in syntax.calls(expression.tree))


def calendars_named(expression: feel.Expression) -> Iterator[str]:
    """Yield the calendar ids written out in calls of the calendar functions (dialect §14)."""
    for name, step in syntax.calls(expression.tree):
        at = _CALENDAR_AT.get(name)
        if at is not None and step.names is None and len(step.arguments) > at:
            calendar = step.arguments[at]
            if isinstance(calendar, syntax.String):
                yield calendar.value


def paths(expression: feel.Expression) -> Iterator[tuple[str, str]]:
    """Yield ``a, b`` for every ``a.b`` whose first part is a name."""
    for node in syntax.parts(expression.tree):
        if isinstance(node, syntax.Postfix) and isinstance(node.base, syntax.Name) and node.steps:
            step = node.steps[0]
            if isinstance(step, syntax.PathStep):
                yield node.base.name, step.name


def compared(expression: feel.Expression | feel.UnaryTest) -> Iterator[tuple[syntax.Node, str]]:
    """Yield every value that is compared with a text written out: by ``=``, ``!=``, ``in`` and ``list contains``."""
    for node in syntax.parts(expression.tree):
        if isinstance(node, syntax.Comparison) and node.sign in ("=", "!="):
            pairs = [(node.left, node.right), (node.right, node.left)]
        elif isinstance(node, syntax.In):
            pairs = [(node.value, test) for test in node.tests]
        elif isinstance(node, syntax.Postfix) and node.base == syntax.Name("list contains"):
            call = node.steps[0] if node.steps else None
            given = call.arguments if isinstance(call, syntax.CallStep) else ()
            pairs = [(given[0], given[1]), (given[1], given[0])] if len(given) == 2 else []
        else:
            continue
        for value, written in pairs:
            yield from ((value, word) for word in results_written_out(written))


def last_name(node: syntax.Node) -> str:
    """Return ``b`` of ``b``, of ``a.b`` and of ``get or else(a.b, …)``; empty for anything else."""
    if isinstance(node, syntax.Name):
        return node.name
    last = node.steps[-1] if isinstance(node, syntax.Postfix) and node.steps else None
    if isinstance(last, syntax.CallStep) and node == syntax.Postfix(syntax.Name("get or else"), (last,)):
        return last_name(last.arguments[0]) if last.arguments else ""
    return last.name if isinstance(last, syntax.PathStep) else ""


def results_written_out(node: syntax.Node) -> Iterator[str]:
    """Yield the texts an expression may come to, as far as they are written out: also in branches and lists."""
    if isinstance(node, syntax.String):
        yield node.value
    elif isinstance(node, syntax.If):
        yield from (*results_written_out(node.then), *results_written_out(node.otherwise))
    elif isinstance(node, syntax.ListLiteral):
        for item in node.items:
            yield from results_written_out(item)


def clock_calls(expression: feel.Expression) -> Iterator[str]:
    """Yield the names of case clocks written out in calls of ``clock``."""
    for name, step in syntax.calls(expression.tree):
        if name == "clock" and step.arguments and isinstance(step.arguments[0], syntax.String):
            yield step.arguments[0].value


@dataclass(frozen=True, slots=True)
class Span:
    """The values of one variable that make a condition true: ``low`` to ``high``, or exactly ``only``."""

    variable: str
    only: Constant | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    low_included: bool = False
    high_included: bool = False

    def example_shared_with(self, other: Span) -> Constant | None:
        """Return a value both accept, or None if there is none."""
        if self.variable != other.variable:
            return None
        if self.only is not None:
            return self.only if other.accepts(self.only) else None
        if other.only is not None:
            return other.only if self.accepts(other.only) else None
        low = max((span.low for span in (self, other) if span.low is not None), default=None)
        high = min((span.high for span in (self, other) if span.high is not None), default=None)
        middle = _between(low, high)
        return middle if self.accepts(middle) and other.accepts(middle) else None

    def accepts(self, value: Constant) -> bool:
        """Tell whether the value makes the condition true."""
        if self.only is not None:
            return type(value) is type(self.only) and value == self.only
        if not isinstance(value, Decimal):
            return False
        above = self.low is None or value > self.low or (self.low_included and value == self.low)
        below = self.high is None or value < self.high or (self.high_included and value == self.high)
        return above and below


def _between(low: Decimal | None, high: Decimal | None) -> Decimal:
    if low is None:
        return Decimal(0) if high is None else high - 1
    return low + 1 if high is None else (low + high) / 2


def span_of(expression: feel.Expression) -> Span | None:
    """Return what a condition accepts that compares a variable with a constant; None for any other."""
    tree = expression.tree
    if isinstance(tree, syntax.Comparison):
        return _comparison(tree)
    if isinstance(tree, syntax.Between):
        name, low, high = _path(tree.value), _constant(tree.low), _constant(tree.high)
        if name and isinstance(low, Decimal) and isinstance(high, Decimal):
            return Span(name, low=low, high=high, low_included=True, high_included=True)
        return None
    name = _path(tree)
    return Span(name, only=True) if name else None


def _comparison(tree: syntax.Comparison) -> Span | None:
    name, value = _path(tree.left), _constant(tree.right)
    if not name or value is None:
        return None
    if tree.sign == "=":
        return Span(name, only=value)
    if not isinstance(value, Decimal) or tree.sign == "!=":
        return None
    included = tree.sign in ("<=", ">=")
    if tree.sign in ("<", "<="):
        return Span(name, high=value, high_included=included)
    return Span(name, low=value, low_included=included)


def _path(node: syntax.Node) -> str:
    """Return ``a`` or ``a.b`` as text; empty if the node is anything else."""
    if isinstance(node, syntax.Name):
        return node.name
    if isinstance(node, syntax.Postfix) and isinstance(node.base, syntax.Name):
        steps = [step.name for step in node.steps if isinstance(step, syntax.PathStep)]
        if len(steps) == len(node.steps):
            return ".".join((node.base.name, *steps))
    return ""


def _constant(node: syntax.Node) -> Constant | None:
    if isinstance(node, syntax.Number | syntax.String | syntax.Boolean):
        return node.value
    if isinstance(node, syntax.Minus) and isinstance(node.operand, syntax.Number):
        return -node.operand.value
    return None
