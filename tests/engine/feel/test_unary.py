"""Unary tests: what a table cell says to its input."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from engine import feel
from tests.engine.feel.evaluating import MOMENT, judged


@pytest.mark.parametrize(
    ("test", "subject", "expected"),
    [
        ("-", None, True),
        ("", 1, True),
        ("< 5", 4, True),
        ("< 5", 5, False),
        ("<= 5", 5, True),
        ("= 5", 5, True),
        ("!= 5", 5, False),
        ("[1..3]", 3, True),
        ("(1..3)", 3, False),
        ('["a".."c"]', "b", True),
        ("5", 5, True),
        ('"low","high"', "high", True),
        ('"low","high"', "middle", False),
        ('not("low")', "high", True),
        ('not("low", "high")', "high", False),
        ("1,5,9", 9, True),
        ("< 1, > 9, 5", 5, True),
        ("[1, 2, 3]", 2, True),
        ("[1, [5..7]]", 6, True),
        ("xs", 2, True),
        ("? > 3 and ? < 5", 4, True),
        ('contains(?, "b")', "abc", True),
        ("even(?)", 3, False),
        ("limit + 1", 11, True),
        ("> limit", 11, True),
        ("limit > 5", "anything", True),
        ("true", True, True),
        ("true", False, False),
        ("false", False, True),
        ("true", None, False),
        ("true", "no", None),
        ("false", "no", None),
        ("not(false)", "no", None),
        ("not(true)", "no", None),
        ("true, false", 5, None),
        ('true, "no"', "no", True),
        ("yes", "no", None),
        ("not(yes)", "no", None),
        ("yes", True, True),
        ("case.urgent", "no", None),
        ("case.urgent", True, True),
        ("[true]", "no", None),
        ("null", None, True),
        ("null", 1, False),
        ("not(null)", None, False),
        ("< 5", None, None),
        ("not(< 5)", None, None),
        ("[1..3]", None, None),
        ('"x"', None, False),
        ('not("x")', None, True),
        ("< 5", "text", None),
        ('"5"', 5, None),
        ("? + 1", 5, None),
        ('< date("2020-01-01")', "2019-01-01", None),
    ],
)
def test_cell_judges_its_input(test: str, subject: Any, expected: bool | None) -> None:
    assert judged(test, subject, xs=[1, 2], limit=10, yes=True, case={"urgent": True}) is expected


VALUES = {
    "number": ("5", 5),
    "string": ('"a"', "a"),
    "boolean": ("true", True),
    "date": ('date("2026-01-01")', date(2026, 1, 1)),
    "duration": ('duration("P1D")', timedelta(days=1)),
}
FORMS = (
    "{}",
    "not({})",
    "[{}]",
    "{}, {}",
    "named",
    "not(named)",
    "case.named",
    "= {}",
    "if 1 = 1 then {} else {}",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("subject", VALUES)
@pytest.mark.parametrize("wanted", VALUES)
def test_a_cell_of_one_kind_never_matches_an_input_of_another_and_says_so(
    form: str, wanted: str, subject: str
) -> None:
    if wanted == subject or (form.startswith("if") and wanted == "boolean"):
        return
    text, value = VALUES[wanted][0], feel.inward(VALUES[wanted][1])
    known = {"named": value, "case": {"named": value}}
    outcome = feel.compile_unary(form.format(text, text)).judge(
        feel.inward(VALUES[subject][1]), known, moment=MOMENT
    )
    assert outcome.value is not True
    assert outcome.notes


def test_cell_in_error_leaves_a_note() -> None:
    outcome = feel.compile_unary("< 5").judge("text", {}, moment=MOMENT)

    assert [note.code for note in outcome.notes] == ["not_comparable"]


def test_cell_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(feel.FeelSyntaxError):
        feel.compile_unary("1 2")
