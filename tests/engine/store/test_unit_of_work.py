"""Changes are stored whole or not at all, and repeated whole."""

import threading

import pytest
import sqlalchemy as sa

from engine.keys import FIRST_KEY
from engine.store.errors import DatabaseAway, OutcomeUnknown, VersionConflict
from engine.store.tables import commands, workers
from engine.store.unit_of_work import after_commit, read, write
from tests.conftest import START


def _beat(session, name):
    session.execute(
        sa.insert(workers).values(
            name=name, host="h", started_at=START, beat_at=START, chores={}, clock_offset=0.0
        )
    )


def _names(database):
    return read(database, lambda session: sorted(session.execute(sa.select(workers.c.name)).scalars()))


def test_an_error_leaves_nothing_behind(database):
    def work(session):
        _beat(session, "a")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(database, work)
    assert _names(database) == []


def test_hooks_run_after_the_commit_and_never_after_a_rollback(database):
    seen = []

    def good(session):
        _beat(session, "a")
        after_commit(session, lambda: seen.append(_names(database)))

    def bad(session):
        after_commit(session, lambda: seen.append("never"))
        raise RuntimeError

    write(database, good)
    with pytest.raises(RuntimeError):
        write(database, bad)
    assert seen == [["a"]]


def test_a_conflict_repeats_the_whole_callable_three_times(database):
    tries = []

    def work(session):
        _beat(session, f"try {len(tries)}")
        tries.append(1)
        if len(tries) < 3:
            raise VersionConflict
        return "done"

    assert write(database, work) == "done"
    assert _names(database) == ["try 2"]

    def never(session):
        tries.append(1)
        raise VersionConflict

    tries.clear()
    with pytest.raises(VersionConflict):
        write(database, never)
    assert len(tries) == 3


def test_a_command_already_committed_is_not_done_again(database):
    write(database, lambda session: _beat(session, "a"), command="one")
    with pytest.raises(OutcomeUnknown):
        write(database, lambda session: _beat(session, "b"), command="one")
    assert _names(database) == ["a"]
    assert read(database, lambda session: session.execute(sa.select(commands.c.key)).scalar()) == "one"


def test_readers_cannot_write_on_sqlite(sqlite_database):
    with pytest.raises(sa.exc.OperationalError, match="readonly"):
        read(sqlite_database, lambda session: _beat(session, "a"))


def test_a_lost_connection_is_survived(database):
    if not database.is_remote:
        pytest.skip("SQLite has no connection to lose")
    lost = []

    def work(session):
        _beat(session, f"try {len(lost)}")
        if not lost:
            lost.append(1)
            pid = session.execute(sa.text("SELECT pg_backend_pid()")).scalar()
            with database.aside.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        session.execute(sa.select(workers.c.name))

    write(database, work)
    assert _names(database) == ["try 1"]


def test_a_lost_answer_to_commit_is_found_out(database):
    """The commit arrives, its answer does not: the command must be reported as done, and be done once."""
    if not database.is_remote:
        pytest.skip("on SQLite the answer cannot be lost")
    runs = []

    def lose_answer(session):
        if len(runs) == 1:
            raise sa.exc.OperationalError("COMMIT", {}, Exception("the connection broke"))

    sa.event.listen(database.new_write_session, "after_commit", lose_answer)

    def work(session):
        runs.append(1)
        _beat(session, f"run {len(runs)}")
        return len(runs)

    assert write(database, work) == 1
    assert _names(database) == ["run 1"]


def test_an_unreachable_database_is_called_away(database, tmp_path):
    if not database.is_remote:
        pytest.skip("a file is always there")
    from engine.store.database import connect

    gone = connect("postgresql://postgres@127.0.0.1:1/none")
    with pytest.raises(DatabaseAway):
        read(gone, lambda session: session.execute(sa.text("SELECT 1")))
    gone.dispose()


def test_keys_are_never_given_out_twice(database_url):
    from engine.store.database import connect

    first, second = connect(database_url), connect(database_url)
    first.keys.prepare()
    second.keys.prepare()
    taken, lock = [], threading.Lock()

    def take(keys):
        mine = [keys.next() for _ in range(500)]
        with lock:
            taken.extend(mine)

    threads = [threading.Thread(target=take, args=(keys,)) for keys in (first.keys, first.keys, second.keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == 1500
    assert min(taken) == FIRST_KEY
    first.dispose()
    second.dispose()


def test_a_transaction_that_needs_more_keys_gets_them(sqlite_database):
    def work(session):
        return len({sqlite_database.keys.next() for _ in range(50_000)})

    assert write(sqlite_database, work) == 50_000
