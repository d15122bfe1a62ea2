"""JSON that readers understand differently, or that costs too much, is refused before anything looks at it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.forms.strict_json import JsonRefused, read_json


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": NaN}',
        b"[-Infinity]",
        b'{"a": 1, "a": 2}',
        b'"a\\u0000"',
        b'{"\\ud800": 1}',
        b'["\\udc00"]',
        b"\xc3\x28",
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b"1" * 5_000,
        b"[1] 2",
        b"",
    ],
)
def test_what_is_not_strict_is_refused(data: bytes) -> None:
    with pytest.raises(JsonRefused):
        read_json(data)


def test_depth_is_counted_outside_texts_and_up_to_the_limit() -> None:
    assert read_json(b'["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\\"[["]') == ["[" * 37, '"[[']
    assert read_json(b"[" * 32 + b"]" * 32)


def test_fractions_stay_exact_and_the_line_of_a_fault_is_told() -> None:
    assert read_json(b"[0.1, 1]") == [Decimal("0.1"), 1]
    with pytest.raises(JsonRefused) as refused:
        read_json(b'{\n"a": 1,\n}')
    assert refused.value.facts == {"line": 3}


def test_size_is_looked_at_first() -> None:
    with pytest.raises(JsonRefused):
        read_json(b'"aaaa"', max_bytes=5)
