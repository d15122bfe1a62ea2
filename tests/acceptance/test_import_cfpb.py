"""The public file of complaints, all of it: imported on simulated time, worked on by staff, closed to the last one."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.complaints.importing import cfpb
from api.complaints.importing.rows import read_rows
from api.complaints.importing.run import plan_import, run_import
from api.complaints.intake import NewComplaint
from api.complaints.tables import ClockChangeRow, ClockRow, ComplaintRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.play import Play, Role
from api.demo.staff import Staff, Wish
from api.installation import ready_service
from api.settings import read_settings
from engine.clock import FrozenClock, SystemClock
from engine.store.search import Condition, Query

pytestmark = pytest.mark.slow
LATE = timedelta(days=75)


def role_of(complaint: NewComplaint) -> Role:
    """Play a row as the file says it went: its outcome, late if it was late, disputed if it was disputed."""
    facts = complaint.facts
    remedy = {"compensation": "compensation", "put_right": "put_right"}.get(
        facts["expectedRemedy"] or "", "words"
    )
    wish = Wish(
        outcome=facts["expectedOutcome"] or "not_upheld",
        remedy=remedy,
        amount=25 if remedy == "compensation" else 0,
        early=remedy == "words",
        accepts=facts["disputed"] is not True,
    )
    return Role(wish, first_visit=timedelta(hours=20) if facts["timely"] else LATE, between=timedelta(days=9))


def import_file(tmp_path: Path, file: Path) -> None:
    settings = read_settings(
        {"REDRESS_DATA_DIR": str(tmp_path), "REDRESS_ADMIN_PASSWORD": "only for this test"}
    )
    clock = FrozenClock(datetime(2011, 1, 3, 9, tzinfo=UTC))
    service = ready_service(settings, clock=clock)
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda session: add_colleagues(session, keys=keys, password=None, at=clock.now()))
    play = Play(service, clock, Staff(service))
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))

    def read() -> object:
        found = read_rows(file, needed=cfpb.NEEDED, id_column=cfpb.ID_COLUMN)
        plan = plan_import(
            service,
            found,
            lambda row: replace(cfpb.read(row, zone=settings.time_zone), ending=None),  # played, not kept
            source=cfpb.SOURCE,
            open_as_running=True,
            now=SystemClock().now(),
        )
        return run_import(service, plan, send_letters=True, watch=play.watch(role_of))

    report = read()
    play.finish()
    play.go_on(clock.now() + timedelta(days=400))

    assert (report.read, report.registered, report.refused) == (len(rows), len(rows), [])
    again = read()
    assert (again.registered, again.known) == (0, len(rows))

    def ask(query):
        return service.engine.read(lambda session: session.execute(query).all())

    open_states = Counter(state for (state,) in ask(select(ComplaintRow.state)))
    assert open_states == {"closed": len(rows)}
    active = Query(where=(Condition("state", "eq", "ACTIVE"),))
    assert [f"{one.element_id}: {one.error_message}" for one in service.engine.incidents(active).items] == []
    assert service.engine.instances(active).total == 0

    by_product = Counter(dict(ask(select(ComplaintRow.product, func.count()).group_by(ComplaintRow.product))))
    in_file = Counter(" – ".join(x for x in (row["Product"], row["Sub-product"]) if x) for row in rows)
    assert by_product == in_file
    received = Counter(
        at.astimezone(settings.time_zone).date() for (at,) in ask(select(ComplaintRow.received_at))
    )
    assert received == Counter(datetime.strptime(row["Date received"], "%Y-%m-%d").date() for row in rows)

    clocks = ask(select(ClockRow.name, ClockRow.state, ClockRow.key))
    recorded = {key for (key,) in ask(select(ClockChangeRow.clock_key).distinct())}
    assert {key for _, _, key in clocks} == recorded, "a clock moved without a record"
    ended = {"met", "met_late", "cancelled", "superseded", "not_applicable"}
    assert {state for _, state, _ in clocks} <= ended | {"breached"}
    answers = Counter(
        state for name, state, _ in clocks if name == "final_response" and state != "superseded"
    )
    untimely = sum(row["Timely response?"] == "No" for row in rows)
    assert answers["met_late"] == untimely
    assert answers["met"] == len(rows) - untimely


def test_every_row_of_the_public_file_is_registered_worked_on_and_closed(tmp_path, shared):
    import_file(tmp_path, shared / "data" / "cfpb-complaints-with-narratives-2012-2023.csv")
