"""What complainants read is what is done: forwarded or not, what hangs on their yes, what a closed complaint can become."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from api.complaints.reading import standing_remedies
from api.complaints.states import CLOSING_REASONS
from api.complaints.tables import RemedyRow
from api.web.public.status import CLOSING_WORDS
from tests.processes.office import ROOT

AGAIN = re.compile(
    r"\bre-?open|open (?:it|a complaint|your complaint) again|take your complaint up again|come back to it",
    re.I,
)


@pytest.mark.parametrize(("consent", "reason"), [("yes", "forwarded"), ("no", "not_in_scope")])
def test_a_complaint_counts_as_forwarded_only_where_it_was_forwarded(walk, consent, reason):
    walk.take("2026-07-06 10:00").screen("not_ours")
    forwarded = {"forwardedOn": "2026-07-06"} if consent == "yes" else {}
    walk.do("Forward it", consent=consent, forwardedTo="City Water", **forwarded).wait(days=40)
    assert walk.complaint().closing_reason == reason
    assert ("passed it on" in CLOSING_WORDS[reason]) is (consent == "yes")


def test_every_closing_reason_has_words_for_the_complainant():
    assert set(CLOSING_WORDS) == set(CLOSING_REASONS)


def test_no_text_promises_that_a_closed_complaint_is_opened_again():
    folders = ("processes", "forms", "api/web/templates/public", "docs")
    texts = [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".md", ".bpmn", ".form", ".html"}
    ]
    assert texts
    said = {str(path.relative_to(ROOT)): AGAIN.findall(path.read_text(encoding="utf-8")) for path in texts}
    assert {path: words for path, words in said.items() if words} == {}


def test_what_hangs_on_a_yes_is_said_and_counted_from_the_yes(walk):
    walk.take("2026-07-06 10:00").through()
    letter = walk.letter("decision").text
    assert "We do this when you accept our answer, within 10 working days of your yes." in letter
    assert "20 July 2026" not in letter

    walk.later("2026-07-28 10:00")
    assert "we do only if you tell us by that day that you accept it" in walk.letter("reminder").text
    walk.answer("accepts")
    assert (walk.due("commitment"), walk.state("commitment")) == ("2026-08-11", "running")


def kept(walk):
    """Answered on Monday 6 July 2026 with a refund that is paid whatever the complainant says."""
    walk.take("2026-07-06 10:00").screen().assess().investigate()
    refund = {"remedyKind": "refund", "amount": 38, "remedyWhat": "Refund of the deposit"}
    walk.do("Draft the answer", outcome="upheld", answerText="You are right.", keepAnyway=True, **refund)
    return walk.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")


def test_what_is_done_in_any_case_is_promised_with_its_day_and_done_after_silence(walk):
    kept(walk)
    assert "We do this by 20 July 2026, whether you accept our answer or not." in walk.letter("decision").text
    walk.wait(days=40)
    assert "What we offered in case you accept" not in walk.letter("reminder").text
    assert "Carry out the promise" in walk.open
    assert walk.due("commitment") == "2026-07-20"


def test_a_second_answer_leaves_although_what_was_promised_before_is_late(walk):
    kept(walk).answer("rejects").choose("stage_two").later("2026-07-30 10:00").review()
    assert walk.troubles == []
    assert (
        "Refund of the deposit (£38.00). We said we would do it sooner"
        in walk.letter("stage-two-decision").text
    )


@pytest.mark.parametrize("regime", ["generic", "uk-financial"])
def test_silence_counts_only_from_the_day_our_answer_has_left(walk, regime):
    walk.take("2026-07-06 10:00", regime).screen().assess().investigate().on_paper().decide()
    walk.wait(days=40)
    assert walk.letter("decision").dispatched_at is None
    assert "reminder" not in [row.template for row in walk.letters]
    assert not walk.ended

    posted = walk.clock.now()
    walk.post("decision").post("decision").wait(days=10)
    assert "reminder" not in [row.template for row in walk.letters]
    walk.wait(days=20)
    assert walk.letter("reminder").queued_at > posted
    assert walk.complaint().state == "responded"


def award(walk, by):
    """The outside body awards compensation by a day, after a refund that was promised in any case; told on 6 August 2026."""
    kept(walk).answer("rejects").choose("external")
    walk.do("Record the referral", referral="taken_up", body="FOS", bodyReference="1", fileDueOn="2026-07-20")
    walk.do("Send the file", fileSentOn="2026-07-06").tell("external-outcome").later("2026-08-06 10:00")
    awarded = {"award": True, "awardWhat": "Compensation", "awardAmount": 300, "complyBy": by}
    return walk.do("Record the outcome", externalOutcome="changed", **awarded)


def test_an_award_names_its_own_day_beside_an_older_promise(walk):
    assert "We do it by 20 August 2026." in award(walk, "2026-08-20").letter("award").text
    assert walk.troubles == []


def test_an_award_whose_day_is_over_is_carried_out_at_once(walk):
    award(walk, "2026-08-05")
    assert walk.troubles == []
    assert "and do it at once." in walk.letter("award").text
    assert walk.open.count("Carry out the promise") == 2


@pytest.mark.parametrize(("kind", "taken"), [("adds", True), ("new_complaint", False)])
def test_a_matter_of_its_own_is_not_said_to_be_taken_into_account(walk, kind, taken):
    walk.take("2026-07-06 10:00").screen().tell("complainant-sends-information")
    walk.do("Read the information", informationKind=kind)
    text = walk.letter("information-received").text
    assert ("take it into account" in text, "take it up as a new one" in text) == (taken, not taken)


def test_the_answer_page_names_what_the_newest_answer_promises(walk):
    def all_of(session):
        return session.scalars(select(RemedyRow).where(RemedyRow.complaint_key == walk.key)).all()

    walk.take("2026-07-06 10:00").through()
    (first,) = walk.ask(lambda session: standing_remedies(session, walk.key))
    walk.later("2026-07-08 10:00").answer("rejects").choose("stage_two").later("2026-07-10 10:00").review()
    standing = walk.ask(lambda session: standing_remedies(session, walk.key))
    assert first.key in {row.key for row in walk.ask(all_of)}
    assert first.key not in {row.key for row in standing}
