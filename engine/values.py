"""What data may come in: strict JSON, bounded, free of what could not be loaded again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from engine.errors import Invalid, TooLarge

RESERVED = frozenset({"typename", "__proto__", "constructor", "prototype"})
LONGEST_NAME = 492  # bytes, dialect §3
LARGEST_INTEGER = 2**53
LARGEST_EXPONENT = 400
MOST_DIGITS = 400
SCALARS = (str, bool, int, float, Decimal, date, time, timedelta, type(None))


class JsonRefused(Invalid):
    """The data is not acceptable JSON."""

    code = "json_refused"


class ValueRefused(Invalid):
    """A value cannot be accepted."""

    code = "value_refused"


class JsonTooLarge(JsonRefused, TooLarge):
    """This JSON is larger than may come in at once."""

    code = "json_too_large"


class ValueTooLarge(ValueRefused, TooLarge):
    """A value is larger than there is room for."""

    code = "value_too_large"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one body: bytes of text, levels of nesting, values altogether, characters of one text."""

    size: int = 4 * 1024 * 1024
    depth: int = 32
    values: int = 100_000
    text: int = 1024 * 1024


LIMITS = Limits()


def read_json(data: bytes | str, limits: Limits = LIMITS) -> Any:
    """Return the value of a JSON text: integers as int, other numbers as exact Decimal.

    Raises ``JsonRefused`` for bad syntax, doubled keys, NaN and infinities, bytes that are not UTF-8; ``ValueRefused`` for what
    ``check`` refuses (NUL, lone surrogates, integers past 2^53 …); ``JsonTooLarge`` and ``ValueTooLarge`` past ``limits``.
    """
    if len(data) > limits.size:
        raise JsonTooLarge(bytes=len(data), limit=limits.size)
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=_exact,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except (UnicodeDecodeError, RecursionError) as problem:
        cause = "not UTF-8" if isinstance(problem, UnicodeDecodeError) else "nested too deeply"
        raise JsonRefused(problem=cause) from None
    except json.JSONDecodeError as problem:
        raise JsonRefused(problem=problem.msg, line=problem.lineno, column=problem.colno) from None
    check(value, limits)
    return value


def check(value: Any, limits: Limits = LIMITS, *, also: tuple[type, ...] = ()) -> None:
    """Raise ``ValueRefused`` naming the path unless ``value`` is plain data within ``limits``.

    Plain data is text, truth, number, nothing, Python date and time values, lists and string-keyed mappings
    of those; ``also`` names further scalar types.
    """
    left = limits.values
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    scalars = SCALARS + also
    while stack:
        path, item, depth = stack.pop()
        left -= 1
        if left < 0:
            raise ValueTooLarge(path=path, problem=f"there are more than {limits.values:,} values")
        if depth > limits.depth:
            raise ValueTooLarge(path=path, problem=f"it is nested deeper than {limits.depth} levels")
        if isinstance(item, Mapping):
            for name, member in item.items():
                _check_name(name, path)
                stack.append((f"{path}.{name}" if path else name, member, depth + 1))
        elif isinstance(item, (list, tuple)):
            stack.extend((f"{path}[{index}]", member, depth + 1) for index, member in enumerate(item))
        elif isinstance(item, scalars):
            _check_scalar(item, path, limits)
        else:
            raise ValueRefused(path=path, problem=f"a {type(item).__name__} cannot be stored")


def check_variables(
    variables: Mapping[str, Any], limits: Limits = LIMITS, *, also: tuple[type, ...] = ()
) -> dict[str, Any]:
    """Return ``variables`` as a dict after ``check``; names beginning with ``_`` are reserved, too."""
    if not isinstance(variables, Mapping):
        raise ValueRefused(path="", problem="variables must be an object")
    for name in variables:
        if isinstance(name, str) and (name.startswith("_") or not name):
            raise ValueRefused(path=name, problem="this name is reserved")
    check(variables, limits, also=also)
    return dict(variables)


def to_text(value: Any) -> str:
    """Return plain data as compact JSON text; a Decimal keeps all its digits."""
    return orjson.dumps(value, default=_number, option=orjson.OPT_NON_STR_KEYS).decode()


def to_lines(value: Any) -> str:
    """Return plain data as JSON text that is pleasant to read, ending with a line break."""
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, default=_number, option=options).decode()


def same_text(text: str) -> str:
    """Return JSON text in the spelling of ``to_text``, so that equal values are equal texts."""
    return to_text(read_json(text))


def _check_name(name: Any, path: str) -> None:
    if not isinstance(name, str):
        raise ValueRefused(path=path, problem="a member name must be text")
    if name in RESERVED:
        raise ValueRefused(path=f"{path}.{name}" if path else name, problem="this name is reserved")
    _check_text(name, path)
    if len(name.encode()) > LONGEST_NAME:
        raise ValueTooLarge(
            path=path, problem=f"a name has {len(name.encode()):,} bytes, more than {LONGEST_NAME}"
        )


def _check_scalar(item: Any, path: str, limits: Limits) -> None:
    if isinstance(item, str):
        if len(item) > limits.text:
            raise ValueTooLarge(
                path=path, problem=f"a text has {len(item):,} characters, more than {limits.text:,}"
            )
        _check_text(item, path)
    elif isinstance(item, bool):
        return
    elif isinstance(item, int):
        if abs(item) > LARGEST_INTEGER:
            raise ValueRefused(path=path, problem="an integer is larger than 2^53")
    elif isinstance(item, (float, Decimal)) and not _is_in_range(item):
        raise ValueRefused(path=path, problem="a number is not finite or out of range")


def _is_in_range(item: float | Decimal) -> bool:
    return math.isfinite(item) and abs(Decimal(item).adjusted()) <= LARGEST_EXPONENT


def _check_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise ValueRefused(path=path.replace("\x00", ""), problem="a text contains the character NUL")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueRefused(path=path, problem="a text contains half a character (lone surrogate)") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JsonRefused(problem="an object has the same member twice")
    return result


def _exact(text: str) -> Decimal:
    if len(text) > MOST_DIGITS:
        raise JsonRefused(problem="a number has too many digits")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueRefused(path="", problem="an integer is larger than 2^53")
    return int(text)


def _no_constant(name: str) -> Any:
    raise JsonRefused(problem=f"{name} is not JSON")


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f") if _is_in_range(value) else str(value))
    raise TypeError(type(value).__name__)
