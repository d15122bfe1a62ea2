"""The pages of clocks, timers, calendars, deadlines and feeds: what people do with them, and what they may not."""

from __future__ import annotations

import re
from datetime import date

import pytest
from icalendar import Calendar as Feed

from api.complaints import extensions, letter_desk
from tests.api.deadlines.conftest import at


@pytest.fixture
def hana(office, staff):
    """A handler who owns the complaint."""
    hana = staff("hana", "handler")
    office.receive("2026-06-01 10:00").own("hana")
    hana.sign_in("hana")
    return hana


def clocks(office, *more):
    return "/".join((f"/staff/complaints/{office.key}/clocks", *more))


def test_a_handler_pauses_and_resumes_and_the_timer_on_the_page_goes_along(office, hana):
    before = hana.get(clocks(office)).text
    assert "Why there is no pause" in before

    assert hana.post(clocks(office, "target", "pause"), {"reason": ""}).status_code == 422
    answer = hana.post(
        clocks(office, "target", "pause"), {"reason": "No reply yet", "category": "complainant"}
    )
    assert answer.status_code == 303
    assert office.state("target") == "paused"
    refused = hana.post(clocks(office, "final_response", "pause"), {"reason": "Please"})
    assert refused.status_code == 422

    office.later("2026-06-03 10:00")
    hana.sign_in("hana")
    assert hana.post(clocks(office, "target", "resume"), {"reason": "They answered"}).status_code == 303
    assert office.due("target") == "2026-06-24"


def test_an_answer_is_told_only_once_there_is_one(office, staff):
    lea = staff("lea", "team-lead")
    office.receive("2026-06-01 10:00").later("2026-06-02 10:00")
    lea.sign_in("lea")
    told = {"day": "2 6 2026", "time": "09:30", "evidence": "call_logged", "reason": "I rang"}
    refused = lea.post(clocks(office, "final_response", "met"), told)
    assert (refused.status_code, "Nothing is decided yet" in refused.text) == (422, True)
    assert office.state("final_response") == "running"
    office.move(lambda _, complaint: setattr(complaint, "state", "responded") or ())
    assert lea.post(clocks(office, "final_response", "met"), told).status_code == 303
    assert office.state("final_response") == "met"


def test_an_extension_shows_date_and_letter_first_and_moves_when_the_letter_has_left(office, staff):
    lea = staff("lea", "team-lead")
    office.receive("2026-06-01 10:00", by_mail=True)
    lea.sign_in("lea")
    shown = lea.post(
        clocks(office, "final_response", "extend"), {"reason": "We wait for <b>the lab</b>"}
    ).text
    assert "13 Jul 2026" in shown
    assert "&lt;b&gt;the lab&lt;/b&gt;" in shown
    assert (office.due("final_response"), office.events("letter")[-1:]) != ("2026-07-13", [])
    assert office.due("final_response") == "2026-06-29"

    fields = {"reason": "We wait for the lab", "confirm": "yes"}
    assert lea.post(clocks(office, "final_response", "extend"), fields).status_code == 303
    assert "Extended as soon as the letter" in lea.get(clocks(office)).text
    assert office.due("final_response") == "2026-06-29"
    office.service.run_due()
    assert office.due("final_response") == "2026-07-13"
    assert "Extended as soon as" not in lea.get(clocks(office)).text


def test_a_promise_says_that_a_letter_on_its_way_makes_another(office, staff):
    lea, clock = staff("lea", "team-lead"), "promised_answer"
    office.receive("2026-06-01 10:00")
    tools = office.service.case_clocks, office.service.letters

    def promise(desk, complaint):
        extensions.promise(*tools, desk, complaint, clock, due=date(2026, 6, 24))
        letter_desk.write_now(office.service, desk, complaint, "holding-notice", reason="We wait.")
        day = date(2026, 7, 20)
        return extensions.promise(*tools, desk, complaint, clock, due=day, letter="holding-notice")

    office.move(promise)
    lea.sign_in("lea")
    assert "Another day is promised as soon as the letter" in lea.get(clocks(office)).text
    assert office.due(clock) == "2026-06-24"


def test_a_phone_call_answers_a_clock_at_the_time_it_was_made(office, hana):
    office.later("2026-06-02 15:00")
    hana.sign_in("hana")
    fields = {
        "evidence": "call_logged",
        "day": "2 6 2026",
        "time": "09:40",
        "reason": "Spoke to Ann, told her who I am",
    }
    assert (
        hana.post(clocks(office, "acknowledgement", "met"), fields | {"time": "9 o'clock"}).status_code == 422
    )
    assert (
        hana.post(clocks(office, "acknowledgement", "met"), fields | {"day": "3 6 2026"}).status_code == 422
    )

    assert hana.post(clocks(office, "acknowledgement", "met"), fields).status_code == 303
    assert office.clock_named("acknowledgement").saved["evidence"]["sent_at"].startswith("2026-06-02T08:40")
    assert hana.post(clocks(office, "acknowledgement", "met"), fields).status_code == 422


