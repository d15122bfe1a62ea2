"""The traps of the library: what it does with a diagram when left alone, and what the same diagram does
here."""

from __future__ import annotations

import inspect
from itertools import product

import pytest
import SpiffWorkflow.version
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.exceptions import WorkflowException
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from engine.dialect import DiagramRefused, read_bpmn
from engine.dialect.parser import FlatProcessParser, NodeParser
from engine.dialect.specs import ElementSpec, JoinSpec
from engine.execution.case import Case
from engine.execution.changes import SignalThrown
from engine.execution.run import ElementNotFound
from engine.execution.token import Token
from tests.conformance.bpmn.plain import Plain, plain_specs
from tests.engine.execution.story import (
    DECLARED,
    ERROR,
    HEAD,
    MESSAGE,
    SIGNAL,
    FakeWorld,
    Story,
    boundary,
    catch,
    conditional,
    diagram,
    event_subprocess,
    flow,
    flows,
    service,
    sub,
    throw,
    timer,
    user,
)

START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'


@pytest.fixture(params=["straight", "restored"])
def ours(request):
    """Make a story of ours from the body of a process."""

    def tell(body: str, *, more: str = "") -> Story:
        return Story(diagram(body, more=more), restore=request.param == "restored", world=FakeWorld())

    return tell


def choice(condition: str, *, default: str = "b") -> str:
    body = START + f'<exclusiveGateway id="g" default="g-{default}"/>' + user("a") + user("b") + END
    return body + flows("s > g", f"g > {default}", "a > e", "b > e") + flow("g", "a", condition)


# -- stalls, hangs, false ends


def loop(done: str) -> str:
    body = START + user("a") + '<exclusiveGateway id="g" default="g-a"/>' + END + flows("s > a > g", "g > a")
    return body + flow("g", "e", done)


def test_t1_t2_history_makes_the_tree_grow_until_it_stalls(ours):
    plain, told = Plain(loop("done"), done=False), ours(loop("=done")).start({"done": False})
    sizes = []
    for _ in range(20):
        plain.do("a")
        told.do("a")
        sizes.append((len(plain.workflow.tasks), len(told.run._case.tasks)))
    assert (
        sizes[-1][0] - sizes[0][0] == 19 * 2
    )  # two more levels a round, and the library's walks stop at 1,000
    assert {mine for _, mine in sizes} == {2}


def rework(kind: str, condition: str, true: str) -> str:
    split = true if kind == "inclusive" else None
    body = (
        START
        + f'<exclusiveGateway id="m"/><{kind}Gateway id="f"/>'
        + user("a")
        + user("b")
        + f'<{kind}Gateway id="j"/>'
    )
    body += '<exclusiveGateway id="x" default="x-e"/>' + END + flows("s > m > f", "a > j > x > e", "b > j")
    return body + flow("x", "m", condition) + flow("f", "a", split) + flow("f", "b", split)


@pytest.mark.parametrize("kind", ["parallel", "inclusive"])
def test_j1_joins_in_rework_loops_count_earlier_rounds(ours, kind):
    wrong = 0
    for orders in product(("ab", "ba"), repeat=4):
        plain, told = (
            Plain(rework(kind, "again", "True"), again=True),
            ours(rework(kind, "=again", "=true")).start({"again": True}),
        )
        for name in "".join(orders):
            told.do(name)
        assert told.open == ["a", "b"]
        try:
            for order in orders:
                for name in order:
                    plain.do(name)
                assert plain.ready == ["a", "b"]
        except (AttributeError, AssertionError):
            wrong += 1
    assert wrong >= 6


def test_t3_a_cycle_of_no_length_hangs_there_and_is_an_incident_here(ours):
    body = (
        START
        + user("a")
        + boundary("b", "a", timer("cycle", "=interval"), interrupting=False)
        + flows("s > a")
    )
    told = ours(body).start({"interval": "R/PT0S"})  # nobody can show the library's side: it never returns
    assert told.incidents == [("a", "EXTRACT_VALUE_ERROR")]


