"""FEEL, the language process owners write in: pure, exact, bounded.

Belongs here: reading and evaluating expressions, their values, and how values come in, go out and are kept.
Does not
belong here: decision models, diagrams, files, clocks; what an error means for a case is for the callers to
say.
"""

from engine.feel import temporal, types, values
from engine.feel.budget import Budget
from engine.feel.calls import call
from engine.feel.door import inward, json_default, outward, to_json
from engine.feel.expression import (
    Expression,
    Outcome,
    UnaryTest,
    compile,
    compile_unary,
    exact_numbers,
    input_frame,
)
from engine.feel.names import is_plain, names_in
from engine.feel.notes import (
    BudgetExceeded,
    ExpressionFailed,
    Fault,
    FeelSyntaxError,
    Note,
    Place,
)
from engine.feel.run import Moment, Run
from engine.feel.stored import dump, load, pack, unpack
from engine.feel.values import Function, Parameter, Range, kind_of

__all__ = [
    "Budget",
    "BudgetExceeded",
    "Expression",
    "ExpressionFailed",
    "Fault",
    "FeelSyntaxError",
    "Function",
    "Moment",
    "Note",
    "Outcome",
    "Parameter",
    "Place",
    "Range",
    "Run",
    "UnaryTest",
    "call",
    "compile",
    "compile_unary",
    "dump",
    "exact_numbers",
    "input_frame",
    "inward",
    "is_plain",
    "json_default",
    "kind_of",
    "load",
    "names_in",
    "outward",
    "pack",
    "temporal",
    "to_json",
    "types",
    "unpack",
    "values",
]
