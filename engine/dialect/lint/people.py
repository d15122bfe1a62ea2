"""User tasks nobody gets, and deadlines nobody is told about."""

from __future__ import annotations

from typing import Final

from engine.dialect.lint.clocks import clocks_of_task, clocks_watched
from engine.dialect.lint.context import DeploymentContext
from engine.dialect.lint.drawing import EVENTS, Drawing, Node, Scope, first_zeebe
from engine.dialect.lint.notes import Notes

_WHO: Final = ("assignee", "candidateGroups", "candidateUsers")
_ESCALATING: Final = frozenset({"timer", "escalation"})


def check_people(drawing: Drawing, notes: Notes, context: DeploymentContext) -> None:
    """Judge every user task."""
    guarded = _guarded_scopes(drawing)
    watched = clocks_watched(drawing)
    if context.together is not None:
        watched |= context.together.clocks_watched
    service = context.known.service
    if service is not None:
        watched |= {name for name, several in service.joined.items() if several & watched}
    for node in drawing.nodes:
        if node.tag == "userTask":
            _check_assignment(node, notes)
            clocks = clocks_of_task(node)
            anybody_knows = service is not None or not clocks  # what a name stands for, the service says
            if anybody_knows and not clocks & watched:
                _check_deadline(node, guarded, notes)


def _check_assignment(node: Node, notes: Notes) -> None:
    assignment = first_zeebe(node.xml, "assignmentDefinition")
    given = {name: str(assignment.get(name) or "").strip() for name in _WHO} if assignment is not None else {}
    if not any(given.values()):
        message = "Nobody can take the task: it has no assignee and no candidates."
        notes.warning(
            node.xml, "nobody_assigned", message, "Fill in a candidate group.", attribute="candidateGroups"
        )


def _guarded_scopes(drawing: Drawing) -> set[Scope]:
    """Return the scopes in which an event sub-process or a boundary event reacts to time or escalation."""
    guarded: set[Scope] = set()
    for node in drawing.nodes:
        if node.tag not in EVENTS or node.trigger not in _ESCALATING:
            continue
        if (
            node.tag == "boundaryEvent"
            and node.attached_to is not None
            and node.attached_to.inner is not None
        ):
            guarded.add(node.attached_to.inner)
        elif node.tag == "startEvent" and node.scope.is_event and node.scope.parent is not None:
            guarded.add(node.scope.parent)
    return guarded


def _check_deadline(node: Node, guarded: set[Scope], notes: Notes) -> None:
    schedule = first_zeebe(node.xml, "taskSchedule")
    due = schedule is not None and str(schedule.get("dueDate") or "").strip()
    if not due and not clocks_of_task(node):
        return
    if any(event.trigger in _ESCALATING for event in node.boundaries):
        return
    if not guarded.intersection(node.scope.outward()):
        message = "The task has a deadline, but nothing happens when it passes."
        advice = "Attach a timer event, or let a timer anywhere follow the same case clock."
        notes.warning(node.xml, "deadline_without_escalation", message, advice, attribute="dueDate")
