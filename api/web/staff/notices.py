"""Notices: what colleagues and diagrams tell a person or their groups, with a read receipt."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, and_, func, or_, select, update

from api.complaints.search import visible
from api.complaints.tables import ComplaintRow, ExclusionRow, NoticeRow
from api.context import require, the_engine, the_service
from api.db import db
from api.identity.decide import reach
from api.identity.doors import action
from api.identity.people import Person
from api.web.staff import blueprint


@blueprint.get("/notices")
@action("notice.read")
def notices() -> ResponseReturnValue:
    """Show the notices of the person and their groups, unread first."""
    person = require("notice.read")
    rows = (
        db.session()
        .execute(
            select(NoticeRow, ComplaintRow.reference)
            .outerjoin(
                ComplaintRow,  # a department sees the request made to it, not which complaint it belongs to
                and_(ComplaintRow.key == NoticeRow.complaint_key, visible(person, reach(person))),
            )
            .where(_for(person))
            .order_by(NoticeRow.read_at.is_not(None), NoticeRow.at.desc())
            .limit(200)
        )
        .all()
    )
    return render_template("staff/notices.html", rows=rows)


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


def _for(person: Person) -> ColumnElement[bool]:
    excluded = select(ExclusionRow.complaint_key).where(ExclusionRow.person_name == person.name)
    return and_(
        or_(NoticeRow.person_name == person.name, NoticeRow.group_name.in_(sorted(person.groups))),
        or_(NoticeRow.complaint_key.is_(None), NoticeRow.complaint_key.not_in(excluded)),
    )
