"""Who may act for a complaint: a representative reads, decides and gets letters only while a person has confirmed it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.complaints import from_complainant, letter_desk
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.letter_desk import LetterMayNotLeave
from api.complaints.letter_links import STATUS_LINK
from api.complaints.parties import parties
from api.complaints.reading import complaint
from api.complaints.tables import EventRow, LetterRow, LinkRow, NoticeRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from api.identity.sessions import digest
from engine.actors import service as as_service
from engine.deadlines.clocks import Act
from engine.store.outbox import of_job
from engine.store.tables import outbox
from tests.api.web.visitor import Visitor

SECRET = "The boiler in my bedroom burned me."
AGENT, LADY = "agent@example.org", "lady@example.org"


@pytest.fixture(autouse=True)
def colleagues(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda db: add_colleagues(db, keys=keys, password=None, at=service.clock.now()))


@pytest.fixture
def visitor(app, clock):
    return Visitor(app, clock)


def represented(service, *, lady=LADY):
    """A complaint that a letting agent brings for somebody; ``lady`` is her own address, if she gave one."""
    made = receive(
        service,
        NewComplaint(
            channel="web",
            received_at=service.clock.now(),
            description=SECRET,
            complainant=PartyDetails("Mrs Lind", lady),
            representative=PartyDetails("Letting Agent", AGENT),
        ),
        by=as_service("test"),
    )
    service.run_due()
    return made


def do(service, made, form, **answers):
    (task,) = [
        one
        for one in service.engine.open_tasks(made.instance_key)
        if service.engine.task_form(one.user_task_key).form_id == form
    ]
    service.engine.complete_task(task.user_task_key, answers)
    service.run_due()


def confirm(service, made, **more):
    do(service, made, "check-authority", authority="confirmed", **{"authorityScope": "settle", **more})


def mails(service):
    """Everything mailed, oldest first."""

    def work(db):
        jobs = db.scalars(select(outbox.c.job_key).order_by(outbox.c.key)).all()
        return [of_job(db, job) for job in jobs]

    return service.engine.read(work)


def letters(service, made):
    query = select(LetterRow).where(LetterRow.complaint_key == made.key).order_by(LetterRow.key)
    return service.engine.read(lambda db: [(one.template, one.recipient) for one in db.scalars(query)])


def write_update(service, made):
    """Have a colleague's letter to the complainant written, not sent yet."""

    def work(db):
        desk = service.desk(db, Act(at=service.clock.now(), by="test", reason="test"))
        letter_desk.write_now(
            service, desk, complaint(db, made.key), "holding-notice", reason="An expert is ill."
        )

    service.engine.write(work)


# before anybody has confirmed it


def test_an_unconfirmed_representative_learns_the_reference_and_what_we_need_and_no_more(service):
    made = represented(service)
    do(service, made, "check-authority", authority="requested")

    assert letters(service, made) == [("receipt-representative", AGENT), ("authority-request", AGENT)]
    assert {mail.recipient for mail in mails(service)} == {AGENT}
    for mail in mails(service):
        assert made.reference in mail.subject + mail.text
        told = re.sub(
            r"If we hear nothing by \d+ \w+ 2026,", "", mail.text + mail.html
        )  # no day of the complaint
        assert not [secret for secret in ("boiler", "/t/", "2026") if secret in told]


def test_the_receipt_page_shows_an_unconfirmed_representative_neither_dates_nor_link(service, visitor):
    made = represented(service)
    visitor.client.set_cookie("redress-receipt", made.token)
    answer = visitor.open("/complain/receipt")

    assert answer.status_code == 200
    assert made.reference in visitor.text
    assert "/t/" not in visitor.page
    assert "21 Dec" not in visitor.text


def test_the_link_of_an_unconfirmed_representative_opens_nothing_until_somebody_confirms_them(
    service, visitor
):
    made = represented(service)
    assert visitor.open(f"/t/{made.token}").status_code == 404

    confirm(service, made)

    assert visitor.open(f"/t/{made.token}").status_code == 303
    assert visitor.open("/status").status_code == 200


def test_a_lost_link_is_sent_only_to_whom_we_deal_with(service):
    made, mail = represented(service), from_complainant.Mail("Link", "text", "html")
    ask = lambda email: from_complainant.send_new_link(service, made.reference, email, write=lambda *_: mail)  # noqa: E731

    assert not ask(AGENT)
    assert ask(LADY)
    confirm(service, made)
    assert ask(AGENT)


# decided by a person


def test_a_confirmed_representative_gets_the_letters_with_a_link(service):
    made = represented(service)
    confirm(service, made, authorityUntil="2026-12-31")

    assert letters(service, made)[-1] == ("acknowledgement", AGENT)
    assert STATUS_LINK in mails(service)[-1].text
    agent = service.engine.read(lambda db: parties(db, made.key)["representative"])
    assert (agent.authority, agent.authority_scope, agent.authority_until) == (
        "confirmed",
        "settle",
        date(2026, 12, 31),
    )


