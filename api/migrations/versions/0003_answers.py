"""Answer sheets: every completed form as it was asked; what older complaints still hold is gathered on one sheet each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

from engine.store.columns import Json, Moment

revision = "0003_answers"
down_revision = "0002_imports"
branch_labels = None
depends_on = None

BATCH = 500
SURVEY = "survey"
Lines = list[dict[str, Any]]

complaints = sa.table(
    "complaints",
    sa.column("key", sa.BigInteger),
    sa.column("instance_key", sa.BigInteger),
    sa.column("recorded_at", Moment),
    sa.column("recorded_by", sa.Text),
    sa.column("facts", Json),
    sa.column("private", Json),
)
parties = sa.table(
    "complaint_parties",
    sa.column("key", sa.BigInteger),
    sa.column("complaint_key", sa.BigInteger),
    sa.column("role", sa.Text),
    sa.column("details", Json),
)
records = sa.table(
    "complaint_records",
    sa.column("key", sa.BigInteger),
    sa.column("complaint_key", sa.BigInteger),
    sa.column("kind", sa.Text),
    sa.column("at", Moment),
    sa.column("by", sa.Text),
    sa.column("data", Json),
)
sheets = sa.table(
    "answer_sheets",
    sa.column("key", sa.BigInteger),
    sa.column("complaint_key", sa.BigInteger),
    sa.column("form_id", sa.Text),
    sa.column("title", sa.Text),
    sa.column("at", Moment),
    sa.column("by", sa.Text),
    sa.column("sections", Json),
    sa.column("words", sa.Text),
)
forms = sa.table(
    "forms",
    sa.column("form_id", sa.Text),
    sa.column("version", sa.BigInteger),
    sa.column("resource_key", sa.BigInteger),
)
resources = sa.table("resources", sa.column("key", sa.BigInteger), sa.column("content", sa.LargeBinary))
instances = sa.table("instances", sa.column("key", sa.BigInteger), sa.column("root_key", sa.BigInteger))
variables = sa.table(
    "variables",
    sa.column("key", sa.BigInteger),
    sa.column("instance_key", sa.BigInteger),
    sa.column("name", sa.Text),
    sa.column("value", sa.Text),
)


class Question(NamedTuple):
    """What the newest deployed form says of a key."""

    label: str
    kind: str
    sensitivity: str | None
    options: Mapping[str, str]


class Held(NamedTuple):
    """What the register and the process still hold of one complaint."""

    at: datetime
    by: str
    parts: list[tuple[str, Lines]]


def upgrade() -> None:
    """Create the table, fill it from what complaints hold, and drop the column nothing reads any more."""
    op.create_table(
        "answer_sheets",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complaint_key", sa.BigInteger(), nullable=False),
        sa.Column("task_key", sa.BigInteger(), nullable=True),
        sa.Column("form_id", sa.Text(), nullable=False),
        sa.Column("form_key", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("sections", Json(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_key"], ["complaints.key"], name=op.f("fk_answer_sheets_complaint_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answer_sheets")),
    )
    op.create_index("ix_answer_sheets_complaint", "answer_sheets", ["complaint_key", "at"], unique=False)
    connection = op.get_bind()
    questions = _questions(connection)
    last = 0
    while True:
        rows = connection.execute(
            sa.select(complaints).where(complaints.c.key > last).order_by(complaints.c.key).limit(BATCH)
        ).all()
        if not rows:
            break
        last = rows[-1].key
        made = list(_made(connection, rows, questions))
        if made:
            connection.execute(sa.insert(sheets), made)
    with op.batch_alter_table("complaint_parties") as table:
        table.drop_column("details")


def _questions(connection: sa.Connection) -> dict[str, Question]:
    """Return what the newest version of each form asks, by key; the form of the public wins over others."""
    newest = (
        sa.select(forms.c.form_id, sa.func.max(forms.c.version).label("version"))
        .group_by(forms.c.form_id)
        .subquery()
    )
    rows = connection.execute(
        sa.select(forms.c.form_id, resources.c.content)
        .join(newest, sa.and_(newest.c.form_id == forms.c.form_id, newest.c.version == forms.c.version))
        .join(resources, resources.c.key == forms.c.resource_key)
    ).all()
    found: dict[str, Question] = {}
    for row in sorted(rows, key=lambda one: (one.form_id != "complaint", one.form_id)):
        for part in _components(json.loads(row.content).get("components") or []):
            found.setdefault(str(part["key"]), _question(part))
    return found


def _components(parts: list[Any]) -> Iterator[dict[str, Any]]:
    for part in parts:
        if isinstance(part.get("key"), str) and part["key"]:
            yield part
        yield from _components(part.get("components") or [])


def _question(part: Mapping[str, Any]) -> Question:
    label = part.get("label") or part.get("dateLabel") or part.get("timeLabel") or part["key"]
    options = {
        str(one.get("value")): str(one.get("label") or one.get("value"))
        for one in part.get("values") or []
        if isinstance(one, dict)
    }
    mark = (part.get("properties") or {}).get("redress.sensitivity")
    return Question(str(label), str(part.get("type")), mark, options)


def _made(
    connection: sa.Connection, rows: Sequence[Any], questions: Mapping[str, Question]
) -> Iterator[dict[str, Any]]:
    held = {row.key: Held(row.recorded_at, row.recorded_by, []) for row in rows}
    for row in rows:
        held[row.key].parts.append(("", _lines(row.facts, questions)))
        held[row.key].parts.append(("Answers about people", _lines(row.private, questions, private=True)))
    for party in connection.execute(sa.select(parties).where(parties.c.complaint_key.in_(held))):
        lines = _lines(party.details, questions, private=True)
        held[party.complaint_key].parts.append((str(party.role).capitalize(), lines))
    _add_variables(
        connection, {row.instance_key: row.key for row in rows if row.instance_key}, held, questions
    )
    found = sa.select(records).where(records.c.complaint_key.in_(held)).order_by(records.c.key)
    for record in connection.execute(found):
        lines = _lines(record.data, questions)
        title = f"Recorded {record.at:%Y-%m-%d}: {record.kind}"
        held[record.complaint_key].parts.append((title, lines))
        if record.kind == "satisfaction" and record.data.get("answered") is True:
            given = [line for line in lines if line["path"] != "answered"]
            survey = Held(record.at, "complainant", [("", given)])
            yield from _sheet(record.key, record.complaint_key, survey, "Survey", SURVEY)
    for key, one in held.items():
        yield from _sheet(key, key, one, "Held before answers were kept by form")


def _add_variables(
    connection: sa.Connection,
    cases: Mapping[int, int],
    held: Mapping[int, Held],
    questions: Mapping[str, Question],
) -> None:
    """Add the variables of each case that are answers of a form; each value once, in the order they were set."""
    asked = (
        sa.select(instances.c.root_key, variables.c.name, variables.c.value)
        .join(instances, instances.c.key == variables.c.instance_key)
        .where(instances.c.root_key.in_(cases))
        .order_by(variables.c.key)
    )
    seen: dict[int, dict[tuple[str, str], Any]] = {}
    for row in connection.execute(asked):
        if row.name in questions:
            seen.setdefault(row.root_key, {}).setdefault((row.name, row.value), json.loads(row.value))
    for root, given in seen.items():
        lines = [line for (name, _), value in given.items() for line in _lines({name: value}, questions)]
        held[cases[root]].parts.append(("Answers to tasks", lines))


def _lines(
    given: Mapping[str, Any] | None, questions: Mapping[str, Question], *, private: bool = False
) -> Lines:
    lines: Lines = []
    for path, value in (given or {}).items():
        if value in (None, "", []):
            continue
        question = questions.get(path) or questions.get(path.rpartition(".")[2])
        lines.append(
            {
                "path": path,
                "label": question.label if question else path,
                "kind": question.kind if question else "fact",
                "value": value,
                "text": _text(value, question.options if question else {}),
                "sensitivity": (question.sensitivity if question else None)
                or ("personal" if private else None),
            }
        )
    return lines


def _text(value: Any, options: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return options.get(str(value)) or ("Yes" if value else "No")
    if isinstance(value, list):
        return ", ".join(_text(one, options) for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_text(one, options)}" for name, one in value.items() if one is not None)
    return options.get(str(value), "" if value is None else str(value))


def _sheet(
    key: int, complaint_key: int, held: Held, title: str, form_id: str = ""
) -> Iterator[dict[str, Any]]:
    sections = [{"title": name, "lines": lines} for name, lines in held.parts if lines]
    if sections:
        yield {
            "key": key,
            "complaint_key": complaint_key,
            "form_id": form_id,
            "title": title,
            "at": held.at,
            "by": held.by,
            "sections": sections,
            "words": "\n".join(line["text"] for _, lines in held.parts for line in lines).lower(),
        }
