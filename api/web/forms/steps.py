"""A form in steps: which pages there are now, what is answered, what comes first, and the answers to
check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.web.forms.texts import ENGLISH, Language, answer_text, show
from engine import feel
from engine.forms import model as m
from engine.forms.check import check_step
from engine.forms.context import Situation
from engine.forms.documents import Documents
from engine.forms.lines import Line, Section, sections


def visible_steps(
    form: m.Form, answers: Mapping[str, Any], stored: Mapping[str, Any], *, moment: feel.Moment
) -> tuple[m.Step, ...]:
    """Return the steps that are shown for these answers; hidden ones vanish from count and order."""
    situation = Situation(form, answers, stored, moment)
    place = situation.place()
    return tuple(step for step in form.steps if not situation.is_hidden(step.group, place))


def neighbours(steps: tuple[m.Step, ...], step_id: str) -> tuple[str | None, int, str | None]:
    """Return (id of the step before, number of this one from 1, id of the next). Raises ``KeyError`` if it
    is not shown."""
    ids = [step.id for step in steps]
    if step_id not in ids:
        raise KeyError(step_id)
    at = ids.index(step_id)
    return (ids[at - 1] if at else None, at + 1, ids[at + 1] if at + 1 < len(ids) else None)


def first_unanswered(
    form: m.Form,
    answers: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    documents: Documents | None = None,
) -> str | None:
    """Return the id of the first shown step with an error, or None when all are complete."""
    for step in visible_steps(form, answers, stored, moment=moment):
        if check_step(form, step.id, answers, stored, moment=moment, documents=documents):
            return step.id
    return None


def step_of(form: m.Form, path: str) -> str | None:
    """Return the id of the step whose page holds the field at a dotted path, or None."""
    pattern = m.pattern_of(path)
    for step in form.steps:
        if any(known == pattern for known, _ in m.keyed(step.components)):
            return step.id
    return None


def answered_steps(
    form: m.Form,
    answers: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    documents: Documents | None = None,
    language: Language = ENGLISH,
) -> tuple[Section, ...]:
    """Return every visible question with its answer as people of one language write it, step by step."""
    return sections(
        form,
        answers,
        stored,
        moment=moment,
        documents=documents,
        say=lambda node: answer_text(node, language),
        show=lambda value: show(value, language),
    )


def typed_lines(
    form: m.Form,
    answers: Mapping[str, Any],
    *,
    moment: feel.Moment,
    documents: Documents | None = None,
    language: Language = ENGLISH,
) -> tuple[Line, ...]:
    """Return everything that was typed, for its writer to read and copy: what the form shows, then whatever it hides by
    now."""
    pages = answered_steps(form, answers, {}, moment=moment, documents=documents, language=language)
    known = dict(form.fields())
    typed = dict(_leaves(answers, "", known))
    lines = [line for page in pages for line in page.lines if line.path in typed]
    seen = {line.path for line in lines}
    for path, value in typed.items():
        field = known.get(m.pattern_of(path))
        if path not in seen and (text := show(value, language)):
            label = field.label.text if field is not None and field.label is not None else path
            kind = field.type if field is not None else ""
            lines.append(Line(path, label, kind, feel.to_json(feel.inward(value)), text))
    return tuple(lines)


def _leaves(value: Any, path: str, known: Mapping[m.Path, m.Field]) -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, value) of every answer that says something; a date or a choice of several is one answer."""
    if path and m.pattern_of(path) in known:
        if value not in (None, "", [], False) and not (
            isinstance(value, Mapping) and not any(value.values())
        ):
            yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name), known)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{number}", known)
    elif value not in (None, ""):
        yield path, value
