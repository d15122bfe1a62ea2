"""What must happen to a complaint, by day and by letter: a second look, being turned away, nobody to write to, the days that count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from api.complaints import keeping_away, letter_desk
from api.complaints.eligibility import without_anybody
from api.complaints.evidence import meet_each
from api.complaints.reading import clock_views
from api.complaints.tables import ComplaintRow, EventRow, NoticeRow
from api.deadlines import without_clock
from engine.actors import SYSTEM
from engine.deadlines.clocks import Act
from engine.deadlines.state import Evidence
from engine.forms.errors import FormInvalid
from tests.api.browsing import add_person
from tests.api.deadlines.conftest import LONDON, at
from tests.processes.walking import ANN


def rejected(walk, received, answered, no, regime):
    """A complaint answered on one day, and not accepted on another."""
    walk.take(received, regime).screen().assess().investigate().later(answered).decide()
    return walk.later(no).answer("rejects")


# -- a second look


def test_a_second_look_of_its_own_is_acknowledged_by_its_letter_and_counts_from_there(walk):
    rejected(walk, "2026-11-16 10:00", "2026-11-20 10:00", "2026-11-30 10:00", "uk-social-housing")

    walk.later("2026-12-02 11:00").choose("stage_two")

    assert (walk.state("acknowledgement"), walk.due("acknowledgement")) == ("met", "2026-12-07")
    assert (walk.state("final_response"), walk.due("final_response")) == ("running", "2027-01-04")
    assert "4 January 2027" in walk.letter("stage-two-started").text
    assert walk.due_of("Review the issue") == walk.clock_named("final_response").bound_at

    walk.later("2027-01-04 09:00").review()
    assert walk.late == []
    assert walk.state("final_response") == "met"


@pytest.mark.parametrize("received", ["2026-11-13 10:00", "2026-11-18 10:00"])
def test_another_day_of_receipt_leaves_the_second_look_as_it_is(walk, received):
    rejected(walk, "2026-11-16 10:00", "2026-11-20 10:00", "2026-11-30 10:00", "uk-social-housing")
    walk.later("2026-12-02 11:00").choose("stage_two")
    assert walk.due("final_response") == "2027-01-04"

    walk.move(lambda desk, it: walk.service.case_clocks.days_corrected(desk, it, received_at=at(received)))

    assert (walk.state("final_response"), walk.due("final_response")) == ("running", "2027-01-04")


@pytest.mark.parametrize("regime", ["generic", "uk-financial"])
@pytest.mark.parametrize("later", ["2026-06-02 10:00", "2026-08-20 10:00"])
def test_a_question_to_the_complainant_leaves_whether_our_target_may_still_pause_or_not(walk, regime, later):
    walk.take("2026-06-01 10:00", regime).wait(hours=1).screen().assess().later(later)

    walk.do(
        "Plan the investigation",
        questions="What happened?",
        askComplainant=True,
        questionToComplainant="Which card?",
    )

    assert walk.troubles == []
    assert walk.letter("request-information").dispatched_at is not None


def extended(walk, day):
    """The second look of housing, its extension asked and its letter gone on a day."""
    rejected(walk, "2026-11-16 10:00", "2026-11-20 10:00", "2026-11-30 10:00", "uk-social-housing")
    walk.later("2026-12-02 11:00").choose("stage_two").later(day)

    def change(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="The expert is ill.")
        return ()

    walk.move(change)
    return walk


def test_the_second_look_may_be_extended_once_while_its_time_runs(walk):
    from api.complaints.extensions import ask

    extended(walk, "2027-01-04 16:00")
    clocks = walk.service.case_clocks
    walk.move(
        lambda d, c: ask(
            clocks, walk.service.letters, d, c, "final_response", letter="holding-notice", category=""
        )
    )
    walk.service.run_due()
    assert walk.due("final_response") == "2027-02-01"
    assert walk.late == []


def test_the_day_after_its_end_an_extension_is_refused_and_the_limit_missed(walk):
    from api.complaints.extensions import ask
    from engine.deadlines.errors import ExtensionTooLate

    extended(walk, "2027-01-05 09:00")
    clocks = walk.service.case_clocks
    with pytest.raises(ExtensionTooLate):
        walk.move(
            lambda d, c: ask(
                clocks, walk.service.letters, d, c, "final_response", letter="holding-notice", category=""
            )
        )
    assert (walk.state("final_response"), walk.due("final_response")) == ("breached", "2027-01-04")


def test_without_its_letter_the_second_look_is_expected_from_the_last_day_of_acknowledging(walk):
    rejected(walk, "2026-11-16 10:00", "2026-11-20 10:00", "2026-11-30 10:00", "uk-social-housing")
    walk.on_paper()
    walk.choose("stage_two").later("2026-12-07 12:00")
    assert (walk.state("final_response"), walk.due("final_response")) == ("projected", "2027-01-07")


def test_a_scottish_public_body_counts_the_second_look_from_its_opening(walk):
    rejected(
        walk, "2026-11-23 10:00", "2026-11-25 10:00", "2026-11-27 15:00", "scottish-public-bodies"
    ).choose("stage_two")
    assert walk.due("acknowledgement") == "2026-12-03"
    assert walk.due("final_response") == "2026-12-30"


def test_the_generic_second_look_has_its_news_and_its_answer(walk):
    rejected(walk, "2026-05-11 10:00", "2026-05-15 10:00", "2026-05-19 10:00", "generic").choose("stage_two")
    assert (walk.due("update"), walk.due("final_response")) == ("2026-06-03", "2026-06-17")


def test_a_no_said_the_moment_the_answer_left_leaves_the_second_look_to_answer(walk):
    rejected(walk, "2026-05-11 10:00", "2026-05-19 10:00", "2026-05-19 10:00", "generic").choose("stage_two")
    assert (walk.due("final_response"), walk.state("final_response")) == ("2026-06-17", "running")


def test_the_letter_of_a_second_round_opens_the_time_to_go_outside_anew(walk):
    rejected(walk, "2026-05-11 10:00", "2026-05-15 10:00", "2026-05-19 10:00", "generic").choose("stage_two")
    assert walk.due("referral_window") == "2026-11-15"
    walk.later("2026-06-10 10:00").review()

    assert (walk.due("referral_window"), walk.state("referral_window")) == ("2026-12-10", "running")
    assert "10 December 2026" in walk.letter("stage-two-decision").text
    walk.answer("rejects")
    assert walk.open == ["Explain the options"]
    walk.choose("external")
    assert walk.complaint().state == "external"


def test_a_courtesy_is_our_own_promise_and_never_moves_the_time_to_go_outside(walk):
    walk.take("2026-03-02 10:00", "uk-financial").screen().assess()
    assert walk.due("final_response") == "2026-04-27"
    walk.investigate().later("2026-04-10 10:00").decide()
    assert (walk.state("final_response"), walk.due("referral_window")) == ("met", "2026-10-10")
    walk.later("2026-04-14 10:00").answer("rejects").choose("stage_two")

    assert (walk.due("final_response"), walk.state("final_response")) == ("2026-05-13", "running")
    assert "own promise" in walk.clock_named("final_response").saved["policy"]["legal_source"]
    walk.later("2026-05-13 10:00").review()

    assert (walk.due("referral_window"), walk.clock_named("referral_window").number) == ("2026-10-10", 1)
    assert "10 October 2026" in walk.letter("decision").text
    assert "10 October 2026" in walk.letter("stage-two-decision").text
    assert walk.late == ["target", "update"]  # our own, of 30 March, and the news of that day


@pytest.mark.parametrize(
    ("answered", "no", "due"),
    [
        ("2026-07-06 10:00", "2026-07-08 10:00", "2026-07-18"),  # ten days from the no
        ("2026-07-20 10:00", "2026-07-27 10:00", "2026-08-01"),  # the thirty days, whatever day we answered
        (
            "2026-07-20 10:00",
            "2026-08-10 10:00",
            "2026-08-20",
        ),  # they are over: ten days from the no, and nobody is late
    ],
)
def test_a_round_inside_another_clock_does_not_outlast_it(walk, answered, no, due):
    rejected(walk, "2026-07-02 10:00", answered, no, "india-rbi")
    assert (walk.due("final_response"), walk.state("final_response")) == (due, "running")


def london(zone, text):
    """A local moment of another zone as London tells it."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return f"{moment.astimezone(LONDON):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("regime", "zone", "received", "name", "due", "bound"),
    [
        ("canada-banks", "America/Toronto", "2026-06-01 22:15", "final_response", "2026-07-27", "2026-07-28T04:00Z"),
        ("india-rbi", "Asia/Kolkata", "2026-07-02 00:10", "internal_review", "2026-07-22", "2026-07-22T18:30Z"),
        ("india-rbi", "Asia/Kolkata", "2026-07-02 00:10", "final_response", "2026-08-01", "2026-08-01T18:30Z"),
        ("uae-financial", "Asia/Dubai", "2026-09-07 10:00", "acknowledgement", "2026-09-09", "2026-09-09T20:00Z"),
        ("uae-financial", "Asia/Dubai", "2026-09-07 10:00", "final_response", "2026-09-21", "2026-09-21T20:00Z"),
    ],
)  # fmt: skip
def test_rules_from_elsewhere_count_by_the_days_of_that_place(walk, regime, zone, received, name, due, bound):
    walk.take(london(zone, received), regime)
    assert (walk.due(name), walk.bound(name)) == (due, bound)


