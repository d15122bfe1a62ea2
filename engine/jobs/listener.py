"""Hearing from other processes that there is work: LISTEN on a PostgreSQL connection of its own."""

from __future__ import annotations

import logging
import threading

import psycopg

from engine.store.database import CHANNEL, Database
from engine.wakeup import Wakeup

LOG = logging.getLogger(__name__)
PATIENCE = 0.5  # seconds between looks at whether to stop
PAUSE = 5.0  # seconds after a lost connection


class Listener:
    """A thread that passes notifications on to ``wakeup``; on SQLite it does nothing."""

    def __init__(self, database: Database, wakeup: Wakeup) -> None:
        """Nothing is opened before ``start``."""
        self._database, self._wakeup = database, wakeup
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen."""
        if self._database.is_remote:
            self._thread = threading.Thread(target=self._run, name="redress-listener", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=PAUSE)

    def _run(self) -> None:
        address = self._database.writer.url.set(drivername="postgresql")
        while not self._stop.is_set():
            try:
                with psycopg.connect(
                    address.render_as_string(hide_password=False), autocommit=True, connect_timeout=3
                ) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._hear(connection)
            except psycopg.Error as problem:
                LOG.info("not listening for work just now: %s", type(problem).__name__)
                self._stop.wait(PAUSE)

    def _hear(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._stop.is_set():
            for _ in connection.notifies(timeout=PATIENCE, stop_after=1):
                self._wakeup.call()
