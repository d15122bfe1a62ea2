"""The language itself: literals, names, operators, three-valued logic, lists, contexts, functions, loops."""

from __future__ import annotations

import pytest

from engine import feel
from tests.engine.feel.evaluating import MOMENT, codes, outcome, same, value

LITERALS = [
    (".5", "0.5"),
    ("1.2e3", "1200"),
    ("1E-2", "0.01"),
    ("1 /* one */ + 1 // two", "2"),
    ('"\\uD83D\\uDC0E"', '"🐎"'),
    ('"\\U01F40E"', '"🐎"'),
    ('"a\\"b\\\\c\\n\\t\\\'"', '"a\\u0022b\\u005Cc\\u000A\\u0009\\u0027"'),
    ('string length("🐎ab")', "3"),
    ('"\\d"', '"\\\\d"'),
    ('{ 🐎: "bar" }.🐎', '"bar"'),
    ('@"P1D"', 'duration("P1D")'),
    ('@"nonsense"', "null"),
]
OPERATORS = [
    ("1 + 2 * 3", "7"),
    ("3 ** 4 ** 5", "3486784401"),
    ("-3 ** 2", "9"),
    ("2 ** -1", "0.5"),
    ("--1", "1"),
    ("10 / 4", "2.5"),
    ("1 / 0", "null"),
    ("0 ** 0", "1"),
    ("1 / 3 * 3", "0.9999999999999999999999999999999999"),
    ('"a" + "b"', '"ab"'),
    ('"a" + 1', "null"),
    ('-"a"', "null"),
    ("1 + null", "null"),
    ('@"2024-01-31" + @"P1M"', '@"2024-02-29"'),
    ('@"P10Y11M" / 2.5', '@"P4Y4M"'),
    ('@"2021-01-02" - @"PT1H"', '@"2021-01-01"'),
    ('@"P2D" / @"P1D"', "2"),
    ('@"P1D" / 0', "null"),
    ('2 * @"PT1H"', '@"PT2H"'),
]
LOGIC = [
    ("true and null", "null"),
    ("false and null", "false"),
    ('false and "x"', "false"),
    ("true or null", "true"),
    ("false or null", "null"),
    ("1 and true", "null"),
    ("true and true and false", "false"),
    ("false or false or true", "true"),
    ("not(null)", "null"),
    ("not(1)", "null"),
    ("not(true)", "false"),
    ("if null then 1 else 2", "2"),
    ('if "true" then 1 else 2', "2"),
    ("if true then 1 else 2", "1"),
]
COMPARISONS = [
    ("null = null", "true"),
    ("1 = null", "false"),
    ("null != 1", "true"),
    ('7 = "7"', "null"),
    ("false = 3", "null"),
    ("{} = 5", "null"),
    ("1.0 = 1.00", "true"),
    ("[1, 2] = [1, 2.0]", "true"),
    ("[1, 2] = [2, 1]", "false"),
    ("{a: 1, b: 2} = {b: 2, a: 1}", "true"),
    ("[1..2] = [1..2]", "true"),
    ("[1..2] = [1..2)", "false"),
    ('@"P1D" = @"PT24H"', "true"),
    ('@"P1Y" = @"P365D"', "null"),
    ('@"2020-01-01T12:00:00Z" = @"2020-01-01T13:00:00+01:00"', "true"),
    ('@"2020-01-01T12:00:00Z" = @"2020-01-01T12:00:00"', "false"),
    ('is(@"10:00:00Z", @"10:00:00+00:00")', "true"),
    ('is(@"10:00:00Z", @"11:00:00+01:00")', "false"),
    ('"612" > 500', "null"),
    ('"5" between 1 and 10', "null"),
    ('"b" > "a"', "true"),
    ("5 between 1 and 5", "true"),
    ("5 between null and 3", "false"),
    ("null < 1", "null"),
    ('@"2020-01-01T12:00:00Z" < @"2020-01-01T12:00:00"', "null"),
    ("2 in (1, 2)", "true"),
    ("2 in (1..5)", "true"),
    ("1 in (1..5)", "false"),
    ("2 in (< 3)", "true"),
    ("2 in (< 1, > 1)", "true"),
    ("2 in > 1", "true"),
    ("6 in (1 + 2) * 2", "true"),
    ("2 in [1, [2..3]]", "true"),
    ("[1] in [[1], [2]]", "true"),
    ("4 in (? > 3)", "true"),
    ("2 in ]1..3[", "true"),
    ("1 in (!= 2)", "true"),
]
LISTS = [
    ("[1, 2, 3][1]", "1"),
    ("[1, 2, 3][-1]", "3"),
    ("[1, 2, 3][0]", "null"),
    ("[1, 2, 3][4]", "null"),
    ("[][1]", "null"),
    ("[][item > 1]", "[]"),
    ("[1, 2, 3][item >= 2]", "[2, 3]"),
    ('"a"[1]', '"a"'),
    ('"a"[item = "a"]', '["a"]'),
    ("null[1]", "null"),
    ("[{a: 1, b: 2}, {a: 3}][a > 1].a", "[3]"),
    ("{a: 5, r: [{a: 1}, {b: 1}][a = 5]}.r", "[{b: 1}]"),
    ("[1, 2, 3][null]", "[]"),
    ("[1, 2, 3][1 + 1]", "2"),
    ("[{b: 1}, {c: 2}].b", "[1, null]"),
    ("{a: {b: {c: 1}}}.a.b.c", "1"),
    ("null.a", "null"),
    ('"text".length', "null"),
]
CONTEXTS = [
    ("{a: 1, b: a + 1}.b", "2"),
    ("{foo bar: 1, r: foo bar + 1}.foo bar", "1"),
    ('{"a-b": 9}.a-b', "9"),
    ("{a: 1, a: 2}", "null"),
    ("{f: function(n) if n = 0 then 1 else n * f(n - 1), r: f(5)}.r", "120"),
    ("[1..10].start included", "true"),
    ("(< 10).end", "10"),
    ("(< 10).start", "null"),
    ("[1..10[.end included", "false"),
    ('@"2020-06-01".month', "6"),
    ("{if: 1}.if", "1"),
    ("{if: 1, b: if true then 2 else 3}.b", "2"),
    ("[null..5]", "null"),
    ("3 in [1..limit]", "null"),
    ('["a"..1]', "null"),
    ('@"P1Y".days', "null"),
]
LOOPS = [
    ("for i in 1..3 return i * 2", "[2, 4, 6]"),
    ("for i in 3..1 return i", "[3, 2, 1]"),
    ("for i in [1..3) return i", "[1, 2]"),
    ("for i in (1..3] return i", "[2, 3]"),
    ("for i in [3..1] return i", "null"),
    ('for i in @"2020-02-28"..@"2020-03-01" return string(i)', '["2020-02-28", "2020-02-29", "2020-03-01"]'),
    ('for i in "a".."c" return i', "null"),
    ("for i in null return i", "null"),
    ("for i in 5 return i", "[5]"),
    ("for x in [[1, 2], [3]], y in x return y", "[1, 2, 3]"),
    ("for i in 0..4 return if i = 0 then 1 else i * partial[-1]", "[1, 1, 2, 6, 24]"),
    ("for i in 1..3 return partial", "[[], [[]], [[], [[]]]]"),
    ("some i in [1, null, 3] satisfies i > 2", "true"),
    ("some i in [1, null] satisfies i > 2", "null"),
    ("every i in [1, null, 3] satisfies i > 2", "false"),
    ("every i in [] satisfies i", "true"),
    ("some i in [], j in [1] satisfies true", "false"),
]
FUNCTIONS = [
    ("(function(a, b) a - b)(5, 3)", "2"),
    ("(function(a, b) a - b)(b: 5, a: 3)", "-2"),
    ("(function(a) a)(1, 2)", "null"),
    ("(function(a) a)(b: 1)", "null"),
    ("(function(a: number) a)([1])", "1"),
    ('(function(a: number) a)("x")', "null"),
    ("(function(a: list<number>) a)(1)", "[1]"),
    ('(function(a: date and time) a)(@"2020-01-01")', '@"2020-01-01T00:00:00Z"'),
    ("(function(a) function(b) a + b)(1)(2)", "3"),
    ("[function(x) x + 1][1](2)", "3"),
    ("1(2)", "null"),
    ("nonesuch(1)", "null"),
    ('function(a) external {java: {class: "x", method signature: "y"}}', "null"),
]
TYPES = [
    ("1 instance of number", "true"),
    ("null instance of number", "false"),
    ("null instance of Null", "true"),
    ("1 instance of Any", "true"),
    ("[1, 2] instance of list<number>", "true"),
    ('[1, "a"] instance of list<number>', "false"),
    ("{a: 1, b: 2} instance of context<a: number>", "true"),
    ("{a: 1} instance of context<a: number, b: string>", "false"),
    ("[1..2] instance of range<number>", "true"),
    ("[1..2] instance of range<string>", "false"),
    ('@"P1Y" instance of years and months duration', "true"),
    ('@"P1Y" instance of days and time duration', "false"),
    ('@"2020-01-01T00:00:00" instance of date and time', "true"),
    ("(function(a: number) a + 1) instance of function<number> -> number", "true"),
    ('(function(a: number) "x") instance of function<number> -> number', "false"),
    ("(function(a: string) a) instance of function<number> -> string", "false"),
    ("1 instance of nonesuch", "null"),
    ("abs instance of function", "true"),
    ("{} instance of context<>", "true"),
    ("[[1]] instance of list<list<number>>", "true"),
    ("null instance of null", "true"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    LITERALS + OPERATORS + LOGIC + COMPARISONS + LISTS + CONTEXTS + LOOPS + FUNCTIONS + TYPES,
)
def test_expression_has_the_value_the_specification_says(text: str, expected: str) -> None:
    same(text, expected)


def test_longest_known_name_wins() -> None:
    assert value("a-b", a=5, b=3) == 2
    assert value("a-b", **{"a-b": 9}) == 9
    assert value("for i in days in weekend return i", **{"days in weekend": ["Sat"]}) == ["Sat"]
    assert (
        value('x between date and time("2020-01-01T00:00:00") and x', x=value('@"2020-01-02T00:00:00"'))
        is True
    )
    assert value("Full   Name", **{"Full Name": "Ada"}) == "Ada"


def test_name_with_and_does_not_swallow_an_operator() -> None:
    assert value("d between date and time", d=2, date=1, time=3) is True


def test_variable_that_is_no_function_does_not_hide_the_function() -> None:
    assert str(value('date("2020-01-01")', date="mine")) == "2020-01-01"
    assert value("count", count=3) == 3


def test_filter_sees_the_entries_of_its_item_before_outer_names() -> None:
    assert value("rows[name = wanted].age", rows=[{"name": "a", "age": 1}], wanted="a", name="b") == [1]


def test_variables_lists_what_is_read_from_outside() -> None:
    expression = feel.compile("for i in xs return i + y + count(z) + {a: 1, b: a}.b")

    assert expression.variables == {"xs", "y", "z"}


def test_partial_never_holds_itself() -> None:
    result = value("for i in 1..4 return partial")

    assert all(item is not result for item in result)
    assert feel.load(feel.dump(result)) == result


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        ("1 +", 1, 4, "an expression"),
        ("1 = 2 = 3", 1, 7, "an operator or the end of the expression"),
        ("if a\nthen b", 2, 7, "'else'"),
        ('"open', 1, 1, 'a closing "'),
        ("/* open", 1, 1, "a closing */"),
        ('"\\uD83D"', 1, 2, "a valid escape sequence"),
        ("f(1, a: 2)", 1, 7, "')'"),
        ("foo bar", 1, 5, "an operator or the end of the expression"),
        ("", 1, 1, "an expression"),
        ("#", 1, 1, "an expression"),
    ],
)
def test_syntax_error_says_what_was_expected_and_where(
    text: str, line: int, column: int, expected: str
) -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile(text)

    facts = caught.value.facts
    assert (facts["line"], facts["column"], facts["expected"]) == (line, column, expected)


