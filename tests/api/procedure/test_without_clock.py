"""A complaint that gets no clock does not wait in silence."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.complaints.intake import ComplaintRefused, NewComplaint, PartyDetails, receive
from api.complaints.separation import DUTIES, objection
from api.complaints.tables import ClockRow, NoticeRow
from api.deadlines import without_clock
from engine.actors import service as as_service
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
    return incident.error_message


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


def test_nobody_does_work_of_a_duty_that_is_not_known(service):
    def said(duty):
        return service.engine.read(lambda session: objection(session, 1, duty=duty, person="anna"))

    assert "quality-chek" in said("quality-chek")
    assert {said(duty) for duty in (*DUTIES, None)} == {None}
