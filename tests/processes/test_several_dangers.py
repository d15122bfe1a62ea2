"""Of several dangers each keeps its own task and its own hours, whatever becomes of the complaint they were told of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from api.complaints.danger import unmet_dangers
from api.complaints.tables import ComplaintRow, RecordRow
from tests.api.deadlines.conftest import at
from tests.processes.walking import Walk

PROTECT = "Protect people now"
HOURS = 2  # within which somebody acts, as the table of waiting times has it


def told_at(walk):
    """When each danger was told that a task is open for, by when that task is due."""
    return sorted(f"{task.due_date:%Y-%m-%d %H:%M}" for task in walk._open() if task.name == PROTECT)


def unmet(walk):
    return walk.ask(lambda session: unmet_dangers(session, session.get(ComplaintRow, walk.key)))


def due(*moments):
    return [f"{at(moment) + timedelta(hours=HOURS):%Y-%m-%d %H:%M}" for moment in moments]


def endangered(walk, *moments):
    """Danger told at the receipt and with each further message."""
    walk.take(moments[0], danger_reported=True)
    for moment in moments[1:]:
        walk.later(moment).tell("complainant-sends-information", dangerNow=True)
    return walk


def protect(walk, number=0):
    """Finish the task of the danger that was told as this one in order."""
    found = sorted((task for task in walk._open() if task.name == PROTECT), key=lambda task: task.due_date)
    from engine.actors import SYSTEM

    answers = {"protectiveAction": "Closed.", "protectedAt": walk.clock.now().isoformat()}
    walk.service.engine.complete_task(found[number].user_task_key, answers, by=SYSTEM)
    walk.service.run_due()
    return walk


TWO = ("2026-06-01 10:00", "2026-06-01 10:20")
THREE = (*TWO, "2026-06-01 10:40")


@pytest.mark.parametrize("moments", [TWO[:1], TWO, THREE])
def test_a_withdrawal_leaves_each_danger_its_task_and_its_hours(walk, moments):
    endangered(walk, *moments)
    assert told_at(walk) == due(*moments)
    walk.later("2026-06-01 10:50").tell("complainant-withdraws")
    assert told_at(walk) == due(*moments)
    assert walk.troubles == []


def test_a_withdrawal_brings_no_danger_back_that_somebody_acted_on(walk):
    endangered(walk, *THREE)
    protect(walk, 1)
    assert [f"{each:%H:%M}" for each in unmet(walk)] == ["09:00", "09:40"]
    walk.later("2026-06-01 10:50").tell("complainant-withdraws")
    assert told_at(walk) == due(THREE[0], THREE[2])


def test_a_withdrawn_complaint_closes_when_people_are_protected_from_every_danger(walk):
    endangered(walk, *TWO).later("2026-06-01 10:50").tell("complainant-withdraws")
    walk.do("Check for a wider problem", remark="None.")
    walk.do("Read what is new", informationKind="nothing_new") if "Read what is new" in walk.open else None
    protect(walk)
    walk.wait(hours=3)
    assert told_at(walk) == due(TWO[1])
    assert walk.complaint().closed_at is None
    protect(walk)
    assert unmet(walk) == []


def test_danger_is_one_danger_before_and_after_the_withdrawal(walk):
    endangered(walk, *TWO[:1]).later("2026-06-01 10:30").tell("complainant-withdraws")
    assert len(unmet(walk)) == 1
    protect(walk)
    assert unmet(walk) == []


def test_two_dangers_of_one_moment_are_two(walk):
    walk.take(TWO[0], danger_reported=True).tell("complainant-sends-information", dangerNow=True)
    walk.tell("complainant-withdraws")
    assert told_at(walk) == due(TWO[0], TWO[0])


def test_a_complaint_that_joins_another_takes_each_danger_along(walk):
    older = Walk(walk.service, walk.clock).take("2026-06-01 09:00")
    endangered(walk, *TWO).later("2026-06-01 10:30")
    walk.screen("duplicate", duplicateOf=older.reference)
    assert told_at(walk) == []
    assert told_at(older) == due(*TWO)
    assert older.complaint().priority >= 90
    assert older.troubles == []


def test_dangers_told_of_one_and_another_go_along_again(walk):
    """Joined first, withdrawn then: the older one has its own danger and those of the newer one."""
    older = Walk(walk.service, walk.clock).take("2026-06-01 09:50", danger_reported=True)
    endangered(walk, *TWO).later("2026-06-01 10:30").screen("duplicate", duplicateOf=older.reference)
    older.tell("complainant-withdraws")
    assert told_at(older) == due("2026-06-01 09:50", *TWO)


def joins(walk, older):
    """Have the complaint screened as the same as an earlier one."""
    return walk.screen("duplicate", duplicateOf=older.reference)


def alarms(walk):
    return [note.subject for note in walk.notices() if note.subject.startswith("Somebody is in danger")]


@pytest.fixture
def older(walk):
    """An earlier complaint of the same person that tells of no danger."""
    return Walk(walk.service, walk.clock).take("2026-06-01 09:00")


def test_danger_that_was_acted_on_before_the_complaint_joined_is_over(walk, older):
    protect(endangered(walk, *TWO[:1]))
    joins(walk, older)
    assert older.complaint().priority >= 90
    assert unmet(older) == []
    sounded = alarms(older)
    older.later("2026-06-01 15:00").tell("complainant-withdraws")
    assert told_at(older) == []
    assert alarms(older) == sounded
    assert "protecting" not in older.letter("withdrawal-confirmed").text


def test_danger_that_was_acted_on_is_over_however_often_what_it_was_told_to_joins_another(walk, older):
    between = Walk(walk.service, walk.clock).take("2026-06-01 09:30")
    protect(endangered(walk, *TWO[:1]))
    joins(walk, between)
    joins(between, older)
    assert told_at(older) == []
    assert unmet(older) == []
    assert older.complaint().priority >= 90


def test_a_risk_that_a_joined_complaint_told_of_is_no_new_danger(walk, older):
    protect(endangered(walk, *TWO[:1]))
    joins(walk, older)
    older.screen().do(
        "Assess the complaint", severity="medium", complexity="medium", impact="one", safety=True
    )
    assert told_at(older) == []


def forget_the_note(walk):
    """Let the case stand where it could not note the danger that its task is open for."""

    def work(session):
        session.execute(
            delete(RecordRow).where(RecordRow.complaint_key == walk.key, RecordRow.kind == "danger")
        )

    walk.service.engine.write(work)
    return walk


def test_danger_that_could_not_be_noted_is_not_lost(walk, older):
    joins(endangered(walk, *TWO), older)
    forget_the_note(older)
    assert [f"{each:%H:%M}" for each in unmet(older)] == ["09:00", "09:20"]
    older.later("2026-06-01 10:50").tell("complainant-withdraws")
    assert told_at(older) == due(*TWO)


def test_danger_of_its_own_that_could_not_be_noted_is_not_lost_as_another_complaint_joins(walk):
    older = Walk(walk.service, walk.clock).take("2026-06-01 09:50", danger_reported=True)
    forget_the_note(older)
    protect(endangered(walk, *TWO[:1]))
    joins(walk, older)
    assert [f"{each:%H:%M}" for each in unmet(older)] == ["08:50"]
    older.later("2026-06-01 10:50").tell("complainant-withdraws")
    assert [f"{each:%H:%M}" for each in unmet(older)] == ["08:50"]


def test_danger_of_any_moment_is_one_danger_before_and_after_its_complaint_joined(walk, older):
    """Also of a moment that no clock on a wall shows, and as the complaint joins at that very moment."""
    endangered(walk, *TWO)
    walk.clock.advance(timedelta(minutes=5, microseconds=123457))
    walk.tell("complainant-sends-information", dangerNow=True)
    joins(walk, older)
    assert len(unmet(older)) == 3
    walk.clock.set(at("2026-06-01 10:30"))
    protect(older, 2)
    older.tell("complainant-withdraws")
    assert len(unmet(older)) == 2
    protect(protect(older))
    assert unmet(older) == []