def test_caret_points_at_the_place() -> None:
    text = 'if severity = "high"\nthan 1'
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile(text)

    assert caught.value.caret(text) == "than 1\n^^^^"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nonesuch", ["unknown_variable"]),
        ("{a: 1}.b", ["unknown_property"]),
        ("nonesuch()", ["unknown_function"]),
        ("abs()", ["wrong_arguments"]),
        ('abs("a")', ["wrong_type"]),
        ('1 < "a"', ["not_comparable"]),
        ("1 / 0", ["division_by_zero"]),
        ("9 ** 99999999", ["number_overflow"]),
        ('date("2020-13-01")', ["invalid_temporal"]),
        ('@"2020-01-01T00:00:00" - @"2020-01-01T00:00:00Z"', ["zone_mismatch"]),
        ('matches("a", "(")', ["invalid_pattern"]),
        ("sqrt(-1)", ["value_not_allowed"]),
        ("isWorkingDay(today())", ["unknown_calendar"]),
        ("assert(1, false)", ["assertion"]),
        ("function() external {}", ["external_refused"]),
        ("is defined(nonesuch.at.all)", []),
        ("get or else(nonesuch, 1)", []),
        ("null = 1", []),
    ],
)
def test_what_becomes_null_leaves_a_note(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_unknown_variable_names_its_neighbours_and_its_place() -> None:
    (note,) = outcome('amount > 1 and\n severty = "high"', severity="high", amount=2).notes

    assert (note.code, note.severity, note.line, note.column) == ("unknown_variable", "error", 2, 2)
    assert note.facts == {"name": "severty", "nearest": ["severity"]}
    assert note.caret() == ' severty = "high"\n ^^^^^^^'


def test_strict_reading_fails_where_a_name_is_unknown() -> None:
    with pytest.raises(feel.ExpressionFailed) as caught:
        outcome('severty = "high"', severity="high").required()

    assert caught.value.facts["reason"] == "unknown_variable"


def test_null_that_only_travels_is_a_warning() -> None:
    result = outcome("amount > 5", amount=None)

    assert [note.severity for note in result.notes] == ["warning"]
    assert result.required() is None


def test_text_never_compares_with_a_date() -> None:
    result = outcome('"2026-01-01" < today()')

    assert result.value is None
    assert [note.code for note in result.notes] == ["not_comparable"]


def test_foreign_objects_are_refused() -> None:
    with pytest.raises(TypeError):
        feel.inward({"a": object()})
    with pytest.raises(TypeError):
        feel.inward({1: 2})
    with pytest.raises(TypeError):
        feel.compile("a + 1").evaluate({"a": 1}, moment=MOMENT)
