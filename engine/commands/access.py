"""Who reaches which case: one rule, asked wherever a command takes hold of a case, whatever door it came through."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session

from engine.actors import Actor
from engine.errors import Conflict
from engine.feel.values import Value

Words = Callable[[Session], frozenset[str]]


class ActRefused(Conflict):
    """Your roles do not allow this with a complaint."""

    code = "act_refused"


class CaseAccess(Protocol):
    """The rule at the case. ``case_key`` names the case an instance belongs to (``instances.case_key``)."""

    def admits(self, session: Session, actor: Actor, act: str, case_key: int) -> bool:
        """Tell whether the case is there for ``actor``; ``act`` is the name of the command.

        False means that it must look as if it did not exist. Raises ``ActRefused`` for an act that the actor
        may not do with it, and for one that nobody may do the kind of ``Conflict`` that says what to do instead.
        """

    def hears(self, session: Session, actor: Actor, correlation_key: str, case_key: int) -> bool:
        """Tell whether a message that ``actor`` publishes under ``correlation_key`` reaches this case."""

    def case_named(self, session: Session, correlation_key: str) -> int | None:
        """Return the case of the register that a message's key names: what it starts belongs to that case.

        None for a key that names none.
        """

    def is_conducted(self, session: Session, case_key: int) -> bool:
        """Tell whether the case belongs to the register: then other cases and signals from outside do not
        reach it.
        """

    def is_in(self, session: Session, case_key: int, states: Collection[str]) -> bool:
        """Tell whether the case is in one of these states, as the register says."""

    def let_out(self, session: Session, case_key: int, value: Value, words: Words) -> Value:
        """Return what arrives in another case of a FEEL value that this one throws.

        ``words`` returns those that stand in the diagrams and tables deployed so far.
        """

    def given(self, session: Session, case_key: int) -> frozenset[str]:
        """Return the variables of the case that only the register gives: nobody sets them by hand."""

    def reads_content(self, session: Session, actor: Actor, case_key: int) -> bool:
        """Tell whether ``actor`` may read what people wrote in this case."""

    def hidden_cases(self, session: Session, actor: Actor) -> frozenset[int]:
        """Return the keys of the root instances that must look to ``actor`` as if they did not exist."""

    def kept_work(self, session: Session, actor: Actor) -> Collection[int] | Select[tuple[int]]:
        """Return the root instances whose jobs are not handed to ``actor``: their keys, or a query of them."""


class EveryCase:
    """Without a register: everything is there for everybody, and hears everybody."""

    def admits(self, session: Session, actor: Actor, act: str, case_key: int) -> bool:  # noqa: ARG002
        """Admit everybody."""
        return True

    def hears(self, session: Session, actor: Actor, correlation_key: str, case_key: int) -> bool:  # noqa: ARG002
        """Hear everybody."""
        return True

    def case_named(self, session: Session, correlation_key: str) -> int | None:  # noqa: ARG002
        """Know of no register."""
        return None

    def is_conducted(self, session: Session, case_key: int) -> bool:  # noqa: ARG002
        """Know of no register."""
        return False

    def is_in(self, session: Session, case_key: int, states: Collection[str]) -> bool:  # noqa: ARG002
        """Know of no states."""
        return True

    def let_out(self, session: Session, case_key: int, value: Value, words: Words) -> Value:  # noqa: ARG002
        """Keep nothing back."""
        return value

    def given(self, session: Session, case_key: int) -> frozenset[str]:  # noqa: ARG002
        """Know of no register."""
        return frozenset()

    def reads_content(self, session: Session, actor: Actor, case_key: int) -> bool:  # noqa: ARG002
        """Keep nothing back."""
        return True

    def hidden_cases(self, session: Session, actor: Actor) -> frozenset[int]:  # noqa: ARG002
        """Hide nothing."""
        return frozenset()

    def kept_work(self, session: Session, actor: Actor) -> Collection[int] | Select[tuple[int]]:  # noqa: ARG002
        """Keep nothing back."""
        return frozenset()
