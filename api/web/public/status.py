"""Following a complaint: the secret link opens a visit of half an hour, and a page says how things stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints import links
from api.complaints.case_jobs import WHY
from api.complaints.facts import window_over
from api.complaints.from_complainant import ADDS, ANSWERS, RATES, WITHDRAWS, last_said, open_to
from api.complaints.history import ended_as
from api.complaints.lines import said_by, said_on
from api.complaints.our_answer import (
    SOUGHT,
    answer_letter,
    copy_for,
    had_by_nobody_else,
    left_at,
    way_of_answer,
)
from api.complaints.parties import COMPLAINANT, REPRESENTATIVE, may_decide
from api.complaints.progress import (
    ON_ITS_WAY,
    ON_ITS_WAY_ELSEWHERE,
    TOLD_BY_LETTER,
    WENT_ELSEWHERE,
    outside_until,
    promises,
    stages,
)
from api.complaints.reading import (
    SOMEBODY_ELSE,
    ClockView,
    Event,
    clock_views,
    decided_outside,
    display_names,
    timeline,
)
from api.complaints.reading import complaint as complaint_row
from api.complaints.said_to_claimant import told_to_claimant_only
from api.complaints.states import ENDED, is_outside_again, public_words
from api.complaints.tables import ComplaintRow, IssueRow, LetterRow, LinkRow, PartyRow
from api.context import the_service
from api.db import db
from api.identity.doors import action
from api.identity.sessions import digest
from api.web.public import blueprint
from api.web.public.refusals import AnotherComplaint, LinkOpensNothing
from api.web.public.visitor import VISIT, forget, held, hold, limit
from engine.zones import local_date

_TO_OUTSIDE = frozenset({"responded", "rejected_open", "external", "not_accepted", "closed"})
_READ_AGAIN = frozenset({"responded", "rejected_open", "stage_two", "external", "correcting", "closed"})
HAD_ELSEWHERE = "had-elsewhere"
_TOUCH_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class Visit:
    """Somebody with the secret link: their complaint, and what its diagrams wait for from them."""

    token: str
    complaint: ComplaintRow
    can: frozenset[str]
    decides: bool = True  # False for a representative who only receives
    role: str = COMPLAINANT
    party_key: int | None = None  # None for whoever complained without a name
    comes_by: str | None = None
    """How our newest answer is on its way to them, ``to-…`` or ``sought-…`` whom else, or ``HAD_ELSEWHERE``; None: it is not."""

    @property
    def answer_comes(self) -> str:
        """Return in words that our newest answer is on its way, empty where it has left."""
        if self.comes_by is None:
            return ""
        if self.comes_by == HAD_ELSEWHERE:
            return WENT_ELSEWHERE
        return ON_ITS_WAY_ELSEWHERE if self.comes_by.startswith(("to-", "sought-")) else ON_ITS_WAY

    @property
    def mark(self) -> bytes:
        """Return where files of this visit wait."""
        return digest(f"visit:{self.token}")

    @property
    def may_add(self) -> bool:
        """Tell whether more information is read."""
        return ADDS in self.can

    @property
    def may_withdraw(self) -> bool:
        """Tell whether the complaint can be withdrawn."""
        return WITHDRAWS in self.can and self.decides

    @property
    def may_answer(self) -> bool:
        """Tell whether we wait for what they think of our answer."""
        return ANSWERS in self.can and self.decides and self.comes_by is None

    @property
    def others_may_answer(self) -> bool:
        """Tell whether we wait for what somebody else thinks of our answer: whom who visits us only reads for."""
        return ANSWERS in self.can and not self.decides and self.comes_by is None

    @property
    def closed_but_heard(self) -> bool:
        """Tell whether what we wrote may still be answered, though the complaint is closed."""
        return self.may_answer and self.complaint.closed_at is not None

    @property
    def may_rate(self) -> bool:
        """Tell whether the survey waits."""
        return RATES in self.can


@blueprint.get("/t/<token>")
@action("public")
def open_link(token: str) -> ResponseReturnValue:
    """Exchange the link for a visit and a clean address: 303; 404 with one page for links that open nothing."""
    limit("link")
    service, now = the_service(), the_service().clock.now()

    def work(session: Session) -> str:
        today = local_date(now, service.settings.time_zone)
        opened = links.opened_by(session, token[:100], purpose="follow", at=now, on=today)
        if opened is None:
            raise LinkOpensNothing
        return links.new_link(
            session, opened.complaint_key, purpose="visit", party_key=opened.party_key, at=now
        )

    visit = service.engine.write(work)
    answer = make_response(redirect(url_for("public.status"), 303))
    hold(answer, VISIT, visit)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.get("/status")
@action("public")
def status() -> ResponseReturnValue:
    """How the complaint stands, what was promised by when, what can be done now; nothing of what was told to us."""
    visit, service = the_visit(), the_service()
    row, session, now = visit.complaint, db.session(), service.clock.now()
    lines = _to_others_left_out(visit, timeline(session, row.key, reader=visit.role))
    events = _when_it_was(visit, _as_far_as_told(visit, lines))
    clocks = clock_views(session, row.key, calendars=service.calendars, now=now)
    given = promises(_told_to(visit, clocks))
    late = [promise for promise in given if promise.late]
    turned_away = "not_accepted" in (row.state, ended_as(session, row))
    said = last_said(session, row.key, "complainant-answer") if turned_away else None
    return private(
        "public/status.html",
        visit=visit,
        us=service.organisation,
        words=visit.answer_comes
        if visit.comes_by and row.state in TOLD_BY_LETTER
        else public_words(row.state),
        read_again=row.state in _READ_AGAIN and _can_read_again(visit),
        closing=CLOSING_WORDS.get(row.closing_reason or "") if row.state in ENDED else None,
        stages=stages(
            row.state, row.received_at, events, closed_at=row.closed_at, answer_comes=visit.answer_comes
        ),
        events=sorted(events, key=lambda one: one.at, reverse=True),
        promises=given,
        late=late,
        contact=display_names(session).get(row.owner or "") or service.organisation.complaints_manager,
        outside=(row.state in _TO_OUTSIDE or bool(late)) and not decided_outside(session, row.key),
        outside_until=outside_until(clocks),
        outside_over=window_over(session, row.key, at=now),
        ended=row.state in ENDED,
        outside_again=is_outside_again(row.state, row.closed_at),
        said=said,
        said_on=said_on(said, service.settings.time_zone) if said else None,
        said_by=said_by(said) if said else None,
        somebody_else=SOMEBODY_ELSE[said_by(said)] if said else "",
    )


def _told_to(visit: Visit, clocks: Iterable[ClockView]) -> list[ClockView]:
    """Return the clocks without those that were only met by telling somebody who has not shown yet that they may act."""
    elsewhere = told_to_claimant_only(db.session(), visit.complaint)
    return [one for one in clocks if one.is_open or one.name not in elsewhere]


@dataclass(frozen=True, slots=True)
class OurAnswer:
    """What there is to read of our answer: its letter as this person got it, what was decided, or why there is none."""

    letter: LetterRow | None
    issues: Sequence[IssueRow]
    why: str | None


def answer_for(visit: Visit) -> OurAnswer | None:
    """Return what whoever visits can read of our answer; None while there is nothing, and of one that was given elsewhere."""
    session, complaint = db.session(), visit.complaint
    letter = answer_letter(the_service().letters, session, complaint.key)
    mine = letter and copy_for(session, letter, visit.party_key)
    if visit.comes_by is not None:
        return OurAnswer(mine, (), None)
    query = select(IssueRow).where(IssueRow.complaint_key == complaint.key).order_by(IssueRow.number)
    issues = session.scalars(query).all()
    decided = any(issue.outcome for issue in issues)
    why = None if mine or decided else complaint.facts.get(WHY)
    return OurAnswer(mine, issues, why) if mine or decided or why else None


def _can_read_again(visit: Visit) -> bool:
    ours = answer_for(visit)
    return ours is not None and (ours.letter is not None or visit.comes_by is None)


def _when_it_was(visit: Visit, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the timeline (newest first) with the receipt at its own moment, whenever somebody recorded it, and with our answers
    as they left, for who visits us, not as they were written."""
    complaint, letters = visit.complaint, the_service().letters
    told = [one for one in reversed(events) if one.facts.get("to") in TOLD_BY_LETTER]
    said = [one.at for one in told]
    left = left_at(letters, db.session(), complaint.key, said, party_key=visit.party_key)

    def moment(one: Event) -> datetime:
        if one.kind == "received":
            return complaint.received_at
        return max(one.at, left.get(one.at, one.at)) if one in told else one.at

    return tuple(replace(one, at=moment(one)) for one in events)


