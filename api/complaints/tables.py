"""The rows of the register: complaints with their issues, people, clocks, letters, documents, records and timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Row
from engine.store.columns import Json, Moment


def _key() -> Mapped[int]:
    return mapped_column(BigInteger, primary_key=True, autoincrement=False)


def _complaint() -> Mapped[int]:
    return mapped_column(ForeignKey("complaints.key"), index=True)


class ComplaintRow(Row):
    """One complaint: the unit of counting. ``state`` is one of ISO 10002's stages (see ``states``)."""

    __tablename__ = "complaints"
    __table_args__ = (
        Index("ix_complaints_state_received_at", "state", "received_at"),
        Index("ix_complaints_source", "source", "source_key", unique=True),
    )

    key: Mapped[int] = _key()
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    instance_key: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    state: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[str] = mapped_column(String(64))
    occurred_on: Mapped[date | None] = mapped_column(Date)
    first_raised_on: Mapped[date | None] = mapped_column(Date)  # when we were told of it first, in any way
    sent_to_company_on: Mapped[date | None] = mapped_column(Date)  # when a portal passed it on to us
    accepted_on: Mapped[date | None] = mapped_column(Date)  # when the complainant accepted what we offered
    agreed_on: Mapped[date | None] = mapped_column(Date)  # the date of the answer agreed with the complainant
    product: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    regime: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(Text)
    desired_remedy: Mapped[str | None] = mapped_column(Text)
    anonymous: Mapped[bool] = mapped_column(default=False)
    represented: Mapped[bool] = mapped_column(default=False)
    significant: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=50)
    lane: Mapped[str | None] = mapped_column(String(24))
    owner: Mapped[str | None] = mapped_column(String(64), index=True)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closing_reason: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(32))
    source: Mapped[str | None] = mapped_column(String(64))
    source_key: Mapped[str | None] = mapped_column(String(200))
    letters_held: Mapped[bool] = mapped_column(
        default=False
    )  # what its case writes by itself waits for a person
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    private: Mapped[dict[str, Any]] = mapped_column(
        Json, default=dict
    )  # personal answers of task forms, by path


class PartyRow(Row):
    """A person a complaint has to do with: complainant, representative, or staff complained about."""

    __tablename__ = "complaint_parties"
    __table_args__ = (
        Index("ix_complaint_parties_email", text("lower(email)")),
        Index("ix_complaint_parties_name", text("lower(name)")),
    )

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = _complaint()
    role: Mapped[str] = mapped_column(String(24))  # of parties, or staff-concerned
    name: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    preferred_channel: Mapped[str | None] = mapped_column(String(16))
    person_name: Mapped[str | None] = mapped_column(String(64))  # account of staff concerned
    authority: Mapped[str] = mapped_column(String(16), default="none")  # of a representative, see parties
    authority_scope: Mapped[str | None] = mapped_column(Text)
    authority_from: Mapped[date | None] = mapped_column(Date)
    authority_until: Mapped[date | None] = mapped_column(Date)  # its last day; None: no end was named
    ended_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  # nothing is sent to them, and no link of theirs opens


class IssueRow(Row):
    """One thing complained of, with its own finding, outcome and remedy."""

    __tablename__ = "complaint_issues"
    __table_args__ = (UniqueConstraint("complaint_key", "number"),)

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = _complaint()
    number: Mapped[int]
    summary: Mapped[str] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)
    finding: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(32))
    root_cause: Mapped[str | None] = mapped_column(Text)
    reasons: Mapped[str | None] = mapped_column(Text)


class RemedyRow(Row):
    """A promised remedy: what, how much, by when; done by one person, verified by another."""

    __tablename__ = "complaint_remedies"

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = _complaint()
    issue_number: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(64))
    description: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[str | None] = mapped_column(String(40))  # decimal text, in the organisation's currency
    mark: Mapped[str | None] = mapped_column(String(80))  # the commitment's id in the process
    due_on: Mapped[date | None] = mapped_column(Date)
    decided_at: Mapped[datetime] = mapped_column(Moment)
    corrected_at: Mapped[datetime | None] = mapped_column(Moment)
    corrected_by: Mapped[str | None] = mapped_column(String(64))
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    verified_by: Mapped[str | None] = mapped_column(String(64))


