"""What the commands share: declaring their options, telling findings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.findings import Finding

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = object


def tell(findings: Iterable[Finding]) -> None:
    """Print each finding on a line of its own, its severity first."""
    sys.stdout.writelines(f"{finding.severity}: {finding}\n" for finding in findings)
