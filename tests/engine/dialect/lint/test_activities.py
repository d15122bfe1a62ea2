"""Activities: implementation, values, mappings, loops, properties, people, variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.dialect.lint import NOTHING_KNOWN
from tests.engine.dialect.lint.conftest import KNOWN


def element(tag: str, extensions: str, more: str = "", inside: str = "") -> str:
    return f"<{tag} id='a' {more}><extensionElements>{extensions}</extensionElements>{inside}</{tag}>"


def job(more: str = "", kind: str = "crm", retries: str = "") -> str:
    tries = f"retries='{retries}'" if retries else ""
    return element("serviceTask", f"<z:taskDefinition type='{kind}' {tries}/>{more}")


def script(expression: str = "=1", result: str = "r") -> str:
    return element("scriptTask", f"<z:script expression='{expression}' resultVariable='{result}'/>")


def person(more: str = "", groups: str = "handlers", around: str = "") -> str:
    return element(
        "userTask", f"<z:userTask/><z:assignmentDefinition candidateGroups='{groups}'/>{more}", inside=around
    )


def call(more: str) -> str:
    return element("callActivity", f"<z:calledElement {more}/>")


def many(attributes: str, inside: str = "", extra: str = "") -> str:
    return (
        f"<task id='a'><multiInstanceLoopCharacteristics {extra}>"
        f"<extensionElements><z:loopCharacteristics {attributes}/>"
        f"</extensionElements>{inside}</multiInstanceLoopCharacteristics></task>"
    )


def loop(attributes: str = "", condition: str | None = "=x") -> str:
    inside = "" if condition is None else f"<loopCondition>{condition}</loopCondition>"
    return (
        f"<task id='a'>"
        f"<standardLoopCharacteristics {attributes}>{inside}</standardLoopCharacteristics></task>"
    )


def mapped(mapping: str, tag: str = "task") -> str:
    return element(tag, f"<z:ioMapping>{mapping}</z:ioMapping>")


def noted(name: str, value: str, base: str = "task") -> str:
    return element(base, f"<z:properties><z:property name='{name}' value='{value}'/></z:properties>")


def on_process(name: str, value: str) -> str:
    prop = f"<z:properties><z:property name='{name}' value='{value}'/></z:properties>"
    return f"<extensionElements>{prop}</extensionElements><task id='a'/>"


MESSAGE_END = "<endEvent id='e'>{}<messageEventDefinition/></endEvent> | s>e"
JOB = "<extensionElements><z:taskDefinition type='x'/></extensionElements>"
IN_STEP = "redress:send-letter"
CLOCK = "<z:properties><z:property name='redress.clock' value='respond'/></z:properties>"
LIMIT = CLOCK.replace("redress.clock", "redress.noLaterThan")
STATES = CLOCK.replace("redress.clock", "redress.states").replace("respond", "closed")
ASYNC = "<z:properties><z:property name='redress.execution' value='{}'/></z:properties>"
TIMER = (
    "<boundaryEvent id='t' attachedToRef='a'><timerEventDefinition>"
    "<timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>"
)
DUE = "<z:taskSchedule dueDate='2026-12-01T09:00:00Z'/>"
ESCALATED = person(DUE) + TIMER + "| s>a a>e t>e"

RULES = [
    pytest.param(
        "implementation_missing", "<serviceTask id='a'/>", job(), id="service task without job type"
    ),
    pytest.param("implementation_missing", "<sendTask id='a'/>", job(), id="send task without job type"),
    pytest.param(
        "implementation_missing", "<scriptTask id='a'/>", script(), id="script task without expression"
    ),
    pytest.param(
        "implementation_missing", "<callActivity id='a'/>", call("processId='x'"), id="call without process"
    ),
    pytest.param(
        "implementation_missing",
        "<businessRuleTask id='a'/>",
        element("businessRuleTask", "<z:calledDecision decisionId='d' resultVariable='r'/>"),
        id="rule task without decision",
    ),
    pytest.param(
        "implementation_missing", MESSAGE_END.format(""), MESSAGE_END.format(JOB), id="message end is a job"
    ),
    pytest.param(
        "implementation_twice",
        script().replace("<extensionElements>", "<extensionElements><z:taskDefinition type='x'/>"),
        script(),
        id="script and job",
    ),
    pytest.param(
        "job_misplaced",
        f"<endEvent id='e'>{JOB}</endEvent>",
        MESSAGE_END.format(JOB),
        id="job on a plain end",
    ),
    pytest.param("user_task_legacy", "<userTask id='a'/>", person(), id="user task without zeebe:userTask"),
    pytest.param("attribute_missing", call(""), call("processId='x'"), id="call without process id"),
    pytest.param("bad_value", call("processId=' '"), call("processId='=p'"), id="empty process id"),
    pytest.param(
        "attribute_missing",
        element("businessRuleTask", "<z:calledDecision decisionId='d'/>"),
        element("businessRuleTask", "<z:calledDecision decisionId='d' resultVariable='r'/>"),
        id="decision without result variable",
    ),
    pytest.param("not_feel", script("1"), script("=1"), id="literal script"),
    pytest.param("feel_syntax", script("=1 +"), script("=1 + 1"), id="unreadable script"),
    pytest.param(
        "feel_too_long", script("=" + "1+" * 2048 + "1"), script("=" + "1+" * 40 + "1"), id="endless script"
    ),
    pytest.param("bad_value", script(result="my result"), script(result="my_result"), id="result variable"),
    pytest.param("bad_value", script(result="if"), script(result="iffy"), id="FEEL word as a variable"),
    pytest.param("bad_value", script(result="ä" * 247), script(result="ä" * 246), id="name of 494 bytes"),
    pytest.param("not_literal", script(result="=r"), script(result="r"), id="computed result variable"),
    pytest.param("bad_value", job(retries="0"), job(retries="3"), id="retries"),
    pytest.param("bad_value", job(retries="many"), job(retries="=n"), id="retries in words"),
    pytest.param("bad_value", job(kind=""), job(kind="=t"), id="empty job type"),
    pytest.param(
        "version_tag_missing", call("processId='x' bindingType='versionTag'"), call("processId='x'"), id="tag"
    ),
    pytest.param(
        "ignored",
        call("processId='x' versionTag='v'"),
        call("processId='x' bindingType='versionTag' versionTag='v'"),
        id="tag without binding",
    ),
    pytest.param(
        "bad_value", call("processId='x' bindingType='newest'"), call("processId='x'"), id="binding"
    ),
    pytest.param(
        "bad_value",
        call("processId='x' propagateAllChildVariables='no'"),
        call("processId='x' propagateAllChildVariables='false'"),
        id="boolean of an extension",
    ),
    pytest.param(
        "bad_value",
        call(f"processId='x' businessId='{'b' * 256}'"),
        call(f"processId='x' businessId='{'b' * 255}'"),
        id="business id",
    ),
    pytest.param(
        "form_misplaced",
        "<startEvent id='s'><extensionElements><z:formDefinition formId='f'/></extensionElements>"
        "<signalEventDefinition signalRef='alarm'/></startEvent>",
        "<startEvent id='s'><extensionElements>"
        "<z:formDefinition formId='f'/></extensionElements></startEvent>",
        id="form of a signal start",
    ),
    pytest.param(
        "form_misplaced",
        "<startEvent id='s'><extensionElements>"
        "<z:formDefinition externalReference='f'/></extensionElements></startEvent>",
        "<startEvent id='s'><extensionElements>"
        "<z:formDefinition formId='f'/></extensionElements></startEvent>",
        id="external start form",
    ),
    pytest.param(
        "form_empty", person("<z:formDefinition/>"), person("<z:formDefinition formId='f'/>"), id="no form"
    ),
    pytest.param(
        "form_twice",
        person("<z:formDefinition formId='f' externalReference='g'/>"),
        person("<z:formDefinition externalReference='g'/>"),
        id="two forms",
    ),
    pytest.param("bad_value", person(DUE.replace("T09", " 09")), ESCALATED, id="due date"),
    pytest.param(
        "bad_value",
        person("<z:priorityDefinition priority='101'/>"),
        person("<z:priorityDefinition priority='100'/>"),
        id="priority",
    ),
    pytest.param(
        "attribute_missing", mapped("<z:input source='=x'/>"), mapped("<z:input target='x'/>"), id="target"
    ),
    pytest.param(
        "attribute_missing",
        mapped("<z:output target='x'/>"),
        mapped("<z:output source='=y' target='x'/>"),
        id="source",
    ),
    pytest.param(
        "bad_value", mapped("<z:input target='a-b'/>"), mapped("<z:input target='a.b'/>"), id="mapping target"
    ),
    pytest.param(
        "bad_value", mapped("<z:input target='a..b'/>"), mapped("<z:input target='a_b'/>"), id="target path"
    ),
    pytest.param(
        "input_misplaced",
        "<startEvent id='s'><extensionElements><z:ioMapping>"
        "<z:input target='x'/></z:ioMapping></extensionElements>"
        "</startEvent>",
        "<startEvent id='s'><extensionElements><z:ioMapping><z:output source='=y' target='x'/></z:ioMapping>"
        "</extensionElements></startEvent>",
        id="input mapping of a catching event",
    ),
    pytest.param(
        "header_twice",
        job("<z:taskHeaders><z:header key='k' value='1'/><z:header key='k' value='2'/></z:taskHeaders>"),
        job("<z:taskHeaders><z:header key='k' value='1'/><z:header key='l'/></z:taskHeaders>"),
        id="header twice",
    ),
    pytest.param(
        "headers_misplaced",
        script().replace("</extensionElements>", "<z:taskHeaders/></extensionElements>"),
        job("<z:taskHeaders/>"),
        id="headers without job",
    ),
    pytest.param(
        "collection_missing",
        "<task id='a'><multiInstanceLoopCharacteristics/></task>",
        many("inputCollection='=xs'"),
        id="multi-instance without collection",
    ),
    pytest.param(
        "not_feel", many("inputCollection='xs'"), many("inputCollection='=xs'"), id="literal collection"
    ),
    pytest.param(
        "output_incomplete",
        many("inputCollection='=xs' outputCollection='ys'"),
        many("inputCollection='=xs' outputCollection='ys' outputElement='=y'"),
        id="output collection without element",
    ),
    pytest.param(
        "not_feel",
        many("inputCollection='=xs'", "<completionCondition>done</completionCondition>"),
        many(
            "inputCollection='=xs'",
            "<completionCondition>=numberOfCompletedInstances &gt; 1</completionCondition>",
        ),
        id="completion condition",
    ),
    pytest.param(
        "element_refused",
        many("inputCollection='=xs'", "<loopCardinality>3</loopCardinality>"),
        many("inputCollection='=xs'"),
        id="loop cardinality",
    ),
    pytest.param(
        "value_refused",
        many("inputCollection='=xs'", extra="behavior='One'"),
        many("inputCollection='=xs'", extra="behavior='All' isSequential='true'"),
        id="behaviour",
    ),
    pytest.param(
        "loop_endless", loop(condition=None), loop("loopMaximum='3'", None), id="loop without limit"
    ),
    pytest.param(
        "bad_value", loop("loopMaximum='0'"), loop("loopMaximum='1' testBefore='true'"), id="loop maximum"
    ),
    pytest.param("not_feel", loop(condition="x"), loop(), id="literal loop condition"),
    pytest.param(
        "loop_twice",
        loop().replace("</task>", "<standardLoopCharacteristics loopMaximum='2'/></task>"),
        loop(),
        id="two loop markers",
    ),
    pytest.param(
        "loop_misplaced",
        "<task id='a'/><subProcess id='v' triggeredByEvent='true'><startEvent id='i'><signalEventDefinition"
        " signalRef='alarm'/></startEvent>"
        "<standardLoopCharacteristics loopMaximum='2'/></subProcess> | s>a a>e",
        "<task id='a'/><subProcess id='v' triggeredByEvent='true'><startEvent id='i'><signalEventDefinition"
        " signalRef='alarm'/></startEvent></subProcess> | s>a a>e",
        id="looping event sub-process",
    ),
    pytest.param(
        "property_unknown", noted("redress.colour", "x"), noted("colour", "x"), id="unknown property"
    ),
    pytest.param(
        "not_supported_yet", noted("redress.recalculate", "x"), noted("recalculate", "x"), id="later property"
    ),
    pytest.param(
        "property_twice",
        noted("redress.calendar", "uk-england").replace(
            "</z:properties>", "<z:property name='redress.calendar' value='uk-scotland'/></z:properties>"
        ),
        noted("redress.calendar", "uk-england"),
        id="property twice",
    ),
    pytest.param(
        "property_value",
        noted("redress.calendar", "atlantis"),
        noted("redress.calendar", "uk-england"),
        id="calendar",
    ),
    pytest.param(
        "property_misplaced",
        noted("redress.timeZone", "Europe/London"),
        on_process("redress.timeZone", "Europe/London"),
        id="time zone of a task",
    ),
    pytest.param(
        "property_value",
        on_process("redress.timeZone", "Mars"),
        on_process("redress.timeZone", "UTC"),
        id="time zone",
    ),
    pytest.param(
        "property_misplaced",
        noted("redress.clock", "respond"),
        person(CLOCK) + TIMER + "| s>a a>e t>e",
        id="clock",
    ),
    pytest.param(
        "property_misplaced",
        person(STATES) + TIMER + "| s>a a>e t>e",
        person(LIMIT) + TIMER + "| s>a a>e t>e",
        id="states of a start",
    ),
    pytest.param(
        "property_misplaced",
        noted("redress.noLaterThan", "respond"),
        person(LIMIT) + TIMER + "| s>a a>e t>e",
        id="limit",
    ),
    pytest.param(
        "property_value",
        person(LIMIT.replace("respond", "")) + TIMER + "| s>a a>e t>e",
        person(LIMIT) + TIMER + "| s>a a>e t>e",
        id="limit without name",
    ),
    pytest.param(
        "property_value",
        person(CLOCK.replace("respond", "")) + TIMER + "| s>a a>e t>e",
        person(CLOCK) + TIMER + "| s>a a>e t>e",
        id="clock without name",
    ),
    pytest.param(
        "property_value",
        person(CLOCK.replace("respond", "respond,")) + TIMER + "| s>a a>e t>e",
        person(CLOCK.replace("respond", "aim, respond")) + TIMER + "| s>a a>e t>e",
        id="clock without name among several",
    ),
    pytest.param(
        "word_unknown",
        person(CLOCK.replace("respond", "respond, respnd")) + TIMER + "| s>a a>e t>e",
        person(CLOCK) + TIMER + "| s>a a>e t>e",
        id="unknown clock among several",
    ),
    pytest.param(
        "property_misplaced",
        noted("redress.execution", "async"),
        job(ASYNC.format("async"), IN_STEP),
        id="execution",
    ),
    pytest.param(
        "property_value",
        job(ASYNC.format("later"), IN_STEP),
        job(ASYNC.format("in-transaction"), IN_STEP),
        id="mode",
    ),
    pytest.param(
        "property_value",
        job(ASYNC.format("in-transaction")),
        job(ASYNC.format("async")),
        id="a worker outside the service cannot be in the transaction",
    ),
    pytest.param("nobody_assigned", person(groups=""), person(groups="=g"), id="task nobody can take"),
    pytest.param(
        "word_unknown", person(groups="handlers, handelers"), person(groups="handlers,quality"), id="group"
    ),
    pytest.param("deadline_without_escalation", person(DUE), ESCALATED, id="deadline nobody is told about"),
    pytest.param(
        "deadline_without_escalation",
        person(CLOCK),
        person(CLOCK) + TIMER + "| s>a a>e t>e",
        id="case clock alone",
    ),
    pytest.param(
        "deadline_without_escalation",
        person(DUE),
        person(DUE) + "<subProcess id='v' triggeredByEvent='true'><startEvent id='i'><timerEventDefinition>"
        "<timeDuration>P1D</timeDuration></timerEventDefinition></startEvent></subProcess> | s>a a>e",
        id="deadline with a timer around it",
    ),
    pytest.param(
        "job_type_unknown", job(kind="redress:sendletter"), job(kind=IN_STEP), id="unknown in-step job type"
    ),
    pytest.param(
        "job_type_doubtful", job(kind="redres:send-letter"), job(kind="crm"), id="slip in a job type"
    ),
    pytest.param(
        "word_unknown",
        job("<z:taskHeaders><z:header key='letter' value='aknowledgement'/></z:taskHeaders>", IN_STEP),
        job("<z:taskHeaders><z:header key='letter' value='acknowledgement'/></z:taskHeaders>", IN_STEP),
        id="unknown letter",
    ),
    pytest.param(
        "calendar_unknown",
        script('=addWorkingDays(d, 3, "uk")'),
        script('=addWorkingDays(d, 3, "uk-scotland")'),
        id="unknown calendar in an expression",
    ),
    pytest.param(
        "function_unknown", script("=adWorkingDays(d, 3)"), script("=addWorkingDays(d, 3)"), id="function"
    ),
]


@pytest.mark.parametrize(("code", "bad", "good"), RULES)
def test_activities_say_what_they_do(tell_apart, code: str, bad: str, good: str) -> None:
    tell_apart(code, bad, good)


@pytest.mark.parametrize(
    "tag", ["task", "manualTask", "userTask", "receiveTask", "subProcess", "transaction"]
)
def test_both_mappings_are_allowed_on_activities(lint: Callable, tag: str) -> None:
    drawing = mapped("<z:input source='=x' target='x'/><z:output source='=x' target='y'/>", tag)
    drawing = drawing.replace("<receiveTask", "<receiveTask messageRef='reply'")
    drawing = drawing.replace("</subProcess>", "<startEvent id='i'/></subProcess>")
    drawing = drawing.replace("</transaction>", "<startEvent id='i'/></transaction>")

    assert not [finding for finding in lint(drawing) if finding.severity == "error"]


def test_a_literal_mapping_source_may_be_anything(lint: Callable) -> None:
    assert lint(mapped("<z:input source='5 and more' target='x'/>")) == ()


def test_advice_names_what_was_probably_meant(lint: Callable) -> None:
    (found,) = lint(job(kind="redress:sendletter"))

    assert found.advice == "Did you mean redress:send-letter?"


def test_a_variable_that_looks_like_a_slip_is_found(lint: Callable) -> None:
    drawing = script("=1", "severity").replace("'a'", "'b'") + script("=severty") + "| s>b b>a a>e"

    (found,) = lint(drawing)

    assert (found.code, found.advice) == ("variable_unknown", "Did you mean severity?")


def test_a_variable_may_come_from_anywhere_while_sources_are_open(lint: Callable) -> None:
    assert lint(script("=product")) == ()


def test_a_slip_of_a_start_variable_is_found(lint: Callable) -> None:
    assert lint(script("=channel")) == ()
    (found,) = lint(script("=chanel"))
    assert (found.code, found.advice) == ("variable_unknown", "Did you mean channel?")


def test_a_slip_of_what_an_in_step_job_returns_is_found(lint: Callable) -> None:
    drawing = job(kind=IN_STEP).replace("'a'", "'b'") + script("=letterKey + leterKey") + "| s>b b>a a>e"

    (found,) = lint(drawing)

    assert found.attribute == "leterKey"


def test_a_slip_of_what_a_form_asks_is_found(lint: Callable) -> None:
    form = "<z:formDefinition formId='f'/>"
    known = replace(KNOWN, form_fields={"f": frozenset({"answer"})})
    drawing = person(form).replace("'a'", "'b'") + script("=answr") + "| s>b b>a a>e"

    (found,) = lint(drawing, known=known)
    assert found.attribute == "answr"


def test_a_deadline_is_watched_if_any_timer_follows_its_clock(lint: Callable) -> None:
    due = person("""<z:taskSchedule dueDate='=clock("respond").bound'/>""")
    timer = (
        "<intermediateCatchEvent id='t'><timerEventDefinition><timeDate>"
        '=clock("{}").warnAt(0.8)</timeDate></timerEventDefinition></intermediateCatchEvent>'
        " | s>a s>t a>e t>e"
    )

    assert lint(due + timer.format("respond")) == ()
    assert [found.code for found in lint(due + timer.format("update"))] == ["deadline_without_escalation"]


def test_a_plural_is_another_name(lint: Callable) -> None:
    assert lint(script("=issues", "issue")) == ()


def test_an_expression_nested_beyond_reason_is_refused(lint: Callable) -> None:
    (found,) = lint(script("=" + "(" * 1_000 + "1" + ")" * 1_000))

    assert found.severity == "error"


def test_what_is_not_known_is_not_judged(lint: Callable) -> None:
    drawing = job("<z:taskHeaders><z:header key='letter' value='x'/></z:taskHeaders>", "redress:anything")

    assert lint(drawing, known=NOTHING_KNOWN) == ()
