"""Who was told a day keeps it: where a clock comes to count to a later one, the day told is a promise (decision 37)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime
from itertools import permutations

import pytest

from api.complaints.intake import PartyDetails
from api.complaints.other_rules import other_rules
from api.complaints.told_days import PUBLIC_FORM
from api.deadlines import calendar_changes
from api.deadlines.calendars import CalendarChange
from engine import feel
from engine.actors import SYSTEM
from engine.zones import day_in_words
from tests.api.deadlines.conftest import at
from tests.processes.office import ROOT
from tests.processes.test_regimes import EVERY, KNOWN, RECEIVED
from tests.processes.walking import ANN

PAPER = PartyDetails("Bob Other", address="1 High Street")
FORM = json.loads((ROOT / "forms" / "assess.form").read_text())
[CATEGORY] = [one for one in FORM["components"] if one.get("key") == "category"]
BEHIND = {"breachReason": "capacity", "breachText": "We are few."}


def rules(walk, regime, category=None, stage="one"):
    """Put the complaint under other rules, as the page *Clocks* and ``/api`` do."""
    walk.move(other_rules(walk.service, regime=regime, category=category, stage=stage))
    walk.service.run_due()
    return walk


def received(walk, when):
    """Correct the day of receipt."""
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=at(when)))
    walk.service.run_due()
    return walk


def closed(walk, calendar, *days):
    """Add closures to a calendar and apply them."""
    before = walk.service.calendars.get(calendar)
    asked = CalendarChange(closures={date.fromisoformat(day): "Closed" for day in days})
    after = asked.on(before, version=before.version + 1)
    calendar_changes.change(walk.service, after, asked, reason="Works outing", by=SYSTEM)
    walk.service.run_due()
    return walk


def promised(walk):
    """The day of the open promise of an answer, None where there is none."""
    return walk.due("promised_answer") if "promised_answer" in walk.running else None


@pytest.mark.parametrize(
    ("category", "due"), [("superannuation", "2027-01-07"), ("death_benefit", "2027-02-21")]
)
def test_a_category_with_more_time_leaves_the_day_that_was_told(walk, category, due):
    walk.take("2026-11-23 10:00", "australia-financial").wait(hours=1)
    assert "You have our answer by 23 December 2026." in walk.letter("acknowledgement").text
    walk.screen().assess(category=category)
    assert (walk.due("final_response"), promised(walk)) == (due, "2026-12-23")
    assert any("23 December 2026" in line for line in walk.events("told-day"))

    walk.later("2026-12-23 18:00")
    assert walk.notices("Promised answer: 80% of the time is used")
    assert "Explain the delay" not in walk.open
    walk.later("2026-12-24 12:00")
    assert walk.open.count("Explain the delay") == 1
    assert (walk.state("promised_answer"), walk.state("final_response")) == ("breached", "running")
    assert walk.notices("Final answer overdue")[0].text.endswith("did not come by the day we promised.")

    walk.do("Explain the delay", **BEHIND, newDate="2027-01-05")
    assert promised(walk) == "2027-01-05"
    assert "5 January 2027" in walk.letter("delay").text


def test_other_rules_with_more_time_leave_the_day_that_was_told_and_later_letters_name_it(walk):
    walk.take("2026-11-23 10:00", category="price").screen()
    rules(walk, "uk-financial")
    assert (walk.due("final_response"), promised(walk)) == ("2027-01-18", "2026-12-21")
    walk.later("2026-12-07 09:00").do("Write an update", updateChoice="letter", updateText="We look on.")
    walk.wait(hours=1)
    assert "by 21 December 2026" in walk.letter("update").text
    assert promised(walk) == "2026-12-21"
    walk.on().wait(hours=1)
    assert (walk.state("promised_answer"), walk.state("final_response")) == ("met", "met")
    assert walk.late == []


def test_no_letter_names_a_later_day_while_the_one_told_is_over_and_not_explained(walk):
    rules(walk.take("2026-11-23 10:00").screen(), "uk-financial").later("2026-12-22 12:00")
    while "Write an update" in walk.open:
        walk.do("Write an update", updateChoice="letter", updateText="We look on.")
    walk.wait(hours=1)
    assert "We expect to give you our answer" not in walk.letter("update").text
    assert walk.open.count("Explain the delay") == 1


def test_a_corrected_receipt_leaves_the_day_that_was_told(walk):
    walk.take("2026-11-20 10:00", recorded="2026-11-24 10:00").wait(hours=1).screen()
    told = walk.due("final_response")
    received(walk, "2026-11-24 10:00")
    assert walk.due("final_response") > told
    assert promised(walk) == told
    received(walk, "2026-11-20 10:00")
    assert (walk.due("final_response"), promised(walk)) == (told, None)
    received(walk, "2026-11-24 10:00")
    assert promised(walk) == told, "told by a letter, whatever counted meanwhile"


def test_a_closure_leaves_the_days_that_were_told(walk):
    walk.take("2026-11-23 10:00").wait(hours=1).screen()
    told, news = walk.due("final_response"), walk.due("update")
    closed(walk, "uk-england", "2026-12-01", "2026-12-02")
    assert walk.due("final_response") > told == promised(walk)
    assert walk.due("update") == news


def test_a_preview_shows_what_a_closure_moves_and_not_news_whose_day_was_told(walk):
    walk.take("2026-11-23 10:00").wait(hours=1)
    before = walk.service.calendars.get("uk-england")
    asked = CalendarChange(closures={date(2026, 12, 1): "Closed"})
    preview = calendar_changes.preview(walk.service, asked.on(before, version=before.version + 1))
    assert [line.name for line in preview.clocks] == ["Internal target", "Final response"]


def test_less_time_needs_no_promise_and_ends_one(walk):
    walk.take("2026-11-23 10:00", "uk-financial").wait(hours=1)
    rules(walk, "generic")
    assert (walk.due("final_response"), promised(walk)) == ("2026-12-21", None)
    rules(walk, "gb-energy")
    assert (walk.due("final_response"), promised(walk)) == ("2027-01-18", None)


@pytest.mark.parametrize("channel", ["post", "phone"])
def test_where_nobody_was_told_a_day_none_is_promised(walk, channel):
    walk.take("2026-11-23 10:00", sender=PAPER, channel=channel)
    rules(walk, "uk-financial")
    assert (walk.due("final_response"), promised(walk)) == ("2027-01-18", None)


def test_nobody_to_write_to_is_promised_nothing(walk):
    rules(walk.take("2026-11-23 10:00", sender=None), "uk-financial")
    assert (walk.due("final_response"), promised(walk)) == ("2027-01-18", None)


def test_a_day_in_a_letter_that_waits_counts_when_it_leaves(walk):
    walk.take("2026-11-23 10:00", sender=PAPER)
    assert "21 December 2026" in walk.letter("acknowledgement").text
    rules(walk, "uk-financial")
    assert promised(walk) is None
    walk.wait(days=1).post("acknowledgement")
    assert (walk.due("final_response"), promised(walk)) == ("2027-01-18", "2026-12-21")


def test_the_receipt_page_tells_the_day_before_any_letter_has_left(walk):
    paper = replace(ANN, address="1 High Street", preferred_channel="post")
    walk.take("2026-11-23 10:00", sender=paper, source=PUBLIC_FORM, source_key="1")
    assert walk.letter("acknowledgement").dispatched_at is None
    rules(walk, "uk-financial")
    assert promised(walk) == "2026-12-21"


def test_an_answer_whose_day_is_over_is_promised_no_more(walk):
    walk.take("2026-11-23 10:00").screen().later("2026-12-28 10:00")
    assert walk.state("final_response") == "breached"
    rules(walk, "uk-financial")
    assert promised(walk) is None


def test_who_was_answered_or_turned_away_is_promised_nothing(walk):
    walk.take("2026-11-23 10:00").wait(hours=1).screen("restricted_contact")
    rules(walk, "uk-financial")
    assert promised(walk) is None


def test_an_extension_that_was_told_takes_the_place_of_the_day_told_before(walk):
    walk.take("2026-11-23 10:00", "scottish-public-bodies").wait(hours=1).screen()
    rules(walk, "generic")
    told = promised(walk)
    assert told < walk.due("final_response")
    walk.later(f"{told} 10:00")
    notice(walk)
    assert promised(walk) is None
    assert day_in_words(walk.clock_named("final_response").due_on) in walk.letter("holding-notice").text
    assert "Explain the delay" not in walk.later(f"{walk.due('final_response')} 12:00").open


def notice(walk):
    """Send a holding notice, as the page does, and let it leave."""
    from api.complaints import extensions, letter_desk

    def change(desk, complaint):
        letter_desk.write_now(walk.service, desk, complaint, "holding-notice", reason="We wait.")
        desk.session.flush()
        tools = walk.service.case_clocks, walk.service.letters, desk, complaint
        return extensions.ask(*tools, "final_response", letter="holding-notice", category="")

    walk.move(change, reason="We wait.").wait(hours=1)


def test_a_day_agreed_with_the_complainant_takes_the_place_of_the_day_told(walk):
    rules(walk.take("2026-11-23 10:00").wait(hours=1).screen(), "nhs-england")
    agreed = {"agreed": date(2027, 2, 10)}
    walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, days=agreed))
    assert (walk.due("final_response"), promised(walk)) == ("2027-02-10", None)


def test_news_keep_the_day_that_was_told_and_count_by_the_new_rules_from_then_on(walk):
    walk.take("2026-11-23 10:00").wait(hours=1).screen()
    assert "You hear from us by 7 December 2026" in walk.letter("acknowledgement").text
    rules(walk, "uk-financial")
    assert walk.due("update") == "2026-12-07"
    walk.later("2026-12-07 09:00").do("Write an update", updateChoice="letter", updateText="We look on.")
    walk.wait(hours=1)
    assert walk.state("update") == "running"
    assert walk.clock_named("update").saved["policy"]["id"] == "uk-financial-update"


def test_news_that_were_told_come_also_where_the_new_rules_ask_for_none(walk):
    walk.take("2026-11-23 10:00").wait(hours=1).screen()
    rules(walk, "australia-financial")
    assert walk.due("update") == "2026-12-07"
    walk.later("2026-12-07 09:00").do("Write an update", updateChoice="letter", updateText="We look on.")
    walk.wait(hours=1)
    assert "update" not in walk.running


def test_the_complainant_reads_the_nearer_day_alone(walk):
    from api.complaints.progress import promises
    from api.complaints.reading import clock_views

    rules(walk.take("2026-11-23 10:00").wait(hours=1).screen(), "uk-financial")

    def read(session):
        views = clock_views(session, walk.key, calendars=walk.service.calendars, now=walk.clock.now())
        return [(one.what, str(one.due_on)) for one in promises(views) if one.what.startswith("Give")]

    assert walk.ask(read) == [("Give you our answer, as we promised", "2026-12-21")]


@EVERY
def test_no_category_of_any_regime_passes_the_day_that_was_told_in_silence(walk, regime):
    """Each category that the assessment may give, from each; the complainant was told their day by a letter that has left."""
    offered = feel.compile(CATEGORY["valuesExpression"][1:])
    options = offered.evaluate({"regime": regime}, moment=walk.service.moment()).value
    silent = []
    for first, category in permutations([None, *(str(one["value"]) for one in options)], 2):
        walk.take(RECEIVED, regime, first, **KNOWN).wait(minutes=1)
        told = re.search(r"You have our answer by (\d+ \w+ \d{4})", walk.letter("acknowledgement").text)
        walk.screen().assess(category=category or "general")
        if told and walk.state("final_response") in ("running", "projected"):
            kept = min(day for day in (walk.due("final_response"), promised(walk)) if day is not None)
            if date.fromisoformat(kept) > datetime.strptime(told[1], "%d %B %Y").date():
                silent.append((first, category, told[1], kept))
    assert silent == []
