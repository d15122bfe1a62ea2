"""Every FEEL example in the documentation gives what the page says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import feel
from engine.calendar_files import read_calendars
from tests.docs.examples import ROOT, Example, examples, pages

MOMENT = feel.Moment(
    datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    zone="Europe/London",
    calendars=read_calendars(ROOT / "processes" / "calendars", default="uk-england"),
)
EXAMPLES = [example for page in pages() for example in examples(page)]


def value_of(text, context):
    return feel.compile(text).evaluate(context, moment=MOMENT).value


def check(example: Example) -> None:
    context = {}
    for name, text in example.given:
        context[name] = value_of(text, context)
    found, claimed = value_of(example.expression, context), value_of(example.result, {})
    same = (found is None and claimed is None) or value_of("a = b", {"a": found, "b": claimed}) is True
    assert same, f"{example.expression} gives {feel.to_json(found)}, not {example.result}"
    assert type(found) is type(claimed)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_gives_what_the_page_says(example):
    check(example)


def test_there_are_examples_and_a_wrong_one_would_be_noticed():
    assert len(EXAMPLES) > 60
    example = EXAMPLES[0]
    with pytest.raises(AssertionError):
        check(Example(example.file, example.line, example.given, example.expression, '"something else"'))
    with pytest.raises(AssertionError):
        check(Example(example.file, example.line, example.given, example.expression, "null"))
