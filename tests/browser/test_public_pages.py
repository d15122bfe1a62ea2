"""Public pages in a real browser: the complainant's story with and without JavaScript, wide and narrow, light and dark."""

from __future__ import annotations

import itertools

import pytest

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.demo.staff import Staff, Wish
from engine.actors import service as as_service
from tests.browser.conftest import scrolls_sideways
from tests.browser.visitor import PATIENCE, complain, go_on

PAGES = (
    "/",
    "/help",
    "/accessibility",
    "/privacy",
    "/about",
    "/complain",
    "/lost-link",
    "/t/unknown",
    "/nowhere",
)
SIZES = tuple(itertools.product((1280, 320), (False, True)))


@pytest.mark.parametrize("js", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [1280, 320])
def test_a_complaint_is_made_followed_added_to_and_withdrawn(browse, server, tmp_path, width, js):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam")
    visitor = browse(width=width, js=js)
    page = visitor.page

    reference = complain(page, server.url, file=letter)
    page.get_by_role("link", name="Follow my complaint").click()
    page.wait_for_url("**/status")
    assert reference in page.locator("main").inner_text()

    page.get_by_role("link", name="Add information or files").click()
    page.get_by_label("What would you like to tell us?").fill("The parcel number is 42.")
    page.get_by_label("Files").set_input_files(letter)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Thank you. We have what you sent").wait_for()
    page.get_by_text("You sent us more information").wait_for()

    page.get_by_role("link", name="Withdraw your complaint").click()
    page.get_by_role("button", name="Withdraw my complaint").click()
    page.get_by_role("heading", name="You withdrew your complaint", level=1).wait_for()
    assert page.get_by_role("link", name="Withdraw your complaint").count() == 0


@pytest.mark.parametrize(("width", "dark"), SIZES)
def test_no_public_page_has_a_barrier(browse, axe, width, dark):
    visitor = browse(width=width, dark=dark)
    found = {}
    for path in PAGES:
        visitor.open(path)
        found[path] = axe(visitor.page), scrolls_sideways(visitor.page)

    assert found == {path: ([], False) for path in PAGES}


@pytest.mark.parametrize(("width", "dark"), SIZES)
def test_no_page_of_the_form_has_a_barrier_blank_or_refused(browse, server, axe, width, dark, tmp_path):
    page = browse(width=width, dark=dark).page
    found = {}

    def look(state):
        found[state] = axe(page), scrolls_sideways(page)

    page.goto(f"{server.url}/complain")
    page.get_by_role("link", name="Start", exact=True).click()
    look("blank")
    go_on(page)
    look("too quick")
    page.wait_for_timeout(PATIENCE)
    go_on(page)
    look("refused")
    page.get_by_label("Tell us what happened").fill("x" * 30)
    go_on(page)
    look("choices")
    page.get_by_role("button", name="Save and come back later").click()
    look("saved")
    go_on(page)
    look("saved, no address")
    page.get_by_role("link", name="Go on now").click()
    go_on(page)
    go_on(page)
    look("choices refused")
    page.goto(f"{server.url}/complain")
    look("begun before")

    assert found == dict.fromkeys(found, ([], False))


@pytest.mark.parametrize(("width", "dark"), SIZES)
def test_no_page_of_a_complaint_has_a_barrier(browse, server, axe, width, dark):
    page = browse(width=width, dark=dark).page
    found = {}

    def look(state):
        found[state] = axe(page), scrolls_sideways(page)

    complain(page, server.url, email="")
    look("receipt")
    page.go_back()
    page.get_by_role("link", name="Make a complaint").first.click()
    look("start again")
    page.goto(f"{server.url}/complain/receipt")
    page.get_by_role("link", name="Follow my complaint").click()
    look("status")
    page.goto(f"{server.url}/status/add")
    look("add")
    go_on(page)
    look("add refused")
    page.goto(f"{server.url}/status/withdraw")
    look("withdraw")
    page.goto(f"{server.url}/status/answer")
    look("too late")
    page.goto(f"{server.url}/status")
    page.get_by_role("button", name="Close this visit").click()
    look("left")
    page.goto(f"{server.url}/status")
    look("visit over")

    assert found == dict.fromkeys(found, ([], False))


