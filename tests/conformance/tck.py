"""How much of the DMN compatibility kit the engine passes: ``python -m tests.conformance.tck [FOLDER]``.

FOLDER holds ``compliance-level-N/<directory>/*.dmn`` with test files beside them. Without an argument it is
looked for in ``$REDRESS_SHARED/tck``, else in ``../shared/tck`` beside the repository.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine import dmn, feel
from engine.errors import RedressError
from tests.conformance.tck_files import Case, Result, read_cases
from tests.conformance.tck_judge import same

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {2: Decimal(1), 3: Decimal("0.995")}
MOMENT = feel.Moment(datetime(2024, 2, 29, 12, 30, tzinfo=UTC), "UTC")


@dataclass(frozen=True)
class Answer:
    """What the engine said to one result node."""

    result: Result
    value: Any
    error: str = ""
    passed: bool = False


@dataclass(frozen=True)
class Verdict:
    """One case with its answers."""

    case: Case
    answers: tuple[Answer, ...]

    @property
    def passed(self) -> bool:
        return all(answer.passed for answer in self.answers)


@dataclass
class Tally:
    """Counts over some cases."""

    passed: int = 0
    total: int = 0
    values_passed: int = 0
    values: int = 0
    nulls_from_errors: int = 0
    failures: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        self.total += 1
        self.passed += verdict.passed
        self.values += verdict.case.expects_value
        self.values_passed += verdict.case.expects_value and verdict.passed
        self.nulls_from_errors += sum(
            answer.passed and answer.result.expected is None and bool(answer.error)
            for answer in verdict.answers
        )
        if not verdict.passed:
            self.failures.append(verdict)

    @property
    def ratio(self) -> Decimal:
        return Decimal(self.passed) / Decimal(self.total) if self.total else Decimal(0)


class Folder:
    """The models of one directory, each read once, each the other's possible import."""

    def __init__(self, path: Path) -> None:
        self.models: dict[str, dmn.Model] = {}
        self.refused: dict[str, str] = {}
        for file in sorted(path.glob("*.dmn")):
            try:
                self.models[file.name], _ = dmn.draft(file.read_bytes(), name=file.name)
            except RedressError as error:
                self.refused[file.name] = str(error)

    def judged(self, case: Case) -> Verdict:
        return Verdict(case, tuple(self.answer(case, result) for result in case.results))

    def answer(self, case: Case, result: Result) -> Answer:
        model = self.models.get(case.model)
        if model is None:
            return Answer(result, None, self.refused.get(case.model, f"there is no model {case.model}"))
        imports = tuple(other for other in self.models.values() if other is not model)
        asked = case.invocable if case.is_service else result.name
        try:
            decided = dmn.decide(model, asked, self.inputs(case, model), moment=MOMENT, imports=imports)
        except RedressError as error:
            return Answer(result, None, str(error), passed=result.is_error and result.expected is None)
        except Exception as error:  # noqa: BLE001 - a crash of the engine is a failed case, not a crash of the count
            return Answer(result, None, f"crashed: {type(error).__name__}: {error}")
        value = decided.value
        if case.is_service and result.name != asked and len(model_outputs(model, asked)) > 1:
            value = value.get(result.name) if isinstance(value, dict) else None
        notes = "; ".join(f"{note.code} {dict(note.facts)}" for note in decided.notes)
        return Answer(result, value, notes, passed=same(value, result.expected))

    def inputs(self, case: Case, model: dmn.Model) -> dict[str, Any]:
        """Return the inputs by name; those of an imported model under the names that lead to it."""
        found: dict[str, Any] = {}
        for given in case.inputs:
            place = found
            for name in self.path_to(model, given.namespace):
                place = place.setdefault(name, {})
            place[given.name] = given.value
        return found

    def path_to(self, model: dmn.Model, namespace: str | None) -> tuple[str, ...]:
        if namespace is None or namespace == model.namespace:
            return ()
        paths: list[tuple[tuple[str, ...], dmn.Model]] = [((), model)]
        by_namespace = {other.namespace: other for other in self.models.values()}
        while paths:
            path, here = paths.pop(0)
            for entry in here.imports:
                if entry.namespace == namespace:
                    return (*path, entry.name)
                if entry.namespace in by_namespace and len(path) < 10:
                    paths.append(((*path, entry.name), by_namespace[entry.namespace]))
        return ()


