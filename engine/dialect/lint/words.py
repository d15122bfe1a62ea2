"""Words with a home elsewhere: headers, states, groups, clocks, messages, codes that conditions compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, get_args

from lxml import etree

from engine.deadlines.state import SHOWN, Status
from engine.dialect.ids import BPMN
from engine.dialect.lint.clocks import PROPERTIES
from engine.dialect.lint.context import Header, JobFacts, ServiceFacts, Spoken, Words
from engine.dialect.lint.drawing import ZEEBE, Drawing, Node, first_zeebe, zeebe
from engine.dialect.lint.formulas import clock_calls, compared, last_name, paths, results_written_out
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.texts import Texts
from engine.dialect.model import names_in
from engine.dialect.values import is_formula
from engine.feel import Expression, syntax
from engine.suggest import perhaps, slip_of

STATES: Final = "redress.states"
_CLOCK_STATES: Final = Words(kind="state of a clock", known=frozenset(get_args(Status)))


def check_words(drawing: Drawing, texts: Texts, service: ServiceFacts) -> None:
    """Judge every word that is written out; one computed by FEEL is known only when it is reached."""
    notes = texts.notes
    read_here = _read_by_element(texts)
    for node in drawing.nodes:
        _check_headers(node, notes, service)
        _check_inputs(node, notes, service, read_here.get(node.xml, frozenset()))
        _check_groups(node, notes, service.groups)
        _check_property(node, notes, service)
    for message in drawing.named["message"].values():
        _judge(message, str(message.get("name") or ""), service.messages, notes, "name")
    shadowed, before = frozenset(_bound_otherwise(drawing)), said_before(drawing, service)
    for element, expression in texts.formulas:
        _check_clock_calls(element, expression, notes, service.clocks)
        _check_members(element, expression, notes, service.members, shadowed)
        _check_comparisons(element, expression, notes, service.variables, before.codes)
        _check_keys(element, expression, notes, before.keys)
        _check_results(element, expression, notes, service, before.codes)


def said_before(drawing: Drawing, service: ServiceFacts | None) -> Spoken:
    """Return what the versions say that the processes of a drawing replace."""
    replaced = {} if service is None else service.replaced
    found = [replaced[each] for process in drawing.executable if (each := str(process.get("id"))) in replaced]
    return Spoken(
        names=frozenset().union(*(one.names for one in found)),
        keys=frozenset().union(*(one.keys for one in found)),
        codes=frozenset().union(*(one.codes for one in found)),
    )


def _judge_code(
    element: etree._Element, word: str, words: Words, notes: Notes, attribute: str, had: frozenset[str]
) -> None:
    """Note a code that is not known: where anybody may add some, one in the place of a code that was there is an error."""
    if words.others != "accepted":
        _judge(element, word, words, notes, attribute)
    elif word not in words.known and word not in had:
        meant = slip_of(word, had)
        if meant is not None or slip_of(word, words.known) is not None:
            message = f"There is no {words.kind} {quote(word)}."
            note = notes.warning if meant is None else notes.error
            note(
                element,
                "word_unknown",
                message,
                perhaps(word, had if meant else words.known),
                attribute=attribute,
            )


def _judge(element: etree._Element, text: str, words: Words, notes: Notes, attribute: str) -> None:
    """Note a word that is not known, as severely as its vocabulary says; blanks around it are nothing, and FEEL tells no word."""
    given = [part.strip() for part in text.split(",")] if words.many else [text.strip()]
    _judge_each(element, [word for word in given if not is_formula(word)], words, notes, attribute)


def _judge_each(
    element: etree._Element, given: Iterable[str], words: Words, notes: Notes, attribute: str
) -> None:
    for word in given:
        if not word or word in words.known:
            continue
        message, advice = f"There is no {words.kind} {quote(word)}.", perhaps(word, words.known)
        if words.others == "error" or slip_of(word, words.known) is not None:
            notes.error(element, "word_unknown", message, advice, attribute=attribute)
        elif words.others == "warning":
            notes.warning(element, "word_unknown", message, advice, attribute=attribute)


def _check_headers(node: Node, notes: Notes, service: ServiceFacts) -> None:
    facts = _job_of(node.xml, service)
    if facts is not None:
        known, others = facts.headers, True
    elif node.tag == "userTask":
        known, others = service.task_headers, False  # outside tools read headers of their own
    else:
        return
    holder = first_zeebe(node.xml, "taskHeaders")
    given = [] if holder is None else list(holder.iterchildren(f"{{{ZEEBE}}}header"))
    for header in given:
        key = str(header.get("key") or "")
        found = known.get(key)
        if found is not None:
            _judge_header(header, found.words, notes)
        elif others or slip_of(key, known) is not None:
            message = f"Nothing reads the header {quote(key)} here."
            notes.error(header, "header_unknown", message, perhaps(key, known), attribute=key)
    _check_required(node, {str(header.get("key")) for header in given if header.get("value")}, known, notes)


def _judge_header(header: etree._Element, words: Words | None, notes: Notes) -> None:
    """Judge a header that is read for us: letter for letter, for nobody computes it or cuts blanks off it."""
    key, value = str(header.get("key") or ""), str(header.get("value") or "")
    if is_formula(value):
        message = f"The header {quote(key)} is FEEL, and nothing computes headers: {quote(value)} would be its word."
        notes.error(header, "header_formula", message, "Write the word itself.", attribute=key)
    elif not value.strip():
        message = f"The header {quote(key)} is empty: it would say nothing."
        notes.error(header, "header_empty", message, "Fill it in, or take it out.", attribute=key)
    elif words is not None:
        parts = [part.strip() for part in value.split(",")] if words.many else [value]
        _judge_each(header, parts, words, notes, key)


def _read_by_element(texts: Texts) -> Mapping[etree._Element, frozenset[str]]:
    """Return the names that each element's own formulas read: those of its mappings, headers and assignment."""
    found: dict[etree._Element, frozenset[str]] = {}
    for element, expression in texts.formulas:
        holder = next(element.iterancestors(f"{{{BPMN}}}extensionElements"), None)
        owner = None if holder is None else holder.getparent()
        if owner is not None:
            found[owner] = found.get(owner, frozenset()) | expression.variables
    return found


