"""What is done to a complaint's case comes from its own steps, its complainant, or staff who may write on it; and ends it nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints import agreement
from api.complaints.access import ComplaintNotCanceled
from api.complaints.from_complainant import COMPLAINANT
from api.complaints.intake import NewComplaint, receive
from api.complaints.tables import ClockRow, ComplaintRow, EventRow, NoticeRow
from api.identity import people
from api.identity.decide import ComplaintFacts, may
from api.identity.roles import ROLES
from engine.actors import SYSTEM
from engine.commands.errors import MessageNotCorrelated
from engine.commands.update_task import TaskChanges
from engine.store import instances
from tests.api.access.test_messages_that_lack import WAITS
from tests.api.access.world import Case, Someone, conducted
from tests.api.browsing import add_person
from tests.api.web.staff_desk import Desk
from tests.engine.diagrams import END, START, bpmn, chain, one_task, service_task, user_task

WITHDRAWS = "complainant-withdraws"


@pytest.fixture
def case(service):
    service.engine.deploy([("complaint-handling.bpmn", conducted())])
    return Case(service)


def receive_one(service):
    return receive(service, NewComplaint("web", service.clock.now(), "Words", None), by=SYSTEM)


def complaint(service, key):
    return service.engine.read(lambda session: session.get(ComplaintRow, key))


def waits(service, case):
    """Tell whether the case still waits for the complainant to withdraw."""
    return "gone" in {token.element_id for token in service.engine.tokens(case.instance)}


def alone(*jobs, process_id="mine", extra="", start=START):
    """Return a diagram of somebody's own: these service tasks in a row."""
    ids = [f"job{number}" for number, _ in enumerate(jobs)]
    return bpmn(process_id, start + "".join(
        service_task(name, kind, extension=extension) for name, (kind, extension) in zip(ids, jobs, strict=True)
    ) + END + chain("start", *ids, "end"), extra=extra)  # fmt: skip


def mapped(**inputs):
    inner = "".join(f"<zeebe:input source='{source}' target='{name}'/>" for name, source in inputs.items())
    return f"<zeebe:ioMapping>{inner}</zeebe:ioMapping>"


def headers(**given):
    inner = "".join(f'<zeebe:header key="{name}" value="{value}"/>' for name, value in given.items())
    return f"<zeebe:taskHeaders>{inner}</zeebe:taskHeaders>"


HANDLERS = [
    ("redress:close", mapped(reason='="withdrawn"')),
    ("redress:set-state", headers(state="deciding")),
    ("redress:record", headers(kind="decision") + mapped(data='={answers: [{issueId: 1, outcome: "upheld", text: "x"}]}')),
    ("redress:assign-owner", headers(group="handlers")),
    ("redress:start-clocks", headers(stage="one")),
    ("redress:notify", headers(group="handlers", subject="x")),
    ("redress:send-letter", headers(letter="acknowledgement")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "extension"), HANDLERS, ids=[kind for kind, _ in HANDLERS])
def test_a_job_acts_on_the_complaint_of_its_own_case_whatever_a_variable_claims(
    service, case, kind, extension
):
    add_person(service, "hana", "handler")
    service.engine.deploy([("mine.bpmn", alone((kind, extension)))])
    before = case.state()
    service.engine.start("mine", {"complaintKey": str(case.complaint), "reference": case.reference})
    service.engine.run_due_jobs()
    assert case.state() == before


@pytest.mark.parametrize(("kind", "extension"), HANDLERS, ids=[kind for kind, _ in HANDLERS])
def test_the_same_job_in_the_complaints_own_case_does_act_on_it(service, kind, extension):
    add_person(service, "hana", "handler")
    before, after = (
        alone(("redress:register", ""), *jobs, ("wait", ""), process_id="complaint-handling")
        for jobs in ((), ((kind, extension),))
    )
    found = []
    for diagram in (before, after):
        service.engine.deploy([("complaint-handling.bpmn", diagram)])
        made = receive_one(service)
        assert not service.engine.instance(made.instance_key).has_incident
        found.append(service.engine.read(lambda session, key=made.key: _counts(session, key)))
    assert found[0] != found[1]


