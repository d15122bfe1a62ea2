"""The built-in functions: values, nulls, wrong arguments, names, single items and their lists."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from engine import feel
from engine.calendars import Calendar, CalendarSet, Opening
from engine.feel.functions import FUNCTIONS
from engine.quoted import quoted
from tests.engine.feel.evaluating import MOMENT, codes, same, value

CONVERSION = [
    ('date("2020-02-29")', '@"2020-02-29"'),
    ("date(2020, 2, 30)", "null"),
    ('date(date and time("2020-01-01T10:00:00Z"))', '@"2020-01-01"'),
    ("date(year: 2020, month: 1, day: 2)", '@"2020-01-02"'),
    ("date(2020, null, 1)", "null"),
    ("time(10, 11, 12.5, null)", '@"10:11:12.5"'),
    ('time(10, 11, 12, duration("-PT1H"))', '@"10:11:12-01:00"'),
    ("time(24, 0, 0)", "null"),
    ('time(date("2020-01-01"))', '@"00:00:00Z"'),
    ('time(10, 11, 12, duration("P1Y"))', "null"),
    ('date and time("2018-12-10")', '@"2018-12-10T00:00:00"'),
    ('date and time(date("2020-01-01"), time("10:00:00"))', '@"2020-01-01T10:00:00"'),
    ('date and time(date: @"2020-01-01T23:00:00", time: @"10:00:00Z")', '@"2020-01-01T10:00:00Z"'),
    ('date and time(2020, 1, 2, 3, 4, 5, "Europe/Paris")', '@"2020-01-02T03:04:05@Europe/Paris"'),
    ('date and time(2020, 1, 2, 3, 4, 5, @"PT1H")', '@"2020-01-02T03:04:05+01:00"'),
    ("date and time(2020, 1, 2, 3, 4, 5)", '@"2020-01-02T03:04:05"'),
    ('date and time(@"2020-07-01T10:00:00Z", "Europe/Berlin")', '@"2020-07-01T12:00:00@Europe/Berlin"'),
    ('duration("P1Y2M")', '@"P1Y2M"'),
    ('duration("nonsense")', "null"),
    ('years and months duration(from: @"2020-01-31", to: @"2021-03-01")', '@"P1Y1M"'),
    ('years and months duration(@"2020-01-01", null)', "null"),
    ('number("1 000,5", " ", ",")', "1000.5"),
    ('number("1,000", ",", null)', "1000"),
    ('number("1.5")', "1.5"),
    ('number("1,5", ",", ",")', "null"),
    ('number("x", ",", ".")', "null"),
    ("string(1.10)", '"1.1"'),
    ("string(1e3)", '"1000"'),
    ("string(null)", "null"),
    ('string([1, "a", {b c: null, d: true}])', '"[1, \\"a\\", {\\"b c\\": null, d: true}]"'),
    ("string([1..2))", '"[1..2)"'),
    ('range("[1..3]")', "[1..3]"),
    ('range("(..3]")', "(<= 3)"),
    ('range("[1..)")', "(>= 1)"),
    ('range("[\\"a\\"..\\"b\\")")', '["a".."b")'),
    ('range("[@\\"2020-01-01\\"..date(\\"2020-01-02\\")]")', '[@"2020-01-01"..@"2020-01-02"]'),
    ('range("[3..1]")', "null"),
    ('range("[1..]")', "null"),
    ('range("[1+1..3]")', "null"),
    ('range("[1..\\"a\\"]")', "null"),
    ('range("")', "null"),
]
STRINGS = [
    ('substring("foobar", 3)', '"obar"'),
    ('substring("foobar", -2, 1)', '"a"'),
    ('substring("foobar", 0)', "null"),
    ('substring("foobar", 7)', "null"),
    ('substring("foobar", 3, 0)', "null"),
    ('substring("\\U01F40Eab", 2)', '"ab"'),
    ('upper case(["aBc"])', '"ABC"'),
    ("lower case(null)", "null"),
    ('substring before("foobar", "")', '""'),
    ('substring after("foobar", "o")', '"obar"'),
    ('substring after("foobar", "")', '"foobar"'),
    ('substring after("foobar", "x")', '""'),
    ('contains("foobar", "ob")', "true"),
    ('contains("foobar", 1)', "null"),
    ('starts with(string: "foobar", match: "fo")', "true"),
    ('ends with("foobar", "r")', "true"),
    ('replace("abracadabra", "bra", "*")', '"a*cada*"'),
    ('replace("ab", "(a)(b)", "$2$1")', '"ba"'),
    ('replace("a", "a*?", "b")', "null"),
    ('matches("FOO", "foo", "i")', "true"),
    ('matches("FOO", "foo", null)', "false"),
    ('matches("FOO", "foo", "q")', "null"),
    ('split("a;b;;", ";")', '["a", "b", "", ""]'),
    ('string join(["a", null, "b"], "-")', '"a-b"'),
    ('string join("a", "X")', '"a"'),
    ('string join(["a", 1])', "null"),
    ('extract("1234, 1256", "12[0-9]*")', '["1234", "1256"]'),
    ('is blank("  ")', "true"),
    ('trim("  a ")', '"a"'),
    ('to base64("FEEL")', '"RkVFTA=="'),
]
LISTS = [
    ("list contains([1, null], null)", "true"),
    ('list contains(["1"], 1)', "false"),
    ("list replace([2, 4], -1, 5)", "[2, 5]"),
    ("list replace([2, 4, 7], function(item, newItem) item < newItem, 5)", "[5, 5, 7]"),
    ("list replace([2, 4, 7], function(item, newItem) null, 5)", "null"),
    ("list replace(list: [1], position: 2, newItem: 3)", "null"),
    ("count(1)", "1"),
    ("count(null)", "null"),
    ("min([3, 1, 2])", "1"),
    ('max("a", "c", "b")', '"c"'),
    ('max(@"2020-01-01", @"2021-01-01")', '@"2021-01-01"'),
    ('min([1, "a"])', "null"),
    ("min([])", "null"),
    ("min()", "null"),
    ("min(list: [2, 1])", "1"),
    ("sum(1, 2, 3)", "6"),
    ("sum([1.5])", "1.5"),
    ("sum([])", "null"),
    ("sum([1, null])", "null"),
    ("mean([1, 2])", "1.5"),
    ("median(8, 2, 5, 3, 4)", "4"),
    ("median([6, 1, 2, 3])", "2.5"),
    ("median([])", "null"),
    ("median(n: 1)", "null"),
    ("mode([6, 1, 9, 6, 1])", "[1, 6]"),
    ("mode([])", "[]"),
    ("mode(1, null)", "null"),
    ("product([2, 3, 4])", "24"),
    ("stddev([47])", "null"),
    ("decimal(stddev(2, 4, 7, 5), 4)", "2.0817"),
    ("all([])", "true"),
    ("all(true, null)", "null"),
    ("all([null, false])", "false"),
    ("any([])", "false"),
    ("any(null)", "null"),
    ("and([true, false])", "false"),
    ("or(false, true)", "true"),
    ("sublist([4, 5, 6], 1, 2)", "[4, 5]"),
    ("sublist([4, 5, 6], -1)", "[6]"),
    ("sublist([4, 5, 6], 2, 3)", "null"),
    ("sublist([4, 5, 6], 0)", "null"),
    ("append([1], 2, null)", "[1, 2, null]"),
    ("append(1, 2)", "[1, 2]"),
    ("concatenate([1, 2], [3], 4)", "[1, 2, 3, 4]"),
    ("concatenate([1], null)", "null"),
    ("union([1, 2], [2, 3])", "[1, 2, 3]"),
    ("insert before([1, 3], 2, 2)", "[1, 2, 3]"),
    ("insert before([1, 3], -1, 2)", "[1, 2, 3]"),
    ("insert before([1, 3], 0, 2)", "null"),
    ("remove([1, 2, 3], -1)", "[1, 2]"),
    ("remove([1], 2)", "null"),
    ("reverse([1, 2])", "[2, 1]"),
    ("index of([1, 2, null, 1], 1)", "[1, 4]"),
    ("index of([1, null], null)", "[2]"),
    ('distinct values([1, 1.0, "1", null, null, [1], [1], {a: 1}, {a: 1.0}])', '[1, "1", null, [1], {a: 1}]'),
    (
        'distinct values([@"2020-01-01T12:00:00Z", @"2020-01-01T13:00:00+01:00"])',
        '[@"2020-01-01T12:00:00Z"]',
    ),
    ("duplicate values([1, 2, 1, 1])", "[1]"),
    ("flatten([[1, [2]], [[[3]]], 4])", "[1, 2, 3, 4]"),
    ("sort([3, 1, 2], function(x, y) x > y)", "[3, 2, 1]"),
    ("sort(list: [2, 1], precedes: function(x, y) x < y)", "[1, 2]"),
    ("sort([2, 1], function(x, y) null)", "null"),
    ("is empty([])", "true"),
    ("partition([1, 2, 3], 2)", "[[1, 2], [3]]"),
    ("partition([1], 0)", "null"),
]
NUMBERS = [
    ("decimal(2.5, 0)", "2"),
    ("decimal(1/3, 2)", "0.33"),
    ("floor(-1.5)", "-2"),
    ("floor(1.56, 1)", "1.5"),
    ("ceiling(-1.5)", "-1"),
    ("ceiling(1.5, null)", "null"),
    ("round up(-5.5, 0)", "-6"),
    ("round up(1.121, 2)", "1.13"),
    ("round down(-5.5, 0)", "-5"),
    ("round half up(5.5, 0)", "6"),
    ("round half up(-5.5, 0)", "-6"),
    ("round half down(5.5, 0)", "5"),
    ("round half up(5.5, 6177)", "null"),
    ("round half up(5.5, -6112)", "null"),
    ("round half up(5.5, 6176)", "5.5"),
    ("round half up(5.5, -6111)", "0"),
    ("abs(-1)", "1"),
    ('abs(@"-P1D")', '@"P1D"'),
    ('abs("-1")', "null"),
    ("modulo(-12, 5)", "3"),
    ("modulo(12, -5)", "-3"),
    ("modulo(10.1, -4.5)", "-3.4"),
    ("modulo(1, 0)", "null"),
    ("sqrt(16)", "4"),
    ("sqrt(-1)", "null"),
    ("log(1)", "0"),
    ("log(0)", "null"),
    ("exp(0)", "1"),
    ("exp(1e6)", "null"),
    ("odd(-3)", "true"),
    ("odd(2.5)", "false"),
    ("even(2.5)", "false"),
    ("even(1e40)", "true"),
    ("even(null)", "null"),
]
DATES = [
    ('day of year(@"2019-09-17")', "260"),
    ('day of week(@"2019-09-17T10:00:00")', '"Tuesday"'),
    ('month of year(@"2019-09-17")', '"September"'),
    ('week of year(@"2005-01-01")', "53"),
    ('week of year("2005-01-01")', "null"),
    ('last day of month(@"2024-02-05")', '@"2024-02-29"'),
    ("now()", '@"2026-01-05T10:30:00@Europe/Berlin"'),
    ("today()", '@"2026-01-05"'),
    ("now(1)", "null"),
    ("is([1], [1.0])", "true"),
    ('is(1, "1")', "false"),
]
RANGES = [
    ("before(1, [1..10])", "false"),
    ("before(1, (1..10])", "true"),
    ("before([1..10), 10)", "true"),
    ('before(1, "a")', "null"),
    ("before(1, null)", "null"),
    ("after([11..20], 10)", "true"),
    ("meets([1..5], [5..10])", "true"),
    ("met by((5..10], [1..5])", "false"),
    ("overlaps([1..5], [3..8])", "true"),
    ("overlaps([1..5), [5..8])", "false"),
    ("overlaps before([1..5], [3..8])", "true"),
    ("overlaps after([3..8], [1..5])", "true"),
    ("finishes(10, [1..10])", "true"),
    ("finishes((1..10], [1..10])", "true"),
    ("finished by([1..10], 10)", "true"),
    ("includes([1..10], [1..10))", "true"),
    ("includes((1..10], [1..10])", "false"),
    ("during(5, [1..10])", "true"),
    ("starts(1, (1..10])", "false"),
    ("started by([1..10], [1..5])", "true"),
    ("coincides([1..5], [1..5])", "true"),
    ("before((< 5), (> 5))", "true"),
    ("includes((> 5), 6)", "true"),
    ('during(@"2020-01-02", [@"2020-01-01"..@"2020-01-03"])', "true"),
]
CONTEXTS = [
    ('get value({a: 1}, "a")', "1"),
    ('get value({a: 1}, "b")', "null"),
    ('get value({a: {b: 2}}, ["a", "b"])', "2"),
    ('get value(null, "a")', "null"),
    ("get entries({a: 1})", '[{key: "a", value: 1}]'),
    ("get entries({})", "[]"),
    ('context([{key: "a", value: 1}])', "{a: 1}"),
    ('context([{key: "a", value: 1}, {key: "a", value: 2}])', "null"),
    ('context put({a: 1}, "a", 2)', "{a: 2}"),
    ('context put({a: {b: 1}}, ["a", "b"], 2)', "{a: {b: 2}}"),
    ('context put({a: 1}, ["a", "b"], 2)', "null"),
    ("context merge([{a: 1}, {a: 2, b: 3}])", "{a: 2, b: 3}"),
    ("put all({a: 1}, {b: 2})", "{a: 1, b: 2}"),
    ("is defined(nonesuch)", "false"),
    ("is defined(null)", "false"),
    ("is defined(1)", "true"),
    ("get or else(null, 1)", "1"),
    ("assert(1, true)", "1"),
    ('assert(1, null, "why")', "null"),
    ('to json({a: [1.50, @"2020-01-01"]})', '"{\\"a\\":[1.5,\\"2020-01-01\\"]}"'),
    ('from json("{\\"a\\": [0.1, null]}")', "{a: [0.1, null]}"),
    ('from json("{")', "null"),
    ('from json("\\"\\\\ud800\\"")', "null"),
]


@pytest.mark.parametrize(
    ("text", "expected"), CONVERSION + STRINGS + LISTS + NUMBERS + DATES + RANGES + CONTEXTS
)
def test_function_has_the_value_the_specification_says(text: str, expected: str) -> None:
    same(text, expected)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_answers_too_many_and_misnamed_arguments_with_null(name: str) -> None:
    function = FUNCTIONS[name]
    most = max(signature.most for signature in function.signatures)
    if most < 100:
        arguments = ", ".join(["1"] * (int(most) + 1))
        assert value(f"{name}({arguments})") is None
        assert codes(f"{name}({arguments})") == ["wrong_arguments"]
    assert value(f"{name}(nonesuch: 1)") is None


ACCEPT_NULL = {
    "string", "is", "is defined", "get or else", "assert", "to json", "now", "today", "uuid", "random number",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - ACCEPT_NULL))
def test_function_answers_null_in_a_required_argument_with_null(name: str) -> None:
    least = max(1, min(signature.least for signature in FUNCTIONS[name].signatures))

    assert value(f"{name}({', '.join(['null'] * least)})") is None


SAMPLES = [
    "null", "true", "1", "-2.5", "1e40", '""', '"text"', '"2020-01-01"', "[]", "[1]", '["a", null]',
    "{}", "{a: 1}",
    '@"2020-01-01"', '@"10:00:00"', '@"10:00:00Z"', '@"2020-01-01T10:00:00@Europe/Paris"', '@"P1D"', '@"P1Y"',
    "[1..2]", '["a".."b")', "(> 1)", "(!= 1)", "function(a) a", "function(a, b) null", "abs",
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_answers_any_kinds_of_arguments_without_breaking(name: str) -> None:
    samples = [value(text) for text in SAMPLES]
    run = feel.Run(AT_WORK, feel.Budget(steps=10**9, cells=10**9, characters=10**9))
    most = min(3, max(signature.most for signature in FUNCTIONS[name].signatures))
    with feel.exact_numbers():
        for count in range(int(most) + 1):
            for arguments in product(samples, repeat=count):
                try:
                    feel.kind_of(feel.call(run, FUNCTIONS[name], arguments))
                except feel.Fault:
                    continue


def test_chance_repeats_when_a_moment_is_replayed() -> None:
    other = feel.Moment(MOMENT.now, "Europe/Berlin", random_seed=8)
    text = "[uuid(), uuid(), random number()]"
    first, again = value(text), value(text)

    assert first == again
    assert first[0] != first[1]
    assert 0 <= first[2] < 1
    assert feel.compile(text).evaluate({}, moment=other).value != first


BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(
    "office",
    1,
    "Office",
    BERLIN,
    ((Opening(time(9), time(17)),),) * 5 + ((), ()),
    {date(2026, 4, 3): "Good Friday"},
)
SHOP = Calendar("shop", 1, "Shop", BERLIN, ((Opening(time(9), time(17)),),) * 7)
AT_WORK = feel.Moment(
    datetime(2026, 1, 5, 9, tzinfo=UTC), BERLIN, calendars=CalendarSet([OFFICE, SHOP], default="office")
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('addWorkingDays(@"2026-04-02", 1)', '@"2026-04-06"'),
        ('add working days(@"2026-04-02", 1, "shop")', '@"2026-04-03"'),
        ('add working days(date: @"2026-04-02", n: 1)', '@"2026-04-06"'),
        ('addWorkingDays(from: @"2026-04-06", n: -1)', '@"2026-04-02"'),
        ('addWorkingDays(@"2026-04-03", 0)', '@"2026-04-06"'),
        ('addWorkingDays(@"2026-04-02T10:00:00Z", 1)', '@"2026-04-06T10:00:00Z"'),
        ('addWorkingDays(@"2026-04-02", 1.5)', "null"),
        ('addWorkingDays(@"2026-04-02", 10001)', "null"),
        ('addWorkingDays(@"2026-04-02", 1, "nonesuch")', "null"),
        ('addWorkingDays(@"99999-04-02", 1)', "null"),
        (
            'addWorkingTime(@"2026-04-02T16:00:00@Europe/Berlin", @"PT2H")',
            '@"2026-04-06T10:00:00@Europe/Berlin"',
        ),
        ('addWorkingTime(@"2026-04-02T16:00:00", @"P1DT2H")', '@"2026-04-07T10:00:00"'),
        ('addWorkingTime(@"2026-04-02T16:00:00Z", @"P1M")', "null"),
        ('workingDaysBetween(@"2026-04-02", @"2026-04-07")', "2"),
        ('working days between(@"2026-04-07", @"2026-04-02")', "-2"),
        ('isWorkingDay(@"2026-04-03")', "false"),
        ('is working day(@"2026-04-03", "shop")', "true"),
        ('nextWorkingDay(@"2026-04-03")', '@"2026-04-06"'),
        ('previousWorkingDay(@"2026-04-05")', '@"2026-04-02"'),
        ('previous working day(@"2026-04-02")', '@"2026-04-02"'),
        ('previousWorkingDay(@"2026-04-03", "shop")', '@"2026-04-03"'),
        ('endOfWorkingDay(previousWorkingDay(@"2026-04-03"))', '@"2026-04-02T17:00:00@Europe/Berlin"'),
        ('startOfWorkingDay(@"2026-04-03")', '@"2026-04-06T09:00:00@Europe/Berlin"'),
        ('end of working day(@"2026-04-02")', '@"2026-04-02T17:00:00@Europe/Berlin"'),
    ],
)
def test_working_days_follow_the_calendar(text: str, expected: str) -> None:
    got = feel.compile(text).evaluate({}, moment=AT_WORK)

    assert got.value == value(expected)
    assert (got.value is None) is bool(got.notes)


def test_unknown_calendar_is_named_in_the_note() -> None:
    (note,) = feel.compile('isWorkingDay(today(), "nonesuch")').evaluate({}, moment=AT_WORK).notes

    assert (note.code, note.facts["calendar"], note.severity) == (
        "unknown_calendar",
        quoted("nonesuch"),
        "error",
    )
