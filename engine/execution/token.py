"""One token of a case: a SpiffWorkflow task that carries no data and never leaves a finished state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.dialect.model import Element
from engine.dialect.specs import EACH, ElementSpec, JoinSpec
from engine.errors import Broken

if TYPE_CHECKING:
    from engine.execution.case import Case


class TokenSpent(Broken):
    """A token that has already left was asked to move."""

    code = "token_spent"


class Token(Task):
    """A token, by the key of its element instance.

    ``internal_data`` holds plain JSON values only: ``phase`` (activating, completing, collecting,
    leaving), ``wait`` (what would move it on), ``incident``, ``flow`` it came on, ``listener`` (it waits
    on behalf of its parent), and the particulars of a timer or loop.
    """

    workflow: Case
    task_spec: ElementSpec
    internal_data: dict[str, Any]
    _state: int

    def _set_state(self, value: int) -> None:
        if not self._state & TaskState.FINISHED_MASK:
            self._state = value

    def run(self) -> bool | None:
        """Activate the element. Raises ``TokenSpent`` if it already ended."""
        self._refuse_if_spent()
        return super().run()

    def complete(self) -> None:
        """Leave the element along the flows chosen. Raises ``TokenSpent`` if it already ended."""
        self._refuse_if_spent()
        super().complete()

    def _refuse_if_spent(self) -> None:
        if self._state & TaskState.FINISHED_MASK:
            raise TokenSpent(element=self.element.id)

    @property
    def key(self) -> int:
        """The element instance key."""
        return cast(int, self.id)

    @property
    def element(self) -> Element:
        """The element it stands at."""
        return self.task_spec.element

    @property
    def kind(self) -> str:
        """The behaviour of its element."""
        return self.task_spec.kind

    @property
    def scope(self) -> Token:
        """The token of the enclosing scope. Raises ``TokenSpent`` at the root, which has none."""
        parent = self.parent
        if parent is None:
            raise TokenSpent(element=self.element.id)
        return cast(Token, parent)

    @property
    def inner(self) -> list[Token]:
        """Its live children: elements inside a scope and listeners."""
        return cast("list[Token]", self.children)

    @property
    def is_listener(self) -> bool:
        """Whether it waits on behalf of its parent."""
        return "listener" in self.internal_data

    @property
    def is_loop(self) -> bool:
        """Whether it stands for all rounds or instances of an activity."""
        return self.task_spec.kind in ("multi-instance", "loop")

    @property
    def is_round(self) -> bool:
        """Whether it is one round or instance of an activity."""
        return self.task_spec.name.endswith(EACH)

    @property
    def wait(self) -> str | None:
        """What it waits for: task job timer message signal condition child children gateway handlers."""
        return self.internal_data.get("wait")

    @property
    def waits_at_join(self) -> bool:
        """Whether it waits for the others of a parallel or inclusive gateway."""
        return self._state == TaskState.WAITING and isinstance(self.task_spec, JoinSpec)

    @property
    def line(self) -> int:
        """How many elements its path passed, itself included, since somebody or something was last waited for."""
        return cast(int, self.internal_data.get("line", 0))

    @property
    def type(self) -> str:
        """The /v2 type of its element instance."""
        return "MULTI_INSTANCE_BODY" if self.is_loop else self.element.type


def is_live(token: Token) -> bool:
    """Tell whether a child keeps its scope open."""
    return not token.is_listener
