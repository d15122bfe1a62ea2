"""Sub-processes, event sub-processes, errors and escalations: what happens inside and who hears of it
(dialect §4, §10)."""

from __future__ import annotations

import pytest

from engine.execution.changes import (
    ChildCalled,
    ChildTerminated,
    ErrorEscaped,
    JobClosed,
    SubscriptionClosed,
    TimerDisarmed,
)
from engine.execution.run import ElementNotWaiting
from tests.engine.execution.story import (
    ANY_ERROR,
    ANY_ESCALATION,
    DECLARED,
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    boundary,
    conditional,
    event_subprocess,
    flows,
    mapping,
    service,
    sub,
    throw,
    timer,
    user,
)

START = '<startEvent id="s"/>'
TWO = ERROR.replace("E1", "E2")


def test_a_sub_process_completes_when_nothing_is_left_inside(story):
    inner = '<parallelGateway id="f"/>' + user("a") + user("b") + flows("sub-start > f > a", "f > b")
    told = story(START + sub("sub", inner) + user("z") + flows("s > sub > z")).start()
    assert told.do("b").open == ["a"]
    assert told.do("a").open == ["z"]


def test_sub_processes_nest(story):
    body = user("a") + flows("i9-start > a")
    for level in range(9, 0, -1):
        body = sub(f"i{level}", body) + (flows(f"i{level - 1}-start > i{level}") if level > 1 else "")
    told = story(START + body + user("z") + flows("s > i1 > z")).start()
    assert told.do("a").open == ["z"]
    assert told.do("z").ended


def test_a_boundary_event_of_a_sub_process_ends_all_inside(story):
    inner = user("a") + user("b") + boundary("x", "b", timer("duration", "PT9H"), interrupting=False)
    body = (
        START
        + sub("sub", inner + flows("sub-start > a", "sub-start > b"))
        + boundary("t", "sub", timer("duration", "PT1H"))
    )
    told = story(body + user("z") + flows("s > sub", "t > z")).start()
    assert told.open == ["a", "b"]
    told.ring("t")
    assert (told.open, told.armed) == (["z"], [])
    assert told.terminated == ["a", "b", "sub"]


@pytest.mark.parametrize("definition", [MESSAGE, SIGNAL, timer("duration", "PT1H"), conditional("=go")])
@pytest.mark.parametrize("where", ["process", "sub-process"])
@pytest.mark.parametrize("interrupting", [True, False])
def test_event_sub_processes_of_every_trigger_and_place(story, definition, where, interrupting):
    inside = event_subprocess(
        "esp", definition, user("h") + flows("esp-start > h"), interrupting=interrupting
    )
    if where == "process":
        body = START + user("a") + flows("s > a") + inside
    else:
        body = (
            START + sub("sub", user("a") + flows("sub-start > a") + inside) + user("z") + flows("s > sub > z")
        )
    told = story(body, more=DECLARED).start({"id": "1"})
    assert (told.open, told.armed) == (["a"], ["esp-start"])
    _trigger(told, definition)
    assert told.open == (["h"] if interrupting else ["a", "h"])
    if not interrupting:
        told.do("a")
        assert told.open == ["h"]
    told.do("h")
    assert told.open == ([] if where == "process" else ["z"])
    assert told.ended is (where == "process")
    assert told.armed == []


def _trigger(told, definition):
    if "timer" in definition:
        told.ring("esp-start")
    elif "conditional" in definition:
        told.set(go=True)
    else:
        told.tell("esp-start", p=1)


def test_a_non_interrupting_event_sub_process_runs_any_number_of_times_in_parallel(story):
    inside = event_subprocess("esp", MESSAGE, user("h") + flows("esp-start > h"), interrupting=False)
    told = story(START + user("a") + flows("s > a") + inside, more=DECLARED).start({"id": "1"})
    told.tell("esp-start").tell("esp-start").tell("esp-start")
    assert told.open == ["a", "h", "h", "h"]
    told.do("h", nth=1).do("a")
    assert not told.ended
    assert told.do("h").do("h").ended


