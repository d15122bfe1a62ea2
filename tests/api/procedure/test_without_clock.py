"""A complaint that gets no clock does not wait in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.separation import DUTIES, objection
from api.complaints.tables import ClockRow, NoticeRow
from api.deadlines import without_clock
from engine.actors import service as as_service
from engine.store.search import Query


@pytest.mark.parametrize(
    ("regime", "received_at"),
    [
        ("uk-councls", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("uk-councils", datetime(2025, 11, 20, 9, tzinfo=UTC)),  # the code begins in April 2026
    ],
)
def test_a_complaint_no_row_fits_is_an_incident_that_managers_are_told_of(
    service, clock, regime, received_at
):
    made = receive(
        service,
        NewComplaint("web", received_at, "My bin.", PartyDetails("Ann Other"), regime=regime),
        by=as_service("web"),
    )
    for _ in range(5):  # it is tried again a few times first
        clock.advance(timedelta(minutes=10))
        service.run_due()
    (incident,) = service.engine.incidents(Query()).items
    assert incident.element_id == "Task_StartClocks"
    assert f"regime: {regime}" in incident.error_message
    assert (without_clock.tell(service), without_clock.tell(service)) == (1, 0)
    (notice,) = service.engine.read(lambda session: list(session.scalars(select(NoticeRow))))
    assert (notice.group_name, notice.complaint_key) == ("complaints-managers", made.key)


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
