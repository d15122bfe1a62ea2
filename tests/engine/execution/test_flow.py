"""Which way tokens go: sequences, gateways, several flows, and starts and ends that nobody drew."""

from __future__ import annotations

import pytest

from engine.execution.case import StepBudgetSpent
from engine.execution.changes import IncidentOpened
from engine.execution.run import Activation
from tests.engine.execution.story import flow, flows, user

START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'


def test_tasks_and_manual_tasks_pass_without_waiting(story):
    told = story(START + '<task id="a"/><manualTask id="b"/>' + END + flows("s > a > b > e")).start()
    assert told.ended
    assert told.passed == ["s", "a", "b", "e"]


def test_a_path_ends_where_no_flow_leads_on_and_begins_where_none_leads_in(story):
    told = story(user("a") + user("b")).start()
    assert told.open == ["a", "b"]
    assert told.do("a").open == ["b"]
    assert told.do("b").ended


def test_elements_named_as_the_library_names_its_own_are_ordinary_elements(story):
    body = '<startEvent id="Start"/>' + user("Root") + '<parallelGateway id="End"/>' + user("a") + user("b")
    told = story(body + flows("Start > Root > End > a", "End > b")).start()
    assert told.open == ["Root"]
    assert told.do("Root").open == ["a", "b"]
    assert not told.do("a").ended
    assert told.do("b").ended


def test_exclusive_gateway_takes_the_first_true_flow_in_document_order(story):
    body = (
        START
        + '<exclusiveGateway id="g" default="g-c"/>'
        + user("a")
        + user("b")
        + user("c")
        + flows("s > g", "g > c")
    )
    body += flow("g", "b", "=x &gt; 1") + flow("g", "a", "=x &gt; 0")
    assert story(body).start({"x": 2}).open == ["b"]
    assert story(body).start({"x": 1}).open == ["a"]
    assert story(body).start({"x": 0}).open == ["c"]


@pytest.mark.parametrize("value", ["false", "no", 1, None])
def test_only_true_is_true(story, value):
    body = (
        START + '<exclusiveGateway id="g" default="g-b"/>' + user("a") + user("b") + flows("s > g", "g > b")
    )
    told = story(body + flow("g", "a", "=x")).start({"x": value})
    assert told.incidents == [("g", "EXTRACT_VALUE_ERROR")]
    assert told.set(x=True).retry("g").open == ["a"]
    assert told.incidents == []


CHOICES = {
    "gateway": '<exclusiveGateway id="g" default="g-b"/>',
    "several ways at once": '<inclusiveGateway id="g" default="g-b"/>',
    "flow out of a task": '<task id="g" default="g-b"/>',
}


MANY_WAYS = {name: choice for name, choice in CHOICES.items() if name != "gateway"}


@pytest.mark.parametrize("choice", MANY_WAYS.values(), ids=MANY_WAYS)
@pytest.mark.parametrize(("given", "taken"), [(False, ["b", "plain"]), (True, ["a", "plain"])])
def test_the_default_is_taken_when_no_condition_is_true_also_beside_a_flow_without_one(
    story, choice, given, taken
):
    body = START + choice + user("a") + user("b") + user("plain")
    body += flow("g", "a", "=x") + flows("s > g", "g > b", "g > plain")
    told = story(body).start({"x": given})
    assert sorted(told.open) == taken
    assert told.incidents == []


def test_an_exclusive_gateway_takes_one_flow_whatever_stands_beside_it(story):
    body = START + CHOICES["gateway"] + user("a") + user("b") + user("plain")
    body += flow("g", "a", "=x") + flows("s > g", "g > b", "g > plain")
    assert story(body).start({"x": False}).open == ["plain"]


def test_a_default_flow_without_any_condition_beside_it_is_taken(story):
    body = (
        START
        + CHOICES["flow out of a task"]
        + user("b")
        + user("plain")
        + flows("s > g", "g > b", "g > plain")
    )
    assert sorted(story(body).start({}).open) == ["b", "plain"]


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_a_condition_that_names_a_variable_nobody_has_is_an_incident_with_the_nearest_name(story, choice):
    body = START + choice + user("a") + user("b") + flows("s > g", "g > b")
    told = story(body + flow("g", "a", '=severty = "high"')).start({"severity": "high"})
    assert told.incidents == [("g", "EXTRACT_VALUE_ERROR")]
    assert told.open == ["g"]
    message = told.seen(IncidentOpened)[-1].message
    assert "severty" in message
    assert "Did you mean severity?" in message
    assert told.set(severty="high").retry("g").open[0] == "a"


