"""The one function that decides whether a person may do something; everything asks here, nothing decides elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from api.identity.people import Person
from api.identity.roles import ROLES


@dataclass(frozen=True, slots=True)
class ComplaintFacts:
    """What is true between one person and one complaint; loaded by whoever asks.

    ``excluded``: named in the complaint or otherwise in conflict of interest. ``owner``: accountable for it. ``holds_task``:
    a task of it is assigned to them, or open to one of their groups. ``significant``: top management must hear of it.
    """

    excluded: bool = False
    owner: bool = False
    holds_task: bool = False
    significant: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. ``hidden`` means that the thing must look as if it did not exist."""

    allowed: bool
    rule: str
    hidden: bool = False

    def __bool__(self) -> bool:
        """Return whether it is allowed."""
        return self.allowed


@dataclass(frozen=True, slots=True)
class Reach:
    """Which complaints a person may read, as a filter for lists, searches, counts and exports."""

    every: bool = False
    own: bool = False
    significant: bool = False


_READS_ALL = frozenset({"intake", "quality", "approver", "reviewer", "team-lead", "manager", "auditor"})
_READS_OWN = frozenset({"handler", "investigator", "on-duty"})
_WRITES = frozenset({"intake", "handler", "investigator", "team-lead", "manager"})

_TASKS = frozenset(
    role.id for role in ROLES.values() if role.groups
)  # whoever is in a group that tasks are offered to

_PLAIN: dict[str, frozenset[str]] = {
    "complaint.register": _TASKS | {"employee"},
    "complaint.search": _READS_ALL | _READS_OWN | {"top-management"},
    "task.list": _TASKS,
    "notice.read": frozenset(ROLES),
    "task.assign": frozenset({"team-lead", "manager"}),
    "task.search": _TASKS | {"process-owner", "admin", "auditor"},
    "task.work": _TASKS | {"process-owner", "admin"},
    "task.give": frozenset({"team-lead", "manager", "process-owner", "admin"}),
    "account.read": frozenset(ROLES),
    "clock.change": frozenset({"handler", "team-lead", "manager"}),
    "clock.backdate": frozenset({"team-lead", "manager"}),
    "timer.change": frozenset({"team-lead", "manager"}),
    "conflict.declare": _TASKS,
    "conflict.note": frozenset({"team-lead", "manager"}),
    "conflict.lift": frozenset({"manager"}),
    "calendar.change": frozenset({"manager", "admin"}),
    "calendar.read": frozenset({"manager", "admin", "process-owner", "auditor", "team-lead"}),
    "definition.read": frozenset(
        {"process-owner", "admin", "manager", "auditor", "team-lead", "handler", "quality"}
    ),
    "definition.deploy": frozenset({"process-owner", "admin"}),
    "instance.start": frozenset({"process-owner", "admin", "manager"}),
    "instance.read": frozenset({"process-owner", "admin", "manager", "auditor"}),
    "instance.operate": frozenset({"admin", "manager", "process-owner"}),
    "job.work": frozenset({"admin", "process-owner", "worker"}),
    "incident.read": frozenset({"admin", "manager", "process-owner", "auditor"}),
    "incident.resolve": frozenset({"admin", "manager", "process-owner"}),
    "message.publish": frozenset({"admin", "manager", "process-owner"}),
    "decision.try": frozenset({"process-owner", "admin", "manager"}),
    "variable.read": frozenset({"admin", "manager", "process-owner", "auditor"}),
    "people.manage": frozenset({"admin"}),
    "due.list": frozenset({"intake", "handler", "investigator", "team-lead", "manager", "auditor"}),
}
_ON_ONE = {  # what else may be done on one complaint by who may read it, and which rule says so
    "complaint.clock": "clock.change",
    "complaint.backdate": "clock.backdate",
    "complaint.timer": "timer.change",
    "complaint.stand-aside": "conflict.declare",
    "complaint.keep-away": "conflict.note",
    "complaint.let-back": "conflict.lift",
}
OF_COMPLAINT = frozenset({"complaint.read", "complaint.write", *_ON_ONE})
ACTIONS = frozenset(_PLAIN) | OF_COMPLAINT


def may(person: Person | None, action: str, facts: ComplaintFacts | None = None) -> Decision:
    """Decide whether ``person`` may do ``action``; ``facts`` are required for the actions on one complaint.

    Nobody signed in, an inactive account and an action without a rule are refused. A person who is excluded from a complaint
    gets a hidden refusal whatever their roles: the conflict of interest is stronger than any right.
    """
    if person is None or not person.active:
        return Decision(False, "signed-in")
    if action in OF_COMPLAINT:
        return _on_complaint(person, action, facts or ComplaintFacts())
    allowed = _PLAIN.get(action, frozenset())
    return Decision(bool(person.roles & allowed), action)


def _on_complaint(person: Person, action: str, facts: ComplaintFacts) -> Decision:
    if facts.excluded:
        return Decision(False, "conflict-of-interest", hidden=True)
    reads = bool(
        person.roles & _READS_ALL
        or (person.roles & _READS_OWN and (facts.owner or facts.holds_task))
        or ("top-management" in person.roles and facts.significant)
    )
    if not reads:
        return Decision(False, "reach", hidden=True)
    if action == "complaint.read":
        return Decision(True, action)
    if action == "complaint.write":
        return Decision(bool(person.roles & _WRITES), action)
    plain = _ON_ONE[action]
    return Decision(bool(person.roles & _PLAIN[plain]), plain)


def reach(person: Person) -> Reach:
    """Return which complaints ``person`` may read, exclusions apart: the same table as ``may``, as a filter."""
    return Reach(
        every=bool(person.roles & _READS_ALL),
        own=bool(person.roles & _READS_OWN),
        significant="top-management" in person.roles,
    )
