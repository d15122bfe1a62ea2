"""What the template of one component prints: plain values, decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from engine.forms.view import TableShown


@dataclass(frozen=True, slots=True)
class Box:
    """One small input among several: a radio, a tick, an option, a part of a date."""

    id: str
    name: str
    value: str
    label: str
    chosen: bool = False
    wrong: bool = False
    css: str = ""
    autocomplete: str = ""


@dataclass(frozen=True, slots=True)
class FileLine:
    """One kept file: its words, its key, where it can be had."""

    key: str
    name: str
    facts: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Everything the template of one component prints. ``described_by`` lists the ids of hint, counter and
    error."""

    kind: str
    id: str
    name: str = ""
    label: str = ""
    hint: str = ""
    why: str = ""
    error: str = ""
    optional: bool = False
    described_by: str = ""
    value: str = ""
    css: str = ""
    column: str = ""
    input_type: str = "text"
    input_mode: str = ""
    autocomplete: str = ""
    spellcheck: bool = True
    prefix: str = ""
    suffix: str = ""
    counter: str = ""
    count_to: int | None = None
    searchable: bool = False
    boxes: tuple[Box, ...] = ()
    children: tuple[tuple[Control, ...], ...] = ()
    rows: tuple[ListRow, ...] = ()
    add_name: str = ""
    files: tuple[FileLine, ...] = ()
    accept: str = ""
    multiple: bool = False
    html: Markup | None = None
    table: TableShown | None = None
    component_id: str = ""
    heading: bool = False
    first_wrong: str = ""


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list: its legend and the words of its Remove button."""

    id: str
    legend: str
    remove: str
    remove_name: str
    children: tuple[tuple[Control, ...], ...]