class RecordRow(Row):
    """One thing recorded along the way (assessment, contribution, decision …), as it was, never changed."""

    __tablename__ = "complaint_records"

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = _complaint()
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(64))
    element_id: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(Json)


class AnswerSheetRow(Row):
    """One completed form as it was asked and answered, labels included; append-only (see ``answers.sheets``)."""

    __tablename__ = "answer_sheets"
    __table_args__ = (Index("ix_answer_sheets_complaint", "complaint_key", "at"),)

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = mapped_column(ForeignKey("complaints.key"))
    task_key: Mapped[int | None] = mapped_column(BigInteger)
    form_id: Mapped[str] = mapped_column(Text)  # empty: facts that came without a form
    form_key: Mapped[int | None] = mapped_column(BigInteger)  # the deployed version that asked
    title: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(64))
    sections: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # [{title, lines}]
    words: Mapped[str] = mapped_column(Text)  # what the search reads: answers in lower case


class ClockRow(Row):
    """One running deadline of a complaint: its policy as given, its state, its due date and UTC bound."""

    __tablename__ = "complaint_clocks"
    __table_args__ = (
        UniqueConstraint("complaint_key", "name", "number"),
        Index("ix_complaint_clocks_open", "state", "bound_at"),
        Index("ix_complaint_clocks_next_at", "next_at"),
        Index("ix_complaint_clocks_calendar", "calendar_id", "calendar_seen"),
    )

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = _complaint()
    name: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column(default=1)  # updates repeat: first, second …
    state: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date | None] = mapped_column(Date)
    bound_at: Mapped[datetime | None] = mapped_column(Moment)
    calendar_id: Mapped[str] = mapped_column(String(64))
    calendar_version: Mapped[int]
    calendar_seen: Mapped[int]  # newest calendar version this clock was judged by, whether it moved or not
    next_at: Mapped[datetime | None] = mapped_column(Moment)  # when it warns or breaches next
    saved: Mapped[dict[str, Any]] = mapped_column(Json)  # engine.deadlines ClockState, policy included


class ClockChangeRow(Row):
    """One change of a clock: who, when, why, due before and after."""

    __tablename__ = "complaint_clock_changes"

    key: Mapped[int] = _key()
    clock_key: Mapped[int] = mapped_column(ForeignKey("complaint_clocks.key"), index=True)
    complaint_key: Mapped[int] = _complaint()
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(64))
    change: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(Text, default="")
    state_after: Mapped[str] = mapped_column(String(16))
    due_before: Mapped[date | None] = mapped_column(Date)
    due_after: Mapped[date | None] = mapped_column(Date)


class LetterRow(Row):
    """One letter as it was written: its text is frozen; the outbox knows whether it left."""

    __tablename__ = "complaint_letters"

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = _complaint()
    template: Mapped[str] = mapped_column(String(64))
    template_version: Mapped[str] = mapped_column(String(64))  # sha-256 of the template file
    to_role: Mapped[str] = mapped_column(String(24))
    party_key: Mapped[int | None] = mapped_column(
        BigInteger
    )  # who it is for; None: kept before that was noted
    copy_of: Mapped[int | None] = mapped_column(
        BigInteger
    )  # the set it belongs to, as a rule the first letter of those written as one; None: its own key
    neutral: Mapped[bool] = mapped_column(default=False)  # says nothing of the complaint
    recipient: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(String(16))  # e-mail | post | phone
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    queued_at: Mapped[datetime] = mapped_column(Moment)
    dispatched_at: Mapped[datetime | None] = mapped_column(Moment)
    evidence: Mapped[str | None] = mapped_column(Text)
    outbox_key: Mapped[int | None] = mapped_column(BigInteger, index=True)
    held: Mapped[bool] = mapped_column(default=False)  # by hand, and nobody was told to deliver it yet
    meets: Mapped[str | None] = mapped_column(
        Text
    )  # the clocks its dispatch answers, parted by commas; none where it asks for an answer its person may not give
    extends: Mapped[dict[str, Any] | None] = mapped_column(
        Json
    )  # the extension that begins with its dispatch
    given: Mapped[dict[str, Any] | None] = mapped_column(
        Json
    )  # what else was known when it was written (``feel.pack`` by name): from it it is written anew, also as it comes back
    replaced_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  # it never leaves: another took its place, or it was kept back; of one that had left: since when we know that it came back


