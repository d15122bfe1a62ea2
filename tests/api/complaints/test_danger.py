"""Danger reaches a person in the step of the receipt, through every channel, and nothing is promised that is not so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ComplaintRow, EventRow, LetterRow, NoticeRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from api.identity import people
from engine.actors import service as as_service
from engine.store.outbox import of_job
from engine.store.tables import outbox
from tests.api.complaints.holes import leave_a_hole
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
    assert "somebody may be in danger" in mail.text


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


# whatever else happens to the case


def last(service):
    return service.engine.read(lambda db: db.scalars(select(ComplaintRow).order_by(ComplaintRow.key)).all())[
        -1
    ]


def open_tasks(service, made):
    return service.engine.open_task_names(made.instance_key)


def do(service, made, name, **answers):
    (task,) = [one for one in service.engine.open_tasks(made.instance_key) if one.name == name]
    service.engine.complete_task(task.user_task_key, answers)
    service.run_due()


def protect(service, made):
    now = service.clock.now().isoformat()
    do(service, made, "Protect people now", protectiveAction="The stairs are closed.", protectedAt=now)


def wait(service, clock, **span):
    clock.advance(timedelta(**span))
    service.run_due()


def turn_away(service, made, exit):
    answers = {"scopeExit": exit, "scopeReason": "Not ours.", "problem": "quality"}
    do(service, made, "Screen the complaint", **answers)
    if exit == "enquiry":
        do(service, made, "Answer the enquiry", enquiryAnswer="Ask the landlord.")
    if exit == "employment":
        today = service.clock.now().date().isoformat()
        do(service, made, "Hand over to personnel", handedTo="Personnel", handedOn=today)


def letters(service, made):
    query = select(LetterRow.template).where(LetterRow.complaint_key == made.key)
    return service.engine.read(lambda db: db.scalars(query).all())


@pytest.mark.parametrize("exit", ["external_dispute", "restricted_contact", "enquiry", "employment"])
def test_a_complaint_turned_away_closes_only_after_people_are_protected(service, clock, exit):
    made = dangerous(service)
    turn_away(service, made, exit)
    wait(service, clock, days=40)
    assert open_tasks(service, made) == ["Protect people now"]
    assert last(service).closed_at is None

    protect(service, made)
    wait(service, clock, hours=1)
    assert last(service).closing_reason == "not_in_scope"
    assert service.engine.instance(made.instance_key).state == "COMPLETED"


def work(service, made, *, until=(), **wish):
    staff = Staff(service)
    staff.work(made.instance_key, Wish(stop_before=frozenset(until), **wish))
    staff.answer(made.instance_key, Wish())
    staff.work(made.instance_key, Wish(stop_before=frozenset(until)))
    service.run_due()


@pytest.fixture
def colleagues(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda db: add_colleagues(db, keys=keys, password=None, at=service.clock.now()))


@pytest.mark.usefixtures("colleagues")
@pytest.mark.parametrize("early", [False, True])
def test_an_answered_complaint_closes_only_after_people_are_protected(service, clock, early):
    made = dangerous(service)
    work(service, made, until={"take-immediate-action"}, early=early, severity="low")
    assert open_tasks(service, made) == ["Protect people now"], "all else is done"
    assert last(service).closed_at is None
    assert "closing" not in letters(service, made)

    protect(service, made)
    wait(service, clock, hours=1)
    assert last(service).closed_at is not None
    assert "closing" in letters(service, made)


@pytest.mark.usefixtures("colleagues")
def test_it_closes_only_after_the_alert_and_what_the_complainant_sent_are_read(service, clock):
    made = dangerous(service)
    protect(service, made)
    unread = {"read-alert", "read-information"}
    staff = Staff(service)
    staff.work(made.instance_key, Wish(stop_before=frozenset(unread), significant=True, severity="high"))
    staff.answer(made.instance_key, Wish())
    service.engine.publish_message("complainant-sends-information", str(made.key), {})
    staff.work(made.instance_key, Wish(stop_before=frozenset(unread)))
    assert open_tasks(service, made) == ["Read the alert", "Read the information"]
    do(service, made, "Read the alert", readBy="read")
    wait(service, clock, hours=1)
    assert last(service).closed_at is None
    do(service, made, "Read the information", informationKind="adds")
    wait(service, clock, hours=1)
    assert last(service).closed_at is not None


def test_the_timeline_says_once_that_the_closing_waits(service, clock):
    made = dangerous(service)
    turn_away(service, made, "external_dispute")
    for _ in range(3):
        wait(service, clock, days=20)
    query = select(EventRow.facts).where(EventRow.complaint_key == made.key, EventRow.kind == "closing-waits")
    assert service.engine.read(lambda db: db.scalars(query).all()) == [{"unfinished": ["protect-people"]}]


def test_danger_waits_for_no_clock_and_no_table(service, clock):
    add(service, "dora", "on-duty", email="dora@example.org")
    add(service, "max", "manager", email="max@example.org")
    receive(
        service,
        NewComplaint(
            channel="web",
            received_at=datetime(2025, 11, 20, 9, tzinfo=UTC),  # before the code of councils began
            description="The stairs broke.",
            complainant=PartyDetails("Ann Other", "ann@example.org"),
            danger_reported=True,
            regime="uk-councils",
        ),
        by=as_service("test"),
    )
    assert told(service)[0] == "on-duty"
    assert mailed(service)[0] == "dora@example.org"
    assert tasks(service) == ["Protect people now"], "the rest is stuck"
    wait(service, clock, hours=5)
    assert "complaints-managers" in told(service)


def test_danger_found_by_reading_waits_for_no_letter(service):
    add(service, "dora", "on-duty", email="dora@example.org")
    made = receive(
        service,
        NewComplaint(
            channel="web",
            received_at=service.clock.now(),
            description="The stairs are old.",
            complainant=PartyDetails("Ann Other", "ann@example.org"),
        ),
        by=as_service("test"),
    )
    service.engine.publish_message("complainant-sends-information", str(made.key), {})
    leave_a_hole(service, "information-received")
    do(service, made, "Read the information", informationKind="danger")
    assert mailed(service) == ["dora@example.org"]
    assert "Protect people now" in open_tasks(service, made)


def line(service, **more):
    """Two on duty, a manager and somebody of the top management, each with an e-mail address."""
    roles = {"dora": "on-duty", "dan": "on-duty", "max": "manager", "tess": "top-management"}
    for name, role in roles.items():
        add(service, name, role, email=more.get(name, f"{name}@example.org"))


@pytest.mark.parametrize(
    ("concerned", "groups", "mail"),
    [
        (("dora",), ["on-duty"], "dan@example.org"),
        (("dora", "dan"), ["complaints-managers"], "max@example.org"),
        (("dora", "dan", "max", "admin"), ["top-management"], "tess@example.org"),
    ],
)
def test_the_first_in_line_who_may_read_of_it_is_told_at_once(service, concerned, groups, mail):
    line(service)
    dangerous(service, staff_concerned=concerned)
    assert told(service) == groups
    assert mailed(service) == [mail]


def test_whoever_is_next_in_line_is_mailed_while_nobody_on_duty_has_an_address(service):
    line(service, dora=None, dan=None)
    dangerous(service)
    assert told(service) == ["complaints-managers", "on-duty"]
    assert mailed(service) == ["max@example.org"]


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


def assess(service, made, **more):
    do(
        service,
        made,
        "Assess the complaint",
        **({"severity": "medium", "complexity": "medium", "impact": "one"} | more),
    )


@pytest.mark.usefixtures("colleagues")
def test_danger_found_at_the_assessment_is_mailed_in_that_step(service):
    add(service, "dora", "on-duty", email="dora@example.org")
    made = receive(
        service,
        NewComplaint(
            channel="web", received_at=service.clock.now(), description="It smokes.", complainant=None
        ),
        by=as_service("test"),
    )
    Staff(service).work(made.instance_key, Wish(stop_before=frozenset({"assess"})))
    assess(service, made, safety=True)
    assert "Protect people now" in open_tasks(service, made)
    assert "on-duty" in told(service)
    assert mailed(service) == ["dora@example.org"]
    assert last(service).facts["danger"] is True


@pytest.mark.usefixtures("colleagues")
def test_danger_found_again_while_people_are_being_protected_is_noted_only(service):
    made = dangerous(service)
    Staff(service).work(made.instance_key, Wish(stop_before=frozenset({"assess", "take-immediate-action"})))
    assess(service, made, safety=True, immediateActionNeeded=True, immediateActionPossible=True)
    assert open_tasks(service, made).count("Protect people now") == 1
    kinds = select(EventRow.kind).where(EventRow.complaint_key == made.key)
    assert "danger-known" in service.engine.read(lambda db: db.scalars(kinds).all())


@pytest.mark.usefixtures("colleagues")
def test_danger_that_somebody_finds_while_people_are_being_protected_is_told_anew(service):
    made = dangerous(service)
    Staff(service).work(
        made.instance_key, Wish(stop_before=frozenset({"examine-evidence", "take-immediate-action"}))
    )
    before, heard = open_tasks(service, made).count("Protect people now"), len(told(service))
    do(service, made, "Examine the evidence", chronology="A child is locked in.", dangerFound=True)
    assert open_tasks(service, made).count("Protect people now") == before + 1
    assert len(told(service)) > heard
