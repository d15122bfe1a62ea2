"""Where a token can go: unreachable nodes, paths without an end, loops that never wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from engine.dialect.lint.drawing import GLOBAL, Drawing, Node, Scope, first_zeebe
from engine.dialect.lint.notes import Notes
from engine.dialect.lint.partners import link_name
from engine.dialect.values import is_formula

_WAITING_TAGS: Final = frozenset({"userTask", "receiveTask", "callActivity", "eventBasedGateway"})
_JOB_TAGS: Final = frozenset({"serviceTask", "sendTask", "scriptTask", "businessRuleTask"})
IN_STEP: Final = "redress:"

Edges = Mapping[Node, list[Node]]


def check_paths(drawing: Drawing, notes: Notes) -> None:
    """Judge every scope on its own; an event sub-process or handler is entered from outside."""
    handlers = _handlers(drawing)
    for scope in drawing.scopes:
        _check_starts(scope, notes)
        edges = _edges(scope)
        implicit = scope.parent is None and not any(node.tag == "startEvent" for node in scope.nodes)
        entered = [node for node in scope.nodes if _is_entry(node, handlers) or (implicit and _begins(node))]
        reached = _closure(entered, lambda node, edges=edges: edges[node])  # type: ignore[misc]
        for node in scope.nodes:
            if node not in reached:
                message = "No path leads here from a start."
                notes.error(node.xml, "unreachable", message, "Connect it, or remove it.")
        _check_ends(scope, edges, reached, notes)
    for loop in _loops_without_wait(drawing):
        names = ", ".join(repr(node.title) for node in loop[:6]) + (" …" if len(loop) > 6 else "")
        message = f"The loop over {names} has no step that waits."
        advice = "Make sure it ends quickly, or put a task or timer into it."
        notes.warning(loop[0].xml, "loop_without_wait", message, advice)


def _check_starts(scope: Scope, notes: Notes) -> None:
    starts = [node for node in scope.nodes if node.tag == "startEvent"]
    nameless = [node for node in starts if node.trigger == "none"]
    if scope.tag in ("adHocSubProcess", GLOBAL):
        return
    if not starts and scope.parent is None and any(_begins(node) for node in scope.nodes):
        message = "There is no start event: everything that no flow leads to begins at once."
        notes.warning(scope.xml, "start_missing", message, "Draw one.")
    elif not starts:
        notes.error(scope.xml, "start_missing", "There is no start event.", "Draw one.")
    elif scope.parent is None and len(nameless) > 1:
        notes.error(nameless[1].xml, "start_twice", "The process has two none start events.", "Remove one.")
    elif scope.parent is not None and len(starts) > 1:
        message = "A sub-process has exactly one start event."
        notes.error(starts[1].xml, "start_twice", message, "Remove this one, or use a gateway.")


def _begins(node: Node) -> bool:
    """Tell whether a process without start event begins here: nothing leads to the node."""
    caught = node.tag == "boundaryEvent" or (node.tag == "intermediateCatchEvent" and node.trigger == "link")
    return not (node.incoming or caught or node.is_compensation or node.is_event_scope)


def _edges(scope: Scope) -> dict[Node, list[Node]]:
    """Return the nodes that can follow each node: by flow, by link, and boundary events of an activity."""
    catches = {
        name: node
        for node in scope.nodes
        if node.tag == "intermediateCatchEvent" and (name := link_name(node))
    }
    edges: dict[Node, list[Node]] = {}
    for node in scope.nodes:
        edges[node] = [
            flow.target for flow in node.outgoing if flow.target is not None and flow.target.scope is scope
        ]
        edges[node] += [event for event in node.boundaries if event.scope is scope]
        name = link_name(node)
        if node.tag == "intermediateThrowEvent" and name in catches:
            edges[node].append(catches[name])
    return edges


def _handlers(drawing: Drawing) -> set[str]:
    events = {
        node.id for node in drawing.nodes if node.tag == "boundaryEvent" and node.trigger == "compensate"
    }
    ends = {end for _, source, target in drawing.associations for end in ((source, target), (target, source))}
    return {target for source, target in ends if source in events}


def _is_entry(node: Node, handlers: set[str]) -> bool:
    if node.tag == "startEvent" or node.is_event_scope or node.scope.tag == GLOBAL:
        return True
    return node.is_compensation and node.id in handlers


def _closure(start: Iterable[Node], follow: Callable[[Node], Iterable[Node]]) -> set[Node]:
    reached, waiting = set(start), list(start)
    while waiting:
        for following in follow(waiting.pop()):
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached


def _check_ends(scope: Scope, edges: Edges, reached: set[Node], notes: Notes) -> None:
    before: dict[Node, list[Node]] = {node: [] for node in edges}
    for node, following in edges.items():
        for other in following:
            before[other].append(node)
    finals = [node for node in scope.nodes if not [flow for flow in node.outgoing if flow.target is not None]]
    finals = [
        node for node in finals if not (node.trigger == "link" and node.tag == "intermediateThrowEvent")
    ]
    ending = _closure(finals, lambda node: before[node])
    lost = [node for node in scope.nodes if node in reached and node not in ending]
    if lost:
        names = ", ".join(repr(node.title) for node in lost[:4]) + (" …" if len(lost) > 4 else "")
        message = f"From here no path leads to an end ({names})."
        notes.warning(lost[0].xml, "never_ends", message, "Draw a way out, or make sure an event ends it.")


def waits(node: Node) -> bool:
    """Tell whether a token always or usually stops at this node until something happens."""
    if node.tag in _WAITING_TAGS or (node.tag == "intermediateCatchEvent" and node.trigger != "link"):
        return True
    job = first_zeebe(node.xml, "taskDefinition")
    if job is not None and (node.tag in _JOB_TAGS or node.tag == "intermediateThrowEvent"):
        kind = str(job.get("type") or "")
        return is_formula(kind) or not kind.startswith(IN_STEP)
    return False


def _loops_without_wait(drawing: Drawing) -> Iterator[list[Node]]:
    """Yield the cycles (strongly connected parts) made of nodes that never wait."""
    holding: set[Scope] = set()  # sub-processes in which a token waits somewhere
    for node in drawing.nodes:
        if waits(node):
            for scope in node.scope.outward():
                if scope in holding:
                    break
                holding.add(scope)
    for scope in drawing.scopes:
        quick = {node for node in scope.nodes if not waits(node) and node.inner not in holding}
        edges = {
            node: [other for other in following if other in quick and other.tag != "boundaryEvent"]
            for node, following in _edges(scope).items()
            if node in quick
        }
        for part in _components(edges):
            if len(part) > 1 or part[0] in edges[part[0]]:
                chosen = set(part)
                yield [node for node in scope.nodes if node in chosen]


def _components(edges: Edges) -> Iterator[list[Node]]:
    """Yield the strongly connected components (Tarjan's algorithm, without recursion)."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(edges[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    yield _pop_component(node, stack, on_stack)


def _pop_component(node: Node, stack: list[Node], on_stack: set[Node]) -> list[Node]:
    part = []
    while True:
        part.append(stack.pop())
        on_stack.discard(part[-1])
        if part[-1] is node:
            return part
