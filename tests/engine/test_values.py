"""What comes in is strict JSON that can be stored, searched and loaded again (P8)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.commands.data import accept
from engine.values import JsonRefused, Limits, ValueRefused, check_variables, read_json, same_text, to_text


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"[Infinity]",
        b"\xff\xfe",
        b'{"a":',
        b"",
        b"[" * 100_000,
        b"1" + b"0" * 500 + b".5",
        b'{"a":1} x',
    ],
)
def test_what_is_no_strict_json_is_refused(data):
    with pytest.raises(JsonRefused):
        read_json(data)


@pytest.mark.parametrize(
    "data",
    [
        b'"\\u0000"',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b"[" * 34 + b"]" * 34,
        b"9007199254740993",
        b"-99999999999999999999999",
        b"1e999999",
        b'{"typename":"UUID"}',
        b'[{"x":{"__proto__":1}}]',
    ],
)
def test_what_could_not_be_kept_is_refused(data):
    with pytest.raises(ValueRefused):
        read_json(data)


def test_a_refusal_names_the_place():
    with pytest.raises(ValueRefused) as refusal:
        read_json(b'{"a":[1,{"b":"\\u0000"}]}')
    assert refusal.value.facts["path"] == "a[1].b"


def test_size_and_number_of_values_are_bounded():
    with pytest.raises(JsonRefused):
        read_json(b'"aaaa"', Limits(size=5))
    with pytest.raises(ValueRefused):
        read_json(b"[1,2,3]", Limits(values=3))
    with pytest.raises(ValueRefused):
        read_json(b'"aaaa"', Limits(text=3))


def test_numbers_keep_their_digits():
    assert read_json(b'{"a":1.10,"b":9007199254740992}') == {"a": Decimal("1.10"), "b": 2**53}
    assert (
        to_text({"a": Decimal("1.10"), "b": [date(2026, 1, 31), None]})
        == '{"a":1.10,"b":["2026-01-31",null]}'
    )
    assert same_text('{ "a" : 1.5 , "b":[ ] }') == '{"a":1.5,"b":[]}'


@pytest.mark.parametrize("name", ["_id", "", "constructor", "x" * 493, 5])
def test_reserved_names_are_refused(name):
    with pytest.raises(ValueRefused):
        check_variables({name: 1})


def test_only_data_passes():
    for value in (object(), {1, 2}, b"x", 1j):
        with pytest.raises(ValueRefused):
            accept({"a": value})
    assert accept(None) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON)
def test_accepted_data_comes_back_as_it_went_in(value):
    text = to_text(value)
    assert to_text(read_json(text)) == same_text(text)
