"""A clock whose day is only expected: warned of, asked about in time, and late only where that is known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from api.app import create_app
from api.complaints.anchors import DayImpossible
from api.complaints.clock_rows import next_event_at
from api.complaints.missing_days import note_day
from engine.deadlines.state import ClockState
from engine.forms.errors import FormInvalid
from tests.api.deadlines.conftest import at
from tests.api.web.staff_desk import Desk
from tests.processes.test_corrected_while_late import put_under

NOTE, EXPLAIN, KEEP = "Note the missing day", "Explain the delay", "Decide how to keep it"
PORTAL, TOLD = ("us-cfpb", "sent_to_company"), ("uk-telecoms", "first_raised")


def note(walk, event, day):
    walk.move(lambda d, c: note_day(walk.service.case_clocks, d, c, event, date.fromisoformat(day)))
    walk.service.run_due()
    return walk


def warned(walk):
    return {one.subject: one.text for one in walk.notices("Final response")}


# -- warnings


@pytest.mark.parametrize(
    ("regime", "half", "words", "due"),
    [
        ("us-cfpb", "2026-06-10 18:00", "the day it was sent to us by the portal", "16 Jun 2026"),
        ("uk-telecoms", "2026-06-23 18:00", "the day the complainant first told us of it", "13 Jul 2026"),
    ],
)
def test_it_warns_as_other_clocks_do_and_says_which_day_is_missing(walk, regime, half, words, due):
    walk.take("2026-06-01 10:00", regime).screen().later(half)
    text = warned(walk)["Final response: 50% of the time is used"]
    assert f"is expected to be due by the end of {due}" in text
    assert f"It counts from {words}, and nobody has noted that day" in text


def test_once_the_day_is_noted_its_warnings_say_nothing_of_expecting(walk):
    walk.take("2026-06-01 10:00", "us-cfpb", sent_to_company_on=date(2026, 6, 1)).screen()
    walk.later("2026-06-17 18:00")
    assert not any("expected" in text or "nobody has noted" in text for text in warned(walk).values())
    assert "was due by the end of 16 Jun 2026." in warned(walk)["Final response is late"]


# -- the day is asked for in time


@pytest.mark.parametrize(("regime", "event"), [PORTAL, TOLD])
def test_the_missing_day_is_asked_for_by_a_task_well_before_the_expected_day(walk, regime, event):
    walk.take("2026-06-01 10:00", regime).screen()
    assert NOTE not in walk.open
    walk.later("2026-06-24 10:00" if event == "first_raised" else "2026-06-10 10:00")
    assert NOTE in walk.open
    assert walk.due_of(NOTE) < walk.clock_named("final_response").bound_at

    walk.do(NOTE, dayNoted="2026-06-01")
    assert walk.state("final_response") == "running"
    assert walk.events("day-corrected")[0].endswith("2026-06-01")
    assert NOTE not in walk.open
    assert walk.troubles == []


def test_the_task_is_due_no_later_than_the_expected_day(walk):
    """Told to us on Friday after the office closed: the next working day would be after the day expected."""
    walk.take("2026-06-01 10:00", "us-cfpb", recorded="2026-06-16 12:00")
    assert walk.due_of(NOTE) == walk.clock_named("final_response").bound_at


def test_nobody_looks_for_a_day_that_was_noted_elsewhere(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-10 10:00")
    note(walk, "sent_to_company", "2026-06-02")
    assert NOTE not in walk.open


def test_nobody_looks_for_a_day_that_nothing_waits_for(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-10 10:00").tell("complainant-withdraws")
    assert NOTE not in walk.open


def test_other_rules_take_the_question_away_and_bring_it(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-10 10:00")
    put_under(walk, "generic")
    assert NOTE not in walk.open
    put_under(walk, "us-cfpb")
    assert NOTE in walk.open


def test_whoever_leads_the_team_hears_of_a_day_that_nobody_notes(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-12 10:00")
    assert [one.group_name for one in walk.notices("A day is still missing")] == ["team-leads"]


@pytest.mark.parametrize(("regime", "day", "code"), [
    ("us-cfpb", "2026-06-11", "too_late"),
    ("us-cfpb", "2026-05-19", "too_early"),
    ("uk-telecoms", "2026-06-02", "too_late"),
])  # fmt: skip
def test_the_task_takes_no_day_that_cannot_be(walk, regime, day, code):
    walk.take("2026-06-01 10:00", regime, occurred_on=date(2026, 5, 20)).screen()
    walk.later("2026-06-10 10:00" if regime == "us-cfpb" else "2026-06-24 10:00")
    with pytest.raises(FormInvalid) as refused:
        walk.do(NOTE, dayNoted=day)
    assert {one.code for one in refused.value.errors} == {code}
    with pytest.raises(DayImpossible):
        note(walk, {"us-cfpb": "sent_to_company", "uk-telecoms": "first_raised"}[regime], day)


# -- the expected day passes


def test_past_a_day_that_may_lie_later_nobody_is_late_and_nobody_apologises(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-30 10:00")
    assert (walk.state("final_response"), walk.late) == ("projected", [])
    assert EXPLAIN not in walk.open
    assert KEEP not in walk.open
    assert NOTE in walk.open
    assert "nobody knows whether it is late" in warned(walk)["Final response: the expected day is over"]
    assert "Final response is late" not in warned(walk)
    assert walk.notices("Final answer overdue") == []


@pytest.mark.parametrize(("regime", "missed"), [("us-cfpb", False), ("uk-telecoms", True)])
def test_past_the_expected_day_a_clock_asks_for_attention_only_where_it_is_missed(walk, regime, missed):
    """What asks for it and cannot have it would be looked at for ever."""
    row = walk.take("2026-06-01 10:00", regime).clock_named("final_response")
    state = ClockState.from_json(row.saved)
    calendar = walk.service.calendars.get_version(state.calendar_id, state.calendar_version)
    coming = next_event_at(state, calendar, after=row.bound_at + timedelta(days=30))
    assert coming == (row.bound_at if missed else None)


def test_the_day_noted_later_shows_that_we_are_in_time(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-20 10:00")
    walk.do(NOTE, dayNoted="2026-06-10")
    assert (walk.state("final_response"), walk.due("final_response"), walk.late) == (
        "running",
        "2026-06-25",
        [],
    )
    assert EXPLAIN not in walk.open
    walk.later("2026-06-24 10:00")
    assert KEEP in walk.open
    walk.later("2026-06-26 12:00")
    assert walk.late == ["final_response"]
    assert EXPLAIN in walk.open


def test_the_day_noted_later_shows_that_we_are_late_and_it_is_explained(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-20 10:00")
    walk.do(NOTE, dayNoted="2026-06-02")
    assert walk.late == ["final_response"]
    assert EXPLAIN in walk.open
    assert "Final response is late" in {one.subject for one in walk.later("2026-06-22 12:00").notices()}


def test_past_a_day_that_can_only_lie_sooner_the_answer_is_missed_and_explained(walk):
    walk.take("2026-06-01 10:00", "uk-telecoms").screen().later("2026-07-13 12:00")
    assert (walk.state("final_response"), walk.late) == ("projected", [])
    assert KEEP in walk.open
    assert EXPLAIN not in walk.open

    walk.later("2026-07-14 00:05")
    assert walk.late == ["final_response"]
    assert EXPLAIN in walk.open
    walk.later("2026-07-14 12:00")
    assert "was due by the end of 13 Jul 2026 at the latest." in warned(walk)["Final response is late"]
    assert NOTE in walk.open

    walk.do(NOTE, dayNoted="2026-05-20")
    assert (walk.state("final_response"), walk.due("final_response")) == ("breached", "2026-07-01")
    assert walk.open.count(EXPLAIN) == 1


def test_a_holding_notice_may_be_sent_before_the_last_day_it_can_be(walk):
    """Telecoms gives no more time: the new day is promised, and the notice fails at nothing."""
    walk.take("2026-06-01 10:00", "uk-telecoms").screen().later("2026-07-13 12:00")
    told = {"extensionReason": "complex", "holdingText": "An expert looks.", "newDate": "2026-07-31"}
    walk.do(KEEP, deadlineChoice="holding_notice", **told)
    assert walk.troubles == []
    assert walk.due("promised_answer") == "2026-07-31"


def test_an_answer_after_the_expected_day_is_no_breach_until_the_day_is_known(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later(
        "2026-06-20 10:00"
    ).assess().investigate().decide()
    assert (walk.state("final_response"), walk.late) == ("met", [])
    assert NOTE not in walk.open
    note(walk, "sent_to_company", "2026-06-02")
    assert walk.state("final_response") == "met_late"


def test_an_answer_after_the_last_day_it_can_be_was_late(walk):
    walk.take("2026-06-01 10:00", "uk-telecoms").screen().later("2026-07-14 12:00")
    walk.assess().investigate().decide()
    assert walk.state("final_response") == "met_late"


def test_an_open_explanation_goes_where_other_rules_only_expect_a_day(walk):
    walk.take("2026-06-01 10:00").screen().later("2026-07-01 10:00")
    assert EXPLAIN in walk.open
    put_under(walk, "us-cfpb")
    assert walk.state("final_response") == "projected"
    assert EXPLAIN not in walk.open


def test_other_rules_whose_last_day_is_over_are_missed_at_once(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-07-20 10:00")
    assert walk.late == []
    put_under(walk, "uk-telecoms")
    assert walk.late == ["final_response"]
    put_under(walk, "us-cfpb")
    assert (walk.state("final_response"), walk.late) == ("projected", [])


def test_work_is_due_at_the_day_that_is_expected(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().assess()
    assert walk.due_of("Plan the investigation") == walk.clock_named("final_response").bound_at
    walk.do(
        "Plan the investigation",
        questions="What happened?",
        contributionRequests=[{"department": "department-it", "question": "Why?", "dueOn": "2026-07-30"}],
    )
    assert walk.timers("Event_RequestLate").due_date == at("2026-06-12 17:00"), (
        "three working days before the 17th, as the 16th ends there that night"
    )


def test_a_corrected_receipt_moves_what_is_expected_and_its_question(walk):
    walk.take("2026-06-01 10:00", "uk-telecoms").screen()
    earlier = at("2026-04-20 10:00")
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=earlier))
    assert (walk.due("final_response"), walk.state("final_response")) == ("2026-06-01", "projected")
    walk.later("2026-06-02 09:30")
    assert walk.late == ["final_response"]


def test_a_receipt_is_not_corrected_behind_a_noted_day_that_could_then_not_have_been(walk):
    walk.take("2026-06-01 10:00", "uk-telecoms").screen()
    note(walk, "first_raised", "2026-05-20")
    earlier = at("2026-05-11 10:00")
    with pytest.raises(
        DayImpossible, match=r"20 May 2026 is noted, .* after 11 May 2026\. Put it right first"
    ):
        walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=earlier))
    assert walk.due("final_response") == "2026-07-01"
    note(walk, "first_raised", "2026-05-11")
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=earlier))
    assert (walk.due("final_response"), walk.complaint().received_at) == ("2026-06-22", earlier)


def test_a_receipt_is_not_corrected_to_after_what_followed_it(walk):
    walk.take("2026-07-06 10:00").through().answer("accepts").later("2026-07-09 10:00")
    later = at("2026-07-08 10:00")
    with pytest.raises(DayImpossible, match="6 July 2026 is noted, and that day cannot be before 8 July"):
        walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=later))


def test_the_page_says_which_day_is_to_be_put_right_first(walk):
    walk.take("2026-06-01 10:00", "uk-telecoms").screen()
    note(walk, "first_raised", "2026-05-20")
    desk = Desk(create_app(walk.service), walk.service, "max", "manager")
    desk.open(f"/staff/complaints/{walk.key}/clocks")
    answer = desk.send(
        f"/staff/complaints/{walk.key}/receipt",
        received="11 5 2026",
        time="10:00",
        reason="It lay in the post.",
    )
    assert answer.status_code == 422
    assert "First told to us: 20 May 2026 is noted" in desk.text
