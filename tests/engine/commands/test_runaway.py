"""Nothing runs away (P7): too many elements or too long, and the step is undone and an incident tells of it."""

import threading
import time
from datetime import timedelta

import pytest

from engine import feel
from engine.clock import Stopwatch
from engine.commands.house import JobType
from engine.engine import Engine
from engine.execution.case import EndlessLoop, StepBudgetSpent
from engine.execution.modifying import Activation, Modification
from engine.store import instances
from tests.engine.diagrams import END, START, bpmn, chain, flow, service_task, user_task

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
    assert (incident.process_instance_key, incident.code) == (case.key, "endless_loop")
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
    assert (incident.process_instance_key, incident.code) == (case.key, "endless_loop")
    assert [one.element_id for one in engine.tokens(case.key)] == ["go"]
    assert engine.run_due_jobs() == 0
    engine.set_variables(case.key, {"stop": True})
    engine.resolve_incident(incident.incident_key)
    engine.run_due_jobs()
    assert engine.instance(case.key).state == "COMPLETED"


def test_a_signal_that_starts_its_own_thrower_for_ever_is_stopped(database, clock):
    thrower = '<endEvent id="end"><signalEventDefinition signalRef="s"/></endEvent>'
    body = starting("signal") + thrower + chain("start", "end")
    engine = Engine(database, clock=clock)
    engine.deploy([("echo.bpmn", bpmn("echo", body, extra=CATCH))])
    with pytest.raises(StepBudgetSpent):
        engine.broadcast_signal("all")
    (incident,) = engine.incidents().items
    assert (incident.process_definition_id, incident.code) == ("echo", "endless_loop")
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


# -- every disguise of a loop

GATE = '<exclusiveGateway id="turn" default="turn-work"/>' + END


def around(body: str, *ids: str, extra: str = "") -> bytes:
    """Return start → ``body`` (from the first to the last of ``ids``) → back to its first element, unless ``stop`` is true."""
    back = f'<sequenceFlow id="turn-work" sourceRef="turn" targetRef="{ids[0]}"/>'
    return bpmn(
        "loop",
        START + body + GATE + chain("start", *ids, "turn") + flow("turn", "end", "=stop = true") + back,
        extra=extra,
    )


AT_ONCE = '<intermediateCatchEvent id="soon" name="At once"><timerEventDefinition><timeDuration xsi:type="tFormalExpression">'
AT_ONCE += "PT0S</timeDuration></timerEventDefinition></intermediateCatchEvent>"
PAST = AT_ONCE.replace("timeDuration", "timeDate").replace("PT0S", "2020-01-01T00:00:00Z")
LATER = service_task(
    "work",
    "redress:note",
    extension='<zeebe:properties><zeebe:property name="redress.execution" value="async"/></zeebe:properties>',
)
SCOPE = '<subProcess id="work" name="Inside"><startEvent id="in"/><task id="inner" name="Again"/>' + chain(
    "in", "inner"
)
SCOPE += "</subProcess>"
CALLED = '<callActivity id="work"><extensionElements><zeebe:calledElement processId="child"/></extensionElements></callActivity>'
ROUNDS = '<task id="work" name="Again"><standardLoopCharacteristics><loopCondition>=true</loopCondition>'
ROUNDS += "</standardLoopCharacteristics></task>"
SAYS = '<intermediateThrowEvent id="work"><signalEventDefinition signalRef="s"/></intermediateThrowEvent>'
LOOPS = {
    "script": (around(script("work", "=1"), "work"), {"work", "turn"}),
    "scope": (around(SCOPE, "work"), {"work", "in", "inner", "turn"}),
    "called process": (around(CALLED, "work"), {"work", "turn"}),
    "standard loop": (around(ROUNDS, "work"), {"work"}),
    "timer at once": (around(AT_ONCE, "soon"), {"soon", "turn"}),
    "timer of the past": (around(PAST, "soon"), {"soon", "turn"}),
    "own job in the background": (around(LATER, "work"), {"work", "turn"}),
}


@pytest.fixture
def quick(database, clock):
    """An engine whose job type "note" does nothing."""
    engine = Engine(database, clock=clock, job_types=[JobType("redress:note", lambda _: None)])
    engine.deploy([("child.bpmn", bpmn("child", START + '<task id="t"/>' + chain("start", "t")))])
    return engine


def deploy_unjudged(engine, data, monkeypatch):
    """Deploy what the check at deployment refuses as a loop, as a house may have it from before."""
    with monkeypatch.context() as patch:
        patch.setattr("engine.commands.check.try_run", lambda *_, **__: ())
        engine.deploy([("loop.bpmn", data)])


