"""Repeating a request does no harm (P4); what is over is removed."""

import threading
from datetime import timedelta

import pytest

from engine.commands.start import Start
from engine.store.upkeep import Answer, OtherBody
from tests.engine.diagrams import one_task
from tests.held import two_at_once


def intake(engine, key, body=b"{}"):
    def work(session):
        started = engine.start_within(session, Start("small"), {"body": body.decode()})
        return Answer(201, str(started.key).encode())

    return engine.once("intake", key, body, work)


def test_as_many_cases_as_keys_however_often_they_are_sent(engine):
    engine.deploy([("small.bpmn", one_task())])
    answers, lock = [], threading.Lock()

    def post(key):
        answer = intake(engine, key)
        with lock:
            answers.append((key, answer.body))

    threads = [threading.Thread(target=post, args=(f"k{n % 3}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert len(set(answers)) == 3
    assert engine.instances().total == 3


def test_a_key_with_another_body_is_refused_and_forgotten_after_a_day(engine, clock):
    engine.deploy([("small.bpmn", one_task())])
    first = intake(engine, "k")
    assert not first.replayed
    assert intake(engine, "k") == Answer(201, first.body, replayed=True)
    with pytest.raises(OtherBody):
        intake(engine, "k", b'{"other":1}')
    clock.advance(timedelta(hours=25))
    assert intake(engine, "k", b'{"other":1}').status == 201
    assert engine.instances().total == 2


def test_a_failed_request_leaves_its_key_free(engine):
    def broken(session):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        engine.once("intake", "k", b"{}", broken)
    engine.deploy([("small.bpmn", one_task())])
    assert intake(engine, "k").status == 201


def test_signs_of_life_are_kept_by_process_and_chore(engine, clock):
    engine.beat("n1", "host", chore="sweep")
    clock.advance(timedelta(minutes=1))
    engine.beat("n1", "host", chore="claim")
    seen = engine.workers()["n1"]
    assert set(seen["chores"]) == {"sweep", "claim"}
    assert seen["beat_at"] == clock.now()
    clock.advance(timedelta(days=8))
    assert engine.purge() >= 1
    assert engine.workers() == {}


def test_chores_that_end_together_are_all_noted(engine):
    threads = [
        threading.Thread(target=engine.beat, args=("n1", "host"), kwargs={"chore": f"c{n}"}) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(engine.workers()["n1"]["chores"]) == 8


def test_a_damaged_state_is_noticed_before_it_is_acted_on(engine, database, clock):
    import sqlalchemy as sa

    from engine.engine import Engine
    from engine.store.instances import StateDamaged
    from engine.store.tables import instances

    engine.deploy([("small.bpmn", one_task())])
    case = engine.start("small")
    (task,) = engine.open_tasks(case.key)
    saved = engine.read(lambda session: session.execute(sa.select(instances.c.saved)).scalar())
    bent = bytes(saved[:-1]) + bytes([saved[-1] ^ 1])
    engine.write(lambda session: session.execute(sa.update(instances).values(saved=bent)))
    with pytest.raises(StateDamaged):
        Engine(database, clock=clock).complete_task(task.user_task_key)


def test_a_request_still_under_way_is_not_waited_for_forever(database_url, clock):
    """PostgreSQL only: on SQLite the second request waits for the write lock and then finds the answer."""
    from engine.engine import Engine
    from engine.store.database import connect
    from engine.store.upkeep import StillOpen

    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer")
    hasty = connect(database_url, options="-c lock_timeout=200ms")
    slow = connect(database_url)
    first, second = Engine(slow, clock=clock), Engine(hasty, clock=clock)

    def work(session):
        with pytest.raises(StillOpen), two_at_once():
            second.once("intake", "k", b"{}", lambda session: Answer(201, b"second"))
        return Answer(201, b"first")

    assert first.once("intake", "k", b"{}", work).body == b"first"
    assert second.once("intake", "k", b"{}", work).replayed
    hasty.dispose()
    slow.dispose()
