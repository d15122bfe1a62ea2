"""The states of a complaint (ISO 10002 stages), and the plain words the complainant reads for each."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime

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
    "external": ("With an outside body", "You take your complaint to an outside body"),
    "closed": ("Closed", "Your complaint is closed"),
    "not_accepted": ("Not accepted", "We could not take this up as a complaint"),
    "withdrawn": ("Withdrawn", "You withdrew your complaint"),
    "merged": ("Merged", "Your complaint continues under an earlier reference"),
}
# Our answer has not left: what else is complained of is answered with it.
UNANSWERED = frozenset({"received", "assessing", "early_resolution", "investigating", "deciding"})
AWAITED = UNANSWERED | {"stage_two"}  # somebody waits for an answer of ours
LEFT_AS_THEY_ARE = frozenset({"not_accepted", "withdrawn", "merged"})
HAPPENED_AT = (
    "happenedAt"  # of the facts of a line that says a state: when that came about, where we noted it later
)
ASKED_IF_TURNED_AWAY = frozenset({"assessing", "not_accepted"})  # a reply says whether that is accepted
ENDED = frozenset({"closed", "not_accepted", "withdrawn", "merged"})


@dataclass(frozen=True, slots=True)
class Owed:
    """The clocks a state owes: those ``named``, or every clock ``all_but`` some."""

    named: frozenset[str] = frozenset()
    all_but: frozenset[str] | None = None

    def __contains__(self, clock: object) -> bool:
        """Tell whether ``clock`` is owed."""
        return clock in self.named if self.all_but is None else clock not in self.all_but


def _only(*clocks: str) -> Owed:
    return Owed(named=frozenset(clocks))


def _all_but(*clocks: str) -> Owed:
    return Owed(all_but=frozenset(clocks))


_WORK = ("target", "early_resolution", "plan_agreed")
# An answer is on its way or there: no more news is owed, nor a receipt. The answer itself is, until its letter has left.
_SAID = ("update", "acknowledgement", "data_protection_acknowledgement", *_WORK)
_ANSWERED = _all_but(*_SAID)
# Somebody else decides now: whatever asks for an answer of ours is over.
_ELSEWHERE = _all_but(
    *_SAID, "final_response", "promised_answer", "explanation", "holding_notice", "internal_review"
)
# Who does not accept the answer waits for news again: the clocks of a second look count from their no.
_REJECTED = _all_but(*_WORK)
OWED: Mapping[str, Owed] = {
    "received": _all_but(),
    "assessing": _all_but(),
    "early_resolution": _all_but(),
    "investigating": _all_but(),
    "deciding": _all_but(),
    "stage_two": _all_but(),
    "responded": _ANSWERED,
    "correcting": _ANSWERED,
    "rejected_open": _REJECTED,
    "external": _ELSEWHERE,
    "not_accepted": _only("acknowledgement"),  # met by the letter that says why
    "withdrawn": _only("commitment"),
    "merged": _only("acknowledgement"),
    "closed": _only("referral_window"),
}
# An outside body took up what had ended: beside what it decides, nothing of the closed case is owed again.
_AFTER_THE_END = _only("referral_window", "commitment")
# Said once, by the letter that the receipt of a complaint, or of a no, has us write.
RECEIPTS = frozenset({"acknowledgement", "data_protection_acknowledgement"})
# What is only said to the complainant cannot be owed to nobody.
TOLD_TO_SOMEBODY = frozenset(
    {
        *RECEIPTS,
        *("update", "explanation", "promised_answer"),
    }
)

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
    "answered_on_file": "Answered on file, nobody to write to",
}


def staff_words(state: str) -> str:
    """Return the state as colleagues read it."""
    return STATES[state][0] if state in STATES else state


def public_words(state: str) -> str:
    """Return the state as the complainant reads it."""
    return STATES[state][1] if state in STATES else state


def is_outside_again(state: str, closed_at: datetime | None) -> bool:
    """Tell whether a complaint that had ended (``closed_at``) is with an outside body since, or what that decided is carried out."""
    return closed_at is not None and state not in ENDED


def owes(
    state: str,
    clock: str,
    told_to_nobody: Container[str] = frozenset(),
    *,
    closed_at: datetime | None = None,
) -> bool:
    """Tell whether a complaint in ``state`` owes what ``clock`` asks for: no warning, no breach, no task without that.

    ``told_to_nobody`` are the clocks of what may be said to nobody who can be reached: nobody is owed it. ``closed_at`` is when it
    ended, None before: what an outside body takes up afterwards owes nothing of the closed case.
    """
    owed = _AFTER_THE_END if is_outside_again(state, closed_at) else OWED[state]
    return clock in owed and clock not in told_to_nobody
