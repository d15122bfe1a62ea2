"""How far a complaint is, in the complainant's words: stages done, present and to come; promises and their dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from api.complaints.reading import OVER, ClockView, Event
from api.complaints.states import ENDED, is_outside_again, public_words
from api.complaints.told_days import ANSWER, day_of_answer
from engine.deadlines.state import MET

Place = Literal["done", "current", "next"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of the progress list. ``at`` is when it was reached, None for what is still to come."""

    words: str
    place: Place
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewDate:
    """A promised date that was moved, with the reason the complainant was given."""

    before: date
    after: date
    reason: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Something promised by a date. ``words`` says how it stands; ``done_at`` is set when it was kept.

    ``late`` is what is still to come, ``missed`` what nobody waits for any more.
    """

    what: str
    words: str
    tone: str
    due_on: date | None
    left: str = ""
    done_at: datetime | None = None
    late: bool = False
    missed: bool = False
    moved: tuple[NewDate, ...] = ()


ON_ITS_WAY = "We have written our answer, and it is on its way to you"
ON_ITS_WAY_ELSEWHERE = (
    "We have written our answer, and it is on its way"  # to somebody else than who reads it
)
WENT_ELSEWHERE = "Our answer went to somebody who acted before"
TOLD_BY_LETTER = frozenset({"responded", "not_accepted"})  # the states that a letter of ours tells
_COMMON = ("received", "assessing", "investigating", "deciding", "responded", "closed")
_TO_COME = {
    "assessing": "We look at what your complaint needs",
    "investigating": "We find out what happened",
    "deciding": "We prepare our answer",
    "responded": "We send you our answer",
    "closed": "We carry out what we promised, and close your complaint",
}
_BEHIND = {
    "assessing": "We looked at what your complaint needs",
    "early_resolution": "We tried to settle your complaint quickly",
    "investigating": "We found out what happened",
    "deciding": "We prepared our answer",
    "responded": "We sent you our answer",
    "correcting": "We carried out what we promised",
    "stage_two": "Somebody new reviewed your complaint",
    "external": "You took your complaint to an outside body",
    "closed": "We closed your complaint",
}
_BROKEN_OFF = {  # the step an end cut short: what it was to bring is not there
    "assessing": "We began to look at what your complaint needs",
    "investigating": "We began to find out what happened",
    "deciding": "We began to prepare our answer",
    "correcting": "We began to carry out what we promised",
    "stage_two": "Somebody new began to review your complaint",
}
_CUT_SHORT = frozenset({"withdrawn", "merged"})
_RANK = {
    "received": 0,
    "assessing": 1,
    "early_resolution": 2,
    "investigating": 2,
    "deciding": 3,
    "responded": 4,
    "rejected_open": 4,
    "stage_two": 3,
    "external": 4,
    "correcting": 4,
}
_FINAL = "final_answer"  # what ``final_response`` promises of a second look
_PROMISES = {
    "acknowledgement": "Confirm that we have your complaint",
    "early_resolution": "Settle your complaint early, if we can",
    "update": "Tell you how far we are",
    "final_response": "Give you our answer",
    _FINAL: "Give you our final answer",
    "promised_answer": "Give you our answer, as we promised",
    "commitment": "Do what we promised",
}
_ONLY_OPEN = frozenset({"update"})
_KEPT = frozenset(MET)
# What we missed is no secret, also after the end.
_TOLD = frozenset({"running", "paused", "breached", "projected", "missed"}) | _KEPT


def stages(
    state: str,
    received_at: datetime,
    events: Iterable[Event],
    *,
    closed_at: datetime | None = None,
    answer_comes: str = "",
) -> tuple[Stage, ...]:
    """Return the way the complaint has gone, where it is, and the usual way on; ``events`` newest first.

    ``answer_comes`` says in words that the newest answer has not left yet; empty where it has.
    """
    been: list[tuple[str, datetime]] = [("received", received_at)]
    changes = [one for one in reversed(tuple(events)) if one.kind == "state"]
    for event in changes:
        if event.facts.get("from") == "closed" and closed_at is not None and been[-1][0] != "closed":
            been.append(("closed", closed_at))  # an outside body took it up
        been.append((str(event.facts.get("to")), event.at))
    if been[-1][0] != state:
        been.append((state, closed_at or been[-1][1]))
    last, at = been[-1]
    gone = [Stage(_BEHIND.get(name, public_words(name)), "done", at) for name, at in been[:-1]]
    if gone and last in _CUT_SHORT:
        name, began_at = been[-2]
        gone[-1] = Stage(_BROKEN_OFF.get(name, gone[-1].words), "done", began_at)
    now = Stage(public_words(last), "current", at)
    told = next((n for n, (name, _) in reversed([*enumerate(been)]) if name in TOLD_BY_LETTER), None)
    if answer_comes and told is not None:
        line = replace(now if told == len(gone) else gone[told], words=answer_comes)
        now, gone[told:] = (line, []) if told == len(gone) else (now, [line, *gone[told + 1 :]])
    over = last in ENDED or is_outside_again(last, closed_at)
    ahead = () if over else tuple(name for name in _COMMON if _rank(name) > _RANK.get(last, 4))
    return (
        *gone,
        now,
        *(Stage(_TO_COME[name], "next") for name in ahead),
    )


def promises(clocks: Iterable[ClockView]) -> tuple[Promise, ...]:
    """Return the dates promised to the complainant; internal targets and what no longer applies are left out.

    What still runs is owed, also after a withdrawal. Of two days for our answer the one that stands is shown, and a limit that
    was missed before it.
    """
    shown, views = [], tuple(clocks)
    stands = day_of_answer({view.name: view.due_on for view in views if view.is_open})
    for view in views:
        if (
            view.name == ANSWER
            and view.is_open
            and view.due_on != stands
            and not _missed_before(view, stands)
        ):
            continue
        if view.name not in _PROMISES or view.state not in _TOLD:
            continue
        if view.name in _ONLY_OPEN and not view.is_open:
            continue
        shown.append(_promise(view))
    order = tuple(_PROMISES.values())
    return tuple(sorted(shown, key=lambda one: (order.index(one.what), one.due_on or date.max)))


def outside_until(clocks: Iterable[ClockView]) -> date | None:
    """Return the last day to turn to the outside body, None while it is not known or not running, and once it is over."""
    running = (view for view in clocks if view.name == "referral_window" and view.state == "running")
    return next((view.due_on for view in running if view.words != OVER), None)


def _missed_before(limit: ClockView, stands: date | None) -> bool:
    """Tell whether a limit of ours was missed before the day that stands now: that is no secret."""
    return (
        limit.state == "breached" and limit.due_on is not None and (stands is None or limit.due_on < stands)
    )


def _promise(view: ClockView) -> Promise:
    words = {
        "met": "Done",
        "met_late": "Done, but late",
        "breached": "Late",
        "missed": "Not done in time",
        "paused": "On hold",
        "projected": "Expected",
    }.get(view.state, "Promised")
    return Promise(
        what=_PROMISES[_FINAL if view.name == "final_response" and view.stage == "two" else view.name],
        words=words,
        tone=view.tone,
        due_on=None if view.only_expected else view.due_on,
        left=view.left if view.state == "running" else "",
        done_at=view.answered_at if view.state in _KEPT else None,
        late=view.state == "breached",
        missed=view.state == "missed",
        moved=_new_dates(view),
    )


def _new_dates(view: ClockView) -> tuple[NewDate, ...]:
    """Return the days to which a clock was extended, in their order, without those whose letter came back."""
    found: list[NewDate] = []
    for change in view.changes:
        if not change.due_before or not change.due_after or change.due_before == change.due_after:
            continue
        if change.words == "extended":
            found.append(NewDate(change.due_before, change.due_after, change.reason))
        elif change.words == "unextended":
            found = [one for one in found if one.after != change.due_before]
    return tuple(found)


def _rank(state: str) -> int:
    return _RANK.get(state, 5)
