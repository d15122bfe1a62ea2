"""Events: the table of positions, references, timers, and catchers that clash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.dialect.lint import NOTHING_KNOWN

TASK = "<userTask id='a'/>"
DAY = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
CYCLE = "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>"
DATE = "<timerEventDefinition><timeDate>2027-01-01T09:00:00Z</timeDate></timerEventDefinition>"
MESSAGE = "<messageEventDefinition messageRef='reply'/>"
SIGNAL = "<signalEventDefinition signalRef='alarm'/>"
ERROR = "<errorEventDefinition errorRef='refused'/>"
ESCALATION = "<escalationEventDefinition escalationRef='late'/>"
LINK = "<linkEventDefinition name='L'/>"
TERMINATE = "<terminateEventDefinition/>"
CONDITION = "<conditionalEventDefinition><condition>=x</condition></conditionalEventDefinition>"
COMPENSATE = "<compensateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"
JOB = "<extensionElements><z:taskDefinition type='publish'/></extensionElements>"
DEFINITIONS = {
    "none": "",
    "message": MESSAGE,
    "timer": DAY,
    "signal": SIGNAL,
    "error": ERROR,
    "escalation": ESCALATION,
    "link": LINK,
    "terminate": TERMINATE,
    "conditional": CONDITION,
    "compensation": COMPENSATE,
    "cancel": CANCEL,
}
CATCH = "<intermediateCatchEvent id='a'>{}</intermediateCatchEvent>"
THROW = "<intermediateThrowEvent id='a'>{}</intermediateThrowEvent>"
END = "<endEvent id='e'>{}</endEvent> | s>e"
START = "<startEvent id='s'>{}</startEvent>"
ALL_AT = {"process start": START, "catch": CATCH, "throw": THROW, "end": END}
ALLOWED = {
    "process start": {"none", "message", "timer", "signal", "conditional"},
    "event sub-process start": {
        *("message", "timer", "signal", "error", "escalation", "conditional", "compensation"),
    },
    "catch": {"message", "timer", "signal", "link", "conditional"},
    "boundary": {
        "message",
        "timer",
        "signal",
        "error",
        "escalation",
        "conditional",
        "compensation",
        "cancel",
    },
    "throw": {"none", "message", "signal", "escalation", "link", "compensation"},
    "end": {"none", "message", "signal", "error", "escalation", "terminate", "compensation", "cancel"},
}


def boundary(definition: str, more: str = "", event_id: str = "t") -> str:
    return f"<boundaryEvent id='{event_id}' attachedToRef='a' {more}>{definition}</boundaryEvent>"


def aside(definition: str, more: str = "", scope: str = "v") -> str:
    """Return an event sub-process."""
    return (
        f"<subProcess id='{scope}' triggeredByEvent='true'>"
        f"<startEvent id='{scope}s' {more}>{definition}</startEvent>"
        f"<task id='{scope}t'/>"
        f"<sequenceFlow id='{scope}f' sourceRef='{scope}s' targetRef='{scope}t'/></subProcess>"
    )


def inside(body: str, more: str = "", tag: str = "subProcess") -> str:
    """Return a sub-process ``a`` that runs straight through ``body``, whose first element is ``b``."""
    return (
        f"<{tag} id='a' {more}>"
        f"<startEvent id='i'/>{body}<sequenceFlow id='i-b' sourceRef='i' targetRef='b'/></{tag}>"
    )


@pytest.mark.parametrize("kind", DEFINITIONS)
@pytest.mark.parametrize("position", ALLOWED)
def test_each_event_stands_only_where_the_table_says(lint: Callable, position: str, kind: str) -> None:
    definition = DEFINITIONS[kind]
    if position == "process start" and kind == "timer":
        definition = DATE
    job = JOB if kind == "message" and position in ("throw", "end") else ""
    if position == "boundary":
        drawing = TASK + boundary(definition) + "| s>a a>e t>e"
    elif position == "event sub-process start":
        drawing = TASK + aside(definition) + "| s>a a>e"
    else:
        drawing = ALL_AT[position].format(job + definition)

    codes = {finding.code for finding in lint(drawing) if finding.severity == "error"}

    assert ("event_not_allowed" not in codes) == (kind in ALLOWED[position]), codes


def test_a_cancel_event_stands_on_and_in_transactions_only(tell_apart: Callable) -> None:
    body = "<endEvent id='b'><cancelEventDefinition/></endEvent>"
    good = inside(body, tag="transaction") + boundary(CANCEL) + "| s>a a>e t>e"

    tell_apart("cancel_misplaced", inside("<endEvent id='b'/>") + boundary(CANCEL) + "| s>a a>e t>e", good)
    tell_apart("cancel_misplaced", inside(body), good)


def test_the_start_of_a_sub_process_has_no_trigger(tell_apart: Callable) -> None:
    sub = "<subProcess id='a'><startEvent id='i'>{}</startEvent></subProcess>"

    tell_apart("event_not_allowed", sub.format(SIGNAL), sub.format(""))


ON_TASK = TASK + "{} | s>a a>e t>e"
RULES = [
    pytest.param("event_multiple", CATCH.format(MESSAGE + SIGNAL), CATCH.format(MESSAGE), id="two triggers"),
    pytest.param(
        "must_interrupt",
        ON_TASK.format(boundary(ERROR, "cancelActivity='false'")),
        ON_TASK.format(boundary(ERROR)),
        id="error boundary event that does not interrupt",
    ),
    pytest.param(
        "must_interrupt",
        TASK + aside(ERROR, "isInterrupting='false'") + "| s>a a>e",
        TASK + aside(ERROR) + "| s>a a>e",
        id="error event sub-process that does not interrupt",
    ),
    pytest.param(
        "message_missing", CATCH.format("<messageEventDefinition/>"), CATCH.format(MESSAGE), id="no message"
    ),
    pytest.param(
        "message_missing", "<receiveTask id='a'/>", "<receiveTask id='a' messageRef='reply'/>", id="receive"
    ),
    pytest.param(
        "dangling_reference", CATCH.format(MESSAGE.replace("reply", "x")), CATCH.format(MESSAGE), id="message"
    ),
    pytest.param(
        "dangling_reference",
        THROW.format(JOB + MESSAGE.replace("reply", "x")),
        THROW.format(JOB + "<messageEventDefinition/>"),
        id="unknown message of a throw; none at all is fine, as it is a job",
    ),
    pytest.param(
        "message_nameless",
        CATCH.format(MESSAGE.replace("reply", "nameless")),
        CATCH.format(MESSAGE),
        id="name",
    ),
    pytest.param(
        "correlation_key_missing",
        CATCH.format(MESSAGE.replace("reply", "keyless")),
        START.format(MESSAGE.replace("reply", "keyless")),
        id="message without correlation key; a process start needs none",
    ),
    pytest.param(
        "start_reads_variables",
        START.format(MESSAGE.replace("reply", "computed")),
        CATCH.format(MESSAGE.replace("reply", "computed")),
        id="start message named by a variable",
    ),
    pytest.param(
        "signal_missing", CATCH.format("<signalEventDefinition/>"), CATCH.format(SIGNAL), id="no signal"
    ),
    pytest.param(
        "signal_nameless",
        THROW.format(SIGNAL.replace("alarm", "mute")),
        THROW.format(SIGNAL),
        id="mute signal",
    ),
    pytest.param(
        "error_missing",
        END.format("<errorEventDefinition/>"),
        END.format(ERROR),
        id="error end without error",
    ),
    pytest.param(
        "code_missing", END.format(ERROR.replace("refused", "codeless")), END.format(ERROR), id="error code"
    ),
    pytest.param(
        "dangling_reference",
        ON_TASK.format(boundary(ERROR.replace("refused", "x"))),
        ON_TASK.format(boundary("<errorEventDefinition/>")),
        id="unknown error; none at all catches every error",
    ),
    pytest.param(
        "not_literal",
        ON_TASK.format(boundary(ERROR.replace("refused", "computed-error"))),
        END.format(ERROR.replace("refused", "computed-error")),
        id="computed code of a catcher; a thrower may compute it",
    ),
    pytest.param(
        "escalation_missing", THROW.format("<escalationEventDefinition/>"), THROW.format(ESCALATION), id="esc"
    ),
    pytest.param(
        "code_missing",
        THROW.format(ESCALATION.replace("late", "uncoded")),
        THROW.format(ESCALATION),
        id="escalation without code",
    ),
    pytest.param(
        "condition_missing",
        CATCH.format("<conditionalEventDefinition/>"),
        CATCH.format(CONDITION),
        id="condition",
    ),
    pytest.param(
        "not_feel",
        CATCH.format(CONDITION.replace("=x", "x")),
        CATCH.format(CONDITION),
        id="literal condition",
    ),
    pytest.param(
        "bad_value",
        CATCH.format(
            CONDITION.replace(
                "<condition>",
                "<extensionElements><z:conditionalFilter variableEvents='delete'/>"
                "</extensionElements><condition>",
            )
        ),
        CATCH.format(
            CONDITION.replace(
                "<condition>",
                "<extensionElements><z:conditionalFilter variableNames='x' variableEvents='create, update'/>"
                "</extensionElements><condition>",
            )
        ),
        id="events of a conditional filter",
    ),
    pytest.param(
        "dangling_reference",
        boundary(DAY) + "| s>e t>e",
        ON_TASK.format(boundary(DAY)),
        id="attached to nothing",
    ),
    pytest.param(
        "boundary_host",
        TASK + aside(SIGNAL) + boundary(DAY).replace("'a'", "'v'") + "| s>a a>e t>e",
        ON_TASK.format(boundary(DAY)),
        id="boundary event on an event sub-process",
    ),
    pytest.param(
        "never_fires",
        "<task id='a'/>" + boundary(DAY) + "| s>a a>e t>e",
        ON_TASK.format(boundary(DAY)),
        id="boundary event on a task passed through at once",
    ),
    pytest.param(
        "caught_twice",
        TASK + boundary(ERROR) + boundary(ERROR, event_id="u") + "| s>a a>e t>e u>e",
        TASK + boundary(ERROR) + boundary("<errorEventDefinition/>", event_id="u") + "| s>a a>e t>e u>e",
        id="same error twice; beside one for every error it is fine",
    ),
    pytest.param(
        "caught_twice",
        TASK
        + boundary("<errorEventDefinition/>")
        + boundary("<errorEventDefinition/>", event_id="u")
        + "| s>a a>e t>e u>e",
        ON_TASK.format(boundary("<errorEventDefinition/>")),
        id="two for every error",
    ),
    pytest.param(
        "caught_twice",
        TASK
        + boundary(MESSAGE)
        + boundary(MESSAGE.replace("reply", "also-reply"), event_id="u")
        + "| s>a a>e t>e u>e",
        TASK
        + boundary(MESSAGE)
        + boundary(MESSAGE.replace("reply", "answer"), event_id="u")
        + "| s>a a>e t>e u>e",
        id="same message name twice",
    ),
    pytest.param(
        "caught_twice",
        TASK + aside(ESCALATION) + aside(ESCALATION, scope="w") + "| s>a a>e",
        TASK + aside(ESCALATION) + "| s>a a>e",
        id="two event sub-processes for the same escalation",
    ),
    pytest.param(
        "caught_twice",
        START.format(MESSAGE) + START.format(MESSAGE).replace("'s'", "'r'") + "<task id='a'/> | s>a r>a a>e",
        START.format(MESSAGE) + aside(MESSAGE),
        id="two message starts of the same name; an event sub-process beside it is another moment",
    ),
    pytest.param(
        "link_nameless",
        CATCH.format("<linkEventDefinition/>") + "| s>e a>e",
        "<task id='a'/>",
        id="link name",
    ),
    pytest.param(
        "link_without_catch", THROW.format(LINK) + "| s>a", "<task id='a'/>", id="link nobody catches"
    ),
    pytest.param(
        "caught_twice",
        THROW.format(LINK)
        + CATCH.format(LINK).replace("'a'", "'b'")
        + CATCH.format(LINK).replace("'a'", "'c'")
        + "| s>a b>e c>e",
        THROW.format(LINK) + CATCH.format(LINK).replace("'a'", "'b'") + "| s>a b>e",
        id="link caught twice",
    ),
    pytest.param(
        "link_with_flow",
        THROW.format(LINK) + CATCH.format(LINK).replace("'a'", "'b'") + "| s>a a>b b>e",
        THROW.format(LINK) + CATCH.format(LINK).replace("'a'", "'b'") + "| s>a b>e",
        id="link with a flow",
    ),
]


@pytest.mark.parametrize(("code", "bad", "good"), RULES)
def test_events_are_complete_and_do_not_clash(tell_apart, code: str, bad: str, good: str) -> None:
    tell_apart(code, bad, good)


HANDLER = "<task id='h' isForCompensation='true'/>"
LINE = "<association id='l' sourceRef='t' targetRef='h'/>"
COMPENSATED = TASK + boundary(COMPENSATE) + HANDLER + LINE
COMPENSATION = [
    pytest.param("compensation_without_handler", TASK + boundary(COMPENSATE), COMPENSATED, id="no handler"),
    pytest.param("handler_without_event", TASK + HANDLER, COMPENSATED, id="handler alone"),
    pytest.param(
        "compensation_with_flows",
        COMPENSATED + "| s>a a>e t>e",
        COMPENSATED,
        id="flow instead of association",
    ),
    pytest.param(
        "handler_with_flows", COMPENSATED + "| s>a a>e h>e", COMPENSATED, id="flow out of a handler"
    ),
    pytest.param(
        "nothing_to_compensate",
        END.format(COMPENSATE),
        COMPENSATED + "<endEvent id='e'><compensateEventDefinition activityRef='a'/></endEvent>",
        id="nothing to compensate",
    ),
    pytest.param(
        "dangling_reference",
        COMPENSATED + "<endEvent id='e'><compensateEventDefinition activityRef='x'/></endEvent>",
        COMPENSATED + "<endEvent id='e'><compensateEventDefinition/></endEvent>",
        id="unknown activity",
    ),
    pytest.param(
        "value_refused",
        COMPENSATED + "<endEvent id='e'><compensateEventDefinition waitForCompletion='false'/></endEvent>",
        COMPENSATED + "<endEvent id='e'><compensateEventDefinition waitForCompletion='true'/></endEvent>",
        id="compensation that is not waited for",
    ),
]


@pytest.mark.parametrize(("code", "bad", "good"), COMPENSATION)
def test_compensation_is_drawn_completely(tell_apart, code: str, bad: str, good: str) -> None:
    tell_apart(code, bad, good)


def timer(kind: str, text: str) -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


TIMERS = [
    pytest.param("timer_definition", CATCH.format("<timerEventDefinition/>"), CATCH.format(DAY), id="none"),
    pytest.param(
        "timer_definition",
        CATCH.format(
            "<timerEventDefinition><timeDuration>P1D</timeDuration><timeDate>=x</timeDate></timerEventDefinition>"
        ),
        CATCH.format(DAY),
        id="two",
    ),
    pytest.param("timer_kind", CATCH.format(CYCLE), START.format(CYCLE), id="cycle in the middle"),
    pytest.param(
        "timer_kind", START.format(DAY), START.format(DATE), id="duration at the start of a process"
    ),
    pytest.param(
        "timer_kind",
        ON_TASK.format(boundary(CYCLE)),
        ON_TASK.format(boundary(CYCLE, "cancelActivity='false'")),
        id="cycle that interrupts",
    ),
    pytest.param(
        "timer_kind",
        TASK + aside(CYCLE) + "| s>a a>e",
        TASK + aside(CYCLE, "isInterrupting='false'") + "| s>a a>e",
        id="cycle that interrupts a scope",
    ),
    pytest.param("timer_empty", CATCH.format(timer("timeDuration", " ")), CATCH.format(DAY), id="empty"),
    pytest.param(
        "timer_unreadable", CATCH.format(timer("timeDuration", "1D")), CATCH.format(DAY), id="duration"
    ),
    pytest.param(
        "timer_unreadable",
        CATCH.format(timer("timeDate", "2026-13-01T09:00:00")),
        CATCH.format(DATE),
        id="date",
    ),
    pytest.param(
        "timer_unreadable",
        START.format(timer("timeCycle", "R0/PT1H")),
        START.format(CYCLE),
        id="never repeats",
    ),
    pytest.param(
        "timer_unreadable", START.format(timer("timeCycle", "R/PT0S")), START.format(CYCLE), id="no interval"
    ),
    pytest.param(
        "timer_unreadable",
        START.format(timer("timeCycle", "0 0 25 * * *")),
        START.format(timer("timeCycle", "0 0 9 * * MON-FRI")),
        id="cron",
    ),
    pytest.param(
        "feel_syntax",
        CATCH.format(timer("timeDate", "=now(")),
        CATCH.format(timer("timeDate", "=x")),
        id="FEEL",
    ),
    pytest.param(
        "start_reads_variables",
        START.format(timer("timeDate", "=receivedOn")),
        CATCH.format(timer("timeDate", "=receivedOn")),
        id="start timer that reads variables",
    ),
    pytest.param(
        "timer_unreadable",
        START.format(timer("timeDate", '="tomorrow"')),
        START.format(timer("timeDate", '="2027-01-01T09:00:00Z"')),
        id="start timer is computed at deployment",
    ),
    pytest.param(
        "timer_in_the_past",
        CATCH.format(timer("timeDate", "2026-11-02T09:00:00Z")),
        CATCH.format(timer("timeDate", "2026-11-02T09:00:01Z")),
        id="date that has passed",
    ),
]


@pytest.mark.parametrize(("code", "bad", "good"), TIMERS)
def test_timers_are_readable_and_can_fire(tell_apart, code: str, bad: str, good: str) -> None:
    tell_apart(code, bad, good)


def test_a_cycle_faster_than_the_service_allows_is_refused(lint: Callable) -> None:
    drawing = START.format(timer("timeCycle", "R/PT30S"))

    assert lint(drawing) == ()
    (found,) = lint(drawing, known=replace(NOTHING_KNOWN, shortest_cycle=timedelta(minutes=1)))
    assert found.code == "timer_unreadable"


def test_a_local_date_is_read_in_the_zone_of_the_process(lint: Callable) -> None:
    zone = (
        "<extensionElements><z:properties><z:property name='redress.timeZone' value='{}'/>"
        "</z:properties></extensionElements>"
    )
    date = CATCH.format(timer("timeDate", "2026-11-02T12:00:00"))  # now is 09:00 UTC

    assert lint(zone.format("Europe/London") + date) == ()
    (found,) = lint(zone.format("Asia/Tokyo") + date)
    assert found.code == "timer_in_the_past"


def test_a_date_that_a_case_clock_replaces_may_have_passed(lint: Callable) -> None:
    clock = (
        "<extensionElements><z:properties><z:property name='redress.clock' value='respond'/>"
        "</z:properties></extensionElements>"
    )

    assert lint(CATCH.format(clock + timer("timeDate", "2020-01-01T00:00:00Z"))) == ()
