"""The upgrade gate: everything about execution, run against another version of SpiffWorkflow.

``python -m tests.conformance.upgrade 3.2.1`` puts that version into ``build/`` beside the installed one
and runs the stories, the small diagrams, the traps and the random processes with it. Exit 0: the version
may be pinned.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ("tests/engine/execution", "tests/engine/migration", "tests/conformance/bpmn", "tests/conformance")
PINNED = (
    "tests/conformance/bpmn/test_traps.py::test_the_library_is_the_version_these_corrections_were_written_for"
)


def main() -> int:
    """Return pytest's exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("version")
    version = options.parse_args().version
    folder = ROOT / "build" / f"spiffworkflow-{version}"
    if not folder.exists():
        asked = [f"SpiffWorkflow=={version}", "--no-deps", "--target", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", "install", *asked], check=True)
    chosen = [sys.executable, "-m", "pytest", "-k", "not tck", "--deselect", PINNED, *TESTS]
    return subprocess.run(
        chosen, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(folder)}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
