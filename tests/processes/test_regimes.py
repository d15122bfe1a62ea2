"""All regimes walked from the public page to the end, everybody on time: no false breach, no missing clock, no hole, no incident."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest
from sqlalchemy import select

from api.complaints.answers.sheets import told
from api.complaints.from_complainant import withdraw
from api.complaints.policies import kinds, policies_for, second_look
from api.complaints.tables import ComplaintRow
from api.deadlines import without_clock
from api.wiring import wire
from engine import dmn, feel
from tests.api.deadlines.conftest import at
from tests.processes.office import ROOT
from tests.processes.walking import ANN

RECEIVED = "2026-07-06 10:00"  # a Monday, when every regime shipped is in force
ON = date(2026, 7, 6)
AGREED = ON + timedelta(days=9)
REACHED = {"received", "acknowledged"}  # anchors that have happened once the acknowledgement has left


@cache
def regimes():
    """Every regime of the table, in its order."""
    model = dmn.read((ROOT / "processes" / "deadlines.dmn").read_bytes(), name="deadlines.dmn")
    [table] = [decision.expression for decision in model.decisions.values()]
    found = [word for rule in table.rules for word in re.findall(r'"([^"]+)"', rule.conditions[0].text)]
    return tuple(dict.fromkeys(found))


EVERY = pytest.mark.parametrize("regime", regimes())
QUICK = (
    "generic",
    "uk-social-housing",
    "uk-financial",
    "nhs-england",
)  # one of each kind of second look, and housing
SOME = pytest.mark.parametrize(
    "regime",
    [regime if regime in QUICK else pytest.param(regime, marks=pytest.mark.slow) for regime in regimes()],
)
KNOWN = {"first_raised_on": ON - timedelta(days=3), "sent_to_company_on": ON}


def policies(walk, regime, stage, category=None):
    """The rows of the table for such a complaint, by clock."""
    found = walk.ask(
        lambda s: policies_for(
            s, regime=regime, category=category, stage=stage, on=ON, moment=walk.service.moment()
        )
    )
    return {policy.clock: policy for policy in found}


LETTERS = set[str]()  # everything missing in any letter of any walk of this module


def sound(walk):
    """Nothing was missed and nothing is stuck; what is missing in a letter is kept for the last test."""
    assert walk.late == []
    assert walk.troubles == []
    assert walk.undated == set()
    assert without_clock.tell(walk.service) == 0
    LETTERS.update(walk.holes)


def over(walk):
    """The complaint is closed, and nothing waits but the complainant's own time to go outside."""
    assert walk.ended, f"open are {walk.open}"
    assert set(walk.running) <= {"referral_window"}
    sound(walk)


def test_the_table_holds_eighteen_regimes_and_each_says_what_follows_a_no(walk):
    assert len(regimes()) == 18
    said = {
        regime: walk.ask(lambda s, r=regime: second_look(s, r, walk.service.moment())) for regime in regimes()
    }
    rounds = {regime for regime in regimes() if "final_response" in policies(walk, regime, "two")}
    assert {regime for regime, kind in said.items() if kind != "none"} == rounds
    assert {regime for regime, kind in said.items() if kind == "none"} == {
        *("nhs-england", "us-cfpb", "us-airlines", "uk-data-protection"),
    }


@EVERY
def test_a_complaint_of_each_regime_goes_its_whole_way_in_time(walk, regime):
    walk.take(RECEIVED, regime, **KNOWN)
    expected = policies(walk, regime, "one")
    started = {name for name, _ in walk.clocks}
    assert {
        n for n, p in expected.items() if p.anchor in REACHED | {"first_raised", "sent_to_company"}
    } <= started
    agree(walk.screen()).assess().investigate()
    walk.decide()
    if "referral_window" in expected:
        assert walk.state("referral_window") == "running"
    walk.wait(hours=1).answer("rejects")
    two = policies(walk, regime, "two")
    if "final_response" not in two:
        walk.choose("external")
        assert walk.complaint().state == "external"
        return sound(walk)
    walk.choose("stage_two")
    assert (walk.state("final_response"), walk.due_of("Review the issue")) == (
        "running",
        walk.clock_named("final_response").bound_at,
    )
    begun = {name for name, policy in two.items() if policy.anchor in ("stage_opened", "acknowledged")}
    assert {name for name in begun if name not in walk.running} <= {"acknowledgement"}
    assert "acknowledgement" not in begun or walk.state("acknowledgement") == "met"
    walk.review().answer("accepts")
    if walk.open == ["Carry out the promise"]:
        walk.correct()
    return over(walk.close())


