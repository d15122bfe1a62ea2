"""The body of a letter: Markdown with ``{{ FEEL }}``, and blocks of whole lines that stand only when their facts do.

``::: if FEEL``, ``::: else``, ``:::`` keeps or drops lines; ``::: each name in FEEL``, ``:::`` repeats them for each item of a
list. Whatever is shown is judged: a place with nothing to say, and a promise of a day that is over, are holes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine import feel
from engine.feel import syntax
from engine.forms.templates import Filled, Template, TemplateRefused, fill, joined, read_template
from engine.zones import local_date

HAPPENED = "complaint"  # dates of it lie in the past; every other date in a letter is a promise
_BLOCK = re.compile(r"^:::[ \t]*(.*?)[ \t]*$")
_EACH = re.compile(r"each\s+([A-Za-z_]\w*)\s+in\s+(.+)")
_WIDE_GAP = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class When:
    """Lines that stand only while ``condition`` is true, and those that stand instead."""

    condition: feel.Expression
    then: Text
    otherwise: Text = ()


@dataclass(frozen=True, slots=True)
class Each:
    """Lines repeated for each item of a list, which they know by ``name``."""

    name: str
    items: feel.Expression
    body: Text


Part = Template | When | Each
Text = tuple[Part, ...]


def read_text(text: str) -> Text:
    """Read a body. Raises ``TemplateRefused`` and ``feel.FeelSyntaxError``."""
    lines = iter(text.splitlines(keepends=True))
    parts, ended_by = _read(lines)
    if ended_by is not None:
        raise TemplateRefused("A line ':::' or '::: else' stands where no block is open.")
    return parts


def _read(lines: Iterator[str]) -> tuple[Text, str | None]:
    """Return what stands up to the end of this block, and the word that ended it: ``else``, empty, None at the end."""
    parts: list[Part] = []
    plain: list[str] = []

    def settle() -> None:
        if plain:
            parts.append(read_template("".join(plain)))
            plain.clear()

    for line in lines:
        found = _BLOCK.match(line)
        if found is None:
            plain.append(line)
            continue
        settle()
        if found[1] in ("", "else"):
            return tuple(parts), found[1]
        parts.append(_block(found[1], lines))
    settle()
    return tuple(parts), None


def _block(head: str, lines: Iterator[str]) -> When | Each:
    body, ended_by = _read(lines)
    otherwise: Text = ()
    if head.startswith("if ") and ended_by == "else":
        otherwise, ended_by = _read(lines)
    if ended_by != "":
        raise TemplateRefused(f"The block '::: {head}' is not closed with ':::' on a line of its own.")
    if head.startswith("if "):
        return When(feel.compile(head.removeprefix("if ").strip()), body, otherwise)
    found = _EACH.fullmatch(head)
    if found is None:
        raise TemplateRefused(f"'::: {head}' is no block. Write '::: if FEEL' or '::: each name in FEEL'.")
    return Each(found[1], feel.compile(found[2]), body)


def expressions(
    text: Text, known: frozenset[str] = frozenset()
) -> Iterator[tuple[feel.Expression, frozenset[str]]]:
    """Yield every expression with the names that blocks around it bring in."""
    for part in text:
        if isinstance(part, Template):
            yield from ((one, known) for one in part.expressions)
        elif isinstance(part, When):
            yield part.condition, known
            yield from expressions(part.then + part.otherwise, known)
        else:
            yield part.items, known
            yield from expressions(part.body, known | {part.name})


def conditions(text: Text) -> Iterator[feel.Expression]:
    """Yield what stands behind ``::: if``."""
    for part in text:
        if isinstance(part, When):
            yield part.condition
            yield from conditions(part.then + part.otherwise)
        elif isinstance(part, Each):
            yield from conditions(part.body)


class Filling:
    """One letter being filled in: the holes found so far, and what its expressions may know."""

    def __init__(
        self,
        facts: Mapping[str, Any],
        *,
        moment: feel.Moment,
        today: date,
        show: Callable[[Any], str],
    ) -> None:
        """``facts`` are FEEL values by name; a date before ``today`` is no promise; ``show`` puts plain values into words."""
        self.holes: list[str] = []
        self.over: list[date] = []  # of the holes the days that have passed, in the zone of the moment
        self._facts, self._moment, self._today, self._show = facts, moment, today, show

    def fill(self, text: Text) -> Filled:
        """Return ``text`` with its values; gaps that dropped blocks leave are closed."""
        filled = joined(self._parts(text, self._facts))
        return Filled(_WIDE_GAP.sub("\n\n", filled.marked), filled.values)

    def _parts(self, text: Text, facts: Mapping[str, Any]) -> Iterator[Filled]:
        for part in text:
            if isinstance(part, Template):
                yield fill(part, lambda one: self._judged(one, facts), self._show)
            elif isinstance(part, When):
                yield from self._parts(
                    part.then if self._holds(part.condition, facts) else part.otherwise, facts
                )
            else:
                yield from (self._line(part, item, facts) for item in self._items(part.items, facts))

    def _line(self, part: Each, item: Any, facts: Mapping[str, Any]) -> Filled:
        return joined(self._parts(part.body, {**facts, part.name: item}))

    def _holds(self, condition: feel.Expression, facts: Mapping[str, Any]) -> bool:
        value = condition.evaluate(facts, moment=self._moment).value
        if not isinstance(value, bool):
            self.holes.append(f"::: if {condition.text} (neither true nor false)")
        return value is True

    def _items(self, items: feel.Expression, facts: Mapping[str, Any]) -> list[Any]:
        value = items.evaluate(facts, moment=self._moment).value
        if not isinstance(value, list) or not value:
            self.holes.append(f"::: each … in {items.text} (nothing in the list)")
            return []
        return value

    def _judged(self, expression: feel.Expression, facts: Mapping[str, Any]) -> Any:
        value = feel.outward(expression.evaluate(facts, moment=self._moment).value)
        if value == "" and isinstance(expression.tree, syntax.If):
            return value  # the author's own "nothing"
        if _is_empty(value):
            self.holes.append(f"{{{{ {expression.text} }}}} (empty)")
        elif (day := self._day(value)) and day < self._today and not _of(expression, HAPPENED):
            self.over.append(day)
            self.holes.append(f"{{{{ {expression.text} }}}} (the day has passed: {self._show(value)})")
        return value

    def _day(self, value: Any) -> date | None:
        """Return the day of a value that names one; None of a moment without a zone, which promises nothing."""
        if isinstance(value, datetime):
            return local_date(value, self._moment.zone_info) if value.tzinfo else None
        return value if isinstance(value, date) else None


def _is_empty(value: Any) -> bool:
    """Tell whether there is nothing in ``value`` that a person could read; a list is as empty as its emptiest item."""
    if value is None or isinstance(value, dict):
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, list) and (not value or any(map(_is_empty, value)))


def _of(expression: feel.Expression, name: str) -> bool:
    tree = expression.tree
    return isinstance(tree, syntax.Postfix) and isinstance(tree.base, syntax.Name) and tree.base.name == name