@pytest.mark.parametrize("disguise", LOOPS)
def test_a_loop_in_any_disguise_ends_as_an_incident_that_names_it(quick, monkeypatch, disguise):
    data, named = LOOPS[disguise]
    deploy_unjudged(quick, data, monkeypatch)
    began = time.thread_time()
    case = quick.start("loop", {"stop": False}).key
    quick.run_due_jobs()
    assert time.thread_time() - began < 5
    assert quick.instance(case).state == "ACTIVE"
    (incident,) = quick.incidents().items
    assert incident.code == "endless_loop"
    assert incident.element_id in {"start", *named}
    assert set(incident.facts["loop"]) <= named
    assert "without ever waiting" in incident.error_message
    assert quick.run_due_jobs() == 0
    quick.set_variables(case, {"stop": True})
    if disguise == "standard loop":
        quick.cancel(case)
        return
    quick.resolve_incident(incident.incident_key)
    quick.run_due_jobs()
    assert quick.instance(case).state == "COMPLETED"
    assert quick.differences() == ()


def test_two_cases_that_signal_each_other_are_stopped(quick):
    extra = '<signal id="one" name="one"/><signal id="two" name="two"/>'

    def echo(process_id, hears, says):
        tell = f'<intermediateThrowEvent id="say"><signalEventDefinition signalRef="{says}"/></intermediateThrowEvent>'
        heard = (
            '<subProcess id="esp" triggeredByEvent="true"><startEvent id="hear" isInterrupting="false">'
            f'<signalEventDefinition signalRef="{hears}"/></startEvent>{tell}{chain("hear", "say")}</subProcess>'
        )
        return bpmn(process_id, START + user_task("wait") + chain("start", "wait") + heard, extra=extra)

    quick.deploy([("a.bpmn", echo("a", "one", "two")), ("b.bpmn", echo("b", "two", "one"))])
    quick.start("a")
    quick.start("b")
    with pytest.raises(EndlessLoop):
        quick.broadcast_signal("one")


def test_a_wait_lets_a_loop_go_on_for_ever(quick, clock):
    data = around(AT_ONCE.replace("PT0S", "PT1S"), "soon")
    quick.deploy([("loop.bpmn", data)])
    quick.start("loop", {"stop": False})
    for _ in range(600):
        clock.advance(timedelta(seconds=1))
        quick.run_due_jobs()
    assert quick.incidents().items == ()


def test_a_crowd_is_no_loop(quick):
    each = (
        "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics "
        'inputCollection="=for i in 1..3000 return i" inputElement="item" outputCollection="all" outputElement="=item"/>'
        "</extensionElements></multiInstanceLoopCharacteristics>"
    )
    body = START + '<task id="each">' + each + "</task>" + END + chain("start", "each", "end")
    quick.deploy([("crowd.bpmn", bpmn("crowd", body))])
    assert quick.start("crowd").ended
    one_by_one = body.replace(
        "<multiInstanceLoopCharacteristics>", '<multiInstanceLoopCharacteristics isSequential="true">'
    )
    quick.deploy([("line.bpmn", bpmn("line", one_by_one.replace("1..3000", "1..1500")))])
    assert quick.start("line").ended


def test_a_start_that_ran_away_is_repaired_like_any_other_case(quick, monkeypatch):
    deploy_unjudged(quick, LOOPS["script"][0], monkeypatch)
    cases = [quick.start("loop", {"stop": False}).key for _ in range(3)]
    for case in cases:
        assert [(one.element_id, one.type) for one in quick.tokens(case)] == [("start", "START_EVENT")]
        assert quick.values(case) == {"stop": False}
    assert quick.differences() == ()
    first, second, third = cases
    quick.modify(first, Modification(activate=(Activation("end"),), terminate_elements=("start",)))
    assert quick.instance(first).state == "COMPLETED"
    quick.deploy([("loop.bpmn", around(user_task("work"), "work"))])
    newest = max(one.process_definition_key for one in quick.process_definitions().items)
    quick.migrate(second, newest, {})
    incident = next(one for one in quick.incidents().items if one.process_instance_key == second)
    quick.resolve_incident(incident.incident_key)
    assert quick.open_task_names(second) == ["Work"]
    with pytest.raises(EndlessLoop):
        quick.resolve_incident(
            next(one for one in quick.incidents().items if one.process_instance_key == third).incident_key
        )
    quick.cancel(third)
    assert not quick.instance(third).has_incident


def test_a_start_that_ran_away_under_an_earlier_release_can_be_repaired(quick, monkeypatch):
    deploy_unjudged(quick, LOOPS["script"][0], monkeypatch)
    case = quick.start("loop", {"stop": False}).key
    request = feel.dump(feel.inward({"variables": {"stop": False}, "at": []}))

    def as_before(session):
        row = instances.read(session, case)
        instances.update(session, row, b"not started: " + request)

    quick.write(as_before)
    quick.house.live.take(case, 1)
    quick.set_variables(case, {"stop": True})
    for incident in quick.incidents().items:
        if incident.state == "ACTIVE":
            quick.resolve_incident(incident.incident_key)
    assert quick.instance(case).state == "COMPLETED"
