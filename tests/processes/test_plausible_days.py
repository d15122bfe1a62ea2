"""Days and moments that cannot be are refused wherever they are asked for: the form says which ones can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine import feel, forms
from engine.calendar_files import read_calendars
from engine.forms import model
from engine.forms.errors import FormInvalid
from tests.processes.office import ROOT

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
RECEIVED = datetime(2026, 7, 1, 9, tzinfo=UTC)
LATER, TODAY, BEFORE = "2026-07-16", "2026-07-15", "2026-06-30"

READ = {
    path.stem: forms.read(path.read_bytes(), name=path.name)
    for path in sorted((ROOT / "forms").glob("*.form"))
}
DAYS = [
    (name, field)
    for name, form in READ.items()
    for _, field in form.fields()
    if isinstance(field, model.Temporal) and field.subtype != "time"
]
DONE = [  # what has happened, and not before the complaint came
    ("acknowledge", "acknowledgedAt"),
    ("carry-out", "doneOn"),
    ("forward", "forwardedOn"),
    ("send-file", "fileSentOn"),
    ("hand-over", "handedOn"),
    ("register-related", "newReceivedOn"),
]
TO_COME = [  # what is promised, or wanted of us
    ("agree-plan", "agreedOn"),
    ("set-plan", "agreedOn"),
    ("record-referral", "fileDueOn"),
]
LONG_AGO = [
    ("complaint", "occurredOn"),
    ("complaint", "awareOn"),
    ("complaint", "firstRaisedOn"),
    ("log-complaint", "receivedOn"),
    ("log-complaint", "occurredOn"),
    ("log-complaint", "firstRaisedOn"),
    ("log-complaint", "sentToCompanyOn"),
]
OPENS = {  # the answers that bring the question up
    "firstRaisedOn": {"toldBefore": "yes"},
    "forwardedOn": {"consent": "yes"},
    "complyBy": {"award": True},
    "fileDueOn": {"referral": "taken_up"},
    "newDate": {"deadlineChoice": "holding_notice"},
}


@pytest.fixture(scope="module")
def moment():
    calendars = read_calendars(ROOT / "processes" / "calendars", default="uk-england")
    return feel.Moment(NOW, zone="Europe/London", calendars=calendars)


def said(name, key, value, moment, **stored):
    """The codes with which the form refuses this answer to one of its questions."""
    given = {key: value, **OPENS.get(key, {})}
    given = {one: answer for one, answer in given.items() if one in READ[name].variables_written}
    try:
        forms.check(READ[name], given, {"receivedAt": RECEIVED, **stored}, moment=moment)
    except FormInvalid as refused:
        return {error.code for error in refused.errors if error.path == key}
    return set()


def written(name, key, day):
    """The day as the question takes it: with a time where it asks for a moment."""
    field = next(field for where, field in DAYS if (where, field.path[-1]) == (name, key))
    return f"{day}T09:30" if field.subtype == "datetime" else day


@pytest.mark.parametrize(("name", "field"), DAYS, ids=[f"{n}-{f.path[-1]}" for n, f in DAYS])
def test_every_question_for_a_day_says_which_days_can_be(name, field):
    assert field.future_only or field.earliest is not None or field.latest is not None


@pytest.mark.parametrize(("name", "key"), DONE)
def test_what_was_done_was_done_between_the_receipt_and_now(name, key, moment):
    assert said(name, key, written(name, key, LATER), moment) == {"too_late"}
    assert said(name, key, written(name, key, BEFORE), moment) == {"too_early"}
    assert said(name, key, written(name, key, TODAY), moment) == set()


def test_a_moment_is_held_against_the_moment_of_the_receipt_and_the_present(moment):
    for written_at, codes in [
        ("2026-07-01T09:59+01:00", {"too_early"}),
        ("2026-07-01T10:00+01:00", set()),
        ("2026-07-15T13:00+01:00", set()),
        ("2026-07-15T13:01+01:00", {"too_late"}),
    ]:
        assert said("acknowledge", "acknowledgedAt", written_at, moment) == codes
    assert said("take-immediate-action", "protectedAt", "2026-07-15T13:01+01:00", moment) == {"too_late"}


@pytest.mark.parametrize(("name", "key"), TO_COME)
def test_what_is_to_come_is_not_over(name, key, moment):
    assert said(name, key, "2026-07-14", moment) == {"in_the_past"}
    assert said(name, key, TODAY, moment) == set()


def test_the_day_of_an_award_may_be_over_but_lies_after_the_receipt(moment):
    assert said("record-external-outcome", "complyBy", "2026-07-02", moment) == set()
    assert said("record-external-outcome", "complyBy", BEFORE, moment) == {"too_early"}


@pytest.mark.parametrize("name", ["decide-deadline", "explain-breach"])
def test_a_new_date_comes_after_today(name, moment):
    assert said(name, "newDate", TODAY, moment) == {"too_early"}
    assert said(name, "newDate", LATER, moment) == set()


@pytest.mark.parametrize(("name", "key"), LONG_AGO)
def test_what_the_complainant_tells_of_is_over_and_not_from_another_century(name, key, moment):
    assert said(name, key, LATER, moment) == {"too_late"}
    assert said(name, key, "1989-12-31", moment) == {"too_early"}
    assert said(name, key, "2026-07-01", moment) == set()


def test_nobody_notices_before_it_happens_or_tells_after_the_receipt(moment):
    assert said("complaint", "awareOn", "2026-07-01", moment, occurredOn="2026-07-02") == {"too_early"}
    assert said("log-complaint", "firstRaisedOn", "2026-07-03", moment, receivedOn="2026-07-02") == {
        "too_late"
    }


def test_a_day_that_cannot_be_is_refused_at_the_task_by_the_receipt_of_the_register(walk):
    walk.take("2026-07-06 10:00").through().answer("accepts")
    walk.clock.set(datetime(2026, 7, 8, 9, tzinfo=ZoneInfo("Europe/London")))
    for day in ("2026-07-05", "2026-07-09"):
        with pytest.raises(FormInvalid):
            walk.do("Carry out the promise", doneOn=day, proof="Payment 4711")
    assert "Carry out the promise" in walk.open

    def received_earlier(desk, complaint):
        earlier = complaint.received_at - timedelta(days=3)
        return walk.service.case_clocks.days_corrected(desk, complaint, received_at=earlier)

    walk.move(received_earlier)
    walk.do("Carry out the promise", doneOn="2026-07-05", proof="Payment 4711")
    assert walk.troubles == []
