"""Deadline policies: which applies, what a row of the table may say, and what is refused."""

from __future__ import annotations

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
    read_policies,
    read_rows,
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
    return read_rows([row], regime="generic", category="general", stage="one")


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

    chosen = read_policies(
        [special, general], regime="generic", category=None, stage=None, on=date(2026, 6, 1)
    )

    assert [policy.id for policy in chosen] == ["special"]


@pytest.mark.parametrize(
    ("days", "in_force"),
    [
        ({}, True),
        ({"effectiveFrom": date(2026, 6, 1), "effectiveTo": date(2026, 6, 1)}, True),
        ({"effectiveFrom": date(2026, 6, 2)}, False),
        ({"effectiveTo": date(2026, 5, 31)}, False),
    ],
)
def test_a_row_counts_while_it_is_in_force(days, in_force):
    old = ROW | {"id": "old", "amount": 3}

    (found,) = read_policies(
        [ROW | {"id": "new"} | days, old], regime="generic", category=None, stage=None, on=date(2026, 6, 1)
    )

    assert found.id == ("new" if in_force else "old")


def test_a_table_that_gives_one_row_alone_is_refused():
    with pytest.raises(PolicyRefused, match="RULE ORDER"):
        read_rows(ROW, regime="generic", category=None, stage=None)
