"""Notices: what colleagues and diagrams tell a person or their groups, with a read receipt."""

from __future__ import annotations

from collections.abc import Sequence

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from api.complaints.content import open_words
from api.complaints.letter_jobs import CONTRIBUTION
from api.complaints.search import visible
from api.complaints.tables import ComplaintRow, EventRow, ExclusionRow, NoticeRow
from api.context import require, the_engine, the_service
from api.db import db
from api.identity.decide import reach
from api.identity.doors import action
from api.identity.people import Person
from api.web.staff import blueprint

OF_A_COMPLAINT = "News of a complaint that others look after"


@blueprint.get("/notices")
@action("notice.read")
def notices() -> ResponseReturnValue:
    """Show the notices of the person and their groups, unread first."""
    person = require("notice.read")
    session = db.session()
    rows = session.execute(
        select(NoticeRow, ComplaintRow.reference)
        .outerjoin(
            ComplaintRow,  # a department sees the request made to it, not which complaint it belongs to
            and_(ComplaintRow.key == NoticeRow.complaint_key, visible(person, reach(person))),
        )
        .where(_for(person))
        .order_by(NoticeRow.read_at.is_not(None), NoticeRow.at.desc())
        .limit(200)
    ).all()
    return render_template(
        "staff/notices.html", rows=_as_told(session, person, [(row[0], row[1]) for row in rows])
    )


@blueprint.post("/notices/<int:key>/read")
@action("notice.read")
def read_notice(key: int) -> ResponseReturnValue:
    """Note that the person has read it; reading it again changes nothing."""
    person = require("notice.read")
    now = the_service().clock.now()
    the_engine().write(
        lambda session: session.execute(
            update(NoticeRow)
            .where(NoticeRow.key == key, NoticeRow.read_at.is_(None), _for(person))
            .values(read_at=now, read_by=person.name)
        )
    )
    return redirect(url_for("staff.notices"), 303)


def unread(person: Person) -> int:
    """Return how many notices wait to be read."""
    return (
        db.session().scalar(
            select(func.count()).select_from(NoticeRow).where(_for(person), NoticeRow.read_at.is_(None))
        )
        or 0
    )


def _as_told(
    session: Session, person: Person, rows: Sequence[tuple[NoticeRow, str | None]]
) -> list[tuple[NoticeRow, str | None, str, str]]:
    """Return notices with reference, subject and text as the person is told them.

    Of a complaint they may not read that is what says nothing people wrote; a department reads the letter written to it.
    """
    unread_ones = {row.complaint_key for row, reference in rows if row.complaint_key and not reference}
    lines = select(EventRow.facts).where(
        EventRow.complaint_key.in_(unread_ones), EventRow.kind == CONTRIBUTION
    )
    written_to_them = {facts["notice"] for facts in session.scalars(lines)} if unread_ones else set()
    words = open_words(session, the_engine().house.catalogue, person)
    told = []
    for row, reference in rows:
        subject, text = row.subject, row.text
        if row.complaint_key in unread_ones and str(row.key) not in written_to_them:
            subject = subject if words.open(subject) else OF_A_COMPLAINT
            text = text if words.open(text) else ""
        told.append((row, reference, subject, text))
    return told


def _for(person: Person) -> ColumnElement[bool]:
    excluded = select(ExclusionRow.complaint_key).where(ExclusionRow.person_name == person.name)
    return and_(
        or_(NoticeRow.person_name == person.name, NoticeRow.group_name.in_(sorted(person.groups))),
        or_(NoticeRow.complaint_key.is_(None), NoticeRow.complaint_key.not_in(excluded)),
    )
