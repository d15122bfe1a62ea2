"""What has to be done before what in a diagram: whether a token put somewhere else by hand would leave work out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.dialect.definition import ProcessDefinition
from engine.dialect.model import Element

CHOICE = "exclusiveGateway"
_ENDS = "endEvent"


def leaves_out(definition: ProcessDefinition, source: Element, target: Element) -> bool:
    """Tell whether a token that goes from ``source`` to ``target`` may leave out work that the diagram asks for.

    It does not where every way to ``source`` leads through ``target``: what lies between is done again. Nor where ``source`` is an
    exclusive gateway and ``target`` what follows it directly, an end apart: somebody chooses a way that it could not choose itself.
    Another scope is never an earlier step.
    """
    if source.scope_id != target.scope_id or target.tag == _ENDS:
        return True
    if source.tag == CHOICE and any(flow.target == target.id for flow in source.outgoing):
        return False
    return source is not target and source.id in _without(definition, source.scope_id, target.id)


def _without(definition: ProcessDefinition, scope_id: str, left_out: str) -> set[str]:
    """Return the elements of a scope that a token reaches from its beginnings without coming through ``left_out``."""
    inside = {element.id: element for element in definition.children(scope_id)}
    onward = _onward(definition, inside)
    reached = {one for ends in onward.values() for one in ends}
    waiting = [one for one in inside if one not in reached and one != left_out]
    found = set(waiting)
    while waiting:
        for following in onward[waiting.pop()]:
            if following != left_out and following not in found:
                found.add(following)
                waiting.append(following)
    return found


def _onward(definition: ProcessDefinition, inside: Mapping[str, Element]) -> dict[str, list[str]]:
    """Return for each element of a scope where a token goes from it: along flows, links and boundary events."""

    def after(element: Element) -> Iterator[str]:
        yield from (flow.target for flow in element.outgoing)
        yield from (event.id for event in definition.boundaries.get(element.id, ()))
        if element.id in definition.links:
            yield definition.links[element.id]

    return {element.id: [one for one in after(element) if one in inside] for element in inside.values()}
