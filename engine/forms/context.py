"""What every rule, limit, option list and template of one form may see; one builder for the page and for the
judgement.

The data are the stored variables, overlaid with the answers to components that may be written: a read-only
value sent back by hand never reaches a rule. Computed values are computed anew before any rule looks at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel
from engine.forms.convert import converted_or_none
from engine.forms.data import ABSENT, Shape, copied, get, put, shape_of
from engine.forms.model import (
    SPECIAL_NAMES,
    Component,
    Computed,
    DynamicList,
    Field,
    Form,
    Group,
    Spot,
    names_read,
    walk,
)
from engine.forms.templates import Template, fill


@dataclass(frozen=True, slots=True)
class Remark:
    """A note FEEL made while one component was looked at: an unknown name, kinds that do not fit."""

    component_id: str
    note: Any


@dataclass(slots=True)
class Place:
    """Where in the data a component stands, and so what its expressions see. ``i`` holds row numbers from
    1."""

    root: Mapping[str, Any]
    this: Mapping[str, Any]
    moment: feel.Moment
    parent: Mapping[str, Any] | None = None
    i: tuple[int, ...] = ()
    remarks: list[Remark] = field(default_factory=list)

    def row(self, row: Mapping[str, Any], number: int) -> Place:
        """Return the place inside row ``number`` (from 1) of a list standing here."""
        return Place(self.root, row, self.moment, self.this, (*self.i, number), self.remarks)

    def value(self, setting: Any, component_id: str = "") -> Any:
        """Return a setting that is fixed or an expression, as plain Python; FEEL's null is None."""
        if not isinstance(setting, feel.Expression):
            return setting
        names = ((name, self._look_up(name)) for name in setting.variables)
        context = {name: feel.inward(value) for name, value in names if value is not ABSENT}
        outcome = setting.evaluate(context, moment=self.moment)
        self.remarks.extend(Remark(component_id, note) for note in outcome.notes)
        return feel.outward(outcome.value)

    def at(self, path: tuple[str, ...]) -> Any:
        """Return the value a plain path names: of this row first, else of the whole data."""
        found = get(self.this, path, ABSENT)
        return get(self.root, path) if found is ABSENT else found

    def _look_up(self, name: str) -> Any:
        if name in ("this", "_this_"):
            return self.this
        if name in ("parent", "_parent_"):
            return self.parent
        if name in ("i", "_i_"):
            return list(self.i)
        return self.root.get(name, ABSENT)