def test_t4_a_failed_step_is_forgotten(ours):
    plain = plain_specs(choice("nowhere"))
    workflow = BpmnWorkflow(*plain)
    with pytest.raises(Exception, match="nowhere"):
        workflow.do_engine_steps()
    workflow.do_engine_steps()  # does nothing, says nothing
    assert workflow.get_tasks(state=TaskState.READY | TaskState.WAITING) == []
    told = ours(choice("=nowhere")).start()
    assert told.incidents == [("g", "EXTRACT_VALUE_ERROR")]
    assert told.set(nowhere=True).retry("g").open == ["a"]


def test_t6_a_completed_task_can_be_completed_again(ours):
    plain = Plain(START + user("a") + user("b") + END + flows("s > a > b > e"))
    task = plain.tasks(TaskState.READY)[0]
    assert task.run() is True
    assert task.run() is True
    told = ours(START + user("a") + user("b") + flows("s > a > b")).start()
    key = told.key("a")
    told.do("a")
    with pytest.raises(ElementNotFound):
        told.run.complete_task(key, {})


# -- gateways


def test_any_truthy_value_takes_the_flow(ours):
    assert Plain(choice("x"), x="no").ready == ["a"]
    assert ours(choice("=x")).start({"x": "no"}).incidents == [("g", "EXTRACT_VALUE_ERROR")]


def test_p3_moving_a_shape_changes_the_routing(ours):
    drawn = (
        '<d:BPMNDiagram xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI" '
        'xmlns:c="http://www.omg.org/spec/DD/20100524/DC">'
        '<d:BPMNPlane bpmnElement="p"><d:BPMNShape bpmnElement="a"><c:Bounds x="0" y="300" '
        'width="1" height="1"/></d:BPMNShape>'
        '<d:BPMNShape bpmnElement="b"><c:Bounds x="0" y="100" width="1" height="1"/>'
        "</d:BPMNShape></d:BPMNPlane></d:BPMNDiagram>"
    )

    def body(yes: str) -> str:
        nodes = START + '<exclusiveGateway id="g" default="g-e"/>' + user("a") + user("b") + END
        return nodes + flows("s > g", "g > e", "a > e", "b > e") + flow("g", "a", yes) + flow("g", "b", yes)

    assert Plain(body("True"), more=drawn).ready == ["b"]
    assert ours(body("=true"), more=drawn).start().open == ["a"]


# -- data


def test_d1_a_branch_that_arrives_late_overwrites_what_the_other_changed(ours):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + user("a")
        + user("b")
        + '<parallelGateway id="j"/>'
        + user("z")
        + END
    )
    body += flows("s > f > a > j > z > e", "f > b > j")
    plain = Plain(body, x="old").do("a", x="new").do("b")
    assert plain.tasks(TaskState.READY)[0].data["x"] == "old"
    assert ours(body).start({"x": "old"}).do("a", x="new").do("b").vars == {"x": "new"}


def test_d2_lists_are_treated_as_sets(ours):
    from SpiffWorkflow.util.deep_merge import DeepMerge

    assert DeepMerge.merge({"list": [1, 2, 3]}, {"list": [3, 1]}) == {"list": [1, 2]}
    told = ours(START + user("a") + user("z") + flows("s > a > z")).start({"list": [1, 2, 3]})
    assert told.do("a", list=[3, 1]).vars == {"list": [3, 1]}


def test_d3_a_key_called_typename_bricks_the_case(ours):
    plain = Plain(START + user("a") + END + flows("s > a > e"), form={"typename": "UUID"})
    serializer = BpmnWorkflowSerializer()
    saved = serializer.serialize_json(plain.workflow)
    with pytest.raises(KeyError):
        serializer.deserialize_json(saved)
    told = ours(START + user("a") + user("z") + flows("s > a > z")).start({"form": {"typename": "UUID"}})
    assert told.do("a").vars == {"form": {"typename": "UUID"}}


# -- events


def test_e4_a_payload_may_write_anything(ours):
    body = START + catch("m", MESSAGE) + user("z") + END + flows("s > m > z > e")
    plain = Plain(body, more=DECLARED, id="1", role="guest").tell("reply", {"role": "admin"})
    assert plain.ready == ["z"]
    mapped = body.replace(
        '<intermediateCatchEvent id="m">',
        '<intermediateCatchEvent id="m"><extensionElements><zeebe:ioMapping><zeebe:output '
        'source="=answer" target="answer"/></zeebe:ioMapping></extensionElements>',
    )
    told = ours(mapped, more=DECLARED).start({"id": "1", "role": "guest"}).tell("m", role="admin", answer=1)
    assert told.vars == {"id": "1", "role": "guest", "answer": 1}