@EVERY
@pytest.mark.parametrize("known", [KNOWN, {}], ids=["days told", "days not told"])
def test_a_complaint_that_nobody_works_on_is_told_of_in_any_regime(walk, regime, known):
    walk.take(RECEIVED, regime, **known).wait(days=70)
    told = {notice.group_name for notice in walk.notices()}
    assert "complaints-managers" in told
    answer = walk.clocks.get(("final_response", 1))
    assert ("Explain the delay" in walk.open) == (answer == "breached"), (
        "what is late is explained, and nothing else"
    )
    assert ("Note the missing day" in walk.open) == (regime in ("us-cfpb", "uk-telecoms") and not known)
    assert (answer == "projected") == (regime == "us-cfpb" and not known)
    assert walk.troubles == []
    assert without_clock.tell(walk.service) == 0, "a clock watches it"


def agree(walk, on=AGREED):
    """Agree the plan where the regime asks for it."""
    if "Agree the plan" in walk.open:
        walk.do("Agree the plan", agreedOn=on.isoformat(), agreedHow="A letter.", agreedBy="phone")
    return walk


@EVERY
def test_no_regime_from_elsewhere_counts_by_the_calendar_of_the_house(walk, regime):
    found = [*policies(walk, regime, "one").values(), *policies(walk, regime, "two").values()]
    assert found
    if regime in walk.service.organisation.bodies:
        assert [policy.id for policy in found if policy.calendar is None] == []


ROUND = {"stage_opened", "acknowledged"}  # what the clocks of a second look count from


@EVERY
def test_the_clocks_of_the_second_look_run_from_the_no_and_end_when_nobody_wants_it(walk, regime):
    walk.take(RECEIVED, regime, **KNOWN)
    agree(walk.screen()).on().wait(hours=1).answer("rejects")
    assert walk.open == ["Explain the options"]
    begun = {name for name, policy in policies(walk, regime, "two").items() if policy.anchor in ROUND}
    assert begun <= set(walk.running)
    assert all(walk.due_of("Explain the options") <= walk.clock_named(name).bound_at for name in begun)
    promised = {name: walk.due(name) for name in begun}
    walk.wait(days=1)
    if begun:
        walk.choose("stage_two")
        assert {name: walk.due(name) for name in begun - {"final_response"}} == {
            name: due for name, due in promised.items() if name != "final_response"
        }
        assert (
            walk.due("final_response") <= promised["final_response"]
        )  # acknowledged early: counted from there
        return sound(walk)
    walk.choose("external")
    return sound(walk)


def posted(walk, template):
    """Post the letter two days after it was written; every day it names of a clock that still runs is that of the clock."""
    walk.wait(days=2).post(template)
    if walk.letter(template).dispatched_at is None:
        walk.post(template)  # it was to leave a day earlier: written anew
    words = (ROOT / "processes" / "letters" / f"{template}.md").read_text()
    named = set(re.findall(r"\bclocks\.([a-z_]+)", words)) & set(walk.running)
    if "final_response" in named:
        named -= {"explanation"}  # said only while nobody knows the day of the answer
    if template == "stage-two-started" and "outside body runs on" not in walk.letter(template).text:
        named -= {"referral_window"}  # said only where a second look does not lengthen it
    assert [name for name in sorted(named) if not walk.read(template, name)] == []
    return walk


@EVERY
def test_paper_that_lies_for_two_days_names_the_days_that_count(walk, regime):
    walk.take(
        RECEIVED, regime, sender=replace(ANN, address="1 High Street", preferred_channel="post"), **KNOWN
    )
    agree(posted(walk, "acknowledgement").screen()).on()
    posted(walk, "decision").answer("rejects")
    if "final_response" in policies(walk, regime, "two"):
        posted(walk.choose("stage_two"), "stage-two-started").review()
        posted(walk, "stage-two-decision")
    LETTERS.update(walk.holes)


@EVERY
def test_a_second_look_that_nobody_wants_leaves_no_clock(walk, regime):
    walk.take(RECEIVED, regime, **KNOWN)
    agree(walk.screen()).on().wait(hours=1).answer("rejects").choose("external")
    assert set(walk.running) <= {"referral_window", "target"}
    walk.wait(days=60)
    sound(walk)


@SOME
def test_a_promise_accepted_at_once_is_carried_out_and_ends_every_clock(walk, regime):
    walk.take(RECEIVED, regime, **KNOWN).through().answer("accepts").correct()
    over(walk.close())


@SOME
def test_nobody_to_write_to_is_owed_an_answer_on_file_and_no_more(walk, regime):
    walk.take(RECEIVED, regime, sender=None, channel="post", **KNOWN)
    assert not {"acknowledgement", "update", "data_protection_acknowledgement"} & set(walk.running)
    walk.through().correct().close()
    over(walk)
    assert (walk.complaint().closing_reason, walk.letters) == ("answered_on_file", [])


