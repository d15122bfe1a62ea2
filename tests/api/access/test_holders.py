"""Work belongs to whom it is offered to: a name in a variable, a role that is gone, or a line in a list gives nobody more."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints.access import VariablesAreItsSteps
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.search import facts_for, visible
from api.complaints.tables import ComplaintRow, DutyRow, EventRow
from api.identity import people
from api.identity.decide import reach
from engine.actors import SYSTEM
from engine.commands.errors import NotYourTask, RegisterGives
from engine.store.search import Condition, Query
from engine.store.tables import outbox
from tests.api.access.test_messages_that_lack import brought
from tests.api.access.world import Someone
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

MARK = "[[status-link]]"


def begun(service, *steps):
    """Deploy a conductor of these steps and take a complaint in; return its instance."""
    ids = [f"step{number}" for number, _ in enumerate(steps)]
    stage = '<zeebe:taskHeaders><zeebe:header key="stage" value="one"/></zeebe:taskHeaders>'
    body = (
        START
        + service_task("enter", "redress:register")
        + service_task("clocks", "redress:start-clocks", extension=stage)
        + "".join(make(name) for name, make in zip(ids, steps, strict=True))
        + END
        + chain("start", "enter", "clocks", *ids, "end")
    )
    service.engine.deploy([("complaint-handling.bpmn", bpmn("complaint-handling", body))])
    new = NewComplaint("web", service.clock.now(), "Words", PartyDetails("Ann Other", "ann@example.org"))
    return receive(service, new, by=SYSTEM)


def work(assignment):
    return lambda name: user_task(name, f"<zeebe:assignmentDefinition {assignment}/>")


def open_task(service):
    (task,) = service.engine.tasks(Query(where=(Condition("state", "eq", "CREATED"),))).items
    return task


def person(service, name):
    return service.engine.read(lambda session: people.find(session, name))


def test_somebody_the_work_is_not_offered_to_does_not_keep_it(service, app):
    add_person(service, "adam", "admin")
    made = begun(service, work('assignee="adam" candidateGroups="handlers"'))
    task = open_task(service)
    assert task.assignee is None
    said = service.engine.read(
        lambda session: session.scalar(
            select(EventRow.facts).where(EventRow.complaint_key == made.key, EventRow.kind == "task-released")
        )
    )
    assert (said["from"], said["reason"]) == ("adam", "The task is not offered to this person.")
    status, _ = Someone(app, service, "eve", "admin").caller.post(
        f"/v2/user-tasks/{task.user_task_key}/completion", {}
    )
    assert status == 403


def test_whoever_lost_the_role_does_not_finish_the_work_they_hold(service):
    add_person(service, "hana", "handler")
    begun(service, work('candidateGroups="handlers"'))
    task = open_task(service)
    service.engine.claim_task(task.user_task_key, by=person(service, "hana").actor)
    service.engine.write(
        lambda session: people.change(session, "hana", roles=["admin"], at=service.clock.now())
    )
    with pytest.raises(NotYourTask):
        service.engine.complete_task(task.user_task_key, {}, by=person(service, "hana").actor)


def test_the_inbox_names_a_complaint_only_to_those_who_may_read_it(service, app):
    made = begun(service, work('candidateGroups="department-billing,handlers"'))
    for name, role, reads in (("con", "contributor", False), ("hana", "handler", True)):
        browser = Browser(app)
        add_person(service, name, role, password=PASSWORD, groups=("department-billing",))
        browser.sign_in(name)
        page = browser.get("/staff/?box=groups").text
        assert "Step0" in page
        assert ("Ann Other" in page, made.reference in page) == (reads, reads), name


def test_a_notice_that_is_mailed_holds_no_link(service):
    add_person(service, "olga", "on-duty")
    service.engine.write(
        lambda session: people.change(session, "olga", email="olga@house.example", at=service.clock.now())
    )
    headers = (
        '<zeebe:taskHeaders><zeebe:header key="subject" value="Look"/><zeebe:header key="group" value="on-duty"/>'
        '<zeebe:header key="mail" value="yes"/></zeebe:taskHeaders>'
        f'<zeebe:ioMapping><zeebe:input source=\'="Go to {MARK}"\' target="text"/></zeebe:ioMapping>'
    )
    begun(service, lambda name: service_task(name, "redress:notify", extension=headers))
    (row,) = service.engine.read(lambda session: session.execute(select(outbox)).all())
    assert "Go to" in row.body.decode()
    assert MARK not in row.body.decode()


def test_variables_of_a_complaint_are_corrected_only_where_it_is_stuck_and_with_a_line(service):
    add_person(service, "adam", "admin")
    adam = person(service, "adam").actor
    made = begun(service, work('candidateGroups="handlers"'))
    with pytest.raises(VariablesAreItsSteps):
        service.engine.set_variables(made.instance_key, {"owner": "adam"}, by=adam)
    stuck = begun(service, lambda name: service_task(name, "redress:notify", extension=mapped_to_nothing()))
    for name in ("complaintKey", "reference", "complainantKnown"):
        with pytest.raises(RegisterGives):
            service.engine.set_variables(stuck.instance_key, {name: "1", "go": 1}, by=adam)
    service.engine.set_variables(stuck.instance_key, {"go": 1}, by=adam)
    lines = service.engine.read(
        lambda session: session.execute(
            select(EventRow.complaint_key, EventRow.by, EventRow.facts).where(
                EventRow.kind == "variables-corrected"
            )
        ).all()
    )
    assert [tuple(line) for line in lines] == [(stuck.key, "adam", {"names": ["go"]})]


def mapped_to_nothing():
    return '<zeebe:taskHeaders><zeebe:header key="subject" value="x"/></zeebe:taskHeaders><zeebe:ioMapping><zeebe:input source="=1 + assert(go, go = 1)" target="text"/></zeebe:ioMapping>'


def test_work_in_a_process_beside_the_case_is_work_on_the_complaint(service, app):
    clocked = (
        '<zeebe:assignmentDefinition candidateGroups="handlers"/>'
        '<zeebe:taskSchedule dueDate="=now() + duration(&quot;P1D&quot;)"/>'
        '<zeebe:taskHeaders><zeebe:header key="duty" value="reply"/></zeebe:taskHeaders>'
    )
    beside = bpmn(
        "beside",
        '<startEvent id="start"><messageEventDefinition messageRef="m9"/></startEvent>'
        + user_task("call", clocked)
        + END
        + chain("start", "call", "end"),
        extra='<message id="m9" name="complaint-closed"/>',
    )
    made = begun(service, work('candidateGroups="complaints-managers"'))
    service.engine.deploy([("beside.bpmn", beside)])
    service.engine.correlate_message(
        "complaint-closed", str(made.key), brought("complaint-closed", made.key), by=SYSTEM
    )
    (task,) = [
        one
        for one in service.engine.tasks(Query(where=(Condition("state", "eq", "CREATED"),))).items
        if one.element_id == "call"
    ]
    add_person(service, "cora", "handler", password=PASSWORD)
    cora = person(service, "cora")

    def seen(session):
        row = session.get(ComplaintRow, made.key)
        listed = session.scalars(select(ComplaintRow.key).where(visible(cora, reach(cora)))).all()
        return facts_for(session, cora, row).holds_task, list(listed)

    assert service.engine.read(seen) == (True, [made.key])
    desk = Browser(app)
    desk.sign_in("cora")
    assert made.reference in desk.get("/staff/?box=groups").text
    assert f"/staff/tasks/{task.user_task_key}" in desk.get(f"/staff/complaints/{made.key}").text
    service.engine.complete_task(task.user_task_key, {}, by=cora.actor)
    duties = service.engine.read(
        lambda session: session.execute(
            select(DutyRow.duty, DutyRow.person_name).where(DutyRow.complaint_key == made.key)
        ).all()
    )
    assert duties == [("reply", "cora")]
