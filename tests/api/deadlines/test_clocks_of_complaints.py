"""The worked examples of deadlines, through the register and the running diagram."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from api.complaints.evidence import meet_each
from api.complaints.tables import ComplaintRow
from engine.deadlines.errors import ClockNotPausable, PauseReasonRefused
from engine.deadlines.state import Evidence
from tests.api.deadlines.conftest import at


def reach(office, text, names="acknowledgement", kind="letter_posted"):
    """Reach the complainant at a local time."""
    office.later(text)
    return office.move(
        lambda d, c: meet_each(office.service.case_clocks, d, c, names, Evidence(kind, "L1", at(text)))
    )


def rule(office, *, category=None, regime=None, stage="one"):
    """Put the complaint under another rule."""

    def change(desk, complaint):
        complaint.category, complaint.regime = category, regime or complaint.regime
        return office.service.case_clocks.start_by_policy(desk, complaint, category=category, stage=stage)

    return office.move(change)


def test_a_complaint_gets_the_clocks_of_its_regime_with_the_version_of_the_rule(office):
    office.receive("2026-06-01 10:00")

    assert {name: office.due(name) for name in ("acknowledgement", "update", "target", "final_response")} == {
        "acknowledgement": "2026-06-02",
        "update": "2026-06-15",
        "target": "2026-06-22",
        "final_response": "2026-06-29",
    }
    assert office.clock_named("target").saved["policy"]["id"] == "generic-target"
    assert office.clock_named("target").saved["policy"]["version"] == "2026-11, table 1"


def test_2a_a_payment_complaint_is_due_after_15_business_days_over_christmas(office):
    office.receive("2026-12-07 11:20", "uk-financial", "payment")

    assert (office.due("final_response"), office.bound("final_response")) == (
        "2026-12-30",
        "2026-12-31T00:00Z",
    )


def test_3a_eight_weeks_may_end_on_christmas_day(office):
    office.receive("2026-10-30 16:05", "uk-financial")

    assert (office.due("final_response"), office.bound("final_response")) == (
        "2026-12-25",
        "2026-12-26T00:00Z",
    )


def test_3f_the_later_telecoms_complaint_is_due_first(office):
    assert office.receive("2026-04-07 10:00", "uk-telecoms").due("final_response") == "2026-06-02"
    assert office.receive("2026-04-08 10:00", "uk-telecoms").due("final_response") == "2026-05-20"


def test_6_stage_one_counts_from_the_acknowledgement_which_buys_no_time_when_late(office):
    office.receive("2026-03-23 10:00", "uk-social-housing")
    assert (office.due("acknowledgement"), office.bound("acknowledgement")) == (
        "2026-03-30",
        "2026-03-30T23:00Z",
    )
    assert (office.state("final_response"), office.due("final_response")) == ("projected", "2026-04-15")

    reach(office, "2026-03-27 15:00")
    assert (office.state("acknowledgement"), office.state("final_response")) == ("met", "running")
    assert (office.due("final_response"), office.bound("final_response")) == (
        "2026-04-14",
        "2026-04-14T23:00Z",
    )

    late = office.receive("2026-03-23 10:00", "uk-social-housing")
    reach(late, "2026-04-02 10:00")
    assert (late.state("acknowledgement"), late.due("final_response")) == ("met_late", "2026-04-15")


def test_7_pauses_add_up_overlaps_count_once_and_the_statutory_clock_goes_on(office):
    office.receive("2026-06-01 10:00", "uk-financial")
    assert office.due("target") == "2026-06-29"

    office.later("2026-06-10 11:00").pause()
    assert (office.due("target"), office.state("target")) == ("None", "paused")
    office.later("2026-06-16 15:00").resume()
    assert (office.due("target"), office.bound("target")) == ("2026-07-03", "2026-07-03T23:00Z")
    assert office.due("final_response") == "2026-07-27"

    office.later("2026-06-18 10:00").pause()
    office.later("2026-06-22 10:00").resume()
    assert office.due("target") == "2026-07-07"
    assert office.changes("target") == ["started", "paused", "resumed", "paused", "resumed"]


def test_a_statutory_clock_says_that_it_may_not_pause_and_absence_is_no_reason(office):
    office.receive("2026-06-01 10:00", "uk-financial")

    with pytest.raises(ClockNotPausable):
        office.pause("final_response")
    with pytest.raises(PauseReasonRefused):
        office.move(lambda d, c: office.service.case_clocks.pause(d, c, "target", category="staff_absence"))
    assert office.state("final_response") == "running"


def test_7e_a_pause_survives_another_rule_for_the_same_clock(office):
    office.receive("2026-06-01 10:00", "uk-financial")
    office.later("2026-06-10 11:00").pause()
    office.later("2026-06-16 15:00").resume()

    rule(office, regime="generic")

    assert office.due("target") == "2026-06-26"
    assert "recategorised" in office.changes("target")


@pytest.mark.parametrize(
    ("found", "state"), [("2026-09-17 10:00", "running"), ("2026-09-25 10:00", "breached")]
)
def test_10_another_category_counts_from_the_original_anchor_and_may_be_late_at_once(office, found, state):
    office.receive("2026-09-01 10:00", "uk-financial")
    assert office.due("final_response") == "2026-10-27"

    rule(office.later(found), category="payment")

    assert (office.due("final_response"), office.state("final_response")) == ("2026-09-22", state)
    assert office.changes("final_response").count("breached") == (state == "breached")


def test_9_a_letter_recorded_late_is_late_at_once_and_no_old_reminder_goes_out(office):
    office.receive("2026-10-01 12:00", "uk-financial", recorded="2026-10-26 09:00")

    assert (office.due("acknowledgement"), office.state("acknowledgement")) == ("2026-10-08", "breached")
    assert office.changes("acknowledgement").count("breached") == 1
    assert (office.due("final_response"), office.due("update")) == ("2026-11-26", "2026-10-29")
    told = [(each.subject, each.group_name) for each in office.notices("Acknowledgement")]
    assert told == [("Acknowledgement is late", group) for group in ("complaints-managers", "team-leads")]

    office.move(
        lambda d, c: office.service.case_clocks.days_corrected(d, c, received_at=at("2026-10-20 12:00"))
    )
    assert (office.due("acknowledgement"), office.due("final_response")) == ("2026-10-27", "2026-12-15")
    assert (office.state("acknowledgement"), office.changes("acknowledgement")[-1]) == (
        "running",
        "breach_superseded",
    )


def test_a_clock_keeps_its_rule_when_only_the_table_has_changed(office, service):
    office.receive("2026-06-01 10:00")
    table = (service.settings.processes_dir / "deadlines.dmn").read_bytes()
    changed = table.replace(b'"generic-target"</text>', b'"generic-target"</text> ', 1).replace(
        b"<text>15</text>", b"<text>12</text>", 1
    )
    service.engine.deploy([("deadlines.dmn", changed)])

    rule(office)
    assert office.due("target") == "2026-06-22"

    office.receive("2026-06-01 10:00")
    assert office.due("target") == "2026-06-17"
    assert office.clock_named("target").saved["policy"]["version"] == "2026-11, table 2"


def test_a_clock_that_the_new_rule_does_not_know_is_ruled_out(office):
    office.receive("2026-06-01 10:00", "uk-financial")
    assert (office.due("early_resolution"), office.bound("early_resolution")) == (
        "2026-06-04",
        "2026-06-04T16:00Z",
    )

    rule(office, regime="generic")
    assert office.state("early_resolution") == "not_applicable"

    rule(office, regime="uk-financial")
    assert (office.state("early_resolution"), office.clock_named("early_resolution").number) == ("running", 2)


def test_from_acknowledgement_to_receipt_and_back_when_the_regime_changes(office):
    office.receive("2026-03-23 10:00", "uk-social-housing")
    reach(office, "2026-03-27 15:00")

    rule(office, regime="generic")
    assert office.due("final_response") == "2026-04-22"

    rule(office, regime="uk-social-housing")
    assert office.due("final_response") == "2026-04-14"


def test_an_event_of_the_diagram_starts_the_clocks_that_count_from_it(office):
    office.receive("2026-06-01 10:00", "ireland-consumer-code")
    office.later("2026-06-10 10:00")

    office.move(lambda d, c: office.service.case_clocks.happened(d, c, "investigation_finished", d.act.at))
    assert office.due("outcome_letter") == "2026-06-17"

    reach(office, "2026-06-12 10:00", "final_response, outcome_letter, early_resolution")
    assert (office.state("outcome_letter"), office.state("final_response")) == ("met", "met")


def test_the_referral_window_starts_when_the_final_letter_leaves(office):
    office.receive("2026-03-02 10:00", "uk-financial")
    reach(office, "2026-03-31 10:00", "final_response")

    assert (office.due("referral_window"), office.bound("referral_window")) == (
        "2026-09-30",
        "2026-09-30T23:00Z",
    )
    office.later("2026-10-05 10:00")
    assert office.state("referral_window") == "running"  # nobody is late when the complainant's time is over


def test_a_repeating_update_starts_its_next_round_from_the_message(office):
    office.receive("2026-06-01 10:00")
    reach(office, "2026-06-10 10:00", "update")

    assert (office.due("update", 1), office.due("update", 2)) == ("2026-06-15", "2026-06-24")


def test_the_timers_of_the_diagram_follow_their_clock_in_the_same_transaction(office):
    office.receive("2026-06-01 10:00")
    before = office.timers("Event_Warning").due_date
    office.later("2026-06-02 12:00")

    office.move(
        lambda d, c: office.service.case_clocks.days_corrected(d, c, received_at=at("2026-05-20 10:00"))
    )

    assert office.timers("Event_Warning").due_date < before
    assert office.due("final_response") == "2026-06-18"


def test_what_fails_moves_neither_clock_nor_timer(office):
    office.receive("2026-06-01 10:00")
    before = office.timers("Event_Warning").due_date

    def change(desk, complaint):
        office.service.case_clocks.days_corrected(desk, complaint, received_at=at("2026-05-20 10:00"))
        raise ClockNotPausable(clock="x")

    with pytest.raises(ClockNotPausable):
        office.move(change)
    assert (office.timers("Event_Warning").due_date, office.due("final_response")) == (before, "2026-06-29")


def test_a_complaint_without_a_diagram_has_clocks_too(office, service):
    office.receive("2026-06-01 10:00")
    service.engine.write(lambda s: s.execute(update(ComplaintRow).values(instance_key=None)) and None)

    office.later("2026-06-03 09:30")

    assert office.state("acknowledgement") == "breached"