def test_no_authority_ends_their_links_and_the_complainant_gets_the_acknowledgement(service, visitor):
    made = represented(service)
    do(service, made, "check-authority", authority="refused")

    assert letters(service, made)[-2:] == [("representative-refused", AGENT), ("acknowledgement", LADY)]
    refusal, acknowledgement = mails(service)[-2:]
    assert "boiler" not in refusal.text
    assert "/t/" not in refusal.text
    assert "Dear Mrs Lind" in acknowledgement.text
    assert visitor.open(f"/t/{made.token}").status_code == 404
    kept = select(LinkRow.revoked_at).where(LinkRow.token_sha256 == digest(made.token))
    assert service.engine.read(lambda db: db.scalar(kept)) == service.clock.now()
    visitor.client.set_cookie("redress-receipt", made.token)
    assert visitor.open("/complain/receipt").status_code == 404


def test_authority_ends_with_its_last_day_and_the_owner_is_told_why(service, visitor, clock):
    made = represented(service)
    confirm(service, made, authorityUntil="2026-11-24")
    visitor.open(f"/t/{made.token}")
    assert visitor.open("/status").status_code == 200

    clock.advance(timedelta(days=1))
    write_update(service, made)
    assert letters(service, made)[-1][1] == AGENT, "on the last day it still holds"

    clock.advance(timedelta(days=1))
    write_update(service, made)
    assert letters(service, made)[-1][1] == LADY
    assert visitor.open("/status").status_code == 404
    notices = service.engine.read(lambda db: db.scalars(select(NoticeRow.text)).all())
    assert any("ended on 2026-11-24" in text for text in notices)


def test_a_representative_who_only_receives_neither_answers_nor_withdraws(service, visitor):
    made = represented(service)
    confirm(service, made, authorityScope="receive")
    visitor.open(f"/t/{made.token}")

    assert visitor.open("/status").status_code == 200
    assert visitor.open("/status/withdraw").status_code == 409
    assert visitor.post("/status/withdraw", _do="continue", _key="k").status_code == 409
    assert visitor.post("/status/answer", _do="continue", _key="k", answer="0").status_code == 409
    assert service.engine.instance(made.instance_key).state == "ACTIVE"
    assert visitor.open("/status/add").status_code == 200


# letters that wait


def test_a_mail_that_waits_is_judged_again_when_it_leaves(service, clock):
    made = represented(service)
    confirm(service, made, authorityUntil="2026-11-23")
    write_update(service, made)
    clock.advance(timedelta(days=1))
    service.run_due()

    row = service.engine.read(lambda db: db.scalars(select(LetterRow).order_by(LetterRow.key.desc())).first())
    assert (row.template, row.recipient, row.dispatched_at) == ("holding-notice", AGENT, None)
    lost = service.engine.read(
        lambda db: db.scalars(select(EventRow).where(EventRow.kind == "letter-not-delivered")).all()
    )
    assert len(lost) == 1
    assert "no longer deal with" in lost[0].facts["reply"]


def test_a_letter_on_paper_is_not_posted_to_somebody_we_no_longer_deal_with(service, clock):
    made = receive(
        service,
        NewComplaint(
            channel="post",
            received_at=service.clock.now(),
            description=SECRET,
            complainant=PartyDetails("Mrs Lind", address="1 High Street"),
            representative=PartyDetails("Letting Agent", address="9 Low Road"),
        ),
        by=as_service("test"),
    )
    confirm(service, made, authorityUntil="2026-11-23")
    write_update(service, made)
    row = service.engine.read(lambda db: db.scalars(select(LetterRow).order_by(LetterRow.key.desc())).first())
    clock.advance(timedelta(days=1))

    with pytest.raises(LetterMayNotLeave):
        letter_desk.mark_posted(service, made.key, row.key, by=as_service("post room"))


# nobody left


def test_when_nobody_is_left_to_write_to_somebody_must_find_a_way(service):
    made = represented(service, lady=None)
    do(service, made, "check-authority", authority="refused")
    (task,) = [
        one for one in service.engine.open_tasks(made.instance_key) if one.name == "Find a way to reach them"
    ]
    assert task.due_date is not None

    do(service, made, "find-a-way", wayFound="email", newEmail=LADY)

    assert service.engine.read(lambda db: parties(db, made.key)["complainant"].email) == LADY
    assert ("acknowledgement", LADY) in letters(service, made)


def test_scripted_staff_carry_a_represented_complaint_to_its_end(service, clock):
    made, staff = represented(service), Staff(service)
    for _ in range(12):
        staff.work(made.instance_key, Wish())
        staff.answer(made.instance_key, Wish())
        clock.advance(timedelta(days=2))
        service.run_due()
        if service.engine.instance(made.instance_key).state != "ACTIVE":
            break
    got = dict(letters(service, made))
    assert got["decision"] == got["closing"] == AGENT
