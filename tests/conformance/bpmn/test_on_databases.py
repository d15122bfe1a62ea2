"""The same diagrams through the front door of the engine, on each database, every step by an engine that
starts cold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.dialect import ProcessDefinition
from engine.engine import Engine
from engine.store.search import Condition, Query
from tests.conformance.bpmn.scenarios import Scenario, scenarios
from tests.engine.execution.story import diagram, flows, user

SCOPES = ("PROCESS", "SUB_PROCESS", "EVENT_SUB_PROCESS", "MULTI_INSTANCE_BODY", "EVENT_BASED_GATEWAY")
JOINS = ("parallelGateway", "inclusiveGateway")
OTHER = diagram('<startEvent id="s"/>' + user("inner") + flows("s > inner")).replace(b'"p"', b'"other"')
DECISION = """<?xml version="1.0"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="dmn" name="dmn" namespace="urn:redress">
  <decision id="{id}" name="{id}">
    <variable name="{id}"/>
    <literalExpression><text>"{answer}"</text></literalExpression>
  </decision>
</definitions>"""
PLAYED = [scenario for scenario in scenarios() if scenario.runs]


class DatabaseStory:
    """A scenario's run, told to an engine on a database."""

    def __init__(self, database: Any, clock: Any, scenario: Scenario) -> None:
        self.database, self.clock, self.scenario = database, clock, scenario
        files = [(f"{scenario.name}.bpmn", scenario.data), ("other.bpmn", OTHER)]
        for name, answer in scenario.world.get("decisions", {}).items():
            files.append((f"{name}.dmn", DECISION.format(id=name, answer=answer).encode()))
        self.engine.deploy(files)
        self.key = 0

    @property
    def engine(self) -> Engine:
        """An engine that remembers nothing."""
        return Engine(self.database, clock=self.clock, zone="Europe/London")

    @property
    def definition(self) -> ProcessDefinition:
        return self.engine.parsed_process(self.engine.instance(self.key).process_definition_key)

    def start(self, run: dict[str, Any]) -> None:
        if "at" not in run:
            self.key = self.engine.start(self.scenario.process, run["start"]).key
            return
        if "message" in self.scenario.construct:
            self.engine.publish_message("reply", "", run.get("payload"))
        elif "conditional" in self.scenario.construct:
            self.engine.evaluate_conditionals(run.get("payload"))
        else:
            self.engine.broadcast_signal("alarm", run.get("payload"))
        [self.key] = [instance.process_instance_key for instance in self.engine.instances().items]

    def take(self, step: dict[str, Any]) -> None:
        engine, variables = self.engine, step.get("with", {})
        match step:
            case {"do": element}:
                engine.complete_task(self.task(element, step.get("nth", 0)), variables)
            case {"child": _}:
                engine.complete_task(self.task("inner"), variables)
            case {"work": element}:
                engine.complete_job(self.job(element), variables)
            case {"error": element, "code": code}:
                engine.throw_job_error(self.job(element), code, "", variables)
            case {"ring": element}:
                [timer, *_] = [timer for timer in self.timers() if timer.element_id == element]
                self.clock.set(max(timer.due_date, self.clock.now()))
                engine.run_due_jobs()
            case {"tell": element}:
                self.tell(element, variables)
            case {"retry": element}:
                [incident] = [incident for incident in self.incidents() if incident.element_id == element]
                engine.resolve_incident(incident.incident_key)
            case {"set": values, "at": element}:
                engine.set_variables(self.element(element), values, local=True)
            case {"set": values}:
                engine.set_variables(self.key, values)
            case {"expect": expected}:
                self.expect(expected)

    def tell(self, element: str, variables: dict[str, Any]) -> None:
        for subscription in self.engine.message_subscriptions().items:
            if subscription.element_id == element and subscription.process_instance_key == self.key:
                self.engine.correlate_message(
                    subscription.message_name, subscription.correlation_key, variables
                )
                return
        self.engine.broadcast_signal("alarm", variables)

    def expect(self, expected: dict[str, Any]) -> None:
        elements = self.definition.elements
        halted = {incident.element_id for incident in self.incidents()}
        if "open" in expected:
            joins = [name for name in elements if elements[name].tag in JOINS and name not in halted]
            told = [name for name in expected["open"] if name not in joins]
            active = self.elements("ACTIVE")
            open_ = [one.element_id for one in active if one.type not in SCOPES or one.element_id in halted]
            open_ += [name for name in expected["open"] if name in halted and elements[name].tag in JOINS]
            assert sorted(open_) == sorted(told)
        if "vars" in expected:
            assert self.engine.values(self.key) == expected["vars"]
        if "incidents" in expected:
            assert [[one.element_id, one.error_type] for one in self.incidents()] == expected["incidents"]
        if "terminated" in expected:
            ended = [one.element_id for one in self.elements("TERMINATED")]
            assert sorted(name for name in ended if name in expected["terminated"]) == sorted(
                expected["terminated"]
            )
        assert (self.engine.instance(self.key).state == "COMPLETED") is expected.get("ended", False)

    # -- looking

    def mine(self, *more: Condition) -> Query:
        return Query(where=(Condition("process_instance_key", "eq", self.key), *more), limit=1000)

    def task(self, element: str, nth: int = 0) -> int:
        found = self.engine.tasks(Query(where=(Condition("state", "eq", "CREATED"),))).items
        return sorted(task.user_task_key for task in found if task.element_id == element)[nth]

    def job(self, element: str) -> int:
        [job] = [
            one
            for one in self.engine.jobs(self.mine()).items
            if one.element_id == element and one.state == "CREATED"
        ]
        self.engine.activate_jobs(job.type, worker="w", timeout=timedelta(minutes=1), limit=1)
        return job.job_key

    def timers(self) -> list[Any]:
        return list(self.engine.timers(self.mine()).items)

    def incidents(self) -> list[Any]:
        return [one for one in self.engine.incidents(self.mine()).items if one.state == "ACTIVE"]

    def elements(self, state: str) -> list[Any]:
        return list(self.engine.element_instances(self.mine(Condition("state", "eq", state))).items)

    def element(self, element: str) -> int:
        [found] = [one for one in self.elements("ACTIVE") if one.element_id == element]
        return found.element_instance_key


@pytest.mark.slow
@pytest.mark.parametrize("scenario", PLAYED, ids=lambda scenario: scenario.name)
def test_the_diagram_goes_as_told_on_a_database(scenario, database, clock):
    told = DatabaseStory(database, clock, scenario)
    for run in scenario.runs:
        told.start(run)
        for step in run["steps"]:
            told.take(step)