def test_where_no_second_look_is_offered_not_accepting_leads_to_the_outside_body(walk):
    rejected(walk, "2026-03-02 10:00", "2026-03-06 10:00", "2026-03-10 10:00", "us-airlines")
    with pytest.raises(FormInvalid):
        walk.choose("stage_two")
    walk.choose("external")
    assert walk.complaint().state == "external"


def test_warnings_of_the_second_look_reach_who_reviews(walk):
    rejected(walk, "2026-05-11 10:00", "2026-05-15 10:00", "2026-05-19 10:00", "generic").choose("stage_two")
    walk.later("2026-06-03 15:00")
    told = walk.ask(
        lambda s: set(
            s.scalars(
                select(NoticeRow.group_name).where(
                    NoticeRow.complaint_key == walk.key, NoticeRow.subject.startswith("Final response:")
                )
            )
        )
    )
    assert "reviewers" in told


# -- the day a letter names is the day that counts

PAPER = replace(ANN, address="1 High Street", preferred_channel="post")


@pytest.mark.parametrize("regime", ["uk-social-housing", "uk-councils"])
def test_a_letter_that_leaves_later_than_it_was_written_keeps_the_day_it_names(walk, regime):
    walk.take("2026-11-16 10:00", regime, sender=PAPER)
    walk.later("2026-11-19 10:00").post("acknowledgement")

    assert (walk.state("acknowledgement"), walk.due("final_response")) == ("met", "2026-11-30")
    assert walk.read("acknowledgement", "final_response")
    evidence = walk.clock_named("acknowledgement").saved["evidence"]
    assert evidence["sent_at"].startswith("2026-11-19")


