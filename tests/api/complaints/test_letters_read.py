"""The way back that a letter offers reads as sentences in a mail, on paper and told by phone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from api.complaints.intake import NewComplaint, PartyDetails, receive
from engine.actors import service as as_service
from tests.api.complaints.test_letters_whole import written
from tests.processes.office import ROOT

LETTERS = sorted((ROOT / "processes" / "letters").glob("*.md"))
LINK = "{{ complaint.statusLink }}"
RUNS_ON = re.compile(r"(?:https?://|\[\[status-link|name the reference )\S*[^\s.;,:] +\w")
OFFERED_HERE = re.compile(r"\bhere\b[^.\n]*: call ")
SENDERS = {
    "e-mail": PartyDetails("Ann Other", "ann@example.org"),
    "post": PartyDetails("Ann Other", address="1 Road"),
    "post, with an e-mail address": PartyDetails(
        "Ann Other", "ann@example.org", address="1 Road", preferred_channel="post"
    ),
    "phone": PartyDetails("Ann Other", phone="07700 900123"),
}


@pytest.mark.parametrize("letter", LETTERS, ids=lambda path: path.stem)
def test_the_way_back_ends_its_paragraph_and_is_never_here(letter):
    """Whatever stands in for the link may be an address or a sentence, in every branch of the letter."""
    lines = letter.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if LINK not in line:
            continue
        assert line.endswith(f": {LINK}")
        assert number + 1 == len(lines) or lines[number + 1].startswith(":::") or not lines[number + 1]
        lead = re.split(r"(?<=[.?!]) ", line.removesuffix(LINK))[-1]
        assert not re.search(r"\b(here|counts)\b", lead), lead


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_nothing_runs_on_after_the_way_back(service, clock, sender):
    new = NewComplaint("web", clock.now(), "Charged twice.", sender, regime="generic", problem="price")
    made = receive(service, new, by=as_service("test"))
    service.run_due()
    for bare in (False, True):
        for letter in sorted(service.letters.ids):
            text = written(service, made, letter, bare=bare).text
            assert not RUNS_ON.search(text), (letter, RUNS_ON.search(text)[0])
            assert not OFFERED_HERE.search(text), letter
        clock.advance(timedelta(days=3 * 365))
