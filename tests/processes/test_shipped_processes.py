"""The complaint process as shipped: each way through it ends where it should, with the letters it owes."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from api.complaints.letters import Letters
from engine.dialect.lint import check_files
from tests.processes.office import ROOT, shipped

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


@pytest.fixture
def answered(office):
    """A complaint whose decision has been sent."""
    return office.receive().screen().assess().investigate().draft().send()


def test_nothing_is_wrong_or_doubtful_in_the_shipped_files():
    assert [str(finding) for finding in check_files(dict(shipped()))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "processes").glob("*.bpmn")), ids=lambda path: path.stem)
def test_what_a_step_says_of_its_flows_is_what_the_flows_say(path):
    tree = ElementTree.parse(path).getroot()
    said, drawn = set(), set()
    for node in tree.iter():
        said |= {
            (node.get("id"), kind, one.text)
            for kind in ("incoming", "outgoing")
            for one in node.findall(f"{BPMN}{kind}")
        }
    for one in tree.iter(f"{BPMN}sequenceFlow"):
        drawn |= {
            (one.get("sourceRef"), "outgoing", one.get("id")),
            (one.get("targetRef"), "incoming", one.get("id")),
        }
    assert said == drawn


def test_every_letter_a_diagram_sends_is_there_and_none_is_left_over():
    wanted = set()
    for name, data in shipped():
        if name.endswith(".bpmn"):
            parts = data.decode().split('<zeebe:header key="letter" value="')[1:]
            wanted |= {letter for part in parts for letter in part.split('"', 1)[0].split(", ")}
    letters = Letters(ROOT / "processes" / "letters")
    assert letters.ids == wanted


def test_letters_to_complainants_say_that_it_is_free_and_decisions_where_else_to_go():
    folder = ROOT / "processes" / "letters"
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    unsaid = [name for name, text in texts.items() if "to: compl" in text and "free of charge" not in text]
    assert unsaid == []
    final = [
        name
        for name in texts
        if name.startswith(("decision", "stage-two", "not-accepted", "holding", "appeal"))
    ]
    assert [name for name in final if "organisation.outsideBody.name" not in texts[name]] == []


def test_a_complaint_goes_from_receipt_to_closure(office):
    office.receive()
    assert office.letters == ["acknowledgement"]
    office.screen().assess().investigate()
    assert office.task("Draft the answer").assignee == "hanna"
    office.draft().send().tell("complainant-answers", answer="accepts").correct().close()

    assert office.ended
    assert office.closed == ["accepted"]
    assert office.states == ["assessing", "investigating", "deciding", "responded", "correcting"]
    assert office.letters == ["acknowledgement", "decision", "closing", "survey"]
    assert office.open == []
    assert office.troubles == []


def test_departments_staff_and_complainant_are_asked_side_by_side(office):
    office.receive().screen().assess(staffConcerned=True)
    due = (office.clock.now() + timedelta(days=7)).date().isoformat()
    requests = [
        {"department": name, "question": "What do you know?", "dueOn": due}
        for name in ("department-billing", "department-it")
    ]
    office.do(
        "Plan the investigation",
        questions="Who charged twice?",
        contributionRequests=requests,
        askComplainant=True,
        questionToComplainant="Which card?",
        hearStaff=True,
    )
    assert office.open == [
        *("Answer the request", "Answer the request", "Examine the evidence", "Hear the staff concerned"),
    ]
    assert list(office.task("Answer the request").candidate_groups) == ["department-billing", "team-leads"]

    office.do("Answer the request", established="We charged once.")
    office.later(days=7, hours=10)
    reminded = [
        job.variables["group"] for job in office.jobs("notify") if job.headers.get("copy") == "team-leads"
    ]
    assert reminded == ["department-it", "department-it"]  # nearly due, then overdue

    office.do("Answer the request", established="The system charged twice.")
    office.do("Hear the staff concerned", staffHeard="heard", staffReply="I was calm.")
    office.tell("complainant-sends-information")
    assert office.open == ["Examine the evidence", "Read the information"]
    assert [job.type for job in office.done if job.type.endswith("-clock")] == ["pause-clock", "resume-clock"]
    office.find()
    assert "Draft the answer" in office.open


def test_a_late_issue_joins_the_complaint_and_gets_its_own_answer(office):
    office.receive().screen().assess().tell("complainant-sends-information")
    office.do("Read the information", informationKind="new_issue", newIssueSummary="No reply to my letter")
    office.investigate(3).draft()
    assert office.open == ["Draft the answer"]
    assert office.letters[-1] == "information-received"


def test_the_complainant_may_send_more_again_and_again(office):
    office.receive().screen().tell("complainant-sends-information").tell("complainant-sends-information")
    assert office.open == ["Assess the complaint", "Read the information", "Read the information"]


def test_the_early_lane_ends_with_its_own_letter(office):
    office.receive().screen().assess(severity="low", complexity="low", quickAnswer=True)
    office.do(
        "Settle it with the complainant",
        earlyResult="settled",
        earlyOutcome="upheld",
        remedyKind="refund",
        amount=50,
        remedyWhat="Refund",
        earlySummary="Charged twice; we pay back.",
    )
    office.correct().close()
    assert office.closed == ["settled_early"]
    assert office.letters == ["acknowledgement", "early-resolution", "closing", "survey"]


def test_the_early_lane_turns_into_the_full_one_without_restarting_a_clock(office):
    office.receive().screen().assess(severity="low", complexity="low", quickAnswer=True)
    before = len(office.jobs("start-clocks"))
    office.later(days=4)
    assert office.open == ["Plan the investigation"]
    assert len(office.jobs("start-clocks")) == before


def test_a_dear_quick_solution_needs_somebody_elses_approval(office):
    office.receive().screen().assess(severity="low", complexity="low", quickAnswer=True)
    agreed = {"earlyOutcome": "upheld", "remedyKind": "refund", "amount": 500, "remedyWhat": "Refund"}
    office.do("Settle it with the complainant", earlyResult="settled", earlySummary="We pay.", **agreed)
    assert list(office.task("Approve the quick solution").candidate_groups) == ["team-leads"]
    office.do("Approve the quick solution", approval="refused", approvalReason="Too much.")
    assert office.open == ["Plan the investigation"]


EXITS = {
    "employment": (
        [("Hand over to personnel", {"handedTo": "Personnel", "handedOn": "2026-11-23"})],
        "not-accepted-employment",
        "not_in_scope",
    ),
    "external_dispute": ([], "not-accepted-outside-body", "not_in_scope"),
    "not_ours": (
        [("Forward it", {"consent": "yes", "forwardedTo": "City Water", "forwardedOn": "2026-11-23"})],
        "forwarding",
        "forwarded",
    ),
    "enquiry": ([("Answer the enquiry", {"enquiryAnswer": "At nine."})], "enquiry-answer", "not_in_scope"),
    "restricted_contact": ([], "not-accepted-restricted-contact", "not_in_scope"),
    "out_of_time": (
        [("Use discretion", {"discretion": "refuse", "discretionReason": "Too old."})],
        "not-accepted-out-of-time",
        "not_in_scope",
    ),
}


@pytest.mark.parametrize("exit", EXITS)
def test_each_way_out_of_scope_sends_its_letter_and_waits_for_an_appeal(office, exit):
    steps, letter, reason = EXITS[exit]
    office.receive().screen(exit)
    for name, answers in steps:
        office.do(name, **answers)
    assert office.letters == ["acknowledgement", letter]
    assert office.states[-1] == "not_accepted"
    assert not office.ended
    office.later(days=60)
    assert office.ended
    assert office.closed == [reason]


def test_a_duplicate_joins_the_earlier_complaint(office):
    office.receive().screen("duplicate", duplicateOf="RD-1")
    assert office.ended
    assert office.closed == ["duplicate"]
    assert office.jobs("close")[0].variables["into"] == "RD-1"


def test_an_appeal_that_is_right_brings_the_complaint_back(office):
    office.receive().screen("external_dispute").tell("complainant-answers", answer="rejects")
    office.do("Decide the appeal", appealResult="allowed", appealReason="It is about a product.")
    assert office.open == ["Assess the complaint"]


def test_an_appeal_that_is_wrong_ends_with_reasons(office):
    office.receive().screen("external_dispute").tell("complainant-answers", answer="rejects")
    office.do(
        "Decide the appeal", appealResult="dismissed", appealReason="It is about your contract of work."
    )
    assert office.letters[-1] == "appeal-dismissed"
    assert office.closed == ["not_in_scope"]


def test_discretion_takes_an_old_matter_on(office):
    office.receive().screen("out_of_time").do(
        "Use discretion", discretion="take_on", discretionReason="Illness."
    )
    assert office.open == ["Assess the complaint"]


def test_a_representative_is_asked_for_authority_and_a_person_decides_when_none_comes(office):
    office.receive(represented=True)
    assert office.letters == ["receipt-representative"]
    office.do("Check the authority", authority="requested")
    assert office.letters[-1] == "authority-request"
    assert office.open == ["Look at the proof"]
    office.later(days=30)
    assert office.open == ["Decide without the proof"]
    assert office.task("Decide without the proof").due_date is not None
    office.later(days=10)
    assert [job.headers["group"] for job in office.jobs("notify")] == ["complaints-managers"]
    office.do("Decide without the proof", authority="refused")
    assert office.letters[-2:] == ["representative-refused", "acknowledgement"]
    assert office.open == ["Screen the complaint"]


def test_the_complaint_is_acknowledged_to_a_representative_only_once_confirmed(office):
    office.receive(represented=True, channel="phone").do("Check the authority", authority="requested")
    assert "acknowledgement" not in office.letters
    office.do(
        "Look at the proof", authority="confirmed", authorityScope="settle", authorityUntil="2027-01-31"
    )
    (found,) = [job for job in office.jobs("record") if job.headers["kind"] == "authority"]
    assert found.variables["data"]["authority"] == "confirmed"
    assert office.letters == ["receipt-representative", "authority-request", "acknowledgement"]


def test_who_calls_is_acknowledged_by_a_person(office):
    office.receive(channel="phone")
    office.do("Acknowledge in person", acknowledgedBy="phone", acknowledgedAt="2026-11-23T09:00:00Z")
    assert [job.headers["clock"] for job in office.jobs("meet-clock")] == [
        "acknowledgement, data_protection_acknowledgement"
    ]


def test_an_unacknowledged_call_reaches_the_team_lead(office):
    office.clocks.bounds["acknowledgement"] = office.clock.now() + timedelta(hours=8)
    office.receive(channel="phone")
    office.later(hours=6, minutes=1)
    assert [job.headers["group"] for job in office.jobs("notify")] == ["team-leads"]
    assert "Acknowledge in person" in office.open


@pytest.mark.parametrize("channel", ["web", "phone", "post"])
def test_whoever_cannot_be_reached_is_owed_the_acknowledgement_for_the_day_they_can(office, channel):
    office.receive(complainantKnown=False, channel=channel)
    assert office.letters == ["acknowledgement"]
    assert "Acknowledge in person" not in office.open


def told(office):
    return [job.headers["group"] for job in office.jobs("notify")]


def test_danger_reaches_whoever_is_on_duty_in_the_step_of_the_receipt_at_any_hour(office):
    office.clock.advance(timedelta(days=4, hours=9, minutes=20))  # Friday 18:20, after the office closed
    begun = office.clock.now()
    office.receive(dangerReported=True)

    assert told(office) == ["on-duty"]
    assert office.jobs("notify")[0].headers["mail"] == "yes"
    assert office.open == ["Protect people now", "Screen the complaint"]
    task = office.task("Protect people now")
    assert "on-duty" in task.candidate_groups
    assert task.due_date == begun + timedelta(hours=2)

    office.later(hours=1, minutes=59)
    assert told(office) == ["on-duty"]
    office.later(minutes=1)
    assert told(office) == ["on-duty", "complaints-managers"]
    office.later(hours=2)
    assert told(office) == ["on-duty", "complaints-managers", "top-management"]
    office.later(days=3)
    assert len(told(office)) == 3, "hours elapse, and nobody is told for ever"


def test_who_has_protected_people_stops_the_escalation(office):
    office.receive(dangerReported=True)
    office.do("Protect people now", protectiveAction="Stopped the sale.", protectedAt="2026-11-23T09:00:00Z")
    office.later(hours=6)
    assert told(office) == ["on-duty"]


def test_danger_found_at_the_assessment_does_the_same(office):
    office.receive().screen()
    office.assess(safety=True, immediateActionNeeded=True, immediateActionPossible=True)
    assert office.open == ["Plan the investigation", "Protect people now", "Read the alert"]
    assert "on-duty" in told(office)


def test_danger_already_being_dealt_with_makes_no_second_task(office):
    office.receive(dangerReported=True).screen()
    assert office.task("Assess the complaint").priority == 90
    office.assess(safety=True, immediateActionNeeded=True, immediateActionPossible=True)
    assert office.open == ["Plan the investigation", "Protect people now", "Read the alert"]
    assert told(office).count("on-duty") == 1


def test_danger_that_was_met_may_need_acting_on_anew(office):
    office.receive(dangerReported=True)
    office.do("Protect people now", protectiveAction="Stopped the sale.", protectedAt="2026-11-23T09:00:00Z")
    office.screen().assess(safety=True, immediateActionNeeded=True, immediateActionPossible=True)
    assert "Protect people now" in office.open


def test_new_information_that_tells_of_danger_reaches_whoever_is_on_duty_before_it_is_read(office):
    office.receive().tell("complainant-sends-information", dangerNow=True)
    assert told(office) == ["on-duty"]
    assert office.open == ["Protect people now", "Read the information", "Screen the complaint"]


def test_danger_found_while_reading_new_information_does_the_same(office):
    office.receive().tell("complainant-sends-information")
    assert told(office) == []
    office.do("Read the information", informationKind="danger")
    assert told(office) == ["on-duty"]
    assert "Protect people now" in office.open


def test_more_urgent_information_raises_the_priority_and_tells_the_lead(office):
    office.receive().tell("complainant-sends-information")
    office.do("Read the information", informationKind="urgent")
    assert told(office) == ["team-leads"]
    office.screen()
    assert office.task("Assess the complaint").priority == 90


def test_new_information_left_unread_reaches_the_team_lead(office):
    office.receive().tell("complainant-sends-information")
    assert office.task("Read the information").due_date is not None
    office.later(days=4)
    assert told(office) == ["team-leads"]


def test_danger_alerts_top_management_until_somebody_has_read_it(office):
    office.receive().screen()
    office.assess(severity="high", impact="many", publicInterest=True)
    office.later(hours=5)
    assert told(office) == ["top-management", "top-management"]
    office.later(hours=20)
    assert list(office.task("Read the alert instead").candidate_groups) == ["complaints-managers"]
    office.do("Read the alert instead", readBy="read")
    assert office.open == ["Plan the investigation"]


def test_the_quality_check_sends_a_draft_back_with_reasons_and_nothing_is_lost(office):
    office.receive().screen().assess().investigate().draft()
    office.do("Check the quality", check="back", checkReasons="Say sorry first.")
    task = office.task("Draft the answer")
    shown = {one.name: one.value for one in office.engine.effective_variables(task.element_instance_key)}
    assert shown["returnReasons"] == '"Say sorry first."'
    assert shown["answerText"] == '"You are right."'
    office.draft().send()
    assert office.letters[-1] == "decision"


def test_the_quality_check_may_ask_for_more_facts(office):
    office.receive().screen().assess().investigate().draft()
    office.do("Check the quality", check="more_facts", checkReasons="Who signed?")
    assert office.open == ["Plan the investigation"]


@pytest.mark.parametrize(
    ("amount", "group"), [(50, "approvers"), (1000.01, "complaints-managers"), (20000, "top-management")]
)
def test_who_approves_depends_on_the_money(office, amount, group):
    office.receive().screen().assess().investigate().draft(amount).do("Check the quality", check="accepted")
    assert list(office.task("Approve the decision").candidate_groups) == [group]


def test_an_approver_may_send_the_decision_back(office):
    office.receive().screen().assess().investigate().draft().do("Check the quality", check="accepted")
    office.do("Approve the decision", approval="back", approvalReasons="Too little.")
    assert office.open == ["Draft the answer"]


def test_silence_counts_only_after_a_reminder(answered):
    answered.later(days=16)
    assert answered.letters[-1] == "reminder"
    assert not answered.ended
    answered.later(days=20)
    assert answered.open == ["Look back on the complaint"]  # the refund hung on the complainant's yes
    answered.close()
    assert answered.closed == ["no_reply_after_notice"]


def test_a_rejected_answer_is_reviewed_by_reviewers_and_then_goes_outside(answered):
    answered.tell("complainant-answers", answer="rejects")
    answered.do("Explain the options", rejectReason="Too little.", nextStep="stage_two")
    assert list(answered.task("Review the issue").candidate_groups) == ["reviewers"]
    assert answered.jobs("start-clocks")[-1].headers["stage"] == "two"
    for _ in range(2):
        answered.do("Review the issue", outcome="partly_upheld", answerText="Anew.", remedyKind="words")
    answered.do("Approve the review", approval="approved")
    answered.tell("complainant-answers", answer="rejects")
    answered.do("Explain the options", rejectReason="Still.", nextStep="external")
    taken = {"body": "Ombudsman", "bodyReference": "O-1", "fileDueOn": "2027-03-01"}
    answered.do("Record the referral", referral="taken_up", **taken)
    answered.do("Send the file", fileSentOn=answered.clock.now().date().isoformat())
    answered.later(days=40).do("Ask how it stands", referralStatus="pending").tell("external-outcome")
    award = {"award": True, "awardWhat": "Pay 100", "awardAmount": 100, "complyBy": "2027-06-01"}
    answered.do("Record the outcome", externalOutcome="changed", **award).correct().close()

    assert answered.closed == ["award_complied_with"]
    assert answered.states[-7:] == [
        *("responded", "rejected_open", "stage_two", "responded", "rejected_open", "external", "correcting"),
    ]
    assert answered.letters[1:-2] == [
        "decision",
        "stage-two-started",
        "stage-two-decision",
        "referral",
        "award",
    ]


def test_the_fresh_review_is_offered_once(answered):
    answered.tell("complainant-answers", answer="rejects")
    answered.do("Explain the options", rejectReason="No.", nextStep="stage_two")
    for _ in range(2):
        answered.do("Review the issue", outcome="upheld", answerText="Anew.", remedyKind="words")
    answered.do("Approve the review", approval="approved").tell("complainant-answers", answer="rejects")
    with pytest.raises(Exception, match="form"):
        answered.do("Explain the options", rejectReason="No.", nextStep="stage_two")


def test_a_referral_nobody_makes_ends_with_its_window(answered):
    answered.tell("complainant-answers", answer="rejects")
    answered.run_clock("referral_window", answered.clock.now() + timedelta(days=180))
    answered.do("Explain the options", rejectReason="No.", nextStep="external")
    assert answered.task("Record the referral").due_date is not None
    answered.later(days=181).close()
    assert answered.closed == ["options_exhausted"]


def test_a_correction_that_did_not_help_goes_back(answered):
    answered.tell("complainant-answers", answer="accepts")
    answered.do("Carry out the promise", doneOn=answered.clock.now().date().isoformat(), proof="Payment 1")
    answered.do("Verify the correction", verified="no", verifyRemark="It never arrived.")
    assert answered.open == ["Carry out the promise"]
    answered.correct().close()
    assert answered.ended


def test_withdrawing_stops_everything_but_the_look_at_the_risk(office):
    office.receive().screen().assess().tell("complainant-withdraws")
    assert office.open == ["Check for a wider problem"]
    assert office.task("Check for a wider problem").due_date is not None
    office.do("Check for a wider problem", remark="Nothing more.")
    assert office.ended
    assert office.closed == ["withdrawn"]
    assert office.letters == ["acknowledgement", "withdrawal-confirmed"]


def test_a_withdrawn_complaint_goes_on_protecting_people_and_keeping_what_was_promised_anyway(office):
    promise = {
        **{"id": "c1", "issueId": 1, "kind": "refund", "what": "Refund", "amount": 38},
        **{"dueOn": "2026-12-01", "keepAnyway": True, "done": None},
    }
    office.still_owed = {"protecting": True, "alerting": True, "promises": [promise]}
    office.receive(dangerReported=True).tell("complainant-withdraws")
    assert office.open == [
        *("Carry out the promise", "Check for a wider problem", "Protect people now", "Read the alert"),
    ]
    office.do("Check for a wider problem", remark="Nothing more.")
    office.do("Protect people now", protectiveAction="Closed.", protectedAt="2026-11-23T09:00:00Z")
    office.do("Read the alert", readBy="read")
    assert office.closed == []
    office.correct()
    assert office.closed == ["withdrawn"]
    assert "correcting" not in office.states, "a withdrawn complaint stays withdrawn"


def test_a_promise_carried_out_before_the_withdrawal_is_only_verified(office):
    done = {"commitmentId": "c1", "doneOn": "2026-11-20", "proof": "Payment 4711", "verified": False}
    promise = {
        **{"id": "c1", "issueId": 1, "kind": "refund", "what": "Refund", "amount": 38},
        **{"dueOn": "2026-12-01", "keepAnyway": True, "done": done},
    }
    office.still_owed = {"promises": [promise]}
    office.receive().tell("complainant-withdraws")
    assert office.open == ["Check for a wider problem", "Verify the correction"]


def test_a_risk_seen_at_a_withdrawal_is_somebodys_task_with_a_date(office):
    office.receive().tell("complainant-withdraws")
    with pytest.raises(Exception, match="widerWhat"):
        office.do("Check for a wider problem", remark="The stairs break.", widerProblem=True)
    office.do(
        "Check for a wider problem",
        remark="The stairs break.",
        widerProblem=True,
        widerWhat="Have every staircase looked at.",
        widerGroup="quality",
        widerDueOn="2026-12-04",
    )
    task = office.task("Deal with the wider problem")
    assert list(task.candidate_groups) == ["quality", "team-leads"]
    assert task.due_date.date().isoformat() == "2026-12-04"
    assert office.closed == []
    office.later(days=12)
    assert told(office) == ["complaints-managers"]
    office.do("Deal with the wider problem", widerDone="All of them were mended.")
    assert office.closed == ["withdrawn"]
    (cause,) = [job for job in office.jobs("record") if job.headers["kind"] == "root-cause"]
    assert cause.variables["data"]["wider"]["done"] == "All of them were mended."


def test_updates_come_round_each_time_the_clock_starts_anew(office):
    office.receive()
    office.run_clock("update", office.clock.now() + timedelta(days=10)).later(days=7, minutes=1)
    office.do("Write an update", updateChoice="letter", updateText="We are on it.")
    assert office.letters[-1] == "update"

    office.clocks.started = office.clock.now()
    office.run_clock("update", office.clock.now() + timedelta(days=10)).later(days=7, minutes=1)
    office.do("Write an update", updateChoice="skip", skipReason="Spoke yesterday.")
    assert [job.variables["evidence"] for job in office.jobs("meet-clock")] == ["skip"]


def test_a_near_deadline_is_kept_or_announced_and_a_missed_one_explained(office):
    office.receive()
    bound = office.clock.now() + timedelta(days=20)
    office.run_clock("final_response", bound).later(days=16, minutes=1)
    office.do(
        "Decide how to keep it",
        deadlineChoice="holding_notice",
        extensionReason="complex",
        holdingText="We wait for an expert.",
        newDate=(bound + timedelta(days=5)).date().isoformat(),
    )
    assert office.letters[-1] == "holding-notice"
    assert [job.headers["clock"] for job in office.jobs("extend-clock")] == ["final_response"]

    office.run_clock("final_response", bound + timedelta(days=5)).later(days=10)
    assert "Explain the delay" in office.open
    promised = (office.clock.now() + timedelta(days=5)).date().isoformat()
    office.do("Explain the delay", breachReason="capacity", breachText="We are sorry.", newDate=promised)
    assert office.letters[-1] == "delay"


def test_no_warning_comes_for_a_clock_that_was_met(office):
    office.receive().run_clock("final_response", office.clock.now() + timedelta(days=20))
    office.run_clock("final_response", None).later(days=30)
    assert office.open == ["Screen the complaint"]


def test_an_unhappy_answer_to_the_survey_brings_a_call(answered):
    answered.tell("complainant-answers", answer="accepts").correct().close()
    answered.tell("survey-answered", processRating=1, outcomeRating=4, mayContact=True)
    assert answered.open == ["Call the complainant"]


def test_who_asks_to_have_it_taken_up_again_gets_a_decision_by_a_date(answered):
    answered.tell("complainant-answers", answer="accepts").correct().close()
    answered.tell("survey-answered", processRating=1, outcomeRating=1, mayContact=True)
    answered.do("Call the complainant", callResult="overlooked")
    assert answered.task("Something new after closing").due_date is not None
    answered.do("Something new after closing", afterClosing="new_complaint", afterClosingReason="A receipt.")


def test_an_instruction_given_on_an_alert_reaches_those_who_act(office):
    office.receive().screen().assess(severity="high", impact="many", safety=True)
    office.do("Read the alert", readBy="read_and_act", instruction="Stop all sales.")
    last = office.jobs("notify")[-1]
    assert last.headers["group"] == "team-leads"
    assert "Stop all sales." in last.variables["text"]


def test_no_answer_to_the_survey_is_counted(answered):
    answered.tell("complainant-answers", answer="accepts").correct().close()
    answered.later(days=40)
    kinds = [
        job.variables["data"] for job in answered.jobs("record") if job.headers["kind"] == "satisfaction"
    ]
    assert kinds == [{"answered": False}]
    assert answered.open == []


def test_a_complaint_is_not_closed_with_an_unanswered_issue(answered):
    answered.engine.set_variables(answered.key, {"answers": []})
    answered.tell("complainant-answers", answer="accepts").correct().close()
    assert answered.open == ["Look back on the complaint"]
    answered.do("Look back on the complaint", rootCause="process", answeredAll=True)
    assert answered.ended
