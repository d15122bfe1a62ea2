"""The inbox: whose tasks are in which box, in which order, and that a big box stays quick."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.actors import Actor
from engine.commands.access import EveryCase
from engine.commands.update_task import TaskChanges
from engine.engine import Engine
from engine.store.columns import FAR
from engine.store.tables import instances, process_definitions, resources, task_candidates, tasks
from tests.engine.diagrams import one_task, small

ANA = Actor("ana", frozenset({"handlers", "quality"}))
EVE = Actor("eve", frozenset({"others"}))


@pytest.fixture
def keys(engine, clock):
    """Five tasks for the group: 0 is Ana's, 1 is Ben's, 2 … 4 are free; 3 is urgent, 4 is overdue."""
    engine.deploy([("small.bpmn", small())])
    for number in range(5):
        engine.start("small", {"severe": False}, business_id=f"case-{number}")
    found = [one.user_task_key for one in engine.tasks().items]
    engine.assign_task(found[0], "ana")
    engine.assign_task(found[1], "ben")
    engine.update_task(found[3], TaskChanges(priority=99))
    engine.update_task(found[4], TaskChanges(due_at=clock.now() - timedelta(hours=1)))
    return found


def box(engine, name, by=ANA, **more):
    return [one.user_task_key for one in engine.inbox(name, by=by, **more).items]


def test_each_box_holds_what_it_says(engine, keys):
    assert box(engine, "mine") == [keys[0]]
    assert box(engine, "groups") == [keys[4], keys[0], keys[1], keys[2], keys[3]]
    assert box(engine, "unassigned") == [keys[4], keys[2], keys[3]]
    assert box(engine, "overdue") == [keys[4]]
    assert len(box(engine, "open", by=EVE)) == 5
    assert box(engine, "groups", by=EVE) == []
    counts = engine.inbox_counts(ANA)
    assert (counts.mine, counts.groups, counts.unassigned, counts.overdue) == (1, 5, 3, 1)


def test_boxes_are_sorted_searched_and_paged(engine, keys):
    assert box(engine, "groups", sort="priority")[0] == keys[3]
    assert box(engine, "groups", sort="created") == list(reversed(keys))
    assert box(engine, "groups", text="CASE-2") == [keys[2]]
    assert box(engine, "groups", text="assess  CASE-2") == [keys[2]]
    assert box(engine, "groups", text="100%") == []
    called = engine.start("small", {"severe": False}, business_id="PRÜFUNG-Ä")
    assert len(box(engine, "groups", text="prüfung-ä")) == 1
    engine.cancel(called.key)
    first = engine.inbox("groups", by=ANA, limit=2)
    second = engine.inbox("groups", by=ANA, limit=3, offset=2)
    assert (len(first.items), first.more, second.more) == (2, True, False)
    assert {one.user_task_key for one in (*first.items, *second.items)} == set(keys)


def test_completed_tasks_leave_the_boxes_before_they_are_purged(engine, keys):
    engine.complete_task(keys[2], by=ANA)
    assert keys[2] not in box(engine, "groups")
    assert engine.purge() >= 1


def test_cases_hidden_from_a_person_are_left_out_and_not_counted(database, clock):
    hidden = set()

    class Rule(EveryCase):
        def hidden_cases(self, session, actor):
            return frozenset(hidden)

    engine = Engine(database, clock=clock, case_access=Rule())
    engine.deploy(
        [("one.bpmn", one_task(extension='<zeebe:assignmentDefinition candidateGroups="handlers"/>'))]
    )
    case = engine.start("small")
    assert len(box(engine, "groups")) == 1
    hidden.add(case.key)
    assert box(engine, "groups") == []
    assert engine.inbox_counts(ANA).groups == 0
    assert engine.tasks(by=ANA).total == 0


@pytest.mark.slow
def test_a_hundred_thousand_open_tasks_keep_the_inbox_quick(database, clock):
    from time import perf_counter

    engine = Engine(database, clock=clock)
    engine.deploy([("small.bpmn", small())])
    case = engine.start("small", {"severe": False}).key
    fill(engine, case, clock, 100_000)
    for name in ("mine", "groups", "unassigned", "overdue", "open"):
        begun = perf_counter()
        engine.inbox(name, by=ANA)
        taken = perf_counter() - begun
        print(f"{name}: {taken * 1000:.0f} ms")
        assert taken < 0.5, name
    begun = perf_counter()
    engine.inbox_counts(ANA)
    taken = perf_counter() - begun
    print(f"counts: {taken * 1000:.0f} ms")
    assert taken < 0.5


def fill(engine, case, clock, count):
    """Add ``count`` open tasks, half of them the group's, some of them held."""

    def work(session):
        row = session.execute(sa.select(tasks)).first()._mapping
        definition = session.execute(sa.select(process_definitions.c.key)).scalar()
        assert definition
        assert session.execute(sa.select(sa.func.count()).select_from(resources)).scalar()
        assert session.execute(sa.select(instances.c.key)).scalar() == case
        new, offers = [], []
        for number in range(count):
            key = 10_000_000 + number
            due = clock.now() + timedelta(minutes=number) if number % 3 else FAR
            assignee = f"p{number % 100}" if number % 4 == 0 else None
            new.append(
                dict(row)
                | {"key": key, "due_at": None if due == FAR else due, "due_sort": due, "assignee": assignee}
            )
            offers.append(
                {
                    "task_key": key,
                    "kind": "group",
                    "name": "handlers" if number % 2 else "quality",
                    "due_sort": due,
                    "priority": number % 100,
                }
            )
        session.execute(sa.insert(tasks), new)
        session.execute(sa.insert(task_candidates), offers)

    engine.write(work)
    if engine.database.is_remote:  # what its autovacuum does by itself within a minute
        engine.write(lambda session: session.execute(sa.text("ANALYZE tasks, task_candidates")))
