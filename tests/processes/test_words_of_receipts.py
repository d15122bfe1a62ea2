"""What is said of something the complainant sent is so in the state the complaint is in."""

from __future__ import annotations

import pytest

from tests.processes.test_what_the_page_offers import STATES, act, offered, page_of

NOT_SO = {
    "withdrawn": ("take it into account", "withdraw it at any time"),
    "turned away": ("take it into account", "withdraw it at any time"),
    "appealed": ("take it into account", "withdraw it at any time"),
    "external": (
        "Ombudsman now",
        "decided by",
    ),  # nobody has taken it up before *Record the referral* says so
}
SO = {
    "investigating": "take it into account",
    "stage two": "take it into account",
    "responded": "Our answer to your complaint stands",
    "answered again": "Our answer to your complaint stands",
    "rejected": "it is here for whoever goes on with your complaint",
    "correcting": "carry out what we promised",
    "external": "Send it to the outside body too",
    "turned away": "We could not take up your complaint",
    "withdrawn": "The complaint is withdrawn",
}


@pytest.mark.parametrize("state", SO)
def test_thanks_for_what_was_sent_say_what_is_so(walk, state):
    STATES[state](walk)
    visitor = page_of(walk)
    assert "add" in offered(visitor)
    act(visitor, "add")
    walk.service.run_due()
    walk.do("Read the information", informationKind="adds")
    text = walk.letter("information-received").text
    assert SO[state] in text
    assert ("take it into account" in text) is (SO[state] == "take it into account")
    assert not any(words in text for words in NOT_SO.get(state, ()))
    assert "complaint is with an outside body" not in page_of(walk).text
    assert walk.troubles == []