def _check_inputs(node: Node, notes: Notes, service: ServiceFacts, read_here: frozenset[str]) -> None:
    """Judge the names under which a job of ours gets its inputs: what nothing reads would be lost in silence."""
    facts, mapping = _job_of(node.xml, service), first_zeebe(node.xml, "ioMapping")
    if facts is None or mapping is None:
        return
    for item in mapping.iterchildren(f"{{{ZEEBE}}}input"):
        name = str(item.get("target") or "").partition(".")[0].strip()
        if name in facts.inputs or name in read_here:
            continue
        message, advice = f"Nothing reads the input {quote(name)} here.", perhaps(name, facts.inputs)
        if slip_of(name, facts.inputs) is not None:
            notes.error(item, "input_unknown", message, advice, attribute="target")
        elif not facts.passes_on:
            notes.warning(item, "input_unknown", message, advice, attribute="target")


def _check_required(node: Node, given: set[str], known: Mapping[str, Header], notes: Notes) -> None:
    for key, header in known.items():
        if header.required and key not in given:
            message = f"The header {quote(key)} is missing: reaching this element would stop the case."
            notes.error(node.xml, "header_missing", message, "Fill it in.", attribute=key)


def _job_of(element: etree._Element, service: ServiceFacts) -> JobFacts | None:
    job = first_zeebe(element, "taskDefinition")
    return None if job is None else service.job_types.get(str(job.get("type") or ""))


def _check_groups(node: Node, notes: Notes, groups: Words) -> None:
    assignment = first_zeebe(node.xml, "assignmentDefinition")
    text = "" if assignment is None else str(assignment.get("candidateGroups") or "")
    if assignment is not None and not is_formula(text):
        _judge(assignment, text, groups, notes, "candidateGroups")


def _check_property(node: Node, notes: Notes, service: ServiceFacts) -> None:
    words = dict.fromkeys(PROPERTIES, service.clocks) | {STATES: service.states}
    for holder in zeebe(node.xml, "properties"):
        for item in holder.iterchildren(f"{{{ZEEBE}}}property"):
            if (said := str(item.get("name") or "")) in words:
                for name in names_in(str(item.get("value") or "")):
                    _judge(item, name, words[said], notes, said)


