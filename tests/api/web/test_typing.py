"""Typed text and files are never lost: refused, too old, signed out, too late, too large, too many, pressed twice."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import stream_encode_multipart

from api import kept
from api.complaints.separation import exclude
from api.complaints.tables import ComplaintRow, DocumentRow, DraftRow, oldest_first
from api.demo.people import COLLEAGUES, add_colleagues
from api.identity import people
from api.web.forms import typed_lines
from engine import forms
from engine.actors import SYSTEM
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.api.web.staff_desk import Desk, carry_on, complain
from tests.api.web.test_public import PDF
from tests.api.web.visitor import Visitor

LONG = "Who carried the parcel?\nAnd who signed for it, <b>if</b> anybody did?"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def office(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    return service.engine.write(
        lambda session: add_colleagues(session, keys=keys, password=PASSWORD, at=service.clock.now())
    )


@pytest.fixture
def desk(app, service, office):
    return lambda name, *roles, **more: Desk(app, service, name, *roles, **more)


@pytest.fixture
def made(service, office):
    made = complain(service)
    carry_on(service, made, until="plan-investigation")
    return made


@pytest.fixture
def task(service, made):
    return service.engine.open_tasks(made.instance_key)[0]


def at(task):
    return f"/staff/tasks/{task.user_task_key}"


def shown(page, text):
    return text in html.unescape(page)


def version(page):
    return re.search(r'name="_version" value="(\d+)"', page)[1]


def unassign(service, task, *, groups=()):
    service.engine.unclaim_task(task.user_task_key, by=SYSTEM)


# two people at one task


def test_of_two_who_typed_the_slower_keeps_their_draft_and_reads_it(service, desk, task):
    unassign(service, task)
    hana, hugo = desk("hana"), desk("hugo")
    hana.open(at(task))
    hugo.open(at(task))
    hana.send(at(task), _do="save", questions="Hers: " + LONG)
    hugo.send(at(task), _do="save", questions="His: " + LONG)
    hana.open(at(task))
    assert shown(hana.html, "Hers: Who carried")
    assert not shown(hana.html, "His: Who carried")
    service.engine.complete_task(task.user_task_key, {"questions": "x"}, by=people_actor(service, "hana"))
    late = hugo.send(at(task), _do="continue", questions="His again: " + LONG)
    assert late.status_code == 409
    assert shown(hugo.html, "His again: " + LONG)
    assert "Someone completed this task before you did." in hugo.text
    assert "kept here for you until 21 Feb 2027" in hugo.text
    hugo.open(at(task))
    assert shown(hugo.html, "His again: " + LONG)
    hana.open(at(task))
    assert not shown(hana.html, "His again")


def people_actor(service, name):
    return service.engine.read(lambda session: people.find(session, name)).actor


def test_completing_forgets_the_own_draft_alone(service, desk, made, task):
    unassign(service, task)
    hana, hugo = desk("hana"), desk("hugo")
    hugo.open(at(task))
    hugo.send(at(task), _do="save", questions="His")
    hana.send(at(task) + "/claim")
    hana.send(at(task), _do="save", questions="Hers")
    hana.open(at(task))
    answer = hana.send(at(task), _do="continue", follow=False, **required(hana))
    assert answer.status_code == 303, hana.text
    places = service.engine.read(lambda session: session.scalars(select(DraftRow.place)).all())
    assert f"task:{task.user_task_key}:hugo" in places
    assert f"task:{task.user_task_key}:hana" not in places


@pytest.mark.parametrize("how", ["given to somebody else", "no longer needed", "taken out of their hands"])
def test_a_task_that_went_away_shows_what_was_typed_and_keeps_it(service, desk, made, task, how):
    owner = desk(task.assignee)
    owner.open(at(task))
    owner.send(at(task), _do="save", questions="Before")
    page = owner.html
    if how == "given to somebody else":
        service.engine.assign_task(
            task.user_task_key, "hugo" if task.assignee != "hugo" else "hana", by=SYSTEM
        )
    elif how == "no longer needed":
        service.engine.publish_message("complainant-withdraws", str(made.key), {}, by=SYSTEM)
    else:
        service.engine.write(
            lambda session: people.change(session, task.assignee, roles=("quality",), at=service.clock.now())
        )
        service.engine.assign_task(
            task.user_task_key, "hugo" if task.assignee != "hugo" else "hana", by=SYSTEM
        )
        owner = desk(task.assignee)
        owner.open("/staff/")
        page = owner.html
    owner.html = page
    answer = owner.send(at(task), _do="continue", questions=LONG)
    assert answer.status_code == 409, owner.text
    assert shown(owner.html, LONG)
    owner.open(at(task))
    assert shown(owner.html, LONG)
    assert "Saved. The task still waits" not in owner.text


@pytest.mark.parametrize("button", ["continue", "save"])
def test_nothing_says_saved_for_a_task_that_no_longer_waits(service, desk, made, task, button):
    owner = desk(task.assignee)
    owner.open(at(task))
    service.engine.publish_message("complainant-withdraws", str(made.key), {}, by=SYSTEM)
    answer = owner.send(at(task), _do=button, questions=LONG)
    assert answer.status_code == 409
    assert "still waits for you" not in owner.text
    assert shown(owner.html, LONG)


def test_typing_that_saves_itself_is_kept_after_the_task_is_gone(service, desk, made, task):
    owner = desk(task.assignee)
    owner.open(at(task))
    service.engine.publish_message("complainant-withdraws", str(made.key), {}, by=SYSTEM)
    assert owner.send(at(task) + "/draft", _do="save", questions=LONG).status_code == 204
    owner.open(at(task))
    assert shown(owner.html, LONG)


def test_somebody_in_conflict_of_interest_reads_nothing_of_the_task(service, desk, made, task):
    owner = desk(task.assignee)
    owner.open(at(task))
    owner.send(at(task), _do="save", questions=LONG)
    service.engine.write(
        lambda session: exclude(session, made.key, task.assignee, reason="cousin", at=service.clock.now())
    )
    assert owner.open(at(task)).status_code == 404
    assert owner.send(at(task), _do="continue", questions="again").status_code == 404
    assert task.name not in owner.text


def test_a_second_press_leads_to_the_same_page_and_other_words_do_not(service, desk, task):
    owner = desk(task.assignee)
    owner.open(at(task))
    page, fields = owner.html, required(owner)
    sent = {"_do": "continue", "_version": version(page), **fields}
    first = owner.send(at(task), follow=False, **sent)
    assert first.status_code == 303, owner.text
    owner.html = page
    second = owner.send(at(task), follow=False, **sent)
    assert (second.status_code, second.location) == (303, first.location)
    owner.html = page
    third = owner.send(at(task), follow=False, **{**sent, "questions": "Something else: " + LONG})
    assert third.status_code == 409
    assert shown(owner.html, "Something else: " + LONG)


# files


def upload(desk, path, field, *files, **fields):
    token = re.search(r'name="csrf_token" value="([^"]+)"', desk.html)[1]
    data = MultiDict({**fields, "csrf_token": token})
    for name, content in files:
        data.add(f"{field}-upload", FileStorage(io.BytesIO(content), name, f"{field}-upload"))
    body, _, boundary = stream_encode_multipart(data, use_tempfile=False)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return desk._seen(desk.client.post(path, data=body.read(), content_type=kind, follow_redirects=True))


def keys(desk, field):
    return re.findall(rf'name="{field}" value="(\d+)"', desk.html)


@pytest.fixture
def evidence(service, desk, office):
    made = complain(service)
    carry_on(service, made, until="examine-evidence")
    (task,) = (one for one in service.engine.open_tasks(made.instance_key) if "evidence" in one.name.lower())
    if task.assignee is None:
        service.engine.assign_task(task.user_task_key, "ivan", by=SYSTEM)
        task = service.engine.task(task.user_task_key)
    return made, task, desk(task.assignee)


def rows(service):
    query = select(DocumentRow.name, DocumentRow.complaint_key)
    return service.engine.read(
        lambda session: session.execute(query.order_by(*oldest_first(DocumentRow))).all()
    )


def test_files_of_a_task_wait_under_the_draft_and_join_the_complaint(service, evidence):
    made, task, owner = evidence
    owner.open(at(task))
    upload(owner, at(task), "evidenceFiles", ("log.pdf", PDF), _do="save", chronology=LONG)
    assert "log.pdf" in owner.text
    assert "KB" in owner.text or "B" in owner.text
    assert "Remove log.pdf" in owner.text
    assert rows(service) == [("log.pdf", None)]
    owner.open(at(task))
    assert "log.pdf" in owner.text
    held = keys(owner, "evidenceFiles")
    assert len(held) == 1
    assert owner.open(f"/staff/documents/{held[0]}").data == PDF
    owner.open(at(task))
    again = upload(owner, at(task), "evidenceFiles", ("log.pdf", PDF), _do="save", evidenceFiles=held[0])
    assert again.status_code == 200
    assert rows(service) == [("log.pdf", None)], "the same file twice is one file"
    refused = upload(
        owner, at(task), "evidenceFiles", ("bad.exe", b"MZ"), _do="continue", evidenceFiles=held[0]
    )
    assert refused.status_code == 422
    assert "log.pdf" in owner.text
    finish(service, owner, task, held)
    assert rows(service) == [("log.pdf", made.key)]


@pytest.mark.parametrize(("name", "content"), [("bad.exe", b"MZ"), ("empty.pdf", b""), ("a.heic", b"ftyp")])
def test_saved_is_not_said_of_a_file_that_is_not_kept(service, desk, evidence, name, content):
    _, task, owner = evidence
    ines = desk("ines", "intake")
    for who, place in ((owner, at(task)), (ines, "/staff/record")):
        who.open(place)
        [field] = re.findall(r'name="(\w+)-upload"', who.html)
        refused = upload(who, place, field, ("log.pdf", PDF), (name, content), _do="save")
        assert refused.status_code == 422
        assert name in who.text
        assert "Saved" not in who.text
        assert "Remove log.pdf" in who.text, "the accepted file is gone"


def finish(service, owner, task, held):
    owner.open(at(task))
    sent = {"_do": "continue", "evidenceFiles": held, **required(owner)}
    answer = owner.send(at(task), follow=False, **sent)
    assert answer.status_code == 303, owner.text


def required(desk):
    """Fill every text and take the first option of everything else on the page."""
    filled = {}
    for name in re.findall(r'<textarea[^>]* name="([^"]+)"', desk.html):
        filled[name] = LONG
    for name, value in re.findall(r'type="radio"[^>]* name="([^"]+)" value="([^"]+)"', desk.html):
        filled.setdefault(name, value)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', desk.html, re.DOTALL):
        filled.setdefault(name, re.findall(r'value="([^"]+)"', options)[0])
    return filled


def test_a_removed_file_is_erased_and_makes_room(service, evidence):
    _, task, owner = evidence
    owner.open(at(task))
    for number in range(12):
        upload(owner, at(task), "evidenceFiles", (f"{number}.pdf", PDF + b"%d" % number), _do="save")
        owner.open(at(task))
        (key,) = keys(owner, "evidenceFiles")
        owner.send(at(task), _do=f"remove-file:evidenceFiles:{key}", evidenceFiles=key)
        assert keys(owner, "evidenceFiles") == []
    assert rows(service) == []
    assert list(service.settings.uploads_dir.iterdir()) == []


def test_a_file_of_somebody_elses_draft_is_nobodys_business(service, desk, evidence):
    _, task, owner = evidence
    owner.open(at(task))
    upload(owner, at(task), "evidenceFiles", ("secret-name.pdf", PDF), _do="save")
    owner.open(at(task))
    (key,) = keys(owner, "evidenceFiles")
    other = "hugo" if task.assignee != "hugo" else "hana"
    service.engine.assign_task(task.user_task_key, other, by=SYSTEM)
    thief = desk(other)
    thief.open(at(task))
    thief.send(at(task), _do="save", evidenceFiles=key)
    thief.open(at(task))
    assert "secret-name.pdf" not in thief.text
    assert thief.open(f"/staff/documents/{key}").status_code == 404


# too old


def stale(desk):
    """The page stood open until its token was worth nothing: the cookie that goes with it is gone."""
    desk.client.delete_cookie("redress-form")


def resent(page):
    """Return address and fields of the form that sends again what was typed."""
    section = page[page.index('id="kept"') :]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', section)
    fields += re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', section, re.DOTALL)
    fields += re.findall(r'<input class="form-control"[^>]* name="([^"]+)" value="([^"]*)"', section)
    buttons = re.findall(r'type="submit" name="_do" value="([^"]+)"', section)
    action = re.search(r'action="([^"]+)"', section)[1]
    return html.unescape(action), {name: html.unescape(text) for name, text in fields}, buttons


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/staff/complaints/{complaint}/notes", {"note": LONG}),
        ("/staff/complaints/{complaint}/receipt", {"received": "27 3 2026", "reason": LONG}),
        ("/staff/tasks/{task}", {"questions": LONG, "_do": "save"}),
        ("/staff/record", {"description": LONG, "_do": "save"}),
        ("/staff/calendars/generic", {"kind": "closure", "name": "Works outing", "reason": LONG}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_that_grew_old_is_shown_again_and_can_be_sent(service, desk, made, task, path, fields):
    lea = desk("max")
    path = path.format(complaint=made.key, task=task.user_task_key)
    lea.open("/staff/notices")
    stale(lea)
    answer = lea.send(path, **fields)
    assert answer.status_code == 400
    assert "Nothing was changed." in lea.text
    for text in fields.values():
        assert shown(lea.html, text)
    action, again, buttons = resent(lea.html)
    assert action == path
    assert buttons[:1] == [fields[name] for name in ("_do",) if name in fields]
    for name, text in fields.items():
        assert name == "_do" or again[name] == text
    assert lea.send(action, **again, **({"_do": buttons[0]} if buttons else {})).status_code not in (400, 500)


@pytest.mark.parametrize("page_of", ["another person", "nobody", "a forger"])
def test_what_another_person_typed_is_not_shown(service, desk, made, page_of):
    hana, hugo = desk("hana"), desk("hugo")
    hana.open("/staff/notices")
    token = re.search(r'name="csrf_token" value="([^"]+)"', hana.html)[1]
    token = {"another person": token, "nobody": "", "a forger": token[:-4] + "AAAA"}[page_of]
    hugo.open("/staff/notices")
    answer = hugo.send(f"/staff/complaints/{made.key}/notes", note=LONG, csrf_token=token)
    assert answer.status_code == 400
    assert not shown(hugo.html, "Who carried")


# signed out


@pytest.fixture
def signed_out(service, app, office, made, task, request):
    """Hana had a page open, her session is over, and she sends it; how it ended is the parameter."""
    browser = Browser(app)
    browser.sign_in(task.assignee)
    page = browser.get(at(task))
    assert page.status_code == 200
    how = getattr(request, "param", "idle")
    if how == "idle":
        service.clock.advance(timedelta(minutes=31))
    elif how == "signed out elsewhere":
        other = Browser(app)
        other.client.set_cookie("redress", browser.cookie())
        other.get("/staff/")
        other.post("/staff/sign-out")
    elif how == "cookie gone":
        browser.client.delete_cookie("redress")
    elif how == "roles changed":
        service.engine.write(
            lambda session: people.change(
                session, task.assignee, roles=("handler", "investigator"), at=service.clock.now()
            )
        )
    browser._seen(page)
    answer = browser.post(at(task), {"_do": "continue", "_version": version(page.text), "questions": LONG})
    return browser, answer


def sealed_in(page):
    return re.search(r'name="sealed" value="([^"]+)"', page)[1]


@pytest.mark.parametrize(
    "signed_out", ["idle", "signed out elsewhere", "cookie gone", "roles changed"], indirect=True
)
def test_who_signs_in_again_sees_what_they_typed_not_sent_yet(service, task, signed_out):
    browser, answer = signed_out
    assert answer.status_code == 401
    assert "you see again what you typed; it has not been sent yet" in answer.text
    assert "Who carried" not in answer.text
    sealed = sealed_in(answer.text)
    wrong = browser.post(
        "/staff/sign-in", {"name": task.assignee, "password": "wrong words here", "sealed": sealed}
    )
    assert wrong.status_code == 422
    entered = browser.post(
        "/staff/sign-in", {"name": task.assignee, "password": PASSWORD, "sealed": sealed_in(wrong.text)}
    )
    assert entered.status_code == 200
    assert "Not sent yet" in entered.text
    assert shown(entered.text, LONG)
    assert service.engine.task(task.user_task_key).state == "CREATED"
    action, fields, buttons = resent(entered.text)
    assert buttons == ["continue", "save"]
    browser._seen(entered)
    saved = browser.post(action, {**fields, "_do": "save"})
    assert saved.status_code == 303
    assert shown(browser.get(at(task)).text, LONG)


def test_another_person_who_signs_in_there_sees_nothing_of_it(task, signed_out):
    browser, answer = signed_out
    other = "hugo" if task.assignee != "hugo" else "hana"
    entered = browser.post(
        "/staff/sign-in", {"name": other, "password": PASSWORD, "sealed": sealed_in(answer.text)}
    )
    assert entered.status_code == 303
    followed = browser.get(entered.location)
    assert "another account typed it" in followed.text
    assert "Who carried" not in followed.text


def test_a_sign_in_page_that_grew_old_keeps_what_was_sealed(task, signed_out):
    browser, answer = signed_out
    browser.client.delete_cookie("redress-form")
    fields = {"name": task.assignee, "password": PASSWORD, "sealed": sealed_in(answer.text)}
    again = browser.post("/staff/sign-in", fields)
    assert again.status_code == 400
    entered = browser.post("/staff/sign-in", {**fields, "sealed": sealed_in(again.text)})
    assert shown(entered.text, LONG)


def test_what_is_sealed_is_unreadable_and_lasts_half_an_hour(service, task, signed_out):
    browser, answer = signed_out
    sealed = sealed_in(answer.text)
    assert "carried" not in sealed
    service.clock.advance(timedelta(minutes=31))
    entered = browser.post("/staff/sign-in", {"name": task.assignee, "password": PASSWORD, "sealed": sealed})
    assert entered.status_code == 303
    assert "its time is over" in browser.get(entered.location).text
    broken = browser.post(
        "/staff/sign-in", {"name": task.assignee, "password": PASSWORD, "sealed": sealed[:-5] + "AAAAA"}
    )
    assert broken.status_code == 303


def test_a_post_that_no_page_of_ours_sent_is_not_sealed_and_promises_nothing(app, made):
    browser = Browser(app)
    answer = browser.client.post(
        f"/staff/complaints/{made.key}/notes", data={"note": LONG, "csrf_token": "x"}
    )
    assert answer.status_code == 401
    assert "sealed" not in answer.text
    assert "you see again" not in answer.text
    assert "nothing was changed" in answer.text


def test_more_than_can_be_sealed_is_not_promised(app, service, made):
    add_person(service, "pat", "manager", password=PASSWORD)
    browser = Browser(app)
    browser.sign_in("pat")
    browser.get("/staff/notices")
    service.clock.advance(timedelta(minutes=31))
    answer = browser.post(f"/staff/complaints/{made.key}/notes", {"note": "x" * (kept.LONGEST + 1)})
    assert answer.status_code == 401
    assert "you see again" not in answer.text


def test_files_of_a_post_without_a_session_are_named(service, app, evidence):
    _, task, owner = evidence
    owner.open(at(task))
    page = owner.html
    service.clock.advance(timedelta(minutes=31))
    owner.html = page
    upload(owner, at(task), "evidenceFiles", ("log.pdf", PDF), _do="save", chronology=LONG)
    sealed = sealed_in(owner.html)
    entered = owner.send("/staff/sign-in", name=task.assignee, password=PASSWORD, sealed=sealed)
    assert entered.status_code == 200
    assert "were not stored, choose them again: log.pdf" in owner.text


# refused, too large, too many


@pytest.mark.parametrize(
    ("path", "fields", "problem"),
    [
        ("clocks/final_response/met", {"day": "soon", "time": "14:30", "reason": LONG[:23]}, "Enter the day"),
        ("receipt", {"received": "27 3 2026", "time": "14:31", "reason": ""}, "Give a reason."),
        ("receipt", {"received": "27 3 1926", "time": "14:31", "reason": "A typo"}, "between 1990"),
        ("kind", {"regime": "nonsense", "stage": "two", "reason": "Moved"}, "Select regime"),
        ("notes", {"note": "x" * 10_001}, "up to 10,000 characters"),
    ],
)
def test_a_refused_action_on_a_complaint_keeps_every_field(service, desk, made, path, fields, problem):
    lea = desk("max")
    lea.open(f"/staff/complaints/{made.key}/clocks")
    answer = lea.send(f"/staff/complaints/{made.key}/{path}", **fields)
    assert answer.status_code == 422, lea.text
    assert problem in lea.text
    form = lea.html[lea.html.index(f'action="/staff/complaints/{made.key}/{path}"') :].split("</form>")[0]
    for name, text in fields.items():
        if name in ("regime",) or not text:
            continue
        is_there = f'value="{text}" selected' in form or f'name="{name}" value="{html.escape(text)}"' in form
        assert is_there or html.escape(text) in form, (name, form)


def test_a_form_that_is_not_on_the_page_any_more_leaves_what_was_typed(desk, made):
    lea = desk("max")
    lea.open("/staff/notices")
    answer = lea.send(
        f"/staff/complaints/{made.key}/clocks/acknowledgement/pause", category="third_party", reason=LONG
    )
    assert answer.status_code == 422
    assert shown(lea.html, LONG)


def test_a_reason_that_is_too_long_is_refused_whole_not_cut(service, desk, made):
    lea = desk("max")
    lea.open("/staff/notices")
    answer = lea.send(f"/staff/complaints/{made.key}/receipt", received="27 3 2026", reason="x" * 2_001)
    assert answer.status_code == 422
    assert "takes 2,000 characters; this has 2,001" in lea.text
    assert "x" * 2_001 in lea.html


def test_text_beside_files_that_are_too_large_is_kept(service, desk, evidence):
    _, task, owner = evidence
    owner.open(at(task))
    answer = upload(
        owner, at(task), "evidenceFiles", ("a.pdf", b"x" * (32 * 1024 * 1024)), _do="save", chronology=LONG
    )
    assert answer.status_code == 413
    assert shown(owner.html, LONG)
    assert "choose them again: a.pdf" in owner.text
    action, fields, buttons = resent(owner.html)
    owner.send(action, **fields, _do=buttons[0])
    owner.open(at(task))
    assert shown(owner.html, LONG)


def test_a_fault_of_ours_shows_what_was_typed_again(service, desk, made, app):
    lea = desk("lea")
    lea.open("/staff/notices")

    def broken(**_):
        raise RuntimeError

    broken.redress_action = "complaint.write"
    app.view_functions["staff.add_note"] = broken
    answer = lea.send(f"/staff/complaints/{made.key}/notes", note=LONG)
    assert answer.status_code == 500
    assert shown(lea.html, LONG)


def test_recording_twice_by_a_second_press_records_once(service, desk):
    emil = desk("emil")
    emil.open("/staff/record")
    page = emil.html
    sent = {"_do": "continue", "_key": re.search(r'name="_key" value="([^"]+)"', page)[1], **required(emil)}
    for name in re.findall(r'name="(\w+)-day"', page):
        sent |= {f"{name}-day": "20", f"{name}-month": "11", f"{name}-year": "2026"}
    first = emil.send("/staff/record", **sent)
    assert first.status_code == 200, emil.text
    assert "Recorded as RD-" in emil.text, emil.text
    before = re.search(r"RD-[\w-]+", emil.text)[0]
    emil.html = page
    emil.send("/staff/record", **sent)
    assert f"Recorded as {before}" in emil.text
    count = service.engine.read(lambda session: len(session.scalars(select(ComplaintRow.key)).all()))
    assert count == 1


# visitors


@pytest.fixture
def ann(app, service, clock):
    return Visitor(app, clock)


def test_a_visitors_page_that_grew_old_is_shown_again_and_goes_on(ann):
    ann.open("/complain/what-happened")
    key = ann.hidden("_key")
    ann.client.delete_cookie("redress-form")
    ann.clock.advance(timedelta(seconds=30))
    answer = ann.client.post(
        "/complain/what-happened",
        data={"description": LONG, "_do": "continue", "_key": key, "csrf_token": ann.csrf},
        headers=SAME_ORIGIN,
    )
    ann._read(answer)
    assert answer.status_code == 400
    assert shown(ann.page, LONG)
    action, fields, buttons = resent(ann.page)
    again = ann.post(action, _do=buttons[0], **fields)
    assert again.status_code == 303
    ann.open("/complain/what-happened")
    assert shown(ann.page, LONG)


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_what_another_site_sends_is_never_offered_to_be_sent(ann, headers):
    ann.complain()
    path = re.search(r'href="(/t/[\w-]+)"', ann.page)[1]
    ann.open(path)
    answer = ann.client.post("/status/withdraw", data={"reason": "Evil words"}, headers=headers)
    assert answer.status_code == 400
    assert "Evil words" not in answer.text
    assert "Send it again" not in answer.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/status/add", {"message": LONG}),
        ("/status/withdraw", {"reason": LONG}),
        ("/status/answer", {"reason": LONG}),
        ("/status/survey", {"surveyComment": LONG}),
    ],
)
def test_a_visit_that_ended_shows_what_was_typed(ann, path, fields):
    ann.complain()
    ann.open(re.search(r'href="(/t/[\w-]+)"', ann.page)[1])
    ann.open("/status/add")
    ann.clock.advance(timedelta(minutes=31))
    answer = ann.post(path, **fields)
    assert answer.status_code == 404
    assert shown(ann.page, LONG)
    assert "What you typed was not sent. Copy it" in ann.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/status/answer", {"reason": LONG}), ("/status/survey", {"surveyComment": LONG})],
)
def test_what_is_no_longer_possible_shows_what_was_typed(ann, path, fields):
    ann.complain()
    ann.open(re.search(r'href="(/t/[\w-]+)"', ann.page)[1])
    ann.open("/status/add")
    answer = ann.post(path, **fields)
    assert answer.status_code in (409, 422)
    assert shown(ann.page, LONG)


def test_too_many_posts_show_what_was_typed_and_take_it_later(ann):
    ann.open("/complain/what-happened")
    for _ in range(61):
        ann.post("/lost-link")
    ann.open("/complain/what-happened")
    key = ann.hidden("_key")
    answer = ann.post("/complain/what-happened", _do="continue", _key=key, description=LONG)
    assert answer.status_code == 429
    assert shown(ann.page, LONG)
    action, fields, buttons = resent(ann.page)
    ann.clock.advance(timedelta(minutes=2))
    assert ann.post(action, _do=buttons[0], **fields).status_code == 303


def test_a_visitors_text_beside_files_that_are_too_large_is_kept(ann):
    ann.complain()
    ann.open(re.search(r'href="(/t/[\w-]+)"', ann.page)[1])
    ann.open("/status/add")
    answer = ann.post(
        "/status/add", uploads={"files-upload": [("a.pdf", b"x" * (32 * 1024 * 1024))]}, message=LONG
    )
    assert answer.status_code == 413
    assert shown(ann.page, LONG)
    assert "choose them again: a.pdf" in ann.text


# the lines of what was typed


def test_lines_name_everything_typed_also_what_the_form_hides_now(service):
    form = forms.read(
        {
            "schemaVersion": 19,
            "type": "default",
            "id": "f",
            "components": [
                {"type": "textfield", "id": "a", "key": "shown", "label": "A question"},
                {
                    "type": "textarea",
                    "id": "b",
                    "key": "hidden",
                    "label": "Asked on condition",
                    "conditional": {"hide": "=true"},
                },
            ],
        },
        name="f",
    )
    answers = {"shown": "one", "hidden": "two", "renamed": "three"}
    lines = typed_lines(form, answers, moment=service.moment())
    assert [(line.label, line.text) for line in lines] == [
        ("A question", "one"),
        ("Asked on condition", "two"),
        ("renamed", "three"),
    ]
