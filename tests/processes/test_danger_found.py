"""Danger found in any step reaches whoever is on duty in that very step, and nothing it was found in waits for it."""

from __future__ import annotations

import json

import pytest

from tests.processes.office import ROOT

PROTECT = "Protect people now"
ASSESSED = {"severity": "medium", "complexity": "medium", "impact": "one"}


def told(office):
    return [job.headers["group"] for job in office.jobs("notify")].count("on-duty")


def protected(office):
    return office.do(PROTECT, protectiveAction="Closed.", protectedAt="2026-11-23T09:00:00Z")


@pytest.mark.parametrize(
    "found", [{"safety": True}, {"immediateActionNeeded": True, "immediateActionPossible": True}]
)
def test_danger_seen_at_the_assessment_waits_for_no_table_and_no_confirmation(office, found):
    office.receive().screen().do("Assess the complaint", **ASSESSED, **found)
    assert office.open == ["Confirm priority and lane", PROTECT]
    assert told(office) == 1


def test_a_risk_and_what_must_be_done_today_are_one_task(office):
    found = {"safety": True, "immediateActionNeeded": True, "immediateActionPossible": True}
    office.receive().screen().do("Assess the complaint", **ASSESSED, **found)
    assert office.open.count(PROTECT) == 1


def test_a_risk_that_was_told_and_met_is_not_told_again(office):
    protected(office.receive(dangerReported=True)).screen().do(
        "Assess the complaint", **ASSESSED, safety=True
    )
    assert told(office) == 1
    assert PROTECT not in office.open


def test_what_must_be_done_today_is_acted_on_though_an_earlier_danger_was_met(office):
    protected(office.receive(dangerReported=True)).screen()
    office.do("Assess the complaint", **ASSESSED, immediateActionNeeded=True, immediateActionPossible=True)
    assert PROTECT in office.open


def planned(office, **plan):
    return office.receive().screen().assess().do("Plan the investigation", questions="What?", **plan)


def examined(office):
    return planned(office).do("Examine the evidence", chronology="First this.", dangerFound=True)


def heard(office):
    office = planned(office, hearStaff=True)
    return office.do("Hear the staff concerned", staffHeard="heard", staffReply="So.", dangerFound=True)


def contributed(office):
    request = {"department": "department-it", "question": "Why?", "dueOn": "2026-12-01"}
    office = planned(office, contributionRequests=[request])
    return office.do("Answer the request", established="It breaks.", dangerFound=True)


def settled(office):
    office.receive().screen().assess(severity="low", complexity="low", quickAnswer=True)
    return office.do(
        "Settle it with the complainant",
        earlyResult="not_settled",
        dangerFound=True,
    )


def withdrawn(office):
    office.receive().tell("complainant-withdraws")
    return office.do("Check for a wider problem", remark="No.", dangerFound=True)


@pytest.mark.parametrize("way", [examined, heard, contributed, settled, withdrawn])
def test_danger_found_in_a_step_is_acted_on_in_that_step(office, way):
    way(office)
    assert PROTECT in office.open
    assert told(office) == 1


def test_danger_told_in_the_call_after_closing_is_acted_on(office):
    office.receive().screen().assess().investigate().draft().send().tell(
        "complainant-answers", answer="accepts"
    )
    office.correct().close()
    office.tell("survey-answered", processRating=1, outcomeRating=1, mayContact=True)
    office.do("Call the complainant", callResult="other", dangerFound=True)
    assert office.open == [PROTECT]


def test_a_withdrawal_waits_until_people_are_protected_from_what_was_found_at_it(office):
    withdrawn(office)
    assert office.closed == []
    protected(office).later(hours=1)
    assert office.closed == ["withdrawn"]


def asking():
    """Return the forms in which colleagues say what they learned, and so may have learned of danger."""
    return ["examine-evidence", "hear-staff", "contribute", "settle-early", "check-withdrawal", "call-back"]


@pytest.mark.parametrize("form", asking())
def test_each_step_in_which_facts_come_in_asks_for_danger_in_the_same_words(form):
    fields = json.loads((ROOT / "forms" / f"{form}.form").read_text())["components"]
    (asked,) = [one for one in fields if one.get("key") == "dangerFound"]
    assert asked["label"] == "Somebody is in danger: whoever is on duty is told at once"