def test_e5_a_message_called_like_a_flag_of_the_library_breaks_it(ours):
    body, more = (
        START + catch("m", MESSAGE) + user("z") + END + flows("s > m > z > e"),
        DECLARED.replace("reply", "event_fired"),
    )
    with pytest.raises(TypeError):
        Plain(body, more=more).tell("event_fired")
    assert ours(body, more=more).start({"id": "1"}).tell("m").open == ["z"]


def test_every_waiting_catch_of_a_name_takes_the_message(ours):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + catch("m", MESSAGE)
        + catch("n", MESSAGE)
        + user("y")
        + user("z")
        + END
    )
    body += flows("s > f > m > y > e", "f > n > z > e")
    assert Plain(body, more=DECLARED).tell("reply").ready == ["y", "z"]
    told = ours(body, more=DECLARED).start({"id": "1"}).tell("m")
    assert sorted(told.open) == ["n", "y"]


def test_a_non_interrupting_message_is_heard_once(ours):
    body = (
        START
        + user("a")
        + boundary("b", "a", MESSAGE, interrupting=False)
        + user("r")
        + END
        + flows("s > a > e", "b > r > e")
    )
    plain = Plain(body, more=DECLARED).tell("reply")
    with pytest.raises(WorkflowException, match="not waiting"):
        plain.tell("reply")
    assert ours(body, more=DECLARED).start({"id": "1"}).tell("b").tell("b").open == ["a", "r", "r"]


def test_e9_triggering_an_event_sub_process_changes_the_shared_spec(ours):
    inside = event_subprocess("esp", MESSAGE, user("h") + '<endEvent id="he"/>' + flows("esp-start > h > he"))
    body = START + user("a") + END + flows("s > a > e") + inside
    specs = plain_specs(body, more=DECLARED)
    before = list(specs[0].start._outputs)
    Plain(specs=specs).tell("reply")
    assert list(specs[0].start._outputs) != before
    told = ours(body, more=DECLARED).start({"id": "1"})
    before = {name: list(spec._outputs) for name, spec in told.definition.spec.task_specs.items()}
    assert told.tell("esp-start").do("h").ended
    assert {name: list(spec._outputs) for name, spec in told.definition.spec.task_specs.items()} == before


def test_an_event_sub_process_inside_a_sub_process_is_never_triggered(ours):
    inside = event_subprocess("esp", MESSAGE, user("h") + '<endEvent id="he"/>' + flows("esp-start > h > he"))
    inner = user("a") + '<endEvent id="ie"/>' + flows("sub-start > a > ie") + inside
    body = START + sub("sub", inner) + END + flows("s > sub > e")
    with pytest.raises(WorkflowException, match="not waiting for reply"):
        Plain(body, more=DECLARED).tell("reply")
    assert ours(body, more=DECLARED).start({"id": "1"}).tell("esp-start").open == ["h"]


def test_an_error_event_sub_process_runs_by_itself(ours):
    inside = event_subprocess("esp", ERROR, user("h") + '<endEvent id="he"/>' + flows("esp-start > h > he"))
    body = START + user("a") + END + flows("s > a > e") + inside
    assert Plain(body, more=DECLARED).ready == ["a", "h"]
    assert ours(body, more=DECLARED).start().open == ["a"]


def test_an_uncaught_error_lets_the_normal_path_go_on(ours):
    body = START + sub("sub", throw("t", ERROR, tag="endEvent") + flows("sub-start > t")) + user("z") + END
    body += flows("s > sub > z > e")
    assert Plain(body, more=DECLARED).ready == ["z"]
    told = ours(body, more=DECLARED).start()
    assert (told.open, told.incidents) == (["t"], [("t", "UNHANDLED_ERROR_EVENT")])


def test_an_error_wakes_the_handler_of_a_sibling(ours):
    one = sub("one", throw("t", ERROR, tag="endEvent") + flows("one-start > t"))
    two = sub("two", user("c") + '<endEvent id="ce"/>' + flows("two-start > c > ce")) + boundary(
        "d", "two", ERROR
    )
    body = (
        START
        + '<parallelGateway id="f"/>'
        + one
        + boundary("b", "one", ERROR)
        + two
        + user("y")
        + user("z")
        + END
    )
    body += flows("s > f > one > e", "f > two > e", "b > y > e", "d > z > e")
    assert "c" not in Plain(body, more=DECLARED).ready
    assert sorted(ours(body, more=DECLARED).start().open) == ["c", "y"]


