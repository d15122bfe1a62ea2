"""Whoever can sign in lands on a page of theirs, with the menu of what they may open; refusals keep it."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from api.complaints.tables import NoticeRow
from api.identity.roles import ROLES
from tests.api.browsing import PASSWORD, Browser, add_person

ENTRY = re.compile(r'<nav class="rd-nav" aria-label="Main">(.*?)</nav>', re.DOTALL)
LINK = re.compile(r'href="([^"]+)"')


def menu(answer):
    found = ENTRY.search(answer.text)
    return LINK.findall(found[1]) if found else []


@pytest.fixture(params=ROLES)
def browser(request, app, service):
    add_person(service, "pat", request.param, password=PASSWORD)
    return Browser(app)


def test_every_role_lands_on_a_page_with_its_menu_and_may_open_each_entry(browser):
    answer = browser.sign_in("pat")
    assert answer.status_code == 303
    landed = browser.get(answer.location, follow_redirects=True)
    assert landed.status_code == 200
    entries = menu(landed)
    assert entries
    pages = {entry: browser.get(entry) for entry in entries}
    assert {entry: page.status_code for entry, page in pages.items()} == dict.fromkeys(entries, 200)
    offered = {
        href for page in pages.values() for href in LINK.findall(page.text) if href.startswith("/staff/")
    }
    assert len(offered) >= len(entries)
    led_to = {href: browser.get(html.unescape(href)).status_code for href in offered - set(entries)}
    assert led_to == dict.fromkeys(led_to, 200)
    assert browser.get("/staff/", follow_redirects=True).status_code == 200
    assert browser.get("/staff/sign-in", follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/staff/nothing/here", 404),
        ("GET", "/staff/complaints/1", 404),
        ("GET", "/staff/documents/1", 404),
        ("PATCH", "/staff/notices", 405),
        ("POST", "/staff/sign-out", 400),
        ("GET", "/staff/sign-in?x=%00", 400),
    ],
)
def test_a_refusal_below_staff_keeps_the_menu(browser, method, path, status):
    browser.sign_in("pat")
    entries = menu(browser.get("/staff/", follow_redirects=True))
    answer = browser.client.open(path, method=method)
    assert answer.status_code == status
    assert menu(answer) == entries
    assert f'href="{entries[0]}">Go to the start page' in answer.text


def test_a_role_that_may_not_open_a_page_keeps_its_menu(app, service):
    add_person(service, "pat", "employee", password=PASSWORD)
    browser = Browser(app)
    browser.sign_in("pat")
    for path in ("/staff/people", "/staff/complaints", "/staff/processes"):
        answer = browser.get(path)
        assert answer.status_code == 403
        assert menu(answer) == ["/staff/record", "/staff/notices"]


def test_an_account_without_a_role_reads_what_to_do(app, service):
    add_person(service, "pat", password=PASSWORD)
    browser = Browser(app)
    landed = browser.get(browser.sign_in("pat").location, follow_redirects=True)
    for answer in (
        landed,
        browser.get("/staff/people"),
        browser.get("/staff/notices"),
        browser.get("/staff/record"),
    ):
        assert answer.status_code == 403
        assert "Your account has no role yet" in answer.text
        assert "Ask an administrator" in answer.text


@pytest.mark.parametrize("path", ["/staff/record", "/staff/notices", "/staff/people"])
def test_every_page_knows_when_its_session_ends(app, service, clock, path):
    add_person(service, "pat", "employee", password=PASSWORD)
    browser = Browser(app)
    browser.sign_in("pat")
    clock.advance(timedelta(minutes=20))
    answer = browser.get(path)
    assert answer.headers["Redress-Session-Left"] == "1800"
    assert 'data-left="1800"' in answer.text
    assert "<noscript><p" in answer.text, "who has no scripts reads it from the start"

    clock.advance(timedelta(minutes=10))
    polled = browser.get("/staff/notices", headers={"X-Redress-Poll": "yes"})
    assert polled.headers["Redress-Session-Left"] == "1200", "a poll keeps nothing alive"
    assert browser.client.head("/staff/notices").headers["Redress-Session-Left"] == "1800", "a press does"

    for _ in range(33):
        clock.advance(timedelta(minutes=20))
        browser.get(path)
    clock.advance(timedelta(minutes=15))
    assert browser.get(path).headers["Redress-Session-Left"] == "900", "after twelve hours it ends"
    clock.advance(timedelta(minutes=15))
    assert "Redress-Session-Left" not in browser.get(path).headers


def test_too_much_at_once_keeps_the_menu(app, service):
    add_person(service, "pat", "employee", password=PASSWORD)
    browser = Browser(app)
    browser.sign_in("pat")
    answer = browser.post("/staff/record", {"description": "x" * 600_000})
    assert answer.status_code == 413
    assert menu(answer) == ["/staff/record", "/staff/notices"]


def test_strangers_see_no_menu_and_public_refusals_stay_public(app, service):
    add_person(service, "pat", "manager", password=PASSWORD)
    assert menu(Browser(app).get("/staff/nothing/here")) == []
    browser = Browser(app)
    browser.sign_in("pat")
    assert menu(browser.get("/nothing/here")) == []


def test_whoever_was_told_of_something_may_read_it(browser, service):
    service.engine.write(
        lambda session: session.add(
            NoticeRow(
                key=service.database.keys.next(),
                person_name="pat",
                subject="Deployed with 2 warnings",
                text="Look at them.",
                at=service.clock.now(),
            )
        )
    )
    browser.sign_in("pat")
    assert "/staff/notices" in menu(browser.get("/staff/", follow_redirects=True))
    assert "Deployed with 2 warnings" in browser.get("/staff/notices").text
