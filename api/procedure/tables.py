"""What a table owes to whoever asks it: an answer for every case, and a value in every column that always had one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from engine.dmn.model import OutputColumn, TableBox, Text
from engine.findings import Finding, Severity

SEVERAL = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")  # hit policies whose answer is a list, an empty one too
_NOTHING = ("", "-", "null")
LONGEST = 10_000  # the longest time that tables give, in whatever unit
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def check_values(box: TableBox, before: TableBox | None) -> Iterator[Finding]:
    """Yield the result cells that give nothing, in a column that lists its values or had one in each row of ``before``."""
    whole = (
        set()
        if before is None
        else {each.name for place, each in enumerate(before.outputs) if _is_whole(before, place)}
    )
    for place, column in enumerate(box.outputs):
        if column.default is None and (_lists_values(column) or column.name in whole):
            for rule in box.rules:
                cell = rule.results[place]
                if _is_nothing(cell):
                    message = f"The column “{column.name}” gives no value here, and who reads it needs one."
                    yield Finding(
                        "error",
                        "value_missing",
                        message,
                        "Give a value.",
                        element_id=cell.element_id,
                        line=cell.line,
                    )


def check_range(name: str, cells: Iterable[Text], bounds: tuple[int, int]) -> Iterator[Finding]:
    """Yield the cells that write out a number beyond ``bounds``; what is worked out is known only when it is."""
    least, most = bounds
    for cell in cells:
        if _NUMBER.fullmatch(cell.text.strip()) and not least <= Decimal(cell.text.strip()) <= most:
            message = f"“{name}” lies between {least} and {most}, and here it is {cell.text.strip()}: a case stops at it."
            advice = f"Give a number from {least} to {most}."
            yield Finding(
                "error", "number_out_of_range", message, advice, element_id=cell.element_id, line=cell.line
            )


def check_lengths(name: str, cells: Iterable[Text]) -> Iterator[Finding]:
    """Yield the cells that write out a number no length of time can be: less than nothing, part of a day, beyond counting."""
    for cell in cells:
        written = re.sub(r"\s", "", cell.text)
        if not _NUMBER.fullmatch(written):
            continue
        length = Decimal(written)
        if length != length.to_integral_value() or not 0 <= length <= LONGEST:
            message = f"“{name}” counts days or hours, and here it is {cell.text.strip()}."
            advice = f"Give a whole number from 0 to {LONGEST}."
            yield Finding(
                "error", "no_length_of_time", message, advice, element_id=cell.element_id, line=cell.line
            )


def check_whole(box: TableBox, before: TableBox | None) -> Iterator[Finding]:
    """Yield a finding when a row that fitted every case is gone: a case that no row fits stops there."""
    if _fits_always(box) or (before is not None and not _fits_always(before)):
        return
    severity: Severity = "warning" if before is None else "error"
    message = "No row of this table fits every case: a complaint that none fits would stop here."
    advice = "Let the last row have “-” in every condition."
    yield Finding(severity, "row_for_the_rest_missing", message, advice, element_id=box.element_id)


def _fits_always(box: TableBox) -> bool:
    return (
        box.hit_policy in SEVERAL
        or any(all(cell.text.strip() in ("", "-") for cell in rule.conditions) for rule in box.rules)
        or any(column.default is not None for column in box.outputs)
    )


def _is_whole(box: TableBox, place: int) -> bool:
    return bool(box.rules) and not any(_is_nothing(rule.results[place]) for rule in box.rules)


def _is_nothing(cell: Text) -> bool:
    return cell.text.strip() in _NOTHING


def _lists_values(column: OutputColumn) -> bool:
    return column.allowed is not None and "null" not in column.allowed.text
