"""A receipt to somebody who only says to act for the complainant is none of the complainant's: they are owed theirs."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from api.app import create_app
from api.complaints.from_form import from_public_form, from_staff_form
from api.complaints.intake import PartyDetails
from api.complaints.other_rules import other_rules
from tests.api.deadlines.conftest import at
from tests.api.web.staff_desk import Desk
from tests.processes.test_what_the_page_offers import page_of

RITA = PartyDetails("Rita Rep", "rita@example.org")
PAPER = PartyDetails("Ann Other", address="1 High Street", preferred_channel="post")
MAIL = PartyDetails("Ann Other", "ann@example.org")
NORA = PartyDetails("Nora Nowhere")
FIND = "Find a way to reach them"
RECEIPT = "Confirm that we have your complaint"


def claimed(walk, regime="nhs-england", sender=PAPER, rita=RITA):
    """Somebody says to act for the complainant, and has our receipt; the proof is asked for."""
    walk.take("2026-07-06 10:00", regime, sender=sender, representative=rita)
    return walk.do("Check the authority", authority="requested")


def refused(walk, on="2026-07-21 10:00", **more):
    """No proof comes, and a team lead refuses."""
    return claimed(walk, **more).later(on).do("Decide without the proof", authority="refused")


def promised(walk):
    """What the page of the complainant says of the receipt, and nothing of it where it is silent."""
    page = page_of(walk).text
    return page[page.index(RECEIPT) :][:90] if RECEIPT in page else ""


def test_a_receipt_to_who_may_not_act_leaves_the_complainant_owed_theirs(walk):
    claimed(walk)
    assert walk.state("acknowledgement") == "met"
    walk.later("2026-07-21 10:00").do("Decide without the proof", authority="refused")
    clock = walk.clock_named("acknowledgement")
    assert (clock.number, clock.state, f"{clock.due_on}") == (1, "running", "2026-07-24")
    walk.later("2026-07-22 10:00").post("acknowledgement")
    assert walk.state("acknowledgement") == "met"
    assert "acknowledgement" not in walk.late
    assert walk.troubles == []


def test_a_receipt_that_the_complainant_does_not_get_is_late(walk):
    refused(walk).later("2026-07-27 10:00")
    assert walk.state("acknowledgement") == "breached"
    assert [note for note in walk.notices() if note.subject.startswith("Acknowledgement")] != []


def test_a_receipt_that_leaves_at_once_answers_the_clock(walk):
    refused(walk, sender=MAIL)
    clock = walk.clock_named("acknowledgement")
    assert (clock.number, clock.state, f"{clock.due_on}") == (1, "met", "2026-07-24")
    assert walk.letter("acknowledgement").dispatched_at == at("2026-07-21 10:00")


def test_the_page_says_it_is_done_only_to_who_got_it(walk):
    claimed(walk)
    assert promised(walk) == ""
    walk.later("2026-07-21 10:00").do("Decide without the proof", authority="refused")
    assert "24 Jul 2026" in promised(walk)
    assert "Done" not in promised(walk)
    walk.later("2026-07-22 10:00").post("acknowledgement")
    assert "22 Jul 2026" in promised(walk)


def test_the_page_of_the_complainant_lists_no_letter_to_who_says_to_act(walk):
    refused(walk, sender=MAIL)
    page = page_of(walk).text
    assert f"Letter sent: {walk.letter('acknowledgement').subject}" in page
    for other in ("receipt-representative", "authority-request", "representative-refused"):
        assert walk.letter(other).dispatched_at is not None
        assert walk.letter(other).subject not in page


def test_a_receipt_to_who_may_act_stays_the_receipt(walk):
    claimed(walk).later("2026-07-10 10:00")
    walk.do("Look at the proof", authority="confirmed", authorityScope="settle")
    clock = walk.clock_named("acknowledgement")
    assert (clock.number, clock.state, f"{clock.due_on}") == (1, "met", "2026-07-09")
    assert "6 Jul 2026" in promised(walk)


def test_a_receipt_that_was_late_already_stays_late(walk):
    paper = PartyDetails("Rita Rep", address="2 High Street", preferred_channel="post")
    walk.take("2026-07-06 10:00", "nhs-england", sender=PAPER, representative=paper)
    walk.later("2026-07-13 10:00").post("receipt-representative")
    assert walk.state("acknowledgement") == "met_late"
    walk.do("Check the authority", authority="refused")
    clock = walk.clock_named("acknowledgement")
    assert (clock.state, f"{clock.due_on}") == ("breached", "2026-07-09")


def test_nobody_is_owed_a_receipt_who_cannot_be_reached_until_they_are(walk):
    refused(walk, sender=NORA)
    assert walk.state("acknowledgement") == "not_applicable"
    walk.later("2026-08-10 10:00")
    assert "acknowledgement" not in walk.late
    walk.beside(FIND, wayFound="address", newAddress="1 High Street").wait(minutes=5)
    clock = walk.clock_named("acknowledgement")
    assert (clock.number, clock.state, f"{clock.due_on}") == (2, "running", "2026-08-13")
    walk.post("acknowledgement")
    assert walk.state("acknowledgement") == "met"
    assert walk.troubles == []


def test_what_counts_from_the_receipt_counts_from_the_day_it_was_due(walk):
    refused(walk, regime="uk-social-housing")
    answer = walk.clock_named("final_response")
    due = answer.due_on
    assert walk.state("acknowledgement") == "running"
    walk.later("2026-07-22 10:00").post("acknowledgement")
    assert walk.clock_named("final_response").due_on == due
    assert f"{due}" == "2026-07-27"


def test_other_rules_ask_for_the_receipt_from_the_same_day(walk):
    refused(walk)
    rules = other_rules(walk.service, regime="uk-social-housing", category=None, stage="one")
    walk.move(rules)
    clock = walk.clock_named("acknowledgement")
    assert (clock.state, f"{clock.due_on}") == ("running", "2026-07-28")
    assert f"{walk.clock_named('final_response').due_on}" == "2026-07-27"


def test_who_acts_for_somebody_and_gives_no_name_is_no_complainant(walk):
    walk.take("2026-07-06 10:00", sender=MAIL, representative=PartyDetails()).wait(hours=1)
    assert "Check the authority" in walk.open
    assert (walk.letters, walk.aside()) == ([], []), "nobody can be looked for"
    walk.do("Check the authority", authority="refused").wait(minutes=5)
    assert [row.recipient for row in walk.letters] == ["ann@example.org"]
    assert (walk.aside(), walk.troubles) == ([], [])


def test_the_intake_forms_make_a_representative_of_who_acts_for_somebody_without_a_name():
    how = {
        "now": at("2026-07-06 10:00"),
        "zone": ZoneInfo("Europe/London"),
        "regime": "generic",
        "documents": (),
    }
    said = {"description": "No bill.", "otherName": "Ann Other", "otherEmail": "ann@example.org"}
    public = from_public_form(said | {"anonymous": "yes", "actingFor": "other"}, **how)
    given = said | {"anonymous": True, "actingForOther": True, "receivedOn": date(2026, 7, 6)}
    for one in (public, from_staff_form(given, **how)):
        assert (one.complainant.name, one.representative) == ("Ann Other", PartyDetails())


def people_page(walk):
    desk = Desk(create_app(walk.service), walk.service, "max", "manager")
    desk.open(f"/staff/complaints/{walk.key}/people")
    return desk.text


def test_staff_see_what_a_representative_may_do(walk):
    claimed(walk, sender=MAIL)
    assert "Only says to act for the complainant" in people_page(walk)
    walk.later("2026-07-21 10:00").do("Decide without the proof", authority="refused")
    assert "Refused: nothing is said to them" in people_page(walk)


def test_staff_see_the_scope_and_the_days_of_an_authority(walk):
    walk.take("2026-07-06 10:00", "nhs-england", sender=MAIL, representative=RITA)
    walk.do(
        "Check the authority", authority="confirmed", authorityScope="receive", authorityUntil="2026-07-10"
    )
    assert (
        "Gets the letters, as the complainant does, and decides nothing until 10 July 2026."
        in people_page(walk)
    )
    walk.later("2026-07-13 10:00")
    assert "Their authority is over, its last day was 10 July 2026" in people_page(walk)
