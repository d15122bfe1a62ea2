"""Sequence flows, gateways and the paths they make."""

from __future__ import annotations

from collections.abc import Callable

import pytest

A, B = "<task id='a'/>", "<task id='b'/>"
IF = "<conditionExpression xsi:type='bpmn:tFormalExpression'>{}</conditionExpression>"


def flow(source: str, target: str, condition: str | None = None, more: str = "") -> str:
    inside = IF.format(condition) if condition is not None else ""
    return (
        f"<sequenceFlow id='{source}-{target}' sourceRef='{source}'"
        f" targetRef='{target}' {more}>{inside}</sequenceFlow>"
    )


def choice(first: str | None, second: str | None, default: str = "", tag: str = "exclusiveGateway") -> str:
    """Return a drawing in which a gateway decides between a and b."""
    marked = f"default='{default}'" if default else ""
    return f"<{tag} id='g' {marked}/>{A}{B}{flow('g', 'a', first)}{flow('g', 'b', second)} | s>g a>e b>e"


GOOD_CHOICE = choice("=x", None, "g-b")
EVENTS_AFTER = (
    "<eventBasedGateway id='g'/>"
    "<intermediateCatchEvent id='a'><messageEventDefinition messageRef='reply'/></intermediateCatchEvent>"
    "<intermediateCatchEvent id='b'><timerEventDefinition>"
    "<timeDuration>P1D</timeDuration></timerEventDefinition>"
    "</intermediateCatchEvent> | s>g g>a g>b a>e b>e"
)
SUB = "<subProcess id='a'><startEvent id='i'/><task id='j'/>" + flow("i", "j") + "</subProcess>"

RULES = [
    pytest.param("dangling_reference", A + flow("a", "x") + "| s>a a>e", A, id="flow to nowhere"),
    pytest.param("dangling_reference", A + flow("x", "a") + "| s>a a>e", A, id="flow from nowhere"),
    pytest.param("flow_across_scopes", SUB + flow("a", "j") + "| s>a a>e", SUB, id="flow into a sub-process"),
    pytest.param("start_with_incoming", A + "| s>a a>s a>e", A, id="flow into a start"),
    pytest.param("end_with_outgoing", A + "| s>a a>e e>a", A, id="flow out of an end"),
    pytest.param(
        "boundary_with_incoming",
        "<userTask id='a'/><boundaryEvent id='t' attachedToRef='a'><errorEventDefinition/></boundaryEvent>"
        " | s>a a>e a>t t>e",
        "<userTask id='a'/><boundaryEvent id='t' attachedToRef='a'><errorEventDefinition/></boundaryEvent>"
        " | s>a a>e t>e",
        id="flow into a boundary event",
    ),
    pytest.param(
        "event_sub_process_with_flows",
        A + "<subProcess id='v' triggeredByEvent='true'>"
        "<startEvent id='i'><signalEventDefinition signalRef='alarm'/>"
        "</startEvent><task id='j'/>" + flow("i", "j") + "</subProcess> | s>a a>e a>v",
        A + "<subProcess id='v' triggeredByEvent='true'>"
        "<startEvent id='i'><signalEventDefinition signalRef='alarm'/>"
        "</startEvent><task id='j'/>" + flow("i", "j") + "</subProcess> | s>a a>e",
        id="flow into an event sub-process",
    ),
    pytest.param(
        "gateway_without_outgoing", "<parallelGateway id='a'/> | s>a s>e", A, id="gateway as an end"
    ),
    pytest.param(
        "path_ends_here",
        "<userTask id='a'/><boundaryEvent id='t' attachedToRef='a'><errorEventDefinition/></boundaryEvent>",
        "<userTask id='a'/><boundaryEvent id='t' attachedToRef='a'><errorEventDefinition/></boundaryEvent>"
        "| s>a a>e t>e",
        id="boundary event that leads nowhere",
    ),
    pytest.param(
        "condition_missing", choice("=x", None), GOOD_CHOICE, id="flow of a gateway without condition"
    ),
    pytest.param(
        "condition_missing", choice("=x", None, tag="inclusiveGateway"), GOOD_CHOICE, id="the same, inclusive"
    ),
    pytest.param(
        "default_always",
        "<task id='a' default='f'/><endEvent id='b'/><sequenceFlow id='f' sourceRef='a' targetRef='b'/> | s>a a>e",
        "<task id='a' default='f'/><endEvent id='b'/><sequenceFlow id='f' sourceRef='a' targetRef='b'/>"
        "<sequenceFlow id='g' sourceRef='a' targetRef='e'><conditionExpression>=x</conditionExpression></sequenceFlow>"
        " | s>a",
        id="default flow beside flows without condition only",
    ),
    pytest.param("gateway_without_default", choice("=x", "=y"), GOOD_CHOICE, id="gateway without default"),
    pytest.param(
        "condition_ignored", choice("=x", "=y", "g-b"), GOOD_CHOICE, id="condition on the default flow"
    ),
    pytest.param(
        "dangling_reference", choice("=x", "=y", "a-e"), GOOD_CHOICE, id="default flow of another element"
    ),
    pytest.param("not_feel", choice("approved", None, "g-b"), GOOD_CHOICE, id="literal condition"),
    pytest.param("not_feel", choice("", None, "g-b"), GOOD_CHOICE, id="empty condition"),
    pytest.param("feel_syntax", choice("=x and", None, "g-b"), GOOD_CHOICE, id="unreadable condition"),
    pytest.param(
        "language_refused",
        choice("=x", None, "g-b").replace("<conditionExpression", "<conditionExpression language='python'"),
        choice("=x", None, "g-b").replace("<conditionExpression", "<conditionExpression language='feel'"),
        id="condition in another language",
    ),
    pytest.param(
        "condition_misplaced",
        "<parallelGateway id='g'/>" + A + B + flow("g", "a", "=x") + "| s>g g>b a>e b>e",
        A + B + flow("a", "b", "=x") + "| s>a a>e b>e",
        id="condition after a parallel gateway; after an activity it is fine",
    ),
    pytest.param(
        "condition_twice", choice("=x > 1", "=x  > 1"), choice("=x", "=y"), id="same condition twice"
    ),
    pytest.param(
        "conditions_overlap",
        choice("=x &gt; 1", "=x &gt; 5"),
        choice("=x &gt; 5", "=x &lt;= 5"),
        id="overlap",
    ),
    pytest.param(
        "conditions_overlap",
        choice("=x &gt;= 5", "=x &lt;= 5"),
        choice("=x &lt; 5", "=x &gt;= 5"),
        id="touch",
    ),
    pytest.param(
        "conditions_overlap", choice("=x between 1 and 5", "=x = 3"), choice("=a.x", "=b.x"), id="between"
    ),
    pytest.param(
        "event_gateway_too_small", "<eventBasedGateway id='g'/> | s>g g>e", EVENTS_AFTER, id="one event"
    ),
    pytest.param(
        "event_gateway_target",
        "<eventBasedGateway id='g'/>" + A + "| s>g g>a g>e a>e",
        EVENTS_AFTER,
        id="task",
    ),
    pytest.param(
        "event_gateway_target", EVENTS_AFTER + " s>a", EVENTS_AFTER, id="event with another incoming flow"
    ),
    pytest.param(
        "value_refused",
        EVENTS_AFTER.replace("<eventBasedGateway", "<eventBasedGateway eventGatewayType='Parallel'"),
        EVENTS_AFTER,
        id="parallel event gateway",
    ),
    pytest.param("unreachable", A + B + "| s>a a>e", A + B + "| s>a a>b b>e", id="node nobody reaches"),
    pytest.param("unreachable", A + B + "| s>e a>b b>a", A, id="island"),
    pytest.param(
        "never_ends", "<userTask id='a'/> | s>a a>a", "<userTask id='a'/> | s>a a>a a>e", id="no way out"
    ),
    pytest.param(
        "loop_without_wait",
        A + "| s>a a>a a>e",
        "<userTask id='a'/> | s>a a>a a>e",
        id="loop that never waits",
    ),
    pytest.param(
        "loop_without_wait",
        "<subProcess id='a'><startEvent id='i'/></subProcess> | s>a a>a a>e",
        "<subProcess id='a'><startEvent id='i'/><receiveTask id='j' messageRef='reply'/>"
        + flow("i", "j")
        + "</subProcess> | s>a a>a a>e",
        id="loop through a sub-process",
    ),
    pytest.param("start_missing", "<subProcess id='a'/>", SUB, id="sub-process without start"),
    pytest.param("start_twice", A + "<startEvent id='t'/> | s>a t>a a>e", A, id="two none starts"),
    pytest.param(
        "start_twice",
        SUB.replace("</sub", "<startEvent id='k'/></sub"),
        SUB,
        id="two starts of a sub-process",
    ),
]