def test_other_rules_and_another_receipt_are_for_those_with_the_right(office, staff, hana):
    lea = staff("lea", "team-lead")
    kind = {
        "regime": "uk-financial",
        "category": "payment",
        "stage": "one",
        "reason": "It is about a payment",
    }
    assert lea.post(f"/staff/complaints/{office.key}/kind", kind | {"regime": "mars"}).status_code == 422
    assert lea.post(f"/staff/complaints/{office.key}/kind", kind).status_code == 303
    assert (office.due("final_response"), office.complaint().category) == ("2026-06-22", "payment")
    assert office.service.engine.values(office.instance)["category"] == "payment"

    receipt = {"received": "20 5 2026", "time": "10:00", "reason": "The envelope says so"}
    assert hana.post(f"/staff/complaints/{office.key}/receipt", receipt).status_code == 403
    assert (
        lea.post(f"/staff/complaints/{office.key}/receipt", receipt | {"received": "1 1 2027"}).status_code
        == 422
    )
    assert lea.post(f"/staff/complaints/{office.key}/receipt", receipt).status_code == 303
    assert office.due("final_response") == "2026-06-11"


def test_rules_that_were_not_in_force_yet_are_refused(office, staff):
    lea = staff("lea", "team-lead")
    office.receive("2026-03-02 10:00")
    lea.sign_in("lea")
    kind = {
        "regime": "ireland-consumer-code",
        "category": "",
        "stage": "one",
        "reason": "A branch in Ireland",
    }
    answer = lea.post(f"/staff/complaints/{office.key}/kind", kind)
    assert (answer.status_code, "none for its day" in answer.text) == (422, True)
    assert office.complaint().regime == "generic"
    assert office.clock_named("final_response").state != "not_applicable"


def test_a_team_lead_moves_and_fires_a_timer_and_the_timeline_says_so(office, staff, hana):
    lea = staff("lea", "team-lead")
    path, timer = f"/staff/complaints/{office.key}/timers", office.timers("Event_Update")
    assert "Update falls due" in hana.get(path).text
    fields = {"day": "4 6 2026", "time": "09:30", "reason": "Before my leave"}
    assert hana.post(f"{path}/{timer.job_key}/move", fields).status_code == 403
    assert lea.post(f"{path}/{timer.job_key}/move", fields | {"reason": ""}).status_code == 422
    assert lea.post(f"{path}/{timer.job_key}/move", fields | {"day": "soon"}).status_code == 422

    assert lea.post(f"{path}/{timer.job_key}/move", fields).status_code == 303
    assert office.timers("Event_Update").due_date == at("2026-06-04 09:30")
    assert "Timer moved: Update falls due" in office.events("timer")
    lea.post(f"{path}/{timer.job_key}/fire", {"reason": "Now"})
    assert "Timer fired by hand: Update falls due" in office.events("timer")
    assert "Give the update" in str(office.service.engine.open_task_names(office.instance)) or office.timers(
        "Event_Update"
    )

    other = office.receive("2026-06-01 10:00").timers("Event_Update")
    assert lea.post(f"{path}/{other.job_key}/fire", {"reason": "Not mine"}).status_code == 404


def test_a_manager_adds_a_closure_after_seeing_what_moves(office, staff):
    max_, hana = staff("max", "manager"), staff("hana", "handler")
    office.receive("2026-06-01 10:00")
    max_.sign_in("max")
    path, change = (
        "/staff/calendars/uk-england",
        {"kind": "closure", "day": "10 6 2026", "name": "Outing", "reason": "Board"},
    )
    assert hana.get(path).status_code == 403
    assert "England" in max_.get("/staff/calendars").text
    for wrong in (
        {"day": "31 2 2026"},
        {"name": ""},
        {"reason": ""},
        {"until": "1 1 2026"},
        {"kind": "feast"},
    ):
        assert max_.post(path, change | wrong).status_code == 422

    preview = max_.post(path, change).text
    assert office.reference in preview
    assert "Would be" in preview
    assert office.service.calendars.get(None).version == 1

    assert max_.post(path, change | {"confirm": "2"}).status_code == 303
    assert office.due("final_response") == "2026-06-30"
    assert "Outing" in max_.get(path).text
    assert max_.post(path, change).status_code == 422  # it says so already


