"""Built-in functions on strings; lengths and positions count code points."""

from __future__ import annotations

import base64
from decimal import Decimal

from engine.feel.library import builtin
from engine.feel.library_conversion import whole
from engine.feel.notes import Fault
from engine.feel.patterns import Pattern, compile_pattern
from engine.feel.run import Run
from engine.feel.values import Value, kind_of


@builtin("string length(string: string)")
def string_length(run: Run, string: str) -> Value:
    """Count the code points."""
    run.budget.charge(1)
    return Decimal(len(string))


@builtin("substring(string: string, start position: number, length?: number)")
def substring(run: Run, string: str, start_position: Decimal, length: Decimal | None = None) -> Value:
    """Return a part of the string; the first position is 1, -1 the last."""
    start = whole(start_position)
    if start == 0 or abs(start) > len(string):
        raise Fault("value_not_allowed", parameter="start position")
    count = None if length is None else whole(length)
    if count is not None and count < 1:
        raise Fault("value_not_allowed", parameter="length")
    first = start - 1 if start > 0 else len(string) + start
    last = len(string) if count is None else min(len(string), first + count)
    run.budget.write(last - first)
    return string[first:last]


@builtin("upper case(string: string)")
def upper_case(run: Run, string: str) -> Value:
    """Make capitals."""
    run.budget.write(len(string))
    return string.upper()


@builtin("lower case(string: string)")
def lower_case(run: Run, string: str) -> Value:
    """Make small letters."""
    run.budget.write(len(string))
    return string.lower()


@builtin("substring before(string: string, match: string)")
def substring_before(run: Run, string: str, match: str) -> Value:
    """Return what stands before the first match, nothing if there is none."""
    run.budget.write(len(string))
    before, found, _ = string.partition(match) if match else ("", match, string)
    return before if found else ""


@builtin("substring after(string: string, match: string)")
def substring_after(run: Run, string: str, match: str) -> Value:
    """Return what stands after the first match, nothing if there is none."""
    run.budget.write(len(string))
    return string.partition(match)[2] if match else string


@builtin("contains(string: string, match: string)")
def contains(run: Run, string: str, match: str) -> Value:
    """Say whether ``match`` is part of the string."""
    run.budget.read(len(string))
    return match in string


@builtin("starts with(string: string, match: string)")
def starts_with(run: Run, string: str, match: str) -> Value:
    """Say whether the string starts with ``match``."""
    run.budget.read(len(match))
    return string.startswith(match)


@builtin("ends with(string: string, match: string)")
def ends_with(run: Run, string: str, match: str) -> Value:
    """Say whether the string ends with ``match``."""
    run.budget.read(len(match))
    return string.endswith(match)


def _pattern(run: Run, pattern: str, flags: str | None = None) -> Pattern:
    """Return the compiled pattern; in each run the first use pays for compiling. Raises ``Fault``."""
    key = (pattern, flags or "")
    compiled = run.patterns.get(key)
    if compiled is None:
        run.budget.charge(400 + 40 * len(pattern))
        compiled = compile_pattern(*key)
        if compiled is None:
            raise Fault("invalid_pattern")
        run.patterns[key] = compiled
    return compiled


@builtin("matches(input: string, pattern: string, flags?: string?)")
def matches(run: Run, input: str, pattern: str, flags: str | None = None) -> Value:
    """Say whether some part of the input matches the pattern."""
    return _pattern(run, pattern, flags).matches(input, run.budget.charge)


@builtin("replace(input: string, pattern: string, replacement: string, flags?: string?)")
def replace(run: Run, input: str, pattern: str, replacement: str, flags: str | None = None) -> Value:
    """Replace every match; ``$1`` in the replacement is the first group."""
    run.budget.write(len(input))
    result = _pattern(run, pattern, flags).replace(input, replacement, run.budget.charge)
    if result is None:
        raise Fault("invalid_pattern")
    run.budget.write(max(0, len(result) - len(input)))
    return result


@builtin("split(string: string, delimiter: string)")
def split(run: Run, string: str, delimiter: str) -> Value:
    """Return what stands between the matches of a pattern."""
    run.budget.write(len(string))
    result = _pattern(run, delimiter).split(string, run.budget.make)
    if result is None:
        raise Fault("invalid_pattern")
    run.budget.make(len(result))
    return result


@builtin("extract(string: string, pattern: string)")
def extract(run: Run, string: str, pattern: str) -> Value:
    """Return all matches of a pattern."""
    run.budget.write(len(string))
    result = _pattern(run, pattern).find_all(string, run.budget.charge)
    run.budget.make(len(result))
    return result


@builtin("string join(list: list, delimiter?: string?)")
def string_join(run: Run, list: list[Value], delimiter: str | None = None) -> Value:
    """Join the strings of a list, leaving out nulls."""
    run.budget.charge(len(list))
    for item in list:
        if item is not None and type(item) is not str:
            raise Fault("wrong_type", expected="list of strings", found=kind_of(item))
    texts = [item for item in list if item is not None]
    between = delimiter or ""
    run.budget.write(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


@builtin("is blank(string: string)")
def is_blank(run: Run, string: str) -> Value:
    """Say whether the string holds nothing but white space."""
    run.budget.read(len(string))
    return not string.strip()


@builtin("trim(string: string)")
def trim(run: Run, string: str) -> Value:
    """Cut white space at both ends."""
    run.budget.write(len(string))
    return string.strip()


@builtin("to base64(value: string)")
def to_base64(run: Run, value: str) -> Value:
    """Return the UTF-8 bytes of a string in base 64."""
    run.budget.write(2 * len(value))
    return base64.b64encode(value.encode("utf-8", "replace")).decode("ascii")
