"""What the public pages promise, in every regime of the deadline table: words, never a Python object, never an empty place."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from api.app import create_app
from api.complaints.policies import kinds
from api.web.public.promises import in_words, longer
from engine.deadlines.policy import DeadlinePolicy, Extension, Second
from tests.api.web.visitor import Visitor

OBJECTS = re.compile(r"<|Decimal\(|datetime|\bNone\b|\bDeadlinePolicy\b|\bnull\b|\{\{|Undefined|object at 0x")
GAPS = re.compile(r"\b(within|every|until|by|least|most)\s+[.,;:]|\(\s*\)", re.IGNORECASE)
PAGES = ("/", "/help", "/privacy", "/about", "/accessibility")


@pytest.fixture
def regimes(service):
    return service.engine.read(kinds).regimes


def pages_of(service, clock, regime):
    ours = replace(service, organisation=replace(service.organisation, regime=regime))
    visitor = Visitor(create_app(ours), clock)
    for path in PAGES:
        assert visitor.open(path).status_code == 200
        yield path, visitor.text


def test_in_every_regime_the_public_pages_speak_words(service, clock, regimes):
    assert len(regimes) >= 18
    faults = [
        (regime, path, found.group())
        for regime in regimes
        for path, text in pages_of(service, clock, regime)
        for found in (OBJECTS.search(text), GAPS.search(text))
        if found
    ]

    assert faults == []


def test_a_mapping_without_an_entry_gives_nothing_even_when_it_has_a_method_of_that_name(app):
    show = app.jinja_env.from_string("[{{ found['update'] }}|{{ found.items }}|{{ found['there'] }}]")

    assert show.render(found={"items": "three", "there": "yes"}) == "[|three|yes]"


def rule(**more):
    usual = {"amount": 20, "unit": "business_days", "anchor": "received"}
    return DeadlinePolicy(id="r", regime="ours", clock="final_response", version="1", **usual | more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "within 20 working days"),
        ({"amount": 1}, "within 1 working day"),
        ({"repeats": True}, "at least every 20 working days"),
        ({"anchor": "first_raised"}, "within 20 working days of the day you first told us of the problem"),
        ({"anchor": "acknowledged"}, "within 20 working days of our confirmation"),
        (
            {"anchor": "acknowledged", "anchor_rule": "earliest"},
            "within 20 working days of our confirmation, or of the last day for it if that is sooner",
        ),
        ({"anchor": "agreed", "amount": 0, "unit": "calendar_days"}, "by the day we agree with you"),
        ({"anchor": "agreed", "amount": 2, "unit": "weeks"}, "within 2 weeks of the day we agree with you"),
        ({"amount": 0, "unit": "calendar_days"}, "on the day we receive your complaint"),
        (
            {"amount": 0},
            "on the day we receive your complaint (the next working day, if the last day is a day off)",
        ),
        (
            {"amount": 24, "unit": "hours", "second": Second("latest", 1, "business_days")},
            "within 24 hours or 1 working day, whichever is later",
        ),
        ({"day_zero": "include"}, "within 20 working days (that day included)"),
        ({"end": "close_of_business"}, "within 20 working days (by closing time)"),
        (
            {"roll": "previous"},
            "within 20 working days (the working day before, if the last day is a day off)",
        ),
        (
            {"cutoff": "17:00", "pausable": True},
            "within 20 working days (what comes after 17:00, or on a day off, counts as of the next working day; "
            "the time stands still while we wait for others)",
        ),
        ({"anchor": "goods_returned"}, "within 20 working days of this: goods returned"),
    ],
)
def test_a_rule_is_told_with_the_day_it_counts_from_and_all_that_moves_its_end(more, words):
    assert in_words(rule(**more)) == words


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        (None, None),
        (Extension(10, "business_days"), "at most 10 working days later"),
        (Extension(5, "weeks", times=2), "at most 10 weeks later"),
        (Extension(5, "weeks", times=None, cap=15), "at most 15 weeks later"),
        (Extension(5, "weeks", times=4, cap=15), "at most 15 weeks later"),
        (
            Extension(60, "business_days", counts_from="anchor"),
            "within 60 working days of the day we receive your complaint",
        ),
    ],
)
def test_how_much_later_a_new_date_may_be_is_told_in_all(extension, words):
    assert longer(rule(extension=extension)) == words
