"""How somebody of a complaint is called and reached is corrected at any time; letters that wait follow, old links end."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from api.complaints import links
from api.complaints.from_complainant import Mail, send_new_link
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.parties import parties
from api.complaints.tables import EventRow, LetterRow, oldest_first
from engine.actors import service as as_service
from tests.api.complaints.test_letters_by_hand import come_in, task_named
from tests.api.web.staff_desk import Desk

PAPER = PartyDetails("Ann Other", address="1 High Street")
MAIL = PartyDetails("Ann Other", "ann@mail.example", phone="07700 900123")


def people(service, made):
    return service.engine.read(lambda session: parties(session, made.key))


def letters(service):
    return service.engine.read(
        lambda session: session.scalars(select(LetterRow).order_by(*oldest_first(LetterRow))).all()
    )


def tasks(service, made):
    return sorted(one.name for one in service.engine.case_tasks(made.instance_key))


def correct(desk, made, role="complainant", **changes):
    """Change fields of the form on the tab *People*, and send it with all the others as they stand."""
    desk.open(f"/staff/complaints/{made.key}/people")
    path = f"/staff/complaints/{made.key}/people/{role}"
    form = re.search(rf'<form[^>]*action="{path}".*?</form>', desk.html, re.DOTALL)[0]
    fields = dict(re.findall(r'<input[^>]*name="(name|email|phone|_version)"[^>]*value="([^"]*)"', form))
    fields["address"] = re.search(r'name="address"[^>]*>\n([^<]*)<', form)[1]
    chosen = re.search(r'<option value="([^"]*)" selected', form)
    fields["preferred_channel"] = chosen[1] if chosen else ""
    return desk.send(path, **{"reason": "She rang", **fields, **changes})


@pytest.fixture
def mara(app, service):
    return Desk(app, service, "mara", "manager")


def test_an_address_that_moved_is_corrected_and_the_letter_that_waits_goes_there(service, mara):
    made = come_in(service, PAPER)
    (old,) = letters(service)
    assert correct(mara, made, address="2 Low Road\r\nLeeds", name="Ann Moved").status_code == 200
    service.run_due()

    assert "Corrected: name, postal address." in mara.text
    old, new = letters(service)
    assert (old.replaced_at is not None, new.recipient) == (True, "2 Low Road\nLeeds")
    assert "Dear Ann Moved" in new.text
    assert tasks(service, made) == ["Post the letter", "Screen the complaint"]
    mara.open(f"/staff/complaints/{made.key}/timeline")
    assert "Details of the complainant corrected: name, postal address" in mara.text
    assert "She rang" in mara.text


def test_who_wants_no_post_any_more_is_rung(service, mara):
    made = come_in(service, PartyDetails("Ann Other", phone="07700 900123", address="1 High Street"))
    correct(mara, made, address="", preferred_channel="phone")
    service.run_due()
    assert tasks(service, made) == ["Screen the complaint", "Tell them by phone"]


def test_what_a_correction_does_not_change_stays(service, mara):
    made = come_in(service, PAPER)
    correct(mara, made, phone="07700 900123", reason="For the file")
    (only,) = letters(service)
    assert (only.replaced_at, people(service, made)["complainant"].phone) == (None, "07700 900123")
    assert "Nothing was changed." in correct(mara, made).get_data(as_text=True)


def test_a_changed_email_address_ends_its_links_and_keeps_back_what_waits_for_it(service, mara):
    made, now = come_in(service, MAIL), service.clock.now()
    party = people(service, made)["complainant"]
    token = service.engine.write(
        lambda session: links.new_link(session, made.key, purpose="follow", party_key=party.key, at=now)
    )

    def opens():
        return service.engine.read(
            lambda session: links.opened_by(session, token, purpose="follow", at=now, on=now.date())
        )

    def mail(reference, link):
        return Mail(f"Your link to {reference}", link, link)

    assert opens() is not None
    send_new_link(service, made.reference, "ann@mail.example", write=mail)
    correct(mara, made, phone="07700 900124")
    assert opens() is not None, "another number ends no link"

    correct(mara, made, email="new@mail.example")
    service.run_due()
    assert "Links to the status page that went to the old address open nothing any more." in mara.text
    assert opens() is None
    asked = next(one for one in letters(service) if one.template == "new-link")
    assert asked.dispatched_at is None, "a link asked for at the old address"
    told = service.engine.read(
        lambda session: session.scalars(select(EventRow).where(EventRow.kind == "contact-corrected")).all()
    )
    assert token not in str([(one.text, one.facts) for one in told])
    send_new_link(service, made.reference, "new@mail.example", write=mail)
    service.run_due()
    assert letters(service)[-1].dispatched_at is not None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"email": "ann at mail"}, "Enter an e-mail address"),
        ({"reason": " "}, "Give a reason."),
        ({"phone": "7" * 61}, "takes 60 characters"),
        ({"preferred_channel": "pigeon"}, "The preferred channel is one of"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(service, mara, wrong, says):
    made = come_in(service, PAPER)
    assert correct(mara, made, **{"name": "Typed Anew", **wrong}).status_code == 422
    assert says in mara.text
    assert 'value="Typed Anew"' in mara.html
    assert people(service, made)["complainant"].name == "Ann Other"


def test_what_was_struck_out_needs_somebody_who_knows_that_it_works_again(service, mara):
    made = come_in(service, PartyDetails("Ann Other", phone="07700 900123", address="1 High Street"))
    task = task_named(service, made, "Post the letter")
    service.engine.complete_task(task.user_task_key, {"delivery": "no_way"})
    service.run_due()
    assert correct(mara, made, address="1, high street").status_code == 422
    assert "This was struck out because it reached nobody." in mara.text
    assert "Reached nobody, and was struck out: 1 High Street" in mara.text
    correct(mara, made, address="1, high street", works_again="on")
    assert people(service, made)["complainant"].address == "1, high street"


def test_without_any_way_left_somebody_looks_for_one_and_a_correction_ends_the_search(service, mara):
    made = come_in(service, PAPER)
    correct(mara, made, address="")
    service.run_due()
    assert tasks(service, made) == ["Find a way to reach them", "Screen the complaint"]
    correct(mara, made, phone="07700 900123")
    service.run_due()
    assert tasks(service, made) == ["Screen the complaint", "Tell them by phone"]
    correct(mara, made, address="2 Low Road")
    service.run_due()
    assert tasks(service, made) == ["Post the letter", "Screen the complaint"]


def test_nobody_looks_for_a_way_while_nothing_is_owed(service, mara):
    made = come_in(service, PAPER)
    service.engine.complete_task(
        task_named(service, made, "Post the letter").user_task_key, {"delivery": "done"}
    )
    correct(mara, made, address="")
    service.run_due()
    assert tasks(service, made) == ["Screen the complaint"]


def test_the_representative_is_corrected_by_themselves(service, mara):
    made = come_in(service, MAIL, representative=PartyDetails("Letting Agent"))
    assert "Find a way to reach them" in tasks(service, made)
    correct(mara, made, "representative", email="agent@mail.example")
    service.run_due()
    known = people(service, made)
    assert (known["representative"].email, known["complainant"].email) == (
        "agent@mail.example",
        "ann@mail.example",
    )
    assert "Find a way to reach them" not in tasks(service, made)
    assert any(one.recipient == "agent@mail.example" for one in letters(service))


def test_a_held_letter_stays_held(service, mara):
    new = NewComplaint("web", service.clock.now(), "It never came.", PAPER, letters_held=True)
    made = receive(service, new, by=as_service("test"))
    service.run_due()
    correct(mara, made, address="2 Low Road")
    service.run_due()
    (only,) = letters(service)
    assert (only.held, only.replaced_at) == (True, None)
    mara.send(f"/staff/complaints/{made.key}/letters/{only.key}/send")
    assert letters(service)[-1].recipient == "2 Low Road"


def test_who_was_shown_older_details_replaces_nothing(service, mara):
    made = come_in(service, PAPER)
    assert correct(mara, made, name="Late Typist", _version="older").status_code == 409
    assert "Somebody else corrected these details meanwhile." in mara.text
    assert people(service, made)["complainant"].name == "Ann Other"


def test_who_may_only_read_corrects_nothing(service, app):
    made, auditor = come_in(service, PAPER), Desk(app, service, "aude", "auditor")
    auditor.open(f"/staff/complaints/{made.key}/people")
    assert "Correct the details" not in auditor.text
    assert (
        auditor.send(f"/staff/complaints/{made.key}/people/complainant", name="x", reason="x").status_code
        == 403
    )


def test_nobody_is_corrected_who_is_not_on_file(service, mara):
    made = come_in(service, None)
    mara.open(f"/staff/complaints/{made.key}/people")
    assert "Correct the details" not in mara.text
    assert (
        mara.send(f"/staff/complaints/{made.key}/people/complainant", name="x", reason="x").status_code == 409
    )


def test_programs_correct_by_the_same_rule(service, admin):
    made = come_in(service, PAPER)
    path = f"/api/complaints/{made.reference}/people/complainant"
    for wrong in ({"email": "no"}, {"reason": " "}, {"odd": 1}, {"preferredChannel": "pigeon"}):
        assert admin.post(path, {"name": "Ann New", "reason": "She rang"} | wrong)[0] == 422, wrong
    assert admin.post(path, {"address": None, "phone": "07700 900123", "reason": "She rang"})[0] == 204
    assert admin.post(path, {"address": None, "phone": "07700 900123", "reason": "She rang"})[0] == 204
    party = people(service, made)["complainant"]
    assert (party.name, party.address, party.phone) == ("Ann Other", None, "07700 900123")
    service.run_due()
    assert tasks(service, made) == ["Screen the complaint", "Tell them by phone"]
    nobody = path.replace("complainant", "representative")
    assert admin.post(nobody, {"name": "x", "reason": "x"})[0] == 404
    assert admin.post("/api/complaints/RD-0000-0000-0/people/complainant", {"reason": "x"})[0] == 404
