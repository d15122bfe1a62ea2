"""What a typed answer must satisfy: limits, formats, options; by rank presence, kind, format, length, range,
choice.

The same resolved limits serve the page (hints, counters) and the judgement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel
from engine.forms.context import Place, text_of
from engine.forms.convert import is_empty
from engine.forms.documents import Document, Documents
from engine.forms.errors import Problem, problem
from engine.forms.model import Choice, Field, FilePicker, Number, Option, Temporal, TextArea, TextField
from engine.forms.numerals import decimals, read_number
from engine.zones import local_date

LINE_LENGTH = 500
AREA_LENGTH = 10_000
EMAIL_LENGTH = 254
PHONE_DIGITS = (7, 15)
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_PHONE = re.compile(r"(\+|00)?[0-9 ()./-]*", re.ASCII)
_JS_SPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one field, resolved for this request; None means no limit.

    ``earliest`` and ``latest`` are days, or aware moments where a rule names one.
    """

    min_length: int | None = None
    max_length: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    earliest: date | None = None
    latest: date | None = None
    options: tuple[Option, ...] = ()
    many_files: bool = False
    accept: tuple[str, ...] = ()


NO_LIMITS = Limits()


def limits_of(field: Field, place: Place) -> Limits:
    """Resolve the limits of ``field`` at ``place``. A limit that is no number is no limit; text has a hard
    one."""
    if isinstance(field, TextField | TextArea):
        hard = LINE_LENGTH if isinstance(field, TextField) else AREA_LENGTH
        longest = _whole(place.value(field.max_length, field.id))
        return Limits(
            min_length=_whole(place.value(field.min_length, field.id)),
            max_length=hard if longest is None else longest,
        )
    if isinstance(field, Number):
        return Limits(
            minimum=read_number(place.value(field.minimum, field.id)),
            maximum=read_number(place.value(field.maximum, field.id)),
        )
    if isinstance(field, Temporal):
        return Limits(
            earliest=_day(place.value(field.earliest, field.id)),
            latest=_day(place.value(field.latest, field.id)),
        )
    if isinstance(field, Choice):
        return Limits(options=options_of(field, place))
    if isinstance(field, FilePicker):
        accepted = text_of(field.accept, place, field.id).lower().split(",")
        return Limits(
            many_files=place.value(field.multiple, field.id) is True,
            accept=tuple(kind.strip() for kind in accepted if kind.strip()),
        )
    return Limits()


def options_of(field: Choice, place: Place) -> tuple[Option, ...]:
    """Return what can be chosen. A bare text or number is its own label; entries without a value are
    dropped."""
    if field.options_rule is not None:
        return read_options(place.value(field.options_rule, field.id))
    if field.options_from:
        return read_options(place.at(field.options_from))
    return field.options


def read_options(raw: Any) -> tuple[Option, ...]:
    """Return options from a list of texts, numbers or ``{label, value}`` objects; the first of equal
    values stays."""
    options: list[Option] = []
    for item in raw if isinstance(raw, list | tuple) else ():
        if isinstance(item, Mapping):
            value, label = item.get("value"), item.get("label")
        else:
            value, label = item, None
        if value is None or value == "" or isinstance(item, list | tuple):
            continue
        if not any(same(value, other.value) for other in options):
            options.append(
                Option(label=str(label if label not in (None, "") else _own_label(value)), value=value)
            )
    return tuple(options)