def _check_clock_calls(element: etree._Element, expression: Expression, notes: Notes, clocks: Words) -> None:
    for name in clock_calls(expression):
        _judge(element, name, clocks, notes, "clock")
    for node in syntax.parts(expression.tree):
        asked = _asked_of_clock(node)
        if asked and asked not in SHOWN:
            message = f"A clock has no {quote(asked)}: it would be null."
            notes.error(element, "member_unknown", message, perhaps(asked, SHOWN), attribute="clock")


def _asked_of_clock(node: syntax.Node) -> str:
    """Return ``due`` of ``clock("…").due``; empty for anything else."""
    if not isinstance(node, syntax.Postfix) or node.base != syntax.Name("clock") or len(node.steps) < 2:
        return ""
    call, path = node.steps[:2]
    return path.name if isinstance(call, syntax.CallStep) and isinstance(path, syntax.PathStep) else ""


def _is_state_of_clock(node: syntax.Node) -> bool:
    return _asked_of_clock(node) == "state"


def _check_members(
    element: etree._Element,
    expression: Expression,
    notes: Notes,
    members: Mapping[str, frozenset[str]],
    shadowed: frozenset[str],
) -> None:
    for name, member in paths(expression):
        known = members.get(name)
        if known is not None and name not in shadowed and member not in known:
            message = f"{name} has no {quote(member)}: it would be null."
            notes.error(element, "member_unknown", message, perhaps(member, known), attribute=name)


def _bound_otherwise(drawing: Drawing) -> Iterator[str]:
    """Yield the variables that something else than handing on, or asking a decision, gives a value here."""
    for item in drawing.root.iter(f"{{{ZEEBE}}}input", f"{{{ZEEBE}}}output"):
        target, source = str(item.get("target") or ""), str(item.get("source") or "")
        handed_on = (target, f"get or else({target}, null)")  # the second where it may not be there yet
        if source.removeprefix("=").strip() not in handed_on:
            yield target.partition(".")[0]
    for item in drawing.root.iter(f"{{{ZEEBE}}}script", f"{{{ZEEBE}}}loopCharacteristics"):
        yield from (str(item.get(name)) for name in ("resultVariable", "inputElement", "outputCollection"))


def _check_comparisons(
    element: etree._Element,
    expression: Expression,
    notes: Notes,
    variables: Mapping[str, Words],
    had: frozenset[str],
) -> None:
    for value, word in compared(expression):
        name = last_name(value)
        words = _CLOCK_STATES if _is_state_of_clock(value) else variables.get(name)
        if words is not None:
            _judge_code(element, word, words, notes, name, had)


def _check_keys(element: etree._Element, expression: Expression, notes: Notes, had: frozenset[str]) -> None:
    """Note the key of a context, or the target of a mapping, in the place of one that was there, a letter apart."""
    keys = {node.key for node in syntax.parts(expression.tree) if isinstance(node, syntax.Entry)}
    keys.update(str(element.get("target") or "").split("."))
    for key in sorted(keys - had):
        meant = slip_of(key, had)
        if meant is not None:
            message = f"The name {quote(key)} is new, and whoever reads {quote(meant)} would miss it here."
            notes.error(element, "key_replaced", message, f"Did you mean {meant}?", attribute=key)


def _check_results(
    element: etree._Element, expression: Expression, notes: Notes, service: ServiceFacts, had: frozenset[str]
) -> None:
    """Judge what an expression may come to, where it is written out and goes to a place with a vocabulary."""
    if element.get("candidateGroups") is not None:
        words: Words | None = service.groups
        attribute = "candidateGroups"
    else:
        attribute = str(element.get("target") or "")
        words = service.variables.get(attribute)
        if element.tag == f"{{{ZEEBE}}}input":
            activity = element.getparent().getparent().getparent()  # type: ignore[union-attr]
            facts = None if activity is None else _job_of(activity, service)
            words = words if facts is None else facts.inputs.get(attribute) or words
    if words is not None:
        for literal in results_written_out(expression.tree):
            _judge_code(element, literal, words, notes, attribute, had)
