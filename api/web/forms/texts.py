"""The words of a form: error texts by code and type, and values as people of one language write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.forms import model as m
from engine.forms.errors import FieldError
from engine.forms.rules import same
from engine.forms.view import Node

_MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Language:
    """How one language writes numbers and dates."""

    code: str
    decimal_mark: str
    group_marks: str
    months: tuple[str, ...]
    yes: str
    no: str

    def month(self, text: str) -> str:
        """Return the number of a month typed by name or its first three letters, else the text itself."""
        typed = text.strip().lower().rstrip(".")
        for number, name in enumerate(self.months, start=1):
            if len(typed) > 2 and name.lower().startswith(typed):
                return str(number)
        return text

    def number(self, text: str) -> str | None:
        """Return a typed number with a plain point and without group marks, or None where the marks stand
        wrongly."""
        whole, mark, decimals = text.strip().partition(self.decimal_mark)
        sign = whole[:1] if whole[:1] in "+-\u2212" else ""
        groups = _split(whole[len(sign) :].strip(), self.group_marks)
        if mark and not decimals:
            return None
        if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
            return None
        return f"{sign.replace(_MINUS, '-')}{''.join(groups)}{'.' if mark else ''}{decimals}"

    def write_number(self, number: float | Decimal, *, least_grouped: int = 1000) -> str:
        """Return ``5,000.25``; numbers below ``least_grouped`` stay ungrouped."""
        text = format(Decimal(repr(number)) if isinstance(number, float) else Decimal(number), "f")
        whole, mark, decimals = text.partition(".")
        if abs(int(whole)) >= least_grouped:
            whole = f"{int(whole):,}".replace(",", self.group_marks[0])
        return f"{whole}{self.decimal_mark if mark else ''}{decimals}"

    def write_date(self, day: date) -> str:
        """Return ``18 November 2026``."""
        return f"{day.day} {self.months[day.month - 1]} {day.year}"


ENGLISH = Language(
    "en",
    ".",
    ",\u00a0\u202f ",
    (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "Yes",
    "No",
)


def show(value: Any, language: Language = ENGLISH) -> str:
    """Return any plain value as people read it; used in texts of forms and letters. None is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return language.yes if value else language.no
    if isinstance(value, int | float | Decimal):
        return language.write_number(value, least_grouped=10_000)
    if isinstance(value, datetime):
        return f"{language.write_date(value)}, {value:%H:%M}"
    if isinstance(value, date):
        return language.write_date(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, timedelta):
        return _length(value)
    if isinstance(value, list | tuple):
        return ", ".join(show(item, language) for item in value)
    if isinstance(value, Mapping):
        label = value.get("label")
        return label if isinstance(label, str) else ", ".join(show(item, language) for item in value.values())
    return str(value)


def answer_text(node: Node, language: Language = ENGLISH) -> str:
    """Return the answer in ``node`` as one line or several: labels of what was chosen, names of files,
    dates in words."""
    field, value = node.component, node.value
    if isinstance(field, m.FilePicker):
        return ", ".join(document.name for document in node.files)
    if isinstance(field, m.Choice):
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(label for one in chosen if (label := chosen_label(node, one, language)))
    if isinstance(field, m.Number) and isinstance(value, Decimal | int):
        number = language.write_number(value, least_grouped=10_000)
        return " ".join(part for part in (node.prefix, number, node.suffix) if part)
    if isinstance(field, m.Temporal) and isinstance(value, Mapping):
        return " ".join(str(value[name]) for name in ("day", "month", "year", "time") if value.get(name))
    return show(value, language)


def chosen_label(node: Node, value: Any, language: Language = ENGLISH) -> str:
    """Return the label of a chosen value, or the value itself if it is no longer offered."""
    label = next((option.label for option in node.limits.options if same(option.value, value)), None)
    return show(value, language) if label is None else label


def error_text(error: FieldError, node: Node | None, language: Language = ENGLISH) -> str:
    """Return what to do about ``error``, with the thing's own name; the author's own message wins."""
    if node is None:
        return f"The page sent “{error.path[:40]}”, which this form does not ask for. Nothing was saved."
    own = node.component.own.messages.get(error.code)
    if own:
        return own
    return _TEXTS.get(error.code, _cannot)(error.facts, node, language)


