"""Laws that hold for all expressions, numbers, dates and truth values, tried on many of them."""

from __future__ import annotations

import datetime as python
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import feel
from engine.feel.functions import BUILT_IN_NAMES
from engine.feel.parser import parse_expression, parse_unary_tests
from engine.feel.printer import text_of_tree
from engine.feel.syntax import (
    At,
    Between,
    Boolean,
    CallStep,
    Chain,
    Comparison,
    ContextLiteral,
    ContextOf,
    Entry,
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
    UnaryTests,
)
from tests.engine.feel.evaluating import value

TRIED = settings(max_examples=150, deadline=None)

NAMES = st.sampled_from(
    ["a", "b", "severity", "Full Name", "a-b", "date", "days in weekend", "string length"]
)
ODD_NAMES = ["Full Name", "a-b", "days in weekend"]
PLAIN = st.sampled_from(["x", "y", "item", "partial", "ключ"])
SIGNS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
TYPES = st.recursive(
    st.sampled_from(["number", "date and time", "Any", "Null", "tPerson"]).map(NamedType),
    lambda inner: st.one_of(
        inner.map(ListOf),
        inner.map(RangeOf),
        st.lists(st.tuples(PLAIN, inner), min_size=1, max_size=2).map(lambda e: ContextOf(tuple(e))),
        st.tuples(st.lists(inner, max_size=2).map(tuple), inner).map(lambda p: FunctionOf(*p)),
    ),
    max_leaves=3,
)
NUMBERS = st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=3).map(
    lambda n: Number(n.copy_abs())
)
LEAVES = st.one_of(
    NUMBERS,
    TEXTS.map(String),
    TEXTS.map(At),
    st.booleans().map(Boolean),
    st.just(Null()),
    NAMES.map(Name),
)


def _chains(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    levels = st.sampled_from([("+", "-"), ("*", "/"), ("**",)])
    return levels.flatmap(
        lambda signs: st.builds(
            Chain,
            inner,
            st.lists(st.tuples(st.sampled_from(signs), inner), min_size=1, max_size=3).map(tuple),
        )
    )


def _iterators(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Any]:
    return st.lists(st.builds(Iterator, PLAIN, inner, st.none() | inner), min_size=1, max_size=2).map(tuple)


def _steps(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Any]:
    calls = st.lists(inner, max_size=2).map(lambda items: CallStep(tuple(items)))
    named = st.lists(st.tuples(PLAIN, inner), min_size=1, max_size=2, unique_by=lambda pair: pair[0]).map(
        lambda pairs: CallStep(tuple(p[1] for p in pairs), tuple(p[0] for p in pairs))
    )
    return st.lists(
        st.one_of(PLAIN.map(PathStep), inner.map(FilterStep), calls, named), min_size=1, max_size=3
    ).map(tuple)


def _tests(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Any]:
    return st.lists(inner | st.builds(SignTest, SIGNS, inner), min_size=1, max_size=2).map(tuple)


def _nodes(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    parameters = st.lists(
        st.builds(FormalParameter, PLAIN, st.none() | TYPES), max_size=2, unique_by=lambda p: p.name
    )
    entries = st.lists(st.builds(Entry, PLAIN | TEXTS, inner), max_size=3)
    return st.one_of(
        _chains(inner),
        st.builds(Minus, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), several),
        st.builds(Comparison, SIGNS, inner, inner),
        st.builds(Between, inner, inner, inner),
        st.builds(In, inner, _tests(inner)),
        st.builds(InstanceOf, inner, TYPES),
        st.builds(If, inner, inner, inner),
        st.builds(For, _iterators(inner), inner),
        st.builds(Quantified, st.sampled_from(["some", "every"]), _iterators(inner), inner),
        st.builds(FunctionLiteral, parameters.map(tuple), inner, st.booleans()),
        st.builds(ContextLiteral, entries.map(tuple)),
        st.builds(ListLiteral, st.lists(inner, max_size=3).map(tuple)),
        st.builds(RangeLiteral, inner, inner, st.booleans(), st.booleans()),
        st.builds(SignRange, SIGNS, inner),
        st.builds(Postfix, inner, _steps(inner)),
    )


EXPRESSIONS = st.recursive(LEAVES, _nodes, max_leaves=12)


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS)
def test_what_is_printed_reads_back_as_the_same_tree(tree: Node) -> None:
    text = text_of_tree(tree)

    again = parse_expression(text, ODD_NAMES, BUILT_IN_NAMES)

    assert again == tree, text
    assert text_of_tree(again) == text


@TRIED
@given(st.builds(UnaryTests, _tests(EXPRESSIONS), st.booleans()))
def test_printed_cells_read_back(tree: UnaryTests) -> None:
    text = text_of_tree(tree)

    assert parse_unary_tests(text, ODD_NAMES, BUILT_IN_NAMES) == tree, text


PIECES = [*'ab1.,()[]{}<>=-+*/"?@: \n', " and ", " in ", "for ", " return ", "not", "null", "..", " between "]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    tree, refusal = _read(text)

    if tree is None:
        assert 0 <= refusal.facts["start"] <= refusal.facts["end"] <= len(text)
        assert refusal.caret(text)
    else:
        assert parse_expression(text_of_tree(tree), ODD_NAMES, BUILT_IN_NAMES) == tree


def _read(text: str) -> tuple[Node | None, Any]:
    try:
        return parse_expression(text, ODD_NAMES, BUILT_IN_NAMES), None
    except feel.FeelSyntaxError as error:
        return None, error


