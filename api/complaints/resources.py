"""Complaints for programs: registering one (safe to repeat), reading one, searching; under the same rules as the pages."""

from __future__ import annotations

import re
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import after_the_end, contact_details, letters_that_came_back, said
from api.complaints.answers.sheets import told
from api.complaints.heard import Heard
from api.complaints.intake import (
    ComplaintRefused,
    NewComplaint,
    PartyDetails,
    Registered,
    objections,
    outside_rules,
    receive,
    receive_within,
)
from api.complaints.other_rules import other_rules
from api.complaints.policies import known_kinds
from api.complaints.reading import CaseView, ComplaintNotFound, case_view
from api.complaints.references import read_reference
from api.complaints.representation import Authority, settle_anew, take_on
from api.complaints.resource_schemas import (
    AuthorityBody,
    CameBackBody,
    ComplaintAnswer,
    ComplaintsAnswer,
    ComplaintSearch,
    DecidedBody,
    DetailsBody,
    NewComplaintBody,
    OutsideBody,
    RegisteredAnswer,
    RepresentativeBody,
    RulesBody,
    SaidBody,
)
from api.complaints.search import Wanted, facts_for, find
from api.complaints.tables import ComplaintRow, LetterRow
from api.context import require, the_engine, the_person, the_service
from api.errors import problem
from api.identity.decide import reach
from api.identity.doors import action
from api.identity.tables import PersonRow
from api.rest.interface import Interface, written
from api.rest.shapes import LARGEST
from engine.deadlines.clocks import Act
from engine.errors import Invalid
from engine.store.upkeep import Answer, StillOpen
from engine.values import to_text
from engine.zones import local_date

blueprint = Interface("complaints", prefix="/api", description="The register of complaints.")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
IDEMPOTENCY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 200},
    "description": "Repeating the request with the same key within 24 hours returns the first answer and changes nothing.",
}


class IdempotencyKeyRefused(Invalid):
    """An Idempotency-Key has 1 to 200 visible ASCII characters."""

    code = "idempotency_key_refused"


@blueprint.post("/complaints")
@action("complaint.register")
@blueprint.doc(parameters=[IDEMPOTENCY])
@blueprint.arguments(NewComplaintBody)
@blueprint.answers(201, RegisteredAnswer)
def register(body: dict[str, Any]) -> Response:
    """Register a complaint and start its process. 422 names every wrong field; a key used with another body 422."""
    new = _complaint(body)
    key = _once_key()
    if key is None:
        return _registered(Answer(201, _body(receive(the_service(), new, by=the_person().actor))))
    service, person = the_service(), the_person()

    def work(session: Session) -> Answer:
        return Answer(201, _body(receive_within(service, session, new, by=person.actor)))

    return _registered(the_engine().once(f"complaints of {person.name}", key, request.get_data(), work))


@blueprint.errorhandler(StillOpen)
def still_open(refusal: StillOpen) -> Response:
    """Answer 409 with the time to come back."""
    answer = problem(409, refusal.code.upper(), refusal.message, code=refusal.code, facts=refusal.facts)
    answer.headers["Retry-After"] = "1"
    return answer


@blueprint.get("/complaints/<string:name>")
@action("complaint.read")
@blueprint.answers(200, ComplaintAnswer)
def complaint(name: str) -> Response:
    """Return one complaint by key or reference; for somebody in conflict of interest it does not exist."""

    def work(session: Session) -> Response:
        row = _found(session, name)
        if row is None:
            raise ComplaintNotFound(complaint=name)
        require(
            "complaint.read", facts_for(session, the_person(), row), absent=ComplaintNotFound(complaint=name)
        )
        service = the_service()
        case = case_view(session, row, calendars=service.calendars, now=service.clock.now())
        columns = {
            one.key: getattr(row, one.key) for one in ComplaintRow.__table__.columns if one.key != "private"
        }
        told = {
            **columns,
            "people": case.people,
            "issues": case.issues,
            "clocks": case.clocks,
            "remedies": case.remedies,
            "letters": _letters(session, case),
            "answers": case.sheets,
        }
        return written(ComplaintAnswer().dump(told))

    return the_engine().read(work)


@blueprint.post("/complaints/<string:name>/rules")
@action("complaint.clock")
@blueprint.arguments(RulesBody)
@blueprint.answers(204)
def change_rules(body: dict[str, Any], name: str) -> Response:
    """Put the complaint under another regime, category or stage: its clocks follow. 422 for rules the table has none of."""
    person, service, key = the_person(), the_service(), _allowed(name, "complaint.clock")
    change = other_rules(service, regime=body["regime"], category=body["category"], stage=body["stage"])
    act = Act(at=service.clock.now(), by=person.name, reason=body["reason"].strip())
    service.move_clocks(key, change, act=act, by=person.actor)
    return Response(status=204)


