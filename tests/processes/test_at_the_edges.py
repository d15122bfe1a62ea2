"""A complaint's way where it leaves the middle of the road: recorded late, other rules, turned away, withdrawn, gone outside."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from api.app import create_app
from api.complaints.answers.sheets import told
from api.complaints.from_complainant import add_information, withdraw
from api.complaints.letter_desk import LetterNotWaiting
from api.complaints.parties import parties
from api.complaints.tables import ComplaintRow
from engine.actors import SYSTEM
from engine.store.search import Condition, Query
from tests.api.deadlines.conftest import at
from tests.api.web.staff_desk import Desk
from tests.processes.test_regimes import agree

ON_TIME = date(2026, 7, 15)
REASONS = {"breachReason": "capacity", "breachText": "Two colleagues are ill."}


# -- recorded late


def test_news_that_were_due_before_it_was_recorded_are_asked_for(walk):
    walk.take("2026-07-06 10:00", recorded="2026-07-22 10:00")
    assert walk.state("update") == "breached"
    assert "Write an update" in walk.open
    walk.do("Write an update", updateChoice="letter", updateText="We look into it.")
    assert (walk.state("update"), walk.open.count("Write an update")) == ("running", 0)
    walk.wait(days=14)
    assert walk.open.count("Write an update") == 1


def test_news_that_become_late_are_asked_for_once(walk):
    walk.take("2026-07-06 10:00").wait(days=30)
    assert walk.state("update") == "breached"
    assert walk.open.count("Write an update") == 1


def test_reasons_that_were_due_before_it_was_recorded_are_asked_for(walk):
    walk.take("2026-01-12 10:00", "nhs-england", recorded="2026-08-03 10:00")
    assert walk.state("explanation") == "breached"
    assert walk.open.count("Explain why it takes so long") == 1


@pytest.mark.parametrize("label", ["Next update", "Internal target", "Final response"])
def test_a_clock_that_is_over_from_the_start_is_told_once(walk, label):
    walk.take("2026-06-01 10:00", recorded="2026-07-22 10:00")
    told = [(notice.group_name, notice.subject) for notice in walk.notices(f"{label} is late")]
    assert ("complaints-managers", f"{label} is late") in told
    walk.wait(days=5)
    assert len(walk.notices(f"{label} is late")) == len(told)


def test_nobody_is_told_that_an_answer_is_nearly_due_that_is_late(walk):
    walk.take("2026-06-01 10:00", recorded="2026-07-22 10:00")
    assert walk.notices("Final answer nearly due") == []
    assert "Decide how to keep it" not in walk.open
    walk.screen().assess()
    assert walk.notices("Investigation nearly due") == []


def test_a_clock_that_a_corrected_receipt_ends_is_told(walk):
    walk.take("2026-07-22 10:00")
    assert walk.notices("Internal target is late") == []
    earlier = at("2026-06-01 10:00")
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=earlier))
    walk.service.run_due()
    assert walk.notices("Internal target is late") != []


# -- the letter of reasons


def test_an_early_word_about_a_delay_is_not_the_letter_of_reasons(walk):
    walk.take("2026-01-12 10:00", "nhs-england").screen()
    walk.do("Agree the plan", agreedOn="2026-02-02", agreedHow="A letter.", agreedBy="phone")
    walk.later("2026-02-03 10:00").do("Explain the delay", **REASONS, newDate="2026-03-02")
    assert walk.letter("delay").dispatched_at is not None
    assert walk.state("explanation") == "running"
    walk.later("2026-07-13 10:00")
    assert "Explain why it takes so long" in walk.open
    walk.do("Explain why it takes so long", **REASONS, newDate="2026-08-03")
    assert walk.state("explanation") == "met_late"


def test_a_holding_notice_is_not_the_letter_of_reasons(walk):
    walk.take("2026-01-12 10:00", "nhs-england").screen()
    walk.do("Agree the plan", agreedOn="2026-02-12", agreedHow="A letter.", agreedBy="phone")
    walk.later("2026-02-12 20:00")
    reasons = {"extensionReason": "complex", "holdingText": "An expert looks.", "newDate": "2026-03-02"}
    walk.do("Decide how to keep it", deadlineChoice="holding_notice", **reasons)
    assert walk.letter("holding-notice").dispatched_at is not None
    assert walk.state("explanation") == "running"


# -- other rules


def ruled_by(walk, regime):
    """Put the complaint under another regime, as the page of the clocks does."""
    desk = Desk(create_app(walk.service), walk.service, "mira", "manager")
    desk.open(f"/staff/complaints/{walk.key}?tab=clocks")
    given = {"regime": regime, "category": "", "stage": "one", "reason": "It was sent to the wrong team."}
    assert desk.send(f"/staff/complaints/{walk.key}/kind", **given).status_code == 200
    assert walk.complaint().regime == regime, desk.text
    walk.service.run_due()
    return walk


def test_a_plan_is_asked_for_when_the_rules_become_those_that_ask_for_it(walk):
    walk.take("2026-07-06 10:00").screen().assess()
    assert "Agree the plan" not in walk.open
    ruled_by(walk, "nhs-england")
    assert walk.open.count("Agree the plan") == 1
    assert walk.due_of("Agree the plan") == walk.clock_named("plan_agreed").bound_at
    walk.do("Agree the plan", agreedOn="2026-07-15", agreedHow="We read the notes.", agreedBy="phone")
    assert walk.due("final_response") == "2026-07-15"
    walk.investigate().decide().answer("accepts").correct().close()
    assert (walk.ended, walk.troubles) == (True, [])


def test_a_plan_is_asked_for_before_anybody_owns_it_and_again_when_the_rules_come_back(walk):
    ruled_by(walk.take("2026-07-06 10:00"), "nhs-england")
    assert "Agree the plan" not in walk.open
    walk.screen()
    assert walk.open.count("Agree the plan") == 1
    ruled_by(walk, "generic")
    assert "Agree the plan" not in walk.open
    ruled_by(walk, "nhs-england")
    assert walk.open.count("Agree the plan") == 1
    ruled_by(walk, "uk-councils")
    assert "Agree the plan" not in walk.open


def test_what_begins_under_other_rules_waits_as_they_say(walk):
    walk.take("2026-07-06 10:00").screen()
    assert walk.service.engine.values(walk.instance)["waits"]["commitment"] == 10
    ruled_by(walk, "australia-telecoms")
    assert walk.service.engine.values(walk.instance)["waits"]["commitment"] == 5
    ruled_by(walk, "generic")
    assert walk.service.engine.values(walk.instance)["waits"]["commitment"] == 10


def test_a_letter_that_has_left_answers_the_clock_that_other_rules_bring(walk):
    walk.take("2026-07-06 10:00", "canada-banks").screen()
    assert ("acknowledgement", 1) not in walk.clocks
    ruled_by(walk.later("2026-07-07 10:00"), "uk-councils")
    assert walk.state("acknowledgement") == "met"
    assert (walk.state("final_response"), walk.due("final_response")) == ("running", "2026-07-20")


# -- gone outside, and withdrawn


def outside(walk, regime="generic", **sent):
    """A complaint whose answer is not accepted and that goes to the outside body."""
    walk.take("2026-07-06 10:00", regime, **sent)
    agree(walk.screen(), ON_TIME).on().wait(hours=1).answer("rejects")
    return walk.choose("external")


def taken_up(walk):
    """The outside body has taken it up and wants the file."""
    given = {"body": "Ombudsman", "bodyReference": "O-1", "fileDueOn": "2026-07-20"}
    return outside(walk).do("Record the referral", referral="taken_up", **given)


def withdrawn(walk):
    sheet = told({"Why do you withdraw?": "It is settled."}, title="Withdrawal")
    withdraw(walk.service, walk.key, reason="It is settled.", sheet=sheet, key="w")
    walk.service.run_due()
    return walk


def test_without_a_time_to_go_outside_the_wait_for_an_outside_body_is_told_and_ends(walk):
    outside(walk, "canada-banks")
    assert "referral_window" not in {name for name, _ in walk.clocks}
    walk.wait(days=35)
    assert [notice.group_name for notice in walk.notices("Nothing heard")] == ["complaints-managers"]
    assert "Record the referral" in walk.open
    walk.wait(days=365)
    assert "Record the referral" not in walk.open
    walk.close()
    assert (walk.ended, walk.complaint().closing_reason) == (True, "options_exhausted")


def test_the_time_to_go_outside_is_waited_for_where_there_is_one(walk):
    outside(walk, "uk-social-housing").wait(days=360)
    assert "Record the referral" in walk.open
    walk.wait(days=10)
    assert "Record the referral" not in walk.open


def test_the_file_that_an_outside_body_wants_is_asked_for_after_a_withdrawal(walk):
    withdrawn(taken_up(walk))
    assert walk.open == ["Check for a wider problem", "Send the file"]
    assert walk.due_of("Send the file") == at("2026-07-20 17:00")
    assert "The outside body has asked us for the file" in walk.letter("withdrawal-confirmed").text
    walk.do("Check for a wider problem", remark="No.").wait(days=15)
    assert walk.notices("File for the outside body not sent yet") != []
    assert not walk.ended
    walk.do("Send the file", fileResult="not_wanted")
    assert (walk.ended, walk.complaint().closing_reason, walk.troubles) == (True, "withdrawn", [])


def test_a_file_that_was_sent_is_not_asked_for_again(walk):
    taken_up(walk).do("Send the file", fileSentOn="2026-07-06")
    assert withdrawn(walk).open == ["Check for a wider problem"]
    assert "asked us for the file" not in walk.letter("withdrawal-confirmed").text


def test_a_decision_that_waits_in_the_post_room_does_not_leave_after_a_withdrawal(walk):
    walk.take("2026-07-06 10:00").screen()
    walk.on_paper().on()
    withdrawn(walk)
    with pytest.raises(LetterNotWaiting):
        walk.post("decision")
    assert walk.letter("decision").dispatched_at is None
    assert walk.events("letter-kept-back") != []
    walk.post("withdrawal-confirmed")
    assert walk.letter("withdrawal-confirmed").dispatched_at is not None


def test_a_decision_that_waits_for_the_postman_does_not_leave_after_a_withdrawal(walk):
    walk.take("2026-07-06 10:00").screen().assess().investigate()
    walk.do("Draft the answer", outcome="upheld", answerText="You are right.", remedyKind="words")
    walk.do("Check the quality", check="accepted")
    [task] = [
        one for one in walk.service.engine.open_tasks(walk.instance) if one.name == "Approve the decision"
    ]
    walk.service.engine.complete_task(task.user_task_key, {"approval": "approved"}, by=SYSTEM)
    assert walk.letter("decision").outbox_key is not None
    withdrawn(walk)
    assert [row.template for row in walk.letters if row.dispatched_at is None] == ["decision"]
    assert (walk.troubles, walk.notices("Letter not delivered")) == ([], [])


# -- a matter of its own


def wrote(walk, text="Your driver hit my fence."):
    """Let the complainant send more on the status page."""
    sheet = told({"What would you like to tell us?": text}, title="More")
    given = {"documents": (), "draft": b"d", "key": text}
    add_information(walk.service, walk.key, text=text, sheet=sheet, **given)
    walk.service.run_due()
    return walk


def of_its_own(walk):
    """On Tuesday they wrote of something else, and on Wednesday somebody read it."""
    wrote(walk.take("2026-07-06 10:00", "uk-councils").later("2026-07-07 15:00")).later("2026-07-08 10:00")
    return walk.do("Read the information", informationKind="new_complaint")


def test_a_matter_of_its_own_is_work_that_registers_it_as_of_the_day_it_was_told(walk):
    of_its_own(walk)
    first = walk.complaint()
    given = {"newReceivedOn": "2026-07-07", "newProblem": "conduct"}
    walk.beside("Register the new complaint", newDescription="Your driver hit my fence.", **given)

    new = walk.ask(lambda s: s.scalars(select(ComplaintRow).where(ComplaintRow.key != first.key)).one())
    assert (new.description, new.problem, new.regime) == (
        "Your driver hit my fence.",
        "conduct",
        "uk-councils",
    )
    assert new.received_at == at("2026-07-07 15:00")
    assert walk.ask(lambda s: parties(s, new.key)["complainant"].email) == "ann@example.org"
    assert any(new.reference in line for line in walk.events("related"))
    walk.key, walk.instance = new.key, new.instance_key
    assert any(first.reference in line for line in walk.events("related"))
    assert walk.due("acknowledgement") == "2026-07-14"
    walk.wait(minutes=1)
    assert walk.letter("acknowledgement").dispatched_at is not None
    assert ("Screen the complaint" in walk.open, walk.troubles) == (True, [])


def test_a_matter_of_its_own_that_nobody_registers_is_told_also_after_a_withdrawal(walk):
    withdrawn(of_its_own(walk)).wait(days=5)
    assert walk.notices("A new complaint waits to be registered") != []
    given = {"newReceivedOn": "2026-07-07", "newProblem": "conduct"}
    walk.beside("Register the new complaint", newDescription="The fence.", **given)
    assert walk.ask(lambda s: s.scalar(select(func.count()).select_from(ComplaintRow))) == 2


def test_two_matters_of_their_own_are_two_tasks(walk):
    wrote(of_its_own(walk), "And the gate.").do("Read the information", informationKind="new_complaint")
    waiting = walk.service.engine.tasks(Query(where=(Condition("name", "eq", "Register the new complaint"),)))
    assert len(waiting.items) == 2


def test_what_they_wrote_and_when_stands_in_the_task_already(walk):
    of_its_own(walk)
    [task] = walk.service.engine.tasks(
        Query(where=(Condition("name", "eq", "Register the new complaint"),))
    ).items
    stored = walk.service.engine.task_sheet(task.user_task_key).stored
    assert stored["newDescription"] == "Your driver hit my fence."
    assert str(stored["newReceivedOn"]) == "2026-07-07"


def test_something_overlooked_after_closing_is_work_too(walk):
    walk.take("2026-07-06 10:00").through(remedy="words").answer("accepts").close()
    walk.tell("survey-answered", processRating=1, outcomeRating=1, mayContact=True)
    walk.beside("Call the complainant", callResult="overlooked")
    walk.beside("Something new after closing", afterClosing="new_complaint", afterClosingReason="The fence.")
    given = {"newReceivedOn": "2026-07-06", "newProblem": "conduct"}
    walk.beside("Register the new complaint", newDescription="The fence.", **given)
    assert walk.ask(lambda s: s.scalar(select(func.count()).select_from(ComplaintRow))) == 2
    assert walk.troubles == []


def test_an_employment_matter_is_handed_over_by_somebody_by_a_date(walk):
    walk.take("2026-07-06 10:00").screen("employment")
    assert walk.open == ["Hand over to personnel"]
    assert "not-accepted-employment" not in [row.template for row in walk.letters]
    walk.wait(days=7)
    assert [notice.group_name for notice in walk.notices("An employment matter waits")] == ["top-management"]
    walk.do("Hand over to personnel", handedTo="Ms Roe", handedOn="2026-07-08")
    assert walk.letter("not-accepted-employment").dispatched_at is not None
    assert (walk.complaint().state, walk.open) == ("not_accepted", [])
