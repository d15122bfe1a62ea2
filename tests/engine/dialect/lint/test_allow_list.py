"""What is not on the allow-list is refused, with its accepted counterpart beside it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.dialect.lint import check_diagram
from engine.dialect.xml import read_xml

X = "<extensionElements>{}</extensionElements>"
JOB = (
    "<serviceTask id='a'><extensionElements>"
    "<z:taskDefinition type='crm'/>{}</extensionElements></serviceTask>"
)
PLAIN = "<task id='a'/>"


def job(more: str = "") -> str:
    return JOB.format(more)


RULES = [
    pytest.param(
        "element_refused", "<complexGateway id='a'/>", "<exclusiveGateway id='a'/>", id="complex gateway"
    ),
    pytest.param("not_supported_yet", "<adHocSubProcess id='a'/>", PLAIN, id="ad-hoc sub-process"),
    pytest.param("element_unknown", "<choreographyTask id='a'/> | s>e", PLAIN, id="unknown element"),
    pytest.param(
        "element_refused",
        "<scriptTask id='a'><extensionElements>"
        "<z:script expression='=1' resultVariable='r'/></extensionElements>"
        "<script>import os</script></scriptTask>",
        "<scriptTask id='a'><extensionElements>"
        "<z:script expression='=1' resultVariable='r'/></extensionElements>"
        "</scriptTask>",
        id="program text in a script task",
    ),
    pytest.param(
        "element_refused",
        "<task id='a'><ioSpecification/></task>",
        "<task id='a'><property id='x' name='__targetRef_placeholder'/><dataInputAssociation/></task>",
        id="io specification, though drawn data associations are fine",
    ),
    pytest.param(
        "element_refused",
        "<task id='a'><potentialOwner/></task>",
        "<task id='a'><documentation/></task>",
        id="owner",
    ),
    pytest.param(
        "element_refused",
        "<startEvent id='s'><eventDefinitionRef>x</eventDefinitionRef></startEvent>",
        "<startEvent id='s'/>",
        id="event definition by reference",
    ),
    pytest.param(
        "attribute_unknown", "<task id='a' colour='red'/>", "<task id='a' name='A'/>", id="unknown attribute"
    ),
    pytest.param(
        "value_refused", "<task id='a' startQuantity='2'/>", "<task id='a' startQuantity='1'/>", id="quantity"
    ),
    pytest.param(
        "value_refused",
        "<task id='a' completionQuantity='0'/>",
        "<task id='a' completionQuantity='1'/>",
        id="quantities",
    ),
    pytest.param(
        "value_refused",
        "<receiveTask id='a' messageRef='reply' instantiate='true'/>",
        "<receiveTask id='a' messageRef='reply' instantiate='false'/>",
        id="receive task that starts a process",
    ),
    pytest.param("bad_value", "<task id='a' isForCompensation='maybe'/>", PLAIN, id="boolean"),
    pytest.param(
        "too_long", f"<task id='a' name='{'n' * 1001}'/>", f"<task id='a' name='{'n' * 1000}'/>", id="name"
    ),
    pytest.param(
        "extension_unknown",
        f"<task id='a'>{X.format('<z:magic/>')}</task>",
        PLAIN,
        id="unknown zeebe element",
    ),
    pytest.param(
        "extension_unknown",
        f"<task id='a'>{X.format('<z:calledElement processId=&quot;x&quot;/>')}</task>".replace(
            "&quot;", '"'
        ),
        f"<callActivity"
        f" id='a'>{X.format('<z:calledElement processId=&quot;x&quot;/>')}</callActivity>".replace(
            "&quot;", '"'
        ),
        id="zeebe element on the wrong element",
    ),
    pytest.param("extension_twice", job("<z:taskDefinition type='x'/>"), job(), id="extension there twice"),
    pytest.param(
        "extension_misplaced", "<task id='a'><z:ioMapping/></task>", PLAIN, id="zeebe outside extensions"
    ),
    pytest.param("not_supported_yet", job("<z:executionListeners/>"), job(), id="listeners"),
    pytest.param(
        "not_supported_yet", job("<z:jobPriorityDefinition priority='1'/>"), job(), id="job priority"
    ),
    pytest.param("element_refused", job("<z:linkedResources/>"), job(), id="linked resources"),
    pytest.param(
        "attribute_unknown",
        "<serviceTask id='a'><extensionElements>"
        "<z:taskDefinition type='x' speed='1'/></extensionElements></serviceTask>",
        job(),
        id="unknown attribute of an extension",
    ),
    pytest.param(
        "attribute_missing",
        "<serviceTask id='a'><extensionElements><z:taskDefinition/></extensionElements></serviceTask>",
        job(),
        id="missing attribute of an extension",
    ),
    pytest.param(
        "attribute_refused",
        "<callActivity id='a'><extensionElements><z:calledElement processId='x' processIdExpression='y'/>"
        "</extensionElements></callActivity>",
        "<callActivity id='a'><extensionElements>"
        "<z:calledElement processId='x'/></extensionElements></callActivity>",
        id="process id expression",
    ),
    pytest.param(
        "not_supported_yet",
        "<userTask id='a'><extensionElements><z:userTask/>"
        "<z:formDefinition formKey='k'/></extensionElements></userTask>",
        "<userTask id='a'><extensionElements><z:userTask/>"
        "<z:formDefinition formId='k'/></extensionElements></userTask>",
        id="form key",
    ),
    pytest.param(
        "camunda_7", "<userTask id='a' camunda:assignee='ann'/>", "<userTask id='a'/>", id="camunda attribute"
    ),
    pytest.param("camunda_7", f"<task id='a'>{X.format('<camunda:x/>')}</task>", PLAIN, id="camunda element"),
    pytest.param(
        "ignored", "<task id='a' z:modelerTemplate='t'/>", PLAIN, id="template marks are ignored by name"
    ),
    pytest.param(
        "ignored", f"<task id='a'>{X.format('<other:x/>')}</task>", PLAIN, id="other tools' extensions"
    ),
    pytest.param("ignored", "<task id='a' other:x='1'/>", PLAIN, id="other tools' attributes"),
    pytest.param(
        "ignored",
        job().replace("<serviceTask", "<serviceTask implementation='http://soap'"),
        job().replace("<serviceTask", "<serviceTask implementation='##unspecified'"),
        id="implementation of the standard",
    ),
    pytest.param(
        "id_too_long",
        f"<task id='{'i' * 201}'/> | s>{'i' * 201} {'i' * 201}>e",
        f"<task id='{'i' * 190}'/> | s>{'i' * 190} {'i' * 190}>e",
        id="long id",
    ),
    pytest.param("id_twice", "<task id='a'/><task id='a'/>", "<task id='a'/>", id="id used twice"),
    pytest.param(
        "id_malformed", "<task id='a b'/> | s>e", "<task id='a-b'/> | s>a-b a-b>e", id="id with a blank"
    ),
]


@pytest.mark.parametrize(("code", "bad", "good"), RULES)
def test_only_what_is_listed_is_accepted(tell_apart, code: str, bad: str, good: str) -> None:
    tell_apart(code, bad, good)


def test_ignored_things_are_named_once_with_their_number(lint: Callable) -> None:
    drawing = "<task id='a' z:modelerTemplate='t'/><task id='b' z:modelerTemplate='t'/> | s>a a>b b>e"

    (found,) = lint(drawing)

    assert found.message == "modelerTemplate is ignored (and 1 times more)."


def test_camunda_7_is_refused_in_drawn_parts_too(lint: Callable) -> None:
    found = lint("<laneSet id='l'><lane id='x' camunda:y='1'/></laneSet><task id='a'/>")

    assert [finding.code for finding in found] == ["camunda_7"]


@pytest.mark.parametrize(
    ("root", "codes"),
    [
        ('modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.9.0"', []),
        ('modeler:executionPlatform="Camunda Platform"', ["platform"]),
        ('modeler:executionPlatformVersion="8.10"', ["platform_newer"]),
        ('modeler:executionPlatformVersion="soon"', []),
    ],
)
def test_the_platform_is_judged(lint: Callable, root: str, codes: list[str]) -> None:
    assert [finding.code for finding in lint("", root=root)] == codes


@pytest.mark.parametrize("process", ["", 'isExecutable="false"'])
def test_a_file_without_executable_process_is_a_model_and_not_judged(lint: Callable, process: str) -> None:
    (found,) = lint("<complexGateway id='a' camunda:x='1'/>", process=process)

    assert (found.severity, found.code) == ("warning", "stored_as_model")


def test_an_executable_process_needs_an_id(whole_file: Callable) -> None:
    text = whole_file("").replace('<process id="p"', "<process")

    assert [finding.code for finding in check_diagram(read_xml(text.encode()))] == ["id_missing"]


def test_a_global_task_is_judged_like_a_process_with_that_task(lint: Callable) -> None:
    outside = "<globalScriptTask id='g'/><globalTask id='h' name='fine'/>"

    assert [finding.code for finding in lint("", outside=outside)] == ["implementation_missing"]


def test_several_problems_are_reported_together(lint: Callable) -> None:
    found = lint("<task id='a' colour='red'/><scriptTask id='b'/><userTask id='x y'/>")

    assert {finding.code for finding in found} >= {
        "attribute_unknown",
        "implementation_missing",
        "id_malformed",
        "unreachable",
    }


def test_every_finding_names_element_and_name(lint: Callable) -> None:
    (found,) = lint("<scriptTask id='a' name='Add\nup'/>")

    assert (found.element_id, found.element_name, found.attribute) == ("a", "Add up", "script")