def _counts(session, key):
    """Return how much the register holds of a complaint, and where it stands."""
    rows = [
        len(session.scalars(select(row).where(row.complaint_key == key)).all())
        for row in (EventRow, NoticeRow, ClockRow)
    ]
    return rows, session.get(ComplaintRow, key).state


def test_a_step_of_another_case_does_not_withdraw_a_complaint(service, case):
    publish = (
        "redress:publish-message",
        headers(name=WITHDRAWS) + mapped(correlationKey="=complaintKey", variables="={}"),
    )
    service.engine.deploy([("mine.bpmn", alone(publish))])
    service.engine.start("mine", {"complaintKey": str(case.complaint)})
    service.engine.run_due_jobs()
    assert waits(service, case)


def test_a_complaint_whose_diagram_throws_reaches_itself_and_what_began_beside_it_is_its_own(service):
    thrown = '<message id="m9" name="aside"/>'
    start = '<startEvent id="start"><messageEventDefinition messageRef="m9"/></startEvent>'
    publish = (
        "redress:publish-message",
        headers(name="aside") + mapped(correlationKey="=complaintKey", variables="={}"),
    )
    service.engine.deploy([
        ("complaint-handling.bpmn", alone(("redress:register", ""), publish, ("wait", ""), process_id="complaint-handling")),
        ("beside.bpmn", alone(("redress:set-state", headers(state="deciding")), ("wait", ""), process_id="beside", extra=thrown, start=start)),
    ])  # fmt: skip
    made = receive_one(service)
    assert complaint(service, made.key).state == "deciding"
    (beside,) = [one for one in service.engine.instances().items if one.process_definition_id == "beside"]
    row = service.engine.read(lambda session: instances.read(session, beside.process_instance_key))
    assert (row.root_key, row.case_key) == (beside.process_instance_key, made.instance_key)


def test_who_holds_the_link_speaks_to_that_complaint_and_to_nothing_else(service, case):
    other = Case(service)
    listens = bpmn(
        "listens",
        START + '<intermediateCatchEvent id="ear"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>'
        + END + chain("start", "ear", "end"),
        extra=f'<message id="m1" name="{WITHDRAWS}"><extensionElements>'
        '<zeebe:subscription correlationKey="=complaintKey"/></extensionElements></message>',
    )  # fmt: skip
    service.engine.deploy([("listens.bpmn", listens)])
    ear = service.engine.start("listens", {"complaintKey": str(case.complaint)}).key
    service.engine.correlate_message(WITHDRAWS, str(case.complaint), by=COMPLAINANT)
    assert (waits(service, case), waits(service, other)) == (False, True)
    assert service.engine.instance(ear).state == "ACTIVE"


@pytest.mark.parametrize(
    ("roles", "heard"),
    [(("admin",), False), (("process-owner",), False), (("manager",), True), (("admin", "intake"), True),
     (("admin", "auditor"), False), (("admin", "handler"), False)],
    ids=str,
)  # fmt: skip
def test_staff_speak_for_the_complainant_only_if_they_may_write_on_the_complaint(
    app, service, case, roles, heard
):
    someone = Someone(app, service, "someone", *roles)
    if "handler" in roles:  # neither its owner nor with a task of it
        service.engine.update_task(case.task, TaskChanges(candidate_groups=["intake"]))
    body = {"name": WITHDRAWS, "correlationKey": str(case.complaint)}
    status, _ = someone.ask("POST", "/v2/messages/correlation", body)
    assert (status == 200, waits(service, case)) == (heard, not heard)


