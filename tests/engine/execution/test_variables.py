"""Who sees which variable, and where results go (dialect §3)."""

from __future__ import annotations

import pytest

from tests.engine.execution.story import flow, flows, mapping, service, user

START = '<startEvent id="s"/>'


def test_input_mappings_are_local_and_see_each_other(story):
    body = (
        START
        + user("a", mapping("in =x+1 -> y", "in =y*10 -> z", "in 5 -> text", "in =null -> x"))
        + flows("s > a")
    )
    told = story(body).start({"x": 1})
    assert told.locals("a") == {"y": 2, "z": 20, "text": "5", "x": None}
    assert told.vars == {"x": 1}


def test_an_input_target_with_a_dot_builds_a_new_object(story):
    body = START + user("a", mapping("in =1 -> c.a", "in =2 -> c.b")) + flows("s > a")
    assert story(body).start({"c": {"old": 0}}).locals("a") == {"c": {"a": 1, "b": 2}}


def test_a_result_without_output_mapping_merges_and_a_name_of_an_input_mapping_is_lost(story):
    body = START + user("a", mapping("in =1 -> mine")) + user("z") + flows("s > a > z")
    told = story(body).start({"x": 1}).do("a", x=2, mine=3, new=4)
    assert told.vars == {"x": 2, "new": 4}


def test_with_output_mappings_only_their_targets_leave(story):
    body = (
        START
        + user("a", mapping("out =code -> outcome", "out =outcome + 1 -> next"))
        + user("z")
        + flows("s > a > z")
    )
    told = story(body).start({"x": 1}).do("a", code=7, x=99)
    assert told.vars == {"x": 1, "outcome": 7, "next": 8}


def test_an_output_target_with_a_dot_changes_that_member(story):
    body = START + user("a", mapping("out =code -> c.verdict")) + user("z") + flows("s > a > z")
    told = story(body).start({"c": {"id": 1, "verdict": 0}}).do("a", code=7)
    assert told.vars == {"c": {"id": 1, "verdict": 7}}


def test_parallel_branches_keep_each_others_changes(story):
    body = (
        START + '<parallelGateway id="f"/>' + user("a") + user("b") + '<parallelGateway id="j"/>' + user("z")
    )
    told = story(body + flows("s > f > a > j > z", "f > b > j")).start({"x": "old", "y": "old"})
    told.do("a", x="new").do("b", y="new")
    assert told.vars == {"x": "new", "y": "new"}


def test_what_a_sub_process_makes_local_vanishes_unless_mapped_out(story):
    sub = (
        '<subProcess id="sub"><extensionElements>'
        f"{mapping('in =1 -> n', 'in =0 -> gone', 'out =n -> total')}</extensionElements>"
    )
    sub += '<startEvent id="is"/>' + user("a") + flows("is > a") + "</subProcess>"
    told = story(START + sub + user("z") + flows("s > sub > z")).start().do("a", n=5, other=6)
    assert told.vars == {"total": 5, "other": 6}


def test_variables_of_a_failing_job_stay_local(story):
    told = story(START + service("a") + user("z") + flows("s > a > z")).start({"x": 1})
    told.then(lambda run: run.fail_job(told.key("a"), {"x": 2, "why": "no answer"}))
    assert told.locals("a") == {"x": 2, "why": "no answer"}
    assert told.vars == {"x": 1}


@pytest.mark.parametrize("local", [True, False])
def test_variables_can_be_set_from_outside(story, local):
    told = story(START + user("a", mapping("in =1 -> mine")) + flows("s > a")).start({"x": 1})
    told.set(told.key("a"), local=local, x=2, mine=3)
    assert told.locals("a") == ({"mine": 3, "x": 2} if local else {"mine": 3})
    assert told.vars == {"x": 1 if local else 2}


def test_dates_and_exact_numbers_survive(story):
    body = (
        START
        + '<scriptTask id="a"><extensionElements><zeebe:script expression="=addDays" resultVariable="d"/>'
    )
    body = body.replace(
        "=addDays", "={day: date(&quot;2026-01-31&quot;) + duration(&quot;P1M&quot;), sum: 0.1 + 0.2}"
    )
    body += "</extensionElements></scriptTask>" + user("z") + flows("s > a > z")
    told = story(body).start()
    assert str(told.vars["d"]["day"]) == "2026-02-28"
    assert str(told.vars["d"]["sum"]) == "0.3"


@pytest.mark.parametrize("key", ["typename", "$feel", "__proto__", "data_objects", "event_fired"])
def test_odd_keys_in_data_are_just_data(story, key):
    value = {key: {"typename": "UUID", "$feel": "date", "value": "x"}, "list": [3, 1, {key: None}]}
    told = (
        story(START + user("a") + user("z") + flows("s > a > z")).start({"v": value}).do("a", **{key: value})
    )
    assert told.vars == {"v": value, key: value}


def test_a_failing_mapping_halts_there_and_is_repeated(story):
    body = START + user("a", mapping("out =assert(x, x > 5) -> y")) + user("z") + flows("s > a > z")
    told = story(body).start().do("a", x=1)
    assert told.incidents == [("a", "IO_MAPPING_ERROR")]
    assert told.set(told.key("a"), local=True, x=7).retry("a").open == ["z"]
    assert told.vars == {"y": 7}


def test_unknown_names_are_null_and_leave_a_note(story):
    from engine.execution.changes import DecisionMade

    told = story(START + user("a", mapping("in =nowhere -> y")) + flows("s > a")).start()
    assert told.locals("a") == {"y": None}
    assert "unknown_variable" in told.seen(DecisionMade)[0].notes[0]


def test_a_function_cannot_be_stored(story):
    told = story(START + user("a", mapping("in =function(x) x -> f")) + flows("s > a")).start()
    assert told.incidents == [("a", "IO_MAPPING_ERROR")]


def test_a_condition_sees_the_innermost_value(story):
    sub = (
        f'<subProcess id="sub"><extensionElements>{mapping("in =2 -> x")}</extensionElements>'
        '<startEvent id="is"/>'
    )
    sub += '<exclusiveGateway id="g" default="g-b"/>' + user("a") + user("b") + flows("is > g", "g > b")
    sub += flow("g", "a", "=x = 2") + "</subProcess>"
    assert story(START + sub + flows("s > sub")).start({"x": 1}).open == ["a"]
