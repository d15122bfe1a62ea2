"""What a letter invites to can be done when it is read."""

from __future__ import annotations

import pytest

from api.complaints.from_complainant import ADDS, WITHDRAWS, open_to

INVITES = "add something or withdraw it at any time"


def closed(walk):
    walk.through(remedy="words").answer("accepts").close()
    return walk.letter("closing")


def withdrawn(walk):
    walk.tell("complainant-withdraws")
    letter = walk.letter("withdrawal-confirmed")
    assert ADDS in open_to(walk.service, walk.key), "until we have finished"
    walk.do("Check for a wider problem", remark="No.")
    return letter


def duplicate(walk):
    walk.screen()
    earlier = walk.reference
    walk.take("2026-06-03 10:00").screen("duplicate", duplicateOf=earlier)
    return walk.letter("duplicate")


@pytest.mark.parametrize("way", [closed, withdrawn, duplicate])
def test_a_letter_at_the_end_invites_to_nothing_that_the_status_page_refuses(walk, way):
    letter = way(walk.take("2026-06-01 10:00"))
    assert walk.ended
    assert not {ADDS, WITHDRAWS} & open_to(walk.service, walk.key)
    assert INVITES not in letter.text
    assert walk.holes == []


def test_a_letter_on_the_way_invites_to_what_is_open(walk):
    walk.take("2026-06-01 10:00")
    assert INVITES in walk.letter("acknowledgement").text
    assert {ADDS, WITHDRAWS} <= open_to(walk.service, walk.key)