def test_a_signal_end_event_throws_nothing(ours):
    body = START + throw("t", SIGNAL, tag="endEvent") + flows("s > t")
    assert Plain(body, more=DECLARED).workflow.get_events() == []
    assert len(ours(body, more=DECLARED).start().seen(SignalThrown)) == 1


def test_a_token_dies_at_a_link(ours):
    body = START + '<intermediateThrowEvent id="t"><linkEventDefinition name="L"/></intermediateThrowEvent>'
    body += (
        '<intermediateCatchEvent id="c"><linkEventDefinition name="L"/></intermediateCatchEvent>'
        + user("a")
        + END
    )
    body += flows("s > t", "c > a > e")
    plain = Plain(body)
    assert (plain.ready, plain.workflow.completed) == ([], False)
    assert ours(body).start().open == ["a"]


def test_a_conditional_boundary_event_never_fires(ours):
    def body(condition: str) -> str:
        nodes = START + user("a") + user("c") + boundary("b", "a", conditional(condition)) + user("z") + END
        nodes += '<parallelGateway id="f"/>'
        return nodes + flows("s > f > a > e", "f > c > e", "b > z > e")

    plain = Plain(body("go == True"), go=False)
    plain.do("c", go=True)
    assert "z" not in plain.ready
    assert ours(body("=go")).start({"go": False}).do("c", go=True).open == ["z"]


def test_manual_tasks_wait(ours):
    body = START + '<manualTask id="a"/>' + user("z") + END + flows("s > a > z > e")
    assert Plain(body).ready == ["a"]
    assert ours(body).start().open == ["z"]


def test_several_flows_out_of_an_activity_are_refused(ours):
    body = START + user("a") + user("b") + user("c") + END + flows("s > a > b > e", "a > c > e")
    with pytest.raises(Exception, match="Multiple outgoing flows"):
        plain_specs(body)
    assert ours(body).start().do("a").open == ["b", "c"]


# -- multi-instance

SEQUENTIAL = (
    '<multiInstanceLoopCharacteristics isSequential="true"><loopDataInputRef>items</loopDataInputRef>'
    '<inputDataItem id="item" name="item"/></multiInstanceLoopCharacteristics>'
)


def test_m1_a_null_item_stalls_a_sequential_multi_instance(ours):
    plain = Plain(
        START + f'<userTask id="a">{SEQUENTIAL}</userTask>' + user("z") + END + flows("s > a > z > e"),
        items=[1, None, 2],
    )
    plain.do("a [child]")
    assert plain.ready == []
    from tests.engine.execution.test_loops import many

    mine = (
        f'<userTask id="a">{many("inputElement=" + chr(34) + "item" + chr(34), sequential=True)}</userTask>'
    )
    told = ours(START + mine + user("z") + flows("s > a > z")).start({"items": [1, None, 2]})
    assert told.do("a").do("a").do("a").open == ["z"]


# -- time


def test_a_month_has_thirty_one_days_there(ours):
    from datetime import UTC, datetime

    from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition

    from engine.execution.changes import TimerArmed

    start = datetime(2026, 1, 31, 9, tzinfo=UTC)
    parsed = TimerEventDefinition.parse_iso_duration("P1M")
    assert start + TimerEventDefinition.get_timedelta_from_start(parsed, start) == datetime(
        2026, 3, 3, 9, tzinfo=UTC
    )
    told = ours(START + catch("t", timer("duration", "P1M")) + flows("s > t")).start()
    assert told.seen(TimerArmed)[0].due_at == datetime(2026, 2, 28, 9, tzinfo=UTC)


# -- parsing


def test_p1_a_flow_without_an_id_vanishes(ours):
    body = (
        START
        + user("a")
        + user("b")
        + END
        + flows("s > a", "b > e")
        + '<sequenceFlow sourceRef="a" targetRef="b"/>'
    )
    body = body.replace('<sequenceFlow id="s-a" ', "<sequenceFlow ")
    assert "a" not in plain_specs(body)[0].task_specs
    assert ours(body).start().do("a").open == ["b"]