def test_the_letters_of_a_second_look_on_paper_name_the_days_that_count(walk):
    rejected(walk, "2026-11-16 10:00", "2026-11-20 10:00", "2026-11-30 10:00", "uk-social-housing")
    walk.on_paper().choose("stage_two").later("2026-12-03 10:00").post("stage-two-started")
    assert walk.read("stage-two-started", "final_response")
    walk.review().later("2026-12-09 10:00").post("stage-two-decision")
    assert walk.letter("stage-two-decision").dispatched_at is None, (
        "it was to leave by 4 December: written anew"
    )
    walk.post("stage-two-decision")
    assert walk.state("final_response") == "met"
    assert walk.read("stage-two-decision", "referral_window")


def test_a_clock_that_a_letter_on_its_way_answers_is_left_when_nobody_wants_another_round(walk):
    rejected(walk, "2026-05-11 10:00", "2026-05-15 10:00", "2026-05-19 10:00", "generic").choose("stage_two")
    walk.on_paper().later("2026-06-01 10:00").review()
    walk.tell("complainant-answers", answer="rejects").choose("external")
    assert walk.state("final_response") == "running"
    walk.post("stage-two-decision").post("stage-two-decision")  # it waits for no reply any more: written anew
    assert (walk.state("final_response"), walk.late) == ("met", [])