def same(one: Any, other: Any) -> bool:
    """Say whether two plain JSON values are equal; true is not 1, 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        one = Decimal(repr(one))
    if isinstance(other, float):
        other = Decimal(repr(other))
    return bool(one == other)


def length_of(text: str) -> int:
    """Return the length as the browser counts it: UTF-16 units, white space at the ends left out."""
    return len(text.strip(_JS_SPACE).encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True)
class Judge:
    """Holds a typed answer of one field against its rules."""

    field: Field
    limits: Limits
    moment: feel.Moment
    zone: ZoneInfo
    documents: Documents | None = None
    kept: tuple[str, ...] = ()
    ask: bool = True
    """False for answers that may still be missing: then presence is not asked for."""
    refused: bool = False
    """True while the form's own rule refuses what was answered."""

    def problems(self, answer: Any) -> Iterator[Problem]:
        """Yield everything wrong with ``answer``, by rank."""
        if is_empty(answer):
            if self.field.required and self.ask:
                yield problem("required")
            return
        field = self.field
        if isinstance(field, TextField | TextArea):
            yield from self._text(field, answer)
        elif isinstance(field, Number):
            yield from self._number(field, answer)
        elif isinstance(field, Temporal):
            yield from self._temporal(field, answer)
        elif isinstance(field, Choice):
            yield from self._choice(field, answer)
        elif isinstance(field, FilePicker):
            yield from self._files(field, answer)
        if self.refused:
            yield problem("not_taken")

    def clean(self, answer: Any) -> Any:
        """Return the value to keep: the option's own value instead of the copy that was sent, text where
        asked for."""
        field = self.field
        if isinstance(field, Choice) and answer is not None:
            chosen = [self._offered(one) for one in (answer if field.many else [answer])]
            values = [option.value for option in chosen if option is not None]
            return values if field.many else next(iter(values), None)
        if isinstance(field, Number) and field.as_text and answer is not None:
            return format(answer, "f")
        return answer

    def _text(self, field: TextField | TextArea, answer: str) -> Iterator[Problem]:
        length, longest = length_of(answer), self.limits.max_length
        too_long = longest is not None and length > longest
        if isinstance(field, TextField) and not too_long:
            yield from _format_problems(field, answer)
        if self.limits.min_length is not None and length < self.limits.min_length:
            yield problem("too_short", limit=self.limits.min_length, length=length)
        if too_long:
            yield problem("too_long", limit=longest, length=length)

    def _number(self, field: Number, answer: Decimal) -> Iterator[Problem]:
        if field.digits is not None and decimals(answer) > field.digits:
            yield problem("too_many_decimals", limit=field.digits)
        if field.increment and answer % field.increment:
            yield problem("not_a_step", step=field.increment)
        if self.limits.minimum is not None and answer < self.limits.minimum:
            yield problem("too_small", limit=self.limits.minimum)
        if self.limits.maximum is not None and answer > self.limits.maximum:
            yield problem("too_large", limit=self.limits.maximum)

    def _temporal(self, field: Temporal, answer: date | time | datetime) -> Iterator[Problem]:
        if field.interval and not isinstance(answer, date) and _off(answer, field.interval):
            yield problem("not_on_the_interval", minutes=field.interval)
        if field.interval and isinstance(answer, datetime) and _off(answer, field.interval):
            yield problem("not_on_the_interval", minutes=field.interval)
        if field.future_only and isinstance(answer, date):
            today = self.moment.now.astimezone(self.zone).date()
            if local_day(answer, self.zone) < today:
                yield problem("in_the_past", today=today)
        if isinstance(answer, date):
            yield from self._day(answer)

    def _day(self, answer: date) -> Iterator[Problem]:
        earliest, latest = self.limits.earliest, self.limits.latest
        if earliest is not None and self._before(answer, earliest):
            yield problem("too_early", **self._said(earliest, answer))
        if latest is not None and self._before(latest, answer):
            yield problem("too_late", **self._said(latest, answer))

    def _before(self, one: date, other: date) -> bool:
        """Say whether one lies before the other: as moments if both are, else by their local days."""
        if isinstance(one, datetime) and isinstance(other, datetime):
            return one < other
        return local_day(one, self.zone) < local_day(other, self.zone)

    def _said(self, limit: date, answer: date) -> dict[str, Any]:
        """Return the facts of a limit: a local moment if both are moments, else a day; and whether it is today."""
        day, today = local_day(limit, self.zone), local_date(self.moment.now, self.zone)
        if isinstance(limit, datetime) and isinstance(answer, datetime):
            return {"limit": limit.astimezone(self.zone), "today": False}
        return {"limit": day, "today": day == today}

    def _choice(self, field: Choice, answer: Any) -> Iterator[Problem]:
        chosen = answer if field.many else [answer]
        offered = [self._offered(one) for one in chosen]
        if None in offered:
            yield problem("not_an_option")
        elif len({id(option) for option in offered}) < len(offered):
            yield problem("not_an_option", reason="twice")

    def _offered(self, value: Any) -> Option | None:
        return next((option for option in self.limits.options if same(option.value, value)), None)

    def _files(self, field: FilePicker, answer: list[str]) -> Iterator[Problem]:
        limit = field.limit if self.limits.many_files else 1
        if len(answer) > limit:
            yield problem("file_too_many", limit=limit, count=len(answer))
        for key in answer:
            document = self.documents.find(key) if self.documents else None
            if document is None and key not in self.kept:
                yield problem("file_unknown")
            elif document is not None:
                yield from self._file(document)

    def _file(self, document: Document) -> Iterator[Problem]:
        if document.state == "infected":
            yield problem("file_infected", name=document.name)
        if document.size == 0:
            yield problem("file_empty", name=document.name)
        if self.limits.accept and not document.is_one_of(self.limits.accept):
            yield problem("file_wrong_kind", name=document.name, kinds=list(self.limits.accept))


def is_email(text: str) -> bool:
    """Tell whether the text has the form of an e-mail address."""
    return len(text) <= EMAIL_LENGTH and _EMAIL.fullmatch(text) is not None


def _format_problems(field: TextField, answer: str) -> Iterator[Problem]:
    if field.pattern is not None and not field.pattern.found_in(answer):
        yield problem("wrong_pattern", message=field.pattern_message)
    if field.kind == "email" and not is_email(answer):
        yield problem("not_an_email")
    if field.kind == "phone":
        digits = sum(character in "0123456789" for character in answer)
        if not _PHONE.fullmatch(answer) or not PHONE_DIGITS[0] <= digits <= PHONE_DIGITS[1]:
            yield problem("not_a_phone")


def _off(answer: time | datetime, interval: int) -> bool:
    return bool(answer.minute % min(60, interval) or answer.second or answer.microsecond)


def local_day(value: date, zone: ZoneInfo) -> date:
    """Return the day of an aware moment in ``zone``; a day is itself."""
    return local_date(value, zone) if isinstance(value, datetime) else value


def _day(value: Any) -> date | None:
    """Return a day or an aware moment; anything else is no limit."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return None
    return value if isinstance(value, date) else None


def _whole(value: Any) -> int | None:
    number = read_number(value)
    return None if number is None else int(number)


def _own_label(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
