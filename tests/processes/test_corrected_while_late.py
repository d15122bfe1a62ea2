"""A day of receipt, or rules, put right on a complaint that is late already: nobody is asked or told twice of one delay."""

from __future__ import annotations

import pytest

from api.complaints import held_twice
from api.complaints.clock_start import stage_of
from tests.api.deadlines.conftest import at

EXPLAIN, UPDATE, KEEP = "Explain the delay", "Write an update", "Decide how to keep it"


def received(walk, day):
    """Have the complaint received on another day."""
    when = at(f"{day} 10:00")
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=when))
    walk.service.run_due()
    return walk


def put_under(walk, regime, category=None):
    """Put the complaint under other rules, as the page *Clocks* does."""

    def change(desk, complaint):
        held_twice.put_under(walk.service.engine, desk, complaint, regime=regime, category=category)
        stage = stage_of(desk.session, complaint.key)
        return walk.service.case_clocks.start_by_policy(desk, complaint, category=category, stage=stage)

    walk.move(change)
    walk.service.run_due()
    return walk


def late(walk):
    """Received on 1 June 2026, its answer due by 29 June and late since, with news overdue."""
    walk.take("2026-06-01 10:00").screen().later("2026-07-10 10:00")
    assert walk.late == ["final_response", "target", "update"]
    assert [walk.open.count(name) for name in (EXPLAIN, UPDATE)] == [1, 1]
    return walk


def told(walk):
    """What notices of something late there are: subject and who is told."""
    late = [one for one in walk.notices() if "late" in one.subject or "overdue" in one.subject]
    return sorted((one.subject, one.group_name or one.person_name) for one in late)


@pytest.mark.parametrize("day", ["2026-05-29", "2026-06-04"])
def test_another_day_of_receipt_asks_and_tells_nobody_again_of_what_stays_late(walk, day):
    before = told(late(walk))
    assert len(set(before)) == len(before)
    received(walk, day).wait(days=1)
    assert walk.late == ["final_response", "target", "update"]
    assert [walk.open.count(name) for name in (EXPLAIN, UPDATE)] == [1, 1]
    assert told(walk) == before
    walk.do(EXPLAIN, breachReason="capacity", breachText="We had too few people.", newDate="2026-07-20")
    received(walk, "2026-06-02").wait(days=1)
    assert walk.open.count(EXPLAIN) == 0, "explained once"


def test_what_is_not_late_any_more_is_asked_for_when_it_comes_to_be_late_again(walk):
    received(late(walk), "2026-07-09")
    assert [walk.open.count(name) for name in (EXPLAIN, UPDATE)] == [0, 0]
    assert walk.late == []
    walk.later("2026-07-22 10:00")
    assert walk.open.count(UPDATE) == 1
    walk.later("2026-08-10 10:00")
    assert [walk.open.count(name) for name in (EXPLAIN, UPDATE)] == [1, 1]
    received(received(walk, "2026-08-07"), "2026-07-09").wait(hours=1)
    assert [walk.open.count(name) for name in (EXPLAIN, UPDATE)] == [1, 1]


def test_news_that_is_not_due_yet_is_asked_for_once(walk):
    walk.take("2026-06-01 10:00").screen().later("2026-06-12 10:00")
    assert walk.open.count(UPDATE) == 1
    received(walk, "2026-06-09").later("2026-06-24 10:00")
    assert walk.open.count(UPDATE) == 1


def test_a_decision_how_to_keep_the_date_is_asked_for_once(walk):
    walk.take("2026-06-01 10:00").screen().later("2026-06-25 10:00")
    assert walk.open.count(KEEP) == 1
    received(walk, "2026-06-15")
    assert walk.open.count(KEEP) == 0
    walk.later("2026-07-10 10:00")
    assert walk.open.count(KEEP) == 1


@pytest.mark.parametrize(("regime", "category"), [("uae-financial", None), ("australia-telecoms", "urgent")])
def test_other_rules_under_which_it_is_late_too_ask_and_tell_nobody_again(walk, regime, category):
    before = told(late(walk))
    put_under(walk, regime, category)
    assert walk.state("final_response") == "breached"
    assert walk.open.count(EXPLAIN) == 1
    assert told(walk) == before
