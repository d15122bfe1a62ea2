"""Keys rise, are never given twice, and are reserved outside transactions only."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.keys import Keys, KeysSpent
from engine.retry import JOBS, LETTERS


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
    keys.prepare()
    keys.prepare_more()
    assert source.blocks == [5, 12]
    assert [keys.next() for _ in range(17)] == list(range(100, 117))


def test_waits_grow_and_differ_a_little_from_job_to_job():
    at = datetime(2026, 11, 23, tzinfo=UTC)
    waits = [JOBS.next_due(at, tries) - at for tries in (1, 2, 3, 4, 5, 6)]
    expected = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1)]
    for wait, plain in zip(waits, [*expected, timedelta(hours=6), timedelta(hours=6)], strict=True):
        assert 0.9 * plain <= wait <= 1.1 * plain
    spread = {JOBS.next_due(at, 1, key=key) for key in range(20)}
    assert len(spread) > 10
    assert len(LETTERS.waits) == 8
    with pytest.raises(ValueError, match="zone"):
        JOBS.next_due(datetime(2026, 1, 1), 1)  # noqa: DTZ001
