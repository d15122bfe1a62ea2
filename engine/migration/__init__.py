"""Moving a running case to another version of its process.

Belongs here: what a move would do to each open element, and doing it in memory on a copy. Does not:
choosing versions, rows, commits.
"""

from engine.migration.plan import Plan, plan
from engine.migration.rewrite import MigrationRefused, migrate

__all__ = ["MigrationRefused", "Plan", "migrate", "plan"]