EXITS = {
    "employment": [("Hand over to personnel", {"handedTo": "Personnel", "handedOn": "2026-07-06"})],
    "external_dispute": [],
    "not_ours": [
        ("Forward it", {"consent": "yes", "forwardedTo": "City Water", "forwardedOn": "2026-07-06"})
    ],
    "enquiry": [("Answer the enquiry", {"enquiryAnswer": "At nine."})],
    "restricted_contact": [],
    "out_of_time": [("Use discretion", {"discretion": "refuse", "discretionReason": "Too old."})],
}


def turn_away(walk, regime, way):
    walk.take(RECEIVED, regime, **KNOWN).screen(way)
    for name, answers in EXITS[way]:
        walk.do(name, **answers)
    return walk


def silent(walk):
    """Somebody turned away: nothing runs, nobody has anything to do, and nobody is warned."""
    before = len(walk.notices())
    assert (walk.running, walk.open) == ([], [])
    walk.wait(days=70)
    assert len(walk.notices()) == before
    over(walk)


@pytest.mark.parametrize("way", EXITS)
def test_each_way_out_of_scope_leaves_nothing_owed(walk, way):
    silent(turn_away(walk, "generic", way))


@SOME
def test_somebody_turned_away_is_owed_nothing_in_any_regime(walk, regime):
    silent(turn_away(walk, regime, "out_of_time"))


@SOME
def test_a_late_appeal_is_answered_in_any_regime(walk, regime):
    turn_away(walk, regime, "out_of_time").wait(days=60).answer("rejects")
    walk.beside("Answer the appeal", lateResult="stands", lateReason="Nothing new.")
    assert walk.letter("late-appeal").dispatched_at is not None
    over(walk)


@pytest.mark.parametrize("way", EXITS)
def test_each_way_out_of_scope_says_until_when_one_may_appeal(walk, way):
    turn_away(walk, "generic", way)
    assert "Tell us by 3 August 2026" in walk.letters[-1].text


@SOME
def test_an_appeal_allowed_at_once_costs_nobody_a_day(walk, regime):
    turn_away(walk, regime, "out_of_time").answer("rejects")
    walk.do("Decide the appeal", appealResult="allowed", appealReason="She was ill.")
    ours = policies(walk, regime, "one")
    if ours.get("final_response") and ours["final_response"].anchor != "agreed":
        assert walk.state("final_response") == "running"
    walk.assess().investigate().decide().answer("accepts").correct()
    over(walk.close())


@SOME
def test_a_withdrawal_ends_every_clock(walk, regime):
    walk.take(RECEIVED, regime, **KNOWN).screen().assess()
    sheet = told({"Why do you withdraw?": "It is settled."}, title="Withdrawal")
    withdraw(walk.service, walk.key, reason="It is settled.", sheet=sheet, key="w")
    walk.service.run_due()
    assert set(walk.running) == set()
    sound(walk)


@EVERY
def test_each_regime_takes_a_complaint_from_the_public_page(service, service_settings, clock, regime):
    from api.app import create_app
    from tests.api.web.visitor import Visitor

    clock.set(at(RECEIVED))
    ours = wire(service_settings, clock=clock)
    ours = replace(ours, organisation=replace(ours.organisation, regime=regime))
    visitor = Visitor(create_app(ours), clock)
    visitor.complain()
    row = ours.engine.read(lambda s: s.scalars(select(ComplaintRow)).one())
    assert (row.regime, row.first_raised_on) == (regime, ON)
    ours.database.dispose()


def ids(found):
    return {policy.id for policy in found.values()}


def offered(regime, moment):
    """The categories that the form of assessing offers for a regime."""
    fields = json.loads((ROOT / "forms" / "assess.form").read_text())["components"]
    [rule] = [field["valuesExpression"] for field in fields if field.get("key") == "category"]
    shown = feel.compile(rule.removeprefix("=")).evaluate({"regime": regime}, moment=moment)
    return {option["value"] for option in feel.outward(shown.value)} - {"general"}


@EVERY
def test_the_form_offers_every_category_with_rows_of_this_regime_and_no_other(walk, regime):
    known = walk.ask(lambda s: kinds(s).categories)
    plain = policies(walk, regime, "one")
    ruled = {category for category in known if ids(policies(walk, regime, "one", category)) != ids(plain)}
    assert offered(regime, walk.service.moment()) == ruled


def test_no_letter_of_any_walk_has_a_hole():
    assert set() == LETTERS
