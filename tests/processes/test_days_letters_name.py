"""A day that a letter names is the day that counts: what waits for the addressee ends with it, however late the letter left."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest

from api.complaints.from_complainant import ANSWERS, RATES, open_to
from api.complaints.intake import PartyDetails
from tests.api.deadlines.conftest import at
from tests.processes.office import ROOT
from tests.processes.test_reminders_that_wait import NO_WAY, PAPER, PHONE, REACHED, task_of

LETTERS = ROOT / "processes" / "letters"
AGENT = PartyDetails("Lettings Ltd", address="2 High Street", preferred_channel="post")
ASK = {"askComplainant": True, "questionToComplainant": "Which day was it?"}
DAY = re.compile(r"\bby (\d+ \w+ \d{4})")
TURNED_AWAY = ("restricted_contact", "external_dispute")


def named(row):
    """The first day that a letter names."""
    return datetime.strptime(DAY.search(row.text)[1], "%d %B %Y").date()


def after(day):
    """The day after."""
    return day + timedelta(days=1)


def received(walk, sender=PAPER, **more):
    """Received on Monday 1 June 2026; the receipt has left."""
    walk.take("2026-06-01 10:00", sender=sender, **more).wait(hours=1)
    return walk.beside(task_of(sender), **REACHED)


def turned_away(walk, exit, sender=PAPER):
    """Turned away, and the letter that says so."""
    received(walk, sender).screen(exit)
    return walk.letters[-1].template


@pytest.mark.parametrize("sender", [PAPER, PHONE])
@pytest.mark.parametrize("exit", TURNED_AWAY)
def test_the_time_to_appeal_ends_on_the_day_named_by_the_letter_that_left(walk, exit, sender):
    template = turned_away(walk, exit, sender)
    assert named(walk.letter(template)) == date(2026, 6, 30), "posted by 2 June, and twenty working days"
    walk.later("2026-07-10 10:00").beside(task_of(sender), **REACHED)
    assert walk.letter(template).dispatched_at is None, "written anew: it was to leave by 2 June"
    walk.beside(task_of(sender), **REACHED)
    last = named(walk.letter(template))
    assert last == date(2026, 8, 10)
    walk.later(f"{last} 23:58")
    assert walk.complaint().closed_at is None
    walk.answer("rejects")
    assert walk.open == ["Decide the appeal"]


def test_a_letter_that_nobody_posts_turns_nobody_away_for_good(walk):
    template = turned_away(walk, "restricted_contact")
    walk.later("2026-09-30 10:00")
    assert (walk.complaint().closed_at, walk.troubles) == (None, [])
    walk.beside("Post the letter", **REACHED).beside("Post the letter", **REACHED)
    walk.later(f"{after(named(walk.letter(template)))} 00:05")
    assert walk.complaint().closed_at is not None


def test_a_mailed_letter_gives_the_time_to_appeal_that_it_names(walk):
    walk.take("2026-06-01 10:00").screen("restricted_contact")
    last = named(walk.letter("not-accepted-restricted-contact"))
    walk.later(f"{last} 23:58")
    assert walk.complaint().closed_at is None
    walk.later(f"{after(last)} 00:05")
    assert walk.complaint().closed_at is not None


def test_a_letter_for_which_nobody_finds_a_way_ends_the_wait(walk):
    turned_away(walk, "restricted_contact")
    walk.beside("Post the letter", **NO_WAY).beside("Find a way to reach them", wayFound="no")
    walk.later("2026-09-30 10:00")
    assert walk.complaint().closed_at is not None


def asked_for_proof(walk, agent=AGENT):
    """Somebody complains for Ann, and proof of their authority is asked for on paper."""
    walk.take("2026-06-01 10:00", sender=PartyDetails("Ann Other"), representative=agent).wait(hours=1)
    while walk.aside("Post the letter"):
        walk.beside("Post the letter", **REACHED)
    return walk.do("Check the authority", authority="requested")


def test_the_time_for_a_proof_ends_on_the_day_named_by_the_letter_that_left(walk):
    asked_for_proof(walk)
    assert named(walk.letter("authority-request")) == date(2026, 6, 16)
    walk.later("2026-06-12 10:00").beside("Post the letter", **REACHED).beside("Post the letter", **REACHED)
    last = named(walk.letter("authority-request"))
    assert last == date(2026, 6, 29)
    walk.later(f"{last} 23:58")
    assert "Look at the proof" in walk.open
    assert walk.due_of("Look at the proof") == at(f"{after(last)} 00:00")
    walk.later(f"{after(last)} 00:05")
    assert "Look at the proof" not in walk.open
    assert walk.troubles == []


def test_nobody_decides_about_a_proof_that_nobody_was_asked_for(walk):
    asked_for_proof(walk).later("2026-08-03 10:00")
    assert "Look at the proof" in walk.open


def test_a_mailed_request_for_proof_ends_on_its_day(walk):
    asked_for_proof(walk, PartyDetails("Lettings Ltd", "agent@example.org"))
    last = named(walk.letter("authority-request"))
    walk.later(f"{last} 23:58")
    assert "Look at the proof" in walk.open
    walk.later(f"{after(last)} 00:05")
    assert "Look at the proof" not in walk.open


def test_the_time_to_answer_our_question_ends_on_the_day_named_by_the_letter_that_left(walk):
    received(walk).screen().assess()
    walk.do("Plan the investigation", questions="What happened?", **ASK)
    assert named(walk.letter("request-information")) == date(2026, 6, 16)
    walk.later("2026-06-12 10:00").beside("Post the letter", **REACHED).beside("Post the letter", **REACHED)
    last = named(walk.letter("request-information"))
    assert last == date(2026, 6, 29)
    walk.later(f"{last} 23:58")
    assert walk.state("target") == "paused"
    walk.later(f"{after(last)} 00:05")
    assert walk.state("target") != "paused"
    assert walk.troubles == []


def over(walk, message, last):
    """Tell whether the complainant can send ``message`` to the last minute of the day ``last``, and no more the next day."""
    walk.later(f"{last} 23:58")
    to_the_end = message in open_to(walk.service, walk.key)
    walk.later(f"{after(last)} 00:05")
    return to_the_end and message not in open_to(walk.service, walk.key)


def days_after(walk, day, n):
    """The n-th working day after ``day``."""
    return walk.service.calendars.get(None).add_working_days(day, n)


def test_a_survey_can_be_answered_to_the_end_of_its_last_day(walk):
    walk.take("2026-06-01 10:00").through(remedy="words").answer("accepts").close()
    assert over(walk, RATES, days_after(walk, date(2026, 6, 1), 20))


def test_an_appeal_after_the_closing_is_taken_to_the_end_of_the_last_day(walk):
    walk.take("2026-06-01 10:00").screen("restricted_contact")
    last = named(walk.letter("not-accepted-restricted-contact"))
    walk.later(f"{after(last)} 00:05")
    assert walk.ended
    assert over(walk, ANSWERS, days_after(walk, after(last), 250))


def test_no_shipped_letter_counts_from_the_day_it_was_written():
    bodies = {
        path.name: path.read_text(encoding="utf-8").split("---\n", 2)[2] for path in LETTERS.glob("*.md")
    }
    assert bodies
    assert [name for name, body in bodies.items() if re.search(r"add\w*Days\(\s*today\(\)", body)] == []
