"""Filling in any form by itself: every field gets an answer of its own, and choices are tried until every field has shown."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from engine import feel, forms
from engine.forms import model as m
from engine.forms.data import put, reached

MOST_WAYS = 400
DAY = date(2026, 11, 20)
OFFERED = {  # what computed choices are made from
    "stage": "one",
    "secondStage": "own",
    "regime": "generic",
    "earlier": [{"label": "RD-AAAA-AAAA-A", "value": "RD-AAAA-AAAA-A"}],
    "registeredSince": [{"label": "RD-AAAA-AAAA-A", "value": "RD-AAAA-AAAA-A"}],
    "repliesTaken": [],
    "sentOn": None,
    "saidBy": None,
    "colleagues": [{"label": "Emil Hart (emil)", "value": "emil"}],
}
_AROUND = ({"person": "complainant"}, {"person": "representative"})  # what decides which fields show
WHEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Expected:
    """What must be found again of one answer; ``token`` is a word no other answer has, None where there can be none."""

    path: str
    label: str
    text: str
    token: str | None


@dataclass(frozen=True)
class Filling:
    """One way through a form: unjudged answers, what of them is asked for, and what the case must hold for that."""

    answers: dict[str, Any]
    expected: tuple[Expected, ...]
    around: dict[str, Any]


def fillings(
    form: forms.Form, prefix: str, *, moment: feel.Moment, stored: dict[str, Any] | None = None
) -> tuple[Filling, ...]:
    """Return as few ways through ``form`` as show every field once."""
    wanted = {path for path, field in form.fields() if not isinstance(field, m.Computed | m.FilePicker)}
    found: list[Filling] = []
    ways = itertools.product(_AROUND, _ways(form))
    for number, (around, choices) in enumerate(ways):
        if not wanted:
            break
        filling, seen = _filling(form, f"{prefix}x{number}", choices, moment, (stored or {}), around)
        if seen & wanted:
            found.append(filling)
            wanted -= seen
    assert not wanted, f"nothing shows {wanted} of {form.id}"
    return tuple(found)


def _ways(form: forms.Form):
    """Yield settings of the choices that rules look at, by path."""
    read = set()
    for component in m.walk(form.components):
        if isinstance(component.hide, feel.Expression):
            read |= component.hide.variables
    deciding = [
        (path, field)
        for path, field in form.fields()
        if path[0] in read and isinstance(field, m.Choice | m.Checkbox) and "*" not in path
    ]
    values = [
        (True, False)
        if isinstance(field, m.Checkbox)
        else tuple(option.value for option in _options(field, OFFERED))
        for _, field in deciding
    ]
    for chosen in itertools.islice(itertools.product(*values), MOST_WAYS):
        yield {path: value for (path, _), value in zip(deciding, chosen, strict=True)}


def _filling(form, prefix, choices, moment, stored, around):
    answers: dict[str, Any] = {}
    expected: dict[str, Expected] = {}
    _fill(form.components, answers, (), prefix, choices, expected)
    clean = forms.check(form, answers, stored | around, moment=moment, source="page").clean
    kept = {
        path: one for path, one in expected.items() if reached(clean, m.spot_of(path)) not in (None, "", [])
    }
    seen = {m.pattern_of(path) for path in kept}
    return Filling(answers, tuple(kept.values()), around), seen


def _fill(components, into, above, prefix, choices, expected):
    for component in components:
        if isinstance(component, m.Group):
            _fill(component.components, into, above, prefix, choices, expected)
        elif isinstance(component, m.DynamicList):
            rows = [{}, {}]
            for number, row in enumerate(rows):
                _fill(component.components, row, (*above, *component.path, number), prefix, choices, expected)
            put(into, component.path, rows)
        elif isinstance(component, m.Field) and not isinstance(component, m.Computed | m.FilePicker):
            spot = (*above, *component.path)
            value, text, token = _answer(component, spot, f"{prefix}n{len(expected)}q", choices)
            put(into, component.path, value)
            label = component.label.text if component.label else ""
            expected[m.dotted(spot)] = Expected(m.dotted(spot), label, text, token)


def _answer(field, spot, word, choices):
    if isinstance(field, m.TextField | m.TextArea):
        if getattr(field, "kind", None) == "email":
            return f"{word}@mail.example", f"{word}@mail.example", word
        if getattr(field, "kind", None) == "phone":
            number = "0" + "".join(str(ord(letter) % 10) for letter in word)[:12].ljust(9, "7")
            return number, number, None
        longest = field.max_length if isinstance(field.max_length, int) else 100
        return (text := word[-longest:]), text, text
    if isinstance(field, m.Number):
        least = field.minimum if isinstance(field.minimum, Decimal) else Decimal(0)
        number = (least + 17).to_integral_value()
        return int(number), str(number), None
    if isinstance(field, m.Checkbox):
        value = choices.get(spot, True)
        return value, "Yes" if value else "No", None
    if isinstance(field, m.Choice):
        return _chosen(field, spot, choices)
    if field.subtype == "time":
        return time(10, 30).isoformat(), "10:30", None
    if field.subtype == "datetime":
        return WHEN.isoformat(), "23 November 2026", None
    reckoned = isinstance(field.earliest, feel.Expression)  # from the receipt, or from today
    if field.future_only or (reckoned and field.latest is None):
        return "2027-11-19", "19 November 2027", None
    day = WHEN.date() if reckoned else DAY
    return day.isoformat(), f"{day.day} November 2026", None


def _chosen(field, spot, choices):
    options = _options(field, OFFERED)
    if field.many:
        return (
            [option.value for option in options[:2]],
            ", ".join(option.label for option in options[:2]),
            None,
        )
    value = choices.get(spot, options[0].value)
    return value, next(option.label for option in options if option.value == value), None


def _options(field, offered):
    """Return what can be chosen, where computed choices are made from what is ``offered``."""
    return field.options or tuple(
        m.Option(label=one["label"], value=one["value"])
        for one in feel.outward(
            field.options_rule.evaluate(feel.inward(offered), moment=feel.Moment(WHEN, zone="UTC")).value
        )
    )


def posted(
    form: forms.Form, answers: dict[str, Any], offered: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a browser posts for these answers to the fields outside lists, of a page that offered this."""
    fields: dict[str, Any] = {"_do": "continue"}
    for path, field in form.fields():
        name, value = ".".join(path), reached(answers, path)
        if value in (None, False) or "*" in path:
            continue
        if isinstance(field, m.Choice):
            numbers = {
                option.value: str(number) for number, option in enumerate(_options(field, offered or OFFERED))
            }
            fields[name] = [numbers[one] for one in value] if field.many else numbers[value]
        elif isinstance(field, m.Temporal) and field.subtype == "date":
            year, month, day = value.split("-")
            fields |= {f"{name}-day": day, f"{name}-month": month, f"{name}-year": year}
        else:
            fields[name] = "on" if value is True else str(value)
    return fields
