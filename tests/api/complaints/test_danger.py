"""Danger reaches a person in the step of the receipt, through every channel, and nothing is promised that is not so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ComplaintRow, NoticeRow
from api.identity import people
from engine.actors import service as as_service
from engine.store.outbox import of_job
from engine.store.tables import outbox
from tests.api.web.staff_desk import Desk
from tests.api.web.visitor import Visitor

AT_ONCE = "hears of it at once"


def add(service, name, *roles, email=None):
    def work(session):
        people.add(
            session,
            key=service.database.keys.next(),
            name=name,
            display_name=name.title(),
            password=None,
            roles=roles,
            email=email,
            at=service.clock.now(),
        )

    service.engine.write(work)


def told(service):
    return service.engine.read(
        lambda db: db.scalars(select(NoticeRow.group_name).order_by(NoticeRow.key)).all()
    )


def mailed(service):
    def work(db):
        return [of_job(db, job) for job in db.scalars(select(outbox.c.job_key).order_by(outbox.c.key))]

    return [mail.recipient for mail in service.engine.read(work) if "danger" in mail.subject]


def tasks(service):
    instance = service.engine.read(lambda db: db.scalar(select(ComplaintRow.instance_key)))
    return service.engine.open_task_names(instance)


def dangerous(service, *, staff_concerned=()):
    return receive(
        service,
        NewComplaint(
            channel="web",
            received_at=service.clock.now(),
            description="The stairs broke and somebody fell.",
            complainant=PartyDetails("Ann Other", "ann@example.org"),
            danger_reported=True,
            staff_concerned=staff_concerned,
        ),
        by=as_service("test"),
    )


def test_whoever_is_on_duty_is_mailed_and_told_before_any_other_step_at_night_too(service, clock):
    clock.advance(timedelta(days=4, hours=14))  # Friday, 23:00
    add(service, "dora", "on-duty", email="dora@example.org")
    add(service, "ina", "intake", email="ina@example.org")
    dangerous(service)

    assert told(service) == ["on-duty"]
    assert mailed(service) == ["dora@example.org"]
    assert "Protect people now" in tasks(service)


def test_while_nobody_is_on_duty_the_managers_are_told_instead(service):
    add(service, "max", "manager", email="max@example.org")
    dangerous(service)
    assert told(service) == ["complaints-managers"]
    assert mailed(service) == ["max@example.org"]


def test_who_is_complained_about_is_not_mailed(service):
    add(service, "dora", "on-duty", email="dora@example.org")
    add(service, "dan", "on-duty", email="dan@example.org")
    dangerous(service, staff_concerned=("dora",))
    assert mailed(service) == ["dan@example.org"]


def test_the_mail_names_the_reference_and_nothing_that_was_told(service):
    add(service, "dora", "on-duty", email="dora@example.org")
    made = dangerous(service)
    mail = service.engine.read(
        lambda db: next(
            one
            for one in (of_job(db, job) for job in db.scalars(select(outbox.c.job_key)))
            if one.recipient == "dora@example.org"
        )
    )
    assert made.reference in mail.text
    assert "stairs" not in mail.text + mail.html


def test_the_acknowledgement_says_that_the_danger_is_known(service):
    dangerous(service)
    mail = service.engine.read(
        lambda db: next(
            one
            for one in (of_job(db, job) for job in db.scalars(select(outbox.c.job_key)))
            if one.recipient == "ann@example.org"
        )
    )
    assert "somebody is in danger" in mail.text


# every channel


def test_by_the_interface(service, admin):
    add(service, "dora", "on-duty", email="dora@example.org")
    body = {"channel": "phone", "description": "The stairs broke.", "dangerReported": True}
    status, _ = admin.post("/api/complaints", body)
    assert status == 201
    assert mailed(service) == ["dora@example.org"]


def test_by_the_page_of_colleagues(app, service):
    add(service, "dora", "on-duty", email="dora@example.org")
    desk = Desk(app, service, "ina", "intake")
    desk.open("/staff/record")
    desk.send(
        "/staff/record",
        _do="continue",
        channel="0",
        **{"receivedOn-day": "23", "receivedOn-month": "11", "receivedOn-year": "2026"},
        description="The stairs broke.",
        problem="0",
        dangerReported="true",
        name="Ann Other",
        phone="020 7946 0000",
    )
    assert mailed(service) == ["dora@example.org"], desk.text


def test_by_the_public_form(app, clock, service):
    add(service, "dora", "on-duty", email="dora@example.org")
    visitor = Visitor(app, clock)
    visitor.fill_in()
    visitor.pick("/complain/danger", dangerReported="Yes")
    visitor.send("/complain/what-the-danger-is", dangerDetails="The stairs.")
    visitor.send_off()
    assert mailed(service) == ["dora@example.org"]


def test_by_what_the_complainant_adds_later(app, clock, service):
    add(service, "dora", "on-duty", email="dora@example.org")
    visitor = Visitor(app, clock)
    _, link = visitor.complain()
    visitor.open(link)
    assert mailed(service) == []
    answer = visitor.send("/status/add", message="It is getting worse.", dangerNow="true")
    assert answer.location == "/status"
    assert mailed(service) == ["dora@example.org"]


# what is promised


@pytest.mark.parametrize("path", ["/", "/help"])
def test_the_pages_promise_at_once_only_while_somebody_is_on_duty(app, clock, service, path):
    visitor = Visitor(app, clock)
    visitor.open(path)
    assert AT_ONCE not in visitor.text
    add(service, "dan", "on-duty")
    visitor.open(path)
    assert AT_ONCE not in visitor.text, "nobody could reach him at night"
    add(service, "dora", "on-duty", email="dora@example.org")
    visitor.open(path)
    assert AT_ONCE in visitor.text


def test_no_form_promises_it(service):
    form = service.engine.parsed_form(service.engine.latest_form_key("complaint"))
    assert "at once" not in str(form)


def test_whoever_is_on_duty_and_nothing_else_can_act_on_what_they_are_told(app, service):
    danger = NewComplaint(
        "web",
        service.clock.now(),
        "The stairs are broken.",
        PartyDetails("Ann", "ann@example.org"),
        danger_reported=True,
    )
    made = receive(service, danger, by=as_service("test"))
    olga = Desk(app, service, "olga", "on-duty")
    olga.open("/staff/?box=unassigned")
    assert "Protect people now" in olga.text
    (task,) = [
        one for one in service.engine.open_tasks(made.instance_key) if one.name == "Protect people now"
    ]
    for path in ("/staff/notices", f"/staff/tasks/{task.user_task_key}", f"/staff/complaints/{made.key}"):
        assert olga.open(path).status_code == 200, path
    olga.open(f"/staff/tasks/{task.user_task_key}")
    answer = olga.send(f"/staff/tasks/{task.user_task_key}/claim")
    assert answer.status_code == 200
    assert service.engine.task(task.user_task_key).assignee == "olga"
