"""From what was sent to typed values, field by field; the same for pages, REST and stored data.

Pages send texts and, where one text is not enough, small objects: ``{"day", "month", "year"}`` (and
``"time"``) for dates in boxes, ``{"typed": …}`` for something that could not be read in the page's language
and is kept only to be shown again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel
from engine.forms.errors import WrongShape
from engine.forms.model import (
    Checkbox,
    Choice,
    Computed,
    Field,
    FilePicker,
    Number,
    Temporal,
    TextArea,
    TextField,
)
from engine.forms.numerals import read_number

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})?"
_TIME = re.compile(rf"[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?{_ZONE}", re.ASCII)
_TWELVE_HOURS = re.compile(r"(1[0-2]|0?[1-9])(?:[:.]([0-5][0-9]))? ?([ap])\.?m\.?", re.ASCII | re.IGNORECASE)
_LOOSE_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,4}", re.ASCII)
_PARTS = ("day", "month", "year")
_VALUE_DEPTH = 8
_MAX_FILES_NAMED = 200


def convert(field: Field, value: Any, zone: ZoneInfo) -> Any:
    """Return the typed value, None when empty. Raises ``WrongShape`` with the code of the field's kind.

    str, Decimal, bool, an option's value, list, date, time, aware datetime (naive ones are wall time in
    ``zone``), list of document keys. An unticked box is False, an empty list is [].
    """
    return _CONVERTERS[type(field)](field, value, zone)


def converted_or_none(field: Field, value: Any, zone: ZoneInfo) -> Any:
    """Return the typed value, or None where it is of the wrong kind; for rules that must look at unjudged
    answers."""
    try:
        return convert(field, value, zone)
    except WrongShape:
        return None


def is_empty(value: Any) -> bool:
    """Say whether a typed value counts as no answer."""
    return value is None or value is False or value == "" or value == []


def _one_line(_field: Field, value: Any, _zone: ZoneInfo) -> str | None:
    text = _clean_text(value)
    return None if text is None else re.sub(r"[\r\n\t]", " ", text).strip() or None


def _many_lines(_field: Field, value: Any, _zone: ZoneInfo) -> str | None:
    text = _clean_text(value)
    if text is None or not text.strip():
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _clean_text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or _SURROGATES.search(value):
        raise WrongShape("not_text")
    return _CONTROLS.sub("", value)


def _number(_field: Field, value: Any, _zone: ZoneInfo) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = read_number(value.strip() if isinstance(value, str) else value)
    if number is None:
        raise WrongShape("not_a_number")
    return number


def _flag(_field: Field, value: Any, _zone: ZoneInfo) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise WrongShape("not_true_or_false")
    return value


def _choice(field: Field, value: Any, _zone: ZoneInfo) -> Any:
    assert isinstance(field, Choice)  # noqa: S101
    if not field.many:
        if value is None or value == "":
            return None
        return _plain(value)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise WrongShape("not_a_list")
    return [_plain(one) for one in value]


def _plain(value: Any, depth: int = 0) -> Any:
    """Return an option's value, refusing what no option can be: deep nesting and halves of characters."""
    if depth > _VALUE_DEPTH or (isinstance(value, str) and _SURROGATES.search(value)):
        raise WrongShape("not_an_option")
    if isinstance(value, list | tuple):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, Mapping):
        return {_plain(name, depth + 1): _plain(one, depth + 1) for name, one in value.items()}
    return value


def _files(_field: Field, value: Any, _zone: ZoneInfo) -> list[str]:
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple) or len(value) > _MAX_FILES_NAMED:
        raise WrongShape("not_a_list")
    if not all(isinstance(key, str) and 0 < len(key) <= 100 and not _SURROGATES.search(key) for key in value):
        raise WrongShape("file_unknown")
    return list(dict.fromkeys(value))


def _temporal(field: Field, value: Any, zone: ZoneInfo) -> Any:
    assert isinstance(field, Temporal)  # noqa: S101
    if isinstance(value, Mapping):
        return _from_boxes(field, value, zone)
    if isinstance(value, feel.temporal.Date | feel.temporal.Time | feel.temporal.DateTime):
        value = feel.outward(value)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _from_iso(field.subtype, value.strip())
    return _settled(field.subtype, value, zone)


