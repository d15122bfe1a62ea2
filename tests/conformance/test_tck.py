"""The compatibility kit as a test: a falling score fails the build."""

from __future__ import annotations

import pytest

from tests.conformance.tck import default_folder, failures, missing, run


@pytest.fixture(scope="module")
def levels():
    if not any(default_folder().glob("compliance-level-*")):
        pytest.skip("the compatibility kit is not here")
    return run(default_folder())


def test_every_level_passes_what_it_must(levels):
    assert levels
    assert missing(levels) == [], "\n".join(failures(levels))


def test_no_answer_comes_from_a_crash(levels):
    assert [line for line in failures(levels) if "crashed" in line] == []