CLOSED = "complaint-closed"  # starts the survey
OF_ANYTHING = bpmn(
    "satisfaction-survey",
    '<startEvent id="start"><messageEventDefinition messageRef="m9"/></startEvent>' + END + chain("start", "end"),
    extra=f'<message id="m9" name="{CLOSED}"/>',
)  # fmt: skip


def surveys(service, case):
    return [
        service.engine.read(lambda db, key=one.process_instance_key: instances.read(db, key))
        for one in service.engine.instances().items
        if one.process_definition_id == "satisfaction-survey"
    ]


@pytest.mark.parametrize("person", ["", ":representative"])
@pytest.mark.parametrize("time_to_live", [None, 0, 3_600_000], ids=["correlated", "published", "kept"])
@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_who_may_write_on_a_complaint_starts_what_its_key_names(
    app, service, case, role, time_to_live, person
):
    someone = Someone(app, service, "someone", role)
    service.engine.update_task(case.task, TaskChanges(candidate_groups=["nobody"]))
    service.engine.write(lambda db: setattr(db.get_one(ComplaintRow, case.complaint), "state", "closed"))
    facts = {
        "complaintKey": str(case.complaint),
        "reference": "RD-1",
        "priority": 50,
        "complainantKnown": True,
    }
    body = {
        "name": CLOSED,
        "correlationKey": f"{case.complaint}{person}",
        "variables": facts | {"waits": WAITS},
    }
    if time_to_live is None:
        someone.ask("POST", "/v2/messages/correlation", body)
    else:
        someone.ask("POST", "/v2/messages/publication", {**body, "timeToLive": time_to_live})
    begun = surveys(service, case)
    may_write = bool(may(someone.person, "complaint.write", ComplaintFacts()))
    may_publish = someone.ask("POST", "/v2/messages/publication", {"name": "nobody-waits"})[0] == 200
    assert len(begun) == (may_write and may_publish)
    assert all(one.case_key == case.instance for one in begun), "what it starts is the complaint's"


def test_an_answer_under_the_key_of_a_person_reaches_nobody(app, service, case):
    manager = Someone(app, service, "max", "manager")
    body = {"name": "complainant-answers", "correlationKey": f"{case.complaint}:representative"}
    assert manager.ask("POST", "/v2/messages/correlation", body)[0] == 404


def test_a_stray_start_does_not_stand_in_the_way_of_the_complaints_own(app, service, case):
    eve = Someone(app, service, "eve", "admin")
    body = {"name": CLOSED, "correlationKey": str(case.complaint)}
    unknown = {"name": "nobody-waits", "correlationKey": str(case.complaint)}
    ask = lambda one: eve.ask("POST", "/v2/messages/correlation", one)[0]  # noqa: E731
    assert (ask(body), ask(unknown)) == (404, 404)
    eve.ask("POST", "/v2/messages/publication", {**body, "timeToLive": 3_600_000})
    publish = (
        "redress:publish-message",
        headers(name=CLOSED) + mapped(correlationKey=f'="{case.complaint}"', variables="={}"),
    )
    service.engine.deploy([("mine.bpmn", alone(publish))])
    service.engine.start("mine")
    service.engine.run_due_jobs()
    assert surveys(service, case) == [], "nor does a step of another case start it"

    service.engine.deploy([("satisfaction-survey.bpmn", OF_ANYTHING)])
    service.engine.correlate_message(CLOSED, str(case.complaint), by=SYSTEM)
    (one,) = surveys(service, case)
    assert (one.case_key, one.is_open) == (case.instance, False)
    assert len(surveys(service, case)) == 1, "what was kept of somebody not heard starts none when it ends"


def test_a_key_that_names_no_complaint_starts_what_is_about_none(app, service, case):
    eve = Someone(app, service, "eve", "admin")
    service.engine.deploy([("satisfaction-survey.bpmn", OF_ANYTHING)])
    for key in ("", "order-7", "99999999999999999999999", "٣"):
        assert eve.ask("POST", "/v2/messages/correlation", {"name": CLOSED, "correlationKey": key})[0] == 200
    assert len(surveys(service, case)) == 4