@blueprint.post("/complaints/<string:name>/people/<any(complainant, representative):role>")
@action("complaint.write")
@blueprint.arguments(DetailsBody)
@blueprint.answers(204)
def correct_details(body: dict[str, Any], name: str, role: str) -> Response:
    """Correct how somebody is called and reached: letters that wait follow. A changed e-mail address makes their links useless.

    404 where nobody of this role is on file, 422 for what cannot be, was struck out, or could be another person.
    """
    key, given = _allowed(name, "complaint.write"), {**body}
    said = {what: given.pop(what) for what in ("reason", "works_again", "same_person")}
    contact_details.correct(the_service(), key, role, given, **said, by=the_person().actor)
    return Response(status=204)


@blueprint.post("/complaints/<string:name>/people/representative/authority")
@action("complaint.write")
@blueprint.arguments(AuthorityBody)
@blueprint.answers(204)
def settle_authority(body: dict[str, Any], name: str) -> Response:
    """Confirm, limit or end the authority of the representative from now on: letters, links and waiting diagrams follow.

    404 where nobody is said to act for the complainant, 422 for a last day that is over.
    """
    key, authority = _allowed(name, "complaint.write"), Authority(body["extent"], body["until"])
    settle_anew(the_service(), key, authority, reason=body["reason"], by=the_person().actor)
    return Response(status=204)


@blueprint.post("/complaints/<string:name>/people/representative/another")
@action("complaint.write")
@blueprint.arguments(RepresentativeBody)
@blueprint.answers(204)
def take_on_representative(body: dict[str, Any], name: str) -> Response:
    """Let somebody whose proof was seen act for the complainant from now on, in place of whoever is said to.

    422 for what cannot be.
    """
    key, given = _allowed(name, "complaint.write"), {**body}
    authority, reason = Authority(given.pop("extent"), given.pop("until")), given.pop("reason")
    take_on(the_service(), key, PartyDetails(**given), authority, reason=reason, by=the_person().actor)
    return Response(status=204)


@blueprint.post("/complaints/<string:name>/letters/<int:letter>/came-back")
@action("complaint.write")
@blueprint.arguments(CameBackBody)
@blueprint.answers(204)
def letter_came_back(body: dict[str, Any], name: str, letter: int) -> Response:
    """Note that a letter which had left came back: what it had met is open again, and it is written anew, or kept for a way to them.

    404 for no letter of this complaint; 409 where it has not left, came back already or reached them; 422 for a day that cannot be.
    """
    key = _allowed(name, "complaint.write")
    letters_that_came_back.record(
        the_service(),
        key,
        letter,
        on=body["came_back_on"],
        reason=body["reason"],
        by=the_person().actor,
    )
    return Response(status=204)


@blueprint.post("/complaints/<string:name>/said")
@action("complaint.write")
@blueprint.doc(parameters=[IDEMPOTENCY])
@blueprint.arguments(SaidBody)
@blueprint.answers(204)
def record_said(body: dict[str, Any], name: str) -> Response:
    """Record what somebody said to us, with the effect of their status page.

    409 when it is not possible any more, not before our answer has left, or not for them; 422 for a day that cannot be.
    """
    person, service = the_person(), the_service()
    complaint_key = _allowed(name, "complaint.write")
    on = body["said_on"] or service.today()
    words = body["words"].strip()
    heard = Heard(body["said_by"], body["channel"], on, person.actor)
    told_us = {"what": body["what"], "words": words, "saidBy": heard.role, **heard.facts}
    said.record(
        service,
        complaint_key,
        said.Said(body["what"], words, heard, body["danger_now"]),
        sheet=told(told_us, title="What they said"),
        key=_recording(),
    )
    return Response(status=204)


@blueprint.post("/complaints/<string:name>/outside")
@action("complaint.write")
@blueprint.doc(parameters=[IDEMPOTENCY])
@blueprint.arguments(OutsideBody)
@blueprint.answers(204)
def record_outside(body: dict[str, Any], name: str) -> Response:
    """Record that an outside body has taken up a complaint that has ended: it is followed beside the closed case.

    409 for one that has not ended, that a body has already, or that goes on elsewhere; 422 for a day that is over.
    """
    person, complaint_key = the_person(), _allowed(name, "complaint.write")
    due = body["file_due_on"]
    taken = after_the_end.TakenUp(body["body"].strip(), (body["body_reference"] or "").strip() or None, due)
    facts = {"body": taken.body, "bodyReference": taken.reference, "fileDueOn": due and due.isoformat()}
    after_the_end.take_up(
        the_service(),
        complaint_key,
        taken,
        sheet=told(facts, title="Taken up by an outside body"),
        key=_recording(),
        by=person.actor,
    )
    return Response(status=204)


@blueprint.post("/complaints/<string:name>/outside/decided")
@action("complaint.write")
@blueprint.doc(parameters=[IDEMPOTENCY])
@blueprint.arguments(DecidedBody)
@blueprint.answers(204)
def record_decided(_body: dict[str, Any], name: str) -> Response:
    """Note that the outside body has decided: the task in which the outcome is recorded opens. 409 while nobody waits for it."""
    complaint_key = _allowed(name, "complaint.write")
    after_the_end.decided(the_service(), complaint_key, key=_recording(), by=the_person().actor)
    return Response(status=204)


