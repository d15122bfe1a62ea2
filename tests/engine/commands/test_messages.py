"""Messages find one catcher per process, wait in the buffer, start cases once per key; signals reach everybody."""

from datetime import timedelta

import pytest

from engine.commands.errors import MessageDoubled, MessageNotCorrelated
from engine.engine import Engine
from engine.store.database import connect
from tests.engine.diagrams import END, START, bpmn, chain, service_task, user_task

HOUR = timedelta(hours=1)
REPLY = (
    '<message id="M" name="reply"><extensionElements><zeebe:subscription correlationKey="=caseId"/>'
    "</extensionElements></message>"
)


def waiter(process_id="waiter"):
    return bpmn(
        process_id,
        START + '<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="M"/></intermediateCatchEvent>'
        + user_task("read") + END + chain("start", "wait", "read", "end"),
        extra=REPLY,
    )  # fmt: skip


def starter():
    return bpmn(
        "starter",
        '<startEvent id="start"><messageEventDefinition messageRef="N"/></startEvent>'
        + user_task("check") + END + chain("start", "check", "end"),
        extra='<message id="N" name="complaint"/>',
    )  # fmt: skip


def test_a_message_reaches_the_case_with_its_key(engine):
    engine.deploy([("waiter.bpmn", waiter())])
    one, two = engine.start("waiter", {"caseId": "A"}), engine.start("waiter", {"caseId": "B"})
    found = engine.correlate_message("reply", "B", {"text": "hello"})
    assert found.instance_key == two.key
    assert engine.open_task_names(one.key) == []
    assert engine.open_task_names(two.key) == ["Read"]
    assert engine.values(two.key)["text"] == "hello"
    with pytest.raises(MessageNotCorrelated):
        engine.correlate_message("reply", "B")
    states = [one.message_subscription_state for one in engine.message_subscriptions().items]
    assert sorted(states) == ["CORRELATED", "CREATED"]


def test_a_message_goes_to_one_case_of_each_process(engine):
    engine.deploy([("waiter.bpmn", waiter()), ("other.bpmn", waiter("other"))])
    for process in ("waiter", "waiter", "other"):
        engine.start(process, {"caseId": "A"})
    engine.publish_message("reply", "A")
    assert sorted(one.process_definition_id for one in engine.tasks().items) == ["other", "waiter"]


def test_a_message_waits_for_its_catcher_as_long_as_it_lives(engine, clock):
    engine.deploy([("waiter.bpmn", waiter())])
    engine.publish_message("reply", "A", {"text": "1"}, time_to_live=HOUR)
    engine.publish_message("reply", "A", {"text": "2"}, time_to_live=HOUR)
    engine.publish_message("reply", "C", time_to_live=timedelta(0))
    first = engine.start("waiter", {"caseId": "A"})
    assert engine.values(first.key)["text"] == "1"
    second = engine.start("waiter", {"caseId": "A"})
    assert engine.values(second.key)["text"] == "2"
    third = engine.start("waiter", {"caseId": "C"})
    assert engine.open_task_names(third.key) == []
    engine.publish_message("reply", "D", time_to_live=HOUR)
    clock.advance(HOUR)
    fourth = engine.start("waiter", {"caseId": "D"})
    assert engine.open_task_names(fourth.key) == []
    assert engine.purge() >= 1


def test_the_oldest_message_is_taken_first_whichever_process_kept_it(database_url, clock):
    early, late = connect(database_url), connect(database_url)
    low, high = Engine(early, clock=clock), Engine(late, clock=clock)  # each takes keys of its own block
    try:
        low.deploy([("waiter.bpmn", waiter())])
        high.publish_message("reply", "A", {"text": "1"}, time_to_live=HOUR)
        clock.advance(timedelta(minutes=1))
        low.publish_message("reply", "A", {"text": "2"}, time_to_live=HOUR)
        case = high.start("waiter", {"caseId": "A"})
        assert high.values(case.key)["text"] == "1"
    finally:
        early.dispose()
        late.dispose()


def test_the_same_message_id_is_refused_while_it_waits(engine, clock):
    engine.publish_message("reply", "A", message_id="m1", time_to_live=HOUR)
    with pytest.raises(MessageDoubled):
        engine.publish_message("reply", "A", message_id="m1", time_to_live=HOUR)
    engine.publish_message("reply", "B", message_id="m1", time_to_live=HOUR)
    clock.advance(HOUR + timedelta(seconds=1))
    engine.publish_message("reply", "A", message_id="m1", time_to_live=HOUR)


