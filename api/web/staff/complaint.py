"""A complaint's pages: overview, timeline, clocks, letters and documents, people, diagram; and what may be done to its clocks."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import (
    after_the_end,
    contact_details,
    letter_desk,
    letter_leaving,
    letters_that_came_back,
    representation,
)
from api.complaints.anchors import WORDS, DayImpossible
from api.complaints.clock_start import stage_of
from api.complaints.contact import IN_WORDS
from api.complaints.keeping_away import colleagues, kept_away
from api.complaints.letter_addressees import missed
from api.complaints.letters_held import is_held
from api.complaints.parties import BY_HAND, REPRESENTATIVE, parties
from api.complaints.policies import kinds
from api.complaints.reading import CaseView, ComplaintNotFound, case_view, display_names
from api.complaints.reading import complaint as complaint_row
from api.complaints.related import papers_of_related
from api.complaints.said import offered
from api.complaints.search import facts_for
from api.complaints.struck_out import struck_out
from api.complaints.tables import ComplaintRow, EventRow, LetterRow
from api.context import require, the_engine, the_person, the_service
from api.db import db
from api.deadlines.timers import waiting
from api.identity.decide import ComplaintFacts, may, reach
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.clock_words import EVIDENCE, PAUSE_REASONS
from api.web.staff.diagram import drawing
from api.web.staff.typed import TypedTooMuch, read_day, typed
from engine.errors import Conflict, Invalid
from engine.store.search import Condition, Query

LONGEST_NOTE = 10_000  # characters
_REPLACED = (
    "This letter may not leave any more. It was written anew to whom it concerns; the timeline says why."
)
TABS = (
    ("overview", "Overview"),
    ("timeline", "Timeline"),
    ("clocks", "Clocks"),
    ("papers", "Letters and documents"),
    ("people", "People"),
    ("diagram", "Diagram"),
)


@blueprint.get("/complaints/<int:key>")
@blueprint.get("/complaints/<int:key>/<any(overview, timeline, clocks, papers, people, diagram):tab>")
@action("complaint.read")
def complaint(key: int, tab: str = "overview") -> ResponseReturnValue:
    """Show one side of a complaint; for somebody in conflict of interest it does not exist."""
    row, facts = opened(key, "complaint.read")
    return page(row, facts, tab)


@blueprint.post("/complaints/<int:key>/notes")
@action("complaint.write")
def add_note(key: int) -> ResponseReturnValue:
    """Add a note to the timeline; colleagues see it, the complainant does not."""
    row, facts = opened(key, "complaint.write")
    text = request.form.get("note", "").strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        too_long = f"A note has up to {LONGEST_NOTE:,} characters; this has {len(text):,}. Shorten it."
        return page(
            row, facts, "timeline", problem=too_long if text else "Write the note.", field="note"
        ), 422
    service, person, now = the_service(), the_person(), the_service().clock.now()
    service.engine.write(
        lambda session: session.add(
            EventRow(
                key=service.database.keys.next(),
                complaint_key=key,
                at=now,
                by=person.name,
                kind="note",
                text=text,
                facts={},
            )
        )
    )
    return redirect(url_for("staff.complaint", key=key, tab="timeline"), 303)


@blueprint.post("/complaints/<int:key>/letters/<int:letter>/posted")
@action("complaint.write")
def posted(key: int, letter: int) -> ResponseReturnValue:
    """Note that a letter on paper was posted, today or on the day given: evidence of dispatch, which answers its clock."""
    row, facts = opened(key, "complaint.write")
    day, field = request.form.get("day", "").strip(), f"posted-{letter}"
    try:
        on = read_day(day) if day else None
        posted = letter_desk.mark_posted(the_service(), key, letter, on=on, by=the_person().actor)
    except ValueError:
        return page(row, facts, "papers", problem="Enter the day as 27 3 2026.", field=field), 422
    except DayImpossible as refusal:
        return page(row, facts, "papers", problem=refusal.message, field=field), 422
    flash("Noted: the letter has been posted." if posted else f"{_REPLACED} Do not post the old one.")
    return redirect(url_for("staff.complaint", key=key, tab="papers"), 303)


@blueprint.post("/complaints/<int:key>/letters/<int:letter>/send")
@action("complaint.write")
def send_held(key: int, letter: int) -> ResponseReturnValue:
    """Let a letter leave that was held since the complaint was imported."""
    opened(key, "complaint.write")
    sent = letter_desk.send_held(the_service(), key, letter, by=the_person().actor)
    flash("The letter is on its way." if sent else _REPLACED)
    return redirect(url_for("staff.complaint", key=key, tab="papers"), 303)


@blueprint.post("/complaints/<int:key>/letters/<int:letter>/came-back")
@action("complaint.write")
def letter_came_back(key: int, letter: int) -> ResponseReturnValue:
    """Note that a letter which had left came back, today or on the day given: it met nothing, and is written anew or kept.

    422 for a day that cannot be; 409 where it has not left, came back already or reached them.
    """
    row, facts = opened(key, "complaint.write")
    day, field = request.form.get("day", "").strip(), f"back-{letter}"
    try:
        on = read_day(day) if day else None
        reason = typed("reason")
        owed = letters_that_came_back.record(
            the_service(), key, letter, on=on, reason=reason, by=the_person().actor
        )
    except ValueError:
        return page(row, facts, "papers", problem="Enter the day as 27 3 2026.", field=field), 422
    except Invalid as refusal:
        wrong = f"{field}-reason" if isinstance(refusal, TypedTooMuch) else field
        return page(row, facts, "papers", problem=refusal.message, field=wrong), 422
    except Conflict as refusal:
        return page(row, facts, "papers", problem=refusal.message), 409
    flash(
        "Noted: the letter came back. What it had met is open again; it is written anew, or kept until there is a way to them."
        if owed
        else "Noted: the letter came back. Nothing is sent in its place; the timeline says why."
    )
    return redirect(url_for("staff.complaint", key=key, tab="papers"), 303)


def opened(key: int, wanted: str) -> tuple[ComplaintRow, ComplaintFacts]:
    """Return a complaint the person may do ``wanted`` with. Raises ``ComplaintNotFound``, ``Forbidden``, ``Hidden``."""
    session = db.session()
    row = complaint_row(session, key)
    facts = facts_for(session, the_person(), row)
    require(wanted, facts, absent=ComplaintNotFound(complaint=str(key)))
    return row, facts


def page(row: ComplaintRow, facts: ComplaintFacts, tab: str, *, problem: str = "", field: str = "") -> str:
    """Return one side of a complaint, with what went wrong and the field it is about."""
    session, service, person = db.session(), the_service(), the_person()
    case = case_view(session, row, calendars=service.calendars, now=service.clock.now())
    may_write = bool(may(person, "complaint.write", facts))
    return render_template(
        "staff/complaint.html",
        case=case,
        complaint=row,
        tab=tab,
        tabs=TABS,
        problem=problem,
        field=field,
        pause_reasons=PAUSE_REASONS,
        evidence_kinds=EVIDENCE,
        timers=waiting(service, row.instance_key) if tab == "clocks" and row.instance_key is not None else (),
        table_kinds=kinds(session) if tab == "clocks" else None,
        stage=stage_of(session, row.key),
        anchor_days=WORDS,
        waits_for_letter=_begins_with(session, row.key),
        tasks=_open_tasks(row),
        held=is_held,
        to_be_posted=letter_leaving.is_to_be_posted,
        by_hand=BY_HAND,
        kept_back=letter_desk.kept_back(service, row.key) if tab == "papers" else {},
        came_back=letters_that_came_back.came_back_on(session, row.key) if tab == "papers" else {},
        related_papers=papers_of_related(session, row.key, person, reach(person)) if tab == "papers" else {},
        missed=[
            (role, IN_WORDS[role]) for role in missed(service.letters, session, row.key, on=service.today())
        ],
        corrected=_corrected(session, service.settings.time_zone, row) if tab == "people" else {},
        drawings=_drawings(row) if tab == "diagram" else (),
        may_write=may_write,
        may_say=offered(service, row.key) if may_write and tab == "overview" else (),
        may_outside=after_the_end.offered(service, row.key) if may_write and tab == "overview" else None,
        may_clock=bool(may(person, "complaint.clock", facts)),
        may_backdate=bool(may(person, "complaint.backdate", facts)),
        may_timer=bool(may(person, "complaint.timer", facts)),
        may_stand_aside=bool(may(person, "complaint.stand-aside", facts)),
        may_keep_away=bool(may(person, "complaint.keep-away", facts)),
        may_let_back=bool(may(person, "complaint.let-back", facts)),
        kept_away=kept_away(session, row.key) if tab == "people" else (),
        names=display_names(session),
        colleagues=colleagues(session) if tab == "people" else (),
        stuck=_is_stuck(session, case),
    )


def _corrected(session: Session, zone: ZoneInfo, row: ComplaintRow) -> dict[str, Any]:
    """Return what the forms need in which details are corrected: the people, what reached nobody, what may be preferred."""
    return {
        "people": [(party, IN_WORDS[role]) for role, party in parties(session, row.key).items()],
        "representative": parties(session, row.key).get(REPRESENTATIVE),
        "authority": representation,
        "mark_of": contact_details.mark_of,
        "struck_out": [one["what"] for one in struck_out(session, row, zone)],
        "channels": ("e-mail", "phone", "post"),
    }


def _begins_with(session: Session, complaint_key: int) -> dict[str, LetterRow]:
    """Return by clock the letters that, once they have left, extend it, or promise another day by it."""
    rows = session.scalars(
        select(LetterRow).where(
            LetterRow.complaint_key == complaint_key,
            LetterRow.extends.is_not(None),
            LetterRow.dispatched_at.is_(None),
            LetterRow.replaced_at.is_(None),
        )
    )
    return {row.extends["clock"]: row for row in rows if row.extends}


def _open_tasks(row: ComplaintRow) -> tuple[Any, ...]:
    if row.instance_key is None:
        return ()
    return the_engine().case_tasks(row.instance_key)


def _drawings(row: ComplaintRow) -> tuple[Any, ...]:
    if row.instance_key is None:
        return ()
    family = Query(
        where=(
            Condition("root_process_instance_key", "eq", row.instance_key),
            Condition("state", "eq", "ACTIVE"),
        ),
        limit=20,
    )
    active = [instance.process_instance_key for instance in the_engine().instances(family).items]
    return tuple(drawing(key) for key in dict.fromkeys([row.instance_key, *active]))


def _is_stuck(session: Session, case: CaseView) -> bool:  # noqa: ARG001
    if case.complaint.instance_key is None:
        return False
    return the_engine().instance(case.complaint.instance_key).has_incident
