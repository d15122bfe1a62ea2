"""A handler pauses a clock and extends another; the timers of the diagram that follow them visibly move."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.tables import ComplaintRow
from engine.actors import service as as_service


@pytest.fixture
def complaint(server):
    """A complaint of hana's, received yesterday."""
    service = server.service
    received_at = service.clock.now() - timedelta(days=1)
    new = NewComplaint(
        "web",
        received_at,
        "My parcel never came.",
        PartyDetails("Ann Other", "ann@example.org"),
        regime="uk-financial",
        category="payment",
    )
    made = receive(service, new, by=as_service("web"))
    server.settle()

    def own(session):
        session.get(ComplaintRow, made.key).owner = "hana"

    service.engine.write(own)
    return made


def due_of(page, timer):
    """Return what the page says of when a timer is due."""
    return page.locator(f'[data-timer="{timer}"] td').first.inner_text().strip()


def of_clock(page, name):
    return page.locator(f'[data-clock="{name}"]')


def test_a_handler_pauses_and_extends_and_the_timers_of_the_diagram_move(
    browse, sign_in, server, complaint, axe
):
    page = browse().page
    sign_in(page, "hana")
    address = f"{server.url}/staff/complaints/{complaint.key}/clocks"
    page.goto(address)
    overdue, nearly = due_of(page, "Final answer overdue"), due_of(page, "Final answer nearly due")
    assert axe(page) == []

    target = of_clock(page, "target")
    target.get_by_text("Pause", exact=True).click()
    target.get_by_label("Reason", exact=True).fill("We wait for the complainant's photos.")
    target.get_by_role("button", name="Pause the clock").click()
    page.get_by_text("The clock has moved").wait_for()
    assert "paused" in of_clock(page, "target").inner_text()
    assert "Why there is no pause" in of_clock(page, "final_response").inner_text()

    final = of_clock(page, "final_response")
    final.get_by_text("Extend", exact=True).click()
    final.get_by_label("Reason", exact=True).fill("We wait for the records of the other bank.")
    final.get_by_role("button", name="Show the new date and the letter").click()
    page.get_by_role("heading", name="Extend: final response").wait_for()
    assert "records of the other bank" in page.inner_text("article")
    assert axe(page) == []
    page.get_by_role("button", name="Send the letter and extend").click()
    page.get_by_text("The letter is written").wait_for()
    server.settle()

    page.goto(address)
    assert due_of(page, "Final answer overdue") != overdue
    assert due_of(page, "Final answer nearly due") != nearly
    target = of_clock(page, "target")
    target.get_by_label("Why does it run again?").fill("The photos came.")
    target.get_by_role("button", name="Let it run again").click()
    page.get_by_text("The clock has moved").wait_for()
    assert "running" in of_clock(page, "target").inner_text()


def test_a_manager_sees_what_a_closure_moves_before_it_moves(browse, sign_in, server, complaint, axe):
    page = browse(width=390).page
    sign_in(page, "max")
    page.goto(f"{server.url}/staff/calendars")
    assert axe(page) == []
    page.get_by_role("link", name="England").first.click()
    day = server.service.calendars.get(None).add_working_days(server.service.clock.now().date(), 4)
    page.get_by_label("Day", exact=True).fill(f"{day.day} {day.month} {day.year}")
    page.get_by_label("Name of the day off").fill("Stocktaking")
    page.locator("#reason").fill("Decided by the board")
    assert axe(page) == []
    page.locator("form", has=page.locator("#kind")).get_by_role("button", name="Show what would move").click()
    page.get_by_role("heading", name="What would move").wait_for()
    assert complaint.reference in page.inner_text("table >> nth=0")
    assert "Final answer overdue" in page.inner_text("table >> nth=1")
    assert axe(page) == []
    page.get_by_role("button", name="Apply the change").click()
    page.get_by_text("is in force").wait_for()
    assert "Stocktaking" in page.inner_text("main")
