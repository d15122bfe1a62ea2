"""A new day for our answer is promised by the letter that tells it: from the moment that has left, and not before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.actors import SYSTEM
from tests.processes.test_clocks_of_what_happened import FOUND
from tests.processes.test_days_that_were_told import promised, received, rules
from tests.processes.test_letters_for_several import NO_WAY, REACHED, find
from tests.processes.test_told_reasons import BEHIND, NOTICE, PAPER, noticed, shown
from tests.processes.walking import ANN

EXPLAIN = "Explain the delay"
PHONE = replace(ANN, email=None, phone="020 7946 0000", preferred_channel="phone")
WITHOUT_EXTENSION = pytest.mark.parametrize("regime", ["uk-financial", "canada-banks"])


def waits(walk, **more):
    """Nothing but the limit counts: the notice that names 19 March lies in the post room."""
    noticed(walk, sender=PAPER, **more)
    assert walk.letter("holding-notice").dispatched_at is None
    return walk


def carried(walk, template, **how):
    """Finish the task to post the last letter of this name, or to tell it by phone."""
    key = str(walk.letter(template).key)
    task = next(
        each
        for each in walk.aside()
        if walk.service.engine.values(each.process_instance_key).get("letterKey") == key
    )
    walk.service.engine.complete_task(task.user_task_key, how, by=SYSTEM)
    walk.service.run_due()
    return walk


@WITHOUT_EXTENSION
def test_a_notice_that_waits_promises_nothing_yet(walk, regime):
    waits(walk, regime=regime, on="2027-01-08 10:00")
    limit = walk.due("final_response")
    assert (promised(walk), shown(walk)) == (None, [limit])
    walk.later("2027-01-25 10:00")
    assert walk.state("final_response") == "breached"
    assert walk.open.count(EXPLAIN) == 1
    walk.post("holding-notice")
    assert (promised(walk), shown(walk)) == ("2027-03-19", [limit, "2027-03-19"])
    assert EXPLAIN not in walk.open, "the notice gave reasons and a new day"
    walk.later("2027-03-22 10:00")
    assert walk.open.count(EXPLAIN) == 1
    assert walk.troubles == []


def test_a_notice_posted_in_time_promises_from_then_on(walk):
    waits(walk).later("2027-01-13 10:00").post("holding-notice")
    assert (promised(walk), shown(walk)) == ("2027-03-19", ["2027-03-19"])
    walk.later("2027-01-20 10:00")
    assert walk.state("final_response") == "breached"
    assert EXPLAIN not in walk.open


def test_a_letter_written_while_the_notice_waits_names_neither_day(walk):
    waits(walk).later("2027-01-13 10:00")
    while "Write an update" in walk.open:
        walk.do("Write an update", updateChoice="letter", updateText="We look on.")
    assert "We expect to give you our answer" not in walk.letter("update").text
    assert promised(walk) is None


def test_a_notice_that_reached_nobody_explains_nothing(walk):
    noticed(walk, sender=PHONE)
    assert walk.letter("holding-notice").channel == "phone"
    carried(walk, "holding-notice", **NO_WAY)
    assert promised(walk) is None
    walk.later("2027-01-20 10:00")
    assert walk.open.count(EXPLAIN) == 1


@pytest.mark.parametrize(
    ("regime", "on", "until", "moves"),
    [
        ("uk-financial", "2027-01-11 10:00", "2027-03-19", "promised_answer"),
        ("generic", "2026-12-17 10:00", "2027-01-06", "final_response"),
    ],
)
def test_what_a_notice_begins_waits_with_it_until_somebody_is_found(walk, regime, on, until, moves):
    noticed(walk, regime, on, until, sender=PHONE)
    limit = walk.due("final_response")
    carried(walk, "holding-notice", **NO_WAY)
    assert (walk.due("final_response"), promised(walk)) == (limit, None)
    find(walk, "complainant", **FOUND).wait(hours=1)
    assert walk.letter("holding-notice").dispatched_at is not None
    assert walk.due(moves) > limit
    assert walk.read("holding-notice", moves)


def test_a_notice_that_goes_another_way_promises_as_that_copy_leaves(walk):
    noticed(walk, sender=replace(PHONE, address="1 High Street"))
    assert walk.letter("holding-notice").channel == "post"
    carried(walk, "holding-notice", **NO_WAY)
    assert (walk.letter("holding-notice").channel, promised(walk)) == ("phone", None)
    carried(walk, "holding-notice", **REACHED)
    assert promised(walk) == "2027-03-19"


def explained(walk):
    """A delay after the limit of 18 January that is explained by a letter which waits."""
    walk.take("2026-11-23 10:00", "uk-financial", sender=PAPER).wait(hours=1).screen().assess()
    walk.later("2027-01-20 10:00").do(EXPLAIN, **BEHIND, newDate="2027-02-10")
    assert walk.letter("delay").dispatched_at is None
    return walk


def test_an_explanation_promises_as_it_leaves_and_is_not_asked_for_twice(walk):
    explained(walk)
    assert (promised(walk), EXPLAIN in walk.open) == (None, False)
    walk.later("2027-01-26 10:00")
    assert EXPLAIN not in walk.open
    walk.post("delay")
    assert (promised(walk), EXPLAIN in walk.open) == ("2027-02-10", False)
    walk.later("2027-02-12 10:00")
    assert walk.open.count(EXPLAIN) == 1


def test_a_receipt_corrected_while_the_explanation_waits_asks_for_no_second(walk):
    received(explained(walk), "2026-11-20 10:00").wait(minutes=5)
    assert (walk.state("final_response"), EXPLAIN in walk.open) == ("breached", False)


def test_a_promise_made_before_stands_until_the_letter_with_the_next_has_left(walk):
    explained(walk).post("delay").later("2027-02-12 10:00")
    walk.do(EXPLAIN, **BEHIND, newDate="2027-03-05")
    assert shown(walk) == ["2027-01-18", "2027-02-10"]
    assert EXPLAIN not in walk.open
    walk.post("delay")
    assert shown(walk) == ["2027-01-18", "2027-02-10", "2027-03-05"]
    assert EXPLAIN not in walk.open


def test_a_notice_that_nobody_needs_any_more_stays_here_and_promises_nothing(walk):
    waits(walk).investigate().decide()
    assert walk.letter("holding-notice").replaced_at is not None
    assert promised(walk) is None


@pytest.mark.parametrize(
    ("regime", "on", "until", "moves"),
    [
        ("uk-financial", "2027-01-11 10:00", "2027-03-19", "promised_answer"),
        ("generic", "2026-12-17 10:00", "2027-01-06", "final_response"),
    ],
)
def test_a_notice_kept_from_the_first_begins_nothing_before_it_leaves(walk, regime, on, until, moves):
    walk.take("2026-11-23 10:00", regime, sender=PHONE).wait(hours=1)
    carried(walk, "acknowledgement", **NO_WAY).screen().assess().later(on)
    limit = walk.due("final_response")
    walk.do("Decide how to keep it", **NOTICE, newDate=until)
    assert "holding-notice" not in [row.template for row in walk.letters]
    assert (walk.due("final_response"), promised(walk), shown(walk)) == (limit, None, [limit])
    find(walk, "complainant", **FOUND).wait(hours=1)
    assert walk.letter("holding-notice").dispatched_at is not None
    assert walk.due(moves) > limit
    assert walk.read("holding-notice", moves)
    assert walk.troubles == []


def test_an_explanation_kept_from_the_first_promises_nothing_and_is_not_asked_for_twice(walk):
    walk.take("2026-11-23 10:00", "uk-financial", sender=PHONE).wait(hours=1)
    carried(walk, "acknowledgement", **NO_WAY).screen().assess().later("2027-01-20 10:00")
    walk.do(EXPLAIN, **BEHIND, newDate="2027-02-10").wait(days=1)
    assert (promised(walk), EXPLAIN in walk.open) == (None, False)
    find(walk, "complainant", **FOUND).wait(hours=1)
    assert (promised(walk), EXPLAIN in walk.open) == ("2027-02-10", False)
    assert walk.troubles == []


@pytest.mark.parametrize("newer", ["2027-02-26", "2027-04-16"])
def test_a_notice_posted_after_a_newer_letter_puts_no_older_day_in_force(walk, newer):
    waits(walk, on="2027-01-08 10:00").later("2027-01-20 10:00").do(EXPLAIN, **BEHIND, newDate=newer)
    walk.post("delay")
    assert promised(walk) == newer
    walk.wait(days=1).post("holding-notice")
    assert walk.letter("holding-notice").dispatched_at is not None
    assert promised(walk) == newer


def test_nor_does_it_once_other_rules_give_the_answer_more_time(walk):
    waits(walk, regime="australia-financial", on="2026-12-18 10:00", until="2027-01-20")
    walk.later("2026-12-29 10:00").do(EXPLAIN, **BEHIND, newDate="2027-02-05").post("delay")
    walk.wait(days=1).post("holding-notice")
    assert promised(walk) == "2027-02-05"
    rules(walk, "australia-financial", "death_benefit")
    assert walk.due("final_response") > "2027-02-05"
    assert promised(walk) == "2027-02-05"


def test_an_older_notice_posted_first_promises_until_the_newer_letter_has_left(walk):
    waits(walk, on="2027-01-08 10:00").later("2027-01-20 10:00").do(EXPLAIN, **BEHIND, newDate="2027-04-16")
    walk.post("holding-notice")
    assert promised(walk) == "2027-03-19"
    walk.post("delay")
    assert promised(walk) == "2027-04-16"
