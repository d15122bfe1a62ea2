"""How built-in functions are declared, found, and given their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from engine.feel.notes import Fault
from engine.feel.run import Run
from engine.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from engine.feel.values import KINDS, Function, Range, Value, kind_of


@dataclass(frozen=True, slots=True)
class Formal:
    """A parameter of a built-in; ``kinds`` of None takes any value, null included."""

    name: str
    kinds: frozenset[type] | None
    optional: bool = False
    nullable: bool = False
    variadic: bool = False
    expected: str = "any"

    def fitted(self, value: Value) -> Value:
        """Return the value as the function wants it: a list of one unwrapped, a single value wrapped.

        Or ``Fault``.
        """
        kinds = self.kinds
        if kinds is None or type(value) in kinds:
            return value
        if value is None:
            if self.nullable:
                return None
            raise Fault(
                "wrong_type", severity="warning", parameter=self.name, expected=self.expected, found="null"
            )
        if list in kinds and type(value) is not list:
            return [value]
        if type(value) is list and len(value) == 1 and type(value[0]) in kinds:
            return value[0]
        raise Fault("wrong_type", parameter=self.name, expected=self.expected, found=kind_of(value))


@dataclass(frozen=True, slots=True)
class Signature:
    """One way of calling a built-in."""

    formals: tuple[Formal, ...]
    function: Callable[..., Value]
    least: int
    most: float

    def by_position(self, values: Sequence[Value]) -> list[Value]:
        """Return the arguments for values in order. Raises ``Fault`` if one does not fit."""
        formals = self.formals
        if formals and formals[-1].variadic:
            last = len(formals) - 1
            fitted = [formal.fitted(value) for formal, value in zip(formals[:-1], values, strict=False)]
            return [*fitted, [formals[-1].fitted(value) for value in values[last:]]]
        return [formal.fitted(value) for formal, value in zip(formals, values, strict=False)]

    def by_name(self, given: dict[str, Value]) -> dict[str, Value]:
        """Return the arguments for named values. Raises ``Fault`` if one does not fit."""
        return {
            formal.name: [formal.fitted(given[formal.name])]
            if formal.variadic
            else formal.fitted(given[formal.name])
            for formal in self.formals
            if formal.name in given
        }

    def takes_names(self, names: frozenset[str]) -> bool:
        """Say whether these names, all of them and no fewer than needed, are parameters here.

        Arguments without end have no names.
        """
        if self.formals and self.formals[0].variadic:
            return False
        known = {formal.name for formal in self.formals}
        needed = {formal.name for formal in self.formals if not formal.optional}
        return needed <= names <= known


@dataclass(frozen=True, slots=True, eq=False)
class BuiltIn:
    """A function of the library: one name, one or more signatures."""

    name: str
    signatures: list[Signature] = field(default_factory=list)

    def takes(self, count: int) -> bool:
        """Say whether it may be called with so many arguments."""
        return any(signature.least <= count <= signature.most for signature in self.signatures)

    def invoke(self, run: Run, values: Sequence[Value], names: Sequence[str] | None = None) -> Value:
        """Call the first signature that fits. Raises ``Fault``."""
        run.budget.charge(1 + len(values))
        if names is not None:
            return self._by_name(run, dict(zip(names, values, strict=True)))
        count = len(values)
        refusal = None
        for signature in self.signatures:
            if signature.least <= count <= signature.most:
                try:
                    arguments = signature.by_position(values)
                except Fault as fault:
                    refusal = refusal or fault
                    continue
                return signature.function(run, *arguments)
        raise refusal or Fault("wrong_arguments", function=self.name, found=count)

    def _by_name(self, run: Run, given: dict[str, Value]) -> Value:
        names = frozenset(given)
        refusal = None
        for signature in self.signatures:
            if signature.takes_names(names):
                try:
                    arguments = signature.by_name(given)
                except Fault as fault:
                    refusal = refusal or fault
                    continue
                words = {_python_name(name): value for name, value in arguments.items()}
                return signature.function(run, **words)
        raise refusal or Fault("wrong_arguments", function=self.name, names=sorted(names))


KINDS[BuiltIn] = "function"
FUNCTIONS: Final[dict[str, BuiltIn]] = {}

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "number": (Decimal,),
    "string": (str,),
    "boolean": (bool,),
    "list": (list,),
    "context": (dict,),
    "range": (Range,),
    "date": (Date,),
    "time": (Time,),
    "date and time": (DateTime,),
    "days duration": (DaysDuration,),
    "months duration": (MonthsDuration,),
    "duration": (DaysDuration, MonthsDuration),
    "temporal": (Date, Time, DateTime),
    "function": (Function, BuiltIn),
}
_FORMAL: Final = re.compile(
    r"(?P<star>\*)?(?P<name>[A-Za-z0-9 ]+?)(?P<optional>\?)?(?:: *(?P<kinds>[a-z| ]+)(?P<null>\?)?)?"
)


def _python_name(name: str) -> str:
    """``start position`` is the Python parameter ``start_position``; ``from`` is ``from_``."""
    name = name.replace(" ", "_")
    return f"{name}_" if name == "from" else name


def _formal(text: str) -> Formal:
    match = _FORMAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a parameter: {text!r}")
    kinds = match["kinds"]
    types = (
        None
        if kinds in (None, "any")
        else frozenset(t for kind in kinds.split("|") for t in _TYPES[kind.strip()])
    )
    return Formal(
        name=match["name"].strip(),
        kinds=types,
        optional=match["optional"] is not None or match["star"] is not None,
        nullable=match["null"] is not None,
        variadic=match["star"] is not None,
        expected=kinds or "any",
    )


def builtin(*declarations: str) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Make the function below a built-in, callable as each declaration says.

    ``"round up(n: number, scale: number)"``: kinds after the colon, joined by ``|``, nothing for any value;
    ``name?`` may be left out, ``kind?`` may be null, ``*name`` takes all remaining arguments as one list.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for declaration in declarations:
            name, _, inside = declaration.partition("(")
            formals = tuple(_formal(part) for part in inside.rstrip(")").split(",") if part.strip())
            most = float("inf") if any(formal.variadic for formal in formals) else len(formals)
            least = sum(not formal.optional for formal in formals)
            entry = FUNCTIONS.setdefault(name, BuiltIn(name))
            entry.signatures.append(Signature(formals, function, least, most))
        return function

    return register
