"""No expression hangs, fills the memory or reaches Python: every attack ends within its bounds."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine import feel
from tests.engine.feel.evaluating import MOMENT, value

NULL, BUDGET, REFUSED, VALUE = "null", "budget", "refused", "value"
LONG = "x" * 100_000
MANY = list(range(10_000))


def _doubling(first: str, step: str, last: int) -> str:
    entries = [f"a0: {first}", *(f"a{i}: {step.replace('@', f'a{i - 1}')}" for i in range(1, last + 1))]
    return f"{{{', '.join(entries)}}}"


SHARED = _doubling("[1]", "[@, @]", 40) + ".a40"

# name: expression, variables, how it may end, milliseconds, megabytes
ATTACKS: dict[str, tuple[str, dict[str, Any], tuple[str, ...], int, int]] = {
    "endless for": ("for x in 1..1000000000 return x", {}, (BUDGET,), 100, 32),
    "endless some": ("some x in 1..1000000000 satisfies x < 0", {}, (BUDGET,), 100, 32),
    "nested for": ("for a in 1..1000, b in 1..1000, c in 1..1000 return 1", {}, (BUDGET,), 100, 32),
    "costly body": (f"for i in 1..190000 return {'+'.join(['1'] * 1900)}", {}, (BUDGET,), 100, 32),
    "self-call": ("(function(f) f(f))(function(f) f(f))", {}, (BUDGET,), 10, 4),
    "endless recursion": ("{f: function(n) f(n+1), r: f(1)}.r", {}, (BUDGET,), 10, 4),
    "5000 parentheses": ("(" * 5000, {}, (REFUSED,), 10, 4),
    "20000 brackets": ("[" * 20_000, {}, (REFUSED,), 10, 4),
    "50000 terms": ("+".join(["1"] * 50_000), {}, (REFUSED,), 10, 4),
    "1500 parentheses": ("(" * 1500 + "1" + ")" * 1500, {}, (REFUSED,), 10, 4),
    "3000 minus signs": ("-" * 3000 + "1", {}, (REFUSED,), 10, 4),
    "2000 terms": ("+".join(["1"] * 2000), {}, (VALUE,), 30, 8),
    "1300 filters": ("[1]" * 1300, {}, (VALUE,), 30, 8),
    "1300 paths": ("b" + ".b" * 1300, {"b": None}, (NULL,), 30, 8),
    "list doubling": (
        _doubling("[1,2,3,4,5,6,7,8]", "concatenate(@,@)", 30) + ".a30[1]",
        {},
        (BUDGET,),
        50,
        16,
    ),
    "text doubling": (_doubling('"abcdefgh"', "@+@", 30) + ".a30", {}, (BUDGET,), 50, 16),
    "shared lists": (SHARED, {}, (VALUE,), 50, 16),
    "shared lists as text": (f"string({SHARED})", {}, (BUDGET,), 50, 16),
    "shared lists as JSON": (f"to json({SHARED})", {}, (BUDGET,), 50, 16),
    "shared lists compared": (f"{SHARED} = {SHARED}", {}, (BUDGET, VALUE), 50, 16),
    "shared lists flattened": (f"flatten({SHARED})", {}, (BUDGET,), 50, 16),
    "partial kept": ("for i in 1..3000 return partial", {}, (BUDGET, VALUE), 100, 16),
    "partial nested": ("string((for i in 1..3000 return [partial[-1]])[3000])", {}, (BUDGET, VALUE), 100, 16),
    "distinct": ("count(distinct values(for i in 1..3000 return i))", {}, (VALUE,), 250, 16),
    "pairs": ("for i in l return list contains(l, -1)", {"l": MANY[:3000]}, (BUDGET,), 250, 16),
    "sort": ("sort(l, function(a,b) true)", {"l": MANY}, (VALUE, BUDGET), 250, 16),
    "upper case": ("for i in 1..2000 return upper case(s)", {"s": LONG}, (BUDGET,), 100, 16),
    "replace": ('for i in 1..2000 return replace(s, "y", "z")', {"s": LONG}, (BUDGET,), 100, 16),
    "split": ('for i in 1..2000 return split(s, "x")', {"s": LONG}, (BUDGET,), 100, 16),
    "string join": ('for i in 1..2000 return string join([s, s], "-")', {"s": LONG}, (BUDGET,), 100, 16),
    "many matches": ('for i in 1..200000 return contains(s, "y")', {"s": LONG}, (BUDGET,), 100, 32),
    "nested stars": ('matches(s, "^(a+)+$")', {"s": "a" * 100_000 + "!"}, (VALUE,), 20, 8),
    "ambiguous stars": ('replace(s, "^(a|aa)+$", "b")', {"s": "a" * 100_000 + "!"}, (VALUE,), 20, 8),
    "power tower": ("9**9**9**9", {}, (VALUE,), 5, 1),
    "great power": ("9**99999999", {}, (NULL,), 5, 1),
    "many powers": ("for i in 1..190000 return i ** 0.5", {}, (BUDGET,), 200, 32),
    "many moments": ('for i in 1..90000 return now() + @"P1D"', {}, (BUDGET,), 200, 32),
    "many unknowns": ("for i in 1..90000 return nonesuch", {}, (BUDGET,), 100, 32),
    "long number": ("number(s)", {"s": "9" * 100_000}, (NULL,), 5, 1),
    "long duration": ('@"P999999999Y" * 999999999', {}, (NULL,), 5, 1),
    "last day": ('@"999999999-12-31" + @"P1D"', {}, (NULL,), 5, 1),
    "huge range": ("for i in 1e6143..1e6144 return i", {}, (BUDGET,), 100, 32),
    "huge remainder": ("modulo(1e6144, 7)", {}, (NULL,), 5, 1),
    "deep JSON": ("from json(s)", {"s": "[" * 100_000}, (BUDGET,), 20, 4),
    "method resolution": ("s.__class__.__mro__", {"s": "x"}, (NULL,), 1, 1),
    "constructor": ('s.constructor.constructor("return 7")()', {"s": "x"}, (NULL,), 1, 1),
    "prototype": ("o.__proto__", {"o": {}}, (NULL,), 1, 1),
    "function's constructor": ('count.constructor("return 7")()', {}, (NULL,), 1, 1),
    "value by name": ('get value(o, "constructor")', {"o": {}}, (NULL,), 1, 1),
    "import": ('__import__("os").getpid()', {}, (NULL,), 1, 1),
    "subclasses": ("[].__class__.__base__.__subclasses__()", {}, (NULL,), 1, 1),
    "polluted": ('{"__proto__": {polluted: 1}}.polluted', {}, (NULL,), 1, 1),
    "put prototype": ('context put({}, "__proto__", 1)', {}, (VALUE,), 1, 1),
}


def _ending(run: Callable[[], Any]) -> str:
    try:
        result = run()
    except feel.BudgetExceeded:
        return BUDGET
    except feel.FeelSyntaxError:
        return REFUSED
    return NULL if result is None else VALUE


@pytest.fixture
def fresh() -> Iterator[None]:
    """Take what earlier tests left in memory out of the garbage collector's way, as in a fresh process."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _below(frames: int, action: Callable[[], Any]) -> Any:
    """Do something deeper in the stack: a recursion whose leaves lie on a page's edge allocates that page for each."""
    return action() if frames == 0 else _below(frames - 1, action)


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("name", ATTACKS)
def test_attack_ends_in_time(name: str) -> None:
    text, variables, endings, milliseconds, _ = ATTACKS[name]
    context = feel.inward(variables)

    def attack() -> Any:
        return feel.compile(text).evaluate(context, moment=MOMENT).value

    started = time.thread_time()
    assert _ending(attack) in endings
    first = time.thread_time() - started
    for chance in range(1, 5):  # for a busy machine, and off the edge of a page of the interpreter's stack
        if first * 1000 > 3 * milliseconds:
            started = time.thread_time()
            _below(20 * chance, lambda: _ending(attack))
            first = time.thread_time() - started
    assert first * 1000 <= 3 * milliseconds + 5
    assert value("1+1") == 2


