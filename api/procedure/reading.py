"""What the files of a procedure say to each other: which clocks, messages, events and codes they name. Read once per content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import PurePath

from api.complaints.letter_text import expressions
from api.complaints.letters import LetterTemplate
from api.procedure.contracts import RELIED_ON, WHY
from engine import dmn, feel, forms
from engine.dialect import DiagramRefused, Element, Formula, ProcessDefinition, formulas_of, read_bpmn
from engine.dialect.lint import (
    Words,
    called,
    clock_calls,
    compared,
    last_name,
    paths,
    results_written_out,
)
from engine.dmn.model import TableBox, Text
from engine.errors import RedressError
from engine.feel import syntax
from engine.forms.model import Choice, Table
from engine.forms.templates import Template

_KEPT = 256  # contents; a whole procedure has about sixty


@dataclass(frozen=True, slots=True)
class Named:
    """The words one file, or all files of a procedure, name. ``bindings``: (variable, decision) of business rule tasks."""

    clocks: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()  # that a diagram writes, or a task of it
    reasons: frozenset[str] = frozenset()  # written out, for which a clock pauses or is extended
    started: frozenset[str] = frozenset()  # clocks that a diagram starts itself
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
    start_forms: frozenset[tuple[str, str]] = frozenset()  # process, id of the form it starts with
    variables: frozenset[str] = frozenset()  # what a mapping, result or field gives a value
    provided: frozenset[str] = frozenset()  # the same, and the members of it that are filled
    called: frozenset[str] = frozenset()  # functions a form calls that FEEL does not have
    read: frozenset[str] = frozenset()  # variables and members that an expression looks at
    asked: frozenset[tuple[str, str]] = frozenset()  # variable or member, code it is compared with
    allowed: frozenset[tuple[str, str]] = (
        frozenset()
    )  # variable, code in the closed list of a column that asks for it
    handed: frozenset[tuple[str, str, str]] = (
        frozenset()
    )  # variable, job type, input of the job; "" for groups
    bound: frozenset[tuple[str, str]] = (
        frozenset()
    )  # kind, id of what a diagram uses as deployed together with it
    relied_on: frozenset[tuple[str, str]] = frozenset()  # header of ``RELIED_ON``, word of it


def all_of(found: Iterable[Named]) -> Named:
    """Return the words of all of them."""
    several = tuple(found)
    return Named(
        *(frozenset().union(*(getattr(one, each.name) for one in several)) for each in fields(Named))
    )


def named_by(files: Mapping[str, bytes]) -> Named:
    """Return the words of all ``files``; one that cannot be read names none, its own findings say why."""
    return all_of(_named(PurePath(name).suffix.lower(), content) for name, content in files.items())


def read_by(letters: Iterable[LetterTemplate]) -> Named:
    """Return what letters read, and the codes they compare it with."""
    looks = [one for letter in letters for one, _ in expressions(letter.subject + letter.body)]
    return Named(
        read=frozenset(name for one in looks for name in _looked_at(one)),
        asked=frozenset(pair for one in looks for pair in asked_of(one)),
    )


def codes_in(found: Named) -> dict[str, frozenset[str]]:
    """Return the regimes and the categories that are offered, answered or compared with."""
    every = found.options | found.asked
    return {kind: frozenset(code for of, code in every if of == kind) for kind in ("regime", "category")}


def options_of(found: Named) -> dict[str, Words]:
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
    ids = Named(ids=frozenset(("process", process_id) for process_id in diagram.processes))
    return all_of((ids, *map(_of_process, diagram.processes.values())))


def _of_process(process: ProcessDefinition) -> Named:
    clocks: set[str] = set()
    started: set[str] = set()
    happened: set[str] = set()
    caught: set[str] = set()
    published: set[str] = set()
    bindings: set[tuple[str, str]] = set()
    options: set[tuple[str, str]] = set()
    filled = [path for element in process.elements.values() for path in _filled(element)]
    provided = {name for path in filled for name in path}
    read: set[str] = set()
    asked: set[tuple[str, str]] = set()
    handed: set[tuple[str, str, str]] = set()
    for element in process.elements.values():
        for mapping in (*element.inputs, *element.outputs):
            if isinstance(mapping.source, Formula) and element.job is None:
                written = results_written_out(mapping.source.expression.tree)
                options.update((mapping.target[-1], word) for word in written)
        headers = element.headers
        for key in ("clock", "meets"):
            clocks.update(_words(headers.get(key, "")))
        clocks.update((*element.clocks, *element.limits))
        happened.update(_words(headers.get("happened", "")))
        if element.job is not None and element.job.type == "redress:start-clock":
            started.update(_words(headers.get("clock", "")))
        if element.job is not None and element.job.type == "redress:publish-message":
            published.update(_words(headers.get("name", "")))
        if element.trigger is not None and element.trigger.kind == "message" and element.job is None:
            caught.update({element.trigger.name} if isinstance(element.trigger.name, str) else ())
        if element.decision is not None and isinstance(element.decision.decision_id, str):
            bindings.add((element.decision.result, element.decision.decision_id))
        handed.update(_handed(element))
    members: set[tuple[str, str]] = set()
    for _, formula in formulas_of(process):
        members.update(paths(formula.expression))
        clocks.update(clock_calls(formula.expression))
        provided.update(_entries(formula.expression))
        read.update(_looked_at(formula.expression))
        asked.update(asked_of(formula.expression))
    return Named(
        clocks=frozenset(clocks),
        letters=frozenset(
            word for each in process.elements.values() for word in _words(each.headers.get("letter", ""))
        ),
        reasons=frozenset(word for each in process.elements.values() for word in _reasons(each)),
        started=frozenset(started),
        happened=frozenset(happened),
        caught=frozenset(caught),
        published=frozenset(published),
        bindings=frozenset(bindings),
        members=frozenset(members),
        options=frozenset(options),
        start_forms=frozenset(
            (process.process_id, element.form.form_id)
            for element in process.elements.values()
            if element.tag == "startEvent" and element.form and isinstance(element.form.form_id, str)
        ),
        variables=frozenset(path[0] for path in filled),
        provided=frozenset(provided),
        read=frozenset(read),
        asked=frozenset(asked),
        handed=frozenset(handed),
        bound=frozenset(_bound(process)),
        relied_on=frozenset(
            (key, word)
            for element in process.elements.values()
            for key in RELIED_ON
            for word in _words(element.headers.get(key, ""))
        ),
    )


def _bound(process: ProcessDefinition) -> Iterator[tuple[str, str]]:
    """Yield kind and id of what a diagram uses in the version it is deployed together with."""
    forms_shown = [(rule.form_id, rule.binding) for rule in process.forms.values()]
    for kind, found in (
        ("process", [(one.called, one.binding) for one in process.calls]),
        ("decision", [(one.called, one.binding) for one in process.decisions]),
        ("form", forms_shown),
    ):
        yield from ((kind, each) for each, how in found if how.kind == "deployment" and isinstance(each, str))


def _filled(element: Element) -> Iterator[tuple[str, ...]]:
    """Yield the variables an element gives a value, each with the path to the member that a mapping writes."""
    for mapping in (*element.inputs, *element.outputs):
        yield mapping.target
    for rule in (element.script, element.decision):
        if rule is not None:
            yield (rule.result,)
    if element.multi_instance is not None:
        loop = element.multi_instance
        yield from ((name,) for name in (loop.input_element, loop.output_collection) if name)


def _reasons(element: Element) -> Iterator[str]:
    """Yield the reasons a job is given, written out."""
    for mapping in element.inputs:
        if element.job is not None and mapping.target == (WHY,) and isinstance(mapping.source, Formula):
            yield from results_written_out(mapping.source.expression.tree)


def _handed(element: Element) -> Iterator[tuple[str, str, str]]:
    """Yield the variables an element hands as they are to a job of ours, or to the groups of its task."""
    if element.job is not None and isinstance(element.job.type, str):
        for mapping in element.inputs:
            if isinstance(mapping.source, Formula):
                name = last_name(mapping.source.expression.tree)
                yield from [(name, element.job.type, mapping.target[-1])] if name else ()
    groups = None if element.task is None else element.task.candidate_groups
    if isinstance(groups, Formula):
        tree = groups.expression.tree
        for item in tree.items if isinstance(tree, syntax.ListLiteral) else (tree,):
            yield from [(name, "", "groups")] if (name := last_name(item)) else ()


def _looked_at(expression: feel.Expression | feel.UnaryTest | Template) -> Iterator[str]:
    """Yield the variables of an expression and every name that follows a dot in it."""
    yield from expression.variables
    for one in expression.expressions if isinstance(expression, Template) else (expression,):
        yield from (node.name for node in syntax.parts(one.tree) if isinstance(node, syntax.PathStep))


def _called_in_vain(expression: feel.Expression | Template) -> frozenset[str]:
    """Return the functions that are called and that FEEL does not have."""
    parts = expression.expressions if isinstance(expression, Template) else (expression,)
    return frozenset(name for one in parts for name in one.variables & called(one))


def _entries(expression: feel.Expression) -> Iterator[str]:
    """Yield the keys of the contexts an expression makes."""
    yield from (node.key for node in syntax.parts(expression.tree) if isinstance(node, syntax.Entry))


def asked_of(expression: feel.Expression | feel.UnaryTest) -> Iterator[tuple[str, str]]:
    """Yield variable, or member, and code for each comparison with a code."""
    for value, code in compared(expression):
        if name := last_name(value):
            yield name, code


def _words(text: str) -> Iterator[str]:
    return (part.strip() for part in text.split(",") if part.strip())


def _of_tables(content: bytes) -> Named:
    outputs: set[tuple[str, str, bool]] = set()
    options: set[tuple[str, str]] = set()
    asked: set[tuple[str, str]] = set()
    allowed: set[tuple[str, str]] = set()
    read: set[str] = set()
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
        for place, at in enumerate(box.inputs):
            name = at.expression.text.strip()
            options.update((name, word) for word in _literals((at.allowed,)))
            allowed.update((name, word) for word in _literals((at.allowed,)))
            asked.update((name, word) for word in _literals(rule.conditions[place] for rule in box.rules))
            read.update(_looked_at(feel.compile(name)))
    ids = frozenset(("decision", decision_id) for decision_id in decisions)
    return Named(
        outputs=frozenset(outputs),
        options=frozenset(options),
        ids=ids,
        provided=frozenset(member for _, member, _ in outputs),
        read=frozenset(read),
        asked=frozenset(asked),
        allowed=frozenset(allowed),
    )


def _literals(texts: Iterable[Text | None]) -> Iterator[str]:
    """Yield the texts that are written out in cells and lists of allowed values."""
    for text in texts:
        if text is not None:
            yield from literals(text.text)


def literals(cell: str) -> tuple[str, ...]:
    """Return the texts a cell of a table consists of, or is compared with: ``"one", "two"``, ``list contains(?, "one")``."""
    try:
        read = feel.compile_unary(cell)
    except RedressError:
        return ()
    plain = (test.value for test in read.tree.tests if isinstance(test, syntax.String))
    return (*plain, *(word for _, word in compared(read)))


def _of_form(content: bytes) -> Named:
    form = forms.read(content, name="form.form")
    options = (
        (str(path[-1]), code)
        for path, field in form.fields()
        if isinstance(field, Choice)
        for code in _codes(field)
    )
    components = tuple(forms.walk(form.components))
    looks = [setting for one in components for _, setting in forms.settings(one)]
    columns = {key for one in components if isinstance(one, Table) for key, _ in one.columns_shown}
    return Named(
        ids=frozenset({("form", form.id)}),
        options=frozenset(options),
        variables=frozenset(str(path[0]) for path, _ in form.fields()),
        provided=keys_of(form),
        called=frozenset(name for setting in looks for name in _called_in_vain(setting)),
        read=frozenset(name for setting in looks for name in _looked_at(setting)) | columns,
        asked=frozenset(
            pair for setting in looks if isinstance(setting, feel.Expression) for pair in asked_of(setting)
        ),
    )


def keys_of(form: forms.Form) -> frozenset[str]:
    """Return the names under which a form's answers stand: variables, and members of the rows of its lists."""
    return frozenset(str(each) for path, _ in forms.keyed(form.components) for each in path) - {"*"}


def _codes(field: Choice) -> Iterator[str]:
    """Yield the codes that a field offers: listed, or written out in the expression that makes its options."""
    yield from (option.value for option in field.options if isinstance(option.value, str))
    for node in syntax.parts(field.options_rule.tree) if field.options_rule is not None else ():
        if isinstance(node, syntax.Entry) and node.key == "value" and isinstance(node.value, syntax.String):
            yield node.value.value