def model_outputs(model: dmn.Model, service: str) -> tuple[Any, ...]:
    """Return the output decisions of a service by its name."""
    return next((found.outputs for found in model.services.values() if found.name == service), ())


def run(folder: Path) -> dict[int, dict[str, Tally]]:
    """Return the tallies by level and directory."""
    levels: dict[int, dict[str, Tally]] = {}
    for level_path in sorted(folder.glob("compliance-level-*")):
        level = int(level_path.name.rpartition("-")[2])
        for path in sorted(entry for entry in level_path.iterdir() if entry.is_dir()):
            models = Folder(path)
            tally = levels.setdefault(level, {}).setdefault(path.name, Tally())
            for case in read_cases(path):
                tally.add(models.judged(case))
    return levels


def joined(tallies: Iterable[Tally]) -> Tally:
    """Return one tally of several."""
    total = Tally()
    for tally in tallies:
        total.passed += tally.passed
        total.total += tally.total
        total.values += tally.values
        total.values_passed += tally.values_passed
        total.nulls_from_errors += tally.nulls_from_errors
        total.failures += tally.failures
    return total


def missing(levels: Mapping[int, Mapping[str, Tally]]) -> list[str]:
    """Return a sentence for every level that passes less than it must."""
    short = []
    for level, directories in levels.items():
        ratio = joined(directories.values()).ratio
        needed = NEEDED.get(level, Decimal(0))
        if ratio < needed:
            short.append(f"level {level}: {ratio:.2%} of the cases pass, {needed:.2%} are needed")
    return short


def report(levels: Mapping[int, Mapping[str, Tally]]) -> Iterator[str]:
    """Yield the lines of the account: directories first, totals last."""
    for level, directories in levels.items():
        for name, tally in directories.items():
            yield f"level {level}  {name:42} {tally.passed:5}/{tally.total}"
    for level, directories in levels.items():
        yield from totals(level, directories)


def totals(level: int, directories: Mapping[str, Tally]) -> Iterator[str]:
    """Yield the lines about a whole level, with and without its largest directory."""
    total = joined(directories.values())
    largest = max(directories, key=lambda name: directories[name].total)
    rest = joined(tally for name, tally in directories.items() if name != largest)
    mean = sum(tally.ratio for tally in directories.values()) / len(directories)
    yield f"level {level}  without {largest}: {rest.passed}/{rest.total} ({rest.ratio:.2%})"
    yield f"level {level}  mean over {len(directories)} directories: {mean:.2%}"
    yield (
        f"level {level}  passed {total.passed}/{total.total} ({total.ratio:.2%}), expecting a value "
        f"{total.values_passed}/{total.values}, nulls from errors {total.nulls_from_errors}"
    )


def failures(levels: Mapping[int, Mapping[str, Tally]]) -> Iterator[str]:
    """Yield a line for every answer that is not the expected one."""
    for directories in levels.values():
        for verdict in joined(directories.values()).failures:
            for answer in verdict.answers:
                if not answer.passed:
                    case = verdict.case
                    yield (
                        f"{case.directory} {case.id} {answer.result.name}: expected "
                        f"{answer.result.expected!r:.200}, got {answer.value!r:.200} {answer.error:.200}"
                    )


def main(arguments: list[str]) -> int:
    """Print the account. Returns the exit status: 1 if a level passes less than it must."""
    parser = argparse.ArgumentParser(prog="tck", description="Score the DMN compatibility kit.")
    parser.add_argument("folder", nargs="?", type=Path, default=default_folder())
    parser.add_argument("--failures", action="store_true", help="list every failing case")
    parser.add_argument("--report", type=Path, help="write the account as a page of the documentation")
    chosen = parser.parse_args(arguments)
    if not any(chosen.folder.glob("compliance-level-*")):
        print(f"conformance skipped: {chosen.folder} holds no compatibility kit")
        return 0
    levels = run(chosen.folder)
    if chosen.report is not None:
        from tests.conformance.tck_page import page

        chosen.report.write_text(page(levels), encoding="utf-8")
    for line in [*(failures(levels) if chosen.failures else ()), *report(levels)]:
        print(line)
    short = missing(levels)
    for line in short:
        print(line, file=sys.stderr)
    return 1 if short else 0


def default_folder() -> Path:
    """Return where the kit is looked for without an argument."""
    return Path(os.environ.get("REDRESS_SHARED", ROOT.parent / "shared")) / "tck"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