def test_a_message_starts_one_case_per_key_at_a_time(engine):
    engine.deploy([("starter.bpmn", starter())])
    first = engine.correlate_message("complaint", "K1", {"text": "1"}).instance_key
    with pytest.raises(MessageNotCorrelated):
        engine.correlate_message("complaint", "K1")
    engine.publish_message("complaint", "K1", {"text": "2"}, time_to_live=HOUR)
    engine.correlate_message("complaint", "", {"text": "no key"})
    assert engine.instances().total == 2
    (task,) = engine.open_tasks(first)
    engine.complete_task(task.user_task_key)
    assert engine.instances().total == 3
    newest = max(one.process_instance_key for one in engine.instances().items)
    assert engine.values(newest) == {"text": "2"}


def test_only_the_latest_version_is_started(engine):
    engine.deploy([("starter.bpmn", starter())])
    engine.deploy([("starter.bpmn", starter() + b"<!-- 2 -->")])
    engine.publish_message("complaint", "", {})
    (case,) = engine.instances().items
    assert case.process_definition_version == 2
    engine.deploy(
        [("starter.bpmn", bpmn("starter", START + user_task("x") + END + chain("start", "x", "end")))]
    )
    engine.publish_message("complaint", "", {})
    assert engine.instances().total == 1


def test_a_signal_reaches_every_catcher_and_start(engine):
    alarm = '<signal id="S" name="alarm"/>'
    catching = bpmn(
        "catching",
        START + '<intermediateCatchEvent id="wait"><signalEventDefinition signalRef="S"/></intermediateCatchEvent>'
        + user_task("read") + END + chain("start", "wait", "read", "end"), extra=alarm,
    )  # fmt: skip
    started = bpmn(
        "started",
        '<startEvent id="start"><signalEventDefinition signalRef="S"/></startEvent>' + user_task("act") + END
        + chain("start", "act", "end"), extra=alarm,
    )  # fmt: skip
    throwing = bpmn(
        "throwing",
        START + '<intermediateThrowEvent id="say"><signalEventDefinition signalRef="S"/></intermediateThrowEvent>' + END
        + chain("start", "say", "end"), extra=alarm,
    )  # fmt: skip
    engine.deploy([("a.bpmn", catching), ("b.bpmn", started), ("c.bpmn", throwing)])
    engine.start("catching")
    engine.start("catching")
    engine.broadcast_signal("alarm", {"loud": True})
    assert sorted(one.name for one in engine.tasks().items) == ["Act", "Read", "Read"]
    assert all(engine.values(one.process_instance_key) == {"loud": True} for one in engine.tasks().items)
    engine.start("catching")
    assert engine.start("throwing").ended
    assert sorted(one.name for one in engine.tasks().items) == ["Act", "Act", "Read", "Read", "Read"]


def test_a_signal_to_many_is_delivered_in_many_transactions(engine):
    catching = bpmn(
        "catching",
        START + '<intermediateCatchEvent id="wait"><signalEventDefinition signalRef="S"/></intermediateCatchEvent>'
        + user_task("read") + END + chain("start", "wait", "read", "end"), extra='<signal id="S" name="alarm"/>',
    )  # fmt: skip
    engine.deploy([("a.bpmn", catching)])
    cases = [engine.start("catching").key for _ in range(60)]
    engine.broadcast_signal("alarm", {"loud": True})
    assert engine.tasks().total == 50
    engine.cancel(cases[-1])
    assert engine.run_due_jobs() == 10
    assert engine.tasks().total == 59
    assert engine.values(cases[-2]) == {"loud": True}


def test_a_diagram_publishes_a_message_in_its_own_transaction(engine):
    sender = bpmn(
        "sender",
        START + service_task("tell", "redress:publish-message", extension='<zeebe:taskHeaders><zeebe:header key="name" '
        'value="reply"/></zeebe:taskHeaders><zeebe:ioMapping><zeebe:input source="=to" target="correlationKey"/>'
        '<zeebe:input source="={text: &quot;hi&quot;}" target="variables"/></zeebe:ioMapping>')
        + END + chain("start", "tell", "end"),
    )  # fmt: skip
    engine.deploy([("sender.bpmn", sender), ("waiter.bpmn", waiter())])
    case = engine.start("waiter", {"caseId": "A"})
    assert engine.start("sender", {"to": "A"}).ended
    assert engine.values(case.key)["text"] == "hi"
