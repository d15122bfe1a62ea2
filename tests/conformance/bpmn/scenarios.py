"""The small diagrams of the dialect, each with a scenario that says what must happen, and how to play it.

Beside each ``diagrams/<name>.bpmn`` stands ``<name>.json``: ``section``, ``construct`` and ``rule`` for
the table; then either ``refused`` (ids that the findings must name) or ``process`` and ``runs``. A run has
``start`` (variables), perhaps ``at`` and ``payload`` (a triggered start event), and ``steps``: ``do``,
``work``, ``error``, ``ring``, ``tell``, ``child`` name an element and act on it, ``set`` writes variables,
``retry`` repeats what failed, ``expect`` looks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.dialect import DiagramRefused, read_bpmn
from engine.execution.changes import SignalThrown, SubscriptionOpened
from tests.engine.execution.story import FakeWorld, Story

FOLDER = Path(__file__).parent / "diagrams"


@dataclass(frozen=True)
class Scenario:
    """One diagram and what it shows."""

    name: str
    data: bytes
    section: str
    construct: str
    rule: str
    process: str
    runs: tuple[dict[str, Any], ...]
    refused: tuple[str, ...]
    world: dict[str, Any]


def scenarios() -> list[Scenario]:
    """Return every scenario by name."""
    found = []
    for path in sorted(FOLDER.glob("*.bpmn")):
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        found.append(
            Scenario(
                path.stem,
                path.read_bytes(),
                told["section"],
                told["construct"],
                told["rule"],
                told.get("process", ""),
                tuple(told.get("runs", ())),
                tuple(told.get("refused", ())),
                told.get("world", {}),
            )
        )
    return found


def play(scenario: Scenario, *, restore: bool) -> None:
    """Play every run, or see the diagram refused. Raises ``AssertionError`` where it goes otherwise."""
    if scenario.refused:
        _see_refused(scenario)
    for run in scenario.runs:
        world = FakeWorld()
        world.decisions = {
            name: lambda _, answer=answer: answer
            for name, answer in scenario.world.get("decisions", {}).items()
        }
        told = Story(scenario.data, restore=restore, process=scenario.process, world=world)
        told.heard = 0
        told.start(run["start"], at=run.get("at"), payload=run.get("payload"))
        for step in run["steps"]:
            _broadcast(told)
            _take(told, step)


def _broadcast(told: Story) -> None:
    """Let signals thrown meanwhile reach whoever waits for them, as the store does."""
    for signal in told.seen(SignalThrown)[told.heard :]:
        told.heard += 1
        opened = {
            change.key: change.name for change in told.seen(SubscriptionOpened) if change.kind == "signal"
        }
        for element in told.run.open_elements():
            if element.waiting_for == "signal" and opened[element.key] == signal.name:
                told.tell(element.element_id, **signal.variables)


def _see_refused(scenario: Scenario) -> None:
    try:
        read_bpmn(scenario.data, name=f"{scenario.name}.bpmn")
    except DiagramRefused as refused:
        named = {finding.element_id or scenario.name for finding in refused.findings}
        assert set(scenario.refused) <= named, f"the findings name {named}"
    else:
        raise AssertionError(f"{scenario.name} was accepted")


def _take(told: Story, step: dict[str, Any]) -> None:
    variables = step.get("with", {})
    match step:
        case {"do": element}:
            told.do(element, nth=step.get("nth", 0), **variables)
        case {"work": element}:
            told.work(element, **variables)
        case {"error": element, "code": code}:
            told.error(element, code, **variables)
        case {"ring": element}:
            told.ring(element)
        case {"tell": element}:
            told.tell(element, **variables)
        case {"child": element}:
            told.child_ends(element, **variables)
        case {"retry": element}:
            told.retry(element)
        case {"set": values, "at": element}:
            told.set(told.key(element), local=True, **values)
        case {"set": values}:
            told.set(**values)
        case {"expect": expected}:
            for what, value in expected.items():
                assert _seen(told, what, value) == value, what
        case _:
            raise AssertionError(f"unknown step {step}")


def _seen(told: Story, what: str, expected: Any) -> Any:
    match what:
        case "open":
            return sorted(told.open)
        case "armed":
            return sorted(told.armed)
        case "armed_count":
            return len(told.armed)
        case "incidents":
            return [list(incident) for incident in told.incidents]
        case "signals":
            return [signal.name for signal in told.seen(SignalThrown)]
        case "terminated":
            return [element for element in told.terminated if element in expected]
        case "locals":
            return {element: told.locals(element) for element in expected}
    return getattr(told, what)
