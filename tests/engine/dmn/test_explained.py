"""The account of a decision as plain data."""

from __future__ import annotations

import orjson

from engine.dmn.explained import explained


def test_everything_a_page_needs_is_plain_json(ask, build):
    rules = [("> 1", '"big"'), ("severty", '"odd"')]
    body = build.input("a") + build.decision("t", build.table("COLLECT", ["a"], ["x"], rules), "i#a")

    told = explained(ask(body, "t", a=2))

    assert told["output"] == ["big"]
    assert told["decisions"] == [
        {
            "id": "t",
            "name": "t",
            "kind": "decision table",
            "inputs": [{"id": "in0", "name": "a", "value": 2}],
            "rules": [{"id": "r1", "index": 1, "outputs": {"x": "big"}}],
            "output": ["big"],
        }
    ]
    (note,) = told["notes"]
    assert (note["code"], note["rule"], note["column"]) == ("unknown_variable", "r2", "a")
    assert note["place"] == "severty\n^^^^^^^"
    assert orjson.loads(orjson.dumps(told)) == told
