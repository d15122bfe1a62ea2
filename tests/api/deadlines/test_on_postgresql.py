"""The same deadlines on PostgreSQL: pauses, calendars and reminders, and people and steps that move clocks at once."""

from __future__ import annotations

import threading
from datetime import date

from api.deadlines import calendar_changes
from api.deadlines.calendars import CalendarChange
from engine.actors import SYSTEM
from engine.errors import RedressError


def test_pauses_calendars_and_reminders_count_alike(remote):
    remote.receive("2026-06-01 10:00", "uk-financial").own("hana")
    remote.later("2026-06-10 11:00").pause()
    remote.later("2026-06-16 15:00").resume()
    assert (remote.due("target"), remote.bound("target")) == ("2026-07-03", "2026-07-03T23:00Z")

    change = CalendarChange(closures={date(2026, 6, 24): "Works outing"})
    before = remote.service.calendars.get(None)
    after = change.on(before, version=before.version + 1)
    assert len(calendar_changes.preview(remote.service, after).clocks) == 1
    assert calendar_changes.change(remote.service, after, change, reason="Board", by=SYSTEM) == 1
    assert remote.due("target") == "2026-07-06"

    remote.later("2026-07-28 09:00")
    assert remote.state("final_response") == "breached"
    assert [n.group_name or n.person_name for n in remote.notices("Final response is late")] == [
        "complaints-managers",
        "team-leads",
        "hana",
    ]


def test_whoever_moves_clocks_of_one_complaint_at_once_loses_nothing(remote):
    remote.receive("2026-06-01 10:00").later("2026-06-02 10:00")
    failed = []

    def work(number):
        for _ in range(6):
            try:
                remote.pause() if number % 2 else remote.resume()
                remote.service.run_due()
            except RedressError as refusal:  # nothing to resume yet
                failed.append(refusal.code)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(failed) <= {"clock_not_paused", "clock_not_running"}
    pauses = remote.clock_named("target").saved["pauses"]
    assert len(pauses) == remote.changes("target").count("paused") == 12
