"""The states of a complaint (ISO 10002 stages), and the plain words the complainant reads for each."""

from __future__ import annotations

STATES: dict[str, tuple[str, str]] = {
    "received": ("Received", "We have received your complaint"),
    "assessing": ("Being assessed", "We are looking at what your complaint needs"),
    "early_resolution": ("Early resolution", "We are trying to settle your complaint quickly"),
    "investigating": ("Being investigated", "We are finding out what happened"),
    "deciding": ("Being decided", "We are preparing our answer"),
    "responded": ("Answered", "We have sent you our answer"),
    "correcting": ("Being put right", "We are carrying out what we promised"),
    "rejected_open": ("Answer not accepted", "You did not accept our answer"),
    "stage_two": ("Second review", "Somebody new is reviewing your complaint"),
    "external": ("With an outside body", "Your complaint is with an outside body"),
    "closed": ("Closed", "Your complaint is closed"),
    "not_accepted": ("Not accepted", "We could not take this up as a complaint"),
    "withdrawn": ("Withdrawn", "You withdrew your complaint"),
    "merged": ("Merged", "Your complaint continues under an earlier reference"),
}
LEFT_AS_THEY_ARE = frozenset({"not_accepted", "withdrawn", "merged"})
ENDED = frozenset({"closed", "not_accepted", "withdrawn", "merged"})

CLOSING_REASONS = {
    "accepted": "Accepted by the complainant",
    "no_reply_after_notice": "No reply after notice",
    "settled_early": "Settled early",
    "options_exhausted": "All options used",
    "award_complied_with": "Outside decision complied with",
    "withdrawn": "Withdrawn by the complainant",
    "duplicate": "Duplicate of an earlier complaint",
    "forwarded": "Forwarded to the right organisation",
    "not_in_scope": "Not in scope",
    "no_finding_possible": "No finding possible",
}


def staff_words(state: str) -> str:
    """Return the state as colleagues read it."""
    return STATES[state][0] if state in STATES else state


def public_words(state: str) -> str:
    """Return the state as the complainant reads it."""
    return STATES[state][1] if state in STATES else state
