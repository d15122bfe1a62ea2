"""A withdrawn complaint: her clocks end, and what protects people or was promised anyway goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints import from_complainant
from api.complaints.answers.sheets import Sheet
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ClockRow, ComplaintRow, LetterRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from engine.actors import service as as_service
from engine.deadlines.state import OPEN
from tests.api.complaints.holes import leave_a_hole


@pytest.fixture(autouse=True)
def colleagues(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda db: add_colleagues(db, keys=keys, password=None, at=service.clock.now()))


def complain(service, **more):
    given = {"channel": "web", "received_at": service.clock.now(), "description": "The stairs broke."}
    people = {"complainant": PartyDetails("Ann Other", "ann@example.org")}
    return receive(service, NewComplaint(**given | people | more), by=as_service("test"))


def withdraw(service, made):
    from_complainant.withdraw(
        service, made.key, reason="", key="once", sheet=Sheet("withdrawal", "Withdrawal", ())
    )
    service.run_due()


def do(service, made, name, **answers):
    (task,) = [one for one in service.engine.open_tasks(made.instance_key) if one.name == name]
    service.engine.complete_task(task.user_task_key, answers)
    service.run_due()


def state(service, made):
    return service.engine.read(lambda db: db.get(ComplaintRow, made.key).state)


def open_clocks(service, made):
    query = select(ClockRow.name).where(ClockRow.complaint_key == made.key, ClockRow.state.in_(OPEN))
    return set(service.engine.read(lambda db: db.scalars(query).all()))


def farewell(service, made):
    query = select(LetterRow.text).where(
        LetterRow.complaint_key == made.key, LetterRow.template == "withdrawal-confirmed"
    )
    return service.engine.read(lambda db: db.scalar(query))


def test_her_clocks_end_and_protecting_people_goes_on(service):
    made = complain(service, danger_reported=True)
    assert "final_response" in open_clocks(service, made)
    withdraw(service, made)

    assert open_clocks(service, made) == set()
    assert set(service.engine.open_task_names(made.instance_key)) == {
        "Check for a wider problem",
        "Protect people now",
    }
    assert "protecting the people" in farewell(service, made)

    do(service, made, "Check for a wider problem", remark="No.")
    assert service.engine.instance(made.instance_key).state == "ACTIVE", "people are not protected yet"
    do(
        service,
        made,
        "Protect people now",
        protectiveAction="The stairs are closed.",
        protectedAt=service.clock.now().isoformat(),
    )
    assert service.engine.instance(made.instance_key).state == "COMPLETED"
    assert state(service, made) == "withdrawn"


def test_people_protected_before_the_withdrawal_need_no_second_task(service):
    made = complain(service, danger_reported=True)
    do(
        service,
        made,
        "Protect people now",
        protectiveAction="The stairs are closed.",
        protectedAt=service.clock.now().isoformat(),
    )
    withdraw(service, made)
    assert service.engine.open_task_names(made.instance_key) == ["Check for a wider problem"]
    assert "protecting" not in farewell(service, made)


def test_what_was_promised_anyway_is_carried_out_and_verified_after_a_withdrawal(service):
    made, staff = complain(service), Staff(service)
    staff.work(made.instance_key, Wish(remedy="refund", amount=38, stop_before=frozenset({"draft-answer"})))
    do(
        service,
        made,
        "Draft the answer",
        outcome="upheld",
        answerText="You are right.",
        remedyKind="refund",
        amount=38,
        remedyWhat="Refund of the deposit",
        keepAnyway=True,
    )
    staff.work(made.instance_key, Wish(stop_before=frozenset({"carry-out"})))
    assert state(service, made) == "responded"
    withdraw(service, made)

    assert "Refund of the deposit (£38.00)" in farewell(service, made)
    assert "Carry out the promise" in service.engine.open_task_names(made.instance_key)
    assert open_clocks(service, made) == {"commitment"}
    staff.work(made.instance_key, Wish())
    assert state(service, made) == "withdrawn"
    assert service.engine.instance(made.instance_key).state == "COMPLETED"
    assert open_clocks(service, made) == set()


def test_a_promise_that_hung_on_her_yes_falls_away(service):
    made, staff = complain(service), Staff(service)
    staff.work(made.instance_key, Wish(remedy="refund", amount=38))
    assert state(service, made) == "responded"
    withdraw(service, made)
    assert service.engine.open_task_names(made.instance_key) == ["Check for a wider problem"]


def add(service, made, text, *, danger=False):
    from_complainant.add_information(
        service,
        made.key,
        text=text,
        documents=(),
        draft=b"0" * 32,
        sheet=Sheet("information", "Information", ()),
        key=text,
        danger=danger,
    )
    service.run_due()


def open_tasks(service, made):
    return sorted(service.engine.open_task_names(made.instance_key))


def test_a_withdrawal_does_not_begin_the_hours_of_the_danger_anew(service, clock):
    made = complain(service, danger_reported=True)
    begun = clock.now()
    clock.advance(timedelta(minutes=90))
    withdraw(service, made)
    (task,) = [
        one for one in service.engine.open_tasks(made.instance_key) if one.name == "Protect people now"
    ]
    assert task.due_date == begun + timedelta(hours=2)


def test_a_letter_that_cannot_be_written_holds_up_nothing_that_goes_on(service):
    leave_a_hole(service, "withdrawal-confirmed")
    made = complain(service, danger_reported=True)
    withdraw(service, made)
    assert open_tasks(service, made) == ["Check for a wider problem", "Protect people now"]


def test_what_nobody_had_read_is_still_to_be_read(service, clock):
    made = complain(service)
    add(service, made, "My son fell.")
    withdraw(service, made)
    assert open_tasks(service, made) == ["Check for a wider problem", "Read the information"]
    do(service, made, "Check for a wider problem", remark="No.")
    do(service, made, "Read the information", informationKind="adds")
    clock.advance(timedelta(hours=1))
    service.run_due()
    assert service.engine.instance(made.instance_key).state == "COMPLETED"


def test_what_was_read_before_is_not_to_be_read_again(service):
    made = complain(service)
    add(service, made, "My son fell.")
    do(service, made, "Read the information", informationKind="adds")
    withdraw(service, made)
    assert open_tasks(service, made) == ["Check for a wider problem"]


def test_danger_may_be_told_after_the_withdrawal_and_is_waited_for(service, clock):
    made = complain(service)
    withdraw(service, made)
    add(service, made, "The stairs broke again.", danger=True)
    assert open_tasks(service, made) == [
        *("Check for a wider problem", "Protect people now", "Read the information"),
    ]
    do(service, made, "Check for a wider problem", remark="No.")
    do(service, made, "Read the information", informationKind="adds")
    assert service.engine.instance(made.instance_key).state == "ACTIVE"
    now = clock.now().isoformat()
    do(service, made, "Protect people now", protectiveAction="Closed.", protectedAt=now)
    clock.advance(timedelta(hours=1))
    service.run_due()
    assert service.engine.instance(made.instance_key).state == "COMPLETED"


def accept(service, made):
    from_complainant.answer(
        service, made.key, accepts=True, reason="", key="yes", sheet=Sheet("answer", "Answer", ())
    )
    service.run_due()


def test_what_was_agreed_is_kept_though_the_complaint_is_withdrawn_afterwards(service):
    made, staff = complain(service), Staff(service)
    staff.work(made.instance_key, Wish(remedy="refund", amount=38))
    accept(service, made)
    assert state(service, made) == "correcting"
    withdraw(service, made)
    assert open_tasks(service, made) == ["Carry out the promise", "Check for a wider problem"]
    assert "£38.00" in farewell(service, made)


def test_a_withdrawal_does_not_begin_the_hours_of_an_alert_anew(service, clock):
    made, staff = complain(service), Staff(service)
    staff.work(
        made.instance_key,
        Wish(severity="high", significant=True, stop_before=frozenset({"read-alert", "plan-investigation"})),
    )
    (alert,) = [one for one in service.engine.open_tasks(made.instance_key) if one.name == "Read the alert"]
    clock.advance(timedelta(hours=20))
    withdraw(service, made)
    (again,) = [one for one in service.engine.open_tasks(made.instance_key) if one.name == "Read the alert"]
    assert again.user_task_key != alert.user_task_key
    assert again.due_date == alert.due_date