def test_the_error_summary_gets_the_focus_and_leads_to_the_field(browse, server):
    page = browse().page
    page.goto(f"{server.url}/complain/what-happened")
    page.wait_for_timeout(PATIENCE)
    go_on(page)

    page.wait_for_function("document.activeElement.id === 'error-summary'")
    page.get_by_role("link", name="Enter what happened").click()
    assert page.evaluate("document.activeElement.id") == "f-description"


def test_the_first_question_is_answered_with_the_keyboard_alone(browse, server):
    page = browse().page
    page.goto(f"{server.url}/complain/what-happened")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("It broke.")
    page.wait_for_timeout(PATIENCE)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="What it is about").wait_for()


def test_a_link_mailed_to_a_stranger_tells_nothing_and_scripts_in_texts_stay_text(browse, server):
    page = browse().page
    reference = complain(page, server.url, email="")
    page.get_by_role("link", name="Follow my complaint").click()
    page.get_by_role("link", name="Add information or files").click()
    page.get_by_label("What would you like to tell us?").fill(
        "<script>alert(1)</script><img src=x onerror=alert(1)>"
    )
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Thank you. We have what you sent").wait_for()
    page.goto(f"{server.url}/lost-link")
    page.get_by_label("Reference of your complaint").fill(reference)
    page.get_by_label("Your e-mail address").fill("<b>@example.org")
    page.get_by_role("button", name="Send me a new link").click()
    known = page.locator("main").inner_text()
    page.goto(f"{server.url}/lost-link")
    page.get_by_label("Reference of your complaint").fill("RD-3333-3333-3")
    page.get_by_label("Your e-mail address").fill("<b>@example.org")
    page.get_by_role("button", name="Send me a new link").click()

    assert page.locator("main").inner_text() == known


def test_the_search_for_barriers_finds_one(browse, axe):
    visitor = browse()
    visitor.open("/help")
    visitor.page.evaluate(
        "document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/static/icon.svg\">')"
    )

    assert any(line.startswith("image-alt") for line in axe(visitor.page))


def test_our_answer_and_the_survey_have_no_barrier_blank_or_refused(browse, server, axe):
    service = server.service
    person = PartyDetails("Ann Other", "ann@example.org", preferred_channel="e-mail")
    complaint = NewComplaint(
        "web", service.clock.now(), "My bill is wrong.", person, product="bill", problem="price"
    )
    made = receive(service, complaint, by=as_service("web"))
    staff, wish = Staff(service), Wish(outcome="partly_upheld", remedy="refund", amount=30)
    staff.work(made.instance_key, wish)
    page = browse().page
    found = {}

    def look(state):
        for width, dark in SIZES:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
            found[state, width, dark] = axe(page), scrolls_sideways(page)

    page.goto(f"{server.url}/t/{made.token}")
    page.get_by_role("link", name="Read and reply").click()
    look("answer")
    go_on(page)
    look("answer refused")
    page.get_by_label("I accept the answer").check()
    go_on(page)
    page.get_by_text("Thank you. We have your answer.").wait_for()
    staff.work(made.instance_key, wish)
    page.goto(f"{server.url}/status")
    look("closed")
    page.get_by_role("link", name="Answer the questions").click()
    look("survey")
    go_on(page)
    look("survey refused")
    page.get_by_label("Very well").check()
    page.get_by_label("Happy", exact=True).check()
    go_on(page)
    page.get_by_role("heading", name="Thank you for answering").wait_for()
    look("survey thanks")

    assert found == dict.fromkeys(found, ([], False))
