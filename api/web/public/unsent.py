"""A visitor's unsent complaint: found by a cookie, bound to the version of the form it was begun on, kept seven days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import drafts
from api.complaints.intake import PROCESS
from api.complaints.tables import DocumentRow
from api.complaints.uploads import DraftUploads
from api.context import Hidden, the_engine, the_service
from api.identity.sessions import digest
from api.web.form_versions import version_asked
from api.web.forms import visible_steps
from api.web.public.visitor import DRAFT, held, new_mark
from engine import feel
from engine.errors import Unavailable
from engine.forms import FieldError, Form, Step, check_step
from engine.store.search import Condition, Query, Sort


class NoForm(Unavailable):
    """The complaint form cannot be shown at this moment."""

    code = "no_complaint_form"


@dataclass(frozen=True)
class Unsent:
    """Answers so far. ``mark`` is what the cookie holds; ``kept_by`` is the version of the form that what is kept was made on,
    None before anything has been saved."""

    mark: str
    form_key: int
    form: Form
    answers: Mapping[str, Any]
    changed_at: datetime
    kept_by: int | None

    @property
    def began(self) -> bool:
        """Tell whether anything has been saved yet."""
        return self.kept_by is not None

    @property
    def sha256(self) -> bytes:
        """Return where its files wait."""
        return digest(self.mark)

    @property
    def place(self) -> str:
        """Return where its answers lie."""
        return drafts.visitor_place(self.sha256)

    @property
    def uploads(self) -> DraftUploads:
        """Return the store of its files."""
        return DraftUploads(the_service(), self.sha256, by="complainant")

    def step(self, slug: str) -> Step:
        """Return the step at this address. Raises ``Hidden``."""
        found = next((step for step in self.form.steps if step.slug == slug), None)
        if found is None:
            raise Hidden
        return found

    def steps(self) -> tuple[Step, ...]:
        """Return the steps shown for the answers so far, in order."""
        return visible_steps(self.form, self.answers, {}, moment=moment())

    def unanswered(self) -> str | None:
        """Return the address of the first step that still needs an answer, None when all are complete."""
        return next((step.slug for step in self.steps() if self.errors(step)), None)

    def errors(self, step: Step) -> tuple[FieldError, ...]:
        """Return what is wrong on one page, as the form says."""
        return check_step(self.form, step.id, self.answers, {}, moment=moment(), documents=self.uploads)

    def as_posted(self) -> Unsent:
        """Return it on the version of the form that the posted page was made from."""
        key, form = version_asked(self.form.id, begun=self.form_key)
        return replace(self, form_key=key, form=form)

    def shown_on(self, step: Step) -> frozenset[str] | None:
        """Return the names of what is kept that a page of ``step`` replaces; None, all of it, where another version asked for it."""
        return step.names if self.kept_by in (None, self.form_key) else None

    def with_answers(self, answers: Mapping[str, Any], *, page: str, step: Step) -> Unsent:
        """Return it with these answers of ``step``, kept for seven days from now; what its form does not ask goes.

        Raises ``DraftChanged``.
        """
        now = the_service().clock.now()
        asked = frozenset[str]().union(*(one.names for one in self.form.steps))
        answers = {name: answer for name, answer in answers.items() if name in asked}
        the_engine().write(
            lambda session: drafts.save(
                session,
                self.place,
                answers,
                form_key=self.form_key,
                life=drafts.PUBLIC_LIFE,
                at=now,
                page=page,
                of=self.shown_on(step),
            )
        )
        return replace(self, answers=answers, changed_at=now, kept_by=self.form_key)


def find(mark: str | None = None) -> Unsent | None:
    """Return the unsent complaint of this visitor (or of ``mark``), None without one or after its time."""
    mark = mark if mark is not None else held(DRAFT)
    if not mark:
        return None
    now, place = the_service().clock.now(), drafts.visitor_place(digest(mark))
    kept = the_engine().read(lambda session: drafts.load(session, place, at=now))
    if kept is None or kept.form_key is None:
        return None
    form = the_engine().parsed_form(kept.form_key)
    return Unsent(mark, kept.form_key, form, kept.answers, kept.changed_at, kept_by=kept.form_key)


def begin() -> Unsent:
    """Return a new, empty one on the form that is deployed now; nothing is stored yet."""
    key = form_key()
    return Unsent(new_mark(), key, the_engine().parsed_form(key), {}, the_service().clock.now(), kept_by=None)


def discard(unsent: Unsent) -> None:
    """Erase answers and files."""

    def work(session: Session) -> list[str]:
        drafts.drop(session, unsent.place)
        rows = session.scalars(select(DocumentRow).where(DocumentRow.draft_sha256 == unsent.sha256)).all()
        for row in rows:
            session.delete(row)
        return [row.storage for row in rows]

    for storage in the_engine().write(work):
        (the_service().settings.uploads_dir / storage).unlink(missing_ok=True)


def form_key() -> int:
    """Return the key of the form that the newest complaint process starts with. Raises ``NoForm``."""
    engine = the_engine()
    newest = engine.process_definitions(
        Query(
            where=(Condition("process_definition_id", "eq", PROCESS),),
            sort=(Sort("version", descending=True),),
            limit=1,
        )
    ).items
    bound = engine.start_form(newest[0].process_definition_key) if newest else None
    if bound is None:
        raise NoForm(process=PROCESS)
    return bound.form_key


def moment() -> feel.Moment:
    """Return the present as the form's rules see it."""
    return the_service().moment()