def test_silence_after_the_second_answer_is_no_second_no(walk):
    rejected(walk, "2026-05-11 10:00", "2026-05-15 10:00", "2026-05-19 10:00", "generic").choose("stage_two")
    walk.review()
    walk.wait(days=40).wait(days=40)
    assert walk.complaint().state != "rejected_open"
    assert "Explain the options" not in walk.open


def test_a_letter_whose_day_is_over_does_not_leave(walk):
    walk.take("2026-11-16 10:00", "uk-social-housing", sender=PAPER).later("2026-12-01 10:00")
    old = walk.letter("acknowledgement")
    walk.post("acknowledgement")
    new = walk.letter("acknowledgement")
    assert (old.key != new.key, new.dispatched_at, old.text != new.text) == (True, None, True)
    assert walk.post("acknowledgement").letter("acknowledgement").dispatched_at is not None


def test_a_new_day_told_too_late_to_extend_is_a_promise_all_the_same(walk):
    rejected(walk, "2026-11-16 10:00", "2026-11-20 10:00", "2026-11-30 10:00", "uk-social-housing")
    walk.later("2026-12-02 11:00").choose("stage_two").on_paper().later("2026-12-30 10:00")
    reasons = {"extensionReason": "complex", "holdingText": "An expert looks.", "newDate": "2027-01-20"}
    walk.do("Decide how to keep it", deadlineChoice="holding_notice", **reasons)
    walk.later("2027-01-05 09:00").post("holding-notice")

    assert (walk.due("final_response"), walk.state("final_response")) == ("2027-01-04", "breached")
    assert walk.state("promised_answer") == "running"
    assert walk.read("holding-notice", "promised_answer")


# -- turned away


def turned_away(walk):
    """Received on Monday 5 October 2026, turned away on Wednesday as too old."""
    walk.take("2026-10-05 10:00").later("2026-10-07 10:00").screen("out_of_time")
    return walk.do("Use discretion", discretion="refuse", discretionReason="Too old.")


def test_somebody_turned_away_is_owed_nothing(walk):
    turned_away(walk)
    assert (walk.running, walk.late) == ([], [])
    before = len(walk.notices())
    walk.later("2026-11-04 12:00")
    assert (walk.open, walk.late, len(walk.notices())) == ([], [], before)
    assert [row.template for row in walk.letters] == ["acknowledgement", "not-accepted-out-of-time"]


def test_tasks_that_nobody_is_owed_any_more_go_away(walk):
    walk.take("2026-10-05 10:00").later("2026-10-15 10:00")
    assert "Write an update" in walk.open
    walk.screen("enquiry").do("Answer the enquiry", enquiryAnswer="At nine.")
    assert walk.open == []


