"""What a colleague typed into a task and did not send: kept for them alone, whatever becomes of the task meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.complaints import drafts
from api.complaints.uploads import TaskUploads
from api.context import the_engine, the_service
from api.identity.people import Person
from api.web.forms import typed_lines
from engine.commands.complete_task import Completed
from engine.commands.task_sheet import TaskSheet
from engine.forms import Line
from engine.store.records import TaskRecord

PRESSED_AGAIN = timedelta(hours=1)  # a second press within this time gets the first one's answer


def sheet_of(found: TaskRecord, person: Person) -> TaskSheet | None:
    """Return the form of a task as ``person`` is shown it, open or not; of one that is closed nothing is known but the questions."""
    sheet = the_engine().task_sheet(found.user_task_key, reader=person.name)
    if sheet is not None or found.form_key is None:
        return sheet
    return TaskSheet(the_engine().parsed_form(found.form_key), {}, the_service().moment())


def uploads_of(found: TaskRecord, sheet: TaskSheet, person: Person) -> TaskUploads:
    """Return where the files of this person's draft wait."""
    return TaskUploads(
        the_service(),
        found.root_process_instance_key,
        _place(found, person),
        stored=sheet.stored,
        by=person.name,
    )


def load(found: TaskRecord, person: Person) -> drafts.Draft | None:
    """Return the person's draft for a task, None when there is none."""
    now = the_service().clock.now()
    return the_engine().read(lambda session: drafts.load(session, _place(found, person), at=now))


def save(found: TaskRecord, person: Person, answers: Mapping[str, Any], *, page: str) -> drafts.Draft:
    """Keep what is typed so far on ``page``, in place of what was kept before. Raises ``DraftChanged``."""
    now = the_service().clock.now()

    def work(session: Session) -> None:
        place = _place(found, person)
        drafts.save(
            session, place, answers, form_key=found.form_key, life=drafts.STAFF_LIFE, at=now, page=page
        )

    the_engine().write(work)
    return drafts.Draft(answers, found.form_key, now, now + drafts.STAFF_LIFE)


def sent(session: Session, found: TaskRecord, person: Person, digest: str, done: Completed) -> None:
    """Drop the person's draft, now that it is sent, and remember for an hour what was sent and what came next."""
    following = next((task for task in done.opened if task.assignee == person.name), None)
    drafts.drop(session, _place(found, person))
    drafts.save(
        session,
        drafts.sent_place(found.user_task_key, person.name),
        {"post": digest, "next": None if following is None else [following.key, following.name]},
        form_key=None,
        life=PRESSED_AGAIN,
        at=the_service().clock.now(),
    )


def sent_before(found: TaskRecord, person: Person, digest: str) -> Mapping[str, Any] | None:
    """Return what came of it when this person sent this very post a moment ago, None otherwise."""
    place, now = drafts.sent_place(found.user_task_key, person.name), the_service().clock.now()
    before = the_engine().read(lambda session: drafts.load(session, place, at=now))
    return before.answers if before is not None and before.answers["post"] == digest else None


def lines(
    found: TaskRecord, person: Person, answers: Mapping[str, Any], *, form_key: int | None
) -> tuple[Line, ...]:
    """Return what was typed, made on the version ``form_key`` of the form, for its writer to read and copy."""
    sheet = sheet_of(found, person)
    if sheet is None or not answers:
        return ()
    form = sheet.form if form_key in (None, found.form_key) else the_engine().parsed_form(form_key or 0)
    documents = uploads_of(found, sheet, person)
    return typed_lines(form, answers, moment=sheet.moment, documents=documents)


def _place(found: TaskRecord, person: Person) -> str:
    return drafts.task_place(found.user_task_key, person.name)
