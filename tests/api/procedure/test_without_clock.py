"""A complaint that gets no clock does not wait in silence."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.complaints.clock_rows import open_clocks
from api.complaints.intake import ComplaintRefused, NewComplaint, PartyDetails, receive
from api.complaints.separation import DUTIES, objection
from api.complaints.tables import ClockRow, NoticeRow
from api.deadlines import without_clock
from engine.actors import service as as_service
from engine.deadlines.clocks import Act
from engine.quoted import plain
from engine.store.search import Query
from tests.api.procedure.slips import shipped

EARLY = datetime(2025, 11, 20, 9, tzinfo=UTC)  # the code of councils begins in April 2026


def took(service, *, regime, at):
    new = NewComplaint("web", at, "My bin.", PartyDetails("Ann Other"), regime=regime)
    return receive(service, new, by=as_service("web"))


def shut(service, row, column, cell):
    """Deploy the table of deadlines with another text in one cell of the row whose policy is ``row``."""
    text = shipped()["deadlines.dmn"].decode()
    (rule,) = (each for each in re.findall(r"<rule id=.*?</rule>", text, re.DOTALL) if f'"{row}"' in each)
    place = list(re.finditer(r"<text>(.*?)</text>", rule))[column]
    changed = rule[: place.start(1)] + cell + rule[place.end(1) :]
    service.engine.deploy((("deadlines.dmn", text.replace(rule, changed).encode()),), by=as_service("test"))


def stuck(service, clock):
    for _ in range(5):  # it is tried again a few times first
        clock.advance(timedelta(minutes=10))
        service.run_due()
    (incident,) = service.engine.incidents(Query()).items
    assert incident.element_id == "Task_StartClocks"
    return plain(incident.error_message)


def test_a_regime_the_table_does_not_have_is_refused(service):
    with pytest.raises(ComplaintRefused, match="uk-councls"):
        took(service, regime="uk-councls", at=service.clock.now())


def test_a_complaint_no_row_fits_is_an_incident_that_managers_are_told_of(service, clock):
    made = took(service, regime="uk-councils", at=EARLY)
    assert "regime: uk-councils" in stuck(service, clock)
    assert (without_clock.tell(service), without_clock.tell(service)) == (1, 0)
    (notice,) = service.engine.read(lambda session: list(session.scalars(select(NoticeRow))))
    assert (notice.group_name, notice.complaint_key) == ("complaints-managers", made.key)


def test_a_final_answer_that_no_row_of_today_asks_for_is_an_incident_too(service, clock):
    names = re.findall(r"<inputExpression[^>]*>\s*<text>(\w+)</text>", shipped()["deadlines.dmn"].decode())
    shut(service, "generic-final-response", names.index("anchorDate"), '&gt;= date("2062-01-01")')
    took(service, regime="generic", at=service.clock.now())
    said = stuck(service, clock)
    assert "clocks: final_response" in said


def test_a_complaint_with_clocks_is_none(service):
    receive(
        service,
        NewComplaint("web", service.clock.now(), "My bin.", PartyDetails("Ann Other"), regime="uk-councils"),
        by=as_service("web"),
    )
    assert service.engine.incidents(Query()).items == ()
    assert without_clock.tell(service) == 0
    assert service.engine.read(lambda session: session.scalar(select(ClockRow.key))) is not None


def told_after(service, change, *, regime="generic"):
    """How many complaints managers are told of, after the clocks of one were moved by ``change(desk, complaint, row)``."""
    made = took(service, regime=regime, at=service.clock.now())

    def work(desk, complaint):
        for row in open_clocks(desk.session, complaint.key):
            change(desk, complaint, row)
        return ()

    service.move_clocks(made.key, work, act=Act(service.clock.now(), "test", "Test"), by=as_service("test"))
    return without_clock.tell(service)


def rule_out(desk, _complaint, row):
    row.state = "not_applicable"


def test_clocks_that_have_ended_watch_nothing(service):
    assert told_after(service, rule_out) == 1


def test_a_time_that_somebody_may_only_use_watches_nothing(service):
    def all_but_the_chance(_desk, _complaint, row):
        row.state = row.state if row.name == "early_resolution" else "not_applicable"

    assert told_after(service, all_but_the_chance, regime="uk-financial") == 1


def test_an_answer_that_was_given_needs_no_clock(service):
    def answered(desk, complaint, row):
        rule_out(desk, complaint, row)
        complaint.state = "responded"

    assert told_after(service, answered) == 0


def test_nobody_does_work_of_a_duty_that_is_not_known(service):
    def said(duty):
        return service.engine.read(lambda session: objection(session, 1, duty=duty, person="anna"))

    assert "quality-chek" in said("quality-chek")
    assert {said(duty) for duty in (*DUTIES, None)} == {None}