def test_an_appeal_that_is_right_lets_the_clocks_run_from_the_first_day_again(walk):
    turned_away(walk).later("2026-10-30 10:00").answer("rejects")
    assert walk.running == []
    walk.later("2026-11-03 10:00").do("Decide the appeal", appealResult="allowed", appealReason="Ill.")

    assert walk.late == ["final_response"]
    assert (walk.due("final_response"), walk.state("final_response")) == ("2026-11-02", "breached")
    assert walk.changes("final_response").count("breached") == 1
    assert walk.ask(lambda s: reasons_of(s, walk.key)) == ["Found on appeal"]
    assert walk.letter("appeal-upheld").dispatched_at == at("2026-11-03 10:00")
    assert walk.complaint().state == "assessing"
    assert walk.due_of("Explain the delay") == at("2026-11-04 17:00")
    assert walk.state("target") == "running"
    assert walk.due("update") == "2026-11-17"

    walk.do("Explain the delay", breachReason="other", breachText="Sorry.", newDate="2026-11-20")
    assert (walk.due("promised_answer"), walk.state("promised_answer")) == ("2026-11-20", "running")
    walk.assess().investigate().decide()
    assert walk.state("promised_answer") == "met"
    assert walk.late == ["final_response"]


def test_a_letter_that_turns_away_says_until_when_one_may_appeal(walk):
    turned_away(walk)
    assert "Tell us by 4 November 2026" in walk.letter("not-accepted-out-of-time").text
    walk.later("2026-11-04 20:00").answer("rejects")
    assert walk.open == ["Decide the appeal"]


@pytest.mark.parametrize("result", ["stands", "take_up"])
def test_a_late_appeal_is_read_and_answered_by_a_person(walk, result):
    turned_away(walk).later("2026-11-05 10:00")
    assert walk.ended
    walk.answer("rejects").beside("Answer the appeal", lateResult=result, lateReason="She was ill.")

    assert "She was ill." in walk.letter("late-appeal").text
    assert walk.troubles == []
    if result == "take_up":
        with pytest.raises(FormInvalid):
            walk.beside("Register it again", registered=True)
    else:  # and whoever writes once more is read again
        walk.later("2026-12-05 10:00").answer("rejects")
        walk.beside("Answer the appeal", lateResult="stands", lateReason="Nothing new.")


def test_a_late_appeal_is_taken_from_whom_it_turns_out_to_be_about(walk):
    turned_away(walk).later("2026-11-05 10:00").answer("rejects")
    service = walk.service
    lea = add_person(service, "lea", "team-lead")
    [task] = [one for one in service.engine.tasks(by=lea.actor).items if one.name == "Answer the appeal"]
    service.engine.claim_task(task.user_task_key, by=lea.actor)

    def keep_away(desk, complaint, who="lea"):
        def overwrite(case, name, value):
            service.engine.overwrite_within(desk.session, case, name, value)

        keeping_away.keep_away(desk, complaint, who, reason="A cousin.", overwrite=overwrite)
        return ()

    act = Act(at=service.clock.now(), by="max", reason="A cousin.")
    service.move_clocks(walk.key, keep_away, act=act, by=SYSTEM)
    assert service.engine.task(task.user_task_key).assignee is None
    assert service.engine.tasks(by=lea.actor).items == ()

    assert service.engine.read(without_anybody) == []
    service.move_clocks(walk.key, partial(keep_away, who="admin"), act=act, by=SYSTEM)
    assert service.engine.read(without_anybody) == [task.user_task_key], "nobody is left who may answer it"


def test_a_limit_that_was_missed_stays_missed_when_the_case_ends(walk):
    walk.take("2026-10-05 10:00").later("2026-11-05 10:00")
    assert walk.state("final_response") == "breached"
    walk.screen("enquiry").do("Answer the enquiry", enquiryAnswer="At nine.")

    assert walk.state("final_response") == "missed"
    assert "Final response: missed, and nothing more is owed" in walk.events("clock-missed")
    calendars, now = walk.service.case_clocks.calendars, walk.clock.now()
    views = walk.ask(lambda s: clock_views(s, walk.key, calendars=calendars, now=now))
    [final] = [one for one in views if one.name == "final_response"]
    assert (final.words, final.tone, final.is_open) == ("missed", "bad", False)
    assert walk.open == []


