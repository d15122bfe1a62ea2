"""A demand ends with what it demands: its clock is answered, given up or moved away, or there is nobody to answer."""

from __future__ import annotations

import re

import pytest

from api.complaints.clock_rows import NAMES_OF_SEVERAL
from engine.deadlines.state import Evidence
from engine.dialect import read_bpmn
from tests.processes.office import ROOT

DIAGRAMS = {
    process.process_id: process
    for path in sorted((ROOT / "processes").glob("*.bpmn"))
    for process in read_bpmn(path.read_bytes(), name=path.name).processes.values()
}
CLOCK = re.compile(r'clock\("(\w+)"\)')


def demanding():
    """Yield (the clock, the diagram called when that clock says so) of every diagram called behind a timer of a clock."""
    for process in DIAGRAMS.values():
        for inside in (one for several in process.event_subprocesses.values() for one in several):
            trigger = inside.start.trigger
            found = CLOCK.search(str(trigger.timer.value)) if trigger and trigger.timer else None
            for element in process.elements.values() if found else ():
                if element.scope_id == inside.element.id and element.call is not None:
                    yield found[1], str(element.call.process_id)


def late(walk, **more):
    """A complaint whose answer is overdue, every task of the investigation still open."""
    walk.take("2026-06-01 10:00", **more)
    return walk.later("2026-06-30 10:00")


def meet(walk, name):
    """Answer a clock in another way than by the task that asks for it."""
    now = walk.clock.now()
    return walk.move(
        lambda d, c: walk.service.case_clocks.meet(d, c, name, Evidence("call_logged", "call", now))
    )


def test_a_late_answer_takes_the_explanation_of_the_delay_with_it(walk):
    late(walk)
    assert "Explain the delay" in walk.open
    walk.through(remedy="words")
    assert walk.state("final_response") == "met_late"
    assert "Explain the delay" not in walk.open
    assert "promised_answer" not in walk.running


def test_a_limit_that_was_moved_away_needs_no_explanation_until_it_passes_again(walk):
    late(walk)
    walk.move(
        lambda d, c: walk.service.case_clocks.days_corrected(d, c, received_at=walk.clock.now(), days={})
    )
    walk.service.run_due()
    assert "Explain the delay" not in walk.open
    walk.later("2026-08-20 10:00")
    assert "Explain the delay" in walk.open


def test_nobody_is_promised_a_new_date_where_nobody_can_be_written_to(walk):
    late(walk, sender=None, channel="phone")
    assert walk.state("final_response") == "breached"
    assert "Explain the delay" not in walk.open
    assert "Decide how to keep it" not in walk.open
    assert walk.notices("Final answer overdue")


def test_news_given_in_another_way_takes_the_task_of_writing_it_with_it(walk):
    walk.take("2026-06-01 10:00").screen().assess().later("2026-06-12 16:00")
    assert "Write an update" in walk.open
    meet(walk, "update")
    walk.service.run_due()
    assert walk.clock_named("update").number == 2
    assert "Write an update" not in walk.open


def test_an_answer_in_time_takes_the_question_how_to_keep_the_date_with_it(walk):
    walk.take("2026-06-01 10:00").later("2026-06-25 10:00")
    assert "Decide how to keep it" in walk.open
    walk.through(remedy="words")
    assert "Decide how to keep it" not in walk.open


@pytest.mark.parametrize(("clock", "called"), sorted({*demanding(), ("acknowledgement", "acknowledgement")}))
def test_every_task_behind_the_timer_of_a_clock_ends_with_that_clock(clock, called):
    diagram = DIAGRAMS[called]
    read = (
        "state" if clock in NAMES_OF_SEVERAL else "endedAt(round)"
    )  # what stands for several clocks has no rounds
    asked = [one for one in diagram.elements.values() if one.tag == "userTask"]
    assert asked
    for task in asked:
        ends = [
            event.trigger.timer.value
            for event in diagram.boundaries.get(task.id, ())
            if event.interrupting and event.trigger and event.trigger.timer
        ]
        assert any(f'clock("{clock}").{read}' in str(one) for one in ends), task.name
