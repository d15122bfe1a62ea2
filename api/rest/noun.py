"""The blueprint of one noun of /v2: its errors are /v2's."""

from __future__ import annotations

from api.rest import problems
from api.rest.interface import Interface


def noun(name: str, description: str) -> Interface:
    """Return an empty blueprint under /v2."""
    return Interface(name, prefix="/v2", description=description, answer=problems.answer, tell=problems.tell)
