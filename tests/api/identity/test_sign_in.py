"""Signing in and staying signed in: sessions end when they should, guessing is slow, nobody is locked out by others."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from api.identity import passwords, people
from api.identity.tables import SessionRow
from engine.store.unit_of_work import read
from tests.api.browsing import PASSWORD, Browser, add_person

IN, OUT = 200, 302


@pytest.fixture
def hana(service):
    return add_person(service, "hana", "handler", password=PASSWORD)


@pytest.fixture
def browser(app, hana):
    browser = Browser(app)
    assert browser.sign_in("hana").status_code == 303
    assert browser.is_signed_in
    return browser


def change(service, name, **what):
    service.engine.write(lambda session: people.change(session, name, at=service.clock.now(), **what))


@pytest.mark.parametrize("spelled", ["hana", "Hana", "HANA"])
def test_either_spelling_of_a_name_signs_in_as_the_one(app, hana, spelled):
    browser = Browser(app)
    assert browser.sign_in(spelled).status_code == 303
    assert browser.is_signed_in


def test_the_token_is_random_kept_as_a_hash_and_unreadable_for_scripts(app, browser, service):
    token = browser.cookie()
    assert len(token) >= 43
    stored = read(service.database, lambda session: session.scalars(sa.select(SessionRow.token_sha256)).all())
    assert token.encode() not in stored
    cookie = browser.client.get_cookie("redress")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.path == "/"


def test_each_sign_in_makes_a_new_session_and_ends_the_earlier_one_of_this_browser(app, hana):
    browser = Browser(app)
    browser.client.set_cookie("redress", "a value somebody planted")
    browser.sign_in("hana")
    first = browser.cookie()
    assert first != "a value somebody planted"
    stale = Browser(app)
    stale.get("/staff/sign-in")
    stale.client.set_cookie("redress", first)
    stale.post("/staff/sign-in", {"name": "hana", "password": PASSWORD})
    assert stale.cookie() not in (None, first)
    assert stale.is_signed_in
    assert not browser.is_signed_in, "the session this browser had before is over"


def test_a_session_ends_after_half_an_hour_without_a_request(browser, clock):
    for _ in range(3):
        clock.advance(timedelta(minutes=29))
        assert browser.is_signed_in
    clock.advance(timedelta(minutes=30))
    assert not browser.is_signed_in


def test_a_poll_of_a_page_does_not_keep_a_session_alive(browser, clock):
    for _ in range(6):
        clock.advance(timedelta(minutes=5))
        browser.get("/staff/", headers={"X-Redress-Poll": "yes"})
    assert not browser.is_signed_in


def test_a_session_ends_after_twelve_hours_of_work(browser, clock):
    for _ in range(12 * 3 - 1):
        clock.advance(timedelta(minutes=20))
        assert browser.is_signed_in
    clock.advance(timedelta(minutes=20))
    assert not browser.is_signed_in


def test_a_cookie_is_worth_nothing_after_signing_out(browser):
    kept = browser.cookie()
    assert browser.post("/staff/sign-out").status_code == 303
    assert browser.cookie() is None
    browser.client.set_cookie("redress", kept)
    assert not browser.is_signed_in
    answer = browser.get("/staff/")
    assert answer.status_code in (302, 303, 401)


@pytest.mark.parametrize(
    "what",
    [{"active": False}, {"password": "another three words"}, {"roles": ("handler", "quality")}],
    ids=str,
)
def test_a_change_of_the_account_ends_every_session_of_it(app, browser, service, what):
    elsewhere, somebody = (
        Browser(app, "198.51.100.7"),
        add_person(service, "ivo", "investigator", password=PASSWORD),
    )
    elsewhere.sign_in("hana")
    other = Browser(app)
    other.sign_in(somebody.name)
    change(service, "hana", **what)
    assert not browser.is_signed_in
    assert not elsewhere.is_signed_in
    assert other.is_signed_in


def test_a_forged_or_foreign_cookie_is_nobody(app, hana):
    for value in ("", "x", "é" * 20, "a" * 4000, "../../etc/passwd", "'; DROP TABLE people; --"):
        browser = Browser(app)
        browser.client.set_cookie("redress", value)
        assert not browser.is_signed_in


def test_every_failure_reads_the_same(app, service, hana):
    add_person(service, "gone", "handler", password=PASSWORD)
    change(service, "gone", active=False)
    add_person(service, "empty", "handler")
    texts = set()
    for number, (name, password) in enumerate(
        [
            ("hana", "wrong words here"),
            ("nobody", PASSWORD),
            ("gone", PASSWORD),
            ("empty", ""),
            ("hana\x00", PASSWORD),
        ]
    ):
        answer = Browser(app, f"192.0.2.{number + 10}").sign_in(name, password)
        assert answer.status_code == 422
        start = answer.text.index("<main")
        texts.add(answer.text[start:].replace(name, "·").replace("hana�", "·").split("csrf_token")[0])
        assert "The user name or the password is not right." in answer.text
    assert len(texts) == 1


def test_guessing_gets_slower_and_the_right_person_elsewhere_is_not_held_up(app, hana, clock):
    guesser = Browser(app, "203.0.113.9")
    for _ in range(6):
        assert guesser.sign_in("hana", "wrong words here").status_code == 422
    refused = guesser.sign_in("hana", PASSWORD)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert Browser(app, "198.51.100.7").sign_in("hana").status_code == 303
    waits = []
    for _ in range(7):
        clock.advance(timedelta(seconds=61))
        assert guesser.sign_in("hana", "wrong words here").status_code == 422
        waits.append(int(guesser.sign_in("hana", "wrong words here").headers["Retry-After"]))
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    clock.advance(timedelta(seconds=60))
    assert guesser.sign_in("hana", PASSWORD).status_code == 303
    assert Browser(app, "203.0.113.9").sign_in("hana", "wrong words here").status_code == 422, (
        "forgotten after success"
    )


def test_neighbours_of_one_ipv6_network_count_as_one(app, hana):
    for number in range(6):
        assert Browser(app, f"2001:db8::{number:x}").sign_in("hana", "wrong words here").status_code == 422
    assert Browser(app, "2001:db8::ffff").sign_in("hana", PASSWORD).status_code == 429
    assert Browser(app, "2001:db8:0:1::1").sign_in("hana", PASSWORD).status_code == 303


def test_one_address_tries_a_hundred_names_an_hour_at_most(app, service, monkeypatch):
    monkeypatch.setattr(passwords, "verify", lambda password, stored: False)
    browser = Browser(app)
    for number in range(100):
        assert browser.sign_in(f"name{number}", "wrong words here").status_code == 422
    assert browser.sign_in("name100", "wrong words here").status_code == 429


def test_too_many_at_once_are_asked_to_try_again(app, hana, monkeypatch):
    def busy(password, stored):
        raise passwords.TooBusy

    monkeypatch.setattr(passwords, "verify", busy)
    answer = Browser(app).sign_in("hana")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
    ],
)
def test_signing_in_leads_to_pages_of_this_service_only(app, hana, target):
    browser = Browser(app)
    browser.get("/staff/sign-in")
    answer = browser.post("/staff/sign-in", {"name": "hana", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/staff/"
