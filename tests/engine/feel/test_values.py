"""Values on their way in, out, to pages and into the database."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import orjson
import pytest

from engine import feel
from tests.engine.feel.evaluating import MOMENT, value


def test_what_comes_in_is_exact() -> None:
    assert feel.inward(1.1) == Decimal("1.1")
    assert feel.inward(True) is True
    assert type(feel.inward(1)) is Decimal
    assert feel.inward((1, OrderedDict(a=2))) == [1, {"a": 2}]
    assert feel.inward(date(2026, 1, 2)) == value('@"2026-01-02"')
    assert feel.inward(timedelta(hours=1)) == value('@"PT1H"')
    assert feel.inward(float("nan")) is None


def test_what_contains_itself_or_is_no_data_cannot_come_in() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(feel.BudgetExceeded):
        feel.inward(cycle)
    with pytest.raises(TypeError):
        feel.inward({"f": len})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.0", 2),
        ("2.5", Decimal("2.5")),
        ('@"2026-01-02"', date(2026, 1, 2)),
        ('@"2026-01-02T10:00:00Z"', datetime(2026, 1, 2, 10, tzinfo=UTC)),
        ('@"10:00:00"', time(10)),
        ('@"PT90M"', timedelta(minutes=90)),
        ('@"P1M"', "P1M"),
        ('@"12026-01-02"', "12026-01-02"),
        ('[1, {a: "x"}]', [1, {"a": "x"}]),
    ],
)
def test_what_goes_out_is_plain_python(text: str, expected: object) -> None:
    got = feel.outward(value(text))

    assert type(got) is type(expected)
    assert got == expected


def test_pages_see_plain_json_with_every_digit() -> None:
    shown = feel.to_json(
        value('{d: @"2026-01-02", n: 0.1234567890123456789012345678901234, r: [1..2], big: 1e30}')
    )

    assert orjson.dumps(shown, default=feel.json_default) == (
        b'{"d":"2026-01-02","n":0.1234567890123456789012345678901234,"r":"[1..2]",'
        b'"big":1000000000000000000000000000000}'
    )


STORED = [
    "null",
    "true", '"text"', "1", "-0.5", "1e300", "9007199254740993", '@"2026-01-02"', '@"-99999-01-02"',
    '@"10:00:00.123456789"', '@"10:00:00@Europe/Berlin"', '@"2026-01-02T10:00:00"',
    '@"2026-10-25T02:30:00@Europe/Berlin"',
    '@"2026-01-02T10:00:00+05:30"', '@"P1DT2H0.5S"', '@"-P1Y2M"', "[1..2)",
    '["a".."b"]', '(< @"P1D")', "(!= 3)",
    '{a: [1, {"$feel": "date", value: 1}], "b c": {}}',
]  # fmt: skip


@pytest.mark.parametrize("text", STORED)
def test_stored_value_comes_back_equal_and_of_its_kind(text: str) -> None:
    kept = value(text)
    back = feel.load(feel.dump(kept))

    assert type(back) is type(kept)
    assert back == kept
    assert repr(back) == repr(kept) or type(kept) is Decimal


@pytest.mark.parametrize(
    "data", [b'{"$feel":"date","value":"x"}', b'{"$feel":"code","value":"1"}', b'{"$feel":1}']
)
def test_data_that_was_never_stored_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="stored"):
        feel.load(data)


def test_function_cannot_be_stored() -> None:
    with pytest.raises(TypeError):
        feel.dump(value("function(a) a"))


def test_names_in_collects_only_what_the_parser_must_be_told() -> None:
    assert feel.names_in({"a": 1, "b c": {"d-e": 1}, "f": [{"if": 2}]}) == {"b c", "d-e", "if"}


@pytest.mark.parametrize("key", ["[", "[v", "v, v", "v)", "1", "1 + 1", "= v", ".", "-v", '"', "v = v", "{"])
def test_a_key_no_name_can_be_leaves_what_is_written_as_it_is(key: str) -> None:
    context = feel.inward({key: None, "v": 1, "nested": {key: 1}})
    names = feel.names_in(context)

    for text, answer in (("[v, v]", [1, 1]), ("1 + 1", 2), ("v = v", True), ("-v", -1), ("(v)", 1)):
        outcome = feel.compile(text, names).evaluate(context, moment=MOMENT)
        assert (outcome.value, outcome.notes) == (answer, ())
