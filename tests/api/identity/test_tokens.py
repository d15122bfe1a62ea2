"""API tokens: the only way into the interfaces for programs, and worth no more than their owner is at that moment."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.identity import people, tokens
from api.identity.tables import TokenRow
from engine.store.unit_of_work import read
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.api.conftest import Caller

ME = "/v2/authentication/me"


@pytest.fixture
def hana(service):
    return add_person(service, "hana", "handler", password=PASSWORD)


@pytest.fixture
def token(service, hana):
    key = service.engine.next_key()
    return service.engine.write(
        lambda session: tokens.issue(session, hana, key=key, label="test", at=service.clock.now())
    )


def basic(name, secret):
    return {"Authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


def status(app, **headers):
    return Caller(app).raw("GET", ME, headers=headers).status_code


def test_a_token_is_random_and_only_its_hash_is_kept(service, token):
    assert token.startswith("rdr_")
    assert len(token) >= 43
    stored = read(service.database, lambda session: session.scalars(sa.select(TokenRow.token_sha256)).all())
    assert all(token.encode() not in each for each in stored)


def test_a_token_opens_as_bearer_and_as_basic_with_its_owners_name(app, token):
    assert Caller(app, token).get(ME)[0] == 200
    assert status(app, **basic("hana", token)) == 200
    assert status(app, **basic("ivo", token)) == 401
    assert status(app, **basic("", token)) == 401


def test_a_persons_password_opens_no_interface(app, hana):
    assert status(app, **basic("hana", PASSWORD)) == 401
    assert status(app, Authorization=f"Bearer {PASSWORD}") == 401


def test_a_cookie_opens_no_interface(app, hana):
    browser = Browser(app)
    browser.sign_in("hana")
    assert browser.is_signed_in
    for path in (ME, "/v2/user-tasks/1", "/api/complaints/RD-1"):
        assert browser.get(path).status_code == 401, path
    assert browser.client.post("/api/complaints", json={}).status_code == 401


def test_a_token_opens_no_page(app, token):
    answer = Caller(app, token).raw("GET", "/staff/")
    assert answer.status_code in (302, 303, 401)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic ???",
        "Basic /w==",
        "Digest x",
        "Bearer \xff",
        "Bearer " + "x" * 10_000,
        "token",
    ],
)
def test_a_header_that_makes_no_sense_is_refused_plainly(app, token, header):
    answer = Caller(app).raw("GET", ME, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_token_ends_after_a_year(app, token, clock):
    clock.advance(timedelta(days=365) - timedelta(seconds=1))
    assert Caller(app, token).get(ME)[0] == 200
    clock.advance(timedelta(seconds=61))
    assert Caller(app, token).get(ME)[0] == 401


def test_a_revoked_token_is_worthless_at_once(app, service, token):
    assert Caller(app, token).get(ME)[0] == 200
    key = read(
        service.database,
        lambda session: session.scalar(sa.select(TokenRow.key).where(TokenRow.label == "test")),
    )
    service.engine.write(lambda session: tokens.revoke(session, key, at=service.clock.now()))
    assert Caller(app, token).get(ME)[0] == 401


def test_the_token_of_a_disabled_person_is_worthless_at_once(app, service, token):
    assert Caller(app, token).get(ME)[0] == 200
    service.engine.write(lambda session: people.change(session, "hana", active=False, at=service.clock.now()))
    assert Caller(app, token).get(ME)[0] == 401


def test_a_token_may_do_what_its_owner_may_do_now(app, service, token):
    caller = Caller(app, token)
    assert caller.post("/v2/process-instances/search", {})[0] == 403
    service.engine.write(
        lambda session: people.change(session, "hana", roles=("manager",), at=service.clock.now())
    )
    assert caller.post("/v2/process-instances/search", {})[0] == 200
    service.engine.write(
        lambda session: people.change(session, "hana", roles=("handler",), at=service.clock.now())
    )
    assert caller.post("/v2/process-instances/search", {})[0] == 403
