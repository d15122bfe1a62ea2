"""Whether an open case can stand on another definition, element by element, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.dialect.definition import ProcessDefinition
from engine.dialect.model import Element
from engine.dialect.specs import EACH, ROOT
from engine.execution.run import Execution
from engine.execution.token import Token
from engine.findings import Finding


@dataclass(frozen=True, slots=True)
class Plan:
    """What a move would do.

    ``renamed`` gives the new element of every old one that something open stands at, also where both are
    the same. ``dropped`` are listeners (boundary events, starts of event sub-processes) that the new
    definition does not have, or has at another element; ``added`` those it has in addition, armed anew.
    ``findings`` keep the move from being made.
    """

    renamed: Mapping[str, str]
    dropped: tuple[str, ...]
    added: tuple[str, ...]
    findings: tuple[Finding, ...]


def plan(execution: Execution, target: ProcessDefinition, mapping: Mapping[str, str]) -> Plan:
    """Return what moving ``execution`` to ``target`` would do; ``mapping`` gives new ids where they
    differ."""
    tokens = [token for token in execution.case.tasks.values() if token.task_spec.name != ROOT]
    source = execution.definition
    open_ = {token.element.id: token.element for token in tokens if not token.is_listener}
    renamed = {element_id: mapping.get(element_id, element_id) for element_id in open_}
    renamed |= {old: new for old, new in mapping.items() if old in source.elements and new in target.elements}
    findings = [finding for element in open_.values() for finding in _judge(element, source, target, renamed)]
    findings += _judge_flows(tokens, target, mapping)
    findings += _judge_mapping(source, target, mapping)
    dropped, kept = [], set()
    for token in tokens:
        if not token.is_listener:
            continue
        old = token.element
        new = mapping.get(old.id, old.id)
        is_same = _same_event(old, target.elements.get(new))
        if is_same and new in _listening_at(_image(token.scope.element.id, source, target, renamed), target):
            renamed[old.id] = new
            kept.add(new)
        elif token.internal_data["listener"] == "gateway":
            findings.append(_finding(old, "branch_gone", "A branch of the event-based gateway is gone."))
        elif is_same and old.id in mapping:
            message = f"“{new[:100]}” is not attached there to what it is attached to here."
            findings.append(_finding(old, "host_changed", message))
        else:
            dropped.append(old.id)
    findings += _judge_shared(
        [*open_.values(), *(t.element for t in tokens if t.is_listener)], renamed, dropped
    )
    hosts = [target.elements[renamed[name]] for name in open_ if renamed[name] in target.elements]
    return Plan(renamed, tuple(dropped), tuple(_listeners_of(hosts, target, kept)), tuple(findings))


def _judge(
    element: Element, source: ProcessDefinition, target: ProcessDefinition, renamed: Mapping[str, str]
) -> Iterator[Finding]:
    new = target.elements.get(renamed[element.id])
    if new is None:
        yield _finding(element, "element_gone", "The new version has no such element.")
        return
    if (new.tag, new.type) != (element.tag, element.type):
        yield _finding(element, "element_changed", f"It is a {element.tag} here and a {new.tag} there.")
    loops = (element.multi_instance, element.standard_loop), (new.multi_instance, new.standard_loop)
    if [bool(mark) for mark in loops[0]] != [bool(mark) for mark in loops[1]]:
        yield _finding(element, "loop_changed", "Its loop marker was added or removed.")
    around = source.process_id if element.scope_id == source.process_id else element.scope_id
    expected = target.process_id if around == source.process_id else renamed.get(around, around)
    if new.scope_id != expected:
        yield _finding(element, "scope_changed", "It stands in another sub-process there.")
    trigger = (element.trigger.kind if element.trigger else None, new.trigger.kind if new.trigger else None)
    if trigger[0] != trigger[1]:
        yield _finding(element, "trigger_changed", "It waits for another kind of event there.")


def _judge_flows(
    tokens: Iterable[Token], target: ProcessDefinition, mapping: Mapping[str, str]
) -> Iterator[Finding]:
    for token in tokens:
        flow = token.internal_data.get("flow")
        new = target.elements.get(mapping.get(token.element.id, token.element.id))
        if not token.waits_at_join or new is None:
            continue
        if mapping.get(flow or "", flow) not in {incoming.id for incoming in new.incoming}:
            message = f"The flow {flow} it came on does not lead there any more."
            yield _finding(token.element, "flow_gone", message)


def _judge_mapping(
    source: ProcessDefinition, target: ProcessDefinition, mapping: Mapping[str, str]
) -> Iterator[Finding]:
    here, there = _ids(source), _ids(target)
    for old, new in mapping.items():
        for name, ids, version in ((old, here, "present"), (new, there, "new")):
            if name not in ids:
                message = f"The {version} version has no “{name[:100]}”, which the mapping names."
                yield Finding("error", "mapping_unknown", message, "Correct the mapping.", element_id=old)


def _ids(definition: ProcessDefinition) -> set[str]:
    elements = definition.elements.values()
    return {*definition.elements, *(flow.id for element in elements for flow in element.outgoing)}


def _same_event(old: Element, new: Element | None) -> bool:
    if new is None or old.trigger is None or new.trigger is None:
        return False
    return (old.tag, old.trigger.kind, old.interrupting) == (new.tag, new.trigger.kind, new.interrupting)


def _image(
    element_id: str, source: ProcessDefinition, target: ProcessDefinition, renamed: Mapping[str, str]
) -> str:
    return target.process_id if element_id == source.process_id else renamed.get(element_id, element_id)


def _listening_at(host: str, target: ProcessDefinition) -> set[str]:
    """Return the events that listen at an element or scope of the new version, or decide at a gateway."""
    branches = target.elements[host].outgoing if host in target.elements else ()
    return {
        *(event.id for event in target.boundaries.get(host, ())),
        *(inside.start.id for inside in target.event_subprocesses.get(host, ())),
        *(flow.target for flow in branches),
    }


def _judge_shared(
    open_: Iterable[Element], renamed: Mapping[str, str], dropped: Iterable[str]
) -> Iterator[Finding]:
    """Refuse that two elements become one: of two waits with their own rows one could not be told any more."""
    taken: dict[str, Element] = {}
    for element in {one.id: one for one in open_ if one.id not in set(dropped)}.values():
        new = renamed.get(element.id, element.id)
        first = taken.setdefault(new, element)
        if first is not element:
            message = f"It and “{first.name[:100]}” would both become “{new[:100]}”."
            yield _finding(element, "target_shared", message)


def _listeners_of(hosts: list[Element], target: ProcessDefinition, kept: set[str]) -> Iterator[str]:
    scopes = [target.process_id, *(host.id for host in hosts)]
    for host in hosts:
        yield from (event.id for event in target.boundaries.get(host.id, ()) if event.id not in kept)
    for scope in scopes:
        found = target.event_subprocesses.get(scope, ())
        yield from (inside.start.id for inside in found if inside.start.id not in kept)


def _finding(element: Element, code: str, message: str) -> Finding:
    advice = "Map it to an element that fits, or move its token first."
    return Finding("error", code, message, advice, element_id=element.id, element_name=element.name)


def new_name(spec_name: str, renamed: Mapping[str, str]) -> str:
    """Return the name a spec has in the new definition."""
    if spec_name == ROOT:
        return ROOT
    round_ = spec_name.endswith(EACH)
    old = spec_name.removesuffix(EACH)
    return renamed.get(old, old) + (EACH if round_ else "")