def thing(node: Node) -> str:
    """Return what the answer is called inside a sentence: “your name”, a question in its own words and marks."""
    if node.component.own.error_label:
        return node.component.own.error_label
    label = node.label.strip().rstrip(":")
    if _is_question(node):
        return f"“{label}”"
    first, rest = label[:1], label[1:]
    keeps = rest[:1].isupper() or (rest[:1] in ("", " ", "'", "\u2019") and first == "I")
    return label if keeps else first.lower() + rest


def _is_question(node: Node) -> bool:
    return node.label.strip().endswith("?") and not node.component.own.error_label


Facts = Mapping[str, Any]


def _required(_facts: Facts, node: Node, _language: Language) -> str:
    name = thing(node)
    if _is_question(node):
        return f"Answer {name}"
    if isinstance(node.component, m.Choice | m.Checkbox):
        return f"Select {name}"
    if isinstance(node.component, m.FilePicker):
        return f"Choose a file for {name}"
    return f"Enter {name}"


def _too_short(facts: Facts, node: Node, language: Language) -> str:
    limit, length = language.write_number(facts["limit"]), language.write_number(facts["length"])
    return f"{_subject(node)} must be {limit} characters or more (now {length})"


def _too_long(facts: Facts, node: Node, language: Language) -> str:
    limit, length = language.write_number(facts["limit"]), language.write_number(facts["length"])
    if isinstance(node.component, m.TextArea):
        return f"Shorten your answer to {limit} characters (now {length})"
    return f"{_subject(node)} must be {limit} characters or fewer (now {length})"


def _wrong_pattern(facts: Facts, node: Node, _language: Language) -> str:
    return str(facts.get("message") or f"Enter {thing(node)} in the form asked for")


def _email(_facts: Facts, _node: Node, _language: Language) -> str:
    return "Enter an email address such as name@example.org"


def _phone(_facts: Facts, _node: Node, _language: Language) -> str:
    return "Enter a phone number of 7 to 15 digits"


def _number(_facts: Facts, node: Node, language: Language) -> str:
    return f"{_subject(node)} must be a number, such as 12 or 12{language.decimal_mark}5"


def _decimals(facts: Facts, node: Node, _language: Language) -> str:
    if facts["limit"] == 0:
        return f"{_subject(node)} must be a whole number"
    return f"{_subject(node)} must have {facts['limit']} {_many(facts['limit'], 'decimal')} or fewer"


def _step(facts: Facts, node: Node, language: Language) -> str:
    return f"{_subject(node)} must be a multiple of {language.write_number(facts['step'])}"


def _too_small(facts: Facts, node: Node, language: Language) -> str:
    return f"{_subject(node)} must be {language.write_number(facts['limit'])} or more"


def _too_large(facts: Facts, node: Node, language: Language) -> str:
    return f"{_subject(node)} must be {language.write_number(facts['limit'])} or less"


def _option(facts: Facts, node: Node, _language: Language) -> str:
    if facts.get("reason") == "twice":
        return f"Select each of {thing(node)} once only"
    verb = "Answer" if _is_question(node) else "Select"
    return f"{verb} {thing(node)} again: what can be chosen has changed"


def _date(facts: Facts, node: Node, language: Language) -> str:
    field = node.component
    if isinstance(field, m.Temporal) and field.subtype == "time":
        return f"Enter {thing(node)} as a time, such as 14:30"
    reason = facts.get("reason")
    if reason == "missing":
        return f"Add the {_and(facts['missing'])} to {thing(node)}"
    if reason == "no_such_day":
        day, month = facts["day"], language.months[facts["month"] - 1]
        return f"Day {day} does not exist in {month}" + (f" {facts['year']}" if facts["month"] == 2 else "")
    if reason == "no_such_month":
        return f"Month {facts['month']} does not exist; use 1 to 12"
    if reason in ("short_year", "no_such_year"):
        return "Enter the year with 4 digits, such as 2026"
    if reason == "time":
        return f"Enter the time of {thing(node)}, such as 14:30"
    if reason == "skipped_hour":
        return f"{facts['time']} does not exist on that day, because the clocks go forward"
    if reason == "not_digits":
        return f"Enter the {_and(facts['bad'])} in figures"
    return f"Enter {thing(node)} as a date, such as 27 3 2026"


def _too_early(facts: Facts, node: Node, language: Language) -> str:
    return (
        f"{_subject(node)} must be {'today' if facts['today'] else show(facts['limit'], language)} or later"
    )


def _too_late(facts: Facts, node: Node, language: Language) -> str:
    if facts["today"]:
        return f"{_subject(node)} must be today or in the past"
    return f"{_subject(node)} must be {show(facts['limit'], language)} or earlier"


