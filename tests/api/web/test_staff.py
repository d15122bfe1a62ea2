"""The pages of colleagues: what each shows, refuses and keeps."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape

import pytest
from sqlalchemy import select

from api.complaints.intake import PartyDetails
from api.complaints.letter_desk import LetterNotWaiting
from api.complaints.parties import parties
from api.complaints.tables import LetterRow, NoticeRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from api.web.forms.posted import token
from tests.api.web.staff_desk import Desk, carry_on, complain


@pytest.fixture
def office(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    return service.engine.write(
        lambda session: add_colleagues(session, keys=keys, password=None, at=service.clock.now())
    )


@pytest.fixture
def desk(app, service, office):
    return lambda name, *roles, **more: Desk(app, service, name, *roles, **more)


def first_task(service, made):
    return service.engine.open_tasks(made.instance_key)[0]


def test_a_page_of_colleagues_sends_strangers_to_sign_in_and_back(app):
    answer = app.test_client().get("/staff/complaints?q=parcel")
    assert answer.status_code == 303
    assert answer.location == "/staff/sign-in?next=/staff/complaints?q%3Dparcel"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(desk, target):
    ines = desk("ines")
    answer = ines.client.get("/staff/sign-in", query_string={"next": target})
    assert answer.location == "/staff/"


def test_signing_in_opens_a_session_and_signing_out_ends_it(app, service, office):
    service.engine.write(lambda db: _give_password(db, service, "ines"))
    client = app.test_client()
    page = Desk.__new__(Desk)
    page.client, page.html, page.text = client, "", ""
    page.open("/staff/sign-in")
    refused = page.send("/staff/sign-in", name="ines", password="not this one, sorry")
    assert refused.status_code == 422
    assert "The user name or the password is not right." in page.text
    unknown = page.send("/staff/sign-in", name="nobody", password="not this one, sorry")
    assert unknown.status_code == 422
    assert "The user name or the password is not right." in page.text
    page.send("/staff/sign-in", name="ines", password="seven green umbrellas")
    assert "Inbox" in page.text
    cookie = client.get_cookie("redress").value
    page.send("/staff/sign-out")
    client.set_cookie("redress", cookie)
    assert client.get("/staff/").status_code == 303, "the old cookie still opens the door"


def _give_password(session, service, name):
    from api.identity import people

    people.change(session, name, password="seven green umbrellas", at=service.clock.now())


def test_the_inbox_counts_and_shows_what_waits_for_a_group(service, desk):
    made = complain(service)
    ines = desk("ines")
    ines.open("/staff/?box=unassigned")
    assert made.reference in ines.text
    assert "Screen the complaint" in ines.text
    assert "Ann Other" in ines.text
    hana = desk("hana")
    hana.open("/staff/?box=unassigned")
    assert made.reference not in hana.text
    assert "No task waits for somebody to take it." in hana.text


def test_a_search_in_the_inbox_says_when_nothing_matches(service, desk):
    complain(service)
    ines = desk("ines")
    ines.open("/staff/?box=groups&q=zebra")
    assert "Nothing here matches “zebra”" in ines.text
    ines.open("/staff/?box=groups&q=screen")
    assert "Screen the complaint" in ines.text


def test_of_two_who_claim_one_gets_the_task_and_the_other_a_reason(service, desk):
    task = first_task(service, complain(service))
    ines, ivan = desk("ines"), desk("ivan")
    ines.send(f"/staff/tasks/{task.user_task_key}/claim")
    assert "The task is yours." in ines.text
    ivan.send(f"/staff/tasks/{task.user_task_key}/claim")
    assert "Someone else holds this task." in ivan.text


def test_a_refused_form_keeps_what_was_typed_and_names_the_field(service, desk):
    task = first_task(service, complain(service))
    ines = desk("ines")
    ines.send(f"/staff/tasks/{task.user_task_key}/claim")
    answer = ines.send(f"/staff/tasks/{task.user_task_key}", _do="continue", scopeExit="1-00000000")
    assert answer.status_code == 422
    assert "There is a problem" in ines.text
    assert service.engine.task(task.user_task_key).state == "CREATED"


def test_a_field_the_form_does_not_have_is_refused_and_nothing_changes(service, desk):
    task = first_task(service, complain(service))
    ines = desk("ines")
    ines.send(f"/staff/tasks/{task.user_task_key}/claim")
    ines.open(f"/staff/tasks/{task.user_task_key}")
    answer = ines.send(f"/staff/tasks/{task.user_task_key}", _do="continue", role="admin")
    assert answer.status_code == 422
    assert service.engine.task(task.user_task_key).state == "CREATED"


def test_a_draft_survives_leaving_and_belongs_to_its_person(service, desk):
    made = complain(service)
    carry_on(service, made, until="plan-investigation")
    task = first_task(service, made)
    owner = desk(task.assignee)
    saved = owner.send(
        f"/staff/tasks/{task.user_task_key}/draft", questions="Who carried the parcel?", _do="save"
    )
    assert saved.status_code == 204
    owner.open(f"/staff/tasks/{task.user_task_key}")
    assert "Who carried the parcel?" in owner.html
    assert "Draft saved" in owner.text


def test_a_task_done_meanwhile_is_said_and_the_typing_is_kept(service, desk):
    made = complain(service)
    carry_on(service, made, until="plan-investigation")
    task = first_task(service, made)
    owner = desk(task.assignee)
    owner.open(f"/staff/tasks/{task.user_task_key}")
    page = owner.html
    carry_on(service, made, until="draft-answer")
    owner.html = page
    answer = owner.send(f"/staff/tasks/{task.user_task_key}", _do="continue", questions="Too late?")
    assert answer.status_code in (409, 200)
    assert "completed this task" in owner.text


def test_a_stale_page_is_a_conflict(service, desk):
    task = first_task(service, complain(service))
    ines = desk("ines")
    ines.send(f"/staff/tasks/{task.user_task_key}/claim")
    ines.open(f"/staff/tasks/{task.user_task_key}")
    lea = desk("lea")
    lea.send(f"/staff/tasks/{task.user_task_key}/assign", assignee="ivan")
    answer = ines.send(f"/staff/tasks/{task.user_task_key}", _do="continue", _version="1")
    assert answer.status_code in (409, 422)
    assert service.engine.task(task.user_task_key).state == "CREATED"


def test_who_drafted_is_not_offered_the_quality_check(service, desk):
    made = complain(service)
    carry_on(service, made, until="check-quality")
    drafter = service.engine.values(made.instance_key)["owner"]
    service.engine.write(lambda db: _also(db, service, drafter, "quality"))
    task = next(
        each for each in service.engine.open_tasks(made.instance_key) if each.name == "Check the quality"
    )
    theirs = desk(drafter)
    theirs.send(f"/staff/tasks/{task.user_task_key}/claim")
    assert "You drafted this answer; somebody else checks it." in theirs.text
    lea = desk("lea")
    lea.open(f"/staff/tasks/{task.user_task_key}/assign")
    assert "You drafted this answer; somebody else checks it." in lea.text
    refused = lea.send(f"/staff/tasks/{task.user_task_key}/assign", assignee=drafter)
    assert refused.status_code == 422


def _also(session, service, name, role):
    from api.identity import people

    roles = set(people.find(session, name).roles) | {role}
    people.change(session, name, roles=roles, at=service.clock.now())


def test_the_subject_of_a_complaint_meets_a_page_that_does_not_exist(service, desk):
    made = complain(service, staff_concerned=("hana",))
    task = first_task(service, made)
    hana = desk("hana")
    service.engine.write(lambda db: _also(db, service, "hana", "intake"))
    hana = desk("hana")
    assert hana.open(f"/staff/complaints/{made.key}").status_code == 404
    assert hana.open(f"/staff/tasks/{task.user_task_key}").status_code == 404
    hana.open("/staff/complaints")
    assert made.reference not in hana.text
    hana.open("/staff/?box=groups")
    assert made.reference not in hana.text
    assert hana.send(f"/staff/tasks/{task.user_task_key}/claim").status_code == 404


def test_an_administrator_reads_no_complaint(service, app, office):
    made = complain(service)
    admin = Desk(app, service, "root", "admin")
    assert admin.open(f"/staff/complaints/{made.key}").status_code == 404
    assert admin.open("/staff/complaints").status_code == 403
    assert admin.open("/staff/people").status_code == 200
    service.engine.beat("node", "host", chore="post")
    shown = admin.open("/staff/incidents")
    assert shown.status_code == 200
    assert "Last went well: post" in shown.text


def test_top_management_reads_significant_complaints_only(service, desk):
    plain = complain(service)
    tara = desk("tara")
    assert tara.open(f"/staff/complaints/{plain.key}").status_code == 404


@pytest.mark.parametrize("tab", ["overview", "timeline", "clocks", "papers", "diagram"])
def test_each_side_of_a_complaint_shows_its_part(service, desk, tab):
    made = complain(service)
    carry_on(service, made, until="check-quality")
    lea = desk("lea")
    assert lea.open(f"/staff/complaints/{made.key}/{tab}").status_code == 200
    expected = {
        "overview": "The parcel never came.",
        "timeline": "Complaint assessed",
        "clocks": "Final response",
        "papers": "Read the letter",
        "diagram": "Complaint handling",
    }
    assert expected[tab] in lea.text


def test_words_of_a_complainant_stay_words(service, desk):
    made = complain(
        service, name="<b>Bob</b>", words="<script>alert(1)</script> {{ 1 + 1 }} =cmd|' /C calc'!A0"
    )
    lea = desk("lea")
    lea.open(f"/staff/complaints/{made.key}")
    assert "<script>alert(1)" not in lea.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 1 + 1 }} =cmd|" in lea.html
    assert "<b>Bob</b>" not in lea.html


def test_a_note_needs_words_and_is_not_public(service, desk):
    made = complain(service)
    ines = desk("ines")
    assert ines.send(f"/staff/complaints/{made.key}/notes", note="  ").status_code == 422
    ines.send(f"/staff/complaints/{made.key}/notes", note="Called back, nobody there.")
    assert "Called back, nobody there." in ines.text


def test_recording_a_complaint_heard_by_phone(service, desk):
    emil = desk("emil")
    emil.open("/staff/record")
    answer = emil.send("/staff/record", _do="continue")
    assert answer.status_code == 422
    assert "There is a problem" in emil.text


def test_a_date_that_an_answer_leads_to_is_asked_of_a_colleague_too(service, app):
    made = complain(service, representative=PartyDetails("An Agent", "agent@example.org"))
    (task,) = service.engine.open_tasks(made.instance_key)
    ina, path = Desk(app, service, "ina", "intake"), f"/staff/tasks/{task.user_task_key}"
    ina.open(path)
    ina.send(f"{path}/claim")
    asked = re.search(r'name="_asked" value="([^"]*)"', ina.html)[1]
    chosen = {"authority": token(0, "confirmed"), "authorityScope": token(0, "settle")}

    answer = ina.send(path, _asked=asked, _do="continue", **chosen)

    assert (answer.status_code, "One more question" in ina.text) == (200, True)
    assert "Until when?" in ina.text
    asked = re.search(r'name="_asked" value="([^"]*)"', ina.html)[1]
    assert ina.send(path, follow=False, _asked=asked, _do="continue", **chosen).status_code == 303


def test_search_finds_by_reference_person_and_words(service, desk):
    made = complain(service, name="Zelda Quirk", words="The umbrella was green.")
    lea = desk("lea")
    for text in ("Zelda", "umbrella"):
        lea.open(f"/staff/complaints?q={text}")
        assert made.reference in lea.text
    answer = lea.open(f"/staff/complaints?q={made.reference.lower().replace('-', ' ')}")
    assert answer.location == f"/staff/complaints/{made.key}"
    service.engine.write(lambda db: setattr(parties(db, made.key)["complainant"], "phone", "020 7946-0001"))
    for number in ("02079460001", "020 79460001", "79460001", "020/79460001"):
        lea.open(f"/staff/complaints?q={number}")
        assert made.reference in lea.text, number
    lea.open("/staff/complaints?q=02079460002")
    assert made.reference not in lea.text
    lea.open("/staff/complaints?q=100%25")
    assert "No complaint fits." in lea.text
    lea.open("/staff/complaints?from=32+1+2026")
    assert "Enter days as 27 3 2026." in lea.text


def test_notices_are_read_once_and_by_those_they_are_for(service, desk):
    made = complain(service)
    service.clock.advance(timedelta(days=21))
    service.engine.run_due_jobs()
    lea = desk("lea")
    lea.open("/staff/notices")
    assert made.reference in lea.text
    emil = desk("emil")
    emil.open("/staff/notices")
    assert made.reference not in emil.text


def test_an_address_of_ours_in_a_notice_is_a_link_and_no_other_is(service, desk):
    ours = f"{service.settings.base_url}/staff/complaints?open=yes&breached=yes"
    text = f"2 are late: {ours}. <b>See</b> https://elsewhere.example/x too."
    notice = NoticeRow(key=1, person_name="lea", subject="Came in", text=text, at=service.clock.now())
    service.engine.write(lambda session: session.add(notice))
    lea = desk("lea")
    lea.open("/staff/notices")
    assert f'<a href="{escape(ours)}">' in lea.html
    assert "&lt;b&gt;See" in lea.html
    assert "elsewhere.example/x" in lea.html
    assert 'href="https://elsewhere' not in lea.html


def test_people_are_added_changed_and_the_last_administrator_stays(service, app):
    root = Desk(app, service, "root", "admin")
    root.open("/staff/people")
    root.send(
        "/staff/people", name="new.person", display_name="New Person", roles="handler", groups="department-it"
    )
    assert "can sign in as new.person with the password" in root.text
    assert (
        root.send("/staff/people", name="new.person", display_name="Again", roles="handler").status_code
        == 422
    )
    assert root.send("/staff/people/root", do="roles", roles="handler").status_code == 422
    assert "Somebody else changes your own roles." in root.text


def test_every_unsafe_request_needs_its_token(service, desk):
    made = complain(service)
    ines = desk("ines")
    answer = ines.send(f"/staff/complaints/{made.key}/notes", note="x", csrf_token="forged")
    assert answer.status_code == 400
    assert "too old, or came from somewhere else" in ines.text


def test_a_held_letter_of_an_imported_complaint_leaves_when_somebody_sends_it_and_once(service, desk):
    made = complain(service, letters_held=True, source="old", source_key="1")
    papers = f"/staff/complaints/{made.key}/papers"
    ines = desk("ines")
    ines.open(papers)
    assert "It is held, because this complaint was imported" in ines.text
    (letter,) = service.engine.read(
        lambda session: session.scalars(
            select(LetterRow.key).where(LetterRow.complaint_key == made.key)
        ).all()
    )
    path = f"/staff/complaints/{made.key}/letters/{letter}/send"
    assert ines.send(path).status_code == 200
    service.engine.run_due_jobs()
    row = service.engine.read(lambda session: session.get(LetterRow, letter))
    assert row.dispatched_at is not None
    assert len(list(service.settings.outbox_dir.glob("*.eml"))) == 1
    ines.open(papers)
    assert "Send it now" not in ines.text
    assert ines.send(path).status_code == 409
    assert "Not possible as things stand now" in ines.text
    assert "faster" not in ines.text
    assert LetterNotWaiting().message in ines.text


def test_what_a_colleague_decides_on_an_imported_complaint_leaves_at_once(service, desk):
    made = complain(service, letters_held=True, source="old", source_key="1")
    Staff(service).work(made.instance_key, Wish(remedy="refund", amount=50))
    service.engine.run_due_jobs()
    rows = service.engine.read(
        lambda session: session.execute(
            select(LetterRow.template, LetterRow.outbox_key).where(LetterRow.complaint_key == made.key)
        ).all()
    )
    sent = {template for template, outbox_key in rows if outbox_key is not None}
    assert "decision" in sent
    assert {template for template, outbox_key in rows if outbox_key is None} == {"acknowledgement"}
