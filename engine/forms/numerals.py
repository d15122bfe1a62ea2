"""Numbers as answers: one narrow grammar, exact decimals."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_GRAMMAR = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?", re.ASCII)
_GREATEST_EXPONENT = 20


def read_number(value: Any) -> Decimal | None:
    """Return the number, or None if ``value`` is none: sign, at most 15 digits and 10 decimals, no exponent.

    Takes int, float (by its shortest spelling), Decimal and text in ASCII digits with a point.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    text = value if isinstance(value, str) else _spelled_out(value)
    if not _GRAMMAR.fullmatch(text):
        return None
    return Decimal(text) + 0  # -0 becomes 0


def decimals(number: Decimal) -> int:
    """Return how many decimals ``number`` needs: 0 for 1.00, 2 for 0.25."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _spelled_out(value: float | Decimal) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > _GREATEST_EXPONENT:
        return ""
    return format(number.normalize(), "f")
