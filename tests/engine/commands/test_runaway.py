"""Nothing runs away (P7): too many elements or too long, and the step is undone and an incident tells of it."""

import threading
import time
from datetime import timedelta

import pytest

from engine.clock import Stopwatch
from engine.engine import Engine
from engine.execution.case import StepBudgetSpent
from tests.engine.diagrams import END, START, bpmn, chain, flow, user_task

SLOW = "=count(for i in 1..15000 return i * i)"  # a good part of what one expression may cost


def loop(first, *, body='<task id="again"/>', start=START, extra=""):
    """Return start → ``first`` → a loop through ``body`` that never ends unless ``stop`` is true."""
    return bpmn(
        "loop",
        start + first + '<exclusiveGateway id="back"/>' + body + '<exclusiveGateway id="turn" default="turn-back"/>' + END
        + chain("start", "go", "back", "again", "turn") + flow("turn", "end", "=stop = true")
        + '<sequenceFlow id="turn-back" sourceRef="turn" targetRef="back"/>',
        extra=extra,
    )  # fmt: skip


def script(element_id, expression):
    text = expression.replace('"', "&quot;")
    return (
        f'<scriptTask id="{element_id}"><extensionElements><zeebe:script expression="{text}" resultVariable="r"/>'
        "</extensionElements></scriptTask>"
    )


CATCH = (
    '<message id="m" name="go"><extensionElements><zeebe:subscription correlationKey="=caseId"/></extensionElements>'
    '</message><signal id="s" name="all"/>'
)


def by_message(engine, **variables):
    engine.publish_message("go", "c1", variables)


def by_correlation(engine, **variables):
    engine.correlate_message("go", "c1", variables)


def by_signal(engine, **variables):
    engine.broadcast_signal("all", variables)


def catching(kind):
    inner = f'<{kind}EventDefinition {kind}Ref="{kind[0]}"/>'
    return f'<intermediateCatchEvent id="go">{inner}</intermediateCatchEvent>'


def starting(kind):
    return f'<startEvent id="start"><{kind}EventDefinition {kind}Ref="{kind[0]}"/></startEvent>'


EVENTS = [("message", by_message), ("message", by_correlation), ("signal", by_signal)]


@pytest.mark.parametrize(("kind", "send"), EVENTS, ids=["published", "correlated", "broadcast"])
def test_an_event_that_sets_a_case_running_away_leaves_it_with_an_incident(engine, kind, send):
    engine.deploy([("loop.bpmn", loop(catching(kind), extra=CATCH))])
    case = engine.start("loop", {"stop": False, "caseId": "c1"})
    with pytest.raises(StepBudgetSpent):
        send(engine)
    (incident,) = engine.incidents().items
    assert (incident.process_instance_key, incident.code) == (case.key, "step_budget_spent")
    assert [one.element_id for one in engine.tokens(case.key)] == ["go"]
    assert engine.verify() == ()
    engine.set_variables(case.key, {"stop": True})
    engine.resolve_incident(incident.incident_key)
    send(engine)
    assert engine.instance(case.key).state == "COMPLETED"


@pytest.mark.parametrize(("kind", "send"), EVENTS, ids=["published", "correlated", "broadcast"])
def test_an_event_that_starts_a_runaway_leaves_an_incident_of_the_process(engine, kind, send):
    engine.deploy([("loop.bpmn", loop('<task id="go"/>', start=starting(kind), extra=CATCH))])
    for _ in range(2):
        with pytest.raises(StepBudgetSpent):
            send(engine, stop=False)
    (incident,) = engine.incidents().items
    assert (incident.process_instance_key, incident.process_definition_id) == (None, "loop")
    assert engine.instances().items == ()
    engine.resolve_incident(incident.incident_key)
    assert engine.incident(incident.incident_key).state == "RESOLVED"


def test_a_timer_that_sets_a_case_running_away_is_given_up_with_an_incident(engine, clock):
    timed = "<timerEventDefinition><timeDuration xsi:type='tFormalExpression'>PT1H</timeDuration></timerEventDefinition>"
    catch = f'<intermediateCatchEvent id="go">{timed}</intermediateCatchEvent>'
    engine.deploy([("loop.bpmn", loop(catch))])
    case = engine.start("loop", {"stop": False})
    clock.advance(timedelta(hours=1))
    engine.run_due_jobs()
    (incident,) = engine.incidents().items
    assert (incident.process_instance_key, incident.code) == (case.key, "step_budget_spent")
    assert [one.element_id for one in engine.tokens(case.key)] == ["go"]
    assert engine.run_due_jobs() == 0
    engine.set_variables(case.key, {"stop": True})
    engine.resolve_incident(incident.incident_key)
    engine.run_due_jobs()
    assert engine.instance(case.key).state == "COMPLETED"