def test_earlier_dates_are_approved_or_declined_on_the_page(office, staff):
    max_ = staff("max", "manager")
    office.receive("2026-06-01 10:00")
    max_.sign_in("max")
    path = "/staff/calendars/uk-england"
    opening = {
        "kind": "opening",
        "day": "6 6 2026",
        "opens": "09:00",
        "closes": "13:00",
        "reason": "Stocktaking",
        "confirm": "2",
    }
    max_.post(path, opening)
    page = max_.get(path).text
    keys = re.findall(r'name="clock" value="(\d+)"', page)
    assert len(keys) == 3
    assert max_.post(f"{path}/held", {"clock": keys, "do": "approve"}).status_code == 422

    assert (
        max_.post(f"{path}/held", {"clock": keys, "do": "decline", "reason": "A promise"}).status_code == 303
    )
    assert office.due("final_response") == "2026-06-29"
    assert 'name="clock"' not in max_.get(path).text


def test_deadlines_are_shown_by_day_for_owner_and_team(office, staff, hana):
    lea = staff("lea", "team-lead", groups=["department-billing"])
    page = lea.get("/staff/due?span=90").text
    assert office.reference in page
    assert office.reference in lea.get("/staff/due?span=90&whose=owner:hana").text
    assert office.reference not in lea.get("/staff/due?span=90&whose=team:department-billing").text
    groups = office.service.engine.open_tasks(office.instance)[0].candidate_groups
    assert office.reference in lea.get(f"/staff/due?span=90&whose=team:{groups[0]}").text
    assert "Final response" in hana.get("/staff/due?span=90&whose=mine").text


def test_the_inbox_counts_down_to_the_first_clock(office, staff):
    lea = staff("ina", "intake")
    office.receive("2026-06-01 10:00")
    lea.sign_in("ina")

    assert "Acknowledgement: 1 working day left" in lea.get("/staff/?box=groups").text


def test_a_feed_is_secret_bare_of_people_and_can_be_switched_off(office, app, hana):
    page = hana.post("/staff/feeds", {"group": ""}).text
    address = re.search(r"http://localhost(/staff/feeds/[\w-]+\.ics)", page)[1]
    stranger = app.test_client()

    answer = stranger.get(address)
    assert answer.mimetype == "text/calendar"
    events = {str(e["summary"]): e for e in Feed.from_ical(answer.data).walk("VEVENT")}
    assert events[f"{office.reference}: Final response"]["dtstart"].dt == date(2026, 6, 29)
    assert "Ann" not in answer.text
    assert "parcel" not in answer.text

    assert stranger.get(address.replace(".ics", "x.ics")).status_code == 404
    key = re.search(r"/staff/feeds/(\d+)/revoke", hana.get("/staff/feeds").text)[1]
    hana.post(f"/staff/feeds/{key}/revoke")
    assert stranger.get(address).status_code == 404


def test_a_feed_shows_no_more_than_its_person_may_see(office, app, staff, service):
    lea = staff("lea", "team-lead")
    office.receive("2026-06-01 10:00", staff_concerned=("lea",))
    lea.sign_in("lea")
    page = lea.post("/staff/feeds", {"group": "team-leads"}).text
    address = re.search(r"http://localhost(/staff/feeds/[\w-]+\.ics)", page)[1]

    assert office.reference not in app.test_client().get(address).text
    assert lea.post("/staff/feeds", {"group": "top-management"}).status_code == 404

    from api.identity import people

    service.engine.write(lambda s: people.change(s, "lea", active=False, at=service.clock.now()) and None)
    assert app.test_client().get(address).status_code == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("clocks/target/pause", {"reason": "a\x00b", "category": "\x00"}),
        (
            "clocks/final_response/met",
            {"evidence": "\x00", "day": "1 1 9999", "time": "10:00", "reason": "x"},
        ),
        (
            "clocks/final_response/met",
            {"evidence": "call_logged", "day": "99999999999999999999 1 1", "time": "1", "reason": "x"},
        ),
        ("receipt", {"received": "31 12 9999", "time": "23:59", "reason": "x"}),
        ("kind", {"regime": "\x00", "category": "\x00", "stage": "three", "reason": "x"}),
        ("clocks/no_such_clock/extend", {"reason": "x"}),
    ],
)
def test_nothing_typed_is_a_fault_of_ours(office, staff, path, fields):
    lea = staff("lea", "team-lead")
    office.receive("2026-06-01 10:00")
    lea.sign_in("lea")

    assert lea.post(f"/staff/complaints/{office.key}/{path}", fields).status_code in (303, 404, 422)
