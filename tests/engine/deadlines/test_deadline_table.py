"""The shipped table of deadlines: each row can be decided, and its presets give the handbook's dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from engine import dmn, feel
from engine.calendar_files import read_calendars
from engine.deadlines import clocks
from engine.deadlines.clocks import Act
from engine.deadlines.compute import Anchor, count
from engine.deadlines.policy import DeadlinePolicy, read_policies

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "processes" / "deadlines.dmn"
DMN = {"d": "https://www.omg.org/spec/DMN/20191111/MODEL/"}
CALENDARS = read_calendars(ROOT / "processes" / "calendars")
MOMENT = feel.Moment(
    now=datetime(2026, 11, 23, tzinfo=UTC), zone="UTC", calendars=None, calendar=None, random_seed=1
)
MODEL = dmn.read(TABLE.read_bytes(), name=TABLE.name)
INPUTS = ("regime", "category", "stage", "anchorDate")


def decide(regime: str, category: str | None, stage: str | None, on: date) -> list[Mapping[str, Any]]:
    inputs = dict(zip(INPUTS, (regime, category, stage, on), strict=True))
    decided = dmn.decide(
        MODEL,
        "deadline_policies",
        {name: feel.inward(value) for name, value in inputs.items()},
        moment=MOMENT,
    )
    assert {note.code for note in decided.notes} <= {"no_rule_matched"}
    return feel.outward(decided.required()) or []


def policies(
    regime: str, on: str = "2026-11-01", category: str | None = None, stage: str | None = "one"
) -> dict[str, DeadlinePolicy]:
    rows = decide(regime, category, stage, date.fromisoformat(on))
    read = read_policies(rows, regime=regime, category=category, stage=stage, on=date.fromisoformat(on))
    return {policy.clock: policy for policy in read}


def due(regime: str, clock: str, received: str, **more: Any) -> str:
    """The due date of a clock for a complaint received then, local time in the policy's calendar."""
    policy = policies(regime, received[:10], **more)[clock]
    calendar = CALENDARS.get(policy.calendar)
    at = datetime.fromisoformat(received).replace(tzinfo=calendar.zone)
    return count(policy, Anchor(policy.anchor, at=at.astimezone(UTC)), calendar).on.isoformat()


@cache
def rules() -> list[list[str]]:
    """The cells of every row: four inputs, then the outputs."""
    tree = etree.fromstring(TABLE.read_bytes())
    return [
        [
            cell.findtext("d:text", namespaces=DMN)
            for cell in rule.iterfind("*", DMN)
            if cell.find("d:text", DMN) is not None
        ]
        for rule in tree.iterfind(".//d:rule", DMN)
    ]


def literal(cell: str) -> str | None:
    return None if cell in ("-", "null") else cell.split(",")[0].strip().strip('"')


@pytest.mark.parametrize("cells", rules(), ids=lambda cells: cells[4])
def test_every_row_is_a_policy_that_its_own_complaints_get(cells):
    regime, category, stage = (literal(cell) for cell in cells[:3])
    first, last = (literal(cell.replace("date(", "").replace(")", "")) for cell in cells[23:25])
    on = date.fromisoformat(first or last or "2026-11-01")
    chosen = read_policies(
        decide(regime or "", category, stage, on), regime=regime or "", category=category, stage=stage, on=on
    )
    (policy,) = (each for each in chosen if each.id == literal(cells[4]))

    assert policy.legal_source
    assert CALENDARS.get(policy.calendar)
    assert (policy.effective_from, policy.effective_to) == tuple(
        date.fromisoformat(text) if text else None for text in (first, last)
    )
    for end, outside in ((policy.effective_from, -1), (policy.effective_to, 1)):
        if end is not None:
            there, beyond = (
                {row["id"] for row in decide(regime or "", category, stage, end + n * timedelta(days=1))}
                for n in (0, outside)
            )
            assert policy.id in there
            assert policy.id not in beyond


