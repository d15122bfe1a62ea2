"""Accounts: adding, changing, disabling; there is always an administrator."""

from __future__ import annotations

import re
import threading

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from api.identity import passwords, people
from api.identity.people import LastAdministrator, NameRefused, NameTaken, PersonNotFound, RoleUnknown
from api.identity.roles import ROLES
from api.identity.tables import PersonRow
from api.schema import upgrade
from api.wiring import first_start
from engine.actors import OURS
from engine.engine import Engine
from tests.api.browsing import PASSWORD
from tests.api.conftest import ROOT


@pytest.fixture
def engine(database, clock):
    """An engine over both kinds of database, with the service's own tables."""
    upgrade(database)
    return Engine(database, clock=clock)


def change(engine, clock, name, **what):
    return engine.write(lambda session: people.change(session, name, at=clock.now(), **what))


@pytest.fixture
def add(engine, clock):
    def add(name, *roles, password=None, groups=()):
        key = engine.next_key()
        return engine.write(
            lambda session: people.add(
                session,
                key=key,
                name=name,
                display_name="",
                password=password,
                roles=roles,
                groups=groups,
                at=clock.now(),
            )
        )

    return add


@pytest.mark.parametrize(
    "name", ["", "a b", "a\x00b", "a'b", "ä", "x" * 65, "a/b", "a\n", "complainant", "System", "web"]
)
def test_a_name_that_could_confuse_is_refused(add, name):
    with pytest.raises(NameRefused):
        add(name, "handler")


def test_a_name_is_given_once(add):
    add("hana", "handler")
    with pytest.raises(NameTaken):
        add("hana", "quality")


@pytest.mark.parametrize("name", ["Hana", "HANA"])
def test_capital_letters_make_no_other_name(add, name):
    add("hana", "handler")
    with pytest.raises(NameTaken) as refused:
        add(name, "quality")
    assert "hana" in str(refused.value)


def test_pairs_of_an_older_day_are_found_and_each_signs_in_by_its_own_name(add, engine):
    add("hana", "handler", password=PASSWORD)
    other = add("other", "quality", password=PASSWORD)
    engine.write(
        lambda session: session.execute(
            sa.update(PersonRow).where(PersonRow.name == "other").values(name="Hana")
        )
    )
    assert people.alike(engine.read(people.everybody)) == {"hana", "Hana"}
    found = {name: engine.read(lambda session, name=name: people.credentials(session, name).person)
             for name in ("hana", "Hana", "HANA")}  # fmt: skip
    assert found["hana"].name == "hana"
    assert (found["Hana"].key, found["HANA"]) == (other.key, None)


def test_unknown_roles_and_people_are_refused(add, engine, clock):
    with pytest.raises(RoleUnknown):
        add("hana", "emperor")
    with pytest.raises(PersonNotFound):
        change(engine, clock, "hana", active=False)
    add("hana", "handler")
    with pytest.raises(RoleUnknown):
        change(engine, clock, "hana", roles=("emperor",))


def test_groups_come_from_roles_and_by_name(add, engine, clock):
    assert add("max", "manager", groups=("department-it",)).groups == {
        "complaints-managers", "team-leads", "approvers", "department-it",
    }  # fmt: skip
    assert change(engine, clock, "max", roles=("intake",), groups=()).groups == {"intake"}


def test_the_last_administrator_stays(add, engine, clock):
    add("ada", "admin")
    for loss in ({"roles": ("handler",)}, {"active": False}):
        with pytest.raises(LastAdministrator):
            change(engine, clock, "ada", **loss)
    add("ben", "admin")
    change(engine, clock, "ada", active=False)
    with pytest.raises(LastAdministrator):
        change(engine, clock, "ben", active=False)
    change(engine, clock, "ben", roles=("admin", "manager"))


def test_of_two_administrators_who_leave_at_the_same_moment_one_stays(add, engine, clock):
    for turn in range(5):
        first, second = f"ada{turn}", f"ben{turn}"
        add(first, "admin")
        add(second, "admin")
        for person in engine.read(people.everybody):
            if "admin" in person.roles and person.active and person.name not in (first, second):
                change(engine, clock, person.name, active=False)
        together, refused = threading.Barrier(2), []

        def leave(name, together=together, refused=refused):
            together.wait()
            try:
                change(engine, clock, name, active=False)
            except LastAdministrator:
                refused.append(name)

        threads = [threading.Thread(target=leave, args=(name,)) for name in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = [one.name for one in engine.read(people.everybody) if one.active and "admin" in one.roles]
        assert len(left) == 1, "nobody, or everybody, is left"
        assert refused == left


def test_who_signs_in_is_known_by_name_and_password(add, engine):
    add("hana", "handler", password=PASSWORD)
    add("nobody", "handler")

    def enter(name, password):
        known = engine.read(lambda session: people.credentials(session, name))
        return people.authenticate(known, password)

    assert enter("hana", PASSWORD).name == enter("Hana", PASSWORD).name == "hana"
    for name, password in (
        ("hana", "wrong"), ("Hana", "wrong"), ("hana\x00", PASSWORD), ("", ""), ("nobody", ""), ("x" * 10_000, PASSWORD),
    ):  # fmt: skip
        assert enter(name, password) is None, name


def test_a_disabled_person_does_not_enter(add, engine, clock):
    add("hana", "handler", password=PASSWORD)
    change(engine, clock, "hana", active=False)
    known = engine.read(lambda session: people.credentials(session, "hana"))
    assert people.authenticate(known, PASSWORD) is None


def test_a_hash_of_old_parameters_is_made_anew_at_the_next_sign_in(add, engine, monkeypatch):
    person = add("hana", "handler", password=PASSWORD)
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    engine.write(lambda session: session.execute(sa.update(PersonRow).values(password_hash=old)))
    known = engine.read(lambda session: people.credentials(session, "hana"))
    engine.write(lambda session: people.renew_hash(session, person, known, PASSWORD))

    stored = engine.read(lambda session: session.scalar(sa.select(PersonRow.password_hash)))
    assert not passwords.is_outdated(stored)
    assert passwords.verify(PASSWORD, stored)


def test_every_role_is_explained_and_its_groups_are_known_to_the_diagrams():
    assert all(role.purpose and role.name for role in ROLES.values())


def test_no_account_is_called_like_what_the_service_acts_under():
    named = {
        found[1]
        for folder in ("api", "engine")
        for path in (ROOT / folder).rglob("*.py")
        for found in re.finditer(r'(?:as_service|Actor)\("([a-z-]+)"', path.read_text())
    }
    assert {"complainant", "system", "import"} <= named <= OURS


def test_the_first_account_holds_what_the_handbook_says(service):
    first_start(service, lambda line: None)
    [named] = re.findall(
        r"The first account, `admin`, holds (.+?), so that", (ROOT / "docs" / "admin.md").read_text()
    )
    first = service.engine.read(lambda session: people.find(session, "admin"))
    assert set(re.findall(r"`([a-z-]+)`", named)) == first.roles
