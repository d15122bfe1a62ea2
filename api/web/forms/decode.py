"""From a posted page to unjudged answers and the button that was pressed (``_do``); nothing is judged
here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from api.web.forms.posted import Posted, PostedFiles, Reading, Uploads
from api.web.forms.texts import ENGLISH, Language
from engine import feel
from engine.forms import model as m
from engine.forms.context import Situation
from engine.forms.data import laid_over, reached
from engine.forms.errors import FieldError
from engine.forms.view import Node, View, view

_ROW = re.compile(r"[0-9]{1,4}", re.ASCII)

Kind = Literal["continue", "back", "save", "add", "remove", "remove-file", "ask"]


@dataclass(frozen=True, slots=True)
class Action:
    """The button that was pressed. ``path`` names a list or file field; ``row`` counts from 0; ``key`` is
    a document's. ``ask``: Continue, from a page that did not have all the questions its answers lead to."""

    kind: Kind = "continue"
    path: str = ""
    row: int = 0
    key: str = ""

    @property
    def judges(self) -> bool:
        """Say whether the answers are to be judged now; rows, Back, Save and new questions only decode and show
        again."""
        return self.kind == "continue"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a post said.

    ``answers`` are all draft answers with this page's laid over them: plain JSON values and option values, to
    be stored as a draft and handed to ``engine.forms.check(…, source="page")``. ``errors`` are names this
    page does not have, and refused files; any ``unknown_field`` or ``not_writable`` among them means 422 and
    nothing changes. ``focus`` is the id to put the focus on after a row came or went, ``status`` the sentence
    for the status line.
    """

    answers: dict[str, Any]
    action: Action = Action()
    errors: tuple[FieldError, ...] = ()
    focus: str = ""
    status: str = ""

    @property
    def is_forged(self) -> bool:
        """Say whether the post carried names that the page never had."""
        return any(error.code in ("unknown_field", "not_writable") for error in self.errors)


def decode(
    form: m.Form,
    posted: Posted,
    draft: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    step: str | None = None,
    files: PostedFiles | None = None,
    uploads: Uploads | None = None,
    language: Language = ENGLISH,
) -> Decoded:
    """Read one posted page. ``draft`` holds the answers of other pages; ``files`` is the request's files by
    name.

    Raises ``KeyError`` for a ``step`` the form does not have.
    """
    components = form.step(step).components if step is not None else form.components
    reading = Reading(posted, files, uploads, language)
    before = Situation(form, draft, stored, moment)
    answers: dict[str, Any] = {}
    reading.read(components, None, before, (), answers)
    seen = Situation(form, laid_over(draft, answers), stored, moment)
    reading.locked_now = seen.locked
    reading.read(components, seen.place(), before, (), answers)
    action = _action(posted, reading)
    merged = laid_over(draft, answers)
    merged, focus, status = _act(merged, action, reading.lists, before)
    errors = (*reading.errors, *reading.strangers())
    if action.judges and not errors:
        new = _not_asked(posted, view(form, merged, stored, moment=moment, step=step))
        if new and not any(isinstance(one.component, m.Field) and one.component.required for one in new):
            action, status = Action("ask"), _more(len(new))  # one that is required is asked for by judging
    return Decoded(merged, action, errors, focus, status)


def _not_asked(posted: Posted, shown_now: View) -> list[Node]:
    """Return the questions that the answers lead to, that the page did not have and that are not answered either.

    A page says in ``_asked`` what it has.
    """
    asked = posted.getlist("_asked")
    if not asked:
        return []
    known = frozenset(" ".join(asked).split()) | {name.partition("-")[0] for name in posted}
    return [node for node in shown_now.questions if node.path not in known]


def _more(count: int) -> str:
    return "One more question" if count == 1 else f"{count} more questions"


def _action(posted: Posted, reading: Reading) -> Action:
    """Read ``_do``; what names no list or file field of this page counts as Continue."""
    kind, _, rest = next(iter(posted.getlist("_do")), "").partition(":")
    if kind in ("back", "save"):
        return Action(cast(Kind, kind))
    if kind == "add" and rest in reading.lists:
        return Action("add", rest)
    path, _, last = rest.partition(":")
    if kind == "remove" and path in reading.lists and _ROW.fullmatch(last):
        return Action("remove", path, int(last))
    if kind == "remove-file" and path in reading.file_paths:
        return Action("remove-file", path, key=last)
    return Action()


def _act(
    answers: dict[str, Any], action: Action, lists: Mapping[str, m.DynamicList], situation: Situation
) -> tuple[dict[str, Any], str, str]:
    """Add or remove a row or a file; return the answers, where the focus goes and what to say."""
    if action.kind not in ("add", "remove", "remove-file"):
        return answers, "", ""
    spot = m.spot_of(action.path)
    held = reached(answers, spot)
    if not isinstance(held, list):
        return answers, "", ""
    anchor = f"f-{'-'.join(map(str, spot))}"
    if action.kind == "remove-file":
        held[:] = [key for key in held if key != action.key]
        return answers, anchor, "File removed"
    component = lists[action.path]
    name = component.label.text if component.label else "Entry"
    if not component.changeable:
        return answers, "", ""
    if action.kind == "add" and len(held) < component.max_rows:
        held.append(situation.initial_row(component))
        return answers, f"{anchor}-{len(held) - 1}", f"{name} {len(held)} added"
    if action.kind == "remove" and action.row < len(held):
        del held[action.row]
        return answers, anchor, f"{name} {action.row + 1} removed"
    return answers, anchor, ""
