"""The public page says what the clocks keep: every period read from its words, counted by hand, and compared with the clock."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import escape

import pytest
from sqlalchemy import select

from api.app import create_app
from api.complaints import letter_desk
from api.complaints.intake import PartyDetails
from api.complaints.tables import PartyRow
from api.web.public.promises import DAYS
from engine import dmn
from engine.actors import SYSTEM
from engine.deadlines.state import ClockState
from engine.durations import add_months
from engine.zones import local_date
from tests.api.web.visitor import Visitor
from tests.processes.office import ROOT
from tests.processes.test_regimes import EVERY, ON, RECEIVED, SOME, policies

RAISED, SENT, AGREED = ON - timedelta(days=5), ON - timedelta(days=4), ON + timedelta(days=29)
ON_PAPER = PartyDetails("Ann Other", "ann@example.org", None, "1 High Street", preferred_channel="post")
LENGTH = r"(\d+) (working day|day|week|month|hour)s?"
PERIOD = re.compile(
    rf"(?:(?:within|at least every) {LENGTH}(?: or {LENGTH}, whichever is (sooner|later))?(?: of )?|(?:by|on) )"
    r"(the day \w+ \w+ \w+(?: \w+)*|our confirmation, or of the last day for it if that is sooner|our answer)?"
    r"(?: ?\(([^)]*)\))?"
)
PLACES = {  # where the page speaks of a clock: the words before its period, the words after
    ("one", "acknowledgement"): ("We confirm that we have it ", " you get a reference"),
    ("one", "early_resolution"): ("What can be settled quickly, we settle ", ". We find out"),
    ("one", "update"): ("You hear how far we are ", " . You can see"),
    ("one", "final_response"): ("You have our answer ", ": what we found"),
    ("one", "referral_window"): ("free of charge for you, ", ". You may also go there"),
    ("two", "acknowledgement"): ("If you do not, we confirm ", " that we look at it again"),
    ("two", "final_response"): ("the first answer reviews it ", ". "),
}


def rows_of_the_table():
    """Every row of the deadline table: its regimes and categories, its clock and its anchor."""
    model = dmn.read((ROOT / "processes" / "deadlines.dmn").read_bytes(), name="deadlines.dmn")
    [table] = [decision.expression for decision in model.decisions.values()]
    at = {output.name: place for place, output in enumerate(table.outputs)}
    for rule in table.rules:
        regimes, categories, *_ = (re.findall(r'"([^"]+)"', condition.text) for condition in rule.conditions)
        clock, anchor = (
            rule.results[at[name]].text.strip('"').replace(" ", "_") for name in ("clock", "anchor")
        )
        yield regimes, categories, clock, anchor


def page(walk, regime):
    """The words of the front page for a house of this regime."""
    ours = replace(walk.service, organisation=replace(walk.service.organisation, regime=regime))
    visitor = Visitor(create_app(ours), walk.clock)
    assert visitor.open("/").status_code == 200
    return re.sub(r"\s+([.,;:)])", r"\1", visitor.text)


def promised(text, stage):
    """The period the page gives each clock of a stage, in its words."""
    found = {}
    for (its, clock), (before, after) in PLACES.items():
        here = re.search(re.escape(before) + r"(.*?)" + re.escape(after.replace(" .", ".")), text)
        if its == stage and here and re.match(r"(?i)(within|at least every|by|on) ", here[1]):
            found[clock] = here[1][0].lower() + here[1][1:]
    return found


def counted(words, known, calendar):
    """The last day of a period, counted by hand from its ``words``; ``known`` has the days by the page's name for them."""
    read = PERIOD.match(words)
    assert read, words
    number, unit, other, other_unit, which, event, aside = read.groups()
    start = known[event or "receipt"]
    days = [span(start, int(n), u, calendar) for n, u in ((number, unit), (other, other_unit)) if n]
    last = (min if which == "sooner" else max)(days) if days else start
    if "next working day" in (aside or ""):
        last = next(d for d in (last + timedelta(n) for n in range(9)) if calendar.is_working_day(d))
    return last, "closing time" in (aside or "")


def span(start, number, unit, calendar):
    if unit == "working day":
        day = start
        while number:
            day += timedelta(days=1)
            number -= calendar.is_working_day(day)
        return day
    if unit == "month":
        return add_months(start, number)
    return start + {"day": timedelta(1), "week": timedelta(7), "hour": timedelta(hours=1)}[unit] * number


def keeps(walk, text, stage, known, clocks, said=None):
    """Compare what the page promises of these clocks with what runs."""
    said = promised(text, stage) if said is None else said
    for clock in clocks:
        state = ClockState.from_json(walk.clock_named(clock).saved)
        calendar = walk.service.calendars.get_version(state.calendar_id, state.calendar_version)
        last, closing = counted(said[clock], known, calendar)
        assert (clock, last) == (clock, state.due_on), said[clock]
        midnight = local_date(state.bound_at, calendar.zone) > state.due_on
        assert closing == (not midnight) or "hour" in said[clock], said[clock]


def take(walk, regime, *, confirmed, **more):
    """A complaint on paper, acknowledged so many days after its receipt; the days as the page calls them."""
    days = {"first_raised_on": RAISED, "sent_to_company_on": SENT}
    walk.take(RECEIVED, regime, sender=ON_PAPER, **days, **more)
    if "plan_agreed" in walk.running:
        walk.move(lambda d, c: walk.service.case_clocks.days_corrected(d, c, days={"agreed": AGREED}))
    known = {
        "receipt": ON,
        "the day you first told us of the problem": RAISED,
        "the day your complaint was sent to us": SENT,
        "the day we agree with you": AGREED,
    }
    return known | confirm(walk, known, confirmed, "acknowledgement", ON)