@pytest.mark.parametrize("early", [True, False])
def test_the_time_to_go_outside_runs_on_after_the_closing(walk, early):
    walk.take("2026-05-11 10:00").screen()
    if early:
        walk.assess(severity="low", complexity="low", quickAnswer=True).settle()
    else:
        walk.on().answer("accepts")
    walk.correct().close()

    assert walk.ended
    assert walk.state("referral_window") == "running"
    assert walk.read("closing", "referral_window")


def reasons_of(session, complaint_key):
    query = select(EventRow.facts).where(
        EventRow.complaint_key == complaint_key, EventRow.kind == "clock-breached"
    )
    return [facts.get("reason") for facts in session.scalars(query)]


# -- nobody to write to


def test_an_answer_to_nobody_is_met_when_it_is_decided(walk):
    walk.take("2026-10-01 10:00", sender=None, channel="post")
    assert "acknowledgement" not in walk.running
    assert "update" not in walk.running
    assert walk.due("final_response") == "2026-10-29"
    walk.later("2026-10-20 10:00").through()

    final = walk.clock_named("final_response").saved
    assert walk.state("final_response") == "met"
    assert final["evidence"]["reference"] == "decided, nobody to write to"
    assert "referral_window" not in walk.running
    walk.correct().close()
    assert walk.ended
    assert (walk.complaint().closing_reason, walk.late, walk.letters) == ("answered_on_file", [], [])


def test_housing_without_an_address_still_owes_its_answer_from_the_day_of_acknowledging(walk):
    walk.take("2026-03-23 10:00", "uk-social-housing", sender=None, channel="post")
    assert (walk.state("final_response"), walk.due("final_response")) == ("projected", "2026-04-15")


def test_no_answer_on_file_counts_while_there_is_somebody_to_write_to(walk):
    from engine.deadlines.errors import EvidenceRefused
    from engine.deadlines.policy import NOBODY

    walk.take("2026-10-01 10:00")
    evidence = Evidence(NOBODY, "x", walk.clock.now())
    with pytest.raises(EvidenceRefused):
        walk.move(lambda d, c: walk.service.case_clocks.meet(d, c, "final_response", evidence))


# -- the days that count


def test_the_early_lane_counts_from_the_receipt_and_is_over_without_a_word(walk):
    walk.take("2026-12-23 14:00", "uk-financial").later("2026-12-29 10:00").screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True)
    assert walk.bound("early_resolution") == "2026-12-30T17:00Z"
    assert walk.due("final_response") == "2027-02-17"
    assert walk.open == ["Settle it with the complainant"]

    walk.later("2026-12-30 17:05")
    assert walk.open == ["Plan the investigation"]
    assert walk.late == []
    assert "early_resolution" not in walk.running


def test_the_early_lane_takes_no_other_category_away(walk):
    walk.take("2026-04-30 10:00", "uk-financial", "payment").screen()
    walk.assess(severity="low", complexity="low", quickAnswer=True)
    walk.later("2026-05-06 17:05")
    assert walk.open == ["Plan the investigation"]
    assert walk.due("final_response") == "2026-05-22"

    walk.later("2026-05-21 09:30")
    told = {"extensionReason": "complex", "holdingText": "An expert looks.", "newDate": "2026-06-20"}
    walk.do("Decide how to keep it", deadlineChoice="holding_notice", **told)
    assert walk.due("final_response") == "2026-06-22"
    assert walk.late == []


def test_a_portal_counts_from_the_day_it_was_sent_to_us(walk):
    sent = at("2026-03-09 12:00").date()
    walk.take("2026-03-12 18:00", "us-cfpb", sent_to_company_on=sent)
    assert (walk.due("final_response"), walk.bound("final_response")) == ("2026-03-24", "2026-03-25T04:00Z")


def test_telecoms_counts_from_the_day_we_were_told_first(walk):
    raised = at("2026-05-05 12:00").date()
    walk.take("2026-05-19 10:00", "uk-telecoms", first_raised_on=raised)
    assert walk.due("final_response") == "2026-06-16"