def test_a_message_that_is_kept_is_judged_again_when_it_is_delivered(app, service):
    eve, max_ = Someone(app, service, "eve", "admin"), Someone(app, service, "max", "manager")
    late = bpmn(
        "complaint-handling",
        START + service_task("enter", "redress:register") + user_task("first")
        + '<intermediateCatchEvent id="gone"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>'
        + END + chain("start", "enter", "first", "gone", "end"),
        extra=f'<message id="m1" name="{WITHDRAWS}"><extensionElements>'
        '<zeebe:subscription correlationKey="=complaintKey"/></extensionElements></message>',
    )  # fmt: skip
    service.engine.deploy([("complaint-handling.bpmn", late)])
    for someone, arrives in ((eve, False), (max_, True)):
        made = receive_one(service)
        body = {"name": WITHDRAWS, "correlationKey": str(made.key), "timeToLive": 3_600_000}
        assert someone.ask("POST", "/v2/messages/publication", body)[0] == 200
        (task,) = service.engine.open_tasks(made.instance_key)
        service.engine.complete_task(task.user_task_key, by=SYSTEM)
        assert (service.engine.instance(made.instance_key).state == "COMPLETED") is arrives


def test_a_signal_from_outside_or_of_another_case_is_not_heard_by_a_complaint(app, service, case):
    thrower = bpmn(
        "throws",
        START + '<intermediateThrowEvent id="cry"><signalEventDefinition signalRef="s1"/></intermediateThrowEvent>'
        + END + chain("start", "cry", "end"),
        extra='<signal id="s1" name="alarm"/>',
    )  # fmt: skip
    service.engine.deploy([("throws.bpmn", thrower)])
    service.engine.start("throws")
    max_ = Someone(app, service, "max", "manager")
    assert max_.ask("POST", "/v2/signals/broadcast", {"signalName": "alarm"})[0] == 200
    assert "alarm" in {token.element_id for token in service.engine.tokens(case.instance)}


def test_no_door_cancels_the_case_of_a_complaint_and_each_says_what_to_do_instead(app, service, case):
    owner, before = Someone(app, service, "paula", "process-owner", "admin", "manager"), case.state()
    status, text = owner.ask("POST", f"/v2/process-instances/{case.instance}/cancellation", {})
    assert status == 409
    assert "withdrawal" in text
    desk = Desk(app, service, "paula")
    desk.open(f"/staff/processes/{case.instance}")
    assert desk.send(f"/staff/processes/{case.instance}/end", reason="Tidy up").status_code == 422
    assert "withdrawal" in desk.text
    with pytest.raises(ComplaintNotCanceled):
        service.engine.cancel(case.instance, by=SYSTEM)
    assert case.state() == before


def test_nobody_moves_tokens_so_that_the_case_ends_before_its_complaint(app, service, case):
    owner, before = Someone(app, service, "paula", "admin"), case.state()
    everything = [
        {"elementId": token.element_id}
        for token in service.engine.tokens(case.instance)
        if token.type != "PROCESS"
    ]
    path = f"/v2/process-instances/{case.instance}/modification"
    status, text = owner.ask("POST", path, {"terminateInstructions": everything})
    assert (status, "leave out work" in text) == (409, True)
    assert case.state() == before
    assert service.engine.instance(case.instance).state == "ACTIVE"


def test_a_worker_or_a_repeated_step_does_not_end_it_either(app, service):
    service.engine.deploy([
        ("complaint-handling.bpmn", alone(("redress:register", ""), ("look-up", ""), process_id="complaint-handling"))
    ])  # fmt: skip
    made = receive_one(service)
    owner = Someone(app, service, "paula", "process-owner")
    (job,) = service.engine.jobs().items
    status, text = owner.ask("POST", f"/v2/jobs/{job.job_key}/completion", {})
    assert (status, "complaint is open" in text) == (409, True)
    assert service.engine.instance(made.instance_key).state == "ACTIVE"


