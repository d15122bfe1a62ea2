"""What can go wrong, in four kinds and two narrower ones; each error is named for what happened, its docstring is the message."""

from __future__ import annotations

from typing import Any, ClassVar


class RedressError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        """``message`` replaces the docstring's first line; ``facts`` are the particulars, plain values only."""
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.facts = facts
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return the message followed by the facts in their order."""
        if not self.facts:
            return self.message
        return f"{self.message} ({', '.join(f'{name}: {value}' for name, value in self.facts.items())})"


class NotFound(RedressError):
    """There is no such thing."""

    code = "not_found"


class Conflict(RedressError):
    """The thing is not in a state that allows this."""

    code = "conflict"


class Invalid(RedressError):
    """What was given cannot be accepted."""

    code = "invalid"


class TooLarge(Invalid):
    """This is more than there is room for."""

    code = "too_large"


class Broken(RedressError):
    """Redress cannot do this; it is not the caller's fault, and trying again does not help."""

    code = "broken"


class Unavailable(Broken):
    """Redress cannot do this at the moment. Try again."""

    code = "unavailable"