@pytest.mark.parametrize(("code", "bad", "good"), RULES)
def test_flows_that_make_no_sense_are_found(tell_apart, code: str, bad: str, good: str) -> None:
    tell_apart(code, bad, good)


def test_a_process_without_start_begins_where_nothing_leads_to(lint: Callable) -> None:
    (found,) = lint("<task id='s'/>")

    assert (found.severity, found.code) == ("warning", "start_missing")


def test_a_process_in_which_nothing_can_begin_is_refused(lint: Callable) -> None:
    codes = {finding.code for finding in lint("<userTask id='s'/> | s>s s>e") if finding.severity == "error"}

    assert codes == {"start_missing", "unreachable"}


def test_an_activity_may_end_its_path(lint: Callable) -> None:
    assert lint(A + B + "| s>a a>b a>e") == ()


def test_overlapping_conditions_come_with_an_example(lint: Callable) -> None:
    (found,) = [
        found for found in lint(choice("=x &gt; 1", "=x &gt; 5")) if found.code == "conditions_overlap"
    ]

    assert "both true when x is 6; then 'g-a' is taken" in found.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('=k = "a"', '=k = "b"'),
        ('=k = "a"', "=k"),
        ("=x = 3", "=y = 3"),
        ("=x = 1 + 2", "=x = 3"),
        ("=f(x)", "=x"),
    ],
)
def test_only_a_certain_overlap_is_reported(lint: Callable, first: str, second: str) -> None:
    assert "conditions_overlap" not in {found.code for found in lint(choice(first, second))}


def test_an_unreadable_expression_is_shown_with_line_column_and_a_mark(lint: Callable) -> None:
    (found,) = [found for found in lint(choice("=x &gt; and b", None, "g-b")) if found.code == "feel_syntax"]

    assert "line 1, column 5" in found.message
    assert "\nx > and b\n    ^^^\n" in found.message


def test_a_link_is_a_path(lint: Callable) -> None:
    link = "<linkEventDefinition name='L'/>"
    drawing = (
        f"<intermediateThrowEvent id='a'>{link}</intermediateThrowEvent>"
        f"<intermediateCatchEvent id='b'>{link}</intermediateCatchEvent> | s>a b>e"
    )

    assert lint(drawing) == ()