class DocumentRow(Row):
    """An attachment: its bytes lie under ``storage`` in the uploads folder; the display name is only shown."""

    __tablename__ = "documents"

    key: Mapped[int] = _key()
    complaint_key: Mapped[int | None] = mapped_column(ForeignKey("complaints.key"), index=True)
    draft_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    storage: Mapped[str] = mapped_column(String(32), unique=True)
    added_at: Mapped[datetime] = mapped_column(Moment)
    added_by: Mapped[str] = mapped_column(String(64))


class LinkRow(Row):
    """A secret link: whoever holds the token may follow one complaint; only the hash is kept."""

    __tablename__ = "complaint_links"

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    complaint_key: Mapped[int] = _complaint()
    party_key: Mapped[int | None] = mapped_column(BigInteger)  # who was given it; None: nobody is on file
    purpose: Mapped[str] = mapped_column(String(16))  # follow | visit
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class EventRow(Row):
    """One line of a complaint's timeline; append-only. ``public`` lines are shown to the complainant."""

    __tablename__ = "complaint_events"
    __table_args__ = (Index("ix_complaint_events_timeline", "complaint_key", "at", "key"),)

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = mapped_column(ForeignKey("complaints.key"))
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    public: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class ExclusionRow(Row):
    """A person who may neither see nor handle a complaint: named in it, or in conflict of interest."""

    __tablename__ = "complaint_exclusions"
    __table_args__ = (Index("ix_complaint_exclusions_person_name", "person_name", "complaint_key"),)

    complaint_key: Mapped[int] = mapped_column(ForeignKey("complaints.key"), primary_key=True)
    person_name: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class DutyRow(Row):
    """Who did which kind of work on a complaint: what keeps drafter and checker, doer and verifier apart."""

    __tablename__ = "complaint_duties"
    __table_args__ = (Index("ix_complaint_duties_who", "complaint_key", "duty", "person_name"),)

    key: Mapped[int] = _key()
    complaint_key: Mapped[int] = mapped_column(ForeignKey("complaints.key"))
    task_key: Mapped[int] = mapped_column(BigInteger)
    duty: Mapped[str] = mapped_column(String(32))
    person_name: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment)


class NoticeRow(Row):
    """A message to a colleague or a group inside the service, with a read receipt."""

    __tablename__ = "notices"

    key: Mapped[int] = _key()
    complaint_key: Mapped[int | None] = mapped_column(ForeignKey("complaints.key"), index=True)
    group_name: Mapped[str | None] = mapped_column(String(64), index=True)
    person_name: Mapped[str | None] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    read_by: Mapped[str | None] = mapped_column(String(64))


class DraftRow(Row):
    """Answers not yet judged: of a visitor (found by the hash of a cookie) or of a colleague on a task."""

    __tablename__ = "drafts"

    place: Mapped[str] = mapped_column(String(160), primary_key=True)  # public:<hash> | task:<key>:<person>
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    form_key: Mapped[int | None] = mapped_column(BigInteger)
    page: Mapped[str | None] = mapped_column(String(40))  # that saved it last; None: one that did not say
    changed_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


CAME_ABOUT: Mapping[type[Row], Any] = {
    AnswerSheetRow: AnswerSheetRow.at,
    ClockChangeRow: ClockChangeRow.at,
    ComplaintRow: ComplaintRow.recorded_at,
    DocumentRow: DocumentRow.added_at,
    EventRow: EventRow.at,
    LetterRow: LetterRow.queued_at,
    RecordRow: RecordRow.at,
    RemedyRow: RemedyRow.decided_at,
}


def oldest_first(table: type[Any]) -> tuple[Any, Any]:
    """Return the order in which the rows of ``table`` came about: by their moments, those of one moment by their keys.

    Keys alone say nothing of it: every process of the service hands out a block of its own.
    """
    return CAME_ABOUT[table], table.key


def newest_first(table: type[Any]) -> tuple[Any, Any]:
    """Return the order of ``oldest_first`` the other way round."""
    came_about, key = oldest_first(table)
    return came_about.desc(), key.desc()
