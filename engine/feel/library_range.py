"""Built-in functions on ranges: Allen's relations between points and ranges, and reading a range from
text.
"""

from __future__ import annotations

from typing import Final

from engine.feel.intervals import Edge, end_of, order, start_of
from engine.feel.lexer import Token, tokens_of, unescape
from engine.feel.library import FUNCTIONS, builtin
from engine.feel.logic import compare
from engine.feel.notes import Fault, FeelSyntaxError
from engine.feel.numbers import CONTEXT, finite
from engine.feel.run import Run
from engine.feel.temporal import parse_literal
from engine.feel.values import Range, Value

_POINT: Final = "number|string|temporal|duration"


@builtin(f"before(point1: {_POINT}, point2: {_POINT})")
def before_point(run: Run, point1: Value, point2: Value) -> Value:
    """Point before point."""
    run.budget.charge(1)
    return order(point1, point2) < 0


@builtin(f"before(point: {_POINT}, range: range)")
def point_before_range(run: Run, point: Value, range: Range) -> Value:
    """Point before the range starts."""
    return _before(run, Edge(point), start_of(range))


@builtin(f"before(range: range, point: {_POINT})")
def range_before_point(run: Run, range: Range, point: Value) -> Value:
    """Range ends before the point."""
    return _before(run, end_of(range), Edge(point))


@builtin("before(range1: range, range2: range)")
def before_range(run: Run, range1: Range, range2: Range) -> Value:
    """The first range ends before the second starts."""
    return _before(run, end_of(range1), start_of(range2))


def _before(run: Run, one: Edge, other: Edge) -> bool:
    """Say whether one edge lies before another; at the same place unless both are included."""
    run.budget.charge(1)
    found = one.order(other)
    return found < 0 or (found == 0 and not (one.included and other.included))


@builtin(f"after(point1: {_POINT}, point2: {_POINT})")
def after_point(run: Run, point1: Value, point2: Value) -> Value:
    """Point after point."""
    return before_point(run, point2, point1)


@builtin(f"after(point: {_POINT}, range: range)")
def point_after_range(run: Run, point: Value, range: Range) -> Value:
    """Point after the range has ended."""
    return range_before_point(run, range, point)


@builtin(f"after(range: range, point: {_POINT})")
def range_after_point(run: Run, range: Range, point: Value) -> Value:
    """Range starts after the point."""
    return point_before_range(run, point, range)


@builtin("after(range1: range, range2: range)")
def after_range(run: Run, range1: Range, range2: Range) -> Value:
    """The first range starts after the second has ended."""
    return before_range(run, range2, range1)


@builtin("meets(range1: range, range2: range)")
def meets(run: Run, range1: Range, range2: Range) -> Value:
    """The first range ends where the second starts."""
    run.budget.charge(1)
    end, start = end_of(range1), start_of(range2)
    return end.order(start) == 0 and end.included and start.included


@builtin("met by(range1: range, range2: range)")
def met_by(run: Run, range1: Range, range2: Range) -> Value:
    """The first range starts where the second ends."""
    return meets(run, range2, range1)


@builtin("overlaps(range1: range, range2: range)")
def overlaps(run: Run, range1: Range, range2: Range) -> Value:
    """The ranges share a point."""
    return not before_range(run, range1, range2) and not before_range(run, range2, range1)


@builtin("overlaps before(range1: range, range2: range)")
def overlaps_before(run: Run, range1: Range, range2: Range) -> Value:
    """The first range starts earlier, and ends within the second."""
    return (
        start_of(range1).starts_before(start_of(range2))
        and not before_range(run, range1, range2)
        and not end_of(range2).ends_before(end_of(range1))
    )


@builtin("overlaps after(range1: range, range2: range)")
def overlaps_after(run: Run, range1: Range, range2: Range) -> Value:
    """The first range starts within the second, and ends later."""
    return overlaps_before(run, range2, range1)


@builtin(f"finishes(point: {_POINT}, range: range)")
def point_finishes(run: Run, point: Value, range: Range) -> Value:
    """The range ends with the point."""
    run.budget.charge(1)
    end = end_of(range)
    return end.included and Edge(point).order(end) == 0


@builtin("finishes(range1: range, range2: range)")
def finishes(run: Run, range1: Range, range2: Range) -> Value:
    """The ranges end together, the first does not start earlier."""
    run.budget.charge(1)
    return end_of(range1).same(end_of(range2)) and not start_of(range1).starts_before(start_of(range2))


@builtin(f"finished by(range: range, point: {_POINT})")
def finished_by_point(run: Run, range: Range, point: Value) -> Value:
    """The range ends with the point."""
    return point_finishes(run, point, range)


@builtin("finished by(range1: range, range2: range)")
def finished_by(run: Run, range1: Range, range2: Range) -> Value:
    """The ranges end together, the second does not start earlier."""
    return finishes(run, range2, range1)


