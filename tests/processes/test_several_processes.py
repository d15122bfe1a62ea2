"""Several processes of the service at one database: each hands out keys of its own block, so what comes later may have lower ones.

The stories are those of other modules. Here every moment's keys lie below those of the moments before it.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from api.complaints.tables import CAME_ABOUT
from engine.keys import FIRST_KEY, Keys
from tests.processes.test_clocks_of_what_happened import (
    test_an_answer_that_leaves_too_late_after_the_closing_is_late,  # noqa: F401
)
from tests.processes.test_days_letters_name import (
    test_a_letter_that_nobody_posts_turns_nobody_away_for_good,  # noqa: F401
)
from tests.processes.test_decided_outside import (
    test_an_award_posted_after_its_day_says_what_is_so_then,  # noqa: F401
)
from tests.processes.test_found_later import (
    test_the_second_decision_lies_on_file_too_and_answers_its_own_look,  # noqa: F401
    test_who_is_found_after_the_decision_may_have_it_looked_at_again,  # noqa: F401
)
from tests.processes.test_rounds_of_answers import (
    bounced,  # noqa: F401
    test_mail_of_a_first_answer_does_not_leave_after_the_second,  # noqa: F401
    test_what_was_replied_to_answers_nothing_and_asks_nothing_as_it_leaves,  # noqa: F401
)

API = Path(__file__).parents[2] / "api"


@pytest.fixture(autouse=True)
def later_keys_lie_lower(monkeypatch, clock):
    """Within one moment keys rise, as within one step of one process; those of each later moment lie lower."""
    count, width = itertools.count(), 10**8

    def key(_):
        return FIRST_KEY + 4 * 10**17 - int(clock.now().timestamp()) * width + next(count) % width

    monkeypatch.setattr(Keys, "next", key)


@pytest.mark.parametrize(
    "table", sorted(table.__name__ for table in CAME_ABOUT if table.__name__ != "ComplaintRow")
)
def test_nothing_takes_keys_for_an_order_in_time(table):
    by_key = re.compile(rf"order_by\((?:[^()]*, )?{table}\.key\b")
    assert [
        path.name
        for path in API.rglob("*.py")
        if by_key.search(path.read_text()) and path.parent.name != "versions"
    ] == []
