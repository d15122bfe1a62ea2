"""A complaint's way where it leaves the middle of the road: recorded late, other rules, turned away, withdrawn, gone outside."""

from __future__ import annotations

import pytest

from tests.api.deadlines.conftest import at

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
