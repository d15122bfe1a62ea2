"""One person with two windows on one thing: the second save is told, and neither text is lost."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from api.complaints import drafts
from tests.api.web.staff_desk import Desk, carry_on, complain
from tests.api.web.test_typing import at, desk, office, required, version  # noqa: F401 (fixtures)
from tests.api.web.visitor import Visitor

TOLD = "Something else was saved here since this page was opened."


@pytest.fixture
def task(service, office):  # noqa: F811
    made = complain(service)
    carry_on(service, made, until="plan-investigation")
    return service.engine.open_tasks(made.instance_key)[0]


@pytest.fixture
def windows(app, service, task):
    """Two windows of whoever holds the task, both open on it."""
    both = Desk(app, service, task.assignee), Desk(app, service, task.assignee)
    for window in both:
        window.open(at(task))
    return both


def page(window):
    """What the page says of the draft it shows."""
    return html.unescape(re.search(r'name="_draft" value="([^"]*)"', window.html)[1])


def typed(window, text, do="save", **more):
    """Send what was typed from the page as it stands."""
    return {"questions": text, "_do": do, "_draft": page(window), "_version": version(window.html), **more}


def test_the_older_window_does_not_replace_what_the_newer_saved(task, windows):
    older, newer = windows
    newer.send(at(task), **typed(newer, "Who signed for it?"))
    refused = older.send(at(task), **typed(older, "Who carried it?"))
    assert refused.status_code == 409
    assert TOLD in older.text
    assert "What was saved since this page was opened" in older.text
    assert "Who signed for it?" in older.text, "what was saved"
    assert "Who carried it?" in older.html, "what was typed here"
    newer.open(at(task))
    assert "Who signed for it?" in newer.html
    assert "Who carried it?" not in newer.html


def test_who_was_told_may_replace_it(task, windows):
    older, newer = windows
    newer.send(at(task), **typed(newer, "Who signed for it?"))
    older.send(at(task), **typed(older, "Who carried it?"))
    again = older.send(at(task), follow=False, **typed(older, "Who carried it, and who signed?"))
    assert again.status_code == 303
    newer.open(at(task))
    assert "Who carried it, and who signed?" in newer.html


def test_completing_from_the_older_window_is_told_first(service, task, windows):
    older, newer = windows
    newer.send(at(task), **typed(newer, "Who signed for it?"))
    refused = older.send(at(task), **typed(older, "Who carried it?", do="continue"))
    assert (refused.status_code, service.engine.task(task.user_task_key).state) == (409, "CREATED")
    assert TOLD in older.text


def test_one_window_saves_as_often_as_it_likes_with_what_is_saved_while_typing(task, windows):
    window = windows[0]
    first = typed(window, "Who?")
    for text in ("Who?", "Who carried it?", "Who carried it, and when?"):
        assert window.send(f"{at(task)}/draft", **first | {"questions": text}).status_code == 204
    assert window.send(at(task), follow=False, **first | {"questions": "Where?"}).status_code == 303


def test_saving_while_typing_in_the_older_window_replaces_nothing(task, windows):
    older, newer = windows
    newer.send(f"{at(task)}/draft", **typed(newer, "Who signed for it?"))
    assert older.send(f"{at(task)}/draft", **typed(older, "Who carried it?")).status_code == 409
    newer.open(at(task))
    assert "Who signed for it?" in newer.html


def test_the_same_text_in_both_is_no_conflict(task, windows):
    for window in windows:
        assert window.send(at(task), follow=False, **typed(window, "Who?")).status_code == 303


def test_a_page_from_before_replaces_as_it_did(task, windows):
    older, newer = windows
    newer.send(at(task), **typed(newer, "Who signed for it?"))
    assert older.send(at(task), follow=False, **typed(older, "Who?", _draft="")).status_code == 303


def test_the_older_window_of_a_task_that_the_newer_completed_shows_what_was_typed(service, task, windows):
    older, newer = windows
    newer.send(at(task), **typed(newer, "Who signed for it?"))
    newer.open(at(task))
    done = newer.send(at(task), follow=False, **required(newer) | {"_draft": page(newer)})
    assert done.status_code == 303
    late = older.send(at(task), **typed(older, "Who carried it?"))
    assert late.status_code == 409
    assert "Who carried it?" in older.text
    assert TOLD not in older.text


def test_two_windows_recording_one_call_lose_nothing(app, service):
    first, second = (Desk(app, service, "emil", "employee") for _ in range(2))
    first.open("/staff/record")
    key = re.search(r'name="_key" value="([^"]+)"', first.html)[1]
    first.send("/staff/record", _do="save", _key=key, description="Begun.", _draft=page(first))
    for window in (first, second):
        window.open(f"/staff/record?draft={key}")
    slips = page(first), page(second)
    first.send("/staff/record", _do="save", _key=key, description="The first went on.", _draft=slips[0])
    told = second.send("/staff/record", _do="save", _key=key, description="The second.", _draft=slips[1])
    assert told.status_code == 409
    assert TOLD in second.text
    assert "The second." in second.html
    first.open(f"/staff/record?draft={key}")
    assert "The first went on." in first.html


def test_a_page_is_named_once_and_says_what_it_knows_of():
    first = drafts.page_with({})
    assert drafts.page_with({}, page=first) == first
    assert drafts.page_with({}) != first
    assert drafts.page_with({}, page="anything else") != "anything else"


# a visitor

WHAT = "/complain/what-happened"


@pytest.fixture
def tabs(app, clock):
    """Two tabs of one visitor's browser, both open on the first question."""
    first, second = Visitor(app, clock), Visitor(app, clock)
    second.client = first.client
    first.open(WHAT)
    second.open(WHAT)
    return first, second


def answer(tab, text, button="continue"):
    """Send the page as it stands in this tab."""
    tab.clock.advance(timedelta(seconds=5))
    key, slip = tab.hidden("_key"), tab.hidden("_draft")
    return tab.post(WHAT, _do=button, _key=key, _draft=slip, description=text)


@pytest.mark.parametrize("button", ["continue", "save", "back"])
def test_a_visitors_older_tab_replaces_nothing_in_silence(tabs, button):
    older, newer = tabs
    assert answer(newer, "The parcel never came.").status_code == 303
    assert answer(older, "The parcel was broken.", button).status_code == 409
    assert TOLD in older.text
    assert "The parcel never came." in older.text
    assert "The parcel was broken." in older.page
    newer.open(WHAT)
    assert "The parcel never came." in newer.page
    assert answer(older, "The parcel was broken.", button).status_code == 303
    newer.open(WHAT)
    assert "The parcel was broken." in newer.page


def test_tabs_on_two_questions_do_not_disturb_each_other(tabs):
    first, second = tabs
    answer(first, "The parcel never came.")
    first.open(WHAT)
    second.send("/complain/what-it-is-about", **{})
    assert answer(first, "The parcel never came, twice.").status_code == 303


def test_going_back_and_on_again_in_one_tab_is_no_conflict(tabs):
    tab, _ = tabs
    answer(tab, "The parcel never came.")
    tab.open(WHAT)
    assert answer(tab, "It came late.", "back").status_code == 303
    tab.open(WHAT)
    assert answer(tab, "It came late, and broken.").status_code == 303