def _from_iso(subtype: str, text: str) -> date | time | datetime | None:
    """Read one exact notation; ``fromisoformat`` alone also takes ``20260131`` and week dates."""
    day, mark, clock = text.partition("T")
    try:
        if subtype == "date" and _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if subtype == "time" and _TIME.fullmatch(text):
            return time.fromisoformat(text)
        if subtype == "datetime" and mark and _DATE.fullmatch(day) and _TIME.fullmatch(clock):
            return datetime.fromisoformat(text)
    except ValueError:
        raise _impossible(text) from None
    return read_clock(text) if subtype == "time" else None


def _impossible(text: str) -> WrongShape:
    if found := _DATE.match(text):
        year, month, day = (int(part) for part in found[0].split("-"))
        return WrongShape("not_a_date", **_what_does_not_exist(day, month, year))
    return WrongShape("not_a_date")


def _settled(subtype: str, value: Any, zone: ZoneInfo) -> Any:
    if subtype == "datetime" and isinstance(value, datetime):
        return value if value.tzinfo else placed(value, zone)
    if subtype == "date" and isinstance(value, date) and not isinstance(value, datetime):
        return value
    if subtype == "time" and isinstance(value, time):
        return value
    raise WrongShape("not_a_date")


def placed(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return wall time as a moment in ``zone``: the first of a doubled hour. Raises ``WrongShape`` for a
    skipped one."""
    moment = wall.replace(tzinfo=zone, fold=0)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise WrongShape("not_a_date", reason="skipped_hour", time=f"{wall:%H:%M}", bad=["time"])
    return moment


def read_clock(text: str) -> time | None:
    """Return the wall time of ``14:30``, ``9.05``, ``2:30 pm`` or ``2pm``, or None."""
    if found := _TWELVE_HOURS.fullmatch(text.strip()):
        hour = int(found[1]) % 12 + (12 if found[3].lower() == "p" else 0)
        return time(hour, int(found[2] or 0))
    if found := _LOOSE_TIME.fullmatch(text.strip()):
        return time(int(found[1]), int(found[2]))
    return None


def _from_boxes(field: Temporal, boxes: Mapping[str, Any], zone: ZoneInfo) -> Any:
    wanted = (*_PARTS, "time") if field.subtype == "datetime" else _PARTS
    if (
        field.subtype == "time"
        or set(boxes) - set(wanted)
        or not all(isinstance(v, str) for v in boxes.values())
    ):
        raise WrongShape("not_a_date")
    typed = {name: str(boxes.get(name, "")).strip() for name in wanted}
    if not any(typed.values()):
        return None
    missing = [name for name in wanted if not typed[name]]
    if missing:
        raise WrongShape("not_a_date", reason="missing", missing=missing, bad=missing)
    day = _day_of(typed)
    if field.subtype == "date":
        return day
    clock = read_clock(typed["time"])
    if clock is None:
        raise WrongShape("not_a_date", reason="time", bad=["time"])
    return placed(datetime.combine(day, clock), zone)


def _day_of(typed: Mapping[str, str]) -> date:
    odd = [name for name in _PARTS if not _DIGITS.fullmatch(typed[name])]
    if odd:
        raise WrongShape("not_a_date", reason="not_digits", bad=odd)
    if len(typed["year"]) != 4:
        raise WrongShape("not_a_date", reason="short_year", bad=["year"])
    day, month, year = (int(typed[name]) for name in _PARTS)
    try:
        return date(year, month, day)
    except ValueError:
        raise WrongShape("not_a_date", **_what_does_not_exist(day, month, year)) from None


def _what_does_not_exist(day: int, month: int, year: int) -> dict[str, Any]:
    if not year >= 1:
        return {"reason": "no_such_year", "bad": ["year"]}
    if not 1 <= month <= 12:
        return {"reason": "no_such_month", "month": month, "bad": ["month"]}
    return {"reason": "no_such_day", "day": day, "month": month, "year": year, "bad": ["day"]}


def _never(_field: Field, _value: Any, _zone: ZoneInfo) -> Any:
    raise WrongShape("not_writable")


_CONVERTERS: dict[type[Field], Callable[[Field, Any, ZoneInfo], Any]] = {
    TextField: _one_line,
    TextArea: _many_lines,
    Number: _number,
    Checkbox: _flag,
    Choice: _choice,
    Temporal: _temporal,
    FilePicker: _files,
    Computed: _never,
}
