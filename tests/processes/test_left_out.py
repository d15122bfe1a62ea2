"""Nobody, whatever their roles, ends a complaint's case or the work it must do: by no act that has that effect."""

from __future__ import annotations

import pytest

from api.complaints.danger import FOUND
from engine.actors import Actor
from engine.commands.errors import OurOwnJob, WorkDoubled, WorkLeftOut
from engine.execution.modifying import Activation, Modification, Move
from engine.store.search import Condition, Query
from tests.processes.office import ROOT

ADA = Actor("ada", roles=frozenset({"admin"}))


@pytest.fixture
def drafting(walk):
    """A complaint being drafted, with danger found and news to read."""
    walk.take("2026-06-01 10:00").screen().assess().investigate()
    walk.tell(FOUND).tell("complainant-sends-information")
    assert {"Draft the answer", "Protect people now", "Read the information"} <= set(walk.open)
    return walk


def token(walk, element):
    """The open element instance of this id, anywhere in the family."""
    query = Query(where=(Condition("state", "eq", "ACTIVE"), Condition("element_id", "eq", element)))
    return walk.service.engine.element_instances(query).items[0]


def change(walk, element, *, to=None, end=False, begin=None):
    found = token(walk, element)
    modification = Modification(
        move=(Move(found.element_instance_key, to),) if to else (),
        terminate=(found.element_instance_key,) if end else (),
        activate=(Activation(begin),) if begin else (),
    )
    walk.service.engine.modify(found.process_instance_key, modification, by=ADA)


@pytest.mark.parametrize(
    "what",
    [
        {"element": "Sub_Answers", "to": "Event_Sent"},  # the called process to its end
        {"element": "Sub_Answers", "to": "Task_Letter"},  # past check and approval
        {"element": "Task_Protect", "end": True},
        {"element": "Task_Protect", "to": "Event_Done"},
        {"element": "Task_Protect", "to": "Task_RecordAction"},
        {"element": "Call_DangerFound", "end": True},
        {"element": "Call_DangerFound", "to": "Call_DangerFound"},  # would end what protects people
        {"element": "Sub_Danger", "end": True},
        {"element": "Task_Read", "end": True},
        {"element": "Call_Respond", "to": "Call_Await"},
        {"element": "Call_Respond", "to": "Call_Close"},
        {"element": "Call_Respond", "begin": "Call_Close"},
        {"element": "Call_Respond", "begin": "Event_Closed"},
        {"element": "Call_Respond", "end": True, "begin": "Call_Correct"},
        {"element": "Call_Respond", "end": True, "begin": "Call_Withdrawn"},
    ],
    ids=str,
)
def test_no_modification_leaves_out_what_a_complaint_must_have(drafting, what):
    before = drafting.open
    with pytest.raises(WorkLeftOut):
        change(drafting, **what)
    assert drafting.open == before


@pytest.mark.parametrize("begin", ["Task_Mark", "Task_Check"])
def test_no_modification_does_work_twice(drafting, begin):
    drafting.do("Draft the answer", outcome="upheld", answerText="Yes.", remedyKind="words")
    before = drafting.open
    with pytest.raises(WorkDoubled):
        change(drafting, "Task_Check", begin=begin)
    assert drafting.open == before


def test_a_token_goes_back_to_an_earlier_step_of_its_own_process(drafting):
    drafting.do("Draft the answer", outcome="upheld", answerText="Yes.", remedyKind="words")
    change(drafting, "Task_Check", to="Sub_Answers")
    assert "Draft the answer" in drafting.open
    change(drafting, "Sub_Answers", end=True, begin="Task_Mark")
    assert "Draft the answer" in drafting.open
    drafting.decide(remedy="words")
    assert drafting.complaint().state == "responded"


def deployed(walk, name, data):
    form = "take-immediate-action.form"
    files = [(name, data), (form, (ROOT / "forms" / form).read_bytes())]
    return walk.service.engine.deploy(files).processes[0].process_definition_key


def test_a_migration_is_no_move_in_disguise(drafting):
    data = (ROOT / "processes" / "protect-people.bpmn").read_bytes()
    instance, engine = token(drafting, "Task_Protect").process_instance_key, drafting.service.engine
    same = deployed(drafting, "protect-people.bpmn", data.replace(b"block a card", b"block the card"))
    other = deployed(drafting, "other.bpmn", data.replace(b"protect-people", b"other-people"))
    harmless = data.replace(b'"Task_Protect"', b'"Task_Other"').replace(b">Task_Protect<", b">Task_Other<")
    renamed = deployed(drafting, "protect-people.bpmn", harmless)
    with pytest.raises(WorkLeftOut):
        engine.migrate(instance, other, {}, by=ADA)
    with pytest.raises(WorkLeftOut):
        engine.migrate(instance, same, {"Task_Protect": "Task_RecordAction"}, by=ADA)
    engine.migrate(instance, same, {}, by=ADA)
    engine.migrate(instance, renamed, {"Task_Protect": "Task_Other"}, by=ADA)
    assert "Protect people now" in drafting.open


def test_nobody_does_the_services_own_work_in_its_place(walk):
    walk.take("2025-11-20 10:00", regime="uk-councils")  # before the code of councils began
    engine = walk.service.engine
    own = [job for job in engine.jobs().items if job.type == "redress:start-clocks"]
    assert own, walk.troubles
    with pytest.raises(OurOwnJob):
        engine.complete_job(own[0].job_key, {}, by=ADA)
    with pytest.raises(OurOwnJob):
        engine.throw_job_error(own[0].job_key, "X", "", {}, by=ADA)


def test_the_page_of_a_stuck_step_offers_earlier_steps_only(walk):
    walk.take("2025-11-20 10:00", regime="uk-councils")  # before the code of councils began
    stuck = token(walk, "Task_StartClocks")
    places = walk.service.engine.places_for(stuck.process_instance_key, stuck.element_id)
    assert {one.id for one in places} == {"Task_Register", "Gateway_AtOnce", "Task_StartClocks"}
