"""What a form consists of: typed components, as read from a form-js schema. Plain values, no behaviour
beyond walking."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from engine import feel
from engine.findings import Finding
from engine.forms.patterns import Pattern
from engine.forms.templates import Template

Path = tuple[str, ...]
"""Where a component's value stands inside its object: the document, or one row of a list. Group paths are
included."""

Spot = tuple[str | int, ...]
"""Where one value stands in the whole data, row numbers (from 0) included."""

Sensitivity = Literal["personal", "special"]
_WORD = re.compile(r"[a-z0-9]+")
SPECIAL_NAMES = frozenset({"this", "parent", "i", "_this_", "_parent_", "_i_"})


def pattern_of(path: str) -> Path:
    """Return ``("witnesses", "*", "name")`` for ``witnesses.0.name``."""
    return tuple("*" if is_row(part) else part for part in path.split("."))


def spot_of(path: str) -> Spot:
    """Return ``("witnesses", 0, "name")`` for ``witnesses.0.name``."""
    return tuple(int(part) if is_row(part) else part for part in path.split("."))


def is_row(part: str) -> bool:
    """Say whether a part of a dotted path is a row number; ``str.isdigit`` would also take ``²``."""
    return part.isascii() and part.isdigit() and len(part) <= 6


def dotted(spot: Spot) -> str:
    """Return ``witnesses.0.name`` for ``("witnesses", 0, "name")``."""
    return ".".join(map(str, spot))


@dataclass(frozen=True, slots=True)
class Own:
    """The project's own properties of a component (``redress.*``); see the form guide for their meaning."""

    autocomplete: str | None = None
    error_label: str | None = None
    messages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    step: bool = False
    width: int | None = None
    sensitivity: Sensitivity | None = None
    about: Literal["self", "other"] | None = None
    max_rows: int | None = None
    min_rows: int | None = None
    why: str | None = None
    needs_consent: str | None = None
    """Key of the box, in the same object, without which the answer is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Anything on a form. ``hide`` and ``readonly`` are fixed or a rule; ``columns`` counts sixteenths of
    the width."""

    id: str
    type: str
    label: Template | None = None
    description: Template | None = None
    hide: feel.Expression | bool = False
    readonly: feel.Expression | bool = False
    disabled: bool = False
    row: str | None = None
    columns: int | None = None
    own: Own = Own()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Component):
    """A component with a value at ``path``; ``default`` is None when the author gave none. An answer is refused while
    ``refused_when`` is true."""

    path: Path
    default: Any = None
    required: bool = False
    refused_when: feel.Expression | bool = False