def test_a_signal_that_starts_its_own_thrower_for_ever_is_stopped(database, clock):
    thrower = '<endEvent id="end"><signalEventDefinition signalRef="s"/></endEvent>'
    body = starting("signal") + thrower + chain("start", "end")
    engine = Engine(database, clock=clock, longest_step=timedelta(milliseconds=300))
    engine.deploy([("echo.bpmn", bpmn("echo", body, extra=CATCH))])
    with pytest.raises(StepBudgetSpent):
        engine.broadcast_signal("all")
    (incident,) = engine.incidents().items
    assert (incident.process_definition_id, incident.code) == ("echo", "step_budget_spent")
    assert engine.instances().items == ()


def test_a_step_that_computes_too_long_is_an_incident(database, clock):
    engine = Engine(database, clock=clock, longest_step=timedelta(seconds=0.5))
    engine.deploy([("loop.bpmn", loop(user_task("go"), body=script("again", SLOW)))])
    case = engine.start("loop", {"stop": False})
    (task,) = engine.open_tasks(case.key)
    began = time.thread_time()
    with pytest.raises(StepBudgetSpent) as spent:
        engine.complete_task(task.user_task_key)
    assert time.thread_time() - began >= 0.5
    assert spent.value.facts["limit"] == "time"
    assert [one.code for one in engine.incidents().items] == ["step_budget_spent"]
    assert engine.open_task_names(case.key) == ["Go"]


@pytest.mark.parametrize("cycle", ["R/PT0S", "R/PT0.001S", "R0/PT1H", "R3/-PT1H"])
def test_a_cycle_without_pause_that_an_expression_gives_is_an_incident_at_once(engine, cycle):
    timed = (
        '<boundaryEvent id="often" attachedToRef="check" cancelActivity="false"><timerEventDefinition>'
        '<timeCycle xsi:type="tFormalExpression">=pace</timeCycle></timerEventDefinition></boundaryEvent>'
    )
    body = START + user_task("check") + timed + END + '<endEvent id="end2"/>'
    body += chain("start", "check", "end") + chain("often", "end2")
    engine.deploy([("pace.bpmn", bpmn("pace", body))])
    case = engine.start("pace", {"pace": cycle})
    (incident,) = engine.incidents().items
    assert (incident.error_type, incident.element_id) == ("EXTRACT_VALUE_ERROR", "check")
    assert engine.timers().items == ()
    engine.set_variables(case.key, {"pace": "R/PT1H"})
    engine.resolve_incident(incident.incident_key)
    assert engine.open_task_names(case.key) == ["Check"]
    assert len(engine.timers().items) == 1


def test_a_step_that_is_kept_waiting_by_the_machine_has_not_run_away(database):
    """Others use the processor: what the step itself computed counts, however long it took."""
    engine = Engine(database, longest_step=timedelta(seconds=0.3))
    engine.deploy(
        [("slow.bpmn", bpmn("slow", START + script("work", SLOW) + END + chain("start", "work", "end")))]
    )
    burners, done = [], threading.Event()

    def burn():
        while not done.is_set():
            sum(range(1_000))

    for _ in range(12):
        burners.append(threading.Thread(target=burn, daemon=True))
        burners[-1].start()
    try:
        began = time.perf_counter()
        case = engine.start("slow")
        took = time.perf_counter() - began
    finally:
        done.set()
    for burner in burners:
        burner.join()
    assert took > 0.3  # by the wall clock it was over the limit
    assert engine.incidents().items == ()
    assert engine.instance(case.key).state == "COMPLETED"


def test_what_others_compute_and_what_is_waited_for_does_not_count():
    watch = Stopwatch(timedelta(milliseconds=200))
    other = threading.Thread(target=lambda: work_for(0.4))
    other.start()
    other.join()
    assert not watch.is_up()
    work_for(0.15)
    assert not watch.is_up()
    work_for(0.06)
    assert watch.is_up()


def work_for(seconds):
    """Keep the processor busy until this thread has had so many seconds of it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
