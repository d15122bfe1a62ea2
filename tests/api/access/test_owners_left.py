"""An owner who was disabled or lost the role is an owner no longer: the work goes on, and the team leaders know."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.cli import main
from api.complaints.tables import ComplaintRow, EventRow, NoticeRow
from api.identity import people
from tests.api.access.test_holders import begun, open_task, person, work
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.engine.diagrams import service_task

OWNED = 'assignee="=owner" candidateGroups="handlers"'
GROUP = '<zeebe:taskHeaders><zeebe:header key="group" value="handlers"/></zeebe:taskHeaders>'


def owning(name):
    return service_task(name, "redress:assign-owner", extension=GROUP)


@pytest.fixture
def owned(service):
    """A complaint that hana looks after, with a task she holds and one that comes after it."""
    add_person(service, "hana", "handler")
    made = begun(service, owning, work(OWNED), work(OWNED))
    assert open_task(service).assignee == "hana"
    return made


def by_page(service, app, monkeypatch, **what):
    browser = Browser(app)
    add_person(service, "root2", "admin", password=PASSWORD)
    browser.sign_in("root2")
    fields = {"do": "disable"} if what.get("active") is False else {"do": "roles", "roles": what["roles"]}
    assert browser.post("/staff/people/hana", fields).status_code == 303


def by_chore(service, app, monkeypatch, **what):
    service.engine.write(lambda session: people.change(session, "hana", at=service.clock.now(), **what))
    {one.name: one for one in service.chores}["handing-on"].run()


def look(service, key):
    def work(session):
        notices = select(NoticeRow.text).where(
            NoticeRow.complaint_key == key, NoticeRow.group_name == "team-leads"
        )
        lines = select(EventRow.kind).where(EventRow.complaint_key == key)
        return (
            session.get(ComplaintRow, key).owner,
            list(session.scalars(notices)),
            list(session.scalars(lines)),
        )

    return service.engine.read(work)


@pytest.mark.parametrize("what", [{"active": False}, {"roles": ["contributor"]}], ids=str)
@pytest.mark.parametrize("door", [by_page, by_chore])
def test_nobody_owns_a_complaint_whose_owner_left_and_its_work_falls_to_the_group(
    service, app, monkeypatch, owned, door, what
):
    door(service, app, monkeypatch, **what)
    owner, (notice,), lines = look(service, owned.key)
    assert owner is None
    assert "Nobody looks after it" in notice
    assert ("owner-left" in lines, "task-released" in lines) == (True, True)
    assert open_task(service).assignee is None
    assert service.engine.values(owned.instance_key)["owner"] is None
    add_person(service, "hugo", "handler")
    task = open_task(service)
    service.engine.claim_task(task.user_task_key, by=person(service, "hugo").actor)
    service.engine.complete_task(task.user_task_key, {}, by=person(service, "hugo").actor)
    assert open_task(service).assignee is None
    by_chore(service, app, monkeypatch)
    assert look(service, owned.key)[1] == [notice]


def test_somebody_else_of_the_group_looks_after_it_and_gets_what_comes_next(service, app, monkeypatch, owned):
    add_person(service, "hugo", "handler")
    by_page(service, app, monkeypatch, active=False)
    owner, (notice,), _ = look(service, owned.key)
    assert owner == "hugo"
    assert "looks after it now" in notice
    assert service.engine.values(owned.instance_key)["owner"] == "hugo"


def test_the_console_hands_on_as_well(service, service_settings, owned, monkeypatch, clock):
    monkeypatch.setenv("REDRESS_DATA_DIR", str(service_settings.data_dir))
    assert main(["user", "disable", "hana"]) == 0
    assert look(service, owned.key)[0] is None


def test_a_change_that_leaves_the_role_leaves_the_owner(service, app, monkeypatch, owned):
    by_page(service, app, monkeypatch, roles=["handler", "investigator"])
    assert look(service, owned.key)[:2] == ("hana", [])
    assert open_task(service).assignee == "hana"
