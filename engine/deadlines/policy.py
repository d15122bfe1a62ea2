"""One rule for one clock: what a row of the deadline table says, read and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeVar, get_args

from engine.deadlines.errors import PolicyRefused

Unit = Literal["business_days", "calendar_days", "weeks", "months", "hours", "business_hours"]
Roll = Literal["none", "next", "previous"]
End = Literal["end_of_day", "close_of_business"]

DISPATCHED = ("message_accepted", "letter_posted", "call_logged", "handed_over")
NOBODY = "nobody_to_write_to"  # the answer lies on file: nobody left a name or an address
REPLIED = (
    "reply_received"  # somebody replied to the answer: it has reached them, whatever became of its letter
)
UNSENT = (NOBODY, REPLIED)  # what answers a clock of any rule without a dispatch
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_CUTOFF = re.compile(r"closing|([01]\d|2[0-3]):[0-5]\d")
_WARNING = re.compile(r"(\d{1,3}) ?%|(\d{1,3}) days?")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Second:
    """The other half of “24 hours or 1 business day”: which of the two bounds counts."""

    combine: Literal["earliest", "latest"]
    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Extension:
    """How a deadline may be lengthened.

    ``times`` None: as often as ``cap``, the total amount, permits. Counts from the previous ``due``, or anew
    from the ``anchor`` (15 days become 35). ``reasons`` empty: any. ``letter`` names the notice that must go
    out first.
    """

    amount: int
    unit: Unit
    times: int | None = 1
    cap: int | None = None
    counts_from: Literal["due", "anchor"] = "due"
    reasons: tuple[str, ...] = ()
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class WarningRule:
    """When to warn: at a share (0 to 1) of the time, or so many working ``days`` before the due day."""

    share: float | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """One rule for one clock (`deadlines.md` §2), as the complaint keeps it.

    ``category`` and ``stage`` None: any. ``anchor_rule`` "earliest" counts from the anchor or from the day it
    was due, whichever is earlier, so that a late acknowledgement buys no time. ``calendar`` None: the
    organisation's. ``cutoff`` is "closing" or a local "17:00". ``effective_from`` and ``effective_to`` bound
    the anchor date, both included.
    """

    id: str
    regime: str
    clock: str
    anchor: str
    amount: int
    unit: Unit
    version: str
    category: str | None = None
    stage: str | None = None
    anchor_rule: Literal["actual", "earliest"] = "actual"
    calendar: str | None = None
    day_zero: Literal["exclude", "include"] = "exclude"
    cutoff: str | None = None
    roll: Roll = "none"
    end: End = "end_of_day"
    second: Second | None = None
    pausable: bool = False
    pause_reasons: tuple[str, ...] = ()
    evidence: tuple[str, ...] = DISPATCHED
    extension: Extension | None = None
    warnings: tuple[WarningRule, ...] = ()
    repeats: bool = False
    effective_from: date | None = None
    effective_to: date | None = None
    legal_source: str = ""

    def in_force(self, on: date) -> bool:
        """Whether this rule is in force for a complaint whose anchor date is ``on``."""
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )


def read_policies(
    rows: Iterable[Mapping[str, Any]], *, regime: str, category: str | None, stage: str | None, on: date
) -> tuple[DeadlinePolicy, ...]:
    """Return one policy for each clock from the outputs of the decision ``deadline_policies``, plain values in rule order.

    Of each clock the first row wins that is in force on the anchor date ``on``. Raises what ``read_rows`` raises.
    """
    chosen: dict[str, DeadlinePolicy] = {}
    for policy in read_rows(rows, regime=regime, category=category, stage=stage):
        if policy.in_force(on):
            chosen.setdefault(policy.clock, policy)
    return tuple(chosen.values())


def read_rows(
    rows: Iterable[Mapping[str, Any]], *, regime: str, category: str | None, stage: str | None
) -> tuple[DeadlinePolicy, ...]:
    """Return the policy of each row. Raises ``PolicyRefused`` naming policy and column, or a table that gives one row alone."""
    if isinstance(rows, Mapping):
        raise PolicyRefused(
            "The table gives one row alone. Its hit policy must be RULE ORDER: each clock has a row of its own."
        )
    return tuple(_Row(row).policy(regime, category, stage) for row in rows)


def columns() -> frozenset[str]:
    """Return the names of the columns that a row may have."""
    row = _Row({"id": "any", "clock": "any", "anchor": "any", "amount": 1, "unit": "weeks", "version": "1"})
    row.policy("any", None, None)
    return frozenset(row.asked)


class _Row:
    """One row, or one nested context, of the table.

    Hands out its columns and refuses what it does not know.
    """

    def __init__(self, row: Mapping[str, Any], policy_id: str = "", within: str = "") -> None:
        self.left = {name: value for name, value in row.items() if value is not None}
        self.asked: set[str] = set()
        self.policy_id, self.within = policy_id or str(row.get("id")), within

    def policy(self, regime: str, category: str | None, stage: str | None) -> DeadlinePolicy:
        policy = DeadlinePolicy(
            id=self.take("id", _text),
            regime=regime,
            category=category,
            stage=stage,
            clock=self.take("clock", _word),
            anchor=self.take("anchor", _word),
            amount=self.take("amount", _amount),
            unit=self.take("unit", _one_of(Unit)),
            version=self.take("version", _text),
            anchor_rule=self.take("anchorRule", _one_of(Literal["actual", "earliest"]), "actual"),
            calendar=self.take("calendar", _text, None),
            day_zero=self.take("dayZero", _one_of(Literal["exclude", "include"]), "exclude"),
            cutoff=self.take("cutoff", _cutoff, None),
            roll=self.take("roll", _one_of(Roll), "none"),
            end=self.take("end", _one_of(End), "end_of_day"),
            second=self._second(),
            pausable=self.take("pausable", _boolean, default=False),
            pause_reasons=self.take("pauseReasons", _words, ()),
            evidence=self.take("evidence", _words, DISPATCHED),
            extension=self._extension(),
            warnings=self.take("warnings", _warnings, ()),
            repeats=self.take("repeats", _boolean, default=False),
            effective_from=self.take("effectiveFrom", _date, None),
            effective_to=self.take("effectiveTo", _date, None),
            legal_source=self.take("legalSource", _text, ""),
        )
        self.end()
        return policy

    def _second(self) -> Second | None:
        inner = self._inner("second")
        if inner is None:
            return None
        combine = inner.take("combine", _one_of(Literal["earliest", "latest"]))
        second = Second(combine, inner.take("amount", _amount), inner.take("unit", _one_of(Unit)))
        inner.end()
        return second

    def _extension(self) -> Extension | None:
        inner = self._inner("extension")
        if inner is None:
            return None
        extension = Extension(
            amount=inner.take("amount", _amount),
            unit=inner.take("unit", _one_of(Unit)),
            times=inner.take("times", _amount, None if "cap" in inner.left else 1),
            cap=inner.take("cap", _amount, None),
            counts_from=inner.take("from", _one_of(Literal["due", "anchor"]), "due"),
            reasons=inner.take("reasons", _words, ()),
            letter=inner.take("letter", _text, None),
        )
        inner.end()
        return extension

    def _inner(self, column: str) -> _Row | None:
        self.asked.add(column)
        content = self.left.pop(column, None)
        if content is None:
            return None
        if not isinstance(content, Mapping):
            raise PolicyRefused(policy=self.policy_id, column=column, value=repr(content)[:80])
        return _Row(content, self.policy_id, f"{column}.")

    def take(self, column: str, read: Callable[[Any], T], *fallback: T, **named: T) -> T:
        """Return a column, read; without one the fallback (or ``default=``), else ``PolicyRefused``."""
        self.asked.add(column)
        options = (*fallback, *named.values())
        if column not in self.left and options:
            return options[0]
        value = self.left.pop(column, None)
        try:
            return read(value)
        except (ValueError, TypeError) as error:
            raise PolicyRefused(
                policy=self.policy_id, column=self.within + column, value=repr(value)[:80], because=str(error)
            ) from error

    def end(self) -> None:
        """Raise ``PolicyRefused`` if a column was not asked for."""
        for column in sorted(self.left):
            raise PolicyRefused(policy=self.policy_id, column=self.within + column, because="unknown column")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text is needed")
    return value.strip()


def _word(value: object) -> str:
    word = _text(value).replace(" ", "_")
    if not _WORD.fullmatch(word):
        raise ValueError("a word of small letters, digits and _ is needed")
    return word


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError("a list is needed")
    return tuple(_word(item) for item in value)


def _amount(value: Any) -> int:
    if isinstance(value, (bool, str)) or value != int(value) or not 0 <= value <= 10_000:
        raise ValueError("a whole number from 0 to 10000 is needed")
    return int(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false is needed")
    return value


def _date(value: object) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if type(value) is not date:
        raise TypeError("a date is needed")
    return value


def _cutoff(value: object) -> str:
    if not _CUTOFF.fullmatch(_text(value)):
        raise ValueError("closing, or a time such as 17:00, is needed")
    return _text(value)


def _one_of(options: Any) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        if _word(value) not in get_args(options):
            raise ValueError(f"one of {', '.join(get_args(options))} is needed")
        return _word(value)

    return read


def _warnings(value: object) -> tuple[WarningRule, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError('a list such as ["80%", "2 days"] is needed')
    return tuple(_warning(item) for item in value)


def _warning(value: object) -> WarningRule:
    match = _WARNING.fullmatch(_text(value))
    if match is None or (match[1] and int(match[1]) > 100):
        raise ValueError("a share such as 80% or a time such as 2 days is needed")
    return WarningRule(share=int(match[1]) / 100) if match[1] else WarningRule(days=int(match[2]))