def test_three_instances_of_one_definition_trigger_independently(story):
    body = (
        START
        + user("a")
        + flows("s > a")
        + event_subprocess("esp", MESSAGE, user("h") + flows("esp-start > h"))
    )
    first = story(body, more=DECLARED)
    spec = first.definition.spec
    before = {name: (task._inputs[:], task._outputs[:]) for name, task in spec.task_specs.items()}
    for _ in range(3):
        told = first
        told.log.clear()
        told.start({"id": "1"}).tell("esp-start").do("h")
        assert told.ended
    assert {name: (task._inputs, task._outputs) for name, task in spec.task_specs.items()} == before


@pytest.mark.parametrize("definition", [MESSAGE, timer("duration", "PT1H")])
def test_the_listeners_of_a_process_are_taken_down_when_it_ends(story, definition):
    inside = event_subprocess("esp", definition, user("h") + flows("esp-start > h"))
    told = story(START + user("a") + flows("s > a") + inside, more=DECLARED).start({"id": "1"}).do("a")
    assert told.ended
    assert len(told.seen(SubscriptionClosed if definition == MESSAGE else TimerDisarmed)) == 1
    with pytest.raises(ElementNotWaiting):
        told.run.set_variables(1, {"x": 1}, local=True)


def test_a_process_whose_listeners_cannot_be_armed_waits_at_its_beginning(story):
    inside = event_subprocess("esp", timer("duration", "=wait"), user("h") + flows("esp-start > h"))
    told = story(START + user("a") + flows("s > a") + inside).start()
    assert (told.incidents, told.open, told.ended) == ([("p", "EXTRACT_VALUE_ERROR")], [], False)
    told.set(wait="PT1H").then(lambda run: run.retry(1))
    assert (told.incidents, told.open, told.armed) == ([], ["a"], ["esp-start"])


def test_a_canceled_instance_takes_its_own_incident_along(story):
    inside = event_subprocess("esp", timer("duration", "=wait"), user("h") + flows("esp-start > h"))
    told = story(START + user("a") + flows("s > a") + inside).start().then(lambda run: run.cancel())
    assert (told.incidents, told.ended) == ([], True)


def test_after_an_interrupting_event_sub_process_the_others_are_deaf(story):
    inside = event_subprocess("one", MESSAGE, user("h") + flows("one-start > h"))
    inside += event_subprocess("two", SIGNAL, user("k") + flows("two-start > k"), interrupting=False)
    told = story(START + user("a") + flows("s > a") + inside, more=DECLARED).start({"id": "1"})
    told.tell("two-start").tell("one-start")
    assert (told.open, told.armed) == (["h"], [])


def test_an_interrupted_scope_does_not_catch_what_its_handler_throws(story):
    inside = event_subprocess("one", MESSAGE, service("h") + flows("one-start > h"))
    inside += event_subprocess("two", ERROR, user("k") + flows("two-start > k"))
    body = (
        START
        + sub("sub", user("a") + flows("sub-start > a") + inside)
        + boundary("b", "sub", ERROR)
        + user("z")
    )
    told = story(body + flows("s > sub", "b > z"), more=DECLARED).start({"id": "1"})
    assert told.tell("one-start").error("h", "one").open == ["z"]


def test_an_interrupting_event_sub_process_leaves_the_boundary_events_of_its_scope_armed(story):
    inside = event_subprocess("esp", MESSAGE, user("h") + flows("esp-start > h"))
    body = START + sub("sub", user("a") + flows("sub-start > a") + inside)
    body += boundary("b", "sub", timer("duration", "PT1H")) + user("z") + flows("s > sub", "b > z")
    told = story(body, more=DECLARED).start({"id": "1"}).tell("esp-start")
    assert (told.open, told.armed) == (["h"], ["b"])
    assert told.ring("b").open == ["z"]


