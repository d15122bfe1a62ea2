"""The doors at which somebody says that a letter came back: the page and the interface, by one rule, for those who may write."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.complaints import links
from api.complaints.from_complainant import Mail, send_new_link
from api.complaints.intake import PartyDetails
from api.complaints.parties import parties
from api.complaints.reading import timeline
from api.complaints.separation import exclude
from api.complaints.tables import EventRow, LetterRow
from tests.api.complaints.test_letters_by_hand import come_in, task_named
from tests.api.web.staff_desk import Desk

PAPER = PartyDetails("Ann Other", address="1 High Street")
MAIL = PartyDetails("Ann Other", "ann@example.org")
FIND = "Find a way to reach them"


def the_letter(service):
    return service.engine.read(lambda session: session.scalars(select(LetterRow)).first())


def tasks(service, made):
    return [one.name for one in service.engine.case_tasks(made.instance_key)]


def lines(service):
    query = select(EventRow).where(EventRow.kind == "letter-came-back")
    return service.engine.read(lambda session: session.scalars(query).all())


@pytest.fixture
def mara(app, service):
    return Desk(app, service, "mara", "manager")


def path(made, letter):
    return f"/staff/complaints/{made.key}/letters/{letter.key}/came-back"


def test_the_page_offers_it_beside_what_left_takes_day_and_reason_and_shows_it(service, mara):
    made = come_in(service, PAPER)
    papers = f"/staff/complaints/{made.key}/papers"
    mara.open(papers)
    assert "This letter came back" not in mara.text, "it has not left"
    letter = the_letter(service)
    mara.send(f"/staff/complaints/{made.key}/letters/{letter.key}/posted")
    mara.open(papers)
    assert f"This letter came back : {letter.subject}" in mara.text
    day = service.today()

    answer = mara.send(path(made, letter), day=f"{day.day} {day.month} {day.year}", reason="Gone away")

    assert answer.status_code == 200
    assert "Noted: the letter came back. What it had met is open again" in mara.text
    assert f"came back {day.day} {day:%b %Y}" in mara.text
    assert "This letter came back" not in mara.text
    assert FIND in tasks(service, made)
    mara.open(f"/staff/complaints/{made.key}/timeline")
    assert "Letter came back on" in mara.text
    assert "Mara. Gone away" in mara.text
    (line,) = lines(service)
    assert (line.by, line.facts["reason"]) == ("mara", "Gone away")
    public = service.engine.read(lambda session: timeline(session, made.key, reader="complainant"))
    assert [one.text for one in public if one.kind == line.kind] == ["A letter of ours came back to us"], (
        "no address"
    )


@pytest.mark.parametrize(
    ("day", "says"),
    [("40 1 2026", "Enter the day as"), ("1 1 2020", "It left on"), ("1 1 2090", "after today")],
)
def test_a_day_that_cannot_be_is_said_at_its_field_and_what_was_typed_stays(service, mara, day, says):
    made = come_in(service, MAIL)
    letter = the_letter(service)
    answer = mara.send(path(made, letter), day=day, reason="No such user")
    assert (answer.status_code, lines(service)) == (422, [])
    assert says in mara.text
    assert f'value="{day}"' in mara.html
    assert 'value="No such user"' in mara.html


def test_what_cannot_have_come_back_is_told_on_the_page(service, mara):
    made = come_in(service, PAPER)
    letter = the_letter(service)
    assert mara.send(path(made, letter)).status_code == 409
    assert "This letter has not left" in mara.text
    mara.send(f"/staff/complaints/{made.key}/letters/{letter.key}/posted")
    assert mara.send(path(made, letter), reason="x" * 2001).status_code == 422
    assert "Reason takes 2,000 characters; this has 2,001." in mara.text
    mara.send(path(made, letter))
    assert mara.send(path(made, letter)).status_code == 409
    assert "noted already" in mara.text
    assert len(lines(service)) == 1


def test_only_who_may_write_says_so_and_for_whom_it_is_hidden_it_is_not_there(service, app, mara):
    made = come_in(service, MAIL)
    letter = the_letter(service)
    auditor = Desk(app, service, "audrey", "auditor")
    auditor.open(f"/staff/complaints/{made.key}/papers")
    assert "This letter came back" not in auditor.text
    assert auditor.send(path(made, letter)).status_code == 403
    service.engine.write(
        lambda session: exclude(session, made.key, "mara", reason="Complained about", at=service.clock.now())
    )
    assert mara.send(path(made, letter)).status_code == 404
    assert lines(service) == []


def test_programs_say_so_by_the_same_rule_and_read_the_letters(service, admin):
    made = come_in(service, MAIL)
    letter, url = the_letter(service), f"/api/complaints/{made.reference}"
    (told,) = admin.get(url)[1]["letters"]
    assert (told["key"], told["letter"], told["cameBackOn"]) == (str(letter.key), "acknowledgement", None)
    assert told["leftAt"] is not None
    back, today = f"{url}/letters/{letter.key}/came-back", service.today().isoformat()
    for wrong in (
        {"cameBackOn": "2020-01-01"},
        {"cameBackOn": "soon"},
        {"cameBack": today},
        {"reason": "x" * 2001},
    ):
        assert admin.post(back, wrong)[0] == 422, wrong
    for unknown in (4711, 10**30):
        assert admin.post(f"{url}/letters/{unknown}/came-back", {})[0] == 404
    assert lines(service) == []
    assert admin.post(back, {"cameBackOn": today, "reason": "550 no such user"})[0] == 204
    status, refused = admin.post(back, {})[:2]
    assert (status, refused["code"]) == (409, "came_back_already")
    assert admin.get(url)[1]["letters"][0]["cameBackOn"] == today
    assert lines(service)[0].facts["reason"] == "550 no such user"


def _ask_for_a_link(service, made):
    def write(reference, link):
        return Mail("Your link", link, link)

    assert send_new_link(service, made.reference, "ann@example.org", write=write)
    service.run_due()


@pytest.mark.parametrize("was_read", [True, False])
def test_links_open_nothing_any_more_in_a_mailbox_that_was_read(service, mara, was_read):
    made = come_in(service, MAIL)
    first = the_letter(service)
    if was_read:
        _ask_for_a_link(service, made)
    party = service.engine.read(lambda session: parties(session, made.key)["complainant"])
    now = service.clock.now()
    token = service.engine.write(
        lambda session: links.new_link(session, made.key, purpose="follow", party_key=party.key, at=now)
    )

    def opens(session):
        return links.opened_by(session, token, purpose="follow", at=now, on=service.today())

    assert service.engine.read(opens)
    mara.send(path(made, first))
    assert (service.engine.read(opens) is None) is was_read


def test_mail_of_the_service_itself_is_noted_and_not_sent_again(service, mara):
    made = come_in(service, MAIL)
    _ask_for_a_link(service, made)
    rows = service.engine.read(
        lambda session: session.scalars(select(LetterRow).order_by(LetterRow.key)).all()
    )
    assert mara.send(path(made, rows[-1])).status_code == 200
    assert "Nothing is sent in its place" in mara.text
    assert task_named(service, made, FIND)
