"""Several processes write to one SQLite file: each of them gets its turn."""

import threading
import time

import sqlalchemy as sa

from engine.store import database as databases


def test_who_asks_to_write_is_let_in_before_another_writes_again_and_again(tmp_path):
    """One writes without a pause, as an import does. Counted is how often it went first, not how long it took."""
    url = f"sqlite:///{tmp_path / 'house.db'}"
    busy, other = databases.connect(url), databases.connect(url)
    with busy.writer.begin() as connection:
        connection.execute(sa.text("CREATE TABLE written (times INTEGER)"))
        connection.execute(sa.text("INSERT INTO written VALUES (0)"))
    done = threading.Event()

    def write_on():
        while not done.is_set():
            with busy.writer.begin() as connection:
                connection.execute(sa.text("UPDATE written SET times = times + 1"))
                time.sleep(0.02)

    def times(engine):
        with engine.begin() as connection:
            return connection.execute(sa.text("SELECT times FROM written")).scalar()

    importer = threading.Thread(target=write_on)
    importer.start()
    try:
        passed_by = []
        for _ in range(20):
            before = times(other.reader)
            passed_by.append(times(other.writer) - before)
            time.sleep(0.03)
    finally:
        done.set()
        importer.join()
        busy.dispose()
        other.dispose()
    assert max(passed_by) <= 3, passed_by
