"""Lines of work: what must not delay each other is done by threads of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.commands.house import JobType


@dataclass(frozen=True, slots=True)
class Line:
    """The jobs one thread does: ``kinds`` of rows, and which of our own job types if ``own`` is among them.

    ``limit`` is how many are claimed at a time. Those of a slow line are few, as they wait under one lease. ``urgent_first`` has
    jobs of a higher priority overtake the others.
    """

    name: str
    kinds: tuple[str, ...]
    own_types: tuple[str, ...]
    limit: int
    urgent_first: bool = False


def lines_of(job_types: Iterable[JobType], *, mail: bool) -> tuple[Line, ...]:
    """Return the lines there is work for: what moves cases, letters, and handlers that act on the network.

    Without ``mail`` nobody carries letters; without a job type that acts outside there is no line for it.
    """
    inside, outside = _by_place(job_types)
    found = [Line("motion", ("timer", "own", "chore"), inside, limit=20)]
    if mail:
        found.append(Line("post", ("mail",), (), limit=4, urgent_first=True))
    if outside:
        found.append(Line("outside", ("own",), outside, limit=4))
    return tuple(found)


def everything(job_types: Iterable[JobType], *, mail: bool) -> Line:
    """Return all work as one line, for simulated time: everything in the order it was due."""
    inside, outside = _by_place(job_types)
    kinds = ("timer", "own", "chore", *(("mail",) if mail else ()))
    return Line("everything", kinds, inside + outside, limit=20)


def _by_place(job_types: Iterable[JobType]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = tuple(job_types)
    return (
        tuple(one.name for one in known if not one.outside),
        tuple(one.name for one in known if one.outside),
    )
