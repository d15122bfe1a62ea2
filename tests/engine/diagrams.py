"""Small diagrams for tests, written as short as they can be."""

from __future__ import annotations

from itertools import pairwise

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'id="defs" targetNamespace="t">'
)


def bpmn(process_id: str, body: str, *, extra: str = "", extension: str = "") -> bytes:
    """Return a file with one process; ``extra`` stands beside it (messages, signals, errors)."""
    inside = f"<extensionElements>{extension}</extensionElements>" if extension else ""
    return (
        f'{HEAD}{extra}<process id="{process_id}" name="{process_id.capitalize()}" isExecutable="true">'
        f"{inside}{body}</process></definitions>"
    ).encode()


def flow(source: str, target: str, condition: str | None = None) -> str:
    """Return a sequence flow."""
    inner = (
        f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression>'
        if condition
        else ""
    )
    return f'<sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'


def user_task(task_id: str, extension: str = "", name: str | None = None) -> str:
    """Return a user task."""
    return (
        f'<userTask id="{task_id}" name="{name or task_id.capitalize()}"><extensionElements><zeebe:userTask/>'
        f"{extension}</extensionElements></userTask>"
    )


def service_task(task_id: str, job_type: str, *, retries: int = 3, extension: str = "") -> str:
    """Return a service task."""
    return (
        f'<serviceTask id="{task_id}" name="{task_id.capitalize()}"><extensionElements>'
        f'<zeebe:taskDefinition type="{job_type}" retries="{retries}"/>{extension}</extensionElements></serviceTask>'
    )


def chain(*ids: str) -> str:
    """Return the flows that connect these nodes in a row."""
    return "".join(flow(one, two) for one, two in pairwise(ids))


START, END = '<startEvent id="start"/>', '<endEvent id="end"/>'


def one_task(process_id: str = "small", extension: str = "") -> bytes:
    """Return start → user task "check" → end."""
    return bpmn(process_id, START + user_task("check", extension) + END + chain("start", "check", "end"))


def small(process_id: str = "small") -> bytes:
    """Return start → user task "assess" (boundary timer P3D → user task "hurry") → gateway → "answer" or end."""
    groups = '<zeebe:assignmentDefinition candidateGroups="handlers"/>'
    return bpmn(
        process_id,
        START
        + user_task("assess", groups)
        + '<boundaryEvent id="late" attachedToRef="assess" cancelActivity="false"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">P3D</timeDuration></timerEventDefinition></boundaryEvent>'
        + user_task("hurry", groups)
        + '<exclusiveGateway id="which" default="which-end"/>'
        + user_task("answer", groups)
        + END
        + '<endEvent id="end2"/>'
        + chain("start", "assess", "which")
        + flow("which", "answer", "=severe")
        + '<sequenceFlow id="which-end" sourceRef="which" targetRef="end"/>'
        + flow("answer", "end")
        + chain("late", "hurry", "end2"),
    )
