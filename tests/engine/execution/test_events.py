"""Timers, messages, signals and conditions: waiting for them, at a node, on a boundary, behind a gateway
(dialect §10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.calendars import CalendarNotFound
from engine.execution.changes import (
    SignalThrown,
    SubscriptionClosed,
    SubscriptionOpened,
    TimerArmed,
    TimerDisarmed,
)
from engine.execution.run import ElementNotFound
from tests.engine.execution.story import (
    DECLARED,
    MESSAGE,
    NOW,
    SIGNAL,
    boundary,
    catch,
    conditional,
    flow,
    flows,
    mapping,
    service,
    throw,
    timer,
    user,
)

START = '<startEvent id="s"/>'


class Recorder:
    """Calendars that know none, and remember who was asked for."""

    def __init__(self):
        self.asked = []

    def get(self, calendar_id):
        self.asked.append(calendar_id)
        raise CalendarNotFound(calendar=calendar_id)


@pytest.mark.parametrize(
    ("kind", "text", "due"),
    [
        ("duration", "PT2H", NOW + timedelta(hours=2)),
        ("duration", "P1M", datetime(2026, 2, 28, 9, tzinfo=UTC)),
        ("duration", '=duration("P1D")', NOW + timedelta(days=1)),
        ("duration", "=wait", NOW + timedelta(hours=5)),
        ("duration", "-PT1H", NOW),
        ("date", "2026-07-01T09:00:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("date", '=date and time("2026-02-01T00:00:00Z")', datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_timer_event_waits_until_it_is_due(story, kind, text, due):
    told = story(START + catch("t", timer(kind, text)) + user("z") + flows("s > t > z")).start(
        {"wait": "PT5H"}
    )
    [armed] = told.seen(TimerArmed)
    assert (armed.due_at, armed.occurrence, armed.element_id) == (due, 1, "t")
    assert told.ring("t").open == ["z"]
    assert told.seen(TimerDisarmed) == [TimerDisarmed(armed.key)]
    assert told.run.fire_timer(armed.key) is False


@pytest.mark.parametrize("text", ["=null", "=5", "soon", "=nowhere"])
def test_an_unusable_timer_is_an_incident(story, text):
    told = story(START + catch("t", timer("duration", text)) + user("z") + flows("s > t > z")).start()
    assert told.incidents == [("t", "EXTRACT_VALUE_ERROR")]


def test_an_interrupting_timer_ends_its_task(story):
    body = (
        START + user("a") + boundary("b", "a", timer("duration", "P1D")) + user("z") + flows("s > a", "b > z")
    )
    told = story(body).start()
    assert (told.open, told.armed) == (["a"], ["b"])
    told.ring("b")
    assert (told.open, told.armed, told.terminated) == (["z"], [], ["a"])


def test_a_boundary_timer_goes_with_its_task(story):
    body = (
        START
        + user("a")
        + boundary("b", "a", timer("duration", "P1D"))
        + user("z")
        + flows("s > a > z", "b > z")
    )
    told = story(body).start().do("a")
    assert (told.open, told.armed) == (["z"], [])
    assert len(told.seen(TimerDisarmed)) == 1


def test_a_non_interrupting_cycle_repeats_while_the_task_lasts(story):
    body = START + user("a") + boundary("b", "a", timer("cycle", "R3/PT1H"), interrupting=False) + user("r")
    told = story(body + flows("s > a", "b > r")).start()
    told.ring("b").ring("b").ring("b")
    assert told.open == ["a", "r", "r", "r"]
    assert told.armed == []
    assert [change.occurrence for change in told.seen(TimerArmed)] == [1, 2, 3]
    assert [change.due_at - NOW for change in told.seen(TimerArmed)] == [
        timedelta(hours=n) for n in (1, 2, 3)
    ]


def test_a_cycle_that_was_missed_for_days_fires_once_and_resumes(story, world):
    body = START + user("a") + boundary("b", "a", timer("cycle", "R/P1D"), interrupting=False) + user("r")
    told = story(body + flows("s > a", "b > r")).start().wait(days=10, hours=1).ring("b")
    assert told.open == ["a", "r"]
    assert told.seen(TimerArmed)[-1].due_at == NOW + timedelta(days=11)


def test_cron_is_in_utc_unless_the_process_names_a_zone(story, world):
    body = (
        START
        + user("a")
        + boundary("b", "a", timer("cycle", "0 0 9 * * *"), interrupting=False)
        + flows("s > a")
    )
    zone = (
        '<extensionElements><zeebe:properties><zeebe:property name="redress.timeZone" '
        'value="Asia/Tokyo"/></zeebe:properties></extensionElements>'
    )
    world.zone = "America/New_York"
    assert story(body).start().seen(TimerArmed)[0].due_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert story(zone + body).start().seen(TimerArmed)[0].due_at == datetime(2026, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(("own", "asked"), [("event", "event"), (None, "host")])
def test_a_boundary_timer_counts_by_its_own_calendar_before_that_of_its_activity(story, world, own, asked):
    def named(calendar):
        value = f'<zeebe:property name="redress.calendar" value="{calendar}"/>'
        return f"<zeebe:properties>{value}</zeebe:properties>" if calendar else ""

    world.calendars = Recorder()
    due = timer("date", '=endOfWorkingDay(date("2026-02-02"))')
    body = START + user("a", named("host")) + boundary("t", "a", due, extra=named(own)) + flows("s > a")
    assert story(body).start().incidents == [("a", "EXTRACT_VALUE_ERROR")]
    assert world.calendars.asked == [asked]


def test_a_timer_that_follows_a_case_clock_is_armed_anew_when_it_moves(story, world):
    clock = '<zeebe:properties><zeebe:property name="redress.clock" value="answer"/></zeebe:properties>'
    body = START + user("a") + boundary("b", "a", timer("duration", "P1D"), extra=clock) + user("z")
    told = story(body + flows("s > a", "b > z")).start()
    world.clocks["answer"] = NOW + timedelta(days=20)
    told.then(lambda run: run.rearm("answer")).then(lambda run: run.rearm("other"))
    armed = told.seen(TimerArmed)
    assert [(change.due_at - NOW).days for change in armed] == [1, 20]
    assert [change.occurrence for change in armed] == [1, 2]
    assert {change.key for change in armed} == {armed[0].key}
    assert armed[1].clocks == ("answer",)
    assert told.ring("b").open == ["z"]


def test_a_message_event_waits_with_its_name_and_key(story):
    told = story(START + catch("m", MESSAGE) + user("z") + flows("s > m > z"), more=DECLARED).start({"id": 7})
    key = told.key("m")
    assert told.seen(SubscriptionOpened) == [SubscriptionOpened(key, "m", "message", "reply", "7", True)]
    assert told.tell("m", answer="yes").open == ["z"]
    assert told.seen(SubscriptionClosed) == [SubscriptionClosed(key, correlated=True)]
    assert told.vars == {"id": 7, "answer": "yes"}


@pytest.mark.parametrize("key", [None, True, ["x"], ""])
def test_a_correlation_key_is_a_text_or_a_number(story, key):
    told = story(START + catch("m", MESSAGE) + flows("s > m"), more=DECLARED).start({"id": key})
    assert told.incidents == [("m", "EXTRACT_VALUE_ERROR")]
    assert told.set(id="c-1").retry("m").open == ["m"]


def test_a_message_payload_leaves_only_through_mappings_if_there_are_any(story):
    body = START + catch("m", MESSAGE, mapping("out =answer -> reply")) + user("z") + flows("s > m > z")
    assert story(body, more=DECLARED).start({"id": "1"}).tell("m", answer="yes", evil=1).vars == {
        "id": "1",
        "reply": "yes",
    }


def test_a_receive_task_may_be_interrupted(story):
    body = (
        START
        + '<receiveTask id="r" messageRef="M"/>'
        + boundary("b", "r", timer("duration", "P1D"))
        + user("y")
        + user("z")
    )
    body += flows("s > r > z", "b > y")
    assert story(body, more=DECLARED).start({"id": "1"}).ring("b").open == ["y"]
    assert story(body, more=DECLARED).start({"id": "1"}).tell("r", x=1).open == ["z"]


def test_an_event_named_like_a_library_flag_is_an_ordinary_message(story):
    more = DECLARED.replace('name="reply"', 'name="event_fired"')
    told = story(START + catch("m", MESSAGE) + user("z") + flows("s > m > z"), more=more).start({"id": "1"})
    assert told.open == ["m"]
    assert told.tell("m").open == ["z"]


def test_a_non_interrupting_message_is_taken_again_and_again(story):
    body = (
        START + user("a") + boundary("b", "a", MESSAGE, interrupting=False, extra=mapping("out =n -> last"))
    )
    body += user("r") + flows("s > a", "b > r")
    told = story(body, more=DECLARED).start({"id": "1"})
    told.tell("b", n=1).tell("b", n=2)
    assert told.open == ["a", "r", "r"]
    assert told.armed == ["b"]
    assert told.vars["last"] == 2
    assert told.seen(SubscriptionClosed) == []
    assert told.do("a").armed == []


def test_the_payload_of_a_boundary_event_is_merged_around_it(story):
    body = (
        START
        + user("a", mapping("in =0 -> x"))
        + boundary("b", "a", MESSAGE)
        + user("z")
        + flows("s > a", "b > z")
    )
    assert story(body, more=DECLARED).start({"id": "1"}).tell("b", x=5).vars == {"id": "1", "x": 5}


def test_a_boundary_key_is_evaluated_around_the_activity(story):
    body = START + user("a", mapping("in inner -> id")) + boundary("b", "a", MESSAGE) + flows("s > a")
    told = story(body, more=DECLARED).start({"id": "outer"})
    assert told.seen(SubscriptionOpened)[0].correlation_key == "outer"


def test_a_boundary_timer_is_evaluated_inside_the_activity(story):
    body = (
        START
        + user("a", mapping("in PT3H -> wait"))
        + boundary("b", "a", timer("duration", "=wait"))
        + flows("s > a")
    )
    assert story(body).start({"wait": "PT1H"}).seen(TimerArmed)[0].due_at == NOW + timedelta(hours=3)


def test_signals_are_caught_without_a_key_and_thrown_with_mapped_variables(story):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + catch("c", SIGNAL)
        + throw("t", SIGNAL, mapping("in =1 -> level"))
    )
    told = story(body + flows("s > f > c", "f > t"), more=DECLARED).start()
    opened = told.seen(SubscriptionOpened)[0]
    assert (opened.kind, opened.name, opened.correlation_key) == ("signal", "alarm", None)
    [thrown] = told.seen(SignalThrown)
    assert (thrown.name, thrown.variables) == ("alarm", {"level": 1})
    assert told.tell("c").ended


def test_a_signal_end_event_throws(story):
    told = story(START + throw("t", SIGNAL, tag="endEvent") + flows("s > t"), more=DECLARED).start()
    assert told.ended
    assert [signal.name for signal in told.seen(SignalThrown)] == ["alarm"]


def test_message_throw_and_end_events_are_jobs(story):
    job = '<zeebe:taskDefinition type="send"/>'
    body = START + throw("t", MESSAGE, job) + throw("e", MESSAGE, job, tag="endEvent") + flows("s > t > e")
    told = story(body, more=DECLARED).start({"id": 1})
    assert told.open == ["t"]
    assert told.work("t", receipt=1).open == ["e"]
    assert told.work("e").ended
    assert told.vars == {"id": 1, "receipt": 1}


def test_the_first_event_behind_a_gateway_wins(story):
    body = START + '<eventBasedGateway id="g"/>' + catch("m", MESSAGE) + catch("t", timer("duration", "PT1H"))
    body += (
        catch("u", timer("duration", "PT2H"))
        + catch("x", SIGNAL)
        + '<receiveTask id="r" messageRef="M2"/>'
        + user("z")
    )
    body += flows("s > g > m > z", "g > t > z", "g > u > z", "g > x > z", "g > r > z")
    more = DECLARED + DECLARED.replace('id="M"', 'id="M2"').replace("reply", "other").split("<signal")[0]
    for event in ("m", "t", "u", "x", "r"):
        told = story(body, more=more).start({"id": "1"})
        assert sorted(told.armed) == ["m", "r", "t", "u", "x"]
        (told.ring if event in "tu" else told.tell)(event)
        assert (told.open, told.armed) == (["z"], [])
        assert told.passed[-1] == event
        with pytest.raises(AssertionError):
            told.tell("m")


def test_a_condition_may_be_the_first_event_behind_a_gateway(story):
    body = (
        START
        + '<eventBasedGateway id="g"/>'
        + catch("m", MESSAGE)
        + catch("c", conditional("=n &gt; 3"))
        + user("z")
    )
    body += flows("s > g > m", "g > c > z")
    told = story(body, more=DECLARED).start({"id": "1"})
    assert told.set(n=4).open == ["z"]
    assert story(body, more=DECLARED).start({"id": "1", "n": 5}).open == ["z"]


@pytest.mark.parametrize(("key", "text"), [("7.50", "7.5"), ("100", "100"), ("0.1", "0.1")])
def test_a_numeric_key_is_its_decimal_text(story, key, text):
    told = story(START + catch("m", MESSAGE) + flows("s > m"), more=DECLARED).start({"id": Decimal(key)})
    assert told.seen(SubscriptionOpened)[0].correlation_key == text


def test_a_payload_behind_an_event_gateway_follows_the_rules_of_the_catch_event(story):
    body = START + '<eventBasedGateway id="g"/>' + catch("m", MESSAGE, mapping("out =a + 1 -> b"))
    body += catch("t", timer("duration", "PT1H")) + user("z") + flows("s > g > m > z", "g > t > z")
    assert story(body, more=DECLARED).start({"id": "1"}).tell("m", a=1).vars == {"id": "1", "b": 2}


def test_a_failing_branch_of_an_event_gateway_is_repeated_as_a_whole(story):
    body = (
        START + '<eventBasedGateway id="g"/>' + catch("m", MESSAGE) + catch("t", timer("duration", "=wait"))
    )
    told = story(body + user("z") + flows("s > g > m > z", "g > t > z"), more=DECLARED).start({"id": "1"})
    assert told.incidents == [("g", "EXTRACT_VALUE_ERROR")]
    assert told.armed == []
    told.set(wait="PT1H").retry("g")
    assert sorted(told.armed) == ["m", "t"]


@pytest.mark.parametrize("early", [True, False])
def test_a_conditional_event_fires_when_true_at_once_or_after_a_change(story, early):
    body = START + catch("c", conditional("=n &gt; 3")) + user("z") + flows("s > c > z")
    told = story(body).start({"n": 5 if early else 1})
    if not early:
        assert told.open == ["c"]
        assert told.set(n=3).open == ["c"]
        told.set(n=4)
    assert told.open == ["z"]


def test_a_condition_on_a_variable_that_does_not_exist_yet_just_waits(story):
    told = story(START + catch("c", conditional("=n &gt; 3")) + user("z") + flows("s > c > z")).start()
    assert (told.open, told.incidents) == (["c"], [])
    assert told.set(n=4).open == ["z"]


def test_conditional_boundary_events_watch_what_their_activity_sees(story):
    body = (
        START
        + user("a", mapping("in =0 -> n"))
        + boundary("b", "a", conditional("=n &gt; 3"), interrupting=False)
    )
    body += (
        user("r") + boundary("k", "a", conditional("=stop")) + user("z") + flows("s > a", "b > r", "k > z")
    )
    told = story(body).start()
    assert told.set(n=9).open == ["a"]
    told.set(told.key("a"), local=True, n=4).set(told.key("a"), local=True, n=5).set(other=1)
    assert told.open == ["a", "r", "r"]
    told.set(stop=True)
    assert told.open == ["r", "r", "z"]


def test_a_condition_does_not_hear_of_variables_it_cannot_see(story):
    body = (
        START
        + user("a")
        + boundary("b", "a", conditional("=n &gt; 3"), interrupting=False)
        + user("r")
        + user("c")
    )
    told = story(body + flows("s > a", "s > c", "b > r")).start().set(n=4)
    assert sorted(told.open) == ["a", "c", "r"]
    told.set(told.key("c"), local=True, n=9)
    assert sorted(told.open) == ["a", "c", "r"]


def test_a_filter_limits_which_changes_count(story):
    filtered = '<zeebe:conditionalFilter variableNames="n" variableEvents="update"/>'
    body = (
        START
        + user("a")
        + boundary("b", "a", conditional("=true and m", filtered), interrupting=False)
        + user("r")
    )
    told = story(body + flows("s > a", "b > r")).start({"m": False})
    assert told.set(m=True).open == ["a"]
    assert told.set(n=1).open == ["a"]
    assert told.set(n=2).open == ["a", "r"]


def test_a_condition_becoming_true_inside_a_step_interrupts_at_once(story):
    body = START + service("a") + boundary("b", "a", conditional("=bad = true")) + user("y") + user("z")
    told = story(body + flows("s > a > z", "b > y")).start()
    told.then(lambda run: run.fail_job(told.key("a"), {"bad": True}))
    assert told.open == ["y"]


def test_delivering_to_a_subscription_that_has_gone_is_refused(story):
    body = START + user("a") + boundary("b", "a", MESSAGE) + flows("s > a")
    told = story(body, more=DECLARED).start({"id": "1"})
    key = told.key("b")
    told.do("a")
    with pytest.raises(ElementNotFound):
        told.run.deliver(key, {})


def test_a_start_event_with_a_trigger_begins_there_with_its_payload(story):
    body = (
        START + user("a") + f'<startEvent id="m">{MESSAGE}</startEvent>' + user("b") + flows("s > a", "m > b")
    )
    told = story(body, more=DECLARED).start(at="m", payload={"x": 1})
    assert (told.open, told.vars) == (["b"], {"x": 1})
    assert story(body, more=DECLARED).start().open == ["a"]


def test_every_branch_of_the_first_flow_still_counts_after_an_interruption(story):
    body = (
        START
        + '<parallelGateway id="f"/>'
        + user("a")
        + user("c")
        + boundary("b", "a", timer("duration", "PT1H"))
    )
    body += '<exclusiveGateway id="m"/><parallelGateway id="j"/>' + user("z")
    body += flows("s > f > a > m > j > z", "f > c > j", "b > m")
    told = story(body).start().ring("b").do("c")
    assert told.open == ["z"]


def test_flow_helper_names_are_used(story):
    told = story(START + user("a") + flow("s", "a", flow_id="F")).start()
    assert [change.flow_id for change in told.log if hasattr(change, "flow_id")] == ["F"]
