"""A page that stands open says before its session ends, and a press keeps it."""

from __future__ import annotations


def test_a_page_warns_before_its_session_ends_and_a_press_keeps_it(browse, sign_in, server, axe):
    page = browse().page
    page.clock.install()
    sign_in(page, "hana")
    page.goto(f"{server.url}/staff/record")
    warning = page.locator("#session-warning")
    assert not warning.is_visible()

    page.clock.fast_forward("24:00")
    assert not warning.is_visible()
    page.clock.fast_forward("02:00")
    assert warning.is_visible()
    assert "Your session ends at" in warning.inner_text()
    assert axe(page) == []

    warning.get_by_role("button", name="Stay signed in").click()
    warning.wait_for(state="hidden")
