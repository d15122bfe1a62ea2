"""The account of the compatibility kit as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.conformance.tck import Tally, joined, totals

HEAD = """# FEEL and DMN: what the compatibility kit says

Written by `make conformance` with `--report`; do not edit. The Technology Compatibility Kit is the public
conformance suite of the DMN community; where the DMN standard leaves a question open, its answer counts.
*Values* are the cases that expect something else than null: an engine that always fails passes the others.
"""


def page(levels: Mapping[int, Mapping[str, Tally]]) -> str:
    """Return the page in Markdown."""
    return "\n".join([HEAD, *_lines(levels), ""])


def _lines(levels: Mapping[int, Mapping[str, Tally]]) -> Iterator[str]:
    for level, directories in levels.items():
        yield f"## Level {level}\n"
        for line in totals(level, directories):
            yield f"- {line.partition('  ')[2]}"
        yield "\n| directory | passed | of | values passed | of |\n|---|---|---|---|---|"
        for name, tally in directories.items():
            yield f"| {name} | {tally.passed} | {tally.total} | {tally.values_passed} | {tally.values} |"
        yield ""
        yield from _failures(directories)


def _failures(directories: Mapping[str, Tally]) -> Iterator[str]:
    failed = joined(directories.values()).failures
    if not failed:
        yield "No case fails.\n"
        return
    yield "| failing case | what was wrong |\n|---|---|"
    for verdict in failed:
        for answer in verdict.answers:
            if not answer.passed:
                text = f"expected `{answer.result.expected!r}`, got `{answer.value!r}` {answer.error}"
                yield f"| {verdict.case.directory} {verdict.case.id} | {text.replace('|', '/')[:300]} |"
    yield ""
