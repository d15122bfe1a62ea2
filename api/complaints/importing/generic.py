"""Any CSV, with a mapping file that says which column means what; unknown members and columns are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.complaints.importing.rows import FileUnreadable, Row, RowRefused
from api.complaints.intake import CHANNELS, NewComplaint, PartyDetails
from engine.values import read_json

FIELDS = frozenset(
    {
        "receivedOn",
        "channel",
        "description",
        "product",
        "problem",
        "category",
        "desiredRemedy",
        "occurredOn",
        "firstRaisedOn",
        "sentToCompanyOn",
        "complainantName",
        "complainantEmail",
        "complainantPhone",
        "complainantAddress",
    }
)
REQUIRED = frozenset({"receivedOn", "description"})


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping file: ``columns`` (our field → column), ``values`` (field → cell → ours), date format, defaults."""

    source: str
    id_column: str
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    defaults: Mapping[str, str]
    date_format: str
    regime: str
    delimiter: str

    @property
    def needed(self) -> frozenset[str]:
        """Return the columns the file must have."""
        return frozenset(self.columns.values()) | {self.id_column}


def read_mapping(path: Path) -> Mapped:
    """Read a mapping file. Raises ``FileUnreadable`` naming the member."""
    data: Any = read_json(path.read_bytes())
    known = {"source", "id", "columns", "values", "defaults", "dateFormat", "regime", "delimiter"}
    if not isinstance(data, dict) or (extra := sorted(set(data) - known)):
        raise FileUnreadable(
            f"The mapping is an object with the members {', '.join(sorted(known))}.", found=str(extra)
        )
    columns, values, defaults = (data.get(name) or {} for name in ("columns", "values", "defaults"))
    if not _is_texts(columns) or not _is_texts(defaults):
        raise FileUnreadable("columns and defaults are objects that give each field a text.")
    if not isinstance(values, dict) or not all(_is_texts(each) for each in values.values()):
        raise FileUnreadable("values is an object that gives a field an object from cell to our word.")
    delimiter = data.get("delimiter") or ","
    if (
        not isinstance(delimiter, str)
        or len(delimiter) != 1
        or (not delimiter.isprintable() and delimiter != "\t")
    ):
        raise FileUnreadable("delimiter is one character, such as ; or a tab.")
    if unknown := sorted((set(columns) | set(defaults) | set(values)) - FIELDS):
        raise FileUnreadable(f"The mapping names {unknown[0]!r}; known fields: {', '.join(sorted(FIELDS))}.")
    if missing := sorted(REQUIRED - set(columns) - set(defaults)):
        raise FileUnreadable(f"The mapping must say where {missing[0]!r} comes from.")
    if not data.get("source") or not data.get("id"):
        raise FileUnreadable("The mapping needs source (a short name) and id (the column that names a row).")
    return Mapped(
        source=str(data["source"]),
        id_column=str(data["id"]),
        columns=columns,
        values=values,
        defaults=defaults,
        date_format=str(data.get("dateFormat") or "%Y-%m-%d"),
        regime=str(data.get("regime") or "generic"),
        delimiter=delimiter,
    )


def _is_texts(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(value, str) for value in given.values())


def read(row: Row, mapped: Mapped, *, zone: ZoneInfo) -> NewComplaint:
    """Return the complaint of one row. Raises ``RowRefused`` naming the field."""
    if row.text(mapped.id_column) is None:
        raise RowRefused(f"{mapped.id_column}: empty, but it names the row.")

    def cell(name: str) -> str | None:
        column = mapped.columns.get(name)
        text = row.text(column) if column else None
        text = mapped.values.get(name, {}).get(text, text) if text is not None else None
        return text or mapped.defaults.get(name)

    def day(name: str) -> date | None:
        text = cell(name)
        if text is None:
            return None
        try:
            return datetime.strptime(text, mapped.date_format).date()  # noqa: DTZ007  (a date has no zone)
        except ValueError:
            raise RowRefused(f"{name}: {text!r} is not a date of the form {mapped.date_format}.") from None

    channel, received = cell("channel") or "web", day("receivedOn")
    if channel not in CHANNELS:
        raise RowRefused(f"channel: {channel!r} is none of {', '.join(CHANNELS)}.")
    if received is None:
        raise RowRefused("receivedOn: empty.")
    description = cell("description")
    if description is None:
        raise RowRefused("description: empty.")
    party = PartyDetails(
        name=cell("complainantName"),
        email=cell("complainantEmail"),
        phone=cell("complainantPhone"),
        address=cell("complainantAddress"),
    )
    return NewComplaint(
        channel=channel,
        received_at=datetime.combine(received, time(9, 0), zone),
        description=description,
        complainant=party if any((party.name, party.email, party.phone, party.address)) else None,
        occurred_on=day("occurredOn"),
        first_raised_on=day("firstRaisedOn"),
        sent_to_company_on=day("sentToCompanyOn"),
        product=cell("product"),
        problem=cell("problem"),
        category=cell("category"),
        desired_remedy=cell("desiredRemedy"),
        regime=mapped.regime,
        source=mapped.source,
        source_key=row.key,
    )
