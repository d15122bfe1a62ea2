"""A changed password, a disabled and a re-enabled account: every way in ends at once, in every process, and for good."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.deadlines import feeds
from api.identity import people, sessions, tokens
from api.rest.polling import hangup
from engine.store.columns import METADATA
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.api.conftest import Caller
from tests.api.identity.test_tokens import ME

ENDING = [{"password": "another three words"}, {"active": False}]


@pytest.fixture
def hana(service):
    return add_person(service, "hana", "manager", "process-owner", password=PASSWORD)


@pytest.fixture
def token(service, hana):
    key = service.engine.next_key()
    return service.engine.write(
        lambda session: tokens.issue(session, hana, key=key, label="test", at=service.clock.now())
    )


def change(service, **what):
    service.engine.write(lambda session: people.change(session, "hana", at=service.clock.now(), **what))


@pytest.mark.parametrize("what", ENDING, ids=str)
def test_a_token_ends_at_once(app, service, token, what):
    assert Caller(app, token).get(ME)[0] == 200
    change(service, **what)
    assert Caller(app, token).get(ME)[0] == 401


@pytest.mark.parametrize("command", ["disable", "reset"])
def test_a_token_ends_at_once_when_another_process_says_so(app, service_settings, token, command):
    caller = Caller(app, token)
    assert caller.get(ME)[0] == 200
    redress = str(Path(sys.executable).parent / "redress")
    folder = {"REDRESS_DATA_DIR": str(service_settings.data_dir)}
    subprocess.run(
        [redress, "user", command, "hana"], env={**os.environ, **folder}, check=True, capture_output=True
    )
    assert caller.get(ME)[0] == 401


def test_rights_that_another_process_took_away_are_gone_at_once(app, service, token):
    caller = Caller(app, token)
    assert caller.post("/v2/process-instances/search", {})[0] == 200
    with sqlite3.connect(service.settings.data_dir / "redress.db") as database:
        database.execute("UPDATE people SET roles = '[\"handler\"]' WHERE name = 'hana'")
    database.close()
    assert caller.post("/v2/process-instances/search", {})[0] == 403


@pytest.mark.parametrize("what", ENDING, ids=str)
def test_what_was_ended_does_not_revive(app, service, hana, token, what):
    browser = Browser(app)
    browser.sign_in("hana")
    feed = feeds.create(service, hana, group=None)
    assert browser.get(f"/staff/feeds/{feed}.ics").status_code == 200
    change(service, **what)
    change(service, active=True)
    assert Caller(app, token).get(ME)[0] == 401
    assert browser.get(f"/staff/feeds/{feed}.ics").status_code == 404
    assert not browser.is_signed_in


def test_every_kind_of_access_a_person_can_have_ends(service, hana, token):
    now = service.clock.now()
    service.engine.write(lambda session: sessions.open_session(session, hana, at=now))
    feeds.create(service, hana, group=None)
    kinds = [
        table
        for table in METADATA.sorted_tables
        if "revoked_at" in table.c
        and any(key.column.table.name == "people" for column in table.c for key in column.foreign_keys)
    ]
    assert {table.name for table in kinds} >= {"sessions", "api_tokens", "deadline_feeds"}

    def open_ones(session):
        return {
            table.name: session.scalar(
                sa.select(sa.func.count()).where(table.c.person_key == hana.key, table.c.revoked_at.is_(None))
            )
            for table in kinds
        }

    assert set(service.engine.read(open_ones).values()) == {1}
    change(service, password="another three words")
    assert set(service.engine.read(open_ones).values()) == {0}


def test_a_token_left_alive_by_an_earlier_release_ends_when_its_owner_is_enabled(app, service, hana, token):
    people_table = METADATA.tables["people"]
    service.engine.write(
        lambda session: session.execute(
            sa.update(people_table).where(people_table.c.key == hana.key).values(active=False)
        )
    )
    change(service, active=True)
    assert Caller(app, token).get(ME)[0] == 401


def test_enabling_somebody_who_is_enabled_ends_nothing(app, service, token):
    change(service, active=True)
    assert Caller(app, token).get(ME)[0] == 200


@pytest.mark.parametrize("what", [*ENDING, {"roles": ("handler",)}], ids=str)
def test_a_request_that_waits_hangs_up_when_its_account_changes(app, service, token, what):
    with app.test_request_context(
        "/v2/jobs/activation", method="POST", headers={"Authorization": f"Bearer {token}"}, json={}
    ):
        app.preprocess_request()
        waiting = hangup()
        assert not waiting.is_set()
        change(service, **what)
        assert waiting.is_set()