@pytest.mark.parametrize(
    ("example", "expected", "found"),
    [
        ("1a", "2026-12-29", lambda: due("uk-financial", "acknowledgement", "2026-12-18T17:30")),
        (
            "2a",
            "2026-12-30",
            lambda: due("uk-financial", "final_response", "2026-12-07T11:20", category="payment"),
        ),
        ("3a", "2026-12-25", lambda: due("uk-financial", "final_response", "2026-10-30T16:05")),
        ("3c", "2026-12-29", lambda: due("uk-data-protection", "acknowledgement", "2026-11-25T12:00")),
        ("3d", "2026-09-30", lambda: due("uk-financial", "referral_window", "2026-03-31T12:00")),
        ("3f early", "2026-06-02", lambda: due("uk-telecoms", "final_response", "2026-04-07T12:00")),
        ("3f late", "2026-05-20", lambda: due("uk-telecoms", "final_response", "2026-04-08T12:00")),
        (
            "4a",
            "2026-04-09",
            lambda: due("uk-financial", "early_resolution", "2026-04-02T10:00", category="early"),
        ),
        ("5a", "2026-12-31", lambda: due("nhs-england", "acknowledgement", "2026-12-24T09:15")),
        (
            "5b",
            "2026-12-29",
            lambda: due("nhs-england", "early_resolution", "2026-12-24T09:15", category="early"),
        ),
        ("5c", "2027-06-24", lambda: due("nhs-england", "explanation", "2026-12-24T09:15")),
        ("6a", "2026-03-30", lambda: due("uk-social-housing", "acknowledgement", "2026-03-23T12:00")),
        ("6b", "2026-04-14", lambda: due("uk-social-housing", "final_response", "2026-03-27T12:00")),
        ("7a", "2026-06-29", lambda: due("uk-financial", "target", "2026-06-01T12:00")),
        (
            "8a",
            "2026-08-27",
            lambda: due("uk-social-housing", "final_response", "2026-07-30T12:00", stage="two"),
        ),
        ("9b", "2026-10-29", lambda: due("uk-financial", "update", "2026-10-01T12:00")),
        ("11a or b", "2026-10-06", lambda: due("australia-financial", "acknowledgement", "2026-10-03T15:00")),
    ],
)
def test_the_presets_give_the_dates_of_the_handbook(example, expected, found):
    assert found() == expected


def test_2b_the_payment_preset_counts_its_holding_notice_from_receipt():
    policy = policies("uk-financial", category="payment")["final_response"]
    england, london = CALENDARS.get("uk-england"), ZoneInfo("Europe/London")
    received = datetime(2026, 12, 7, 11, 20, tzinfo=london)
    state = clocks.start(policy, Anchor("received", at=received), england, Act(received, "ana")).state

    sent = datetime(2026, 12, 29, 12, tzinfo=london)
    act = Act(sent, "ana", "waiting for the bank")
    moved = clocks.extend(state, england, act, sent_at=sent, letter="holding-notice").state

    assert moved.due_on == date(2027, 1, 28)


def test_8b_the_housing_preset_extends_from_the_due_date():
    policy = policies("uk-social-housing", stage="two")["final_response"]
    england, london = CALENDARS.get("uk-england"), ZoneInfo("Europe/London")
    acknowledged = datetime(2026, 7, 30, 12, tzinfo=london)
    state = clocks.start(
        policy, Anchor("acknowledged", at=acknowledged), england, Act(acknowledged, "ana")
    ).state

    sent = datetime(2026, 8, 20, 12, tzinfo=london)
    act = Act(sent, "ana", "survey needed")
    moved = clocks.extend(state, england, act, sent_at=sent, letter="holding-notice").state

    assert moved.due_on == date(2026, 9, 25)


def test_only_internal_targets_pause():
    pausing = {cells[4] for cells in rules() if cells[16] == "true"}

    assert pausing == {'"generic-target"', '"uk-financial-target"'}


def test_an_unknown_regime_gets_no_clocks():
    assert policies("mars") == {}