@builtin(f"includes(range: range, point: {_POINT})")
def includes_point(run: Run, range: Range, point: Value) -> Value:
    """The point lies in the range."""
    return not point_before_range(run, point, range) and not range_before_point(run, range, point)


@builtin("includes(range1: range, range2: range)")
def includes(run: Run, range1: Range, range2: Range) -> Value:
    """The second range lies in the first."""
    run.budget.charge(1)
    return not start_of(range2).starts_before(start_of(range1)) and not end_of(range1).ends_before(
        end_of(range2)
    )


@builtin(f"during(point: {_POINT}, range: range)")
def point_during(run: Run, point: Value, range: Range) -> Value:
    """The point lies in the range."""
    return includes_point(run, range, point)


@builtin("during(range1: range, range2: range)")
def during(run: Run, range1: Range, range2: Range) -> Value:
    """The first range lies in the second."""
    return includes(run, range2, range1)


@builtin(f"starts(point: {_POINT}, range: range)")
def point_starts(run: Run, point: Value, range: Range) -> Value:
    """The range starts with the point."""
    run.budget.charge(1)
    start = start_of(range)
    return start.included and Edge(point).order(start) == 0


@builtin("starts(range1: range, range2: range)")
def starts(run: Run, range1: Range, range2: Range) -> Value:
    """The ranges start together, the first does not end later."""
    run.budget.charge(1)
    return start_of(range1).same(start_of(range2)) and not end_of(range2).ends_before(end_of(range1))


@builtin(f"started by(range: range, point: {_POINT})")
def started_by_point(run: Run, range: Range, point: Value) -> Value:
    """The range starts with the point."""
    return point_starts(run, point, range)


@builtin("started by(range1: range, range2: range)")
def started_by(run: Run, range1: Range, range2: Range) -> Value:
    """The ranges start together, the second does not end later."""
    return starts(run, range2, range1)


@builtin(f"coincides(point1: {_POINT}, point2: {_POINT})")
def coincides_point(run: Run, point1: Value, point2: Value) -> Value:
    """The points are one."""
    run.budget.charge(1)
    return order(point1, point2) == 0


@builtin("coincides(range1: range, range2: range)")
def coincides(run: Run, range1: Range, range2: Range) -> Value:
    """The ranges are one."""
    run.budget.charge(1)
    return start_of(range1).same(start_of(range2)) and end_of(range1).same(end_of(range2))


@builtin("range(from: string)")
def range_from(run: Run, from_: str) -> Value:
    """Read ``[1..3]``, ``(1..)``, …: the ends are literals, one of them may be missing and is then open."""
    run.budget.write(len(from_))
    try:
        tokens = tokens_of(from_)[:-1]
    except FeelSyntaxError:
        raise Fault("value_not_allowed", reason="not a range") from None
    middle = next((at for at, token in enumerate(tokens) if token.kind == "sign" and token.text == ".."), 0)
    if not middle or tokens[0].text not in ("[", "(", "]") or tokens[-1].text not in ("]", ")", "["):
        raise Fault("value_not_allowed", reason="not a range")
    start = _endpoint(run, from_, tokens[1:middle])
    end = _endpoint(run, from_, tokens[middle + 1 : -1])
    start_included, end_included = tokens[0].text == "[", tokens[-1].text == "]"
    if start is None and end is None:
        raise Fault("value_not_allowed", reason="a range needs an end")
    if (start is None and start_included) or (end is None and end_included):
        raise Fault("value_not_allowed", reason="a missing end is open")
    if start is not None and end is not None:
        found = compare(start, end)
        if found is None or found > 0:
            raise Fault("value_not_allowed", reason="the range ends before it starts")
    return Range(start, end, start_included, end_included)


def _endpoint(run: Run, text: str, tokens: list[Token]) -> Value:
    """Return the value of a literal, None if there are no tokens at all. Raises ``Fault``."""
    if not tokens:
        return None
    words = [token.text for token in tokens]
    kinds = [token.kind for token in tokens]
    if kinds[-1] == "number" and words[:-1] in ([], ["-"]):
        return finite(CONTEXT.create_decimal("".join(words)))
    try:
        if kinds == ["string"]:
            return unescape(text, tokens[0])
        if words[0] == "@" and kinds[1:] == ["string"]:
            value = parse_literal(unescape(text, tokens[1]))
            if value is not None:
                return value
        if len(tokens) > 3 and kinds[-2] == "string" and (words[-3], words[-1]) == ("(", ")"):
            name = " ".join(words[:-3])
            if name in ("date", "time", "date and time", "duration"):
                return FUNCTIONS[name].invoke(run, [unescape(text, tokens[-2])])
    except FeelSyntaxError:
        pass
    raise Fault("value_not_allowed", reason="an end of a range is a literal")