def _past(_facts: Facts, node: Node, _language: Language) -> str:
    return f"{_subject(node)} must be today or later"


def _interval(facts: Facts, node: Node, _language: Language) -> str:
    minutes = min(60, facts["minutes"])
    return f"{_subject(node)} must be at a full {'hour' if minutes == 60 else f'step of {minutes} minutes'}"


def _rows_many(facts: Facts, node: Node, _language: Language) -> str:
    return f"Keep {thing(node)} to {facts['limit']} {_many(facts['limit'], 'entry')}"


def _rows_few(facts: Facts, node: Node, _language: Language) -> str:
    return f"Add {thing(node)}: at least {facts['limit']} {_many(facts['limit'], 'entry')}"


def _files_many(facts: Facts, node: Node, _language: Language) -> str:
    return f"Choose {facts['limit']} {_many(facts['limit'], 'file')} or fewer for {thing(node)}"


def _file_unknown(_facts: Facts, node: Node, _language: Language) -> str:
    return f"Choose the file for {thing(node)} again"


def _file_not_taken(_facts: Facts, node: Node, _language: Language) -> str:
    return f"No files can be sent with this form; leave {thing(node)} empty"


def _file_empty(facts: Facts, _node: Node, _language: Language) -> str:
    return f"“{facts.get('name', 'The file')}” is empty; choose another file"


def _file_infected(facts: Facts, _node: Node, _language: Language) -> str:
    return f"“{facts.get('name', 'The file')}” holds a virus; choose another file"


def _file_kind(facts: Facts, _node: Node, _language: Language) -> str:
    kinds = ", ".join(str(kind).lstrip(".") for kind in facts.get("kinds", ()))
    return f"“{facts.get('name', 'The file')}” must be one of these kinds: {kinds}"


def _file_large(facts: Facts, _node: Node, language: Language) -> str:
    size, limit = write_size(facts.get("size", 0), language), write_size(facts.get("limit", 0), language)
    return f"“{facts.get('name', 'The file')}” is {size}; it must be {limit} or smaller"


def _not_taken(_facts: Facts, node: Node, _language: Language) -> str:
    return f"Change {thing(node)}: this answer is not taken"


def _not_writable(_facts: Facts, node: Node, _language: Language) -> str:
    return f"{_subject(node)} cannot be changed here"


def _cannot(_facts: Facts, node: Node, _language: Language) -> str:
    return f"Check {thing(node)}"


_TEXTS: dict[str, Callable[[Facts, Node, Language], str]] = {
    "required": _required,
    "too_short": _too_short,
    "too_long": _too_long,
    "wrong_pattern": _wrong_pattern,
    "not_an_email": _email,
    "not_a_phone": _phone,
    "not_a_number": _number,
    "too_many_decimals": _decimals,
    "not_a_step": _step,
    "too_small": _too_small,
    "too_large": _too_large,
    "not_an_option": _option,
    "not_a_date": _date,
    "in_the_past": _past,
    "too_early": _too_early,
    "too_late": _too_late,
    "not_on_the_interval": _interval,
    "too_many_rows": _rows_many,
    "too_few_rows": _rows_few,
    "not_taken": _not_taken,
    "file_too_many": _files_many,
    "file_unknown": _file_unknown,
    "file_not_taken": _file_not_taken,
    "file_empty": _file_empty,
    "file_infected": _file_infected,
    "file_wrong_kind": _file_kind,
    "file_too_large": _file_large,
    "not_writable": _not_writable,
}


def write_size(size: int, language: Language = ENGLISH) -> str:
    """Return ``1.2 MB`` or ``340 KB`` for a number of bytes."""
    unit, name = (1_000_000, "MB") if size >= 1_000_000 else (1_000, "KB")
    number = (Decimal(size) / unit).quantize(Decimal("0.1")).normalize()
    return f"{language.write_number(number)} {name}"


def _subject(node: Node) -> str:
    name = thing(node)
    return name[:1].upper() + name[1:]


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _many(count: int, word: str) -> str:
    return word if count == 1 else f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _length(value: timedelta) -> str:
    hours, minutes = divmod(value.seconds // 60, 60)
    parts = [(value.days, "day"), (hours, "hour"), (minutes, "minute")]
    said = [f"{count} {_many(count, word)}" for count, word in parts if count]
    return " ".join(said) or "0 minutes"


def _split(text: str, marks: str) -> list[str]:
    for mark in marks[1:]:
        text = text.replace(mark, marks[0])
    return text.split(marks[0])
