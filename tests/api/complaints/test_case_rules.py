"""Four eyes and conflicts of interest: enforced at every door, also when the rule came to hold after the task was taken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.complaints import separation
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ComplaintRow, DutyRow, EventRow
from api.identity import people
from engine.actors import service as as_service
from engine.commands.errors import NotYourTask, TaskHeld, TaskNotFound, TaskRefused
from engine.store.search import Condition, Query
from engine.store.tables import task_candidates, tasks
from tests.api.browsing import add_person

TEAM = {
    "ina": "intake", "hana": "handler", "hugo": "handler", "quinn": "quality", "ada": "approver", "rita": "reviewer",
    "lea": "team-lead", "max": "manager", "iris": "investigator",
}  # fmt: skip


@pytest.fixture
def team(service):
    return {name: add_person(service, name, role) for name, role in TEAM.items()}


def complain(service, **more):
    given = {"channel": "web", "received_at": service.clock.now(), "description": "My parcel never came."}
    complaint = NewComplaint(**given | {"complainant": PartyDetails("Ann Other", "ann@example.org")} | more)
    return receive(service, complaint, by=as_service("web"))


def the_task(service, case, name):
    (found,) = [task for task in service.engine.open_tasks(case.instance_key) if task.name == name]
    return found


def duty(service, case, person, what):
    """Note that somebody did work of this kind before."""
    key = service.engine.next_key()
    service.engine.write(
        lambda session: session.add(
            DutyRow(
                key=key,
                complaint_key=case.key,
                task_key=0,
                duty=what,
                person_name=person,
                at=service.clock.now(),
            )
        )
    )


def row(service, case):
    return service.engine.read(lambda session: session.get(ComplaintRow, case.key))


def exclude(service, case, person):
    service.engine.write(
        lambda session: separation.exclude(session, case.key, person, reason="named", at=service.clock.now())
    )


def screen(service, case, by):
    key = the_task(service, case, "Screen the complaint").user_task_key
    service.engine.complete_task(key, {"scopeExit": "in_scope", "problem": "other"}, by=by.actor)


def test_the_subject_of_a_complaint_neither_sees_nor_takes_nor_gets_nor_finishes_its_tasks(service, team):
    case = complain(service, staff_concerned=("ina", "ina"))
    key = the_task(service, case, "Screen the complaint").user_task_key
    ina, engine = team["ina"].actor, service.engine
    for attempt in (
        lambda: engine.task(key, by=ina),
        lambda: engine.claim_task(key, by=ina),
        lambda: engine.complete_task(key, {"scopeExit": "in_scope", "problem": "other"}, by=ina),
        lambda: engine.unclaim_task(key, by=ina),
        lambda: engine.assign_task(key, "ina", by=ina),
    ):
        with pytest.raises(TaskNotFound):
            attempt()
    with pytest.raises(NotYourTask):
        engine.assign_task(key, "ina", by=team["lea"].actor)
    assert key not in {task.user_task_key for task in engine.inbox("groups", by=ina).items}
    assert engine.inbox_counts(ina).groups == 0
    assert key not in {task.user_task_key for task in engine.tasks(by=ina).items}
    screen(service, case, team["lea"])


def test_a_subject_with_every_role_and_the_administrators_is_still_kept_out(service):
    boss = add_person(service, "boss", "admin", "manager", "process-owner", "intake")
    case = complain(service, staff_concerned=("boss",))
    key = the_task(service, case, "Screen the complaint").user_task_key
    with pytest.raises(TaskNotFound):
        service.engine.complete_task(key, {"scopeExit": "in_scope", "problem": "other"}, by=boss.actor)
    with pytest.raises(TaskNotFound):
        service.engine.task(key, by=boss.actor)


@pytest.mark.parametrize(
    ("before", "role", "what"),
    [
        ("draft", "quality", "quality-check"),
        ("draft", "approver", "approve"),
        ("correct", "quality", "verify"),
        ("screen", "team-lead", "appeal"),
        *((done, "reviewer", "stage-two") for done in sorted(separation.HANDLING)),
        *((done, "approver", "stage-two-approve") for done in sorted(separation.HANDLING | {"stage-two"})),
    ],
)
def test_what_somebody_did_before_keeps_them_from_what_must_be_done_afresh(service, before, role, what):
    person = add_person(service, "pat", role)
    case, other = complain(service), complain(service)
    duty(service, case, person.name, before)

    def said(complaint, kind):
        return service.engine.read(
            lambda session: separation.objection(session, complaint.key, duty=kind, person=person.name)
        )

    assert said(case, what)
    assert said(other, what) is None
    assert said(case, "acknowledge") is None
    assert said(case, None) is None


def test_somebody_who_drafted_can_neither_claim_nor_get_nor_finish_the_check(service, team, clock):
    case = complain(service)
    screen(service, case, team["ina"])
    key = the_task(service, case, "Assess the complaint").user_task_key
    _make_it(service, key, duty="quality-check", groups=("quality",))
    duty(service, case, "quinn", "draft")
    quinn, engine = team["quinn"].actor, service.engine
    for attempt in (
        lambda: engine.claim_task(key, by=quinn),
        lambda: engine.complete_task(key, {}, by=quinn),
    ):
        with pytest.raises(NotYourTask, match="drafted"):
            attempt()
    with pytest.raises(NotYourTask, match="quinn"):
        engine.assign_task(key, "quinn", by=team["lea"].actor)


def _make_it(service, key, *, duty, groups=()):
    """Turn an open task into one of another duty and offer, as another diagram would have it."""

    def work(session):
        session.execute(
            tasks.update()
            .where(tasks.c.key == key)
            .values(headers={"duty": duty}, assignee=None, candidate_groups=list(groups), candidate_users=[])
        )
        session.execute(task_candidates.delete().where(task_candidates.c.task_key == key))
        for group in groups:
            far = session.scalar(select(tasks.c.due_sort).where(tasks.c.key == key))
            session.execute(
                task_candidates.insert().values(
                    task_key=key, kind="group", name=group, due_sort=far, priority=50
                )
            )

    service.engine.write(work)


def test_a_task_is_given_only_to_somebody_who_is_there_and_does_such_work(service, team):
    case, engine = complain(service), service.engine
    key = the_task(service, case, "Screen the complaint").user_task_key
    for name in ("nobody", "quinn", "x" * 300, "ina\x00"):
        with pytest.raises((NotYourTask, TaskRefused)):
            engine.assign_task(key, name, by=team["lea"].actor)
    engine.write(lambda session: people.change(session, "ina", active=False, at=service.clock.now()))
    with pytest.raises(NotYourTask, match="active"):
        engine.assign_task(key, "ina", by=team["lea"].actor)
    with pytest.raises(NotYourTask):
        engine.assign_task(key, "lea", by=team["hana"].actor)
    engine.assign_task(key, "lea", by=team["max"].actor)


def test_not_even_an_administrator_finishes_what_somebody_else_holds(service, team):
    chief = add_person(service, "chief", "admin", "intake")
    case, engine = complain(service), service.engine
    key = the_task(service, case, "Screen the complaint").user_task_key
    engine.claim_task(key, by=team["ina"].actor)
    for person in (chief, team["lea"]):
        with pytest.raises(TaskHeld):
            engine.complete_task(key, {"scopeExit": "in_scope", "problem": "other"}, by=person.actor)


def test_services_and_people_without_the_role_do_no_work_of_people(service, team):
    case, engine = complain(service), service.engine
    key = the_task(service, case, "Screen the complaint").user_task_key
    answers = {"scopeExit": "in_scope", "problem": "other"}
    for actor in (as_service("robot"), as_service("robot", "admin"), team["quinn"].actor, team["rita"].actor):
        with pytest.raises(NotYourTask):
            engine.complete_task(key, answers, by=actor)
        with pytest.raises(NotYourTask):
            engine.claim_task(key, by=actor)


def test_a_held_task_is_taken_back_when_its_holder_comes_into_conflict(service, team):
    case, engine = complain(service), service.engine
    screen(service, case, team["ina"])
    task = the_task(service, case, "Assess the complaint")
    holder = task.assignee
    assert holder in ("hana", "hugo", "lea"), "the owner holds it"
    exclude(service, case, holder)
    assert row(service, case).owner is None
    with pytest.raises(TaskNotFound):
        engine.complete_task(task.user_task_key, {}, by=people_by(service, holder).actor)

    other = complain(service)
    key = the_task(service, other, "Screen the complaint").user_task_key
    engine.claim_task(key, by=team["ina"].actor)
    engine.complete_task(key, {"scopeExit": "in_scope", "problem": "other"}, by=team["ina"].actor)
    free = next(name for name in ("hana", "hugo", "lea", "iris") if name != holder)
    with pytest.raises((NotYourTask, TaskHeld)):
        engine.complete_task(task.user_task_key, {}, by=team[free].actor)
    answers = {
        "severity": "medium",
        "complexity": "medium",
        "impact": "one",
        "safety": False,
        "immediateActionNeeded": False,
    }
    engine.assign_task(task.user_task_key, "hugo" if holder != "hugo" else "hana", by=team["lea"].actor)
    engine.complete_task(task.user_task_key, answers, by=team["hugo" if holder != "hugo" else "hana"].actor)
    opened = the_task(service, case, "Confirm priority and lane")
    assert opened.assignee is None, (
        "the diagram gave it to the owner who is kept out now; it waits for the group instead"
    )
    told = service.engine.read(
        lambda session: session.scalars(
            select(EventRow).where(EventRow.complaint_key == case.key, EventRow.kind == "task-released")
        ).all()
    )
    assert [event.facts["from"] for event in told] == [holder]


def people_by(service, name):
    return service.engine.read(lambda session: people.find(session, name))


def test_when_nobody_is_left_for_a_task_it_becomes_an_incident_once(service, clock):
    add_person(service, "ina", "intake")
    case = complain(service)
    key = the_task(service, case, "Screen the complaint").user_task_key
    service.engine.sweep()
    assert [one for one in incidents(service) if one.error_message.startswith("Nobody may")] == []
    exclude(service, case, "ina")
    clock.advance(timedelta(minutes=2))
    found = [one for one in service.engine.sweep() if one.code == "nobody_eligible"]
    assert [one.key for one in found] == [key]
    assert [one for one in service.engine.sweep() if one.code == "nobody_eligible"] == []
    (told,) = [one for one in incidents(service) if one.error_message.startswith("Nobody may")]
    assert told.process_instance_key


def incidents(service):
    return service.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items


def test_a_task_for_a_group_without_anybody_active_is_found(service, clock):
    add_person(service, "ina", "intake")
    complain(service)
    assert "nobody_eligible" not in {one.code for one in service.engine.sweep()}
    service.engine.write(lambda session: people.change(session, "ina", active=False, at=clock.now()))
    assert "nobody_eligible" in {one.code for one in service.engine.sweep()}


def test_a_check_that_only_its_drafter_could_do_is_found(service, team, clock):
    case = complain(service)
    key = the_task(service, case, "Screen the complaint").user_task_key
    _make_it(service, key, duty="quality-check", groups=("quality",))
    assert "nobody_eligible" not in {one.code for one in service.engine.sweep()}
    duty(service, case, "quinn", "draft")
    assert key in {one.key for one in service.engine.sweep() if one.code == "nobody_eligible"}
    add_person(service, "quentin", "quality")
    service.engine.claim_task(key, by=people_by(service, "quentin").actor)


def test_an_owner_is_chosen_by_least_load_and_never_in_conflict(service, team):
    owners = []
    for _ in range(6):
        case = complain(service)
        screen(service, case, team["ina"])
        owners.append(row(service, case).owner)
    assert set(owners) >= {"hana", "hugo"}
    counts = {name: owners.count(name) for name in set(owners)}
    assert max(counts.values()) - min(counts.values()) <= 1
    members = {
        person.name for person in service.engine.read(lambda session: people.eligible(session, {"handlers"}))
    }
    for name in sorted(members - {"hana"}):
        service.engine.write(
            lambda session, name=name: people.change(session, name, active=False, at=service.clock.now())
        )
    alone = complain(service, staff_concerned=("hana",))
    screen(service, alone, team["ina"])
    assert row(service, alone).owner is None
