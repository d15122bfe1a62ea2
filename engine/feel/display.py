"""How FEEL writes a value: the text of ``string()``, which reads back to an equal value where one can be
written.
"""

from __future__ import annotations

from decimal import Decimal

from engine.feel.budget import DATA_DEPTH, Budget
from engine.feel.names import is_plain
from engine.feel.notes import BudgetExceeded
from engine.feel.numbers import plain
from engine.feel.values import TEMPORAL, Range, Value


def string_of(value: Value, budget: Budget) -> str:
    """Return the text of a value: a string as it is, everything else as it would be written."""
    if type(value) is str:
        return value
    pieces: list[str] = []
    _write(value, pieces, budget, 0)
    return "".join(pieces)


def _write(value: Value, pieces: list[str], budget: Budget, depth: int) -> None:
    if depth > DATA_DEPTH:
        raise BudgetExceeded(limit="depth")
    budget.charge(2)
    if type(value) is list:
        pieces.append("[")
        for index, item in enumerate(value):
            if index:
                pieces.append(", ")
            _write(item, pieces, budget, depth + 1)
        pieces.append("]")
        budget.write(2 + 2 * len(value))
    elif type(value) is dict:
        pieces.append("{")
        for index, (key, item) in enumerate(value.items()):
            pieces.append(f"{', ' if index else ''}{key if is_plain(key) else quoted(key)}: ")
            _write(item, pieces, budget, depth + 1)
        pieces.append("}")
        budget.write(2 + sum(map(len, value)) + 4 * len(value))
    else:
        text = quoted(value) if type(value) is str else text_of(value)
        budget.write(len(text))
        pieces.append(text)


def quoted(text: str) -> str:
    """Return a string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped.translate(_CONTROLS)}"'


_CONTROLS = {10: "\\n", 13: "\\r", 9: "\\t"}


def text_of(value: Value) -> str:
    """Return the canonical text of null, a boolean, number, temporal, range or function."""
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Decimal:
        return plain(value)
    if type(value) is Range:
        return range_text(value)
    return str(value) if type(value) in TEMPORAL else "function"


def range_text(value: Range) -> str:
    """Return the range as it would be written."""
    start, end = (None if bound is None else literal(bound) for bound in (value.start, value.end))
    if value.negated:
        return f"(!= {start})"
    if start is None:
        return f"(<{'=' if value.end_included else ''} {end})"
    if end is None:
        return f"(>{'=' if value.start_included else ''} {start})"
    return f"{'[' if value.start_included else '('}{start}..{end}{']' if value.end_included else ')'}"


def literal(value: Value) -> str:
    """Return an expression for a string, number or temporal."""
    if type(value) is str:
        return quoted(value)
    return f'@"{value}"' if type(value) in TEMPORAL else text_of(value)
