"""Built-in functions on contexts, and those for presence, failure, JSON and chance."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson

from engine.feel.budget import DATA_DEPTH, Budget
from engine.feel.door import json_default, to_json
from engine.feel.library import builtin
from engine.feel.notes import BudgetExceeded, Fault
from engine.feel.numbers import CONTEXT, finite
from engine.feel.run import Run
from engine.feel.values import MISSING, Value, kind_of
from engine.quoted import quoted

_RANDOM_BITS: Final = 53


@builtin("get value(m: context, key: string)")
def get_value(run: Run, m: dict[str, Value], key: str) -> Value:
    """Return the entry of that name, null if there is none."""
    run.budget.charge(1)
    if key not in m:
        raise Fault("unknown_property", severity="warning", name=quoted(key))
    return m[key]


@builtin("get value(context: context, keys: list)")
def get_nested_value(run: Run, context: dict[str, Value], keys: list[Value]) -> Value:
    """Return the entry at the end of a path of keys, null if there is none."""
    run.budget.charge(1 + len(keys))
    value: Value = context
    for key in keys:
        value = value.get(key, MISSING) if type(value) is dict and type(key) is str else MISSING
        if value is MISSING:
            raise Fault(
                "unknown_property", severity="warning", name=quoted(key) if type(key) is str else kind_of(key)
            )
    return value if keys else None


@builtin("get entries(m: context)")
def get_entries(run: Run, m: dict[str, Value]) -> Value:
    """Return a list of contexts, each with ``key`` and ``value``."""
    run.budget.make(3 * len(m))
    return [{"key": key, "value": value} for key, value in m.items()]


@builtin("context(entries: list)")
def context(run: Run, entries: list[Value]) -> Value:
    """Make a context of contexts with ``key`` and ``value``; each key may occur once."""
    run.budget.make(len(entries))
    made: dict[str, Value] = {}
    for entry in entries:
        if type(entry) is not dict or "key" not in entry or "value" not in entry:
            raise Fault("wrong_type", expected="context with key and value", found=kind_of(entry))
        key = entry["key"]
        if type(key) is not str:
            raise Fault("wrong_type", parameter="key", expected="string", found=kind_of(key))
        if key in made:
            raise Fault("wrong_arguments", reason="a key is given twice")
        made[key] = entry["value"]
    return made


@builtin("context put(context: context, key: string, value)", "put(context: context, key: string, value)")
def context_put(run: Run, context: dict[str, Value], key: str, value: Value) -> Value:
    """Return the context with one entry set."""
    run.budget.make(len(context) + 1)
    return {**context, key: value}


@builtin("context put(context: context, keys: list, value)", "put(context: context, keys: list, value)")
def context_put_nested(run: Run, context: dict[str, Value], keys: list[Value], value: Value) -> Value:
    """Return the context with the entry at the end of a path of keys set."""
    if not keys or not all(type(key) is str for key in keys):
        raise Fault("value_not_allowed", parameter="keys")
    return _put(run.budget, context, keys, value)


def _put(budget: Budget, context: dict[str, Value], keys: list[str], value: Value) -> dict[str, Value]:
    if len(keys) > DATA_DEPTH:
        raise BudgetExceeded(limit="depth")
    budget.make(len(context) + 1)
    key, *deeper = keys
    if deeper:
        inner = context.get(key)
        if type(inner) is not dict:
            raise Fault("wrong_type", parameter="keys", expected="context", found=kind_of(inner))
        value = _put(budget, inner, deeper, value)
    return {**context, key: value}


@builtin("context merge(contexts: list)", "put all(contexts: list)")
def context_merge(run: Run, contexts: list[Value]) -> Value:
    """Return one context with the entries of all; later ones win."""
    merged: dict[str, Value] = {}
    for context in contexts:
        if type(context) is not dict:
            raise Fault("wrong_type", expected="list of contexts", found=kind_of(context))
        run.budget.make(len(context))
        merged.update(context)
    return merged


@builtin("put all(*context: context)")
def put_all(run: Run, context: list[Value]) -> Value:
    """Return one context with the entries of all arguments."""
    return context_merge(run, context)


@builtin("is defined(value)")
def is_defined(run: Run, value: Value) -> Value:
    """Say whether there is a value that is not null."""
    run.budget.charge(1)
    return value is not None


@builtin("get or else(value, default)")
def get_or_else(run: Run, value: Value, default: Value) -> Value:
    """Return the value, or the other one if it is null."""
    run.budget.charge(1)
    return default if value is None else value


@builtin("assert(value, condition, cause?: string?)")
def ensure(run: Run, value: Value, condition: Value, cause: str | None = None) -> Value:
    """Return the value if the condition is true; anything else is an error."""
    run.budget.charge(1)
    if condition is not True:
        raise Fault("assertion", cause=quoted(cause or ""))
    return value


@builtin("uuid()")
def uuid(run: Run) -> Value:
    """Return a random identifier, the same when the moment is replayed."""
    run.budget.charge(1)
    return str(UUID(int=run.dice.getrandbits(128), version=4))


@builtin("random number()")
def random_number(run: Run) -> Value:
    """Return a number from 0 up to but not 1, the same when the moment is replayed."""
    run.budget.charge(1)
    return Decimal(run.dice.getrandbits(_RANDOM_BITS)) / (1 << _RANDOM_BITS)


@builtin("to json(value)")
def as_json(run: Run, value: Value) -> Value:
    """Return the JSON text of a value."""
    _pay(value, run.budget, 0)
    text = orjson.dumps(to_json(value), default=json_default).decode()
    run.budget.write(len(text))
    return text


def _pay(value: Value, budget: Budget, depth: int) -> None:
    """Pay for every part before any of it is copied."""
    if depth > DATA_DEPTH:
        raise BudgetExceeded(limit="depth")
    if type(value) is list or type(value) is dict:
        budget.make(len(value))
        for item in value.values() if type(value) is dict else value:
            _pay(item, budget, depth + 1)
    else:
        budget.write(len(value) if type(value) is str else 1)


@builtin("from json(value: string)")
def from_json(run: Run, value: str) -> Value:
    """Read JSON text; numbers keep all their digits."""
    run.budget.write(len(value))
    run.budget.make(sum(value.count(mark) for mark in ",:[{"))
    if max(value.count("["), value.count("{")) > DATA_DEPTH:
        _check_depth(value)
    try:
        orjson.loads(value)  # refuses halves of surrogate pairs, which no text may hold
        return json.loads(value, parse_float=_number, parse_int=_number, parse_constant=_no_number)
    except ValueError:
        raise Fault("value_not_allowed", reason="not JSON") from None


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the reader goes down into it.

    Brackets inside strings count too, which is harmless.
    """
    depth = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if depth > DATA_DEPTH:
            raise BudgetExceeded(limit="depth")


def _number(text: str) -> Any:
    return finite(CONTEXT.create_decimal(text))


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)
