"""A filled-in form as it was asked and answered: every question that was shown, with its label and its answer in words.

One source for whoever shows answers again: the page to check them, the case, programs, search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel
from engine.forms import model as m
from engine.forms.consent import withheld
from engine.forms.context import Situation, zone_of
from engine.forms.convert import converted_or_none
from engine.forms.documents import Documents
from engine.forms.templates import show_value
from engine.forms.view import Node, Show, view

Say = Callable[[Node], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One question with its answer.

    ``path`` is dotted, rows counted from 0; ``kind`` the component's type; ``value`` plain JSON, None when not answered;
    ``text`` the answer in words (labels of what was chosen, names of files), empty when there is none. ``sensitivity`` is
    that of the component or of what it stands in. ``withheld_by`` is the label of the box that would have to be ticked
    for this answer to be kept, None when it is kept.
    """

    path: str
    label: str
    kind: str
    value: Any
    text: str
    sensitivity: m.Sensitivity | None = None
    withheld_by: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that stand together, under the label of their group; ``step_id`` is empty in a form without steps."""

    title: str
    lines: tuple[Line, ...]
    step_id: str = ""


def sections(
    form: m.Form,
    answers: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    say: Say,
    show: Show = show_value,
    documents: Documents | None = None,
) -> tuple[Section, ...]:
    """Return every question that is shown for ``answers`` over ``stored`` and may be answered, in page order.

    Read-only and computed values are no answers and are left out. ``say`` writes an answer, ``show`` a value inside a
    label. Raises nothing for answers that are wrong: they are written as they are.
    """
    writer = _Writer(Situation(form, answers, stored, moment), answers, say)
    if not form.steps:
        shown = view(form, answers, stored, moment=moment, documents=documents, show=show)
        return writer.sections(shown.nodes, "")
    place = writer.situation.place()
    found: list[Section] = []
    for step in form.steps:
        if not writer.situation.is_hidden(step.group, place):
            shown = view(form, answers, stored, moment=moment, step=step.id, documents=documents, show=show)
            found.extend(writer.sections(shown.nodes, step.id))
    return tuple(found)


class _Writer:
    """Walks what is shown; a labelled group begins a section of its own."""

    def __init__(self, situation: Situation, answers: Mapping[str, Any], say: Say) -> None:
        self.situation, self.say = situation, say
        self.zone: ZoneInfo = zone_of(situation.moment)
        self.withheld = withheld(situation.form, answers)

    def sections(self, nodes: tuple[Node, ...], step_id: str) -> tuple[Section, ...]:
        found: list[tuple[str, list[Line]]] = [("", [])]
        self._walk(nodes, "", None, found)
        return tuple(Section(title, tuple(lines), step_id) for title, lines in found if lines)

    def _walk(
        self,
        nodes: tuple[Node, ...],
        prefix: str,
        around: m.Sensitivity | None,
        found: list[tuple[str, list[Line]]],
    ) -> None:
        before = found[-1][0]
        for node in nodes:
            mark = _mark(around, node)
            if isinstance(node.component, m.Group) and node.label and not prefix:
                found.append((node.label, []))
                self._walk(node.children, prefix, mark, found)
                found.append((before, []))
                continue
            if isinstance(node.component, m.Field) and node.writable:
                found[-1][1].append(self._line(node, prefix, mark))
            self._walk(node.children, prefix, mark, found)
            for number, row in enumerate(node.rows, start=1):
                self._walk(row, f"{prefix}{node.label or node.path} {number}: ", mark, found)

    def _line(self, node: Node, prefix: str, mark: m.Sensitivity | None) -> Line:
        field = node.component
        assert isinstance(field, m.Field)  # noqa: S101
        typed = converted_or_none(field, node.value, self.zone)
        answered = node if typed is None else replace(node, value=typed)
        return Line(
            path=node.path,
            label=prefix + (node.label.strip() or node.path),
            kind=field.type,
            value=feel.to_json(feel.inward(answered.value)),
            text=self.say(answered),
            sensitivity=mark,
            withheld_by=self.withheld.get(node.path),
        )


def _mark(around: m.Sensitivity | None, node: Node) -> m.Sensitivity | None:
    own = node.component.own.sensitivity
    return "special" if "special" in (around, own) else around or own