def confirm(walk, known, after, letter, since):
    """Post the letter that confirms, so many days after it was written; or never, when nobody owes one.

    What counts from the confirmation counts from the day of its letter, however long that lies in the post room.
    """
    if "acknowledgement" not in walk.running:
        return {}
    limit = walk.clock_named("acknowledgement").due_on
    walk.wait(days=after)
    letter_desk.mark_posted(walk.service, walk.key, walk.letter(letter).key, by=SYSTEM)
    walk.service.run_due()
    assert since <= limit
    return {"our confirmation, or of the last day for it if that is sooner": since}


def stage_one(walk, regime, confirmed):
    """Take a complaint, and compare every period of its first stage but the time to go outside."""
    known = take(walk, regime, confirmed=confirmed)
    rows = policies(walk, regime, "one")
    shown = {clock for stage, clock in PLACES if stage == "one"} & set(rows) - {"referral_window"}
    text = page(walk, regime)
    assert set(promised(text, "one")) - {"referral_window"} == shown
    keeps(walk, text, "one", known, shown)
    return known


@EVERY
def test_every_period_of_the_page_is_that_of_the_clock(walk, regime):
    stage_one(walk, regime, confirmed=2)


FROM_CONFIRMATION = sorted(
    {r for found, _, _, anchor in rows_of_the_table() for r in found if anchor == "acknowledged"}
)


@pytest.mark.parametrize("regime", FROM_CONFIRMATION)
def test_what_counts_from_a_confirmation_counts_from_its_letter_however_late_that_is_posted(walk, regime):
    stage_one(walk, regime, confirmed=10)


@SOME
def test_the_page_says_how_long_a_review_and_the_way_outside_are_open(walk, regime):
    known = take(walk, regime, confirmed=1)
    answered = letters_by_mail(walk).screen().assess().investigate().decide().clock.now().date()
    rows, text = policies(walk, regime, "two"), page(walk, regime)
    if "referral_window" in policies(walk, regime, "one"):
        keeps(walk, text, "one", known | {"our answer": answered}, ["referral_window"])
    offered = {"acknowledgement", "final_response"} & set(rows)
    assert set(promised(text, "two")) == offered
    if not offered:
        return
    no = walk.wait(days=3).answer("rejects").clock.now().date()
    walk.wait(days=2).choose("stage_two")
    confirmed = walk.clock.now().date()
    known |= {
        "the day you tell us so": no,
        "our confirmation, or of the last day for it if that is sooner": confirmed,
    }
    keeps(walk, text, "two", known, offered)


def letters_by_mail(walk):
    """From now on letters leave at once."""

    def work(session):
        session.scalar(select(PartyRow).where(PartyRow.complaint_key == walk.key)).preferred_channel = None

    walk.service.engine.write(work)
    return walk


SAID = {"final_response": "you have our answer ", "acknowledgement": "we confirm that we have it "}
OWN = sorted(
    (regime, category, clock)
    for found, categories, clock, _ in rows_of_the_table()
    for regime in found
    for category in categories
    if clock in {clock for _, clock in PLACES}
)


@pytest.mark.parametrize(("regime", "category", "name"), OWN)
def test_a_category_with_times_of_its_own_is_named_with_them(walk, regime, category, name):
    known, text = take(walk, regime, confirmed=2, category=category), page(walk, regime)
    [said] = re.findall(rf"{category.capitalize().replace('_', ' ')}: (.*?)\.", text)
    keeps(walk, text, "one", known, [name], {name: said.partition(SAID[name])[2]})


def test_a_house_without_such_categories_names_none(walk):
    assert not {regime for regime, _, _ in OWN} & {"generic", "gb-energy"}
    assert "times of their own" not in page(walk, "generic")
    assert "times of their own" in page(walk, OWN[0][0])


def rewritten(walk, row, column, value):
    """Deploy the table with one cell of the row of this id changed, in FEEL."""
    source = (ROOT / "processes" / "deadlines.dmn").read_text()
    model = dmn.read(source.encode(), name="deadlines.dmn")
    [table] = [decision.expression for decision in model.decisions.values()]
    names = [output.name for output in table.outputs]
    rule = next(r for r in table.rules if r.results[names.index("id")].text == f'"{row}"')
    cell = rule.results[names.index(column)].element_id
    changed, times = re.subn(rf'(id="{cell}">\s*<text>)[^<]*', rf"\g<1>{escape(value)}", source)
    assert times == 1
    walk.service.engine.deploy([("deadlines.dmn", changed.encode())])
    return walk


def test_a_rule_that_is_edited_is_told_as_it_now_is(walk):
    rewritten(walk, "generic-final-response", "anchor", '"first raised"')
    words = "within 20 working days of the day you first told us of the problem"
    assert promised(page(walk, "generic"), "one")["final_response"] == words


def test_no_review_is_promised_where_none_is_offered(walk):
    stages = (ROOT / "processes" / "stages.dmn").read_text().replace('"own"', '"none"')
    walk.service.engine.deploy([("stages.dmn", stages.encode())])
    assert promised(page(walk, "generic"), "two") == {}


def test_the_longest_a_new_date_may_lie_away_is_said(walk):
    assert "give a new date, at most 10 working days later" in page(walk, "generic")
    assert "give a new date, within 60 days of the day your complaint was sent to us" in page(walk, "us-cfpb")
    assert "If we need longer" not in page(walk, "gb-energy")


def test_every_event_that_a_clock_counts_from_has_words_of_its_own(walk):
    anchors = {anchor for *_, anchor in rows_of_the_table()}
    assert anchors <= set(DAYS)