EXACT = Context(prec=34, Emin=-6143, Emax=6144, traps=[])
DECIMALS = st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), allow_nan=False, places=6)


@TRIED
@given(DECIMALS, DECIMALS)
def test_arithmetic_is_that_of_34_digits(a: Decimal, b: Decimal) -> None:
    assert value("a + b", a=a, b=b) == EXACT.add(a, b)
    assert value("a - b", a=a, b=b) == EXACT.subtract(a, b)
    assert value("a * b", a=a, b=b) == EXACT.multiply(a, b)
    assert value("a / b", a=a, b=b) == (EXACT.divide(a, b) if b else None)


@TRIED
@given(DECIMALS, DECIMALS)
def test_arithmetic_agrees_with_fractions(a: Decimal, b: Decimal) -> None:
    assert Fraction(value("a + b", a=a, b=b)) == Fraction(a) + Fraction(b)
    if b:
        wanted = Fraction(a) / Fraction(b)
        assert abs(Fraction(value("a / b", a=a, b=b)) - wanted) <= abs(wanted) / 10**33
        rest = value("modulo(a, b)", a=a, b=b)
        assert Fraction(rest) == Fraction(a) % Fraction(b)


@TRIED
@given(DECIMALS, st.integers(-3, 8))
def test_rounding_stays_on_its_side(n: Decimal, scale: int) -> None:
    step = Fraction(10) ** -scale
    got = {
        name: Fraction(value(f"{name}(n, s)", n=n, s=scale))
        for name in ("floor", "ceiling", "round up", "round down")
    }

    assert got["floor"] <= Fraction(n) <= got["ceiling"]
    assert abs(got["round down"]) <= abs(Fraction(n)) <= abs(got["round up"])
    assert all(
        (rounded / step).denominator == 1 and abs(rounded - Fraction(n)) < step for rounded in got.values()
    )


DATES = st.dates(python.date(1, 2, 1), python.date(9998, 12, 1))


@TRIED
@given(DATES, st.integers(-20_000, 20_000), st.integers(-400, 400))
def test_dates_agree_with_python(day: python.date, days: int, months: int) -> None:
    try:
        later = day + python.timedelta(days=days)
        by_months = day + relativedelta(months=months)
    except (OverflowError, ValueError):
        return
    assert feel.outward(value(f'd + duration("{_days(days)}")', d=day)) == later
    assert feel.outward(value(f'd + duration("{_months(months)}")', d=day)) == by_months
    assert feel.outward(value("b - a", a=day, b=later)) == later - day
    assert value("day of year(d)", d=day) == day.timetuple().tm_yday
    assert value("week of year(d)", d=day) == day.isocalendar().week
    assert value("d.weekday", d=day) == day.isoweekday()
    assert value("string(d)", d=day) == day.isoformat()
    assert value("a < b", a=day, b=later) is (day < later)


def _days(days: int) -> str:
    return f"-P{-days}D" if days < 0 else f"P{days}D"


def _months(months: int) -> str:
    return f"-P{-months}M" if months < 0 else f"P{months}M"


TRUTH = st.sampled_from([True, False, None])


@TRIED
@given(TRUTH, TRUTH, TRUTH)
def test_three_valued_logic_keeps_its_laws(a: bool | None, b: bool | None, c: bool | None) -> None:
    def law(one: str, other: str) -> None:
        assert value(one, a=a, b=b, c=c) is value(other, a=a, b=b, c=c)

    law("a and b", "b and a")
    law("a or b", "b or a")
    law("(a and b) and c", "a and b and c")
    law("(a or b) or c", "a or (b or c)")
    law("a and (b or c)", "(a and b) or (a and c)")
    law("a or (b and c)", "(a or b) and (a or c)")
    law("not(a and b)", "not(a) or not(b)")
    law("not(a or b)", "not(a) and not(b)")
    law("not(not(a))", "a")
    law("a and a", "a")
    law("a or (a and b)", "a")
    law("some x in [a, b, c] satisfies x", "a or b or c")
    law("every x in [a, b, c] satisfies x", "a and b and c")


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), DECIMALS, TEXTS, DATES, st.datetimes(), st.timedeltas(),
        st.datetimes(timezones=st.sampled_from([python.UTC, python.timezone(python.timedelta(hours=2))])),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("$feel"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@TRIED
@given(VALUES)
def test_values_survive_storing(plain: Any) -> None:
    kept = feel.inward(plain)

    assert feel.load(feel.dump(kept)) == kept


@TRIED
@given(VALUES)
def test_every_value_equals_itself_and_is_itself(plain: Any) -> None:
    assert value("v = v", v=plain) is True
    assert value("is(v, v)", v=plain) is True
    assert value("count(distinct values([v, v]))", v=plain) == 1


@TRIED
@given(st.lists(DECIMALS | TEXTS | st.none() | st.booleans(), max_size=6))
def test_text_of_a_value_reads_back(items: list[Any]) -> None:
    kept = list(items)
    text = value("string(v)", v=kept)

    assert value(text) == feel.inward(kept)


@pytest.mark.parametrize("length", [1, 50])
def test_deep_operators_are_read_or_refused_but_never_crash(length: int) -> None:
    text = "1 or 1 and 1 < 1 + 1 * 1 ** (" * length + "1" + ")" * length

    try:
        feel.compile(text)
    except feel.FeelSyntaxError:
        assert length > 1
