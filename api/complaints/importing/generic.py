"""Any CSV, with a mapping file that says which column means what; unknown members and columns are refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.complaints.facts import OUTCOME_WORDS
from api.complaints.importing.rows import FileUnreadable, Row, RowRefused
from api.complaints.intake import CHANNELS, Ending, NewComplaint, PartyDetails
from api.complaints.states import CLOSING_REASONS
from engine import forms
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
        "status",
        "closedOn",
        "outcome",
        "closingReason",
        "dangerReported",
    }
)
STATUSES = ("open", "closed")
YES_OR_NO = ("yes", "no")
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


class _Cells:
    """The cells of one row by our field names: translated, defaults filled in."""

    def __init__(self, row: Row, mapped: Mapped) -> None:
        self._row, self._mapped = row, mapped

    def text(self, name: str) -> str | None:
        """Return a field; None when it is empty and has no default."""
        mapped = self._mapped
        column = mapped.columns.get(name)
        text = self._row.text(column) if column else None
        text = mapped.values.get(name, {}).get(text, text) if text is not None else None
        return text or mapped.defaults.get(name)

    def given(self, name: str) -> str:
        """Return a field that must be filled. Raises ``RowRefused``."""
        text = self.text(name)
        if text is None:
            raise RowRefused(f"{name}: empty.")
        return text

    def day(self, name: str) -> date | None:
        """Return a date. Raises ``RowRefused`` when it has another form."""
        text = self.text(name)
        if text is None:
            return None
        form = self._mapped.date_format
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  (a date has no zone)
        except ValueError:
            raise RowRefused(f"{name}: {text!r} is not a date of the form {form}.") from None

    def email(self, name: str) -> str | None:
        """Return an e-mail address. Raises ``RowRefused`` when it has no such form: a letter to it would be lost."""
        text = self.text(name)
        if text is not None and not forms.is_email(text):
            raise RowRefused(f"{name}: {text!r} is no e-mail address.")
        return text

    def word(self, name: str, known: Collection[str]) -> str | None:
        """Return one of the words ``known``. Raises ``RowRefused``."""
        text = self.text(name)
        if text is not None and text not in known:
            raise RowRefused(f"{name}: {text!r} is none of {', '.join(known)}.")
        return text


def read(row: Row, mapped: Mapped, *, zone: ZoneInfo) -> NewComplaint:
    """Return the complaint of one row. Raises ``RowRefused`` naming the field."""
    if row.text(mapped.id_column) is None:
        raise RowRefused(f"{mapped.id_column}: empty, but it names the row.")
    cells = _Cells(row, mapped)
    channel, received = cells.word("channel", CHANNELS) or "web", cells.day("receivedOn")
    if received is None:
        raise RowRefused("receivedOn: empty.")
    party = PartyDetails(
        name=cells.text("complainantName"),
        email=cells.email("complainantEmail"),
        phone=cells.text("complainantPhone"),
        address=cells.text("complainantAddress"),
    )
    return NewComplaint(
        channel=channel,
        received_at=datetime.combine(received, time(9, 0), zone),
        description=cells.given("description"),
        complainant=party if any((party.name, party.email, party.phone, party.address)) else None,
        occurred_on=cells.day("occurredOn"),
        first_raised_on=cells.day("firstRaisedOn"),
        sent_to_company_on=cells.day("sentToCompanyOn"),
        product=cells.text("product"),
        problem=cells.text("problem"),
        category=cells.text("category"),
        desired_remedy=cells.text("desiredRemedy"),
        danger_reported=cells.word("dangerReported", YES_OR_NO) == "yes",
        regime=mapped.regime,
        source=mapped.source,
        source_key=row.key,
        ending=_ending(cells),
    )


def _ending(cells: _Cells) -> Ending | None:
    """Return how the complaint ended; None while it is open. Closed says ``status``, or a closing day without one."""
    closed_on = cells.day("closedOn")
    status = cells.word("status", STATUSES) or ("closed" if closed_on else "open")
    if status == "open":
        if closed_on:
            raise RowRefused("closedOn: it names the day of closing, but status says that it is open.")
        return None
    return Ending(
        closed_on, cells.word("outcome", OUTCOME_WORDS), cells.word("closingReason", CLOSING_REASONS)
    )
