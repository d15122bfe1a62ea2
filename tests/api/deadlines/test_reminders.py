"""Breaches are noted at their bound, warnings reach the right people once, in office hours, and none that is stale."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text, update

from api.complaints.tables import ClockRow
from api.deadlines import reminders
from tests.api.deadlines.conftest import at


def told(office, subject):
    """Return to whom notices of this subject went."""
    return sorted(notice.group_name or notice.person_name for notice in office.notices(subject))


def test_a_breach_is_noted_at_its_bound_without_any_timer_of_the_diagram(office):
    office.receive("2026-06-01 10:00", "uk-financial")
    office.later("2026-07-27 23:59")
    assert office.state("final_response") == "running"

    office.later("2026-07-28 00:00")
    assert office.state("final_response") == "breached"
    row = office.clock_named("final_response").saved["breaches"][0]
    assert (row["due_on"], row["discovered_at"][:16]) == ("2026-07-27", "2026-07-27T23:00")


def test_half_the_time_tells_the_owner_most_of_it_the_team_lead_all_of_it_the_manager(office, service):
    office.receive("2026-06-01 10:00").own("hana")

    office.later("2026-06-16 08:59")
    assert told(office, "Final response: 50%") == ["hana"]
    office.later("2026-06-29 08:00")
    assert told(office, "Final response: 80%") == ["hana", "team-leads"]
    office.later("2026-06-30 08:59")
    assert (office.state("final_response"), told(office, "Final response is late")) == ("breached", [])
    office.later("2026-06-30 09:00")
    assert told(office, "Final response is late") == ["complaints-managers", "hana", "team-leads"]


def test_nobody_owns_it_so_the_team_leads_hear_of_half_the_time(office):
    office.receive("2026-06-01 10:00").later("2026-06-16 09:00")

    assert told(office, "Final response: 50%") == ["team-leads"]


def test_every_notice_comes_in_office_hours_though_bounds_do_not(office, service):
    office.receive("2026-06-05 16:30").later("2026-08-30 10:00")

    calendar = service.calendars.get(None)
    given = [notice for notice in office.notices() if "%" in notice.subject or "late" in notice.subject]
    assert len(given) > 10
    assert [notice.subject for notice in given if not calendar.is_open(notice.at)] == []


def test_after_downtime_only_the_last_missed_warning_is_given_once(office, service, clock):
    office.receive("2026-06-01 10:00").own("hana")

    clock.set(at("2026-06-26 09:30"))
    service.run_due()
    service.run_due()
    assert told(office, "Final response: 50%") == []
    assert told(office, "Final response: 80%") == ["hana", "team-leads"]

    clock.set(at("2026-07-10 09:30"))
    service.run_due()
    assert told(office, "Final response is late") == ["complaints-managers", "hana", "team-leads"]
    assert office.changes("final_response").count("breached") == 1


def test_a_clock_set_back_says_nothing_twice(office, service, clock):
    office.receive("2026-06-01 10:00").own("hana").later("2026-07-01 10:00")
    before = len(office.notices())

    clock.advance(-timedelta(days=10))
    service.run_due()
    clock.advance(timedelta(days=10))
    service.run_due()

    assert len(office.notices()) == before


def test_a_paused_clock_neither_warns_nor_breaches_and_a_moved_one_warns_for_its_new_date(office):
    office.receive("2026-06-01 10:00").own("hana")
    office.later("2026-06-12 10:00")
    assert told(office, "Internal target: 50%") == ["hana"]

    office.pause().later("2026-08-03 10:00")
    assert (office.state("target"), told(office, "Internal target: 80%")) == ("paused", [])

    office.resume().later("2026-08-12 17:00")
    assert told(office, "Internal target: 80%") == ["hana", "team-leads"]


def test_one_look_into_an_index_is_all_that_idle_clocks_cost(office, service):
    office.receive("2026-06-01 10:00")
    statements = []
    plan = service.engine.read(
        lambda s: s.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT key FROM complaint_clocks WHERE next_at <= 0 ORDER BY next_at LIMIT 50"
            )
        ).all()
    )
    assert "ix_complaint_clocks_next_at" in str(plan)

    import sqlalchemy as sa

    sa.event.listen(
        service.database.reader, "before_cursor_execute", lambda c, cur, s, *a: statements.append(s)
    )
    assert reminders.note_due(service) == 0
    assert len([each for each in statements if each.startswith("SELECT")]) == 1


def test_two_processes_that_note_the_same_clock_say_it_once(office, service, clock):
    office.receive("2026-06-01 10:00").own("hana")
    clock.set(at("2026-06-26 09:30"))
    service.run_due()
    key = office.clock_named("final_response").key

    def again(session):
        session.execute(update(ClockRow).where(ClockRow.key == key).values(next_at=at("2026-06-23 00:00")))

    service.engine.write(again)
    service.run_due()

    assert told(office, "Final response: 80%") == ["hana", "team-leads"]
