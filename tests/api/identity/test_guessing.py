"""Guessing passwords and tokens from many places at once is slow; the owner is never locked out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from api.identity import people
from api.identity.throttle import A_PLACE, AN_ACCOUNT, Throttle, TooManyTries
from tests.api.browsing import PASSWORD, Browser, add_person
from tests.api.conftest import ADMIN_TOKEN, Caller
from tests.api.identity.test_tokens import ME, basic

WRONG = "wrong words here"


@pytest.fixture
def hana(service):
    return add_person(service, "hana", "handler", password=PASSWORD)


def places(count):
    return [f"198.51.{number // 200}.{number % 200 + 1}" for number in range(count)]


def guess(app, name, address):
    """Try a wrong password once; tell whether it was judged."""
    answer = Browser(app, address).sign_in(name, WRONG)
    assert answer.status_code in (422, 429)
    return answer.status_code == 422


@pytest.mark.parametrize("name", ["hana", "nobody.of.this.name"])
def test_of_200_guesses_for_an_account_from_40_addresses_at_most_25_an_hour_are_judged(
    app, hana, clock, name
):
    judged = sum(guess(app, name, address) for address in places(40) for _ in range(5))
    assert judged == AN_ACCOUNT.free + 1
    for minute in range(59):
        clock.advance(timedelta(minutes=1))
        judged += guess(app, name, places(100)[40 + minute])
    assert judged <= 25


def test_a_browser_that_signed_in_before_gets_in_while_strangers_guess(app, hana):
    owner = Browser(app, "192.0.2.7")
    owner.sign_in("hana")
    owner.post("/staff/sign-out")
    for address in places(40):
        guess(app, "hana", address)
    assert Browser(app, "203.0.113.5").sign_in("hana").status_code == 429
    assert owner.sign_in("hana").status_code == 303
    assert owner.is_signed_in


def test_an_owner_at_a_new_browser_waits_and_gets_in(app, hana, clock):
    for address in places(40):
        guess(app, "hana", address)
    refused = Browser(app, "203.0.113.5").sign_in("hana")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    clock.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
    assert Browser(app, "203.0.113.5").sign_in("hana").status_code == 303


def test_the_longest_wait_is_a_quarter_of_an_hour_and_an_hour_of_peace_forgets(app, hana, clock):
    for address in places(AN_ACCOUNT.free + 1):
        guess(app, "hana", address)
    for address in places(28)[20:]:
        refused = Browser(app, "203.0.113.5").sign_in("hana", WRONG)
        wait = int(refused.headers["Retry-After"])
        clock.advance(timedelta(seconds=wait))
        assert guess(app, "hana", address)
    assert wait == 15 * 60
    clock.advance(timedelta(hours=1))
    assert all(guess(app, "hana", address) for address in places(AN_ACCOUNT.free))


def test_a_known_browser_guesses_no_faster_than_any_other(app, hana):
    browser = Browser(app)
    browser.sign_in("hana")
    judged = sum(browser.sign_in("hana", WRONG).status_code == 422 for _ in range(30))
    assert judged == 6


@pytest.mark.parametrize("makes_stranger", ["another account", "a new password", "forged"])
def test_a_browser_is_known_for_one_account_with_one_password(app, service, hana, makes_stranger):
    browser = Browser(app, "192.0.2.7")
    password = PASSWORD
    if makes_stranger == "another account":
        add_person(service, "ivo", "handler", password=PASSWORD)
        browser.sign_in("ivo")
    else:
        browser.sign_in("hana")
    if makes_stranger == "a new password":
        password = "another three words"
        service.engine.write(
            lambda session: people.change(session, "hana", password=password, at=service.clock.now())
        )
    if makes_stranger == "forged":
        (name,) = [key[2] for key in browser.client._cookies if key[2].startswith("redress-device")]
        kept = browser.client.get_cookie(name, path="/staff/sign-in").value
        browser.client.set_cookie(name, kept[:-3] + "abc", path="/staff/sign-in")
    for address in places(40):
        guess(app, "hana", address)
    assert browser.sign_in("hana", password).status_code == 429


def test_signing_in_rightly_counts_against_nobody(app, hana):
    for _ in range(110):
        answer = Browser(app, "192.0.2.7").sign_in("hana")
        assert answer.status_code == 303


def test_the_sixty_first_wrong_token_from_a_place_waits(app):
    caller = Caller(app, "rdr_guess")
    assert [caller.get(ME)[0] for _ in range(61)] == [401] * 61
    answer = caller.raw("GET", ME)
    assert answer.status_code == 429
    assert answer.mimetype == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert caller.raw("POST", "/api/complaints/search", json={}).status_code == 429
    elsewhere = caller.raw("GET", ME, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 401


def test_a_program_at_work_is_not_held_up_by_guesses_from_its_place(app):
    program = Caller(app, ADMIN_TOKEN)
    assert program.get(ME)[0] == 200
    for _ in range(80):
        Caller(app, "rdr_guess").get(ME)
    assert Caller(app, "rdr_other").get(ME)[0] == 429
    assert program.get(ME)[0] == 200


def test_wrong_tokens_for_one_name_from_many_places_wait(app):
    statuses = [
        Caller(app)
        .raw("GET", ME, headers=basic("admin", f"rdr_{number}"), environ_base={"REMOTE_ADDR": address})
        .status_code
        for number, address in enumerate(places(60))
    ]
    assert statuses == [401] * 16 + [429] * 44


def test_a_right_token_is_no_guess(app):
    for number in range(100):
        answer = Caller(app).raw(
            "GET", ME, headers=basic("admin", ADMIN_TOKEN), environ_base={"REMOTE_ADDR": places(100)[number]}
        )
        assert answer.status_code == 200


def test_many_guesses_at_the_same_moment_are_not_judged_together(clock):
    throttle = Throttle()

    def attempt(_):
        try:
            throttle.wrong({("account", "hana"): A_PLACE}, now=clock.now())
        except TooManyTries:
            return 0
        return 1

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(200))) == A_PLACE.free + 1


def test_a_flood_of_one_kind_does_not_wash_away_another(clock):
    throttle = Throttle(keep=10)
    for _ in range(A_PLACE.free + 1):
        throttle.wrong({("account", "hana"): A_PLACE}, now=clock.now())
    for number in range(100):
        throttle.take("public", str(number), limit=1, window=timedelta(minutes=1), now=clock.now())
    with pytest.raises(TooManyTries):
        throttle.wrong({("account", "hana"): A_PLACE}, now=clock.now())
