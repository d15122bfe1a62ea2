"""Who complains and who acts for them, on the tab *People*: how they are reached, and what they may do."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from api.complaints import contact_details, letter_desk, representation
from api.complaints.intake import PartyDetails
from api.complaints.parties import COMPLAINANT
from api.complaints.tables import ComplaintRow
from api.context import the_engine, the_person, the_service
from api.identity.decide import ComplaintFacts
from api.identity.doors import action
from api.web.staff import blueprint
from api.web.staff.complaint import opened, page
from api.web.staff.typed import read_day, typed
from engine.errors import Conflict, Invalid


@blueprint.post("/complaints/<int:key>/people/way")
@action("complaint.write")
def look_for_a_way(key: int) -> ResponseReturnValue:
    """Open the task in which an address of ``person`` (a role) is recorded; what they are still owed leaves after it."""
    row, facts = opened(key, "complaint.write")
    try:
        begun = letter_desk.look_for_a_way(the_service(), key, person=request.form.get("person", COMPLAINANT))
    except letter_desk.SomebodyAnswers as refusal:
        return page(row, facts, "people", problem=refusal.message), 409
    tasks = the_engine().open_tasks(begun) if begun is not None else ()
    if tasks:
        return redirect(url_for("staff.task", key=tasks[0].user_task_key), 303)
    flash("Somebody looks for a way already: see the open tasks.")
    return redirect(url_for("staff.complaint", key=key), 303)


@blueprint.post("/complaints/<int:key>/people/<any(complainant, representative):role>")
@action("complaint.write")
def correct_details(key: int, role: str) -> ResponseReturnValue:
    """Correct how somebody is called and reached, for a reason. 422 with what is wrong; 409 when a colleague was faster."""
    row, facts = opened(key, "complaint.write")
    try:
        changed = contact_details.correct(
            the_service(),
            key,
            role,
            {field: typed(field) for field in contact_details.WORDS},
            reason=typed("reason"),
            works_again="works_again" in request.form,
            same_person="same_person" in request.form,
            seen=request.form.get("_version"),
            by=the_person().actor,
        )
    except (contact_details.DetailsChanged, contact_details.PersonUnknown) as refusal:
        return page(row, facts, "people", problem=refusal.message), 409
    except Invalid as refusal:
        return _wrong(row, facts, refusal, role)
    words = ", ".join(contact_details.WORDS[field] for field in contact_details.WORDS if field in changed)
    ended = " Links to the status page that went to the old address open nothing any more."
    mailed = ended if "email" in changed else ""
    flash(f"Corrected: {words}.{mailed}" if changed else "Nothing was changed.")
    return redirect(url_for("staff.complaint", key=key, tab="people"), 303)


@blueprint.post("/complaints/<int:key>/people/representative/authority")
@action("complaint.write")
def settle_authority(key: int) -> ResponseReturnValue:
    """Confirm, limit or end the authority of the representative. 422 with what is wrong; 409 when a colleague was faster."""
    row, facts = opened(key, "complaint.write")
    try:
        representation.settle_anew(
            the_service(),
            key,
            _authority(),
            reason=typed("reason"),
            seen=request.form.get("_version"),
            by=the_person().actor,
        )
    except (Conflict, representation.NobodyRepresents) as refusal:
        return page(row, facts, "people", problem=refusal.message), 409
    except Invalid as refusal:
        return _wrong(row, facts, refusal, "authority")
    flash("Settled. Letters that wait and links to the status page follow it from now on.")
    return redirect(url_for("staff.complaint", key=key, tab="people"), 303)


@blueprint.post("/complaints/<int:key>/people/representative/another")
@action("complaint.write")
def take_on_representative(key: int) -> ResponseReturnValue:
    """Let somebody whose proof was seen act for the complainant, in place of whoever is said to. 422 with what is wrong."""
    row, facts = opened(key, "complaint.write")
    try:
        details = PartyDetails(**{field: typed(field) for field in contact_details.WORDS})
        representation.take_on(
            the_service(),
            key,
            details,
            _authority(),
            reason=typed("reason"),
            seen=request.form.get("_version"),
            by=the_person().actor,
        )
    except Conflict as refusal:
        return page(row, facts, "people", problem=refusal.message), 409
    except Invalid as refusal:
        return _wrong(row, facts, refusal, "another")
    flash("Recorded. They act for the complainant from now on, and letters that wait follow.")
    return redirect(url_for("staff.complaint", key=key, tab="people"), 303)


def _wrong(row: ComplaintRow, facts: ComplaintFacts, refusal: Invalid, form: str) -> ResponseReturnValue:
    """Return the page with what is wrong at its field of the form whose fields begin with ``form``."""
    field = f"{form}-{refusal.facts.get('field', 'reason')}"
    return page(row, facts, "people", problem=refusal.message, field=field), 422


def _authority() -> representation.Authority:
    """Return how far somebody speaks as it was typed in. Raises ``AuthorityRefused``."""
    day = typed("until")
    try:
        until = read_day(day) if day else None
    except ValueError:
        words = "Enter the last day as 27 3 2026, or leave it empty."
        raise representation.AuthorityRefused(words, field="until") from None
    return representation.Authority(typed("extent"), until)