def test_a_condition_may_ask_whether_a_variable_is_there(story):
    body = (
        START + '<exclusiveGateway id="g" default="g-b"/>' + user("a") + user("b") + flows("s > g", "g > b")
    )
    for text in ("is defined(x)", "get or else(x, false)", "is defined(x) and x"):
        told = story(body + flow("g", "a", f"={text}"))
        assert told.start().open == ["b"]
        assert told.incidents == []
    assert story(body + flow("g", "a", "=x = null")).start({"x": None}).open == ["a"]


def test_no_true_flow_and_no_default_is_an_incident(story):
    for kind in ("exclusive", "inclusive"):
        body = START + f'<{kind}Gateway id="g"/>' + user("a") + user("b") + flows("s > g")
        told = story(body + flow("g", "a", "=x = 1") + flow("g", "b", "=x = 2")).start({"x": 3})
        assert told.incidents == [("g", "CONDITION_ERROR")]
        assert told.set(x=2).retry("g").open == ["b"]


def test_parallel_gateway_waits_for_one_token_of_each_flow(story):
    body = (
        START + '<parallelGateway id="f"/>' + user("a") + user("b") + '<parallelGateway id="j"/>' + user("z")
    )
    told = story(body + flows("s > f > a > j > z", "f > b > j")).start()
    assert told.do("a").open == ["b", "j"]
    assert told.do("b").open == ["z"]
    assert told.do("z").ended


def test_a_surplus_token_stays_at_the_parallel_join(story):
    body = (
        START + '<parallelGateway id="f"/><task id="x"/><task id="y"/><task id="m"/>' + user("b") + user("z")
    )
    body += '<parallelGateway id="j"/>' + flows("s > f > x > m > j > z", "f > y > m", "f > b > j")
    told = story(body).start()
    assert sorted(told.open) == ["b", "j", "j"]
    told.do("b")
    assert sorted(told.open) == ["j", "z"]


def test_joins_in_rework_loops_forget_earlier_rounds(story):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + user("a")
        + user("b")
        + '<parallelGateway id="j"/>'
        + user("check")
    )
    body += '<exclusiveGateway id="again" default="again-e"/><exclusiveGateway id="m"/>' + END
    body += flows("s > m > f > a > j > check > again > e", "f > b > j") + flow("again", "m", "=rework")
    told = story(body).start({"rework": True})
    for order in ("ab", "ba", "ab", "ba"):
        for task in order:
            told.do(task)
        assert told.open == ["check"]
        told.do("check")
        assert told.open == ["a", "b"]
    told.set(rework=False).do("b").do("a").do("check")
    assert told.ended


def test_a_parallel_join_that_can_never_be_complete_is_an_incident(story):
    body = (
        START
        + '<exclusiveGateway id="x" default="x-b"/>'
        + user("a")
        + user("b")
        + '<parallelGateway id="j"/>'
        + user("z")
    )
    told = story(body + flows("s > x > b > j > z", "a > j") + flow("x", "a", "=false")).start()
    assert told.incidents == []
    told.do("b")
    assert (told.open, told.incidents) == (["j"], [("j", "UNKNOWN")])
    told.retry("j")
    assert told.incidents == [("j", "UNKNOWN")]
    told.then(lambda run: run.modify(activate=[Activation("a")])).do("a")
    assert (told.open, told.incidents) == (["z"], [])


def test_inclusive_gateway_takes_every_true_flow_and_joins_what_can_still_come(story):
    body = START + '<inclusiveGateway id="f" default="f-c"/>' + user("a") + user("b") + user("c")
    body += '<inclusiveGateway id="j"/>' + user("z") + flows("s > f > c > j > z", "a > j", "b > j")
    body += flow("f", "a", "=a") + flow("f", "b", "=b")
    told = story(body).start({"a": True, "b": True})
    assert told.open == ["a", "b"]
    assert told.do("a").open == ["b", "j"]
    assert told.do("b").open == ["z"]
    assert story(body).start({"a": False, "b": True}).do("b").open == ["z"]
    assert story(body).start({"a": False, "b": False}).do("c").open == ["z"]


def test_inclusive_join_waits_for_a_token_that_may_come_by_a_detour(story):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + user("a")
        + user("b")
        + '<exclusiveGateway id="x" default="x-away"/>'
    )
    body += '<inclusiveGateway id="j"/>' + user("z") + user("away")
    body += flows("s > f > a > j > z", "f > b > x > away") + flow("x", "j", "=come")
    told = story(body).start({"come": True}).do("a")
    assert told.open == ["b", "j"]
    assert told.do("b").open == ["z"]
    told = story(body).start({"come": False}).do("a").do("b")
    assert sorted(told.open) == ["away", "z"]


