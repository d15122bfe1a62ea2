"""What a diagram says, as frozen values: elements, flows, and what their attributes mean in the dialect."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from engine.dialect.values import Formula, Value

EMPTY: MappingType[str, str] = MappingProxyType({})


def names_in(text: str | None) -> tuple[str, ...]:
    """Return what a property such as ``redress.clock`` or ``redress.states`` names, parted by commas, in its order."""
    return tuple(name for part in (text or "").split(",") if (name := part.strip()))


@dataclass(frozen=True, slots=True)
class Binding:
    """Which version of a called process, decision or form is meant (dialect §1)."""

    kind: str = "latest"  # latest | deployment | versionTag
    version_tag: str | None = None


@dataclass(frozen=True, slots=True)
class VariableMapping:
    """One input or output mapping; ``target`` is the path of names it writes to. A ``source`` of None is
    null."""

    source: Value
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobRule:
    """The job an element makes: type and retries, evaluated once at activation."""

    type: Value
    retries: Value = "3"


@dataclass(frozen=True, slots=True)
class ScriptRule:
    """A FEEL script and the variable its result goes to."""

    expression: Formula
    result: str


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """The decision a business rule task asks, and the variable its answer goes to."""

    decision_id: Value
    result: str
    binding: Binding


@dataclass(frozen=True, slots=True)
class CallRule:
    """The process a call activity starts. ``business_id`` None means: inherited."""

    process_id: Value
    binding: Binding
    all_in: bool = True
    all_out: bool = True
    business_id: Value = None


@dataclass(frozen=True, slots=True)
class FormRule:
    """The form a user task or none start event names."""

    form_id: Value
    binding: Binding


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Who may do a user task, and until when (dialect §6)."""

    assignee: Value = None
    candidate_groups: Value = None
    candidate_users: Value = None
    due: Value = None
    follow_up: Value = None
    priority: Value = None
    external_reference: Value = None


@dataclass(frozen=True, slots=True)
class MultiInstance:
    """The multi-instance marker (dialect §8)."""

    sequential: bool
    collection: Formula
    input_element: str | None = None
    output_collection: str | None = None
    output_element: Formula | None = None
    completion: Formula | None = None


@dataclass(frozen=True, slots=True)
class StandardLoop:
    """The standard loop marker (dialect §4)."""

    condition: Formula | None
    test_before: bool = False
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class TimerText:
    """A timer as written: ``kind`` date, duration or cycle."""

    kind: Literal["date", "duration", "cycle"]
    value: Value


@dataclass(frozen=True, slots=True)
class Trigger:
    """What an event catches or throws.

    ``kind``: none message timer signal error escalation link terminate conditional compensation cancel.
    ``name`` is the message, signal or link name; ``code`` that of an error or escalation (None on a
    catcher: any); ``activity`` the one activity a compensation throw means.
    """

    kind: str = "none"
    name: Value = None
    correlation_key: Formula | None = None
    timer: TimerText | None = None
    code: Value = None
    condition: Formula | None = None
    filter_names: frozenset[str] | None = None
    filter_events: frozenset[str] | None = None
    activity: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; ``condition`` is None where none is drawn or the flow is the default."""

    id: str
    source: str
    target: str
    condition: Formula | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a shape stands in the drawing."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """A flow node of an executable process. ``scope_id`` is the enclosing sub-process, or the process."""

    id: str
    name: str
    tag: str  # local name in the file: userTask, subProcess, …
    type: str  # as in /v2: USER_TASK, SUB_PROCESS, …
    scope_id: str
    line: int | None = None
    lane: str | None = None
    documentation: str | None = None
    inputs: tuple[VariableMapping, ...] = ()
    outputs: tuple[VariableMapping, ...] = ()
    headers: MappingType[str, str] = field(default_factory=lambda: EMPTY)
    properties: MappingType[str, str] = field(default_factory=lambda: EMPTY)
    job: JobRule | None = None
    script: ScriptRule | None = None
    decision: DecisionRule | None = None
    call: CallRule | None = None
    task: TaskRule | None = None
    form: FormRule | None = None
    multi_instance: MultiInstance | None = None
    standard_loop: StandardLoop | None = None
    trigger: Trigger | None = None
    attached_to: str | None = None
    interrupting: bool = True
    handler: str | None = None  # compensation boundary event: the activity that undoes
    for_compensation: bool = False
    bounds: Bounds | None = None
    incoming: tuple[Flow, ...] = ()
    outgoing: tuple[Flow, ...] = ()

    @property
    def clocks(self) -> tuple[str, ...]:
        """The case clocks it is due with (``redress.clock``): the earliest bound counts, its own moment while none has one."""
        return names_in(self.properties.get("redress.clock"))

    @property
    def limits(self) -> tuple[str, ...]:
        """The case clocks it is due no later than (``redress.noLaterThan``), whatever else says when it is due."""
        return names_in(self.properties.get("redress.noLaterThan"))

    @property
    def states(self) -> tuple[str, ...]:
        """The states of a case in which a message from outside starts this (``redress.states``), none: in any."""
        return names_in(self.properties.get("redress.states"))

    @property
    def needs(self) -> tuple[str, ...]:
        """What a message from outside must bring to start this (``redress.needs``): variables, or members such as ``waits.step``."""
        return names_in(self.properties.get("redress.needs"))

    @property
    def is_scope(self) -> bool:
        """Whether it holds flow nodes of its own."""
        return self.tag in ("subProcess", "transaction")

    @property
    def is_event_subprocess(self) -> bool:
        """Whether it is started by an event of its scope, not by a flow."""
        return self.type == "EVENT_SUB_PROCESS"


@dataclass(frozen=True, slots=True)
class StartEvent:
    """One way into a process."""

    element_id: str
    kind: str  # none | message | timer | signal | conditional
    name: Value = None  # of the message or signal
    timer: TimerText | None = None
    condition: Formula | None = None
    form: FormRule | None = None
    interrupting: bool = True
    trigger: Trigger = field(default_factory=Trigger)