def test_the_law_in_force_is_that_of_the_day_that_counts(walk):
    raised = at("2026-04-01 12:00").date()
    walk.take("2026-04-20 10:00", "uk-telecoms", first_raised_on=raised)
    assert walk.due("final_response") == "2026-05-27"  # eight weeks, the older rule


@pytest.mark.parametrize(
    ("regime", "event"), [("uk-telecoms", "first_raised"), ("us-cfpb", "sent_to_company")]
)
def test_a_day_nobody_noted_is_asked_for_and_the_clock_only_expected(walk, regime, event):
    walk.take("2026-05-19 10:00", regime)
    assert walk.state("final_response") == "projected"
    assert [notice.group_name for notice in walk.notices("A date is missing")] == ["intake"]

    day = at("2026-05-05 12:00").date()
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, days={event: day}))
    assert (walk.state("final_response"), walk.clock_named("final_response").saved["anchor"]["on"]) == (
        "running",
        "2026-05-05",
    )
    walk.screen().assess()
    assert len(walk.notices("A date is missing")) == 1


def test_an_accepted_offer_starts_the_time_to_carry_it_out(walk):
    walk.take("2026-10-01 08:00", "australia-telecoms").through()
    walk.later("2026-10-07 09:00").answer("accepts")
    assert walk.due("commitment", 1) == "2026-10-14"
    assert str(walk.complaint().accepted_on) == "2026-10-07"
    walk.correct()
    assert (walk.late, "commitment" in walk.running) == ([], False)


def test_each_promise_ends_its_own_clock(walk):
    walk.take("2026-06-01 10:00", issues=("Charged twice", "No reply"))
    rows = [{"summary": "Charged twice"}, {"summary": "No reply"}]
    walk.do("Screen the complaint", scopeExit="in_scope", problem="price", issueList=rows).assess()
    walk.do("Plan the investigation", questions="What happened?")
    walk.do("Examine the evidence", chronology="First this, then that.")
    for _ in range(2):
        walk.do("Record the finding", outcome="upheld", findingReasons="We saw it.", rootCause="process")
    for _ in range(2):
        money = {"remedyKind": "refund", "amount": 50, "remedyWhat": "Refund"}
        walk.do("Draft the answer", outcome="upheld", answerText="You are right.", **money)
    walk.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")
    walk.answer("accepts").correct()
    assert walk.running.count("commitment") == 1
    walk.correct()
    assert "commitment" not in walk.running


def plan(walk):
    """Received on Monday 1 June 2026 where a plan is agreed, and screened."""
    walk.take("2026-06-01 10:00", "nhs-england")
    assert ("final_response" in walk.running, walk.due("plan_agreed")) == (False, "2026-06-15")
    return walk.screen()


def test_the_agreed_day_becomes_the_day_of_the_answer_and_stands_in_the_letter(walk):
    plan(walk)
    assert walk.due_of("Agree the plan") == walk.clock_named("plan_agreed").bound_at
    walk.later("2026-06-04 10:00")
    walk.do("Agree the plan", agreedOn="2026-07-15", agreedHow="We read the notes.", agreedBy="phone")

    assert (walk.due("final_response"), walk.state("final_response")) == ("2026-07-15", "running")
    assert walk.state("plan_agreed") == "met"
    assert walk.read("plan-agreed", "final_response")
    assert "talking to us" in walk.letter("plan-agreed").text
    walk.assess().investigate()
    assert walk.due_of("Draft the answer") == walk.clock_named("final_response").bound_at


def test_a_team_lead_is_asked_how_to_keep_the_agreed_day_some_working_days_before_it(walk):
    plan(walk).do("Agree the plan", agreedOn="2026-07-15", agreedHow="We read the notes.", agreedBy="phone")
    walk.later("2026-07-07 08:00")
    assert "Decide how to keep it" not in walk.open
    walk.later("2026-07-07 12:00")  # 80 % of the time since the agreement
    assert "Decide how to keep it" in walk.open
    walk.do(
        "Decide how to keep it",
        deadlineChoice="holding_notice",
        extensionReason="complex",
        holdingText="We wait for the surgeon.",
        newDate="2026-08-14",
    )
    assert walk.letter("holding-notice").dispatched_at is not None
    assert (walk.due("promised_answer"), walk.troubles) == ("2026-08-14", [])


