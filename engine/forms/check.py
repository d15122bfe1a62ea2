"""The judgement of a submitted form: trust, prune, validate, recompute; clean typed data or every error at
once.

A page decodes its posted texts first (that is the page's matter). Nothing here knows Flask, and nothing is
stored here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from marshmallow import ValidationError

from engine import feel
from engine.forms.arrange import in_page_order, only_known, without_empty_rows
from engine.forms.consent import drop_withheld
from engine.forms.context import Place, Remark, Situation
from engine.forms.convert import convert, is_empty
from engine.forms.data import ABSENT, copied, get, laid_over, left_over, put, reached, shape_of, take
from engine.forms.documents import Documents
from engine.forms.errors import FieldError, FormInvalid, WrongShape
from engine.forms.model import (
    Component,
    Computed,
    DynamicList,
    Field,
    FilePicker,
    Form,
    Group,
    Path,
    Spot,
    dotted,
)
from engine.forms.privacy import at, marked, without
from engine.forms.rules import Judge, limits_of, same
from engine.forms.schema import Answer, Fields, Rows, messages_of, problems_in, schema_of

Source = Literal["rest", "page"]
_ERRORS_NAMED = 200
_NAME_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Checked:
    """What may leave a form.

    ``clean`` is nested plain Python (str, Decimal, bool, date, time, aware datetime, lists, dicts).
    ``personal`` and ``special`` are the dotted paths in it whose component, or a group or list around it, is
    marked so; they belong in the register, never in a process variable. ``remarks`` are FEEL's notes on the
    form's own rules, for the process owner.
    """

    clean: dict[str, Any]
    personal: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def variables(self) -> dict[str, Any]:
        """Return the part of ``clean`` that may become process variables."""
        return dict(without(self.clean, {*self.personal, *self.special}))

    @property
    def sensitive(self) -> dict[str, Any]:
        """Return the part of ``clean`` that may not, by dotted path."""
        return {path: at(self.clean, path) for path in (*self.personal, *self.special)}


def check(
    form: Form,
    submitted: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    partial: bool = False,
    source: Source = "rest",
    documents: Documents | None = None,
) -> Checked:
    """Judge ``submitted`` (nested, unjudged) against ``form`` and what is ``stored``; return clean data.

    A writable field that was not sent keeps its stored value or default, and is judged with it. ``partial``
    judges only what was sent and does not ask for what is missing (drafts, updates). ``source="page"`` drops
    answers to fields that are hidden by now, where REST refuses them, and drops empty rows at the end of
    lists. Without ``documents`` no new file is accepted. An answer that needs a
    consent which is not given is judged and not returned.

    Raises ``FormInvalid`` with all errors. Changes nothing, safe to repeat.
    """
    if source == "page":
        submitted = without_empty_rows(form.components, submitted)
    situation = Situation(form, submitted, stored, moment)
    verdict = _Pass(situation, source=source, partial=partial, documents=documents)
    clean = verdict.judged(form.components, submitted)
    if verdict.errors:
        raise FormInvalid(in_page_order(form, verdict.errors))
    drop_withheld(form, clean)
    _recompute(situation, clean)
    personal, special = marked(form, clean)
    return Checked(clean, personal, special, tuple(situation.remarks))


def check_step(
    form: Form,
    step_id: str,
    answers: Mapping[str, Any],
    stored: Mapping[str, Any],
    *,
    moment: feel.Moment,
    documents: Documents | None = None,
) -> tuple[FieldError, ...]:
    """Return the errors of one step, judged against all draft answers; none when the step is complete.

    Raises ``KeyError`` if the form has no such step.
    """
    answers = without_empty_rows(form.components, answers)
    situation = Situation(form, answers, stored, moment)
    components = form.step(step_id).components
    verdict = _Pass(situation, source="page", partial=False, documents=documents)
    verdict.judged(components, only_known(answers, shape_of(components)))
    return in_page_order(form, verdict.errors)


class _Pass:
    """One walk over what was sent: what is hidden or locked leaves, the rest gets a marshmallow field."""

    def __init__(
        self, situation: Situation, *, source: Source, partial: bool, documents: Documents | None
    ) -> None:
        self.situation, self.source, self.partial, self.documents = situation, source, partial, documents
        self.errors: list[FieldError] = []

    def judged(self, components: tuple[Component, ...], sent: Mapping[str, Any]) -> dict[str, Any]:
        given, tree = self._object(components, sent, self.situation.place(), (), ours=False)
        try:
            return dict(schema_of(tree).load(given))
        except ValidationError as refused:
            for spot, found in problems_in(messages_of(refused)):
                self._refuse(spot, found.code, found.facts)
            return {}

    def _object(
        self, components: tuple[Component, ...], sent: Any, place: Place, above: Spot, *, ours: bool
    ) -> tuple[Any, Fields]:
        """Return what marshmallow is to load for one object, and the fields to load it with.

        ``ours``: nobody sent the object, it was stored; then there is nobody to refuse unknown or locked
        names to.
        """
        if not isinstance(sent, Mapping):
            return sent, {}
        shape = shape_of(components)
        rest = copied(sent, shape)
        given: dict[str, Any] = {}
        tree: Fields = {}
        errors = list(self.errors)
        self._components(components, rest, place, above, given, tree)
        if ours:
            self.errors = errors
            return given, tree
        return laid_over(given, left_over(rest, shape)), tree

    def _components(
        self,
        components: tuple[Component, ...],
        rest: dict[str, Any],
        place: Place,
        above: Spot,
        given: dict[str, Any],
        tree: Fields,
    ) -> None:
        for component in components:
            if self.situation.is_hidden(component, place):
                self._drop_hidden(component, rest, above)
            elif isinstance(component, Group):
                self._components(component.components, rest, place, above, given, tree)
            elif isinstance(component, Computed):
                if take(rest, component.path) is not ABSENT:
                    self._refuse((*above, *component.path), "not_writable")
            elif isinstance(component, Field | DynamicList):
                self._keyed(component, rest, place, above, given, tree)

    def _keyed(
        self,
        component: Field | DynamicList,
        rest: dict[str, Any],
        place: Place,
        above: Spot,
        given: dict[str, Any],
        tree: Fields,
    ) -> None:
        spot = (*above, *component.path)
        sent = take(rest, component.path)
        if spot in self.situation.locked:
            if sent is not ABSENT and not self._is_stored(component, sent, spot):
                self._refuse(spot, "not_writable")
            return
        ours = sent is ABSENT
        if ours:
            if self.partial:
                return
            sent = get(place.this, component.path)
        if isinstance(component, DynamicList):
            sent, made = self._list(component, sent, place, spot, ours=ours)
            put(tree, component.path, made)
        else:
            put(tree, component.path, self._field(component, place))
        put(given, component.path, sent)

    def _field(self, component: Field, place: Place) -> Answer:
        kept = get(self.situation.stored, component.path) if isinstance(component, FilePicker) else ()
        judge = Judge(
            component,
            limits_of(component, place),
            self.situation.moment,
            self.situation.zone,
            self.documents,
            tuple(kept) if isinstance(kept, list | tuple) else (),
            ask=not self.partial,
            refused=place.value(component.refused_when, component.id) is True,
        )
        return Answer(judge, self.situation.zone)

    def _list(
        self, component: DynamicList, sent: Any, place: Place, spot: Spot, *, ours: bool
    ) -> tuple[Any, Rows]:
        least, most = component.min_rows, component.max_rows
        known = get(place.this, component.path)
        seen: list[Any] = known if isinstance(known, list) else []
        if not component.changeable:
            stored = get(self.situation.stored, component.path)
            least = most = len(stored) if isinstance(stored, list) else component.default_rows
        if not isinstance(sent, list) or not least <= len(sent) <= most:
            return sent, Rows((), least, most)
        rows, schemas = [], []
        for number, row in enumerate(sent):
            data = seen[number] if number < len(seen) and isinstance(seen[number], Mapping) else {}
            inside = place.row(data, number + 1)
            given, tree = self._object(component.components, row, inside, (*spot, number), ours=ours)
            rows.append(given)
            schemas.append(schema_of(tree))
        return rows, Rows(schemas, least, most)

    def _drop_hidden(self, component: Component, rest: dict[str, Any], above: Spot) -> None:
        """Take a hidden component's answers out; a page may have shown it a moment ago, a program may not
        send it."""
        for path in _own_paths(component):
            if take(rest, path) is not ABSENT and self.source == "rest":
                self._refuse((*above, *path), "not_writable")

    def _is_stored(self, component: Component, sent: Any, spot: Spot) -> bool:
        """Say whether a locked field came back as it was: form-js sends read-only values, but no disabled
        ones."""
        if component.disabled:
            return False
        kept = reached(self.situation.base, spot)
        if isinstance(component, Field):
            try:
                sent = convert(component, sent, self.situation.zone)
            except WrongShape:
                return False
            return (is_empty(sent) and is_empty(kept)) or same(sent, kept)
        return same(sent, feel.to_json(feel.inward(kept)))

    def _refuse(self, spot: Spot, code: str, facts: Any = None) -> None:
        if len(self.errors) < _ERRORS_NAMED:
            path = dotted(spot)[:_NAME_SHOWN].encode("utf-8", "replace").decode()
            self.errors.append(FieldError(path, code, facts) if facts else FieldError(path, code))


def _recompute(situation: Situation, clean: dict[str, Any]) -> None:
    """Compute the form's expressions on stored plus clean data and put them into ``clean``; hidden ones
    stay out."""
    now = laid_over(situation.base, clean)
    place = Place(now, now, situation.moment, None, (), situation.remarks)
    situation.compute(situation.form.components, now, place)

    def bring(components: tuple[Component, ...], into: dict[str, Any], seen: Place, here: Any) -> None:
        for component in components:
            if situation.is_hidden(component, seen):
                for path in _own_paths(component):
                    take(into, path)
            elif isinstance(component, Group):
                bring(component.components, into, seen, here)
            elif isinstance(component, Computed):
                put(into, component.path, get(here, component.path))
            elif isinstance(component, DynamicList):
                rows, data = get(into, component.path), get(seen.this, component.path)
                for number, row in enumerate(rows if isinstance(rows, list) else []):
                    bring(component.components, row, seen.row(data[number], number + 1), row)

    bring(situation.form.components, clean, situation.place(), now)


def _own_paths(component: Component) -> Iterator[Path]:
    if isinstance(component, Field | DynamicList):
        yield component.path
    elif isinstance(component, Group):
        for one in component.components:
            yield from _own_paths(one)