@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if attack[4] >= 4])
def test_attack_stays_within_its_memory(name: str) -> None:
    text, variables, endings, _, megabytes = ATTACKS[name]
    context = feel.inward(variables)
    tracemalloc.start()
    try:
        assert _ending(lambda: feel.compile(text + " ").evaluate(context, moment=MOMENT).value) in endings
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert grown <= megabytes * 2**20


@pytest.mark.usefixtures("fresh")
def test_shared_lists_cannot_fill_the_database_or_a_page() -> None:
    shared = value(SHARED)
    for use in (feel.dump, feel.to_json, feel.outward):
        started = time.thread_time()
        with pytest.raises(feel.BudgetExceeded):
            use(shared)
        assert time.thread_time() - started < 2.0


@pytest.mark.parametrize(
    "text", ["(" * 61 + "1" + ")" * 61, "-" * 61 + "1", "[" * 61, "if true then " * 61, "{a:" * 61]
)
def test_nesting_is_counted_not_left_to_the_stack(text: str) -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile(text)

    assert caught.value.facts["expected"] == "at most 60 nested levels"


def test_sixty_levels_are_enough_for_sixty() -> None:
    assert value("(" * 59 + "1" + ")" * 59) == 1


def test_calls_nest_a_hundred_deep() -> None:
    text = "{f: function(n) if n = 0 then 0 else 1 + f(n - 1), r: f(depth)}.r"

    assert value(text, depth=99) == 99
    with pytest.raises(feel.BudgetExceeded) as caught:
        value(text, depth=100)
    assert caught.value.facts == {"limit": "calls"}


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("[1, 2, 3]", {"cells": 2}),
        ("{a: 1, b: 2}", {"cells": 1}),
        ("for i in 1..3 return i", {"cells": 2}),
        ("append([1], 2)", {"cells": 2}),
        ('"abc" + "def"', {"characters": 5}),
        ('upper case("abc")', {"characters": 2}),
        ("string([1, 2, 3])", {"characters": 5}),
        ("for i in 1..3 return i", {"steps": 5}),
    ],
)
def test_every_limit_counts_for_itself(text: str, limit: dict[str, int]) -> None:
    with pytest.raises(feel.BudgetExceeded) as caught:
        feel.compile(text).evaluate({}, moment=MOMENT, budget=feel.Budget(**limit))

    assert caught.value.facts == {"limit": next(iter(limit))}


