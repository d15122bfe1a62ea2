"""The register: what comes in is kept whole, what is recorded is laid where it belongs, links open one complaint for a time."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.complaints import letter_desk, links
from api.complaints.intake import ComplaintRefused, NewComplaint, PartyDetails, first_sentence, receive
from api.complaints.letters import Letters, LetterTextRefused, read_letter
from api.complaints.record_jobs import overall
from api.complaints.references import new_reference, read_reference
from api.complaints.separation import exclude
from api.complaints.tables import (
    ClockRow,
    ComplaintRow,
    EventRow,
    ExclusionRow,
    IssueRow,
    LetterRow,
    NoticeRow,
    PartyRow,
    RecordRow,
    RemedyRow,
)
from api.demo.staff import Staff, Wish
from engine import feel
from engine.actors import service as as_service
from tests.api.browsing import add_person
from tests.api.web.staff_desk import Desk

OFFICE = {
    "ina": "intake", "hana": "handler", "hugo": "handler", "quinn": "quality", "ada": "approver", "lea": "team-lead",
    "max": "manager",
}  # fmt: skip


def complain(service, **more):
    given = {
        "channel": "web",
        "received_at": service.clock.now(),
        "description": "My parcel never came. I want my money.",
    }
    known = {"complainant": PartyDetails("Ann Other", "ann@example.org")}
    return receive(service, NewComplaint(**given | known | more), by=as_service("web"))


def rows(service, table, case):
    key = table.key if table is ComplaintRow else table.complaint_key
    return service.engine.read(lambda session: session.scalars(select(table).where(key == case.key)).all())


def test_everything_told_is_kept_with_the_one_who_told_it(service):
    case = complain(
        service,
        representative=PartyDetails("Rob Speaker", "rob@example.org"),
        occurred_on=date(2026, 11, 1),
        issues=("Late", "Rude"),
        staff_concerned=("ina", "hana", "ina"),
        backdating_reason="found in the post",
        facts={"recurring": True},
    )
    (row,) = rows(service, ComplaintRow, case)
    assert (row.anonymous, row.represented, row.state, row.facts) == (
        False,
        True,
        "assessing",
        {"recurring": True},
    )
    parties = {(party.role, party.name or party.person_name) for party in rows(service, PartyRow, case)}
    assert parties == {
        ("complainant", "Ann Other"), ("representative", "Rob Speaker"), ("staff-concerned", "ina"), ("staff-concerned", "hana"),
    }  # fmt: skip
    assert {one.person_name for one in rows(service, ExclusionRow, case)} == {"ina", "hana"}
    assert [(one.number, one.summary) for one in rows(service, IssueRow, case)] == [(1, "Late"), (2, "Rude")]
    (received,) = [one for one in rows(service, EventRow, case) if one.kind == "received"]
    assert received.facts["reason"] == "found in the post"
    assert read_reference(case.reference) == case.reference


def test_an_anonymous_complaint_has_nobody_to_write_to_and_says_so(service):
    case = complain(service, complainant=None)
    service.engine.run_due_jobs()
    (row,) = rows(service, ComplaintRow, case)
    assert row.anonymous
    assert rows(service, LetterRow, case) == []
    assert rows(service, PartyRow, case) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "smoke"}, "channel"),
        ({"description": " \n"}, "description"),
        ({"received_at": timedelta(seconds=1)}, "receivedAt"),
        ({"received_at": -timedelta(days=40 * 365)}, "receivedAt"),
        ({"occurred_on": date(2026, 11, 24)}, "occurredOn"),
        ({"occurred_on": date(1989, 12, 31)}, "occurredOn"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_leaves_nothing(service, change, field):
    if isinstance(change.get("received_at"), timedelta):
        change = {"received_at": service.clock.now() + change["received_at"]}
    with pytest.raises(ComplaintRefused) as refused:
        complain(service, **change)
    assert refused.value.facts["field"] == field
    assert service.engine.read(lambda session: session.scalars(select(ComplaintRow)).all()) == []


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("Help! I was charged. Twice.", "Help!"),
        ("  One\nline only ", "One line only"),
        ("x" * 200, "x" * 157 + "…"),
        ("Is this right? No.", "Is this right?"),
    ],
)
def test_the_only_issue_is_the_first_sentence(text, summary):
    assert first_sentence(text) == summary


@pytest.fixture
def closed(service, clock):
    """A complaint upheld with a refund, worked on to the end."""
    for name, role in OFFICE.items():
        add_person(service, name, role)
    case, staff = complain(service), Staff(service)
    for _ in range(12):
        staff.work(case.instance_key, Wish(remedy="refund", amount=50))
        service.run_due()
        staff.answer(case.instance_key, Wish())
        clock.advance(timedelta(days=2))
        service.run_due()
        if service.engine.instance(case.instance_key).state != "ACTIVE":
            return case
    raise AssertionError(service.engine.open_task_names(case.instance_key))


def test_findings_decisions_and_remedies_are_laid_onto_the_register(service, closed):
    (row,) = rows(service, ComplaintRow, closed)
    assert (row.state, row.outcome, row.closing_reason) == ("closed", "upheld", "accepted")
    (issue,) = rows(service, IssueRow, closed)
    assert issue.outcome == "upheld"
    assert issue.finding
    assert issue.reasons
    (remedy,) = rows(service, RemedyRow, closed)
    assert (remedy.kind, remedy.amount) == ("refund", "50")
    assert remedy.corrected_by
    assert remedy.verified_by
    assert remedy.corrected_by != remedy.verified_by
    kinds = [record.kind for record in rows(service, RecordRow, closed)]
    for kind in ("scope", "assessment", "finding", "outcome", "decision", "remedy", "verification"):
        assert kind in kinds
    running = {
        clock.name
        for clock in rows(service, ClockRow, closed)
        if clock.state in ("running", "paused", "projected")
    }
    assert running <= {"referral_window"}  # the complainant's own time runs on
    letters = rows(service, LetterRow, closed)
    assert {"acknowledgement", "decision"} <= {letter.template for letter in letters}
    assert all(letter.dispatched_at and letter.evidence for letter in letters)


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([], None), ([None], None), (["upheld"], "upheld"), (["upheld", "upheld"], "upheld"), (["upheld", "not_upheld"], "partly_upheld"),
        (["not_upheld", "no_finding"], "not_upheld"), (["partly_upheld", "not_upheld"], "partly_upheld"),
    ],
)  # fmt: skip
def test_a_complaint_is_upheld_as_far_as_its_issues_are(outcomes, whole):
    assert overall(outcomes) == whole


# letters


def test_somebody_who_wants_paper_gets_it_at_their_address_and_its_clock_waits_for_the_post(service, clock):
    person = PartyDetails("Ann Other", "ann@example.org", address="1 High Street", preferred_channel="post")
    case = complain(service, complainant=person)
    service.engine.run_due_jobs()
    (letter,) = rows(service, LetterRow, case)
    assert (letter.channel, letter.recipient, letter.outbox_key) == ("post", "1 High Street", None)
    (promise,) = [one for one in rows(service, ClockRow, case) if one.name == "acknowledgement"]
    assert promise.state == "running", "writing a letter keeps no promise"
    clock.advance(timedelta(hours=1))
    letter_desk.mark_posted(service, case.key, letter.key, by=as_service("post room"))
    (promise,) = [one for one in rows(service, ClockRow, case) if one.name == "acknowledgement"]
    assert promise.state == "met"
    with pytest.raises(letter_desk.LetterNotWaiting):
        letter_desk.mark_posted(service, case.key, letter.key, by=as_service("post room"))
    with pytest.raises(letter_desk.LetterUnknown):
        letter_desk.mark_posted(service, complain(service).key, letter.key, by=as_service("post room"))


def test_a_representative_gets_the_letter_in_place_of_the_complainant(service):
    case = complain(service, representative=PartyDetails("Rob Speaker", "rob@example.org"))
    (letter,) = rows(service, LetterRow, case)
    assert letter.recipient == "rob@example.org"
    assert "Rob Speaker" in letter.text


TRICKS = (
    "<script>alert(1)</script>",
    "[click](http://evil.example)",
    "# Heading",
    "{{ 1 + 1 }}",
    "![x](x)",
    "**bold** `code`",
    "<b>x</b>",
)


@pytest.mark.parametrize("trick", TRICKS)
def test_words_of_a_complainant_stay_words_in_a_letter(service, trick):
    template = read_letter(
        "t.md", b"---\nsubject: About {{ name }}\nto: complainant\n---\nDear {{ name }},\n\n{{ text }}\n"
    )
    letters = Letters(service.settings.processes_dir / "letters")
    letters._templates["t"] = template
    facts = {"name": feel.inward(trick), "text": feel.inward(trick)}
    written = letters.write("t", facts, moment=service.moment(), zone=service.settings.time_zone)
    body = written.html.split("<body>")[1]
    for tag in ("<script", "<a ", "<h1", "<img", "<strong", "<code", "<b>"):
        assert tag not in body
    assert trick in written.text
    assert "2" not in written.text.replace(trick, "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no head",
        b"---\nsubject: x\n---\ny",
        b"---\nsubject: x\nto: everybody\n---\ny",
        b"\xff",
        b"---\nsubject: x\nto: complainant\n---\n{{ 1 + }}",
    ],
)
def test_a_letter_file_that_cannot_be_used_is_refused_with_a_finding(data):
    with pytest.raises(LetterTextRefused) as refused:
        read_letter("t.md", data)
    assert refused.value.findings[0].file == "t.md"


def test_a_department_gets_no_link_to_the_complaint_and_its_member_complained_about_gets_nothing(
    service, app
):
    for name, role in OFFICE.items():
        add_person(service, name, role)
    case, staff = complain(service), Staff(service)
    staff.work(
        case.instance_key, Wish(departments=("department-billing",), stop_before=frozenset({"contribute"}))
    )
    cora = Desk(app, service, "cora", "contributor", groups=("department-billing",))
    dan = Desk(app, service, "dan", "contributor", groups=("department-billing",))
    service.engine.write(
        lambda session: exclude(session, case.key, "dan", reason="complained about", at=service.clock.now())
    )
    told = service.engine.read(
        lambda session: session.scalars(
            select(NoticeRow).where(NoticeRow.group_name == "department-billing")
        ).all()
    )
    assert told
    assert all("/t/" not in notice.text for notice in told)
    cora.open("/staff/notices")
    assert told[0].subject in cora.text
    assert "You see this one question only" in cora.text
    assert 'class="rd-reference"' not in cora.html
    dan.open("/staff/notices")
    assert told[0].subject not in dan.text


# links


def test_guessing_links_finds_nothing(service):
    now, known = service.clock.now(), complain(service)

    def guess(session):
        return [
            token
            for token in (secrets.token_urlsafe(32) for _ in range(100_000))
            if links.opened_by(session, token, purpose="follow", at=now, on=now.date()) is not None
        ]

    assert service.engine.read(guess) == []
    opened = service.engine.read(
        lambda session: (
            links.opened_by(session, known.token, purpose="follow", at=now, on=now.date()).complaint_key
        )
    )
    assert opened == known.key


def test_a_link_ends_is_revoked_and_serves_its_purpose_only(service, clock):
    case, other = complain(service), complain(service)

    def opens(token, purpose="follow"):
        now = clock.now()
        found = service.engine.read(
            lambda session: links.opened_by(session, token, purpose=purpose, at=now, on=now.date())
        )
        return found.complaint_key if found is not None else None

    (ann,) = rows(service, PartyRow, case)
    assert opens(case.token) == case.key
    assert opens(case.token, "visit") is None
    for wrong in ("", "x", "\x00", "\ud800", case.token[:-1], case.token + "x", case.token.swapcase()):
        assert opens(wrong) is None
    visit = service.engine.write(
        lambda session: links.new_link(session, case.key, purpose="visit", party_key=ann.key, at=clock.now())
    )
    clock.advance(timedelta(minutes=29))
    service.engine.write(lambda session: links.lengthen(session, visit, at=clock.now()))
    clock.advance(timedelta(minutes=29))
    assert opens(visit, "visit") == case.key
    clock.advance(timedelta(minutes=1))
    assert opens(visit, "visit") is None
    service.engine.write(lambda session: links.revoke_all(session, case.key, at=clock.now()))
    assert opens(case.token) is None
    assert opens(other.token) == other.key
    clock.advance(timedelta(days=365))
    assert opens(other.token) is None


def test_references_are_told_from_typing_errors():
    for _ in range(300):
        reference = new_reference()
        assert read_reference(reference.lower().replace("-", " ").replace("rd ", "rd")) == reference
        body = reference.replace("-", "")[2:]
        for place in range(len(body) - 1):
            swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
            assert swapped == body or read_reference(f"RD{swapped}") is None
