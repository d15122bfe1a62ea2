"""A called process gives back what it wrote, never a copy that it was given and left alone (record 51)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.engine import Engine
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task


def call(inner: str = "", more: str = "") -> str:
    return (
        '<callActivity id="call"><extensionElements><zeebe:calledElement processId="child"/>'
        f"{inner}</extensionElements>{more}</callActivity>"
    )


def script(element_id: str, expression: str, result: str) -> str:
    said = expression.replace('"', "&quot;")
    rule = f'<zeebe:script expression="={said}" resultVariable="{result}"/>'
    return f'<scriptTask id="{element_id}"><extensionElements>{rule}</extensionElements></scriptTask>'


def each(mapping: str) -> str:
    """Return the marker of a parallel multi-instance over ``items``."""
    return (
        "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics "
        f'inputCollection="=items" inputElement="item" {mapping}/></extensionElements></multiInstanceLoopCharacteristics>'
    )


@pytest.fixture(params=["kept in memory", "read again"])
def engine(request, database, clock):
    """An engine whose cases stay in memory between steps, and one that reads each again."""
    return Engine(
        database, clock=clock, look_over=1, live_limit=512 if request.param == "kept in memory" else 0
    )


def deploy(engine, parent: str, child: str) -> None:
    engine.deploy([("p.bpmn", bpmn("p", parent)), ("child.bpmn", bpmn("child", child))])


def task_of(engine, element_id: str) -> int:
    (task,) = [one for one in engine.tasks().items if one.element_id == element_id and one.state == "CREATED"]
    return task.user_task_key


def test_what_a_child_leaves_alone_does_not_come_back(engine):
    parent = START + call() + END + chain("start", "call", "end")
    parent += '<subProcess id="esp" triggeredByEvent="true"><startEvent id="told" isInterrupting="false">'
    parent += "<conditionalEventDefinition><condition>=stage = 1</condition></conditionalEventDefinition></startEvent>"
    parent += user_task("hold") + chain("told", "hold") + "</subProcess>"
    deploy(
        engine,
        parent,
        START + user_task("work") + script("mark", '"done"', "mark") + chain("start", "work", "mark"),
    )
    given = dict.fromkeys(("a", "b", "c", "d", "e"), "calm")
    case = engine.start("p", {**given, "stage": 1}).key
    engine.set_variables(case, dict.fromkeys(given, "angry"))
    engine.complete_task(task_of(engine, "work"), {"answer": 42})
    expected = dict.fromkeys(given, "angry") | {"answer": 42, "mark": "done", "stage": 1}
    assert engine.values(case) == expected


def test_what_is_written_again_with_the_same_value_comes_back(engine):
    parent = START + call() + user_task("after") + chain("start", "call", "after")
    deploy(engine, parent, START + user_task("work") + chain("start", "work"))
    case = engine.start("p", {"tone": "calm", "owner": "hana"}).key
    engine.set_variables(case, {"tone": "angry", "owner": "hugo"})
    engine.complete_task(task_of(engine, "work"), {"tone": "calm"})
    assert engine.values(case) == {"tone": "calm", "owner": "hugo"}


def test_an_output_mapping_sees_what_the_child_was_given_too(engine):
    mapped = '<zeebe:ioMapping><zeebe:output source="=tone" target="childTone"/></zeebe:ioMapping>'
    parent = START + call(mapped) + user_task("after") + chain("start", "call", "after")
    deploy(engine, parent, START + user_task("work") + chain("start", "work"))
    case = engine.start("p", {"tone": "calm"}).key
    engine.set_variables(case, {"tone": "angry"})
    engine.complete_task(task_of(engine, "work"), {"unmapped": 1})
    assert engine.values(case) == {"tone": "angry", "childTone": "calm"}


def test_parallel_children_do_not_undo_each_other(engine):
    parent = START + '<parallelGateway id="fork"/><parallelGateway id="join"/>' + user_task("after")
    calls = "".join(
        f'<callActivity id="{name}"><extensionElements><zeebe:calledElement processId="{name}"/></extensionElements>'
        "</callActivity>" + chain("fork", name, "join")
        for name in ("one", "two")
    )
    children = [
        (f"{name}.bpmn", bpmn(name, START + user_task(f"do-{name}") + chain("start", f"do-{name}")))
        for name in ("one", "two")
    ]
    engine.deploy(
        [("p.bpmn", bpmn("p", parent + calls + chain("start", "fork") + chain("join", "after"))), *children]
    )
    case = engine.start("p", {"one": 0, "two": 0}).key
    engine.complete_task(task_of(engine, "do-one"), {"one": 1})
    engine.complete_task(task_of(engine, "do-two"), {"two": 2})
    assert engine.values(case) == {"one": 1, "two": 2}


def test_what_parallel_children_give_is_collected_whole(engine):
    parent = START + call(more=each('outputCollection="words" outputElement="=word"')) + user_task("after")
    child = START + service_task("work", "say") + chain("start", "work")
    deploy(engine, parent + chain("start", "call", "after"), child)
    case = engine.start("p", {"items": [1, 2, 3], "word": "nothing yet"}).key
    jobs = engine.activate_jobs("say", worker="w", timeout=timedelta(minutes=1), limit=9)
    for job in sorted(jobs, key=lambda one: one.variables["item"], reverse=True):
        assert "words" not in job.variables
        engine.complete_job(job.job_key, {"word": "abc"[int(job.variables["item"]) - 1]})
    assert engine.values(case)["words"] == ["a", "b", "c"]


def test_a_child_that_names_the_collection_does_not_overwrite_it(engine):
    parent = START + call(more=each('outputCollection="words" outputElement="=item"')) + user_task("after")
    deploy(
        engine,
        parent + chain("start", "call", "after"),
        START + script("spoil", '"spoilt"', "words") + chain("start", "spoil"),
    )
    case = engine.start("p", {"items": [1, 2, 3]}).key
    assert engine.values(case)["words"] == [1, 2, 3]


def test_an_output_element_that_is_the_input_element_is_what_went_in(engine):
    parent = START + '<task id="each">' + each('outputCollection="again" outputElement="=item"') + "</task>"
    engine.deploy([("p.bpmn", bpmn("p", parent + user_task("after") + chain("start", "each", "after")))])
    case = engine.start("p", {"items": ["x", "y"]}).key
    assert engine.values(case)["again"] == ["x", "y"]


def test_what_a_grandchild_wrote_comes_back_through_its_caller(engine):
    middle = START + call().replace('"child"', '"inner"') + chain("start", "call")
    engine.deploy(
        [
            ("p.bpmn", bpmn("p", START + call() + user_task("after") + chain("start", "call", "after"))),
            ("child.bpmn", bpmn("child", middle)),
            ("inner.bpmn", bpmn("inner", START + user_task("work") + chain("start", "work"))),
        ]
    )
    case = engine.start("p", {"tone": "calm", "count": 1}).key
    engine.set_variables(case, {"tone": "angry"})
    engine.complete_task(task_of(engine, "work"), {"count": 2})
    assert engine.values(case) == {"tone": "angry", "count": 2}