Limit = feel.Expression | int | None
Bound = feel.Expression | Decimal | None
DayLimit = feel.Expression | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(Field):
    """One line of text."""

    min_length: Limit = None
    max_length: Limit = None
    pattern: Pattern | None = None
    pattern_message: str | None = None
    kind: Literal["email", "phone"] | None = None
    prefix: Template | None = None
    suffix: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextArea(Field):
    """Several lines of text."""

    min_length: Limit = None
    max_length: Limit = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field):
    """A decimal number; ``as_text`` keeps the clean value as text."""

    minimum: Bound = None
    maximum: Bound = None
    digits: int | None = None
    increment: Decimal | None = None
    as_text: bool = False
    prefix: Template | None = None
    suffix: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkbox(Field):
    """One box, on or off; required means on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that can be chosen; ``value`` is plain JSON."""

    label: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Field):
    """Radio, select, checklist or taglist. Exactly one source of options: fixed, a variable's path, or an
    expression."""

    many: bool
    options: tuple[Option, ...] = ()
    options_from: Path = ()
    options_rule: feel.Expression | None = None
    searchable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporal(Field):
    """A date, a time, or both. ``interval`` is in minutes; ``written`` is the form of time that form-js
    asks for. Days lie between ``earliest`` and ``latest``, both included; a time alone has neither."""

    subtype: Literal["date", "time", "datetime"]
    interval: int | None = None
    future_only: bool = False
    earliest: DayLimit = None
    latest: DayLimit = None
    written: Literal["utc_offset", "utc_normalized", "no_timezone"] = "utc_offset"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePicker(Field):
    """Uploaded documents; the value is a list of document keys. ``limit`` counts files."""

    multiple: bool | feel.Expression = False
    accept: Template | None = None
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed(Field):
    """A value that is computed here and never accepted from outside."""

    expression: feel.Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Component):
    """Components under one legend; ``path`` (may be empty) is already part of theirs."""

    components: tuple[Component, ...]
    path: Path = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicList(Component):
    """A list of objects with equal components, whose paths start anew in each row."""

    components: tuple[Component, ...]
    path: Path
    changeable: bool = True
    default_rows: int = 1
    min_rows: int = 0
    max_rows: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock(Component):
    """Markdown with placeholders."""

    text: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlBlock(Component):
    """HTML with placeholders; cleaned before it is shown."""

    content: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Component):
    """Rows of data to read. ``source`` is a path or an expression; ``columns_shown`` are (key, heading)."""

    source: Path | feel.Expression
    columns_shown: tuple[tuple[str, str], ...] = ()
    columns_rule: feel.Expression | None = None
    page_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPreview(Component):
    """Links to documents of this case."""

    source: Path | feel.Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Component):
    """A picture with its words."""

    source: Template | None
    alt: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Button(Component):
    """Names the main button when ``action`` is submit."""

    action: Literal["submit", "reset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Separator(Component):
    """A line across."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacer(Component):
    """Empty room, in one of four sizes."""

    size: Literal["s", "m", "l", "xl"] = "m"


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a form in steps: a step group, with what stands outside the steps before or after it."""

    id: str
    group: Group
    components: tuple[Component, ...]
    slug: str = ""
    """The label in lower case with dashes, for addresses; unique in its form."""

    @property
    def names(self) -> frozenset[str]:
        """Return the top-level names of what it asks."""
        return frozenset(path[0] for path, _ in keyed(self.components))


@dataclass(frozen=True)
class Form:
    """A form that can be deployed. ``findings`` holds warnings only; a form with errors is never made."""

    id: str
    version_tag: str | None
    components: tuple[Component, ...]
    schema_version: int | None = None
    name: str = ""
    findings: tuple[Finding, ...] = ()

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Return the pages in order; a form without step groups has none. Loose parts join the step before
        them."""
        steps: list[tuple[Group, list[Component]]] = []
        waiting: list[Component] = []
        for component in self.components:
            if isinstance(component, Group) and component.own.step:
                steps.append((component, [*waiting, component]))
                waiting = []
            elif steps:
                steps[-1][1].append(component)
            else:
                waiting.append(component)
        slugs: list[str] = []
        for group, _ in steps:
            words = _WORD.findall((group.label.text if group.label else "").lower())
            slug = "-".join(words)[:60] or group.id
            slugs.append(f"{slug}-{len(slugs) + 1}" if slug in slugs else slug)
        return tuple(
            Step(one.id, one, tuple(parts), slug) for (one, parts), slug in zip(steps, slugs, strict=True)
        )

    def step(self, step_id: str) -> Step:
        """Return the step with this id. Raises ``KeyError``."""
        return {step.id: step for step in self.steps}[step_id]

    def step_at(self, slug: str) -> Step | None:
        """Return the step with this slug, or None."""
        return next((step for step in self.steps if step.slug == slug), None)

    def fields(self) -> Iterator[tuple[Path, Field]]:
        """Yield (path, field) in page order; a list's rows stand as ``*`` in the path."""
        for path, component in keyed(self.components):
            if isinstance(component, Field):
                yield path, component

    @cached_property
    def variables_read(self) -> frozenset[str]:
        """Return the top-level names the form looks at: in its expressions, and to fill its own fields."""
        return (names_read(self.components) - SPECIAL_NAMES) | self.variables_written

    @cached_property
    def variables_written(self) -> frozenset[str]:
        """Return the top-level names the form's clean data may have."""
        return frozenset(path[0] for path, _ in keyed(self.components))


def inner(component: Component) -> tuple[Component, ...]:
    """Return what stands directly inside ``component``."""
    return component.components if isinstance(component, Group | DynamicList) else ()


def walk(components: tuple[Component, ...]) -> Iterator[Component]:
    """Yield every component at any depth, in page order."""
    for component in components:
        yield component
        yield from walk(inner(component))


def keyed(components: tuple[Component, ...], above: Path = ()) -> Iterator[tuple[Path, Field | DynamicList]]:
    """Yield fields and lists with their path from the top, rows as ``*``."""
    for component in components:
        if isinstance(component, Field):
            yield (*above, *component.path), component
        elif isinstance(component, DynamicList):
            yield (*above, *component.path), component
            yield from keyed(component.components, (*above, *component.path, "*"))
        elif isinstance(component, Group):
            yield from keyed(component.components, above)


def names_read(components: tuple[Component, ...]) -> frozenset[str]:
    """Return the top-level names read by expressions, templates and data sources at any depth."""
    names: set[str] = set()
    for component in walk(components):
        for _, setting in settings(component):
            names |= setting.variables
        for path in (getattr(component, "options_from", ()), getattr(component, "source", ())):
            if isinstance(path, tuple) and path:
                names.add(path[0])
    return frozenset(names)


def settings(component: Component) -> Iterator[tuple[str, feel.Expression | Template]]:
    """Yield the (attribute, expression or template) pairs of one component."""
    for name in _slots(type(component)):
        value = getattr(component, name)
        if isinstance(value, feel.Expression | Template):
            yield name, value


def _slots(kind: type) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)  # type: ignore[attr-defined]
