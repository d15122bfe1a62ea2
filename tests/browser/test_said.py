"""A colleague records what somebody said by phone: with a browser, narrow and wide, light and dark, without an axe finding."""

from __future__ import annotations

import pytest

from api.complaints.intake import NewComplaint, PartyDetails, receive
from engine.actors import service as as_service
from tests.browser.conftest import scrolls_sideways


@pytest.fixture
def complaint(server):
    """A complaint of today, by phone, with a representative."""
    new = NewComplaint(
        "phone",
        server.service.clock.now(),
        "My parcel never came.",
        PartyDetails("Ann Other", phone="07700 900123"),
        representative=PartyDetails("Letting Agent", address="1 High Street"),
    )
    made = receive(server.service, new, by=as_service("web"))
    server.settle()
    return made


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 320])
def test_what_somebody_adds_by_phone_is_recorded(browse, sign_in, server, complaint, axe, width, dark):
    page = browse(width=width, dark=dark).page
    sign_in(page, "ina")
    page.goto(f"{server.url}/staff/complaints/{complaint.key}")
    assert axe(page) == []
    page.get_by_role("link", name="Record what they said").click()
    assert axe(page) == []
    assert not scrolls_sideways(page)

    page.get_by_role("button", name="Record it").last.click()
    page.get_by_text("There is a problem").wait_for()
    assert axe(page) == []

    page.get_by_label("They add something").check()
    page.get_by_label("In their words").fill("The receipt: I have it here.")
    page.get_by_label("The complainant, Ann Other").check()
    page.get_by_label("By phone").check()
    page.get_by_role("button", name="Record it").last.click()
    page.get_by_label("Somebody is in danger, or could be soon").wait_for()
    assert axe(page) == []
    page.get_by_role("button", name="Record it").last.click()
    page.get_by_text("told by phone on").wait_for()
    assert "recorded by Ina" in page.inner_text("main")
    assert axe(page) == []
