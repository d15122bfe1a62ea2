"""A new issue joins the complaint in whatever state it is, until our answer has left; then it is a matter of its own."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints.tables import IssueRow
from engine.store.search import Condition, Query

NEW = "No reply to my letter"


def register(walk):
    query = select(IssueRow.number, IssueRow.summary).where(IssueRow.complaint_key == walk.key)
    return [tuple(row) for row in walk.ask(lambda s: s.execute(query.order_by(IssueRow.number)).all())]


def add(walk):
    """What the complainant sends is a new issue, says who reads it."""
    walk.tell("complainant-sends-information")
    return walk.do("Read the information", informationKind="new_issue", newIssueSummary=NEW)


def answered(walk):
    """Go on until the answer has left, finding out and answering whatever is asked for; return the issues answered."""
    for _ in range(40):
        for name, answers in (
            ("Screen the complaint", None),
            ("Assess the complaint", None),
            ("Plan the investigation", {"questions": "What happened?"}),
            ("Examine the evidence", {"chronology": "First this."}),
            ("Record the finding", {"outcome": "upheld", "findingReasons": "Seen.", "rootCause": "process"}),
            ("Draft the answer", {"outcome": "upheld", "answerText": "Yes.", "remedyKind": "words"}),
            ("Check the quality", {"check": "accepted"}),
            ("Approve the decision", {"approval": "approved"}),
        ):
            if name in walk.open:
                if answers is not None:
                    walk.do(name, **answers)
                elif name.startswith("Screen"):
                    walk.screen()
                else:
                    walk.assess()
                break
        if walk.complaint().state == "responded":
            return register(walk)
    raise AssertionError((walk.open, walk.troubles))


def before_screening(walk):
    return walk


def screened(walk):
    return walk.screen()


def assessed(walk):
    return walk.screen().assess()


def planned(walk):
    return assessed(walk).do("Plan the investigation", questions="What happened?")


def examined(walk):
    return planned(walk).do("Examine the evidence", chronology="First this.")


def found(walk):
    return assessed(walk).investigate()


def drafted(walk):
    return found(walk).do("Draft the answer", outcome="upheld", answerText="Yes.", remedyKind="words")


def checked(walk):
    return drafted(walk).do("Check the quality", check="accepted")


@pytest.mark.parametrize(
    "stage", [before_screening, screened, assessed, planned, examined, found, drafted, checked]
)
def test_a_new_issue_is_found_out_and_answered_with_the_rest(walk, stage):
    stage(walk.take("2026-06-01 10:00"))
    add(walk)
    assert NEW in [summary for _, summary in register(walk)], "it stands in the register at once"
    assert answered(walk) == [(1, "Charged twice"), (2, NEW)]
    letter = walk.letter("decision").text
    assert letter.count("Yes.") + letter.count("You are right.") == 2
    findings = select(IssueRow.finding).where(IssueRow.complaint_key == walk.key)
    assert None not in walk.ask(lambda s: s.scalars(findings).all())


def test_what_was_drafted_is_kept_when_a_new_issue_comes_in(walk):
    add(drafted(walk.take("2026-06-01 10:00")))
    walk.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")
    assert walk.open == ["Plan the investigation"]
    assert NEW in [one.text for one in walk.notices("More facts needed")][0]
    assert "decision" not in [row.template for row in walk.letters]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_quick_settlement_settles_every_issue_or_is_not_one_yet(walk, when):
    walk.take("2026-06-01 10:00").screen().assess(severity="low", complexity="low", quickAnswer=True)
    if when == "before":
        add(walk).settle()
    else:
        walk.do(
            "Settle it with the complainant",
            earlyResult="settled",
            earlyOutcome="upheld",
            remedyKind="refund",
            amount=5_000,
            remedyWhat="Refund",
            earlySummary="We pay back.",
        )
        add(walk).do("Approve the quick solution", approval="approved")
        assert "early-resolution" not in [row.template for row in walk.letters]
        walk.settle()
    outcomes = select(IssueRow.outcome).where(IssueRow.complaint_key == walk.key)
    assert walk.ask(lambda s: list(s.scalars(outcomes))) == ["upheld", "upheld"]
    assert walk.letter("early-resolution")


def responded(walk):
    return walk.through(remedy="words")


def rejected(walk):
    return responded(walk).answer("rejects")


def correcting(walk):
    return walk.through().answer("accepts")


def withdrawn(walk):
    return walk.tell("complainant-withdraws")


@pytest.mark.parametrize("stage", [responded, rejected, correcting, withdrawn])
def test_after_the_answer_a_new_issue_is_a_matter_of_its_own(walk, stage):
    stage(walk.take("2026-06-01 10:00"))
    before = register(walk)
    add(walk)
    assert register(walk) == before
    waiting = Query(where=(Condition("name", "eq", "Register the new complaint"),))
    assert len(walk.service.engine.tasks(waiting).items) == 1


def test_what_the_screening_names_does_not_overwrite_what_joined_meanwhile(walk):
    add(walk.take("2026-06-01 10:00"))
    rows = [{"summary": "Charged twice"}, {"summary": "Rude on the phone"}]
    walk.do("Screen the complaint", scopeExit="in_scope", problem="price", issueList=rows)
    assert register(walk) == [(1, "Charged twice"), (2, "Rude on the phone"), (3, NEW)]
