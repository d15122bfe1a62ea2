"""What is promised, ordered or asked for by a day off is due at the end of the last working day before it, never after it."""

from __future__ import annotations

import pytest

from tests.api.deadlines.conftest import at
from tests.processes.test_at_the_edges import outside, withdrawn

LATE = "overdue"
FILE = {"referral": "taken_up", "body": "the FOS", "bodyReference": "1"}
WIDER = {
    "remark": "The stairs break.",
    "widerProblem": True,
    "widerWhat": "Have every staircase looked at.",
    "widerGroup": "quality",
}


def awarded(walk, day):
    """The outside body orders a payment by ``day``."""
    outside(walk).do("Record the referral", fileDueOn="2026-07-20", **FILE)
    walk.do("Send the file", fileSentOn="2026-07-06").tell("external-outcome")
    award = {"award": True, "awardWhat": "Pay", "awardAmount": 300, "complyBy": day}
    walk.do("Record the outcome", externalOutcome="changed", **award)
    return "Carry out the promise"


def file_wanted(walk, day):
    """The outside body wants the file by ``day``."""
    outside(walk).do("Record the referral", fileDueOn=day, **FILE)
    return "Send the file"


def wider_problem(walk, day):
    """A withdrawn complaint shows something that is to be dealt with by ``day``."""
    withdrawn(walk.take("2026-07-06 10:00")).do("Check for a wider problem", widerDueOn=day, **WIDER)
    return "Deal with the wider problem"


def colleague_asked(walk, day):
    """A colleague is asked for what they know by ``day``."""
    walk.take("2026-08-20 10:00").screen().assess()
    asked = [{"department": "department-billing", "question": "Charged twice?", "dueOn": day}]
    walk.do("Plan the investigation", questions="What?", hearStaff=True, contributionRequests=asked)
    return "Answer the request"


WAYS = [awarded, file_wanted, wider_problem, colleague_asked]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-08-29", "2026-08-28 17:00"),  # a Saturday
        ("2026-08-30", "2026-08-28 17:00"),
        ("2026-08-31", "2026-08-28 17:00"),  # a Monday that is a holiday
        ("2026-09-01", "2026-09-01 17:00"),
    ],
)
def test_a_task_for_a_day_off_is_due_before_it(walk, way, day, due):
    assert walk.due_of(way(walk, day)) == at(due)
    assert walk.troubles == []


@pytest.mark.parametrize("way", WAYS)
def test_who_is_told_that_it_is_not_done_reads_the_day_and_not_that_it_is_over(walk, way):
    way(walk, "2026-08-29")
    before = {notice.key for notice in walk.notices()}
    walk.later("2026-08-28 16:50")
    early = {notice.key for notice in walk.notices()} - before
    walk.later("2026-08-28 17:30")
    told = [notice for notice in walk.notices() if notice.key not in before | early]
    about = [notice for notice in told if "2026-08-29" in notice.text]
    assert about != []
    assert [notice.subject for notice in about if LATE in notice.subject + notice.text] == []
    assert [notice.text for notice in about if "was " in notice.text] == []


def test_a_colleague_is_reminded_the_working_day_before_it_is_due(walk):
    colleague_asked(walk, "2026-08-31")
    walk.later("2026-08-27 16:50")
    before = len(walk.notices("A request about a complaint"))
    walk.later("2026-08-27 17:30")
    assert len(walk.notices("A request about a complaint")) > before
