"""The days a clock counts from: asked for at every door, kept, corrected by staff, and there after an upgrade."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from api import schema
from api.complaints.anchors import DayImpossible
from api.complaints.from_form import from_public_form, from_staff_form
from api.complaints.importing import cfpb, generic
from api.complaints.importing.rows import Row
from api.complaints.intake import ComplaintRefused
from api.complaints.tables import ClockRow
from engine.store.database import connect
from tests.conftest import _empty as empty
from tests.releases import as_first_release, put

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 5, 19, 9, 0, tzinfo=UTC)


def public(**answers):
    given = {"description": "It is slow.", "anonymous": "yes"} | answers
    return from_public_form(given, now=NOW, zone=ZONE, regime="uk-telecoms", documents=())


@pytest.mark.parametrize(
    ("answers", "day"),
    [
        ({"toldBefore": "no"}, date(2026, 5, 19)),
        ({"toldBefore": "yes", "firstRaisedOn": date(2026, 5, 5)}, date(2026, 5, 5)),
        ({"toldBefore": "yes"}, None),
        ({}, None),
    ],
)
def test_whether_they_told_us_before_says_when_it_was_raised_first(answers, day):
    assert public(**answers).first_raised_on == day
    staff = {"channel": "phone", "description": "It is slow.", "receivedOn": date(2026, 5, 19)} | answers
    taken = from_staff_form(staff, now=NOW, zone=ZONE, regime="generic", documents=())
    assert taken.first_raised_on == day


def test_a_file_of_the_portal_says_both_days():
    texts = {
        "Date received": "2026-03-06",
        "Date sent to company": "2026-03-09",
        "Product": "Card",
        "Issue": "Fee",
        "Company": "Bank",
        "Submitted via": "Web",
        "Company response to consumer": "In progress",
        "Complaint ID": "1",
    }
    read = cfpb.read(Row(1, "1", texts), zone=ZONE)
    assert (read.received_at.date(), read.sent_to_company_on) == (date(2026, 3, 6), date(2026, 3, 9))


def test_a_mapped_file_may_say_them_too():
    assert {"firstRaisedOn", "sentToCompanyOn"} <= generic.FIELDS


def test_a_first_day_after_the_receipt_is_refused_at_its_field(office):
    with pytest.raises(ComplaintRefused) as refused:
        office.receive("2026-05-19 10:00", "uk-telecoms", first_raised_on=date(2026, 5, 20))
    assert refused.value.facts["field"] == "firstRaisedOn"


def test_a_team_lead_notes_the_missing_day_and_its_clock_runs(office, staff):
    office.receive("2026-05-19 10:00", "uk-telecoms")
    lea, hana = staff("lea", "team-lead"), staff("hana", "handler")
    path = f"/staff/complaints/{office.key}/days"
    fields = {"event": "first_raised", "day": "5 5 2026", "reason": "She called then"}
    assert hana.post(path, fields).status_code == 404  # not even seen
    for wrong in ({"day": "20 5 2026"}, {"day": "soon"}, {"event": "birthday"}, {"reason": ""}):
        assert lea.post(path, fields | wrong).status_code == 422
    assert office.state("final_response") == "projected"

    assert lea.post(path, fields).status_code == 303
    assert (office.state("final_response"), office.due("final_response")) == ("running", "2026-06-16")
    assert "First told to us: 2026-05-05" in office.events("day-corrected")
    assert "First told to us" in lea.get(f"/staff/complaints/{office.key}").text


def test_the_agreed_day_becomes_the_date_of_the_answer_and_ends_the_wait_for_it(office, staff):
    office.receive("2026-05-19 10:00", "nhs-england")
    lea = staff("lea", "team-lead")
    fields = {"event": "agreed", "day": "30 6 2026", "reason": "On the phone"}
    assert lea.post(f"/staff/complaints/{office.key}/days", fields).status_code == 303
    assert (office.due("final_response"), office.state("plan_agreed")) == ("2026-06-30", "met")


def test_the_receipt_corrected_counts_what_runs_again_after_an_appeal_anew(office):
    office.receive("2026-06-01 10:00", by_mail=True)
    office.move(lambda d, c: office.service.case_clocks.drop_unowed(d, away(c), but=()))
    office.later("2026-06-03 10:00")

    def back(desk, complaint):
        complaint.state = "assessing"
        return office.service.case_clocks.start_by_policy(desk, complaint, category=None, stage="one")

    office.move(back)
    assert office.clock_named("final_response").number == 2
    office.move(
        lambda d, c: office.service.case_clocks.days_corrected(d, c, received_at=at_noon(2026, 5, 20))
    )
    assert office.due("final_response") == "2026-06-18"


def away(complaint):
    complaint.state = "not_accepted"
    return complaint


def at_noon(*day):
    return datetime(*day, 12, 0, tzinfo=ZONE)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_upgrade_keeps_what_was_stored_and_ends_what_nobody_is_owed(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    if url is None:
        pytest.skip("no PostgreSQL server is reachable")
    database = connect(url)
    if kind == "postgresql":
        empty(url)
    schema.upgrade(database)
    as_first_release(database)
    put(database, "complaints", **OLD)
    put(database, "complaint_clocks", **OLD_CLOCK)
    schema.upgrade(database)
    with database.writer.connect() as connection:
        row = connection.execute(
            sa.text("SELECT reference, sent_to_company_on, first_raised_on FROM complaints")
        ).one()
        soon = connection.execute(sa.select(ClockRow.next_at)).scalar_one()
    assert (row.reference, str(row.sent_to_company_on), row.first_raised_on) == ("RD-OLD", "2026-03-09", None)
    assert soon.year == 1990
    if kind == "postgresql":
        empty(url)
    database.dispose()


OLD = {
    "key": 1,
    "reference": "RD-OLD",
    "state": "not_accepted",
    "channel": "web",
    "received_at": at_noon(2026, 3, 12),
    "recorded_at": at_noon(2026, 3, 12),
    "recorded_by": "web",
    "regime": "us-cfpb",
    "description": "Old",
    "priority": 50,
    "facts": '{"sentToCompanyOn": "2026-03-09"}',
    "private": "{}",
}
OLD_CLOCK = {
    "key": 2,
    "complaint_key": 1,
    "name": "final_response",
    "number": 1,
    "state": "running",
    "calendar_id": "us-federal",
    "calendar_version": 1,
    "calendar_seen": 1,
    "next_at": at_noon(2026, 3, 20),
    "saved": "{}",
}


IMPOSSIBLE = [
    ("offer_accepted", "31 5 2026"),
    ("offer_accepted", "1 1 1990"),
    ("offer_accepted", "9 6 2026"),
    ("agreed", "31 5 2026"),
    ("first_raised", "2 6 2026"),
    ("first_raised", "31 12 1989"),
    ("sent_to_company", "9 6 2026"),
    ("sent_to_company", "10 5 2026"),
]


@pytest.mark.parametrize(("event", "day"), IMPOSSIBLE)
def test_a_day_that_cannot_be_is_refused_through_every_door(office, staff, event, day):
    office.receive("2026-06-01 10:00", occurred_on=date(2026, 5, 20)).later("2026-06-08 10:00")
    lea = staff("lea", "team-lead")
    lea.sign_in("lea")
    fields = {"event": event, "day": day, "reason": "Somebody said so"}
    answer = lea.post(f"/staff/complaints/{office.key}/days", fields)
    assert (answer.status_code, "the day cannot be" in answer.text) == (422, True)
    number, month, year = (int(part) for part in day.split())
    with pytest.raises(DayImpossible):
        office.move(
            lambda d, c: office.service.case_clocks.days_corrected(
                d, c, days={event: date(year, month, number)}
            )
        )


def test_nobody_was_answered_before_the_complaint_came(office, staff):
    office.receive("2026-06-01 10:00")
    lea = staff("lea", "team-lead")
    lea.sign_in("lea")
    fields = {"day": "1 1 1990", "time": "10:00", "evidence": "call_logged", "reason": "I rang"}
    answer = lea.post(f"/staff/complaints/{office.key}/clocks/acknowledgement/met", fields)
    assert (answer.status_code, "before the complaint was received" in answer.text) == (422, True)
    assert office.state("acknowledgement") == "running"