def test_a_diagram_that_forgets_to_close_is_told_to_the_managers_once(service):
    service.engine.deploy([
        ("complaint-handling.bpmn", bpmn(
            "complaint-handling",
            START + service_task("enter", "redress:register") + user_task("work") + END + chain("start", "enter", "work", "end"),
        ))
    ])  # fmt: skip
    max_ = add_person(service, "max", "manager")
    made = receive_one(service)
    (task,) = service.engine.open_tasks(made.instance_key)
    service.engine.assign_task(task.user_task_key, "max", by=max_.actor)
    service.engine.complete_task(task.user_task_key, by=max_.actor)
    assert service.engine.instance(made.instance_key).state == "COMPLETED"
    chore = {one.name: one for one in service.chores}["agreement"]
    assert (chore.run(), chore.run()) == (1, 0)

    def told(session):
        notices = session.scalars(select(NoticeRow).where(NoticeRow.complaint_key == made.key)).all()
        lines = session.scalars(
            select(EventRow).where(EventRow.complaint_key == made.key, EventRow.kind == agreement.TOLD)
        ).all()
        return [(one.group_name, one.subject) for one in notices], len(lines)

    assert service.engine.read(told) == ([("complaints-managers", "A case ended, its complaint did not")], 1)
    (incident,) = service.engine.incidents().items
    assert incident.code == agreement.CODE
    service.engine.resolve_incident(incident.incident_key, by=max_.actor)
    assert not service.engine.instance(made.instance_key).has_incident
    assert agreement.note_ended(service) == 0


def test_a_case_that_closed_its_complaint_ends_in_peace(service):
    service.engine.deploy([
        ("complaint-handling.bpmn", alone(("redress:register", ""), ("redress:close", ""), process_id="complaint-handling"))
    ])  # fmt: skip
    made = receive_one(service)
    assert (complaint(service, made.key).state, agreement.note_ended(service)) == ("closed", 0)


def test_a_process_without_a_complaint_is_still_canceled_and_moved_to_its_end(app, service):
    service.engine.deploy([("one.bpmn", one_task("tried"))])
    owner, key = Someone(app, service, "paula", "process-owner"), service.engine.start("tried").key
    assert owner.ask("POST", f"/v2/process-instances/{key}/cancellation", {})[0] == 204


@pytest.mark.parametrize(
    "change",
    [{"dueDate": "2027-12-24T12:00:00Z"}, {"followUpDate": "2027-12-24T12:00:00Z"}, {"priority": 0},
     {"candidateGroups": ["handlers"]}, {"candidateUsers": []}],
    ids=str,
)  # fmt: skip
def test_only_who_assigns_work_changes_a_task_also_when_it_is_offered_or_held(app, service, case, change):
    hana, lea = Someone(app, service, "hana", "handler", "intake"), Someone(app, service, "lea", "team-lead")
    path = f"/v2/user-tasks/{case.task}"
    assert hana.ask("PATCH", path, {"changeset": change})[0] == 403
    assert hana.ask("POST", f"{path}/assignment", {"assignee": "hana"})[0] == 204
    before = case.state()
    assert hana.ask("PATCH", path, {"changeset": change})[0] == 403
    assert case.state() == before
    # a team leader reaches tasks over /v2 like any other holder of tasks
    assert lea.ask("PATCH", path, {"changeset": change})[0] == 204
    assert case.state() != before


