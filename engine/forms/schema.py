"""The marshmallow schema of one request: only what is shown and writable now, with the limits that hold now.

marshmallow walks the objects, refuses unknown names and collects every error at once; the fields ask our own
conversion and rules, because the library skips validators on empty values and reads numbers, dates and
booleans too generously.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import RAISE, Schema, ValidationError, fields

from engine.forms.convert import convert
from engine.forms.errors import Problem, WrongShape, problem
from engine.forms.model import Spot
from engine.forms.rules import Judge

Fields = dict[str, Any]
"""Names to a marshmallow field, or to deeper Fields (a group)."""

_LIBRARY_CODES: dict[str, Any] = {"unknown": "unknown_field", "type": "not_an_object"}


class Answers(Schema):
    """One object of answers."""

    error_messages = _LIBRARY_CODES

    class Meta:
        """Nothing that the form does not ask for is accepted."""

        unknown = RAISE


class Answer(fields.Field[Any]):
    """One field's answer, converted, judged and cleaned."""

    def __init__(self, judge: Judge, zone: ZoneInfo) -> None:
        """``judge`` carries the field and the limits of this request."""
        super().__init__(allow_none=True)
        self.judge, self.zone = judge, zone

    def deserialize(
        self,
        value: Any,
        attr: str | None = None,  # noqa: ARG002 - the library's signature
        data: Mapping[str, Any] | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> Any:
        """Return the clean value. Raises ``ValidationError`` holding ``Problem`` objects."""
        try:
            typed = convert(self.judge.field, value, self.zone)
        except WrongShape as wrong:
            raise ValidationError([wrong.problem]) from None
        if problems := list(self.judge.problems(typed)):
            raise ValidationError(problems)
        return self.judge.clean(typed)


class Rows(fields.Field[list[Any]]):
    """The rows of a list; each has its own schema, since its rules see the row."""

    def __init__(self, schemas: Sequence[Schema], least: int, most: int) -> None:
        """``schemas`` in the order of the rows; none are needed when there are more rows than ``most``."""
        super().__init__(allow_none=True)
        self.schemas, self.least, self.most = schemas, least, most

    def deserialize(
        self,
        value: Any,
        attr: str | None = None,  # noqa: ARG002 - the library's signature
        data: Mapping[str, Any] | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Any]:
        """Return the clean rows. Raises ``ValidationError``: of the list as a whole, or by row number."""
        rows = [] if value is None else value
        if not isinstance(rows, list):
            raise ValidationError([problem("not_a_list")])
        if len(rows) > self.most:
            raise ValidationError([problem("too_many_rows", limit=self.most, count=len(rows))])
        if len(rows) < self.least:
            raise ValidationError([problem("too_few_rows", limit=self.least, count=len(rows))])
        clean, wrong = [], {}
        for number, (row, schema) in enumerate(zip(rows, self.schemas, strict=True)):
            try:
                clean.append(schema.load(row))
            except ValidationError as refused:
                wrong[number] = messages_of(refused)
        if wrong:
            raise ValidationError(wrong)
        return clean


def messages_of(refused: ValidationError) -> Any:
    """Return the library's nested messages."""
    return refused.normalized_messages()  # type: ignore[no-untyped-call]


def schema_of(tree: Fields) -> Schema:
    """Return a schema from nested fields."""
    made = {
        name: fields.Nested(schema_of(inside), error_messages=_LIBRARY_CODES)
        if isinstance(inside, dict)
        else inside
        for name, inside in tree.items()
    }
    return Answers.from_dict(made, name="AnswersOfThisRequest")()


def problems_in(messages: Any, spot: Spot = ()) -> Iterator[tuple[Spot, Problem]]:
    """Yield (spot, problem) from marshmallow's nested messages."""
    if isinstance(messages, Mapping):
        for name, inside in messages.items():
            whole = name == "_schema" and inside == [_LIBRARY_CODES["type"]]
            yield from problems_in(inside, spot if whole else (*spot, name))
    elif isinstance(messages, list):
        for one in messages:
            yield from problems_in(one, spot)
    else:
        yield spot, messages if isinstance(messages, Problem) else problem(str(messages))