def test_a_day_agreed_anew_takes_the_question_how_to_keep_the_old_one_with_it(walk):
    plan(walk).do("Agree the plan", agreedOn="2026-07-15", agreedHow="We read the notes.", agreedBy="phone")
    walk.later("2026-07-07 12:00")
    assert "Decide how to keep it" in walk.open
    days = {"agreed": date(2026, 8, 31)}
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, days=days)).wait(minutes=5)
    assert "Decide how to keep it" not in walk.open
    walk.later("2026-08-21 12:00")
    assert "Decide how to keep it" in walk.open


def test_a_day_that_nobody_agreed_in_time_is_set_by_a_person(walk):
    plan(walk).later("2026-06-16 09:00")
    assert "Agree the plan" not in walk.open
    walk.do("Set the day alone", agreedOn="2026-07-20", agreedHow="We did not reach you.")

    assert (walk.due("final_response"), walk.state("plan_agreed")) == ("2026-07-20", "met_late")
    assert "did not manage to" in walk.letter("plan-agreed").text
    assert walk.late == ["plan_agreed"]


@pytest.mark.parametrize("sender", [None, replace(ANN, email=None)], ids=["anonymous", "no address"])
def test_where_nobody_is_there_to_agree_a_person_sets_the_day_at_once(walk, sender):
    walk.take("2026-06-01 10:00", "nhs-england", sender=sender, channel="phone").screen()
    assert without_clock.tell(walk.service) == 0
    assert "Agree the plan" not in walk.open
    walk.do("Set the day alone", agreedOn="2026-07-20", agreedHow="They left no address.")

    assert (walk.due("final_response"), walk.state("final_response")) == ("2026-07-20", "running")
    assert (walk.state("plan_agreed"), walk.letters, walk.troubles) == ("met", [], [])
    assert walk.on(remedy="words").late == []


def test_where_nobody_sets_the_day_alone_it_is_late(walk):
    walk.take("2026-06-01 10:00", "nhs-england", sender=None, channel="phone").screen().later(
        "2026-06-16 12:00"
    )
    assert walk.late == ["plan_agreed"]
    assert "Set the day alone" in walk.open


def test_a_plan_kept_on_the_page_of_the_clocks_ends_its_task(walk):
    plan(walk)
    day = at("2026-07-15 12:00").date()
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, days={"agreed": day}))
    walk.move(lambda d, c: meet_each(walk.service.case_clocks, d, c, "plan_agreed", by_phone(walk)))
    walk.service.run_due()
    assert "Agree the plan" not in walk.open


def by_phone(walk):
    return Evidence("call_logged", "x", walk.clock.now())


def test_the_reasons_promised_for_six_months_have_a_task_and_a_letter(walk):
    plan(walk).do("Agree the plan", agreedOn="2027-01-15", agreedHow="We read.", agreedBy="phone")
    walk.later("2026-11-20 10:00")
    assert walk.due_of("Explain why it takes so long") == walk.clock_named("explanation").bound_at
    told = {"breachReason": "complex", "breachText": "An expert looks.", "newDate": "2027-01-15"}
    walk.do("Explain why it takes so long", **told)

    assert walk.state("explanation") == "met"
    assert walk.due("promised_answer") == "2027-01-15"
    assert walk.read("explanation", "promised_answer")
    assert walk.late == []


def test_a_name_without_an_address_is_nobody_to_write_to(walk):
    walk.take("2026-10-01 10:00", sender=replace(ANN, email=None), channel="post")
    assert "acknowledgement" not in walk.running
    assert walk.ask(lambda s: s.get(ComplaintRow, walk.key).anonymous) is False
