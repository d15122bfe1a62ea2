"""Messages and signals between cases: who catches them, who is started by them, what is kept for later
(dialect §10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.actors import Actor
from engine.commands import family
from engine.commands.errors import CaseInAnotherState, CaseNotNamed, MessageLacks
from engine.execution import changes as ch
from engine.execution.run import ElementNotFound, ElementNotWaiting
from engine.store import dialects, jobs, messages
from engine.store.batch import new_job
from engine.store.instances import InstanceRow

if TYPE_CHECKING:
    from engine.commands.step import Step

AT_ONCE = 50  # catchers of a signal served in the transaction that throws it
DELIVER_SIGNAL = "deliver-signal"


@dataclass(frozen=True)
class Thrown:
    """A message or signal on its way: all of it within the case that throws it, elsewhere what that case lets out.

    ``thrower`` is the case whose step throws it; None: the actor sends it. A signal has no key.
    """

    step: Step
    name: str
    correlation_key: str
    variables: Mapping[str, Any]
    thrower: int | None

    def reaches(self, case_key: int) -> bool:
        """Tell whether a step may reach this case: its own, else what no register conducts, by a name and key let out."""
        if self.thrower == case_key:
            return True
        if self.step.house.access.is_conducted(self.step.session, case_key):
            return False
        return self._let_out[:2] == [self.name, self.correlation_key]

    def brings(self, case_key: int) -> Mapping[str, Any]:
        """Return the variables as they arrive in this case."""
        found: Mapping[str, Any] = self.variables if self.thrower == case_key else self._let_out[2]
        return found

    @cached_property
    def _let_out(self) -> list[Any]:
        everything = [self.name, self.correlation_key, dict(self.variables)]
        if self.thrower is None:
            return everything
        access, words = self.step.house.access, self.step.house.catalogue.words
        found: list[Any] = access.let_out(self.step.session, self.thrower, everything, words)
        return found


def publish(
    step: Step,
    name: str,
    correlation_key: str,
    variables: Mapping[str, Any],
    *,
    thrower: int | None = None,
) -> dict[str, int]:
    """Deliver a message to one catcher of every process id, and start what it starts; process id → instance
    key.

    ``thrower`` is the case whose step throws it; None: the actor publishes it. Only catchers that it may
    reach count (``_reaches``), what it brings them says ``Thrown``, and only who reaches the case that the key
    names starts anything by it. With a key, a process is not started while an instance so started is open.
    Raises ``CaseNotNamed`` and ``CaseInAnotherState`` for an actor's message that would start what is about a
    case of the register, and names none that hears them, or one in another state than that is for, and
    ``MessageLacks`` for one that does not bring what it would start needs.
    """
    dialects.take_turns(step.session, _turn(name, correlation_key))
    thrown = Thrown(step, name, correlation_key, variables, thrower)
    # who holds the link of a case speaks to that case
    spoken_to = thrower is None and step.actor.kind == "link"
    starts = [] if spoken_to else messages.starting(step.session, "message", name)
    named = step.house.access.case_named(step.session, correlation_key) if starts else None
    starts = _that_may(thrown, starts, named)
    reached: dict[str, int] = {}
    oldest: dict[str, messages.Waiting] = {}
    for one in step.hearing("message", name, correlation_key):
        if one.process_id not in oldest and _reaches(thrown, one.case_key):
            oldest[one.process_id] = one
    for one in sorted(oldest.values(), key=lambda waiting: waiting.root_key):
        if _deliver(step, one.instance_key, one.element_key, thrown.brings(one.case_key)):
            reached[one.process_id] = one.instance_key
    for start in starts:
        if start.process_id in reached:
            continue
        if correlation_key and step.has_open_start(start.process_id, correlation_key):
            continue
        reached[start.process_id] = _start(step, start, variables, correlation_key or None, named or thrower)
    return reached


def _that_may(
    thrown: Thrown, starts: Sequence[messages.Starting], named: int | None
) -> list[messages.Starting]:
    """Return what a message or signal may start, ``named`` being the case that its key names.

    Raises ``CaseNotNamed``, ``CaseInAnotherState``, ``MessageLacks``.
    """
    step = thrown.step
    heard = named is None or _reaches(thrown, named)
    beside = (named or thrown.thrower) if heard else None
    conducted = beside is not None and step.house.access.is_conducted(step.session, beside)
    fit = [one for one in starts if conducted or not _is_about_a_case(step, one)]
    if thrown.thrower is None:
        if len(fit) < len(starts):
            raise CaseNotNamed(name=thrown.name)
        if beside is not None and step.actor.kind != "system":  # the service itself knows what it says
            _refuse_in_another_state(step, fit, beside, message=thrown.name)
        if heard:
            _refuse_lacking(thrown, fit)
    return fit if heard else []


def _is_about_a_case(step: Step, start: messages.Starting) -> bool:
    """Tell whether a process has steps that need a case of the register, and none that makes one."""
    named = step.house.catalogue.process(step.session, start.definition_key).job_types.values()
    types = [known for name, known in step.house.job_types.items() if name in named]
    return any(each.needs_case for each in types) and not any(each.enters for each in types)


def _refuse_in_another_state(
    step: Step, starts: Sequence[messages.Starting], case_key: int, *, message: str
) -> None:
    for one in starts:
        states = (
            step.house.catalogue.process(step.session, one.definition_key).elements[one.element_id].states
        )
        if states and not step.house.access.is_in(step.session, case_key, states):
            raise CaseInAnotherState(name=message, states=", ".join(states))


def _refuse_lacking(thrown: Thrown, starts: Sequence[messages.Starting]) -> None:
    catalogue, session = thrown.step.house.catalogue, thrown.step.session
    for one in starts:
        needs = catalogue.process(session, one.definition_key).elements[one.element_id].needs
        if missing := [path for path in needs if _brought(thrown.variables, path) is None]:
            raise MessageLacks(name=thrown.name, missing=", ".join(missing))


def _brought(variables: Mapping[str, Any], path: str) -> Any:
    """Return the value of ``a`` or ``a.b`` among variables, None where there is none."""
    value: Any = variables
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _reaches(thrown: Thrown, case_key: int) -> bool:
    """Tell whether a message reaches a case: of an actor, what the register says."""
    if thrown.thrower is not None:
        return thrown.reaches(case_key)
    step = thrown.step
    return step.house.access.hears(step.session, step.actor, thrown.correlation_key, case_key)


def broadcast(step: Step, name: str, variables: Mapping[str, Any], *, thrower: int | None = None) -> None:
    """Deliver a signal to every catcher and every start event of the name.

    ``thrower`` is the case whose step throws it; None: the actor sends it. A case of the register hears only
    the signals of its own steps; what others hear of them says ``Thrown``. Beyond ``AT_ONCE`` catchers each of
    the others gets it in a transaction of its own, by a chore due at once: one signal must not hold thousands
    of cases locked. Raises ``CaseNotNamed`` like ``publish``.
    """
    thrown = Thrown(step, name, "", variables, thrower)
    found = [one for one in step.hearing("signal", name, None) if thrown.reaches(one.case_key)]
    own = [one for one in found if one.root_key in step.locked]
    others = [one for one in found if one.root_key not in step.locked]
    for one in sorted([*own, *others[:AT_ONCE]], key=lambda waiting: (waiting.root_key, waiting.key)):
        _deliver(step, one.instance_key, one.element_key, thrown.brings(one.case_key))
    if others[AT_ONCE:]:
        jobs.add_chores(
            step.session,
            [_chore(step, one, thrown.brings(one.case_key)) for one in others[AT_ONCE:]],
        )
        step.due_now()
    for start in _that_may(thrown, messages.starting(step.session, "signal", name), None):
        _start(step, start, variables, None, thrower)


def deliver_later(step: Step, instance_key: int, payload: bytes) -> None:
    """Deliver a signal that ``broadcast`` left to a chore, if its catcher still waits."""
    subscription, element_key, packed = feel.load(payload)
    step.fire_due_timers(step.head(instance_key).root_key)
    if messages.is_open(step.session, int(subscription)):
        _deliver(step, instance_key, int(element_key), packed)


def _chore(step: Step, one: messages.Waiting, variables: Mapping[str, Any]) -> dict[str, Any]:
    key = step.house.keys.next()
    return new_job(step.now) | {
        "key": key,
        "kind": "chore",
        "type": DELIVER_SIGNAL,
        "dedup_key": f"signal:{key}",
        "due_at": step.now,
        "retries": 5,
        "instance_key": one.instance_key,
        "root_key": one.root_key,
        "element_id": one.element_id,
        "payload": feel.dump([feel.inward(one.key), feel.inward(one.element_key), dict(variables)]),
    }


def feed_from_buffer(step: Step, opened: Sequence[tuple[InstanceRow, ch.SubscriptionOpened]]) -> None:
    """Give each newly opened message subscription the oldest message that waits for it."""
    wanted = {(change.name, change.correlation_key or "") for _, change in opened}
    dialects.take_turns(step.session, *(_turn(*one) for one in wanted))
    kept = messages.buffered(step.session, wanted, now=step.now)
    if not kept:
        return
    delivered = {one.key: list(one.delivered) for one in kept}
    for row, change in opened:
        for one in kept:
            fits = (one.name, one.correlation_key) == (change.name, change.correlation_key or "")
            if not fits or row.process_id in delivered[one.key] or not row.is_open:
                continue
            if not step.house.access.hears(step.session, _publisher(one), one.correlation_key, row.case_key):
                continue
            if _deliver(step, row.key, change.key, feel.load(one.variables)):
                delivered[one.key].append(row.process_id)
                messages.note_delivery(step.session, one.key, delivered[one.key])
            break


def start_next(step: Step, ended: InstanceRow) -> None:
    """Start the next instance of a process for which a message waited while an instance with its key was
    open.
    """
    key = ended.start_key or ""
    names = messages.start_names(step.session, ended.process_id)
    if not names:
        return
    dialects.take_turns(step.session, *(_turn(name, key) for name in names))
    if step.has_open_start(ended.process_id, key):
        return
    access = step.house.access
    named = access.case_named(step.session, key)
    for one in messages.buffered(step.session, [(name, key) for name in names], now=step.now):
        if ended.process_id in one.delivered:
            continue
        if named is not None and not access.hears(step.session, _publisher(one), key, named):
            continue
        starts = messages.starting(step.session, "message", one.name)
        for start in starts:
            about_none = named is None and _is_about_a_case(step, start)
            if start.process_id == ended.process_id and not about_none:
                _start(step, start, feel.load(one.variables), key, named)
                messages.note_delivery(step.session, one.key, [*one.delivered, ended.process_id])
                return


def _deliver(step: Step, instance_key: int, element_key: int, variables: Mapping[str, Any]) -> bool:
    """Hand an event to its catcher, after what is due in a family met only now; False if it no longer waits."""
    met = len(step.locked)
    root_key = step.head(instance_key).root_key
    if len(step.locked) > met:
        step.fire_due_timers(root_key)
    if not step.head(instance_key).is_open:
        return False
    case = step.case(instance_key)
    try:
        step.move(case, lambda execution: execution.deliver(element_key, variables))
    except (ElementNotFound, ElementNotWaiting):
        return False
    return True


def _publisher(message: messages.Buffered) -> Actor:
    """Return who published a kept message; of one kept by an earlier release nobody knows."""
    known = message.publisher or {"name": "", "kind": "person"}
    return Actor(known["name"], kind=known["kind"])  # type: ignore[arg-type]


def _start(
    step: Step,
    start: messages.Starting,
    variables: Mapping[str, Any],
    start_key: str | None,
    beside: int | None = None,
) -> int:
    """Start an instance; one ``beside`` a case of the register belongs to it."""
    belongs = beside is not None and step.house.access.is_conducted(step.session, beside)
    row = family.new_row(
        step,
        key=step.house.keys.next(),
        definition_key=start.definition_key,
        process_id=start.process_id,
        case_key=beside if belongs else None,
        start_key=start_key,
    )
    family.begin(step, row, {}, at=start.element_id, payload=variables)
    return row.key


def _turn(name: str, correlation_key: str) -> str:
    return f"message:{name}:{correlation_key}"