def test_an_escalation_handler_does_not_catch_its_own_escalation(story):
    again = event_subprocess(
        "esp", ESCALATION, throw("u", ESCALATION) + user("h") + flows("esp-start > u > h"), interrupting=False
    )
    body = START + throw("t", ESCALATION) + user("a") + flows("s > t > a") + again
    assert sorted(story(body, more=DECLARED).start().open) == ["a", "h"]


def test_event_sub_processes_nest(story):
    deep = event_subprocess("deep", SIGNAL, user("k") + flows("deep-start > k"), interrupting=False)
    inside = event_subprocess("esp", MESSAGE, user("h") + flows("esp-start > h") + deep, interrupting=False)
    told = story(START + user("a") + flows("s > a") + inside, more=DECLARED).start({"id": "1"})
    assert told.armed == ["esp-start"]
    told.tell("esp-start").tell("deep-start").tell("deep-start")
    assert told.open == ["a", "h", "k", "k"]


def test_the_payload_of_an_event_sub_process_is_merged_around_its_start(story):
    inside = event_subprocess(
        "esp", MESSAGE, user("h") + flows("esp-start > h"), extra=mapping("out =p + 1 -> q")
    )
    told = (
        story(START + user("a") + flows("s > a") + inside, more=DECLARED)
        .start({"id": "1"})
        .tell("esp-start", p=1)
    )
    assert told.vars == {"id": "1", "q": 2}


# -- errors


def test_an_error_end_event_is_caught_outside_and_the_siblings_go_on(story):
    first = sub("one", user("a") + throw("t", ERROR, tag="endEvent") + flows("one-start > a > t")) + boundary(
        "b", "one", ERROR
    )
    second = sub("two", user("c") + flows("two-start > c")) + boundary("d", "two", ERROR)
    body = START + '<parallelGateway id="f"/>' + first + second + user("y") + user("z")
    told = story(body + flows("s > f > one", "f > two", "b > y", "d > z"), more=DECLARED).start()
    assert told.do("a").open == ["c", "y"]


def test_exactly_the_code_beats_a_catch_all_in_one_scope(story):
    body = (
        START
        + service("a")
        + boundary("any", "a", ANY_ERROR)
        + boundary("one", "a", ERROR)
        + user("y")
        + user("z")
    )
    body += flows("s > a", "any > y", "one > z")
    assert story(body, more=DECLARED).start().error("a", "one").open == ["z"]
    assert story(body, more=DECLARED).start().error("a", "two").open == ["y"]


def test_the_inner_catch_all_beats_the_outer_exact_code(story):
    inner = service("a") + boundary("any", "a", ANY_ERROR) + user("y") + flows("sub-start > a", "any > y")
    body = START + sub("sub", inner) + boundary("one", "sub", ERROR) + user("z") + flows("s > sub", "one > z")
    assert story(body, more=DECLARED).start().error("a", "one").open == ["y"]


def test_an_inner_error_is_not_caught_again_by_the_outer_catcher(story):
    inner = service("a") + boundary("one", "a", ERROR) + user("y") + flows("sub-start > a", "one > y")
    body = START + sub("sub", inner) + boundary("two", "sub", ERROR) + user("z") + flows("s > sub", "two > z")
    assert story(body, more=DECLARED).start().error("a", "one").open == ["y"]


def test_an_error_event_sub_process_catches_what_its_scope_throws(story):
    inside = event_subprocess("esp", ERROR, user("h") + flows("esp-start > h"))
    inner = service("a") + user("b") + flows("sub-start > a", "sub-start > b") + inside
    told = story(START + sub("sub", inner) + user("z") + flows("s > sub > z"), more=DECLARED).start()
    assert told.error("a", "one").open == ["h"]
    assert told.do("h").open == ["z"]


