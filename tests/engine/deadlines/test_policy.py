"""Deadline policies: which applies, what a row of the table may say, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from engine.deadlines.errors import PolicyRefused
from engine.deadlines.policy import (
    DISPATCHED,
    DeadlinePolicy,
    Extension,
    Second,
    WarningRule,
    choose,
    read_policies,
)

ROW = {
    "id": "p1",
    "clock": "final_response",
    "anchor": "received",
    "amount": 20,
    "unit": "business days",
    "version": "2026-11",
}
FULL = ROW | {
    "anchorRule": "earliest",
    "second": {"combine": "latest", "amount": Decimal(1), "unit": "hours"},
    "calendar": "uk-england",
    "dayZero": "include",
    "cutoff": "17:00",
    "roll": "next",
    "end": "close_of_business",
    "pausable": True,
    "pauseReasons": ["complainant", "third party"],
    "evidence": ["call_logged"],
    "extension": {
        "amount": 10,
        "unit": "business days",
        "cap": 20,
        "from": "anchor",
        "reasons": ["x"],
        "letter": "l",
    },
    "warnings": ["80%", "2 days", "1 day"],
    "repeats": True,
    "effectiveFrom": date(2026, 1, 1),
    "effectiveTo": "2026-12-31",
    "legalSource": "Example",
}


def read(row: object) -> tuple[DeadlinePolicy, ...]:
    return read_policies([row], regime="generic", category="general", stage="one")


def test_a_short_row_takes_the_defaults():
    assert read(ROW | {"roll": None}) == (
        DeadlinePolicy(
            id="p1",
            regime="generic",
            clock="final_response",
            anchor="received",
            amount=20,
            unit="business_days",
            version="2026-11",
            category="general",
            stage="one",
        ),
    )
    assert read(ROW)[0].evidence == DISPATCHED


def test_a_full_row_is_read():
    (policy,) = read(FULL)

    assert policy.second == Second("latest", 1, "hours")
    assert policy.extension == Extension(10, "business_days", None, 20, "anchor", ("x",), "l")
    assert policy.pause_reasons == ("complainant", "third_party")
    assert policy.warnings == (WarningRule(share=0.8), WarningRule(days=2), WarningRule(days=1))
    assert (policy.effective_from, policy.effective_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (policy.anchor_rule, policy.day_zero, policy.cutoff) == ("earliest", "include", "17:00")
    assert (policy.roll, policy.end, policy.evidence) == ("next", "close_of_business", ("call_logged",))
    assert (policy.pausable, policy.repeats, policy.calendar) == (True, True, "uk-england")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("id", value) for value in ("", None, 5)),
        *(("amount", value) for value in (None, -1, Decimal("1.5"), "20", True, 10_001)),
        *(("unit", value) for value in (None, "days", "fortnights")),
        *(("clock", value) for value in (None, "Final!", "9lives")),
        *(("cutoff", value) for value in ("5pm", "25:00", 17)),
        *(("roll", value) for value in ("up", True)),
        *(("warnings", value) for value in ("80%", ["soon"], ["101%"], [80])),
        *(("pausable", value) for value in ("yes", 1)),
        *(("pauseReasons", value) for value in ("complainant", ["No!"])),
        *(("effectiveFrom", value) for value in ("soon", 2026)),
        *(("second", value) for value in ("24 hours", {"combine": "both", "amount": 1, "unit": "hours"})),
        *(("extension", value) for value in ([], {"amount": 10}, {"amount": 10, "unit": "weeks", "max": 3})),
        ("colour", "blue"),
    ],
)
def test_a_bad_cell_is_refused_with_policy_and_column(column, value):
    with pytest.raises(PolicyRefused) as refused:
        read(FULL | {column: value})

    assert refused.value.facts["column"].split(".")[0] == column
    assert column == "id" or refused.value.facts["policy"] == "p1"


def test_the_first_row_of_a_clock_wins():
    special, general = ROW | {"id": "special", "amount": 3}, ROW

    chosen = read_policies([special, general], regime="generic", category=None, stage=None)

    assert [policy.id for policy in chosen] == ["special"]


@pytest.mark.parametrize(
    ("changes", "applies"),
    [
        ({}, True),
        ({"category": "general", "stage": "one"}, True),
        ({"category": "payment"}, False),
        ({"stage": "two"}, False),
        ({"regime": "other"}, False),
        ({"effective_from": date(2026, 6, 1), "effective_to": date(2026, 6, 1)}, True),
        ({"effective_from": date(2026, 6, 2)}, False),
        ({"effective_to": date(2026, 5, 31)}, False),
    ],
)
def test_a_policy_applies_by_regime_category_stage_and_anchor_date(changes, applies):
    policy = replace(DeadlinePolicy("p", "generic", "c", "received", 1, "weeks", "1"), **changes)

    found = choose([policy], regime="generic", category="general", stage="one", on=date(2026, 6, 1))

    assert bool(found) is applies
