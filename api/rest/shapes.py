"""How values look in JSON: keys as text, moments in UTC, members in camelCase, every member always there."""

# ruff: noqa: ARG002  (the signatures of conversions are marshmallow's)
from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from marshmallow import EXCLUDE, Schema, ValidationError, fields

TENANT = "<default>"
LARGEST = 2**63 - 1
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)


def camel(name: str) -> str:
    """Return ``due_date`` as ``dueDate``."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def read_integer(value: Any) -> int | None:
    """Return a 64-bit integer given as number or decimal text, None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    return value if isinstance(value, int) and abs(value) <= LARGEST else None


def read_moment(value: Any) -> datetime | None:
    """Return an RFC 3339 moment as aware UTC, None for anything else; a moment needs its offset."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def write_moment(value: datetime) -> str:
    """Return ``2026-11-23T10:00:00.000Z``."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Body(Schema):
    """A request: unknown members are left aside, names are camelCase."""

    class Meta:
        """Newer clients send more than we know (rest-v2 §1)."""

        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name every member in camelCase."""
        field_obj.data_key = field_obj.data_key or camel(field_name)


class Record(Schema):
    """An answer, read from the attributes of a record or from a mapping."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name every member in camelCase."""
        field_obj.data_key = field_obj.data_key or camel(field_name)


class Key(fields.Field[int]):
    """A key: decimal text outside, an integer inside; accepted as either."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        found = read_integer(value)
        if found is None:
            raise ValidationError("A key is a decimal number, as text.")
        return found


class Long(fields.Field[int]):
    """A 64-bit integer, which arrives as a number or as text."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        found = read_integer(value)
        if found is None:
            raise ValidationError("A whole number is needed.")
        return found


class Milliseconds(Long):
    """A length of time in milliseconds outside, a ``timedelta`` inside; at most 100 years."""

    def _deserialize(  # type: ignore[override]
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> timedelta:
        found = super()._deserialize(value, attr, data, **kwargs)
        if abs(found) > 100 * 366 * 86_400_000:
            raise ValidationError("A length of time is at most 100 years.")
        return timedelta(milliseconds=found)


class When(fields.Field[datetime]):
    """A moment (RFC 3339)."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else write_moment(value)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **kwargs: Any,
    ) -> datetime:
        found = read_moment(value)
        if found is None:
            raise ValidationError("A moment looks like 2026-11-23T10:00:00Z.")
        return found


class EpochMilliseconds(fields.Field[datetime]):
    """A moment as milliseconds since 1970, in activated jobs only."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> int:
        milliseconds: int = round(value.timestamp() * 1000)
        return milliseconds


class Text(fields.String):
    """Text that is never null: nothing becomes ``empty``."""

    def __init__(self, *, empty: str = "", **kwargs: Any) -> None:
        """``empty`` is written for None and for a missing attribute."""
        super().__init__(dump_default=empty, **kwargs)
        self._empty = empty

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return self._empty if value is None else str(super()._serialize(value, attr, obj, **kwargs))


class JsonTexts(fields.Field[dict[str, Any]]):
    """Variables kept as JSON texts by name, written as one JSON object."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, Any]:
        return {name: orjson.Fragment(text) for name, text in value.items()}


class Variables(fields.Dict):
    """Process variables: any JSON object; null is none."""

    def __init__(self, **kwargs: Any) -> None:
        """The keys are texts."""
        super().__init__(keys=fields.String(), allow_none=True, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("Variables are a JSON object.")
        return value


class Tenant(fields.String):
    """The tenant; there is one."""

    def __init__(self, **kwargs: Any) -> None:
        """Absent and null are fine in requests, and answers always hold it."""
        super().__init__(allow_none=True, dump_default=TENANT, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if value != TENANT:
            raise ValidationError(f"There is one tenant, {TENANT}; leave tenantId out.")
        return TENANT


def names(**kwargs: Any) -> fields.List[str]:
    """Return a field for a list of texts, ``[]`` when there is none."""
    return fields.List(fields.String(), **kwargs)