def test_an_error_thrown_by_the_handler_goes_further_out(story):
    inside = event_subprocess("esp", ANY_ERROR, service("h") + flows("esp-start > h"))
    inner = service("a") + flows("sub-start > a") + inside
    body = START + sub("sub", inner) + boundary("b", "sub", ANY_ERROR) + user("z") + flows("s > sub", "b > z")
    told = story(body, more=DECLARED).start().error("a", "one")
    assert told.open == ["h"]
    assert told.error("h", "two").open == ["z"]


def test_an_uncaught_error_is_an_incident_and_the_path_does_not_go_on(story):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + throw("t", ERROR, tag="endEvent")
        + user("a")
        + flows("s > f > t", "f > a")
    )
    told = story(body, more=DECLARED).start()
    assert told.incidents == [("t", "UNHANDLED_ERROR_EVENT")]
    assert told.open == ["t", "a"] or sorted(told.open) == ["a", "t"]
    told.do("a")
    assert not told.ended


def test_a_job_whose_error_nobody_catches_is_offered_again_after_the_incident(story):
    told = (
        story(START + service("a") + user("z") + flows("s > a > z"), more=DECLARED).start().error("a", "one")
    )
    assert told.incidents == [("a", "UNHANDLED_ERROR_EVENT")]
    assert told.seen(JobClosed)[0].outcome == "error"
    with pytest.raises(ElementNotWaiting):
        told.run.complete_job(told.key("a"), {})
    assert told.retry("a").work("a").open == ["z"]


def test_what_an_error_carries_is_lost_unless_mapped(story):
    body = START + service("a") + boundary("b", "a", ERROR, extra=mapping("out =why -> reason")) + user("z")
    body += flows("s > a", "b > z")
    assert story(body, more=DECLARED).start().error("a", "one", why="w", x=1).vars == {"reason": "w"}
    plain = START + service("a") + boundary("b", "a", ERROR) + user("z") + flows("s > a", "b > z")
    assert story(plain, more=DECLARED).start().error("a", "one", why="w").vars == {}


# -- escalations


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation_is_caught_by_the_nearest_and_the_thrower_goes_on_unless_interrupted(
    story, interrupting
):
    inner = throw("t", ESCALATION) + user("a") + flows("sub-start > t > a")
    body = (
        START
        + sub("sub", inner)
        + boundary("b", "sub", ANY_ESCALATION, interrupting=interrupting)
        + user("r")
    )
    told = story(body + flows("s > sub", "b > r"), more=DECLARED).start()
    assert sorted(told.open) == (["r"] if interrupting else ["a", "r"])


def test_an_escalation_nobody_waits_for_is_forgotten(story):
    told = story(START + throw("t", ESCALATION) + user("a") + flows("s > t > a"), more=DECLARED).start()
    assert (told.open, told.incidents) == (["a"], [])


def test_a_non_interrupting_escalation_is_caught_every_time(story):
    inside = event_subprocess("esp", ESCALATION, user("h") + flows("esp-start > h"), interrupting=False)
    body = (
        START + throw("t", ESCALATION) + throw("u", ESCALATION) + user("a") + flows("s > t > u > a") + inside
    )
    assert sorted(story(body, more=DECLARED).start().open) == ["a", "h", "h"]


def test_an_escalation_end_event_ends_its_path_and_is_caught(story):
    inner = throw("t", ESCALATION, tag="endEvent") + flows("sub-start > t")
    body = (
        START
        + sub("sub", inner)
        + boundary("b", "sub", ESCALATION, interrupting=False)
        + user("r")
        + user("z")
    )
    assert sorted(story(body + flows("s > sub > z", "b > r"), more=DECLARED).start().open) == ["r", "z"]


def test_another_code_is_not_caught(story):
    inner = throw("t", ESCALATION) + user("a") + flows("sub-start > t > a")
    body = START + sub("sub", inner) + boundary("b", "sub", ESCALATION.replace("X1", "X2")) + user("r")
    assert story(body + flows("s > sub", "b > r"), more=DECLARED).start().open == ["a"]


# -- call activities