@pytest.mark.parametrize("use", ["string(v)", "to json(v)", "v = w", "flatten(v)"])
def test_data_has_at_most_64_levels(use: str) -> None:
    def nested(depth: int) -> Any:
        made: list[Any] = []
        for _ in range(depth):
            made = [made]
        return made

    expression = feel.compile(use)
    assert expression.evaluate({"v": nested(60), "w": nested(60)}, moment=MOMENT).value is not None
    with pytest.raises(feel.BudgetExceeded) as caught:
        expression.evaluate({"v": nested(70), "w": nested(70)}, moment=MOMENT)
    assert caught.value.facts == {"limit": "depth"}


def test_named_zones_cost_more_than_plain_numbers() -> None:
    def cost(text: str) -> int:
        budget = feel.Budget()
        feel.compile(text).evaluate({}, moment=MOMENT, budget=budget)
        return 200_000 - budget.steps

    assert cost('@"2026-01-01T10:00:00@Europe/Paris" + @"P1D"') > 20 > cost("1 + 1")


def test_budget_is_shared_by_the_expressions_of_a_request() -> None:
    budget = feel.Budget(steps=50)
    expression = feel.compile("count(for i in 1..10 return i)")
    expression.evaluate({}, moment=MOMENT, budget=budget)

    with pytest.raises(feel.BudgetExceeded) as caught:
        expression.evaluate({}, moment=MOMENT, budget=budget)
    assert caught.value.facts == {"limit": "steps"}


def test_same_data_ends_at_the_same_step() -> None:
    left = []
    for _ in range(2):
        budget = feel.Budget()
        feel.compile("for i in 1..100 return string(i ** 2)").evaluate({}, moment=MOMENT, budget=budget)
        left.append((budget.steps, budget.cells, budget.characters))

    assert left[0] == left[1]
