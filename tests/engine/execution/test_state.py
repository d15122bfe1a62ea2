"""What is saved, what is refused, and what an exception leaves behind."""

from __future__ import annotations

import orjson
import pytest
from SpiffWorkflow.util.task import TaskState

from engine.dialect import DiagramRefused, read_bpmn
from engine.execution.changes import InstanceEnded
from engine.execution.run import Execution
from engine.execution.state import StateTooLarge, StateUnreadable
from engine.execution.token import TokenSpent
from tests.engine.execution.story import (
    DECLARED,
    MESSAGE,
    Story,
    boundary,
    catch,
    diagram,
    flows,
    sub,
    timer,
    user,
)

START = '<startEvent id="s"/>'
BODY = START + user("a") + boundary("b", "a", timer("cycle", "R/PT1H"), interrupting=False) + user("r")
BODY += sub("sub", catch("m", MESSAGE) + flows("sub-start > m")) + flows("s > a > sub", "b > r")


@pytest.fixture
def told(world):
    return Story(diagram(BODY, more=DECLARED), restore=False, world=world).start(
        {"id": "1", "typename": {"typename": "UUID"}}
    )


def test_the_saved_form_holds_tokens_and_variables_and_nothing_of_the_diagram(told):
    envelope = orjson.loads(told.run.save())
    assert sorted(envelope) == [
        "ended",
        "format",
        "held",
        "key",
        "locals",
        "next",
        "parent",
        "process",
        "tokens",
        "written",
    ]
    assert len(envelope["tokens"]) == 3
    assert len(told.run.save()) < 1000


@pytest.mark.parametrize("change", [{"format": 99}, {"format": None}, {"process": "other"}])
def test_what_cannot_be_read_is_refused(told, change):
    envelope = orjson.loads(told.run.save()) | change
    with pytest.raises(StateUnreadable):
        Execution.revive(told.definition, orjson.dumps(envelope), world=told.world)


def test_what_an_earlier_release_saved_at_rest_goes_on(told):
    envelope = orjson.loads(told.run.save()) | {"format": 1}
    del envelope["next"], envelope["written"]
    told.run = Execution.revive(told.definition, orjson.dumps(envelope), world=told.world)
    assert told.do("a").open == ["m"]


def test_a_child_that_an_earlier_release_saved_gives_back_all_it_has(world):
    """Nobody knows any more what it wrote."""
    told = Story(diagram(START + user("a") + flows("s > a")), restore=False, world=world)
    told.start({"given": 1, "left": 2}, has_parent=True).set(given=3)
    envelope = orjson.loads(told.run.save())
    assert envelope["written"] == ["given"]
    del envelope["written"]
    told.run = Execution.revive(told.definition, orjson.dumps(envelope | {"format": 1}), world=world)
    assert told.do("a", new=4).seen(InstanceEnded)[-1].written == {"given", "left", "new"}


def test_garbage_and_tokens_at_unknown_elements_are_refused(told):
    with pytest.raises(StateUnreadable):
        Execution.revive(told.definition, b"{", world=told.world)
    saved = told.run.save().replace(b'"a"', b'"gone"')
    with pytest.raises(StateUnreadable):
        Execution.revive(told.definition, saved, world=told.world)


def test_too_much_data_is_refused(told):
    told.set(big="x" * 5_000_000, small="y")
    with pytest.raises(StateTooLarge) as refusal:
        told.run.save()
    assert "Most of it is in big (5,000,0" in refusal.value.message
    assert refusal.value.facts["limit"] == 4 * 1024 * 1024 < refusal.value.facts["bytes"]
    assert "big" not in refusal.value.without_names().message


def test_the_library_keeps_no_data_of_ours(told):
    told.do("a", secret="s")
    for token in told.run._case.tasks.values():
        assert token.data == {}
        assert "secret" not in str(token.internal_data)
    assert told.run._case.data == {}


def test_a_finished_token_never_moves_again(told):
    token = told.run._case.tasks[told.key("a")]
    told.do("a")
    with pytest.raises(TokenSpent):
        token.complete()
    with pytest.raises(TokenSpent):
        token.run()
    token._set_state(TaskState.STARTED)
    assert token.state == TaskState.COMPLETED


def test_the_shared_spec_is_the_same_before_and_after(told):
    spec = told.definition.spec

    def dump():
        return {
            name: (vars(task)["_inputs"][:], vars(task)["_outputs"][:], task.data)
            for name, task in spec.task_specs.items()
        }

    before = dump()
    told.ring("b").do("a").tell("m").do("r")
    assert told.ended
    assert dump() == before


def test_a_revived_case_never_evaluates_python(told):
    engine = Execution.revive(told.definition, told.run.save(), world=told.world)._case.script_engine
    assert not hasattr(engine, "evaluate")


def test_every_problem_of_a_file_is_reported_at_once():
    body = (
        START
        + '<serviceTask id="a"/><callActivity id="c"/>'
        + catch("t", timer("date", "=1 +"))
        + flows("s > a > nowhere")
    )
    body += (
        '<boundaryEvent id="b" attachedToRef="a"><errorEventDefinition errorRef="none"/>'
        '</boundaryEvent><complexGateway id="x"/>'
    )
    with pytest.raises(DiagramRefused) as refused:
        read_bpmn(diagram(body), name="bad.bpmn")
    found = {(finding.element_id, finding.code) for finding in refused.value.findings}
    assert found >= {
        ("c", "called_element_missing"),
        ("t", "feel_syntax"),
        ("b", "dangling_reference"),
        ("x", "element_refused"),
        ("p", "dangling_flow"),
    }
    assert all(finding.file == "bad.bpmn" and finding.line for finding in refused.value.findings)


@pytest.mark.parametrize("twice", ["a", "p"])
def test_an_id_used_twice_is_refused(twice):
    with pytest.raises(DiagramRefused) as refused:
        read_bpmn(diagram(START + user("a") + user(twice) + flows("s > a")))
    assert "duplicate_id" in {finding.code for finding in refused.value.findings}


def test_only_processes_marked_executable_execute():
    with pytest.raises(DiagramRefused):
        read_bpmn(diagram(START).replace(b'isExecutable="true"', b""))


def test_a_global_task_is_a_process_of_its_own(world):
    more = (
        '<globalUserTask id="g" name="Sign"><extensionElements><zeebe:userTask/></extensionElements>'
        "</globalUserTask>"
    )
    told = Story(diagram(START, more=more), restore=True, process="g", world=world).start()
    assert told.open == ["g.task"]
    assert told.do("g.task").ended


def test_flows_and_boundary_events_without_ids_are_not_lost(world):
    body = (
        START
        + user("a")
        + '<boundaryEvent attachedToRef="a"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
    )
    body += '</timerEventDefinition></boundaryEvent><sequenceFlow sourceRef="s" targetRef="a"/>'
    told = Story(diagram(body), restore=True, world=world).start()
    assert (told.open, len(told.armed)) == (["a"], 1)
