"""Random processes behave as their blocks say, straight and revived; see ``random_processes`` for more of
them."""

from __future__ import annotations

import random

import pytest

from tests.conformance.random_processes import Activity, Again, Fail, Fork, Grammar, Race, blocks_in, play

PROCESSES, PATHS, CHUNK = 200, 30, 20


@pytest.mark.parametrize("seed", range(1, 13))
def test_a_few_random_processes_go_as_told(seed):
    assert play(seed, 3) > 0


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1001, 1001 + PROCESSES, CHUNK))
def test_two_hundred_random_processes_go_as_told(first):
    for seed in range(first, first + CHUNK):
        play(seed, PATHS)


def test_the_grammar_draws_every_kind_of_block():
    seen: set[str] = set()
    for seed in range(200):
        for block in blocks_in(Grammar(random.Random(seed)).block(0)):
            seen.add(type(block).__name__)
            if isinstance(block, Fork):
                seen.add(block.kind)
            if isinstance(block, Activity):
                seen |= {
                    name for name in ("many", "stops", "side", "rescue", "aside") if getattr(block, name)
                }
    kinds = {kind.__name__ for kind in (Again, Activity, Fail, Fork, Race)}
    assert seen >= kinds | {"exclusive", "parallel", "inclusive", "many", "stops", "side", "rescue", "aside"}
