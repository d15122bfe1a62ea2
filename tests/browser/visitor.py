"""A complainant at the keyboard: fills in the form, page by page, as anybody would."""

from __future__ import annotations

from pathlib import Path

STORY = "The parcel never came.\nI called twice and nobody called back. <b>Not bold</b> =1+1"
PATIENCE = 3_200  # milliseconds; a page answered faster is taken for a program's


def complain(page, url: str, *, email: str = "ann@example.org", file: Path | None = None) -> str:
    """Make a complaint from the start page to the receipt, and return its reference."""
    page.goto(url)
    page.get_by_role("link", name="Make a complaint").first.click()
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_label("Tell us what happened").fill(STORY)
    page.wait_for_timeout(PATIENCE)
    go_on(page)
    page.get_by_label("What kind of problem is it?").select_option("Not delivered, late or incomplete")
    page.get_by_label("What is it about?").select_option("Goods")
    go_on(page)
    go_on(page)
    choose(page, "Is somebody in danger", "No")
    go_on(page)
    choose(page, "Is there something you would like us to do?", "Yes")
    page.get_by_label("What would put it right?").fill("My money back")
    go_on(page)
    choose(page, "Have you complained to us about this before?", "No")
    choose(page, "Is an ombudsman", "No")
    go_on(page)
    choose(page, "For whom are you complaining?", "For myself")
    choose(page, "Do you want to give your name?", "Yes, I give my name")
    go_on(page)
    page.get_by_label("Name or organisation").fill("Ann Other")
    if email:
        page.get_by_label("E-mail address").fill(email)
    choose(page, "How should we contact you?", "E-mail" if email else "Phone")
    go_on(page)
    go_on(page)
    if file is not None:
        page.get_by_label("Add letters, photos or other files").set_input_files(file)
    go_on(page)
    page.get_by_role("heading", name="Check your answers").wait_for()
    page.get_by_role("button", name="Send my complaint").click()
    page.get_by_role("heading", name="We have your complaint").wait_for()
    return page.locator(".rd-big-reference").inner_text().strip()


def go_on(page) -> None:
    """Press the main button of the page."""
    page.locator(".rd-main-button").click()


def choose(page, question: str, answer: str) -> None:
    """Choose a radio button by its question and answer."""
    page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()
