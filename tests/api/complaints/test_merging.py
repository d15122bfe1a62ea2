"""The same complaint sent twice: it joins only an open complaint of the same person, and the earlier one is told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints import from_complainant
from api.complaints.answers.sheets import Sheet
from api.complaints.answers.sheets import told as sheet_of
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.parties import parties
from api.complaints.tables import ComplaintRow, EventRow, ExclusionRow, LetterRow, NoticeRow
from api.identity import people
from api.web.forms.posted import token
from engine.actors import service as as_service
from engine.forms.errors import FormInvalid
from tests.api.access.world import Someone
from tests.api.web.staff_desk import Desk

ODE = PartyDetails("Mr Ode", "ode@example.org")


def complain(service, who=ODE, words="The boiler is cold.", **more):
    made = receive(
        service,
        NewComplaint(
            channel="web", received_at=service.clock.now(), description=words, complainant=who, **more
        ),
        by=as_service("test"),
    )
    service.run_due()
    return made


def screening(service, made):
    tasks = service.engine.open_tasks(made.instance_key)
    return next(one for one in tasks if one.name == "Screen the complaint").user_task_key


def as_duplicate(reference):
    return {
        "scopeExit": "duplicate",
        "scopeReason": "You wrote about this before.",
        "problem": "quality",
        "duplicateOf": reference,
        "issueList": [{"summary": "Cold"}],
    }


def offered(service, made, *, reader="system"):
    sheet = service.engine.task_sheet(screening(service, made), reader=reader)
    return [one["value"] for one in sheet.stored["earlier"]]


def merge(service, made, reference):
    service.engine.complete_task(screening(service, made), as_duplicate(reference))
    service.run_due()


def row(service, made):
    return service.engine.read(lambda db: db.get(ComplaintRow, made.key))


def test_a_second_letter_joins_the_first_and_its_owner_has_it_to_read(service):
    first, second = complain(service), complain(service, words="The boiler is still cold, see my file.")
    merge(service, second, first.reference)

    assert (row(service, second).state, row(service, second).closing_reason) == ("merged", "duplicate")
    (told,) = service.engine.read(
        lambda db: db.scalars(
            select(EventRow.text).where(
                EventRow.complaint_key == first.key, EventRow.kind == "complainant-information"
            )
        ).all()
    )
    assert "still cold" in told
    (task,) = [
        one for one in service.engine.open_tasks(first.instance_key) if one.name == "Read the information"
    ]
    assert task.due_date is not None
    letter = service.engine.read(
        lambda db: db.scalar(select(LetterRow.text).where(LetterRow.template == "duplicate"))
    )
    assert first.reference in letter
    assert "You have our answer by 21 December 2026." in letter


def test_what_the_second_form_asked_stands_with_the_first_complaint(service, app):
    first = complain(service)
    asked = sheet_of({"Contact hours": "after six", "Print": "large"}, title="Complaint on our website")
    second = complain(service, words="And the bath.", sheet=asked)
    merge(service, second, first.reference)
    manager = Desk(app, service, "max", "manager")
    manager.open(f"/staff/complaints/{first.key}")
    assert f"Complaint on our website ({second.reference}, which joined this one)" in manager.text
    assert "Contact hours after six" in manager.text
    task = next(
        one for one in service.engine.open_tasks(first.instance_key) if one.name == "Read the information"
    )
    manager.open(f"/staff/tasks/{task.user_task_key}")
    assert "Contact hours after six" in manager.text
    manager.open(f"/staff/complaints/{second.key}")
    assert "which joined this one" not in manager.text


def test_the_same_person_is_found_by_name_and_one_way_more(service):
    first = complain(service, PartyDetails("Mr Ode", phone="020 7946 0000"))
    assert offered(service, complain(service, PartyDetails("mr ode", phone="020 7946 0000"))) == [
        first.reference
    ]
    assert offered(service, complain(service, PartyDetails("Mr Ode", phone="020 7946 9999"))) == []


@pytest.mark.parametrize("which", ["unknown", "itself", "other person", "merged", "ended", "nobody's"])
def test_any_other_reference_is_refused_at_the_field_and_all_alike(service, which):
    first = complain(service)
    other = complain(service, PartyDetails("Mrs Else", "else@example.org"))
    third = complain(service)
    merge(service, third, first.reference)
    ended = complain(service)
    enquiry = as_duplicate("") | {"scopeExit": "enquiry"}
    del enquiry["duplicateOf"]
    service.engine.complete_task(screening(service, ended), enquiry)
    service.engine.complete_task(
        service.engine.open_tasks(ended.instance_key)[0].user_task_key, {"enquiryAnswer": "Yes."}
    )
    last = complain(service, None if which == "nobody's" else ODE)  # when all others are there
    reference = {
        "unknown": "RD-0000-0000-0",
        "itself": last.reference,
        "other person": other.reference,
        "merged": third.reference,
        "ended": ended.reference,
        "nobody's": first.reference,
    }[which]
    with pytest.raises(FormInvalid) as refused:
        service.engine.complete_task(screening(service, last), as_duplicate(reference))
    (error,) = refused.value.errors
    assert (error.path, error.code) == ("duplicateOf", "not_an_option")
    assert row(service, last).state == "assessing"


def test_the_interface_refuses_it_at_the_field_too(service, person):
    ina = person("ina", "intake")
    first, second = complain(service), complain(service)
    status, answer = ina.post(
        f"/v2/user-tasks/{screening(service, second)}/completion",
        {"variables": as_duplicate("RD-0000-0000-0")},
    )
    assert status == 400
    assert "duplicateOf" in str(answer)
    assert first.reference not in str(answer)


def test_the_list_names_what_its_reader_may_read(service, person):
    person("ina", "intake")
    person("ivo", "intake")
    of_ina = complain(service, staff_concerned=("ina",))
    open_one = complain(service)
    third = complain(service)
    assert offered(service, third, reader="ina") == [open_one.reference]
    assert offered(service, third, reader="ivo") == [open_one.reference, of_ina.reference]


def test_who_is_complained_about_finds_no_trace_of_it_beside_another_complaint(service, person):
    boss, lea = person("max", "manager"), person("lea", "manager")
    about_max = complain(service, staff_concerned=("max",))
    second = complain(service)
    asked = {"filter": {"name": "earlier"}}
    status, told = boss.post("/v2/variables/search", asked)
    assert (status, about_max.reference in str(told)) == (200, False)
    assert len(told["items"]) == 2, (
        "one for each complaint that was received, that of the one about max hidden"
    )
    assert about_max.reference not in offered(service, second, reader="max")

    also_about_max = complain(service, staff_concerned=("max",))
    assert about_max.reference in str(lea.post("/v2/variables/search", asked)[1]), (
        "nobody reads it who may not"
    )
    assert about_max.reference in offered(service, also_about_max, reader="lea")


def closed(service, db, first):
    db.get(ComplaintRow, first.key).state = "closed"


def merged(service, db, first):
    db.get(ComplaintRow, first.key).state = "merged"


def somebody_elses(service, db, first):
    parties(db, first.key)["complainant"].email = "else@example.org"


def forgotten(service, db, first):
    db.delete(parties(db, first.key)["complainant"])


def kept_from_who_screens(service, db, first):
    db.add(ExclusionRow(complaint_key=first.key, person_name="ina", reason="x", at=service.clock.now()))


@pytest.mark.parametrize("meanwhile", [closed, merged, somebody_elses, forgotten, kept_from_who_screens])
def test_a_choice_that_is_none_any_more_is_refused_at_the_field_at_every_door(service, app, meanwhile):
    ina = Someone(app, service, "ina", "intake")
    desk = Desk(app, service, "ina")
    first, second = complain(service), complain(service)
    key = screening(service, second)
    assert offered(service, second) == [first.reference]
    ina.ask("POST", f"/v2/user-tasks/{key}/assignment", {"assignee": "ina"})
    desk.open(f"/staff/tasks/{key}")
    desk.send(f"/staff/tasks/{key}", scopeExit=token(6, "duplicate"), _do="save")
    assert first.reference in desk.html
    typed = {
        "scopeExit": token(6, "duplicate"),
        "scopeReason": "Before.",
        "duplicateOf": token(0, first.reference),
    }
    version = re.search(r'name="_version" value="(\d+)"', desk.html)[1]
    desk.send(f"/staff/tasks/{key}", **typed, _do="save")

    service.engine.write(lambda db: meanwhile(service, db, first))

    status, text = ina.ask(
        "POST", f"/v2/user-tasks/{key}/completion", {"variables": as_duplicate(first.reference)}
    )
    assert (status, "duplicateOf" in text) == (400, True)
    with pytest.raises(FormInvalid) as refused:
        service.engine.complete_task(key, as_duplicate(first.reference), by=ina.person.actor)
    (error,) = refused.value.errors
    assert (error.path, error.code) == ("duplicateOf", "not_an_option")
    answer = desk.send(f"/staff/tasks/{key}", **typed, _version=version, _do="continue")
    assert answer.status_code == 422
    assert "Select the earlier complaint again: what can be chosen has changed" in desk.text
    assert offered(service, second, reader="ina") == []
    desk.open(f"/staff/tasks/{key}")
    assert first.reference not in desk.html, "nor does the draft bring it back"

    assert row(service, second).state == "assessing"
    assert service.engine.incidents().items == ()
    told = select(EventRow).where(
        EventRow.complaint_key == first.key, EventRow.kind == "complainant-information"
    )
    assert service.engine.read(lambda db: db.scalars(told).all()) == []


def test_a_complaint_that_came_meanwhile_can_be_chosen(service):
    second = complain(service)
    assert offered(service, second) == []
    first = complain(service)
    assert offered(service, second) == [first.reference]
    merge(service, second, first.reference)
    assert row(service, second).state == "merged"


@pytest.fixture
def line(service):
    """Somebody on duty, a manager and somebody of the top management."""
    for name, role in (("dora", "on-duty"), ("max", "manager"), ("tess", "top-management")):
        service.engine.write(
            lambda db, name=name, role=role: people.add(
                db,
                key=service.database.keys.next(),
                name=name,
                display_name=name.title(),
                password=None,
                roles=(role,),
                email=f"{name}@example.org",
                at=service.clock.now(),
            )
        )


def told(service, made):
    query = select(NoticeRow.group_name, NoticeRow.subject).where(NoticeRow.complaint_key == made.key)
    rows = service.engine.read(lambda db: db.execute(query.order_by(NoticeRow.key)).all())
    return [group for group, subject in rows if "danger" in subject]


@pytest.mark.usefixtures("line")
def test_danger_that_a_duplicate_tells_goes_over_to_the_earlier_complaint(service, clock):
    first = complain(service)
    begun = clock.now()
    second = complain(service, danger_reported=True)
    clock.advance(timedelta(minutes=90))
    merge(service, second, first.reference)

    assert service.engine.open_task_names(second.instance_key) == []
    (task,) = [
        one for one in service.engine.open_tasks(first.instance_key) if one.name == "Protect people now"
    ]
    assert task.due_date == begun + timedelta(hours=2), "the hours run on"
    assert row(service, first).facts["danger"] is True
    assert row(service, first).priority >= 90
    assert told(service, first) == ["on-duty"]

    clock.advance(timedelta(minutes=30))
    service.run_due()
    assert told(service, first) == ["on-duty", "complaints-managers"]
    clock.advance(timedelta(hours=2))
    service.run_due()
    assert told(service, first) == ["on-duty", "complaints-managers", "top-management"]


def test_danger_added_to_the_duplicate_later_goes_over_too(service):
    first, second = complain(service), complain(service)
    service.engine.publish_message("complainant-sends-information", str(second.key), {"dangerNow": True})
    merge(service, second, first.reference)
    assert "Protect people now" in service.engine.open_task_names(first.instance_key)


def test_danger_that_was_acted_on_makes_the_earlier_one_urgent_and_opens_nothing(service, clock):
    first, second = complain(service), complain(service, danger_reported=True)
    (task,) = [
        one for one in service.engine.open_tasks(second.instance_key) if one.name == "Protect people now"
    ]
    done = {"protectiveAction": "The stairs are closed.", "protectedAt": clock.now().isoformat()}
    service.engine.complete_task(task.user_task_key, done)
    merge(service, second, first.reference)
    assert row(service, first).facts["danger"] is True
    assert row(service, first).priority >= 90
    assert "Protect people now" not in service.engine.open_task_names(first.instance_key)


def test_a_duplicate_without_danger_makes_nothing_dangerous(service):
    first, second = complain(service), complain(service)
    merge(service, second, first.reference)
    assert "danger" not in row(service, first).facts
    assert "Protect people now" not in service.engine.open_task_names(first.instance_key)


def test_what_was_added_to_the_duplicate_is_handed_over_with_it(service):
    first, second = complain(service), complain(service)
    from_complainant.add_information(
        service,
        second.key,
        text="My son fell.",
        documents=(),
        draft=b"0" * 32,
        sheet=Sheet("information", "Information", ()),
        key="once",
    )
    merge(service, second, first.reference)
    query = select(EventRow.text).where(
        EventRow.complaint_key == first.key, EventRow.kind == "complainant-information"
    )
    (text,) = service.engine.read(lambda db: db.scalars(query).all())
    assert "My son fell." in text
