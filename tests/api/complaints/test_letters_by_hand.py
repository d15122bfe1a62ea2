"""Letters by hand at the pages: the task shows the letter and where it goes, and an address that became known is recorded."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.parties import parties
from api.complaints.tables import ComplaintRow, LetterRow
from api.web.forms.posted import token
from engine.actors import service as as_service
from engine.zones import local_date
from tests.api.web.staff_desk import Desk


def come_in(service, sender, **more):
    new = NewComplaint("web", service.clock.now(), "The parcel never came.", sender, **more)
    made = receive(service, new, by=as_service("test"))
    service.clock.advance(timedelta(minutes=5))
    service.run_due()
    return made


def task_named(service, made, name):
    return next(one for one in service.engine.case_tasks(made.instance_key) if one.name == name)


def the_letter(service):
    return service.engine.read(lambda session: session.scalars(select(LetterRow)).one())


def test_the_page_of_the_task_shows_the_letter_and_where_it_goes_and_takes_that_it_was_posted(service, app):
    made = come_in(service, PartyDetails("Ann Other", address="1 High Street"))
    task, ina = task_named(service, made, "Post the letter"), Desk(app, service, "ina", "intake")
    path = f"/staff/tasks/{task.user_task_key}"
    ina.open(path)
    assert "1 High Street" in ina.text
    assert the_letter(service).subject in ina.text
    assert "Dear Ann Other" in ina.text
    ina.send(path + "/claim")

    assert ina.send(path, delivery=token(0, "done"), _do="continue").status_code == 200

    assert the_letter(service).evidence == "posted by ina"
    assert [one.name for one in service.engine.case_tasks(made.instance_key)] == ["Screen the complaint"]


def test_the_page_of_a_call_shows_the_number_and_what_to_tell(service, app):
    made = come_in(service, PartyDetails("Ann Other", phone="07700 900123"))
    task, ina = task_named(service, made, "Tell them by phone"), Desk(app, service, "ina", "intake")
    ina.open(f"/staff/tasks/{task.user_task_key}")
    assert "07700 900123" in ina.text
    assert "Dear Ann Other" in ina.text
    assert "When did you tell them?" in ina.text
    manager = Desk(app, service, "mara", "manager")
    manager.open(f"/staff/complaints/{made.key}/papers")
    assert "It has been posted" not in manager.text
    assert "Tell them by phone" in manager.open(f"/staff/complaints/{made.key}").get_data(as_text=True)


def test_the_page_of_a_task_that_delivers_nothing_shows_no_letter(service, app):
    made = come_in(service, PartyDetails("Ann Other", address="1 High Street"))
    task, ina = task_named(service, made, "Screen the complaint"), Desk(app, service, "ina", "intake")
    ina.open(f"/staff/tasks/{task.user_task_key}")
    assert "Read the letter" not in ina.text


def test_an_address_that_became_known_is_recorded_on_the_tab_people(service, app):
    made, manager = come_in(service, None), Desk(app, service, "mara", "manager")
    manager.open(f"/staff/complaints/{made.key}/people")
    assert "Record how to reach them" in manager.text

    manager.send(f"/staff/complaints/{made.key}/people/way")
    assert "Can we reach them now?" in manager.text
    assert "Whom we look for: the complainant" in manager.text
    manager.send(f"/staff/complaints/{made.key}/people/way")
    assert "Somebody looks for a way already" in manager.text

    task = task_named(service, made, "Find a way to reach them")
    found = {"wayFound": "address", "newAddress": "2 Low Road"}
    service.engine.complete_task(task.user_task_key, found)
    service.run_due()
    known = service.engine.read(lambda session: parties(session, made.key))
    assert known["complainant"].address == "2 Low Road"
    manager.open(f"/staff/complaints/{made.key}/people")
    assert "Record how to reach them" not in manager.text
    assert manager.send(f"/staff/complaints/{made.key}/people/way").status_code == 409
    assert "There is somebody to write to" in manager.text


def test_an_address_of_the_representative_is_recorded_there_as_theirs(service, app):
    agent = PartyDetails("Letting Agent")
    made = come_in(service, PartyDetails("Mrs Lind", "lady@example.org"), representative=agent)
    task = task_named(service, made, "Find a way to reach them")
    service.engine.complete_task(task.user_task_key, {"wayFound": "no"})
    service.run_due()
    manager = Desk(app, service, "mara", "manager")
    manager.open(f"/staff/complaints/{made.key}/people")
    assert "We know no way to reach their representative that works." in manager.text
    assert "reach the complainant" not in manager.text
    assert manager.send(f"/staff/complaints/{made.key}/people/way").status_code == 409
    assert manager.send(f"/staff/complaints/{made.key}/people/way", person="nobody").status_code == 409

    manager.send(f"/staff/complaints/{made.key}/people/way", person="representative")
    assert "Whom we look for: their representative" in manager.text
    task = task_named(service, made, "Find a way to reach them")
    path = f"/staff/tasks/{task.user_task_key}"
    ina = Desk(app, service, "ina", "intake")
    ina.open(path)
    ina.send(path + "/claim")
    sent = {"wayFound": token(0, "email"), "representativeEmail": "agent@example.org"}
    assert ina.send(path, **sent, _do="continue").status_code == 200
    service.run_due()

    known = service.engine.read(lambda session: parties(session, made.key))
    assert (known["representative"].email, known["complainant"].email) == (
        "agent@example.org",
        "lady@example.org",
    )
    assert the_letter(service).recipient == "agent@example.org"


def test_it_is_not_offered_to_who_may_only_read(service, app):
    made = come_in(service, None)
    auditor = Desk(app, service, "aude", "auditor")
    auditor.open(f"/staff/complaints/{made.key}/people")
    assert "Record how to reach them" not in auditor.text
    assert auditor.send(f"/staff/complaints/{made.key}/people/way").status_code == 403
    assert service.engine.read(lambda session: session.get(ComplaintRow, made.key)) is not None


def test_the_page_says_why_a_letter_is_not_to_be_posted(service, app, clock):
    made = come_in(service, PartyDetails("Ann Other", address="1 High Street"))
    clock.advance(timedelta(days=60))
    manager = Desk(app, service, "mara", "manager")
    manager.open(f"/staff/complaints/{made.key}/papers")
    assert "Do not post it. It names a day that is over" in manager.text


@pytest.mark.parametrize(
    ("sender", "says", "task"),
    [
        (
            PartyDetails("Ann Other", "ann@mail.example"),
            "Sending it mails it to the address above at once",
            None,
        ),
        (
            PartyDetails("Ann Other", address="1 High Street"),
            "gives a colleague the task to post it",
            "Post the letter",
        ),
        (
            PartyDetails("Ann Other", phone="07700 900123"),
            "the task to ring the number above",
            "Tell them by phone",
        ),
    ],
)
def test_the_button_of_a_held_letter_says_what_it_does_and_does_that(service, app, sender, says, task):
    new = NewComplaint("web", service.clock.now(), "The parcel never came.", sender, letters_held=True)
    made = receive(service, new, by=as_service("test"))
    service.run_due()
    letter, mara = the_letter(service), Desk(app, service, "mara", "manager")
    mara.open(f"/staff/complaints/{made.key}/papers")
    assert says in mara.text
    mara.send(f"/staff/complaints/{made.key}/letters/{letter.key}/send")
    service.run_due()
    assert says not in mara.open(f"/staff/complaints/{made.key}/papers").get_data(as_text=True)
    names = {one.name for one in service.engine.case_tasks(made.instance_key)}
    assert names == {"Screen the complaint"} | ({task} if task else set())
    assert (the_letter(service).outbox_key is not None) is (task is None)


def test_the_button_to_look_for_a_way_says_that_it_sends_nothing_and_opens_a_task(service, app):
    made = come_in(service, None)
    mara = Desk(app, service, "mara", "manager")
    mara.open(f"/staff/complaints/{made.key}/people")
    assert "The button opens a task in which an address or number is recorded" in mara.text
    mara.send(f"/staff/complaints/{made.key}/people/way")
    assert task_named(service, made, "Find a way to reach them")
    assert service.engine.read(lambda session: session.scalars(select(LetterRow)).all()) == []


def a_reminder_too_late(service, clock):
    """A complaint whose letter names a day that is over, and was written two months before."""
    made = come_in(service, PartyDetails("Ann Other", address="1 High Street"))
    written_on = local_date(service.clock.now(), service.settings.time_zone)
    clock.advance(timedelta(days=60))
    return made, f"{written_on.day} {written_on.month} {written_on.year}"


def test_the_button_takes_the_day_of_posting_and_by_that_day_the_letter_might_leave(service, app, clock):
    made, day = a_reminder_too_late(service, clock)
    letter, manager = the_letter(service), Desk(app, service, "mara", "manager")
    manager.open(f"/staff/complaints/{made.key}/papers")
    assert "It has been posted already" in manager.text
    path = f"/staff/complaints/{made.key}/letters/{letter.key}/posted"
    assert manager.send(path, day="yesterday").status_code == 422
    assert "Enter the day as 27 3 2026." in manager.text
    assert manager.send(path, day="1 1 2020").status_code == 422
    assert "It was written on" in manager.text
    assert 'value="1 1 2020"' in manager.html, "what was typed is kept"
    manager.send(path, day=day)
    assert "Noted: the letter has been posted." in manager.text
    assert (the_letter(service).key, the_letter(service).dispatched_at) == (letter.key, letter.queued_at)
    assert [one.name for one in service.engine.case_tasks(made.instance_key)] == ["Screen the complaint"]
    sent = re.search(r"sent ([^<]*<time[^>]*>[^<]*)", manager.html)[1]
    assert ":" not in sent.rpartition(">")[2], "nobody knows the hour"


def test_the_task_takes_the_day_of_posting_too(service, app, clock):
    made, day = a_reminder_too_late(service, clock)
    task, ina = task_named(service, made, "Post the letter"), Desk(app, service, "ina", "intake")
    path = f"/staff/tasks/{task.user_task_key}"
    ina.open(path)
    assert "When was it posted?" in ina.text, "it is asked before anything is chosen"
    assert "If it was posted earlier, on a day on which it might leave, enter that day" in ina.text
    ina.send(path + "/claim")
    names = ("deliveredOn-day", "deliveredOn-month", "deliveredOn-year")
    sent = {"delivery": token(0, "done"), "_do": "continue"}
    assert ina.send(path, **sent, **dict(zip(names, ("1", "1", "2020"), strict=True))).status_code == 422
    assert ina.send(path, **sent, **dict(zip(names, day.split(), strict=True))).status_code == 200
    assert the_letter(service).dispatched_at == the_letter(service).queued_at
