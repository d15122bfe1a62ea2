"""Who may act for a complaint: a representative reads, decides and gets letters only while a person has confirmed it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.complaints import from_complainant, letter_desk
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.letter_desk import LetterNotWaiting
from api.complaints.letter_links import STATUS_LINK
from api.complaints.parties import parties
from api.complaints.reading import complaint
from api.complaints.tables import ClockRow, ComplaintRow, LetterRow, LinkRow, NoticeRow, oldest_first
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from api.identity.sessions import digest
from api.web.forms.posted import token
from api.wiring import wire
from engine import forms
from engine.actors import service as as_service
from engine.deadlines.clocks import Act
from engine.store.outbox import of_job
from engine.store.search import Query
from engine.store.tables import outbox
from tests.api.web.staff_desk import Desk
from tests.api.web.visitor import Visitor
from tests.processes.office import ROOT

SECRET = "The boiler in my bedroom burned me."
AGENT, LADY = "agent@example.org", "lady@example.org"


@pytest.fixture(autouse=True)
def colleagues(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda db: add_colleagues(db, keys=keys, password=None, at=service.clock.now()))


@pytest.fixture
def visitor(app, clock):
    return Visitor(app, clock)


def represented(service, *, lady=LADY, street=None):
    """A complaint that a letting agent brings for somebody; ``lady`` and ``street`` are her own addresses, if she gave any."""
    made = receive(
        service,
        NewComplaint(
            channel="web",
            received_at=service.clock.now(),
            description=SECRET,
            complainant=PartyDetails("Mrs Lind", lady, address=street),
            representative=PartyDetails("Letting Agent", AGENT),
        ),
        by=as_service("test"),
    )
    service.run_due()
    return made


def do(service, made, form, **answers):
    (task,) = [
        one
        for one in service.engine.case_tasks(made.instance_key)
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
    query = select(LetterRow).where(LetterRow.complaint_key == made.key).order_by(*oldest_first(LetterRow))
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


@pytest.mark.parametrize("page", [False, True], ids=["interface", "page"])
def test_an_authority_that_is_over_already_is_refused_at_the_field(service, person, app, page):
    made = represented(service)
    (task,) = [
        one for one in service.engine.case_tasks(made.instance_key) if one.name == "Check the authority"
    ]
    answers = {"authority": "confirmed", "authorityScope": "settle", "authorityUntil": "2026-11-22"}
    if page:
        desk = Desk(app, service, "ina", "intake")
        path = f"/staff/tasks/{task.user_task_key}"
        desk.open(path)
        desk.send(path + "/claim")
        day = {"authorityUntil-day": "22", "authorityUntil-month": "11", "authorityUntil-year": "2026"}
        chosen = {"authority": token(0, "confirmed"), "authorityScope": token(0, "settle")}
        assert desk.send(path, **chosen, **day, _do="continue").status_code == 422
        assert "must be today or later" in desk.text
    else:
        path = f"/v2/user-tasks/{task.user_task_key}/completion"
        status, said = person("ina", "intake").post(path, {"variables": answers})
        assert (status, "in_the_past" in str(said) or "authorityUntil" in str(said)) == (400, True)
    agent = service.engine.read(lambda db: parties(db, made.key)["representative"])
    assert agent.authority == "claimed"
    do(service, made, "check-authority", **answers | {"authorityUntil": "2026-11-23"})


@pytest.mark.parametrize(("form", "field"), [
    ("check-authority", "authorityUntil"), ("decide-authority", "authorityUntil"), ("plan-investigation", "dueOn"),
    ("check-withdrawal", "widerDueOn"),
])  # fmt: skip
def test_no_form_takes_a_last_day_of_ours_that_is_over(form, field):
    read = forms.read((ROOT / "forms" / f"{form}.form").read_bytes(), name=form)
    (found,) = [one for path, one in read.fields() if path[-1] == field]
    assert found.future_only


# letters that wait


def kept(service, made, template):
    """The copies of this letter, oldest first."""
    query = select(LetterRow).where(LetterRow.complaint_key == made.key, LetterRow.template == template)
    return service.engine.read(lambda db: db.scalars(query.order_by(*oldest_first(LetterRow))).all())


def notices(service):
    return service.engine.read(lambda db: db.scalars(select(NoticeRow.text).order_by(NoticeRow.key)).all())


def decide(service, made):
    """Scripted staff carry the complaint as far as its decision."""
    Staff(service).work(made.instance_key, Wish(accepts=None))


@pytest.fixture
def no_mail_server(service_settings, clock):
    """A service whose mail server does not answer: letters wait."""
    service = wire(
        replace(service_settings, smtp_url="smtp://127.0.0.1:9", mail_from="us@example.org"), clock=clock
    )
    yield service
    service.database.dispose()


def test_a_mail_that_waits_is_written_anew_to_whom_it_concerns_when_it_leaves(no_mail_server, clock):
    service = no_mail_server
    made = represented(service)
    confirm(service, made, authorityUntil="2026-11-23")
    decide(service, made)
    (first,) = kept(service, made, "decision")
    assert (first.recipient, first.dispatched_at) == (AGENT, None)

    clock.advance(timedelta(days=1))
    service.run_due()

    first, anew = kept(service, made, "decision")
    assert (first.replaced_at, first.dispatched_at) == (clock.now(), None)
    assert (anew.recipient, anew.meets) == (LADY, first.meets)
    assert "Dear Mrs Lind" in anew.text
    assert "Letting Agent" not in anew.text
    before_the_window = lambda text: text.partition("You have until")[0]  # noqa: E731
    assert before_the_window(anew.text).replace("Mrs Lind", "Letting Agent") == before_the_window(first.text)
    assert not [one for one in service.engine.incidents(Query()).items if one.code == "letter_not_delivered"]
    assert any("written anew" in text and "no longer deal with" in text for text in notices(service))


def test_a_letter_that_cannot_be_written_anew_says_so(no_mail_server, clock):
    service = no_mail_server
    made = represented(service)
    confirm(service, made, authorityUntil="2026-11-23")
    decide(service, made)
    del service.letters._templates["decision"]
    clock.advance(timedelta(days=1))
    service.run_due()

    (incident,) = [
        one for one in service.engine.incidents(Query()).items if one.code == "letter_not_delivered"
    ]
    assert incident.root_process_instance_key == made.instance_key
    (first,) = kept(service, made, "decision")
    assert first.replaced_at is None


def test_a_mail_for_which_nobody_is_left_has_somebody_find_a_way(no_mail_server, clock):
    service = no_mail_server
    made = represented(service, lady=None)
    confirm(service, made, authorityUntil="2026-11-23")
    decide(service, made)
    clock.advance(timedelta(days=1))
    service.run_due()

    assert "Find a way to reach them" in [one.name for one in service.engine.case_tasks(made.instance_key)]
    (first,) = kept(service, made, "decision")
    assert first.replaced_at is not None


LEAVES_THE_POST = Wish(accepts=None, stop_before=frozenset({"post-letter"}))


def on_paper(service):
    return receive(
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


def test_a_letter_on_paper_is_not_posted_to_somebody_we_no_longer_deal_with(service, clock):
    made = on_paper(service)
    confirm(service, made, authorityUntil="2026-11-23")
    Staff(service).work(made.instance_key, LEAVES_THE_POST)
    (first,) = kept(service, made, "decision")
    clock.advance(timedelta(days=1))

    assert not letter_desk.mark_posted(service, made.key, first.key, by=as_service("post room"))

    first, anew = kept(service, made, "decision")
    assert (first.dispatched_at, first.replaced_at) == (None, clock.now())
    assert (anew.recipient, anew.channel, anew.dispatched_at) == ("1 High Street", "post", None)
    with pytest.raises(LetterNotWaiting):
        letter_desk.mark_posted(service, made.key, first.key, by=as_service("post room"))
    assert letter_desk.mark_posted(service, made.key, anew.key, by=as_service("post room"))
    final = service.engine.read(
        lambda db: db.scalar(
            select(ClockRow).where(ClockRow.complaint_key == made.key, ClockRow.name == "final_response")
        )
    )
    assert final.state.startswith("met")


def test_the_post_room_reads_why_a_letter_does_not_leave(service, clock, app):
    made = on_paper(service)
    confirm(service, made, authorityUntil="2026-11-23")
    Staff(service).work(made.instance_key, LEAVES_THE_POST)
    (first,) = kept(service, made, "decision")
    clock.advance(timedelta(days=1))
    manager = Desk(app, service, "mara", "manager")
    manager.open(f"/staff/complaints/{made.key}/papers")
    assert "Do not post it" in manager.text

    manager.send(f"/staff/complaints/{made.key}/letters/{first.key}/posted")

    assert "written anew" in manager.text
    assert "has been posted" not in manager.text.replace("It has been posted", "")
    assert "replaced" in manager.text


def test_a_held_letter_is_sent_to_whom_it_concerns_now(service, clock):
    made = represented(service)
    confirm(service, made, authorityUntil="2026-11-23")
    write_update(service, made)
    held = kept(service, made, "holding-notice")[0]

    def hold(db):
        db.get(LetterRow, held.key).outbox_key = None

    service.engine.write(hold)
    clock.advance(timedelta(days=1))

    assert not letter_desk.send_held(service, made.key, held.key, by=as_service("test"))
    service.run_due()

    held, anew = kept(service, made, "holding-notice")
    assert (held.replaced_at is None, held.dispatched_at) == (False, None)
    assert (anew.recipient, anew.dispatched_at) == (LADY, clock.now())


def test_a_letter_follows_a_new_address(service):
    made = represented(service)
    do(service, made, "check-authority", authority="refused")
    write_update(service, made)

    def move(db):
        parties(db, made.key)["complainant"].email = "new@example.org"

    service.engine.write(move)
    service.run_due()

    assert [one.recipient for one in kept(service, made, "holding-notice")] == [LADY, "new@example.org"]


def test_a_link_asked_for_by_the_complainant_leaves_though_letters_go_to_the_representative(service):
    made, mail = represented(service), from_complainant.Mail("Link", "text", "html")
    confirm(service, made)
    assert from_complainant.send_new_link(service, made.reference, LADY, write=lambda *_: mail)
    service.run_due()

    (row,) = kept(service, made, "new-link")
    assert (row.recipient, row.dispatched_at) == (LADY, service.clock.now())


# who may answer


def test_who_decides_gets_every_letter_that_a_representative_gets_who_may_not(service):
    made = represented(service)
    confirm(service, made, authorityScope="receive")
    decide(service, made)

    assert [one.recipient for one in kept(service, made, "acknowledgement")] == [AGENT, LADY]
    agent, lady = kept(service, made, "decision")
    assert (agent.recipient, lady.recipient) == (AGENT, LADY)
    assert "Dear Letting Agent" in agent.text
    assert "Dear Mrs Lind" in lady.text
    assert "Please tell us whether you accept" in lady.text
    assert "Please tell us whether you accept" not in agent.text
    assert "Only the person you act for may accept" in agent.text
    assert agent.dispatched_at is not None
    assert lady.dispatched_at is not None
    links = service.engine.read(lambda db: {one.party_key for one in db.scalars(select(LinkRow))})
    assert {agent.party_key, lady.party_key} <= links
    clocks = select(ClockRow.name).where(ClockRow.complaint_key == made.key)
    names = service.engine.read(lambda db: db.scalars(clocks).all())
    assert (names.count("final_response"), names.count("referral_window")) == (1, 1)


def test_nobody_is_silent_who_has_not_got_the_letter_that_asks(service, clock):
    made = represented(service, lady=None, street="1 Mill Lane")
    confirm(service, made, authorityScope="receive")
    Staff(service).work(made.instance_key, Wish(accepts=None, stop_before=frozenset({"post-letter"})))
    agent, lady = kept(service, made, "decision")
    assert (agent.dispatched_at is None, lady.dispatched_at is None) == (False, True)

    for _ in range(60):
        clock.advance(timedelta(days=1))
        service.run_due()

    assert kept(service, made, "reminder") == []
    assert service.engine.read(lambda db: db.get(ComplaintRow, made.key).state) == "responded"


def test_a_representative_who_may_answer_gets_them_alone(service):
    made = represented(service)
    confirm(service, made, authorityScope="settle")
    decide(service, made)
    assert [one.recipient for one in kept(service, made, "decision")] == [AGENT]


def test_somebody_finds_a_way_to_whoever_may_answer(service):
    made = represented(service, lady=None)
    confirm(service, made, authorityScope="receive")
    Staff(service).work(made.instance_key, Wish(accepts=None, stop_before=frozenset({"find-a-way"})))

    assert [one.recipient for one in kept(service, made, "decision")] == [AGENT]
    assert "Find a way to reach them" in [one.name for one in service.engine.case_tasks(made.instance_key)]


def test_of_two_copies_none_is_written_twice(no_mail_server, clock):
    service = no_mail_server
    made = represented(service)
    confirm(service, made, authorityScope="receive", authorityUntil="2026-11-23")
    decide(service, made)
    assert len(kept(service, made, "decision")) == 2
    clock.advance(timedelta(days=1))
    service.run_due()

    agent, *hers = kept(service, made, "decision")
    assert agent.replaced_at is not None
    waiting = [one for one in hers if one.replaced_at is None]
    assert [one.recipient for one in waiting] == [LADY], (
        "the day it counts from is over: one anew, for her alone"
    )


def test_every_shipped_letter_that_leads_to_the_answer_asks_for_one(service):
    asking = {letter.id for letter in service.letters if letter.asks}
    assert {"decision", "stage-two-decision", "reminder", "forwarding", "enquiry-answer"} < asking
    assert {one for one in service.letters.ids if one.startswith("not-accepted-")} < asking
    assert not {"update", "acknowledgement", "survey", "closing"} & asking


# nobody left


def test_when_nobody_is_left_to_write_to_somebody_must_find_a_way(service):
    made = represented(service, lady=None)
    do(service, made, "check-authority", authority="refused")
    (task,) = [
        one for one in service.engine.case_tasks(made.instance_key) if one.name == "Find a way to reach them"
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
