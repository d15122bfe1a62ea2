"""The rule at the case, over the register: who a case is there for, who is heard by it, who reads what people wrote in it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session

from api.complaints.of_case import complaint_named, complaint_of_case, roots_of_complaints
from api.complaints.open_words import OpenWords
from api.complaints.search import facts_for, visible
from api.complaints.separation import is_excluded
from api.complaints.tables import ComplaintRow, ExclusionRow
from api.identity import people
from api.identity.decide import may, reach
from api.identity.people import Person
from engine.actors import Actor
from engine.commands.access import ActRefused, Words
from engine.errors import Conflict
from engine.feel.values import Value
from engine.store.tables import incidents, instances

WORKER = "worker"  # the role of programs that do outside work
_GIVEN = frozenset({"complaintKey", "reference", "complainantKnown"})
_TIMERS = ("move_timer", "fire_timer")  # commands that put another moment in place of the diagram's


class ComplaintNotCanceled(Conflict):
    """A complaint's case is not canceled. Finish its tasks, resolve what is stuck, or pass on the complainant's withdrawal."""

    code = "complaint_not_canceled"


class VariablesAreItsSteps(Conflict):
    """What a complaint's case knows is written by its steps. Where one of them is stuck, correct the variable there."""

    code = "variables_are_its_steps"


class CaseAccess:
    """The engine's rule at the case (``engine.commands.access``): conflict of interest is stronger than any right."""

    def admits(self, session: Session, actor: Actor, act: str, case_key: int) -> bool:
        """Tell whether the case is there for ``actor``.

        Raises ``ComplaintNotCanceled``, whoever asks; ``ActRefused``; ``VariablesAreItsSteps`` while nothing in it is stuck.
        """
        complaint_key = complaint_of_case(session, case_key)
        if complaint_key is None:
            return True
        if actor.kind == "person" and is_excluded(session, complaint_key, actor.name):
            return False
        if act == "cancel":
            raise ComplaintNotCanceled(complaint=str(complaint_key))
        if actor.kind == "person" and act == "set_variables" and not _is_stuck(session, case_key):
            raise VariablesAreItsSteps(complaint=str(complaint_key))
        if actor.kind != "person" or act not in _TIMERS:
            return True
        if not self._may(session, actor, "complaint.timer", complaint_key):
            raise ActRefused(rule="timer.change")
        return True

    def hears(self, session: Session, actor: Actor, correlation_key: str, case_key: int) -> bool:
        """Tell whether a message of ``actor`` reaches the case.

        A complaint's case hears the complainant through the secret link of that very complaint, and staff who may write on
        it and so speak for them; every other case hears everybody but link holders.
        """
        complaint_key = complaint_of_case(session, case_key)
        if complaint_key is None:
            return actor.kind != "link"
        if actor.kind == "link":
            return correlation_key == str(complaint_key)
        if actor.kind != "person":
            return actor.kind == "system"
        return self._may(session, actor, "complaint.write", complaint_key)

    def case_named(self, session: Session, correlation_key: str) -> int | None:
        """Return the case of the complaint that the key names, alone or with a person of it; None when it names none."""
        named = complaint_named(correlation_key)
        if named is None:
            return None
        return session.scalar(select(ComplaintRow.instance_key).where(ComplaintRow.key == named))

    def is_conducted(self, session: Session, case_key: int) -> bool:
        """Tell whether the case is a complaint's."""
        return complaint_of_case(session, case_key) is not None

    def is_in(self, session: Session, case_key: int, states: Collection[str]) -> bool:
        """Tell whether the case's complaint is in one of these states (``api.complaints.states``)."""
        found = select(ComplaintRow.key).where(
            ComplaintRow.instance_key == case_key, ComplaintRow.state.in_(states)
        )
        return session.scalar(found) is not None

    def given(self, session: Session, case_key: int) -> frozenset[str]:
        """Return the variables of a complaint's case that only the register gives."""
        return _GIVEN if self.is_conducted(session, case_key) else frozenset()

    def let_out(self, session: Session, case_key: int, value: Value, words: Words) -> Value:
        """Return what arrives elsewhere of what the case throws: of a complaint its key and what ``OpenWords`` lets out."""
        complaint_key = complaint_of_case(session, case_key)
        if complaint_key is None:
            return value
        return OpenWords(words(session) | {str(complaint_key)}).let_out(value)

    def reads_content(self, session: Session, actor: Actor, case_key: int) -> bool:
        """Tell whether ``actor`` may read the complaint the case is about; other cases are open to whoever gets there."""
        complaint_key = complaint_of_case(session, case_key)
        if complaint_key is None or actor.kind == "system":
            return True
        return self._may(session, actor, "complaint.read", complaint_key)

    def hidden_cases(self, session: Session, actor: Actor) -> frozenset[int]:
        """Return the root instances of the complaints the actor is excluded from, and of what began beside them."""
        if actor.kind != "person":
            return frozenset()
        excluded = select(ExclusionRow.complaint_key).where(ExclusionRow.person_name == actor.name)
        return frozenset(session.scalars(roots_of_complaints().where(ComplaintRow.key.in_(excluded))))

    def kept_work(self, session: Session, actor: Actor) -> Collection[int] | Select[tuple[int]]:
        """Return the root instances whose outside work is not for ``actor``, as keys or as a query of them.

        It is for whoever reads the complaint and for programs that are here for it: who draws what a job is told is not told it.
        """
        person = people.find(session, actor.name) if actor.kind == "person" else None
        if person is None or WORKER in person.roles:
            return self.hidden_cases(session, actor)
        return unread_roots(person)

    def _may(self, session: Session, actor: Actor, action: str, complaint_key: int) -> bool:
        person, complaint = people.find(session, actor.name), session.get(ComplaintRow, complaint_key)
        if person is None or complaint is None:
            return False
        return bool(may(person, action, facts_for(session, person, complaint)))


def _is_stuck(session: Session, case_key: int) -> bool:
    of_case = select(instances.c.key).where(instances.c.case_key == case_key)
    stuck = select(incidents.c.key).where(
        incidents.c.state == "ACTIVE", incidents.c.instance_key.in_(of_case)
    )
    return session.scalar(stuck.limit(1)) is not None


def unread_roots(person: Person) -> Select[tuple[int]]:
    """Return the query of the root instances whose content ``person`` may not read: ``reads_content`` as a filter.

    A complaint that nobody owns is not theirs either: what is unknown to SQL counts as not readable.
    """
    return roots_of_complaints().where(visible(person, reach(person)).is_not(true()))
