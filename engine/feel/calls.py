"""Calling a function, whoever made it: by position or by name, with conversion of arguments, and a limit on
nesting.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.feel.library import BuiltIn
from engine.feel.notes import Fault
from engine.feel.run import Run
from engine.feel.values import MISSING, Function, Value, kind_of


def call(run: Run, function: Value, values: Sequence[Value], names: Sequence[str] | None = None) -> Value:
    """Return what the function gives for the values; ``names``, one per value, make it a call by name.

    Raises ``Fault`` if it is no function, the arguments do not fit, or the function itself refuses them.
    """
    if type(function) is BuiltIn:
        return function.invoke(run, values, names)
    if type(function) is not Function:
        raise Fault("unknown_function", found=kind_of(function))
    arguments = _bound(function, values, names)
    budget = run.budget
    budget.charge(1 + len(arguments))
    budget.enter()
    try:
        return function.body(run, arguments)
    finally:
        budget.leave()


def _bound(function: Function, values: Sequence[Value], names: Sequence[str] | None) -> list[Value]:
    parameters = function.parameters
    if len(values) != len(parameters):
        raise Fault("wrong_arguments", expected=len(parameters), found=len(values))
    if names is not None:
        given = dict(zip(names, values, strict=True))
        missing = [parameter.name for parameter in parameters if parameter.name not in given]
        if missing:
            raise Fault("wrong_arguments", missing=missing)
        values = [given[parameter.name] for parameter in parameters]
    arguments = []
    for parameter, value in zip(parameters, values, strict=True):
        fitting = value if parameter.type is None else parameter.type.coerced(value)
        if fitting is MISSING:
            raise Fault(
                "wrong_type", parameter=parameter.name, expected=parameter.type and parameter.type.name,
                found=kind_of(value),
            )  # fmt: skip
        arguments.append(fitting)
    return arguments