@blueprint.post("/complaints/search")
@action("complaint.search")
@blueprint.arguments(ComplaintSearch)
@blueprint.answers(200, ComplaintsAnswer)
def search_complaints(body: dict[str, Any]) -> Any:
    """Search the complaints the caller may read."""
    person, zone = the_person(), the_service().settings.time_zone
    wanted = Wanted(**_defaults(body["filter"], Wanted), sort=body["sort"])
    page = body["page"]
    found = the_engine().read(
        lambda session: find(
            session,
            person,
            reach(person),
            wanted,
            zone=zone,
            offset=page.get("from_", 0),
            limit=page.get("limit", 50),
        )
    )
    return {"items": found.lines, "page": {"total_items": found.total, "has_more": found.more}}


def _letters(session: Session, case: CaseView) -> list[dict[str, Any]]:
    """Return the letters of a complaint with the days on which they came back."""
    back = letters_that_came_back.came_back_on(session, case.complaint.key)
    columns = [one.key for one in LetterRow.__table__.columns]
    return [
        {**{name: getattr(row, name) for name in columns}, "came_back_on": back.get(row.key)}
        for row in case.letters
    ]


def _defaults(given: dict[str, Any], kind: type[Wanted]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in kind.__dataclass_fields__}


def _allowed(name: str, wanted: str) -> int:
    """Return the key of the complaint the caller may do ``wanted`` with. Raises ``ComplaintNotFound``, ``Forbidden``, ``Hidden``."""

    def look(session: Session) -> int:
        row, absent = _found(session, name), ComplaintNotFound(complaint=name)
        if row is None:
            raise absent
        require(wanted, facts_for(session, the_person(), row), absent=absent)
        return row.key

    return the_engine().read(look)


def _recording() -> str:
    """Return what names this recording of the person who asks: with the same Idempotency-Key it changes nothing again."""
    return f"{the_person().name}:{_once_key() or token_urlsafe(16)}"


def _once_key() -> str | None:
    """Return the Idempotency-Key of this request, None without one. Raises ``IdempotencyKeyRefused``."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise IdempotencyKeyRefused
    return key


def _found(session: Session, name: str) -> ComplaintRow | None:
    if name.isdecimal() and name.isascii() and len(name) < 20 and int(name) <= LARGEST:
        return session.get(ComplaintRow, int(name))
    reference = read_reference(name)
    if reference is None:
        return None
    return session.scalar(select(ComplaintRow).where(ComplaintRow.reference == reference))


def _complaint(body: dict[str, Any]) -> NewComplaint:
    """Return the complaint of a body. Raises ``ComplaintRefused`` with every reason under ``errors``."""
    service = the_service()
    now, zone = service.clock.now(), service.settings.time_zone
    received_at: datetime = body["received_at"] or now
    new = NewComplaint(
        channel=body["channel"],
        received_at=received_at,
        description=body["description"],
        complainant=_party(body["complainant"]),
        representative=_party(body["representative"]),
        occurred_on=body["occurred_on"],
        first_raised_on=body["first_raised_on"],
        sent_to_company_on=body["sent_to_company_on"],
        product=body["product"],
        problem=body["problem"],
        category=body["category"],
        regime=body["regime"] or service.organisation.regime,
        desired_remedy=body["desired_remedy"],
        issues=tuple(body["issues"]),
        danger_reported=body["danger_reported"],
        with_outside_body=body["with_outside_body"],
        employment=body["employment"],
        staff_concerned=tuple(dict.fromkeys(body["staff_concerned"])),
        backdating_reason=(body["backdating_reason"] or "").strip() or None,
        facts=body["facts"],
    )
    wrong = list(objections(new, now=now, zone=zone, kinds=the_engine().read(known_kinds)))
    if new.received_on(zone) < local_date(now, zone) and new.backdating_reason is None:
        wrong.append(("backdatingReason", "Say why it is entered after the day it was received."))
    outside = the_engine().read(
        lambda session: outside_rules(session, new, zone=zone, moment=service.moment())
    )
    if outside is not None:
        wrong.append(("receivedAt", f"{outside} Check the day, or name the regime that held on it."))
    wrong += [
        ("staffConcerned", f"Nobody has the user name {name!r}.") for name in _unknown(new.staff_concerned)
    ]
    if wrong:
        errors = [{"path": path, "message": text} for path, text in wrong]
        raise ComplaintRefused(errors=errors)
    return new


def _unknown(names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    known = the_engine().read(
        lambda session: set(session.scalars(select(PersonRow.name).where(PersonRow.name.in_(names))))
    )
    return [name for name in names if name not in known]


def _party(body: dict[str, Any] | None) -> PartyDetails | None:
    return None if body is None else PartyDetails(**body)


def _body(registered: Registered) -> bytes:
    return to_text(RegisteredAnswer().dump(registered)).encode()


def _registered(answer: Answer) -> Response:
    told = Response(answer.body, status=answer.status, mimetype="application/json")
    if answer.replayed:
        told.headers["Idempotency-Replayed"] = "true"
    return told
