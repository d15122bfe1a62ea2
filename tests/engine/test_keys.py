"""Keys rise, are never given twice, and are reserved outside transactions only."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.keys import Keys, KeysSpent
from engine.retry import JOBS, LETTERS
from engine.store.tables import key_blocks
from engine.store.unit_of_work import write


class Source:
    """Counts blocks upward from 100."""

    def __init__(self):
        self.next, self.blocks = 100, []

    def __call__(self, count):
        first, self.next = self.next, self.next + count
        self.blocks.append(count)
        return first


def test_keys_come_in_order_from_reserved_blocks():
    source = Source()
    keys = Keys(source, block=5, low_water=3)
    with pytest.raises(KeysSpent):
        keys.next()
    keys.prepare()
    keys.prepare()
    assert [keys.next() for _ in range(5)] == [100, 101, 102, 103, 104]
    assert source.blocks == [5]
    with pytest.raises(KeysSpent):
        keys.next()


def test_a_hungry_transaction_gets_larger_blocks_from_then_on():
    source = Source()
    keys = Keys(source, block=5, low_water=3)
    keys.prepare_more(keys.prepare())
    assert source.blocks == [5, 12]
    assert [keys.next() for _ in range(17)] == list(range(100, 117))


def in_threads(*works):
    """Run each of ``works`` in a thread of its own; return the threads, begun."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    return threads


def all_ended(threads):
    """Tell whether all threads ended within five seconds; a writer that is waited for in vain takes fifteen."""
    for thread in threads:
        thread.join(5)
    return not any(thread.is_alive() for thread in threads)


class Gate:
    """A source of blocks that says when it is asked, and answers when it may."""

    def __init__(self):
        self.source, self.asked, self.open = Source(), threading.Event(), threading.Event()

    def __call__(self, count):
        self.asked.set()
        assert self.open.wait(5)
        return self.source(count)


def test_keys_are_handed_out_while_a_block_is_being_reserved():
    gate = Gate()
    gate.open.set()
    keys = Keys(gate, block=5, low_water=3)
    keys.prepare()
    for _ in range(3):
        keys.next()
    gate.open.clear()
    gate.asked.clear()
    reserver = in_threads(keys.prepare)
    assert gate.asked.wait(5)

    taken = []
    others = in_threads(lambda: taken.append(keys.next()), keys.prepare)
    went_on = all_ended(others)
    gate.open.set()

    assert went_on
    assert taken == [103]
    assert all_ended(reserver)
    assert gate.source.blocks == [5, 5]  # one reserver: the second did not ask as well


def test_a_transaction_that_needs_keys_gets_them_while_somebody_waits_for_its_connection(database):
    """SQLite has one writing connection: who holds it must never wait for one who waits for it."""
    asked = threading.Event()

    def reserve(count):
        asked.set()
        return database.reserve_keys(count)

    database.keys = Keys(reserve, block=10, low_water=5)
    holding, taken = threading.Event(), []

    def work(session):
        session.execute(
            sa.update(key_blocks).values(next_key=key_blocks.c.next_key)
        )  # holds what is reserved from
        for _ in range(6):
            taken.append(database.keys.next())
        asked.clear()
        holding.set()
        assert asked.wait(5)
        taken.append(database.keys.next())

    def second():
        assert holding.wait(5)
        write(database, lambda session: taken.append(database.keys.next()))

    assert all_ended(in_threads(lambda: write(database, work), second))
    assert len(set(taken)) == len(taken) == 8


def test_writers_that_pass_many_blocks_together_are_given_no_key_twice(database):
    database.keys = Keys(database.reserve_keys, block=60, low_water=30)
    taken, lock = [], threading.Lock()

    def writer():
        for _ in range(40):
            got = write(database, lambda session: [database.keys.next() for _ in range(7)])
            with lock:
                taken.extend(got)

    threads = [threading.Thread(target=writer, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == len(set(taken)) == 5 * 40 * 7


def test_transactions_that_spend_their_keys_together_ask_for_one_larger_block():
    gate = Gate()
    keys = Keys(gate, block=5, low_water=3)
    threads = in_threads(*[lambda: keys.prepare_more(3)] * 4)
    assert gate.asked.wait(5)
    gate.open.set()
    assert all_ended(threads)
    assert gate.source.blocks == [12]


def test_who_finds_no_key_left_waits_for_the_reserver_and_not_for_its_failure():
    gate, failed = Gate(), []

    def reserve(count):
        gate(count)
        if not failed:
            failed.append(count)
            raise OSError("the database is away")
        return 500

    keys = Keys(reserve, block=5, low_water=3)

    def first():
        with pytest.raises(OSError, match="away"):
            keys.prepare()

    threads = in_threads(first)
    assert gate.asked.wait(5)
    threads += in_threads(keys.prepare, keys.prepare)
    gate.open.set()
    assert all_ended(threads)
    assert keys.take() == 500  # nobody is thought to be reserving any more


def test_a_key_outside_a_transaction_is_there_even_when_the_block_is_spent():
    keys = Keys(Source(), block=2, low_water=1)
    assert [keys.take() for _ in range(5)] == [100, 101, 102, 103, 104]


def test_waits_grow_and_differ_a_little_from_job_to_job():
    at = datetime(2026, 11, 23, tzinfo=UTC)
    waits = [JOBS.next_due(at, tries) - at for tries in (1, 2, 3, 4, 5, 6)]
    expected = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1)]
    for wait, plain in zip(waits, [*expected, timedelta(hours=6), timedelta(hours=6)], strict=True):
        assert 0.9 * plain <= wait <= 1.1 * plain
    spread = {JOBS.next_due(at, 1, key=key) for key in range(20)}
    assert len(spread) > 10
    assert sum(LETTERS.waits, timedelta()) > timedelta(days=5)
    assert max(LETTERS.waits) <= timedelta(hours=1), "a server that is back is noticed within the hour"
    with pytest.raises(ValueError, match="zone"):
        JOBS.next_due(datetime(2026, 1, 1), 1)  # noqa: DTZ001
