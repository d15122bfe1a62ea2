"""What organisation.json names must exist: its regime in the table of deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.wiring import Redress


def check_organisation(service: Redress) -> None:
    """placeholder"""
