"""The only place that commits: a callable gets a session; its changes are stored whole, or not at all."""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import uuid
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session, sessionmaker

from engine.keys import KeysSpent
from engine.store import dialects
from engine.store.database import Database
from engine.store.errors import DatabaseAway, OutcomeUnknown, VersionConflict
from engine.store.tables import commands

T = TypeVar("T")
LOG = logging.getLogger(__name__)

WAITS = (0.02, 0.08, 0.2)  # seconds before the second, third … attempt, ± 50 %
ATTEMPTS = 3
KEY_ATTEMPTS = 8  # how often a transaction may ask for more keys
HOOKS = "after_commit"
REPEATABLE = {"40001", "40P01", "55P03"}  # serialisation failure, deadlock, lock not available
LOST = ("08", "57P01", "57P02", "57P03")
RACES = (  # unique indexes that only a race can violate: the next attempt sees the winner
    "uq_instances_start_key",
    "uq_process_definitions_process_id_version",
    "uq_decision_definitions_decision_id_version",
    "uq_decision_requirements_requirements_id_version",
    "uq_forms_form_id_version",
    "uq_incidents_open",
    "uq_message_buffer_message_id",
)


class _CommitLost(Exception):
    """The connection broke between sending COMMIT and its answer."""


def read(database: Database, work: Callable[[Session], T]) -> T:
    """Return what ``work`` answers from one consistent view. Raises ``DatabaseAway``."""
    return _read(database.new_read_session, work)


def read_aside(database: Database, work: Callable[[Session], T]) -> T:
    """The same over a connection nobody waits for, so that whoever is inside a transaction may ask too.

    Who waits for one of the shared connections while holding one lets a busy service stand still.
    """
    return _read(database.new_aside_session, work)


def _read(new_session: sessionmaker[Session], work: Callable[[Session], T]) -> T:
    for attempt in range(ATTEMPTS):
        try:
            with new_session() as session:
                return work(session)
        except (DBAPIError, PoolExhausted) as problem:
            if not _worth_repeating(problem):
                raise
            if attempt == ATTEMPTS - 1:
                raise DatabaseAway(cause=_cause(problem)) from problem
        _pause(attempt)
    raise AssertionError("unreachable")


def write(database: Database, work: Callable[[Session], T], *, command: str | None = None) -> T:
    """Run ``work`` in one transaction, commit, run its after-commit hooks and return its answer.

    The whole callable is repeated (at most three attempts) after a version conflict, a deadlock, a lock
    that did not come, or a lost connection; so it must not act on the world outside the database.
    ``command`` names this request; a command already committed under that name is not done again.

    Raises ``VersionConflict`` when attempts run out, ``DatabaseAway`` when nothing was changed,
    ``OutcomeUnknown``.
    """
    name = command or (uuid.uuid4().hex if database.is_remote else None)
    answers: list[T] = []  # of attempts whose COMMIT was sent: if it arrived after all, the answer is here
    attempt = asked_for_keys = few_keys = 0
    commit_lost = False
    cause: Exception
    while True:
        try:
            few_keys = database.keys.prepare()
            return _attempt(database, work, name, answers, retry=commit_lost)
        except KeysSpent:
            database.keys.prepare_more(few_keys)
            asked_for_keys += 1
            if asked_for_keys > KEY_ATTEMPTS:
                raise
            continue
        except _CommitLost as problem:
            commit_lost, cause = True, problem
            if name is None:
                raise OutcomeUnknown from problem.__cause__
        except (VersionConflict, DBAPIError, PoolExhausted) as problem:
            if not _worth_repeating(problem):
                raise
            cause = problem
        attempt += 1
        LOG.info("unit of work repeated: %s", _cause(cause))
        if attempt == ATTEMPTS:
            raise _give_up(cause, commit_lost=commit_lost) from cause
        _pause(attempt - 1)


def after_commit(session: Session, hook: Callable[[], None]) -> None:
    """Have ``hook`` called once this transaction is committed; never when it is rolled back."""
    session.info.setdefault(HOOKS, []).append(hook)


def _attempt(
    database: Database, work: Callable[[Session], T], name: str | None, answers: list[T], *, retry: bool
) -> T:
    with database.new_write_session() as session:
        if name is not None and not _take_name(session, name):
            if retry and answers:
                return answers[-1]
            raise OutcomeUnknown("This command was already carried out.", command=name)
        answer = work(session)
        session.flush()
        answers.append(answer)
        try:
            session.commit()
        except (DBAPIError, PoolExhausted) as problem:
            if database.is_remote and _is_lost(problem):
                raise _CommitLost from problem
            raise
        hooks = session.info.pop(HOOKS, ())
    for hook in hooks:
        hook()
    return answer


def _take_name(session: Session, name: str) -> bool:
    """Store the row that proves this command was committed; False when it is already there."""
    row = {"key": name, "done_at": dialects.now(session)}
    statement = dialects.insert(session, commands).values(row).on_conflict_do_nothing()
    return session.execute(statement.returning(commands.c.key)).scalar() is not None


def _worth_repeating(problem: Exception) -> bool:
    if isinstance(problem, VersionConflict):
        return True
    if isinstance(problem, IntegrityError):
        text = str(problem.orig)
        return any(race in text for race in RACES)
    return _state(problem) in REPEATABLE or _is_lost(problem) or _is_busy(problem)


def _state(problem: Exception) -> str:
    return str(getattr(getattr(problem, "orig", None), "sqlstate", None) or "")


def _is_lost(problem: Exception) -> bool:
    if isinstance(problem, PoolExhausted):
        return True
    if not isinstance(problem, DBAPIError):
        return False
    if problem.connection_invalidated or _state(problem).startswith(LOST):
        return True
    return isinstance(problem, OperationalError) and not _state(problem) and not _is_sqlite(problem)


def _is_sqlite(problem: DBAPIError) -> bool:
    return isinstance(problem.orig, sqlite3.Error)


def _is_busy(problem: Exception) -> bool:
    orig = getattr(problem, "orig", None)
    return isinstance(orig, sqlite3.OperationalError) and (orig.sqlite_errorcode & 0xFF) in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def _give_up(cause: Exception, *, commit_lost: bool) -> Exception:
    if commit_lost:
        return OutcomeUnknown(cause=_cause(cause))
    if isinstance(cause, VersionConflict):
        return cause
    if _is_lost(cause):
        return DatabaseAway(cause=_cause(cause))
    return VersionConflict(cause=_cause(cause))


def _cause(problem: Exception) -> str:
    return _state(problem) or type(getattr(problem, "orig", None) or problem).__name__


def _pause(attempt: int) -> None:
    wait = WAITS[min(attempt, len(WAITS) - 1)]
    threading.Event().wait(wait * random.uniform(0.5, 1.5))  # noqa: S311  (a wait, not a secret)