class Situation:
    """One form, one set of answers, what is stored, and now: everything to ask the form's rules about.

    ``data`` is what rules see (see the module). ``locked`` holds the spots that may not be written, because
    the component is disabled or read-only, itself or by what it stands in. ``stored`` and ``answers`` are
    never changed.
    """

    def __init__(
        self, form: Form, answers: Mapping[str, Any], stored: Mapping[str, Any], moment: feel.Moment
    ) -> None:
        """``answers`` are unjudged; ``stored`` are process variables, FEEL or plain values."""
        self.form = form
        self.moment = moment
        self.zone = zone_of(moment)
        self.shape = shape_of(form.components)
        self.stored = _looked_at(form, stored)
        self.locked: set[Spot] = set()
        self.remarks: list[Remark] = []
        self.base = self._filled(form.components, copied(self.stored, self.shape))
        self.data = self._overlaid(answers)

    def place(self) -> Place:
        """Return the place of the document itself."""
        return Place(self.data, self.data, self.moment, None, (), self.remarks)

    def is_hidden(self, component: Component, place: Place) -> bool:
        """Hidden only if the rule is exactly true."""
        return place.value(component.hide, component.id) is True

    def initial_row(self, component: DynamicList) -> dict[str, Any]:
        """Return a new row, with defaults."""
        return self._filled(component.components, {})

    def compute(self, components: tuple[Component, ...], data: dict[str, Any], place: Place) -> None:
        """Set every computed field of one object in document order, rows included; ``place.this`` must be
        ``data``."""
        for component in components:
            if isinstance(component, Computed):
                put(data, component.path, place.value(component.expression, component.id))
            elif isinstance(component, Group):
                self.compute(component.components, data, place)
            elif isinstance(component, DynamicList) and has_computed(component.components):
                rows = get(data, component.path)
                for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
                    if isinstance(row, dict):
                        self.compute(component.components, row, place.row(row, number))

    def _filled(self, components: tuple[Component, ...], data: dict[str, Any]) -> dict[str, Any]:
        """Put defaults, and None, where there is nothing yet, so that no rule meets an unknown name."""
        for component in components:
            if isinstance(component, Group):
                self._filled(component.components, data)
            elif isinstance(component, Field) and get(data, component.path, ABSENT) is ABSENT:
                put(data, component.path, self._typed_or_kept(component, component.default))
            elif isinstance(component, Field) and not isinstance(component, Computed):
                put(data, component.path, self._typed_or_kept(component, get(data, component.path)))
            elif isinstance(component, DynamicList):
                rows = get(data, component.path)
                shape = shape_of(component.components)
                kept = rows if isinstance(rows, list) else []
                put(data, component.path, [self._row(component, row, shape) for row in kept])
        return data

    def _row(self, component: DynamicList, row: Any, shape: Shape) -> Any:
        return self._filled(component.components, copied(row if isinstance(row, Mapping) else {}, shape))

    def _typed_or_kept(self, component: Field, value: Any) -> Any:
        if isinstance(component, Computed):
            return None
        typed = converted_or_none(component, value, self.zone)
        return value if typed is None else typed

    def _overlaid(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Lay over the base what may be written; read-only rules look at stored values and plain answers
        only."""
        data = copied(self.base, self.shape)
        self._overlay(self.form.components, answers, data, (), None, closed=False)
        self._compute_all(data)
        if any(isinstance(component.readonly, feel.Expression) for component in walk(self.form.components)):
            seen = Place(data, data, self.moment, None, (), self.remarks)
            self.locked.clear()
            data = copied(self.base, self.shape)
            self._overlay(self.form.components, answers, data, (), seen, closed=False)
            self._compute_all(data)
        return data

    def _overlay(
        self,
        components: tuple[Component, ...],
        answers: Any,
        data: dict[str, Any],
        above: Spot,
        seen: Place | None,
        *,
        closed: bool,
    ) -> None:
        """Walk one object. Without ``seen`` (first pass) whatever has a read-only rule counts as closed."""
        for component in components:
            shut = closed or component.disabled or _is_shut(component, seen)
            if isinstance(component, Group):
                self._overlay(component.components, answers, data, above, seen, closed=shut)
            elif isinstance(component, DynamicList):
                sent = ABSENT if shut else get(answers, component.path, ABSENT)
                spot = (*above, *component.path)
                if shut:
                    self.locked.add(spot)
                for number, row in enumerate(self._rows(component, sent, data)):
                    answer = sent[number] if isinstance(sent, list) and number < len(sent) else {}
                    place = _row_seen(component, seen, number)
                    self._overlay(component.components, answer, row, (*spot, number), place, closed=shut)
            elif isinstance(component, Field) and not isinstance(component, Computed):
                if shut:
                    self.locked.add((*above, *component.path))
                else:
                    self._lay(component, answers, data)

    def _rows(self, component: DynamicList, sent: Any, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Give ``data`` as many rows as were sent and return them; rows that cannot be added keep what
        they held."""
        rows = get(data, component.path)
        rows = rows if isinstance(rows, list) else []
        if isinstance(sent, list):
            kept = [] if component.changeable else rows
            shape = shape_of(component.components)
            rows = [
                copied(kept[n], shape) if n < len(kept) else self.initial_row(component)
                for n in range(min(len(sent), component.max_rows))
            ]
            put(data, component.path, rows)
        return rows

    def _compute_all(self, data: dict[str, Any]) -> None:
        if has_computed(self.form.components):
            self.compute(self.form.components, data, Place(data, data, self.moment, None, (), self.remarks))

    def _lay(self, component: Field, answers: Any, data: dict[str, Any]) -> None:
        answer = get(answers, component.path, ABSENT)
        if answer is not ABSENT:
            put(data, component.path, converted_or_none(component, answer, self.zone))


def zone_of(moment: feel.Moment) -> ZoneInfo:
    """Return the zone in which wall times of this moment are meant."""
    return moment.zone if isinstance(moment.zone, ZoneInfo) else ZoneInfo(moment.zone)


def has_computed(components: tuple[Component, ...]) -> bool:
    """Say whether a computed field stands anywhere inside."""
    return any(
        isinstance(component, Computed)
        or (isinstance(component, Group | DynamicList) and has_computed(component.components))
        for component in components
    )


def text_of(template: Template | None, place: Place, component_id: str = "") -> str:
    """Return a template with its values as plain text; nothing for no template."""
    return "" if template is None else fill(template, lambda one: place.value(one, component_id)).plain()


def _looked_at(form: Form, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored variables this form can see, as plain Python; all of them if a rule reads the
    whole data."""
    everything = bool(names_read(form.components) & SPECIAL_NAMES)
    return {
        name: _plain(value) for name, value in stored.items() if everything or name in form.variables_read
    }


def _is_shut(component: Component, seen: Place | None) -> bool:
    if isinstance(component.readonly, bool):
        return component.readonly
    return seen is None or seen.value(component.readonly, component.id) is True


def _row_seen(component: DynamicList, seen: Place | None, number: int) -> Place | None:
    """Return the place of a row as the first pass left it."""
    if seen is None:
        return None
    rows = get(seen.this, component.path)
    row = rows[number] if isinstance(rows, list) and number < len(rows) else {}
    return seen.row(row, number + 1)


def _plain(value: Any) -> Any:
    """Return a stored value as plain Python, whichever side of FEEL's door it was kept on."""
    return feel.outward(feel.inward(value))
