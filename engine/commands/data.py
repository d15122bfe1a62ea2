"""Data on its way in: through the gate of ``engine.values`` and into FEEL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import feel, values
from engine.feel.values import TEMPORAL

FEEL_TYPES: tuple[type, ...] = tuple(TEMPORAL)


def accept(variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return variables as FEEL values.

    Raises ``ValueRefused`` for what could not be stored or loaded again.
    """
    if not variables:
        return {}
    return {
        name: feel.inward(item) for name, item in values.check_variables(variables, also=FEEL_TYPES).items()
    }
