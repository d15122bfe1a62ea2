"""Who asks for something to be done: a person, a service with a token, or Redress itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "service", "system", "link"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The one on whose behalf a command runs; ``link`` is somebody with the secret link of one case.

    ``groups`` decide which tasks are offered, ``roles`` what is allowed.
    """

    name: str
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    kind: Kind = "person"

    @property
    def is_trusted(self) -> bool:
        """Tell whether task assignment does not bind this actor: Redress itself, or an administrator."""
        return self.kind == "system" or "admin" in self.roles


SYSTEM = Actor("system", kind="system")
OURS = frozenset(
    {
        *("system", "service", "demo", "deploy", "import", "installation", "test", "web"),
        *("complainant", "representative"),
    }
)
"""Names under which the service itself, its commands and whoever speaks for a complaint act: no account is called so."""


def service(name: str, *roles: str) -> Actor:
    """Return a service (a worker, a client with a token) called ``name``."""
    return Actor(name, roles=frozenset(roles), kind="service")
