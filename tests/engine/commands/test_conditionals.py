"""Conditional start events: asked with variables, they start what is true."""

import pytest

from engine.commands.errors import ConditionUnusable, DefinitionNotFound
from engine.execution.case import StepBudgetSpent
from tests.engine.commands.test_runaway import loop
from tests.engine.diagrams import END, bpmn, chain, user_task


def condition(text, *, event_id="start", only=None):
    extension = (
        f'<extensionElements><zeebe:conditionalFilter variableNames="{only}"/></extensionElements>'
        if only
        else ""
    )
    return (
        f'<startEvent id="{event_id}"><conditionalEventDefinition>{extension}'
        f'<condition xsi:type="tFormalExpression">{text}</condition></conditionalEventDefinition></startEvent>'
    )


def alarm(process_id, *starts):
    ids = ("start", "other")[: len(starts)]
    flows = "".join(chain(one, "look") for one in ids) + chain("look", "end")
    return bpmn(process_id, "".join(starts) + user_task("look") + END + flows)


def deployed(engine, data):
    return engine.deploy([("a.bpmn", data)]).processes[0].process_definition_key


def test_what_is_true_starts_with_the_variables_it_was_asked_with(engine):
    key = deployed(engine, alarm("alarm", condition("=load &gt; 5")))
    assert engine.evaluate_conditionals({"load": 5}).begun == ()
    assert engine.evaluate_conditionals({}).begun == ()
    (begun,) = engine.evaluate_conditionals({"load": 6, "note": "high"}).begun
    assert begun.process_definition_key == key
    assert engine.values(begun.process_instance_key) == {"load": 6, "note": "high"}
    assert engine.open_task_names(begun.process_instance_key) == ["Look"]
    assert engine.message_subscriptions().items == ()


def test_every_true_start_of_every_latest_version_starts_one(engine):
    old = deployed(engine, alarm("alarm", condition("=load &gt; 5")))
    new = deployed(
        engine, alarm("alarm", condition("=load &gt; 7"), condition("=load &gt; 8", event_id="other"))
    )
    fire = deployed(engine, alarm("fire", condition("=heat", only="heat")))

    def started(**variables):
        return [one.process_definition_key for one in engine.evaluate_conditionals(variables).begun]

    assert started(load=6, heat=False) == []
    assert started(load=9, heat=True) == [new, new, fire]
    asked = engine.evaluate_conditionals({"load": 6}, definition_key=old).begun
    assert [one.process_definition_key for one in asked] == [old]
    engine.deploy([("a.bpmn", alarm("alarm", condition("=load &gt; 99")))])
    assert started(load=9) == []


def test_a_filter_keeps_a_condition_from_being_asked(engine):
    deployed(engine, alarm("fire", condition("=not(is defined(calm))", only="heat")))
    assert engine.evaluate_conditionals({"load": 1}).begun == ()
    assert len(engine.evaluate_conditionals({"heat": 1}).begun) == 1


def test_what_cannot_be_judged_is_refused_and_starts_nothing(engine):
    deployed(engine, alarm("alarm", condition("=true")))
    deployed(engine, alarm("odd", condition("=load")))
    with pytest.raises(ConditionUnusable) as refusal:
        engine.evaluate_conditionals({"load": "high"})
    assert refusal.value.facts["process"] == "odd"
    assert engine.instances().items == ()
    with pytest.raises(DefinitionNotFound):
        engine.evaluate_conditionals({}, definition_key=17)


def test_a_withdrawn_version_is_not_asked(engine):
    key = deployed(engine, alarm("alarm", condition("=true")))
    engine.delete_resource(key)
    assert engine.evaluate_conditionals({}).begun == ()
    with pytest.raises(DefinitionNotFound):
        engine.evaluate_conditionals({}, definition_key=key)


def test_a_runaway_it_starts_is_noted(engine):
    deployed(engine, loop('<task id="go"/>', start=condition("=true")))
    with pytest.raises(StepBudgetSpent):
        engine.evaluate_conditionals({"stop": False})
    assert [one.process_definition_id for one in engine.incidents().items] == ["loop"]
