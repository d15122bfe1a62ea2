"""How XML writes yes and no (xs:boolean, XML Schema part 2 §3.3.2): the one reader of every such attribute."""

from __future__ import annotations

from typing import Final

_WRITTEN: Final = {"true": True, "1": True, "false": False, "0": False}
_WHITE_SPACE: Final = " \t\r\n"


def read_truth(text: str) -> bool | None:
    """Return what an xs:boolean says; None if it is none, which checks report and nothing may act on."""
    return _WRITTEN.get(text.strip(_WHITE_SPACE))


def is_true(text: str | None, *, default: bool = False) -> bool:
    """Return what an attribute says, ``default`` if it is absent or no xs:boolean."""
    found = None if text is None else read_truth(text)
    return default if found is None else found