def called(extra: str = "", attributes: str = "") -> str:
    rule = f'<zeebe:calledElement processId="=&quot;re&quot; + &quot;view&quot;" {attributes}/>'
    return f'<callActivity id="c"><extensionElements>{rule}{extra}</extensionElements></callActivity>'


def test_a_call_activity_waits_for_its_child_and_takes_everything_in_and_out(story):
    told = story(START + called() + user("z") + flows("s > c > z")).start({"x": 1})
    [call] = told.seen(ChildCalled)
    assert (call.process_id, call.binding.kind, call.variables, call.business_id) == (
        "review",
        "latest",
        {"x": 1},
        None,
    )
    assert told.open == ["c"]
    assert told.child_ends("c", x=2, y=3).open == ["z"]
    assert told.vars == {"x": 2, "y": 3}


def test_a_call_activity_may_pass_only_its_own_variables_in_and_out(story):
    limits = (
        'propagateAllParentVariables="false" propagateAllChildVariables="false" '
        'bindingType="versionTag" versionTag="v1"'
    )
    told = story(START + called(mapping("in =x + 1 -> y"), limits) + user("z") + flows("s > c > z")).start(
        {"x": 1}
    )
    [call] = told.seen(ChildCalled)
    assert (call.variables, call.binding.version_tag) == ({"y": 2}, "v1")
    assert told.child_ends("c", z=1).vars == {"x": 1}
    told = story(START + called(mapping("out =z -> w"), limits) + user("z") + flows("s > c > z")).start(
        {"x": 1}
    )
    assert told.child_ends("c", z=1, v=2).vars == {"x": 1, "w": 1}


def test_ending_a_call_activity_terminates_its_child(story):
    body = (
        START + called() + boundary("b", "c", timer("duration", "PT1H")) + user("z") + flows("s > c", "b > z")
    )
    told = story(body).start()
    key = told.key("c")
    assert told.ring("b").seen(ChildTerminated) == [ChildTerminated(key)]


def test_an_error_of_the_child_searches_on_at_the_call_activity(story):
    body = START + called() + boundary("b", "c", ERROR) + user("z") + flows("s > c", "b > z")
    told = story(body, more=DECLARED).start()
    assert told.run.child_error(told.key("c"), "error", "two", "", {}) is False
    assert told.run.child_error(told.key("c"), "error", "one", "", {}) is True
    assert told.then(lambda run: run.run_to_rest()).open == ["z"]


def test_an_error_leaves_a_child_for_its_parent_and_comes_back_as_an_incident_if_nobody_wants_it(story):
    told = (
        story(START + service("a") + flows("s > a"), more=DECLARED)
        .start(has_parent=True)
        .error("a", "one", why=1)
    )
    [escaped] = told.seen(ErrorEscaped)
    assert (escaped.kind, escaped.code, escaped.variables) == ("error", "one", {"why": 1})
    assert told.incidents == []
    told.then(lambda run: run.fail_escaped(escaped.key, escaped.code, escaped.message))
    assert told.incidents == [("a", "UNHANDLED_ERROR_EVENT")]


def test_a_missing_called_process_halts_the_call_until_it_is_tried_again(story):
    told = story(START + called() + user("z") + flows("s > c > z")).start()
    told.then(lambda run: run.halt(told.key("c"), "CALLED_ELEMENT_ERROR", "There is no process review."))
    assert told.incidents == [("c", "CALLED_ELEMENT_ERROR")]
    assert len(told.retry("c").seen(ChildCalled)) == 2
    assert told.child_ends("c").open == ["z"]


def test_cancelling_an_instance_ends_everything(story):
    inner = user("a") + boundary("b", "a", MESSAGE) + flows("sub-start > a")
    told = story(START + sub("sub", inner) + flows("s > sub"), more=DECLARED).start({"id": "1"})
    told.then(lambda run: run.cancel())
    assert told.ended
    assert told.terminated == ["a", "sub"]
    assert told.run.open_elements() == ()
