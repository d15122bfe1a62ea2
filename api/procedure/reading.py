"""What the files of a procedure say to each other: which clocks, messages, events and codes they name. Read once per content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

from engine import dmn, feel, forms
from engine.dialect import DiagramRefused, Formula, ProcessDefinition, formulas_of, read_bpmn
from engine.dialect.lint import Words, clock_calls, parts, paths, results_written_out
from engine.dmn.model import TableBox, Text
from engine.errors import RedressError
from engine.feel import syntax
from engine.forms.model import Choice

_KEPT = 256  # contents; a whole procedure has about sixty


@dataclass(frozen=True, slots=True)
class Named:
    """The words one file, or all files of a procedure, name. ``bindings``: (variable, decision) of business rule tasks."""

    clocks: frozenset[str] = frozenset()
    happened: frozenset[str] = frozenset()
    caught: frozenset[str] = frozenset()
    published: frozenset[str] = frozenset()
    bindings: frozenset[tuple[str, str]] = frozenset()
    outputs: frozenset[tuple[str, str, bool]] = (
        frozenset()
    )  # decision, member, whether its answer is a context
    options: frozenset[tuple[str, str]] = frozenset()  # variable, code
    members: frozenset[tuple[str, str]] = frozenset()  # variable, member of it that some expression reads
    ids: frozenset[tuple[str, str]] = frozenset()  # kind, id of what the file defines

    def __or__(self, other: Named) -> Named:
        """Return the words of both."""
        return Named(*(getattr(self, name) | getattr(other, name) for name in self.__slots__))


def named_by(files: Mapping[str, bytes]) -> Named:
    """Return the words of all ``files``; one that cannot be read names none, its own findings say why."""
    found = Named()
    for name, content in files.items():
        found |= _named(PurePath(name).suffix.lower(), content)
    return found


def options_of(found: Named) -> Mapping[str, Words]:
    """Return for each variable the codes that forms offer and tables answer; other codes may come from elsewhere."""
    codes: dict[str, set[str]] = {}
    for variable, code in found.options:
        codes.setdefault(variable, set()).add(code)
    return {
        variable: Words(kind=f"code of {variable}", known=frozenset(known), others="accepted")
        for variable, known in codes.items()
    }


def members_of(found: Named) -> Mapping[str, frozenset[str]]:
    """Return the members of each variable that holds the answer of a decision with several outputs."""
    by_decision: dict[str, set[str]] = {}
    plain = {decision for decision, _, is_context in found.outputs if not is_context}
    for decision, member, _ in found.outputs:
        by_decision.setdefault(decision, set()).add(member)
    members: dict[str, frozenset[str]] = {}
    unknown = {
        variable for variable, decision in found.bindings if decision in plain or decision not in by_decision
    }
    for variable, decision in found.bindings:
        if variable not in unknown:
            members[variable] = members.get(variable, frozenset()) | by_decision[decision]
    return members


@lru_cache(maxsize=_KEPT)
def _named(ending: str, content: bytes) -> Named:
    readers = {".bpmn": _of_diagram, ".dmn": _of_tables, ".form": _of_form}
    try:
        return readers[ending](content) if ending in readers else Named()
    except RedressError:
        return Named()


def _of_diagram(content: bytes) -> Named:
    try:
        diagram = read_bpmn(content, name="diagram.bpmn")
    except DiagramRefused:
        return Named()
    found = Named(ids=frozenset(("process", process_id) for process_id in diagram.processes))
    for process in diagram.processes.values():
        found |= _of_process(process)
    return found


def _of_process(process: ProcessDefinition) -> Named:
    clocks: set[str] = set()
    happened: set[str] = set()
    caught: set[str] = set()
    published: set[str] = set()
    bindings: set[tuple[str, str]] = set()
    options: set[tuple[str, str]] = set()
    for element in process.elements.values():
        for mapping in (*element.inputs, *element.outputs):
            if isinstance(mapping.source, Formula) and element.job is None:
                written = results_written_out(mapping.source.expression.tree)
                options.update((mapping.target[-1], word) for word in written)
        headers = element.headers
        for key in ("clock", "meets"):
            clocks.update(_words(headers.get(key, "")))
        clocks.update(_words(element.clock or ""))
        happened.update(_words(headers.get("happened", "")))
        if element.job is not None and element.job.type == "redress:publish-message":
            published.update(_words(headers.get("name", "")))
        if element.trigger is not None and element.trigger.kind == "message" and element.job is None:
            caught.update({element.trigger.name} if isinstance(element.trigger.name, str) else ())
        if element.decision is not None and isinstance(element.decision.decision_id, str):
            bindings.add((element.decision.result, element.decision.decision_id))
    members: set[tuple[str, str]] = set()
    for _, formula in formulas_of(process):
        for name, path in paths(formula.expression):
            members.add((name, path))
        clocks.update(clock_calls(formula.expression))
    return Named(
        clocks=frozenset(clocks),
        happened=frozenset(happened),
        caught=frozenset(caught),
        published=frozenset(published),
        bindings=frozenset(bindings),
        members=frozenset(members),
        options=frozenset(options),
    )


def _words(text: str) -> Iterator[str]:
    return (part.strip() for part in text.split(",") if part.strip())


def _of_tables(content: bytes) -> Named:
    outputs: set[tuple[str, str, bool]] = set()
    options: set[tuple[str, str]] = set()
    decisions = dmn.read(content, name="tables.dmn").decisions
    for decision in decisions.values():
        box = decision.expression
        if not isinstance(box, TableBox):
            continue
        is_context = len(box.outputs) > 1 and box.hit_policy in ("UNIQUE", "FIRST", "ANY", "PRIORITY")
        for place, column in enumerate(box.outputs):
            outputs.add((decision.id, column.name, is_context))
            cells = (column.allowed,) if column.allowed else tuple(rule.results[place] for rule in box.rules)
            options.update((column.name, word) for word in _literals(cells))
        for at in box.inputs:
            options.update((at.expression.text.strip(), word) for word in _literals((at.allowed,)))
    ids = frozenset(("decision", decision_id) for decision_id in decisions)
    return Named(outputs=frozenset(outputs), options=frozenset(options), ids=ids)


def _literals(texts: Iterable[Text | None]) -> Iterator[str]:
    """Yield the texts that are written out in cells and lists of allowed values."""
    for text in texts:
        if text is not None:
            yield from literals(text.text)


def literals(cell: str) -> tuple[str, ...]:
    """Return the texts a cell of a table consists of, such as ``"one", "two"``; none for any other cell."""
    try:
        tests = feel.compile_unary(cell).tree.tests
    except RedressError:
        return ()
    return tuple(test.value for test in tests if isinstance(test, syntax.String))


def _of_form(content: bytes) -> Named:
    form = forms.read(content, name="form.form")
    options = (
        (str(path[-1]), code)
        for path, field in form.fields()
        if isinstance(field, Choice)
        for code in _codes(field)
    )
    return Named(ids=frozenset({("form", form.id)}), options=frozenset(options))


def _codes(field: Choice) -> Iterator[str]:
    """Yield the codes that a field offers: listed, or written out in the expression that makes its options."""
    yield from (option.value for option in field.options if isinstance(option.value, str))
    for node in parts(field.options_rule.tree) if field.options_rule is not None else ():
        if isinstance(node, syntax.Entry) and node.key == "value" and isinstance(node.value, syntax.String):
            yield node.value.value