def _to_others_left_out(visit: Visit, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the timeline without the letters to a representative themselves, where it is the complainant who visits us."""
    if visit.role == REPRESENTATIVE:
        return events
    theirs = select(LetterRow.key).where(
        LetterRow.complaint_key == visit.complaint.key, LetterRow.to_role == REPRESENTATIVE
    )
    letters = {str(key) for key in db.session().scalars(theirs)}
    return tuple(one for one in events if one.facts.get("letter") not in letters)


def _as_far_as_told(visit: Visit, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the timeline (newest first) without saying that we have told what has not left yet."""
    if visit.comes_by is None:
        return events
    last = next((one for one in events if one.facts.get("to") in TOLD_BY_LETTER), None)
    return tuple(replace(one, text=visit.answer_comes) if one is last else one for one in events)


@blueprint.post("/status/leave")
@action("public")
def leave() -> ResponseReturnValue:
    """End the visit, for example on a computer that others use."""
    token, now = held(VISIT), the_service().clock.now()
    if token:
        the_service().engine.write(lambda session: links.end_visit(session, token, at=now))
    answer = make_response(render_template("public/left.html"))
    forget(answer, VISIT)
    return answer


def the_visit() -> Visit:
    """Return the visit of this request, lengthened by its use. Raises ``LinkOpensNothing``, ``AnotherComplaint``.

    A browser has one visit, and may show pages of two complaints: what is sent is for the one its page was made for.
    """
    token, service = held(VISIT), the_service()
    session, now = db.session(), service.clock.now()
    today = local_date(now, service.settings.time_zone)
    opened = links.opened_by(session, token, purpose="visit", at=now, on=today) if token else None
    if opened is None:
        raise LinkOpensNothing
    kept = session.get(LinkRow, digest(token))
    if kept is not None and now - (kept.expires_at - links.LIFETIME["visit"]) > _TOUCH_AFTER:
        service.engine.write(lambda own: links.lengthen(own, token, at=now))
    complaint, sent = complaint_row(session, opened.complaint_key), request.form.get("_of")
    if sent is not None and sent != complaint.reference:
        raise AnotherComplaint(sent=sent[:40], open=complaint.reference)
    party = session.get(PartyRow, opened.party_key) if opened.party_key is not None else None
    can = open_to(service, opened.complaint_key)
    return Visit(
        token,
        complaint,
        can,
        decides=may_decide(party),
        role=COMPLAINANT if party is None else party.role,
        party_key=opened.party_key,
        comes_by=_comes_by(way_of_answer(service.letters, session, complaint), party)
        or _had_elsewhere(complaint, can, party),
    )


def _comes_by(ways: Mapping[str, str], party: PartyRow | None) -> str | None:
    """Return how our answer is on its way to who visits us, else whether to whom else it is, or is to be found; None: none is."""
    role = COMPLAINANT if party is None else party.role
    if role in ways or not ways:
        return ways.get(role)
    other, way = next(iter(ways.items()))
    return f"{'sought' if way == SOUGHT else 'to'}-{other}"


def _had_elsewhere(complaint: ComplaintRow, can: frozenset[str], party: PartyRow | None) -> str | None:
    """Tell by ``HAD_ELSEWHERE`` that we wait for a reply of who visits us to an answer that only somebody has who may not reply."""
    if ANSWERS not in can or not may_decide(party):
        return None
    letter = had_by_nobody_else(the_service().letters, db.session(), complaint)
    return None if letter is None or (party and letter.party_key == party.key) else HAD_ELSEWHERE


def private(template: str, status: int = 200, **facts: object) -> Response:
    """Return a page of one complaint; its address is told to no other site."""
    answer = make_response(render_template(template, **facts), status)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


CLOSING_WORDS = {
    "accepted": "You accepted our answer.",
    "no_reply_after_notice": "We had no reply from you after our reminder.",
    "settled_early": "We settled it with you.",
    "options_exhausted": "You did not accept our answer, and no further review is open with us.",
    "award_complied_with": "We did what the outside body decided.",
    "withdrawn": "You withdrew it.",
    "duplicate": "It continues under an earlier reference.",
    "forwarded": "We passed it on to the organisation that can help.",
    "not_in_scope": "We could not take it up as a complaint; if we could write to you, our letter says why.",
    "no_finding_possible": "We could not find out what happened.",
    "answered_on_file": "We decided it and kept our answer; you left no address we could write to.",
}