def test_an_inner_inclusive_join_does_not_wait_for_tokens_of_the_next_round(story):
    body = START + '<exclusiveGateway id="m"/><inclusiveGateway id="f"/><inclusiveGateway id="g"/>'
    body += user("t") + user("a") + user("b") + user("c") + '<inclusiveGateway id="h"/>' + user("after")
    body += '<inclusiveGateway id="j"/><exclusiveGateway id="x" default="x-e"/>' + END
    body += flows("s > m > f", "t > j > x > e", "a > h > after > j", "b > h", "c > h") + flow(
        "x", "m", "=again"
    )
    body += flow("f", "t", "=true") + flow("f", "g", "=true")
    body += flow("g", "a", "=true") + flow("g", "b", "=true") + flow("g", "c", "=false")
    told = story(body).start({"again": True})
    for order in ("tab", "abt", "bta"):
        for task in order:
            told.do(task)
        assert sorted(told.open) == ["after", "j"]
        told.do("after")
        assert sorted(told.open) == ["a", "b", "t"]
    told.set(again=False).do("a").do("b").do("after").do("t")
    assert told.ended


def test_inclusive_joins_that_wait_for_each_other_do_not_wait_for_ever(story):
    body = START + '<parallelGateway id="f"/><inclusiveGateway id="j"/><inclusiveGateway id="k"/>'
    body += '<exclusiveGateway id="x" default="x-k"/><exclusiveGateway id="y" default="y-e"/>' + END
    body += flows("s > f > j > x > k > y > e", "f > k") + flow("y", "j", "=false")
    assert story(body).start().ended


def test_several_flows_out_of_an_activity_split_in_parallel(story):
    told = story(START + user("a") + user("b") + user("c") + flows("s > a > b", "a > c")).start().do("a")
    assert told.open == ["b", "c"]


def test_conditions_on_flows_out_of_an_activity_choose_like_an_inclusive_gateway(story):
    body = (
        START + user("a", attributes='default="a-d"') + user("b") + user("c") + user("d") + flows("s > a > d")
    )
    body += flow("a", "b", "=x &gt; 0") + flow("a", "c", "=x &gt; 1")
    assert story(body).start({"x": 2}).do("a").open == ["b", "c"]
    assert story(body).start({"x": 1}).do("a").open == ["b"]
    assert story(body).start({"x": 0}).do("a").open == ["d"]


def test_links_jump_within_their_scope(story):
    body = START + '<intermediateThrowEvent id="t"><linkEventDefinition name="L"/></intermediateThrowEvent>'
    body += '<intermediateCatchEvent id="c"><linkEventDefinition name="L"/></intermediateCatchEvent>' + user(
        "a"
    )
    told = story(body + flows("s > t", "c > a")).start()
    assert told.open == ["a"]
    assert told.do("a").ended


def test_terminate_ends_everything_else_in_its_scope(story):
    body = START + '<parallelGateway id="f"/>' + user("a") + user("b")
    body += '<endEvent id="t"><terminateEventDefinition/></endEvent>' + flows("s > f > a > t", "f > b")
    told = story(body).start().do("a")
    assert told.ended
    assert told.terminated == ["b"]


def test_terminate_in_a_sub_process_lets_the_sub_process_complete(story):
    inner = '<startEvent id="is"/><parallelGateway id="f"/>' + user("a") + user("b")
    inner += '<endEvent id="t"><terminateEventDefinition/></endEvent>' + flows("is > f > a > t", "f > b")
    told = story(
        START + f'<subProcess id="sub">{inner}</subProcess>' + user("z") + flows("s > sub > z")
    ).start()
    assert told.do("a").open == ["z"]


def test_a_tight_loop_spends_the_budget_of_the_step(story):
    body = (
        START + '<task id="a"/><exclusiveGateway id="g" default="g-a"/>' + END + flows("s > a > g", "g > a")
    )
    with pytest.raises(StepBudgetSpent):
        story(body + flow("g", "e", "=false")).start()


def test_two_thousand_rounds_through_a_user_task_cost_the_same_each(story):
    body = START + user("a") + '<exclusiveGateway id="g" default="g-a"/>' + END + flows("s > a > g", "g > a")
    told = story(body + flow("g", "e", "=done")).start({"done": False})
    sizes, tasks = set(), set()
    for _ in range(2000):
        told.do("a")
        told.log.clear()
        sizes.add(len(told.run.save()))
        tasks.add(len(told.run._case.tasks))
    assert tasks == {2}
    assert max(sizes) - min(sizes) <= 2  # a longer key
    assert told.set(done=True).do("a").ended
