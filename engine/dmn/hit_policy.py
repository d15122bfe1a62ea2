"""What a table answers for the rules that matched: the seven hit policies and the aggregations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.dmn.model import Aggregation, HitPolicy
from engine.feel.functions import FUNCTIONS
from engine.feel.logic import equal, member
from engine.feel.run import Run
from engine.feel.values import Value

Outputs = Mapping[str, Value]
MULTIPLE: Final = frozenset(("COLLECT", "RULE ORDER", "OUTPUT ORDER"))
_FUNCTION_OF: Final[Mapping[Aggregation, str]] = {"SUM": "sum", "MIN": "min", "MAX": "max"}


class Violated(Exception):
    """The rules that matched are not what the hit policy allows."""


def chosen(
    policy: HitPolicy, hits: Sequence[Outputs], priorities: Sequence[Sequence[Value]], run: Run
) -> list[int]:
    """Return which hits make up the answer, in its order.

    ``priorities`` hold, per output column, its values from best to worst; only PRIORITY and OUTPUT ORDER read
    them. Raises ``Violated`` if UNIQUE has several hits, or ANY unequal ones.
    """
    if policy == "UNIQUE" and len(hits) > 1:
        raise Violated
    if policy == "ANY" and not all(_alike(hits[0], other, run) for other in hits[1:]):
        raise Violated
    if policy in ("PRIORITY", "OUTPUT ORDER"):
        ranks = [_rank(outputs, priorities, run) for outputs in hits]
        order = sorted(range(len(hits)), key=ranks.__getitem__)
        return order[:1] if policy == "PRIORITY" else order
    return list(range(len(hits))) if policy in MULTIPLE else [0]


def aggregated(aggregation: Aggregation, values: list[Value], run: Run) -> Value:
    """Return the count, sum, least or greatest of the values. Raises ``Fault`` if they do not go together."""
    if aggregation == "COUNT":
        return FUNCTIONS["count"].invoke(run, [values])
    return FUNCTIONS[_FUNCTION_OF[aggregation]].invoke(run, [values])


def _alike(one: Outputs, other: Outputs, run: Run) -> bool:
    return all(equal(value, other[name], run.budget) is True for name, value in one.items())


def _rank(outputs: Outputs, priorities: Sequence[Sequence[Value]], run: Run) -> tuple[int, ...]:
    """Return the places of the outputs among the allowed values, columns left to right; unknown values come
    last.
    """
    ranks = []
    for value, order in zip(outputs.values(), priorities, strict=True):
        run.budget.charge(len(order))
        places = (place for place, best in enumerate(order) if member(value, best, run.budget) is True)
        ranks.append(next(places, len(order)))
    return tuple(ranks)