def test_p2_an_end_event_called_end_ends_everything(ours):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + user("a")
        + '<endEvent id="End"/>'
        + END
        + flows("s > f > a > e", "f > End")
    )
    plain = Plain(body)
    assert (plain.workflow.completed, plain.ready) == (True, ["a"])
    told = ours(body).start()
    assert (told.ended, told.open) == (False, ["a"])


def test_p4_a_comment_cuts_an_expression(ours):
    assert Plain(choice("x <!-- really --> == 1"), x=2).ready == ["a"]  # x alone is true enough
    assert ours(choice("=x <!-- really --> = 1")).start({"x": 2}).open == ["b"]


def test_p6_a_process_that_is_not_marked_executable_runs(ours):
    body = START + user("a") + END + flows("s > a > e")
    data = f'{HEAD}<process id="p">{body}</process></definitions>'.encode()
    from lxml import etree
    from SpiffWorkflow.bpmn.parser import BpmnParser

    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(data))
    assert parser.get_spec("p") is not None
    with pytest.raises(DiagramRefused):
        read_bpmn(data)


def test_p8_sub_processes_of_the_same_id_in_two_files_are_two(ours):
    def body(inner: str) -> str:
        return START + sub("sub", user(inner) + flows(f"sub-start > {inner}")) + flows("s > sub")

    assert ours(body("a")).start().open == ["a"]
    assert ours(body("b")).start().open == ["b"]


# -- code


@pytest.mark.parametrize("where", ["condition", "timer", "script", "name"])
def test_x1_python_in_a_diagram_is_run(ours, where):
    code = "__import__('os').getpid() > 0"
    if where == "condition":
        assert Plain(choice(code.replace(">", "&gt;"))).ready == ["a"]
        with pytest.raises(DiagramRefused):
            ours(choice(code.replace(">", "&gt;")))
        with pytest.raises(DiagramRefused):
            ours(choice("=" + code.replace(">", "&gt;")))
        return
    body = {
        "timer": catch("t", timer("duration", "=" + code.replace(">", "&gt;"))),
        "script": f'<scriptTask id="t"><script>{code.replace(">", "&gt;")}</script></scriptTask>',
        "name": service("t", "=" + code.replace(">", "&gt;")),
    }[where]
    with pytest.raises(DiagramRefused):
        ours(START + body + flows("s > t"))


def test_x4_entities_and_doctypes_are_refused():
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa">]>' + diagram(START)
    with pytest.raises(DiagramRefused):
        read_bpmn(bomb)


# -- the upgrade gate

OVERRIDDEN = [
    (
        TaskSpec,
        ElementSpec,
        ("_predict", "_update_hook", "_on_ready_hook", "_run_hook", "_on_complete_hook", "test"),
    ),
    (TaskSpec, JoinSpec, ("_update_hook",)),
    (Task, Token, ("_set_state", "run", "complete")),
    (Workflow, Case, ("_task_completed_notify",)),
    (ProcessParser, FlatProcessParser, ("_index_process_nodes", "_parse", "create_spec", "add_tasks")),
    (TaskParser, NodeParser, ("parse_node",)),
]
CALLED = {
    Task: ["_ready", "cancel", "children", "parent", "has_state"],
    Workflow: ["_remove_task"],
    TaskSpec: ["_update", "_on_ready", "_run", "_on_complete", "connect"],
    ProcessParser: ["get_spec", "parse_node"],
}


def test_the_library_is_the_version_these_corrections_were_written_for():
    assert SpiffWorkflow.version.__version__ == "3.2.0"


@pytest.mark.parametrize(
    ("theirs", "mine", "names"), OVERRIDDEN, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_we_override_still_exists_with_the_same_parameters(theirs, mine, names):
    for name in names:
        assert name in vars(mine), f"{mine.__name__}.{name}"
        count = len(
            [p for p in inspect.signature(getattr(theirs, name)).parameters.values() if p.default is p.empty]
        )
        own = inspect.signature(getattr(mine, name)).parameters.values()
        required = [
            p for p in own if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        assert len(required) <= count


@pytest.mark.parametrize(
    ("theirs", "names"), CALLED.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_what_we_rely_on_still_exists(theirs, names):
    assert all(hasattr(theirs, name) for name in names)