@pytest.mark.parametrize(("change", "said"), [
    ({"candidateUsers": ["nobody"]}, "There is no active account 'nobody'"),
    ({"candidateUsers": ["gone"]}, "There is no active account 'gone'"),
    ({"candidateUsers": ["named"]}, "conflict of interest"),
    ({"candidateGroups": ["handlers", "handlerz"]}, "Nobody with an active account is in the group 'handlerz'"),
])  # fmt: skip
def test_a_task_is_not_offered_to_whom_it_would_be_lost_with(app, service, case, change, said):
    lea = Someone(app, service, "lea", "team-lead")
    Someone(app, service, "gone", "handler")
    Someone(app, service, "named", "handler")
    service.engine.write(lambda session: people.change(session, "gone", active=False, at=service.clock.now()))
    concerned = Case(service, "named")
    before = service.engine.task(concerned.task)
    status, text = lea.ask("PATCH", f"/v2/user-tasks/{concerned.task}", {"changeset": change})
    assert (status, said in text) == (400, True), text
    assert service.engine.task(concerned.task) == before


def test_the_date_of_a_deadline_moves_with_its_clock_only(app, service):
    followed = user_task("work", '<zeebe:assignmentDefinition candidateGroups="handlers"/>' + "<zeebe:properties>"
                         '<zeebe:property name="redress.clock" value="target"/></zeebe:properties>')  # fmt: skip
    service.engine.deploy([
        ("complaint-handling.bpmn", bpmn(
            "complaint-handling",
            START + service_task("enter", "redress:register") + service_task("clocks", "redress:start-clocks", extension=headers(stage="one"))
            + followed + END + chain("start", "enter", "clocks", "work", "end"),
        ))
    ])  # fmt: skip
    made = receive_one(service)
    (task,) = service.engine.open_tasks(made.instance_key)
    assert task.clock == "target"
    lea, path = Someone(app, service, "lea", "team-lead"), f"/v2/user-tasks/{task.user_task_key}"
    for date in ("2027-12-24T12:00:00Z", ""):
        status, text = lea.ask("PATCH", path, {"changeset": {"dueDate": date}})
        assert (status, "clock" in text) == (409, True)
    assert lea.ask("PATCH", path, {"changeset": {"priority": 90}})[0] == 204
    assert service.engine.task(task.user_task_key).due_date == task.due_date


def test_an_administrator_who_is_offered_a_task_does_not_take_it_out_of_anothers_hands(app, service, case):
    ina, eve = Someone(app, service, "ina", "intake"), Someone(app, service, "eve", "admin", "intake")
    assert ina.ask("POST", f"/v2/user-tasks/{case.task}/assignment", {"assignee": "ina"})[0] == 204
    assert eve.ask("DELETE", f"/v2/user-tasks/{case.task}/assignee")[0] == 403


def test_timers_of_a_complaint_are_moved_by_who_may_move_its_deadlines(app, service, case):
    owner, max_ = (
        Someone(app, service, "paula", "process-owner", "admin"),
        Someone(app, service, "max", "manager"),
    )
    for verb, body in (
        ("move", {"reason": "x", "dueDate": "2027-01-01T00:00:00Z"}),
        ("fire", {"reason": "x"}),
    ):
        assert owner.ask("POST", f"/api/timers/{case.timer}/{verb}", body)[0] == 403
        assert max_.ask("POST", f"/api/timers/{case.timer}/{verb}", body)[0] == 204


def test_time_itself_still_fires_them(service, case, clock):
    clock.advance(timedelta(days=4))
    service.engine.run_due_jobs()
    assert not [one for one in service.engine.timers().items if one.job_key == case.timer]


def test_nothing_waits_for_a_message_of_somebody_who_is_not_heard(app, service, case):
    eve = Someone(app, service, "eve", "admin")
    answers = [
        eve.ask("POST", "/v2/messages/correlation", {"name": WITHDRAWS, "correlationKey": str(key)})
        for key in (case.complaint, case.complaint + 1_000_000)
    ]
    assert [status for status, _ in answers] == [404, 404]
    with pytest.raises(MessageNotCorrelated):
        service.engine.correlate_message(WITHDRAWS, str(case.complaint), by=eve.person.actor)
