"""The judge of the kit's answers is strict about kinds and lenient only where the kit is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from lxml import etree

from engine.feel.temporal import parse_literal
from tests.conformance.tck import NEEDED, Tally, missing
from tests.conformance.tck_files import value_in, with_seconds
from tests.conformance.tck_judge import same

D = Decimal


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (D("1.0"), D(1)),
        (D("1.000000004"), D("1.00000000")),
        (None, None),
        ([D(1)], [D(1)]),
        ({"a": D(1)}, {"a": D(1), "b": None}),
        (parse_literal("PT24H"), parse_literal("P1D")),
        (parse_literal("10:00:00Z"), parse_literal("10:00:00@Etc/UTC")),
        (True, True),
        ("1 ", "1 "),
    ],
)
def test_these_count_as_the_same(got, expected):
    assert same(got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (D(1), "1"),
        (True, D(1)),
        ([D(1)], D(1)),
        (D("1.1"), D(1)),
        (D("NaN"), D("NaN")),
        (None, False),
        ("a", "A"),
        (parse_literal("10:00:00"), parse_literal("10:00:00Z")),
        (parse_literal("P1Y"), parse_literal("P365D")),
        ({"a": D(1)}, {"a": D(2)}),
        ([D(1), D(2)], [D(2), D(1)]),
        (D("1.00000004"), D("1.0000000")),
    ],
)
def test_these_do_not(got, expected):
    assert not same(got, expected)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("10:15", "10:15:00"),
        ("2020-01-01T10:15Z", "2020-01-01T10:15:00Z"),
        ("10:15:01", "10:15:01"),
        ("10:15+01:00", "10:15:00+01:00"),
        ("10:15:00@Etc/UTC", "10:15:00@Etc/UTC"),
    ],
)
def test_missing_seconds_are_zero(text, full):
    assert with_seconds(text) == full


def test_values_are_read_as_their_type_says():
    xsi = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance"'
    root = etree.fromstring(
        f"<input {xsi}><list><item><value x:type='xsd:decimal'>1.50</value></item>"
        "<item><value x:nil='true'/></item>"
        "<item><component name='a'><value x:type='xsd:duration'>P1M</value></component></item></list></input>"
    )

    assert value_in(root) == [D("1.5"), None, {"a": parse_literal("P1M")}]


def test_a_level_below_its_bar_is_named():
    assert missing({2: {"some": Tally(passed=115, total=116)}}) != []
    assert (
        missing({2: {"some": Tally(passed=116, total=116)}, 3: {"some": Tally(passed=995, total=1000)}}) == []
    )
    assert missing({3: {"some": Tally(passed=994, total=1000)}}) != []
    assert set(NEEDED) == {2, 3}
