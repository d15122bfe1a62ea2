"""What is urgent comes first in everybody's inbox: tasks open already, and those of steps that began before."""

from __future__ import annotations

from engine.commands.update_task import TaskChanges


def priorities(walk):
    return {task.name: task.priority for task in walk.service.engine.open_tasks(walk.instance)}


def test_a_complaint_that_becomes_urgent_takes_its_open_and_later_tasks_with_it(walk):
    walk.take("2026-06-01 10:00").screen().assess().tell("complainant-sends-information")
    assert priorities(walk)["Plan the investigation"] < 90
    walk.do("Read the information", informationKind="urgent")
    assert priorities(walk) == {"Plan the investigation": 90}
    walk.do("Plan the investigation", questions="What happened?")
    assert priorities(walk) == {"Examine the evidence": 90}


def test_danger_does_the_same_and_protecting_people_keeps_its_place(walk):
    walk.take("2026-06-01 10:00").screen().assess()
    walk.tell("complainant-sends-information", dangerNow=True)
    assert priorities(walk) == {
        "Plan the investigation": 90,
        "Protect people now": 100,
        "Read the information": 90,
    }


def test_a_priority_that_somebody_chose_by_hand_stays_until_it_is_told_again(walk):
    walk.take("2026-06-01 10:00").screen().assess().tell("complainant-sends-information", dangerNow=True)
    (task,) = [one for one in walk._open() if one.name == "Plan the investigation"]
    walk.service.engine.update_task(task.user_task_key, TaskChanges(priority=10))
    walk.do("Read the information", informationKind="adds")
    assert priorities(walk)["Plan the investigation"] == 10


def test_the_tasks_after_a_withdrawal_come_first_too(walk):
    walk.take("2026-06-01 10:00").screen().tell("complainant-withdraws")
    walk.tell("complainant-sends-information").do("Read the information", informationKind="urgent")
    assert priorities(walk) == {"Check for a wider problem": 90}
