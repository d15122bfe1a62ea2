"""Variables in scopes: who sees what, and where a write goes (dialect §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.execution.changes import ScopeDropped, VariableSet

MISSING = object()
_SCALARS = (str, bool, type(None))


@dataclass(frozen=True, slots=True)
class Touched:
    """A variable was created or updated in a scope."""

    scope_key: int
    name: str
    created: bool


class Scopes:
    """The local variables of every live scope, by its key.

    ``parent_of`` gives the enclosing scope's key, None at the process instance. ``written`` names what was set at the process
    instance since it began, whatever the value: what it began with is not in it. Values are never changed in place, so they
    may be shared.
    """

    def __init__(
        self,
        root: int,
        parent_of: Callable[[int], int | None],
        emit: Callable[[VariableSet | ScopeDropped], None],
    ) -> None:
        """``emit`` is told every change."""
        self.root = root
        self.locals: dict[int, dict[str, Any]] = {}
        self.touched: list[Touched] = []
        self.written: set[str] = set()
        self._parent_of, self._emit = parent_of, emit

    def chain(self, key: int) -> Iterator[int]:
        """Yield the scope and those around it, innermost first."""
        here: int | None = key
        while here is not None:
            yield here
            here = self._parent_of(here)

    def get(self, key: int, name: str) -> Any:
        """Return the innermost value of ``name`` seen from ``key``, or ``MISSING``."""
        for scope in self.chain(key):
            found = self.locals.get(scope)
            if found is not None and name in found:
                return found[name]
        return MISSING

    def visible(self, key: int) -> dict[str, Any]:
        """Return every variable seen from ``key``."""
        seen: dict[str, Any] = {}
        for scope in reversed(list(self.chain(key))):
            seen |= self.locals.get(scope, {})
        return seen

    def own(self, key: int) -> dict[str, Any]:
        """Return a copy of the variables of exactly this scope."""
        return dict(self.locals.get(key, {}))

    def begin_with(self, variables: Mapping[str, Any]) -> None:
        """Give the process instance the variables it begins with."""
        self.set_local(self.root, variables)
        self.written.clear()

    def set_local(self, key: int, variables: Mapping[str, Any]) -> None:
        """Write into exactly this scope."""
        for name, value in variables.items():
            self._write(key, name, value)

    def merge(self, key: int, variables: Mapping[str, Any]) -> None:
        """Write each variable to the nearest scope that has it, else to the process instance."""
        for name, value in variables.items():
            for scope in self.chain(key):
                if name in self.locals.get(scope, ()):
                    self._write(scope, name, value)
                    break
            else:
                self._write(self.root, name, value)

    def drop(self, key: int) -> None:
        """Forget a scope that has ended."""
        if self.locals.pop(key, None):
            self._emit(ScopeDropped(key))

    def _write(self, key: int, name: str, value: Any) -> None:
        if key == self.root:
            self.written.add(name)
        mine = self.locals.setdefault(key, {})
        created = name not in mine
        if not created and _same(mine[name], value):
            return
        mine[name] = value
        self.touched.append(Touched(key, name, created))
        self._emit(VariableSet(key, name, value))


def _same(old: Any, new: Any) -> bool:
    """Tell whether writing would change nothing; unsure means it would."""
    return old is new or (type(old) is type(new) and isinstance(old, _SCALARS) and old == new)
