"""Diagrams damaged at random are refused with findings, or run without a crash and without a silent stall."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from lxml import etree

from engine.dialect import DiagramRefused, read_bpmn
from engine.execution.case import StepBudgetSpent
from engine.execution.changes import IncidentOpened
from engine.execution.run import Execution, NoSuchStart
from tests.conformance.bpmn.scenarios import scenarios
from tests.conformance.random_processes import act
from tests.engine.execution.story import FakeWorld

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
TAGS = (
    *("userTask", "serviceTask", "callActivity", "subProcess", "parallelGateway", "eventBasedGateway"),
    *("startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent"),
)
WAITS = ("task", "job", "timer", "message", "signal", "child")
SOUND = [etree.fromstring(scenario.data) for scenario in scenarios()]


def damage(root: Any, dice: random.Random) -> None:
    """Change one thing: drop, rename, retype, empty or graft."""
    node = dice.choice([node for node in root.iter(etree.Element) if node is not root])
    names = list(node.attrib)
    match dice.randrange(6):
        case 0:
            node.getparent().remove(node)
        case 1 if names:
            del node.attrib[dice.choice(names)]
        case 2 if names:
            name = dice.choice(names)
            node.set(name, dice.choice(("", "=", "x", "=1", "=null", "5", f"{node.get(name)}x")))
        case 3 if node.text:
            node.text = dice.choice(("", "=", "=1 +", "x", "=1"))
        case 4:
            node.append(copy.deepcopy(dice.choice(list(dice.choice(SOUND).iter(etree.Element)))))
        case _:
            node.tag = BPMN + dice.choice(TAGS)


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_diagram_is_refused_or_runs(seed):
    dice = random.Random(seed)
    root = copy.deepcopy(dice.choice(SOUND))
    for _ in range(dice.randint(1, 3)):
        if len(root):
            damage(root, dice)
    try:
        diagram = read_bpmn(etree.tostring(root), name="damaged.bpmn")
    except DiagramRefused as refused:
        if not refused.findings:
            pytest.fail("refused without saying why")
        return
    for definition in diagram.processes.values():
        world = FakeWorld()
        try:
            run = Execution.start(definition, key=1, variables={"id": "1", "items": [1, 2]}, world=world)
            run.run_to_rest()
        except (NoSuchStart, StepBudgetSpent):
            continue
        changes = run.take_changes()
        for _ in range(6):
            run = Execution.revive(definition, run.save(), world=world)
            halted = any(isinstance(change, IncidentOpened) for change in changes)
            assert run.ended or run.open_elements() or halted
            waiting = [element for element in run.open_elements() if element.waiting_for in WAITS]
            if not waiting:
                break
            act(run, dice.choice(waiting).key)
