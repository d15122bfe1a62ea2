"""The page on which a colleague records what somebody said by phone, letter, e-mail or in person; and its door for programs."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from api.complaints.separation import exclude
from api.complaints.tables import ComplaintRow, EventRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from tests.api.web.staff_desk import Desk, complain

WORDS = "It was blue, not green. And <b>who</b> signed?"


@pytest.fixture
def office(service):
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(
        lambda session: add_colleagues(session, keys=keys, password=None, at=service.clock.now())
    )


@pytest.fixture
def clerk(app, service, office):
    return Desk(app, service, "ines", "intake", groups=("intake",))


@pytest.fixture
def made(service, office):
    """Answered, with a refund; the letter has left."""
    made = complain(service)
    service.run_due()
    Staff(service).work(made.instance_key, Wish(remedy="refund", amount=50))
    service.run_due()
    assert of(service, made).state == "responded"
    return made


def of(service, made):
    return service.engine.read(lambda session: session.get(ComplaintRow, made.key))


def lines(service, made, kind="complainant-answer"):
    query = select(EventRow).where(EventRow.complaint_key == made.key, EventRow.kind == kind)
    return service.engine.read(lambda session: list(session.scalars(query)))


def at(made):
    return f"/staff/complaints/{made.key}/said"


def option(desk, name, label):
    """What the page posts for the option with this label."""
    return re.search(rf'name="{name}" value="([^"]+)"[^>]*>\s*<label[^>]*>{re.escape(label)}', desk.html)[1]


def hidden(desk, name):
    return re.search(rf'name="{name}" value="([^"]*)"', desk.html)[1]


def filled(desk, what, *, words=WORDS, by="The complainant", how="By phone", day=None, **more):
    """What a browser sends from the page as it stands."""
    fields = {
        name: re.search(rf'name="saidOn-{name}"[^>]*value="([^"]*)"', desk.html)[1]
        for name in ("day", "month", "year")
    }
    day = day or {}
    return {
        "what": option(desk, "what", what),
        "words": words,
        "saidBy": option(desk, "saidBy", by),
        "channel": option(desk, "channel", how),
        **{f"saidOn-{name}": str(day.get(name, value)) for name, value in fields.items()},
        **{name: hidden(desk, name) for name in ("_key", "_version", "_asked")},
        "_do": "continue",
    } | more


def test_from_the_complaint_to_what_was_promised(service, clerk, made):
    clerk.open(f"/staff/complaints/{made.key}")
    assert at(made) in clerk.html
    clerk.open(at(made))
    assert "The complainant, Ann Other" in clerk.text
    assert re.search(r'name="saidBy" value="[^"]+" checked', clerk.html), "there is nobody else"
    fields = filled(clerk, "They accept our answer", by="The complainant, Ann Other")
    done = clerk.send(at(made), **fields)
    assert done.status_code == 200
    assert "Recorded." in clerk.text
    assert "The complainant accepts our answer (told by phone on" in clerk.text
    assert re.search(r"recorded by Ines", clerk.text)
    assert of(service, made).state == "correcting"

    again = clerk.send(at(made), **fields)
    assert "Recorded." in clerk.text, "the second press changes nothing and says the same"
    assert (again.status_code, len(lines(service, made))) == (200, 1)


def test_it_asks_only_for_what_the_status_page_takes_now(service, clerk, office):
    made = complain(service)
    service.run_due()
    clerk.open(at(made))
    for told in ("They add something", "They withdraw the complaint"):
        assert told in clerk.text
    assert "our answer" not in clerk.text
    clerk.send(at(made), **filled(clerk, "They withdraw the complaint", by="The complainant, Ann Other"))
    assert of(service, made).state == "withdrawn"


def test_danger_is_asked_about_with_what_they_add(service, clerk, office):
    made = complain(service)
    service.run_due()
    clerk.open(at(made))
    assert "in danger" not in clerk.text
    clerk.send(at(made), **filled(clerk, "They add something", by="The complainant, Ann Other"))
    assert "Somebody is in danger, or could be soon" in clerk.text
    assert WORDS.split()[0] in clerk.html
    assert lines(service, made, "complainant-information") == []
    clerk.send(
        at(made), **filled(clerk, "They add something", by="The complainant, Ann Other", dangerNow="on")
    )
    (line,) = lines(service, made, "complainant-information")
    assert line.text.endswith(WORDS)
    names = [task.name for task in service.engine.case_tasks(made.instance_key)]
    assert "Protect people now" in names


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"words": " "}, "what they said, in their words"),
        ({"what": ""}, "what they said"),
        ({"saidBy": ""}, "who said it"),
        ({"channel": ""}, "how it reached us"),
        ({"saidOn-day": "31", "saidOn-month": "2"}, "There is a problem"),
        ({"saidOn-year": "2199"}, "The day cannot be after today"),
        ({"saidOn-year": "1999"}, "The day cannot be before"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said_and_nothing_is_lost(service, clerk, made, wrong, said):
    clerk.open(at(made))
    fields = filled(clerk, "They do not accept our answer", by="The complainant, Ann Other") | wrong
    refused = clerk.send(at(made), **fields)
    assert refused.status_code == 422
    assert said in clerk.text
    assert 'class="rd-error-summary' in clerk.html
    if "words" not in wrong:
        assert "It was blue, not green." in clerk.html
    for field in re.findall(r'<li><a href="#([^"]+)"', clerk.html):
        assert f'id="{field}"' in clerk.html
    assert of(service, made).state == "responded"


def test_somebody_was_faster_and_nothing_typed_is_lost(app, service, clerk, made):
    other = Desk(app, service, "lea", "team-lead")
    for desk in (clerk, other):
        desk.open(at(made))
    other.send(at(made), **filled(other, "They accept our answer", by="The complainant, Ann Other"))
    refused = clerk.send(
        at(made), **filled(clerk, "They do not accept our answer", by="The complainant, Ann Other")
    )
    assert refused.status_code == 409
    assert "no longer possible" in clerk.text
    assert "It was blue, not green." in clerk.html
    assert [line.facts["answer"] for line in lines(service, made)] == ["accepts"]


def test_who_may_not_write_is_not_offered_it(app, service, made):
    reader = Desk(app, service, "aud", "auditor")
    reader.open(f"/staff/complaints/{made.key}")
    assert at(made) not in reader.html
    assert reader.open(at(made)).status_code == 403
    assert reader.send(at(made), words=WORDS).status_code == 403
    assert lines(service, made) == []


def test_for_who_is_kept_away_there_is_no_such_page(service, clerk, made):
    clerk.open(at(made))
    fields = filled(clerk, "They accept our answer", by="The complainant, Ann Other")
    now = service.clock.now()
    service.engine.write(lambda session: exclude(session, made.key, "ines", reason="A cousin", at=now))
    assert clerk.open(at(made)).status_code == 404
    assert clerk.send(at(made), **fields).status_code == 404
    assert of(service, made).state == "responded"


def test_the_page_says_when_nothing_is_waited_for(service, clerk, made):
    clerk.open(at(made))
    clerk.send(at(made), **filled(clerk, "They withdraw the complaint", by="The complainant, Ann Other"))
    Staff(service).work(made.instance_key, Wish())
    service.run_due()
    assert service.engine.instance(made.instance_key).state == "COMPLETED"
    clerk.open(f"/staff/complaints/{made.key}")
    assert at(made) not in clerk.html
    clerk.open(at(made))
    assert "Nothing that they say is waited for" in clerk.text
    assert "<textarea" not in clerk.html
