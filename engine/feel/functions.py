"""The whole library: importing this module declares every built-in function."""

from __future__ import annotations

from typing import Final

from engine.feel import (  # noqa: F401 - imported for what they declare
    library_calendar,
    library_context,
    library_conversion,
    library_date,
    library_list,
    library_number,
    library_range,
    library_statistics,
    library_string,
)
from engine.feel.library import FUNCTIONS
from engine.feel.names import NameTable

BUILT_IN_NAMES: Final = NameTable(FUNCTIONS)

__all__ = ["BUILT_IN_NAMES", "FUNCTIONS"]
