"""JSON read strictly: no duplicate keys, no NaN, no NUL, no lone surrogates, no great depth or size."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from engine.errors import Invalid

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_UNFIT = re.compile("[\x00\ud800-\udfff]")


class JsonRefused(Invalid):
    """This is not JSON we read."""

    code = "json_refused"


def read_json(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of ``data`` (UTF-8); fractions are ``Decimal``, so nothing is rounded.

    Size and depth are looked at before parsing. Raises ``JsonRefused`` whose fact ``line`` counts from 1
    where known.
    """
    if len(data) > max_bytes:
        raise JsonRefused(f"The text is larger than {max_bytes:,} bytes.", size=len(data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise JsonRefused("The text is not UTF-8.", line=data[: wrong.start].count(b"\n") + 1) from None
    _refuse_depth(text, max_depth)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=Decimal)
    except json.JSONDecodeError as wrong:
        raise JsonRefused(f"The text is not JSON: {wrong.msg}.", line=wrong.lineno) from None
    except (ValueError, RecursionError):
        raise JsonRefused("The text holds a number or a nesting that is too large.") from None
    refuse_unfit_text(value)
    return value


def refuse_unfit_text(value: Any) -> None:
    """Raise ``JsonRefused`` if a text or key anywhere in ``value`` holds NUL or a lone surrogate."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if _UNFIT.search(one):
                raise JsonRefused("A text holds NUL or half of a character.")
        elif isinstance(one, dict):
            waiting.extend(one.keys())
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _refuse_depth(text: str, max_depth: int) -> None:
    depth = 0
    for mark in _MARKS.finditer(text):
        if mark[0] in "[{":
            depth += 1
            if depth > max_depth:
                raise JsonRefused(
                    f"The text nests deeper than {max_depth} levels.",
                    line=text.count("\n", 0, mark.start()) + 1,
                )
        elif mark[0] in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonRefused("A key stands twice in one object.", key=twice[:80])
    return made


def _constant(name: str) -> NoReturn:
    raise JsonRefused("The text holds NaN or Infinity.", number=name)
