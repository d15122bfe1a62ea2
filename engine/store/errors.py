"""What can go wrong between us and the database."""

from __future__ import annotations

from engine.errors import Broken, Conflict, Invalid, Unavailable


class VersionConflict(Conflict):
    """Someone else changed the same thing at the same moment; try again."""

    code = "version_conflict"


class DatabaseAway(Unavailable):
    """The database cannot be reached; nothing was changed."""

    code = "database_away"


class OutcomeUnknown(Broken):
    """The connection broke while the change was being stored; look whether it took effect before
    repeating it.
    """

    code = "outcome_unknown"


class SchemaMismatch(Broken):
    """The database's schema is not the one this release needs; run the migration."""

    code = "schema_mismatch"


class SearchRefused(Invalid):
    """This cannot be searched for."""

    code = "search_refused"
