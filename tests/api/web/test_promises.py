"""What the public pages promise, in every regime of the deadline table: words, never a Python object, never an empty place."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from api.app import create_app
from api.complaints.policies import kinds
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
