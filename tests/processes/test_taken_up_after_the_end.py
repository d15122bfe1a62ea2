"""An outside body takes up a complaint that is closed: it is followed beside the case, and nothing of the case is opened again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.after_the_end import (
    GoesOnElsewhere,
    HasNoCase,
    NobodyFollows,
    NotAwaited,
    NotEnded,
    OutsideAlready,
    TakenUp,
    WantedTooEarly,
    decided,
    take_up,
)
from api.complaints.answers.sheets import told
from api.complaints.handing_on import settle
from api.complaints.history import asked_if_turned_away, ended_as
from api.complaints.merging import MergeRefused, joined
from api.complaints.other_rules import other_rules
from api.complaints.progress import stages
from api.complaints.reading import timeline
from api.complaints.tables import ComplaintRow, RecordRow, RemedyRow
from engine.actors import SYSTEM
from tests.engine.diagrams import END, START, bpmn, chain
from tests.processes.test_regimes import EVERY, KNOWN, agree
from tests.processes.test_stories_of_deadlines import turned_away

WHY = "The ombudsman finds that our answer was fair."
FOLLOWED = ("Send the file", "Ask how it stands", "Record the outcome", "Carry out the promise")


def closed(walk, regime="generic", **more):
    """Answered with nothing promised, accepted, and closed."""
    agree(walk.take("2026-07-06 10:00", regime, **more).screen()).on(remedy="words").wait(hours=1)
    return walk.answer("accepts").close()


def taken_up(walk, *, key="1", body="the FOS", wanted=10):
    """Record that an outside body has taken it up; it wants the file in so many days (None: not at all)."""
    due = None if wanted is None else walk.service.today() + timedelta(days=wanted)
    taken = TakenUp(body, "FOS-1", due)
    take_up(walk.service, walk.key, taken, sheet=told({"body": body}, title="Outside"), key=key, by=SYSTEM)
    walk.service.run_due()
    return walk


def sent(walk):
    return walk.beside("Send the file", fileResult="sent", fileSentOn=walk.service.today().isoformat())


def records(walk, kind):
    query = select(RecordRow.data).where(RecordRow.complaint_key == walk.key, RecordRow.kind == kind)
    return walk.ask(lambda session: list(session.scalars(query.order_by(RecordRow.key))))


def beside(walk):
    """The names of the open tasks that follow the outside body."""
    return [task.name for task in walk.aside() if task.name in FOLLOWED]


@pytest.fixture
def over(walk):
    """Closed four months ago, with its survey unanswered."""
    return closed(walk).wait(days=120)


def test_it_is_followed_to_the_outcome_and_is_closed_again(over):
    before = over.complaint()
    clocks, told_of = over.clocks, len(over.letters)
    taken_up(over)
    assert over.complaint().state == "external"
    assert (over.ended, beside(over)) == (True, ["Send the file"])
    assert records(over, "referral")[-1]["status"] == "open"
    letter = over.letter("referral")
    assert "the FOS has taken up your complaint." in letter.text
    assert "stays open" not in letter.text
    assert "withdraw" not in letter.text
    sent(over).wait(days=60)
    assert beside(over) == ["Ask how it stands"]
    over.beside("Ask how it stands", referralStatus="pending").tell("external-outcome")
    over.beside("Record the outcome", externalOutcome="confirmed", outcomeReason=WHY)
    after = over.complaint()
    assert (after.state, after.closed_at, after.closing_reason) == (
        "closed",
        before.closed_at,
        before.closing_reason,
    )
    assert WHY in over.letter("outside-decision").text
    assert "We closed your complaint on 6 July 2026" in over.letter("outside-decision").text
    assert [row.template for row in over.letters[told_of:]] == ["referral", "outside-decision"]
    assert over.clocks == clocks, "nothing of the closed case has begun again"
    assert beside(over) == over.late == over.troubles == over.holes == []


def test_what_the_body_decides_is_carried_out_by_its_day_and_told(over):
    taken_up(over)
    sent(over).tell("external-outcome")
    by = over.service.today() + timedelta(days=14)
    award = {"award": True, "awardWhat": "Pay what was lost.", "awardAmount": 300, "complyBy": by.isoformat()}
    over.beside("Record the outcome", externalOutcome="changed", **award)
    assert "Pay what was lost." in over.letter("award").text
    assert "We closed your complaint on 6 July 2026." in over.letter("award").text
    assert over.complaint().state == "correcting"
    assert (beside(over), over.clock_named("commitment").due_on) == (["Carry out the promise"], by)
    over.beside("Carry out the promise", doneOn=over.service.today().isoformat(), proof="Payment 4711")
    over.beside("Verify the correction", verified="yes")
    assert over.complaint().state == "closed"
    closing = over.letter("closing").text
    assert "Pay what was lost., £300.00" in closing
    assert "If you disagree with us" not in closing
    assert over.state("commitment") == "met"
    assert beside(over) == over.late == over.troubles == over.holes == []


def test_an_award_that_is_not_carried_out_is_late(over):
    taken_up(over, wanted=None).tell("external-outcome")
    by = over.service.today() + timedelta(days=14)
    award = {
        "award": True,
        "awardWhat": "Say sorry.",
        "awardWithoutMoney": True,
        "complyBy": by.isoformat(),
    }
    over.beside("Record the outcome", externalOutcome="changed", **award).wait(days=20)
    assert over.late == ["commitment"]


def test_who_was_not_heard_outside_is_told_so_and_nothing_changes(over):
    taken_up(over, wanted=None).tell("external-outcome")
    over.beside("Record the outcome", externalOutcome="not_decided")
    assert over.complaint().state == "closed"
    text = over.letter("outside-decision").text
    assert "the FOS has not decided on your complaint." in text
    assert "Why, and what follows" not in text
    assert beside(over) == over.troubles == over.holes == []


def test_it_is_recorded_once_however_often_it_is_told(over):
    taken_up(over)
    taken_up(over)
    assert beside(over) == ["Send the file"]
    with pytest.raises(OutsideAlready):
        taken_up(over, key="2")
    assert (beside(over), len(records(over, "referral"))) == (["Send the file"], 1)


def test_a_second_body_takes_it_up_once_the_first_is_done_and_what_each_awards_is_its_own(over):
    for number, amount in ((1, 300), (2, 40)):
        taken_up(over, key=str(number), body=f"Body {number}", wanted=None).tell("external-outcome")
        award = {"award": True, "awardWhat": f"Pay {amount}.", "awardAmount": amount}
        over.beside("Record the outcome", externalOutcome="changed", **award)
        assert f"We pay you £{amount}.00." in over.letter("award").text
        assert "We do it by" in over.letter("award").text
        over.beside("Carry out the promise", doneOn=over.service.today().isoformat(), proof="4711")
        over.beside("Verify the correction", verified="yes")
    query = select(RemedyRow.amount).where(RemedyRow.complaint_key == over.key, RemedyRow.kind == "award")
    assert over.ask(lambda session: list(session.scalars(query))) == ["300", "40"]
    assert over.complaint().state == "closed"
    assert over.late == over.troubles == over.holes == []


def test_the_day_for_the_file_is_not_over(over):
    with pytest.raises(WantedTooEarly):
        taken_up(over, wanted=-1)
    assert over.complaint().state == "closed"


def test_a_file_that_is_not_sent_is_told(over):
    taken_up(over).wait(days=12)
    subjects = [notice.subject for notice in over.notices()]
    assert "File for the outside body not sent yet" in subjects
    assert over.late == []


def test_one_that_is_open_is_recorded_in_its_own_case(walk):
    walk.take("2026-07-06 10:00").through()
    with pytest.raises(NotEnded):
        taken_up(walk)
    assert walk.complaint().state == "responded"


def test_where_no_diagram_follows_it_that_is_said(over):
    hears_nothing = bpmn("outside-after-the-end", START + END + chain("start", "end"))
    over.service.engine.deploy([("outside-after-the-end.bpmn", hears_nothing)])
    with pytest.raises(NobodyFollows):
        taken_up(over)
    assert over.complaint().state == "closed"


def test_one_that_has_no_case_says_so(over):
    """As a complaint that an import brought in as ended."""
    over.service.engine.write(
        lambda session: setattr(session.get_one(ComplaintRow, over.key), "instance_key", None)
    )
    with pytest.raises(HasNoCase):
        taken_up(over)


def test_what_goes_on_under_another_reference_names_it(walk):
    first = walk.take("2026-07-06 10:00").reference
    walk.take("2026-07-06 11:00").screen("duplicate", duplicateOf=first)
    assert walk.complaint().state == "merged"
    with pytest.raises(GoesOnElsewhere, match=first):
        taken_up(walk)


def test_one_that_was_withdrawn_is_followed_and_stays_withdrawn(walk):
    walk.take("2026-07-06 10:00").tell("complainant-withdraws")
    walk.do(*walk.open, remark="She told us so.")
    assert walk.complaint().state == "withdrawn"
    sent(taken_up(walk)).tell("external-outcome")
    assert walk.complaint().state == "external"
    walk.beside("Record the outcome", externalOutcome="confirmed", outcomeReason=WHY)
    assert walk.complaint().state == "withdrawn"
    assert walk.troubles == walk.holes == []


def test_an_appeal_and_an_outside_body_do_not_get_in_each_others_way(walk):
    turned_away(walk).wait(days=30)
    taken_up(walk)
    assert walk.complaint().state == "external"
    assert walk.ask(lambda session: ended_as(session, walk.complaint())) == "not_accepted"
    assert walk.ask(lambda session: asked_if_turned_away(session, walk.complaint()))
    walk.answer("rejects").beside("Answer the appeal", lateResult="stands", lateReason="It is as it was.")
    assert walk.complaint().state == "external"
    sent(walk).tell("external-outcome")
    walk.beside("Record the outcome", externalOutcome="confirmed", outcomeReason=WHY)
    assert walk.complaint().state == "not_accepted"
    assert walk.late == walk.troubles == walk.holes == []


def test_a_survey_that_is_open_is_answered_all_the_same(walk):
    taken_up(closed(walk)).tell("survey-answered", processRating=5, outcomeRating=5, mayContact=False)
    assert records(walk, "satisfaction")[-1]["answered"] is True
    assert (walk.complaint().state, walk.troubles) == ("external", [])


def test_that_it_has_decided_is_recorded_while_it_is_waited_for(over):
    for _ in range(2):
        with pytest.raises(NotAwaited):
            decided(over.service, over.key, key="1", by=SYSTEM)
        if beside(over) == []:
            taken_up(over)
    sent(over)
    decided(over.service, over.key, key="2", by=SYSTEM)
    decided(over.service, over.key, key="2", by=SYSTEM)
    assert beside(over) == ["Record the outcome"]


@EVERY
def test_in_any_regime_the_closed_case_owes_nothing_again(walk, regime):
    closed(walk, regime, **KNOWN).wait(days=30)
    clocks = walk.clocks
    sent(taken_up(walk)).wait(days=70)
    assert (walk.complaint().state, beside(walk)) == ("external", ["Ask how it stands"])
    assert {name for name, state in walk.clocks.items() if state != clocks[name]} <= {("referral_window", 1)}
    walk.beside("Ask how it stands", referralStatus="decided")
    award = {"award": True, "awardWhat": "Pay.", "awardAmount": 300}
    walk.beside("Record the outcome", externalOutcome="changed", **award)
    walk.beside("Carry out the promise", doneOn=walk.service.today().isoformat(), proof="Payment 4711")
    walk.beside("Verify the correction", verified="yes")
    assert walk.complaint().state == "closed"
    assert set(walk.clocks) == {*clocks, ("commitment", max(n for c, n in walk.clocks if c == "commitment"))}
    assert walk.late == walk.troubles == walk.holes == []
    assert set(walk.running) <= {"referral_window"}


def test_other_rules_begin_nothing_of_the_closed_case(walk):
    """Those rules limit the time for what was accepted, from the acceptance on: that was long ago, and is done."""
    walk.take("2026-07-06 10:00").through().wait(hours=1).answer("accepts").correct().close()
    taken_up(walk.wait(days=120))
    before = walk.clocks
    walk.move(other_rules(walk.service, regime="australia-telecoms", category=None, stage="one"))
    assert walk.complaint().regime == "australia-telecoms"
    assert {name for name in walk.clocks if name not in before and name[0] == "commitment"} == set()
    assert (walk.running, walk.late) == (["referral_window"], [])


def test_a_promise_of_what_was_awarded_is_not_ended_by_whoever_looks_for_clocks_that_nobody_is_owed(over):
    taken_up(over, wanted=None).tell("external-outcome")
    award = {"award": True, "awardWhat": "Pay.", "awardAmount": 300}
    over.beside("Record the outcome", externalOutcome="changed", **award)
    over.move(lambda desk, complaint: over.service.case_clocks.drop_unowed(desk, complaint, but=()))
    assert over.running == ["commitment", "referral_window"]


def test_no_other_complaint_joins_it(over):
    first = taken_up(over).reference
    over.take("2026-12-01 10:00")
    with pytest.raises(MergeRefused):
        over.ask(lambda session: joined(session, over.complaint(), first, by="ina"))


def test_whoever_looked_after_it_and_left_is_replaced(over):
    taken_up(over)
    over.move(lambda _, complaint: setattr(complaint, "owner", "gone") or ())
    settle(over.service)
    assert over.complaint().owner is None


def way(walk):
    """The way of the complaint, in the words of its status page, with what is to come."""

    def look(session):
        row = session.get_one(ComplaintRow, walk.key)
        events = timeline(session, walk.key, reader="complainant")
        return stages(row.state, row.received_at, events, closed_at=row.closed_at)

    return [(stage.words, stage.place) for stage in walk.ask(look)]


def test_the_status_page_shows_that_it_was_closed_and_nothing_to_come(over):
    ended = way(over)[-1]
    assert ended == ("Your complaint is closed", "current")
    taken_up(over, wanted=None)
    assert way(over)[-2:] == [
        ("We closed your complaint", "done"),
        ("You take your complaint to an outside body", "current"),
    ]
    over.tell("external-outcome").beside("Record the outcome", externalOutcome="confirmed", outcomeReason=WHY)
    assert way(over)[-2:] == [("You took your complaint to an outside body", "done"), ended]


def refused(walk):
    """Our answer was not accepted, and the complainant goes outside."""
    return (
        walk.take("2026-07-06 10:00")
        .through(remedy="words")
        .wait(hours=1)
        .answer("rejects")
        .choose("external")
    )


def test_one_that_closed_as_no_body_had_written_is_taken_up_all_the_same(walk):
    refused(walk).do("Record the referral", referral="dropped").close()
    taken_up(walk.wait(days=60))
    assert (walk.complaint().state, beside(walk)) == ("external", ["Send the file"])
    assert walk.complaint().closing_reason == "options_exhausted"
    assert walk.troubles == walk.holes == []


def test_another_body_takes_up_what_one_had_decided_in_the_open_case(walk):
    refused(walk).do("Record the referral", referral="taken_up", body="FOS", fileDueOn="2026-07-20")
    walk.do("Send the file", fileSentOn="2026-07-06").tell("external-outcome")
    award = {"award": True, "awardWhat": "Pay 300.", "awardAmount": 300, "complyBy": "2026-07-30"}
    walk.do("Record the outcome", externalOutcome="changed", **award).correct().close()
    taken_up(walk.wait(days=60), body="The regulator", wanted=None).tell("external-outcome")
    second = {"award": True, "awardWhat": "Pay 40.", "awardAmount": 40}
    walk.beside("Record the outcome", externalOutcome="changed", **second)
    assert "We pay you £40.00." in walk.letter("award").text
    assert "We did it on" not in walk.letter("award").text, "what the first awarded is another matter"
    walk.beside("Carry out the promise", doneOn=walk.service.today().isoformat(), proof="4711")
    walk.beside("Verify the correction", verified="yes")
    assert (walk.complaint().state, walk.complaint().closing_reason) == ("closed", "award_complied_with")
    assert walk.late == walk.troubles == walk.holes == []
