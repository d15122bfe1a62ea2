"""What pages say of a clock is what counts: late is what is late, and done is when the letter left."""

from __future__ import annotations

from datetime import date

from api.app import create_app
from api.complaints.clock_start import promised_policy
from api.complaints.progress import promises
from api.complaints.reading import clock_views, next_clocks
from tests.api.web.staff_desk import Desk
from tests.processes.test_corrected_while_late import put_under
from tests.processes.test_reminders_that_wait import PAPER


def views(walk):
    """The clocks as pages show them, by name."""
    now, calendars = walk.clock.now(), walk.service.calendars
    shown = walk.ask(lambda session: clock_views(session, walk.key, calendars=calendars, now=now))
    return {view.name: view for view in shown}


def promised(walk, what):
    """What the complainant's page says of a promise."""
    return next(one for one in promises(views(walk).values()) if one.what.startswith(what))


def first(walk):
    """The name of the clock that the inbox counts down to."""
    now, calendars = walk.clock.now(), walk.service.calendars
    [view] = walk.ask(lambda session: next_clocks(session, [walk.key], calendars=calendars, now=now)).values()
    return view.name


def past_their_day(walk):
    """The part of the page *Deadlines* that lists what is late; empty without it."""
    desk = Desk(create_app(walk.service), walk.service, "max", "manager")
    desk.open("/staff/due")
    assert "Deadlines" in desk.text
    return desk.html.partition("Past their day</h2>")[2].partition("<h2>")[0]


def test_a_day_that_is_only_expected_makes_nobody_late(walk):
    """Nobody has noted when the portal sent it to us: the answer counts from that day, whatever the receipt."""
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-30 10:00")
    view = views(walk)["final_response"]
    assert (view.state, str(view.due_on), view.left) == ("projected", "2026-06-16", "")
    assert promised(walk, "Give you our answer").due_on is None
    assert "Final response" not in past_their_day(walk)


def test_the_inbox_counts_down_to_a_clock_that_counts(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-30 10:00")
    assert first(walk) == "final_response", "there is no other"
    promise = promised_policy("promised_answer", None)
    walk.move(lambda d, c: walk.service.case_clocks.start_until(d, c, promise, due=date(2026, 8, 3)))
    assert first(walk) == "promised_answer"


def test_the_list_of_complaints_names_no_day_of_the_complainant_as_ours(walk):
    walk.take("2026-06-01 10:00").through(remedy="words").wait(hours=1)
    assert walk.running == ["referral_window"]
    desk = Desk(create_app(walk.service), walk.service, "max", "manager")
    desk.open("/staff/complaints")
    assert walk.reference in desk.text
    assert "referral window" not in desk.text.lower()


def test_what_is_over_elsewhere_is_late_on_the_day_itself(walk):
    """The law's day ends in Sydney while it is still that day here."""
    walk.take("2026-06-01 10:00", "australia-financial", sender=PAPER).later("2026-06-02 16:00")
    assert (walk.state("acknowledgement"), walk.due("acknowledgement")) == ("breached", "2026-06-02")
    assert "Acknowledgement" in past_their_day(walk)


def test_what_is_not_over_elsewhere_yet_is_not_late(walk):
    walk.take("2026-06-01 10:00", "us-airlines", sender=PAPER).later("2026-07-02 00:30")
    assert (walk.state("acknowledgement"), walk.due("acknowledgement")) == ("running", "2026-07-01")
    assert "Acknowledgement" not in past_their_day(walk)


def test_what_was_done_before_other_rules_asked_for_it_was_done_then(walk):
    """Nothing asks a bank for a receipt there; the other rules do, by a day on which it had long left."""
    walk.take("2026-07-06 10:00", "us-cfpb").screen().later("2026-07-09 10:00")
    put_under(walk, "generic")
    done = promised(walk, "Confirm that we have")
    assert (done.words, str(done.done_at.date()), str(done.due_on)) == ("Done", "2026-07-06", "2026-07-07")


def clocks_page(walk):
    desk = Desk(create_app(walk.service), walk.service, "max", "manager")
    desk.open(f"/staff/complaints/{walk.key}/clocks")
    return desk


def test_the_page_of_the_clocks_says_that_a_day_is_only_expected_and_which_day_is_missing(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().later("2026-06-09 10:00")
    text = clocks_page(walk).text
    assert "Only expected: nobody has noted the day it was sent to us by the portal." in text
    assert "15 days after 1 Jun 2026 (expected)" in text
    view = views(walk)["final_response"]
    assert (view.used, view.missing, view.at_latest) == (51, "the day it was sent to us by the portal", False)


def test_the_page_of_the_clocks_says_of_the_last_day_it_can_be_that_it_is(walk):
    walk.take("2026-06-01 10:00", "uk-telecoms").screen().later("2026-07-20 10:00")
    text = clocks_page(walk).text
    assert "Due by then at the latest: nobody has noted the day the complainant first told us of it." in text
    assert "Final response" in past_their_day(walk)
    assert promised(walk, "Give you our answer").late


def test_a_day_that_is_known_is_neither_expected_nor_missing(walk):
    walk.take("2026-06-01 10:00", "us-cfpb", sent_to_company_on=date(2026, 6, 1)).screen()
    assert "nobody has noted" not in clocks_page(walk).text
    assert views(walk)["final_response"].missing is None


def test_no_letter_names_a_day_that_may_lie_later(walk):
    walk.take("2026-06-01 10:00", "us-cfpb").screen().assess()
    assert walk.letter("acknowledgement").text.count("16 June 2026") == 0
    assert walk.holes == []
    walk.take("2026-06-01 10:00", "uk-telecoms").screen().assess()
    assert walk.read("acknowledgement", "final_response"), "it has to come by then, if not before"
