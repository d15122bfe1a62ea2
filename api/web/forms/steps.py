"""A form in steps: which pages there are now, what is answered, what comes first, and the answers to
check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.web.forms.texts import ENGLISH, Language, answer_text, show
from engine import feel
from engine.forms import model as m
from engine.forms.check import check_step
from engine.forms.context import Situation
from engine.forms.documents import Documents
from engine.forms.lines import Section, sections


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
