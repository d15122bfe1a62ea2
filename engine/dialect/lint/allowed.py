"""The allow-list: which element, attribute and extension may stand where. What is not listed here is refused.

Sources: ``design`` of the dialect §2 (kinds of attributes), §4 (activities), §10 (events), §11 (gateways).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from engine.dialect.ids import FLOW_NODES
from engine.dialect.lint.drawing import ACTIVITIES, EVENTS, GATEWAYS, TASKS


class Kind(StrEnum):
    """How the value of an attribute may be written (dialect §2)."""

    FEEL = "FEEL only"
    EITHER = "FEEL or literal"
    LITERAL = "literal only"
    IGNORED = "ignored"
    LATER = "not yet"
    REFUSED = "refused"


class Reads(StrEnum):
    """What a literal has to be."""

    TEXT = "text"
    FILLED = "text, not empty"
    NAME = "variable name"
    PATH = "variable path"
    RETRIES = "number of tries"
    PRIORITY = "number from 0 to 100"
    DATE_TIME = "date-time"
    BOOLEAN = "true or false"
    BINDING = "latest, deployment or versionTag"
    SHORT = "text shorter than 256 characters"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an extension element."""

    kind: Kind
    reads: Reads = Reads.TEXT
    required: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """A ``zeebe:`` element: its attributes and the elements within it."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    status: Kind | None = None  # None: built; LATER or REFUSED otherwise


def _feel(*, required: bool = True) -> Attribute:
    return Attribute(Kind.FEEL, required=required)


def _either(reads: Reads = Reads.TEXT, *, required: bool = False) -> Attribute:
    return Attribute(Kind.EITHER, reads, required)


def _literal(reads: Reads = Reads.TEXT, *, required: bool = False) -> Attribute:
    return Attribute(Kind.LITERAL, reads, required)


_BINDING: Final = {"bindingType": _literal(Reads.BINDING), "versionTag": _literal()}
_LATER: Final = Extension(status=Kind.LATER)

EXTENSIONS: Final[dict[str, Extension]] = {
    "versionTag": Extension({"value": _literal(Reads.FILLED, required=True)}),
    "properties": Extension(children=frozenset({"property"})),
    "property": Extension({"name": _literal(Reads.FILLED, required=True), "value": _literal()}),
    "ioMapping": Extension(children=frozenset({"input", "output"})),
    "input": Extension({"source": _either(), "target": _literal(Reads.PATH, required=True)}),
    "output": Extension({"source": _either(required=True), "target": _literal(Reads.PATH, required=True)}),
    "taskDefinition": Extension(
        {"type": _either(Reads.FILLED, required=True), "retries": _either(Reads.RETRIES)}
    ),
    "taskHeaders": Extension(children=frozenset({"header"})),
    "header": Extension({"key": _literal(Reads.FILLED, required=True), "value": _literal()}),
    "userTask": Extension(),
    "formDefinition": Extension(
        {
            "formId": _either(Reads.FILLED),
            **_BINDING,
            "externalReference": _either(),
            "formKey": Attribute(Kind.LATER),
        }
    ),
    "assignmentDefinition": Extension(
        {"assignee": _either(), "candidateGroups": _either(), "candidateUsers": _either()}
    ),
    "taskSchedule": Extension(
        {"dueDate": _either(Reads.DATE_TIME), "followUpDate": _either(Reads.DATE_TIME)}
    ),
    "priorityDefinition": Extension({"priority": _either(Reads.PRIORITY, required=True)}),
    "script": Extension({"expression": _feel(), "resultVariable": _literal(Reads.NAME, required=True)}),
    "calledDecision": Extension(
        {
            "decisionId": _either(Reads.FILLED, required=True),
            "resultVariable": _literal(Reads.NAME, required=True),
            **_BINDING,
        }
    ),
    "calledElement": Extension(
        {
            "processId": _either(Reads.FILLED, required=True),
            **_BINDING,
            "propagateAllParentVariables": _literal(Reads.BOOLEAN),
            "propagateAllChildVariables": _literal(Reads.BOOLEAN),
            "businessId": _either(Reads.SHORT),
            "processIdExpression": Attribute(Kind.REFUSED),
        }
    ),
    "loopCharacteristics": Extension(
        {
            "inputCollection": _feel(),
            "inputElement": _literal(Reads.NAME),
            "outputCollection": _literal(Reads.NAME),
            "outputElement": _feel(required=False),
        }
    ),
    "subscription": Extension({"correlationKey": _feel(required=False)}),
    "conditionalFilter": Extension({"variableNames": _literal(), "variableEvents": _literal()}),
    "executionListeners": _LATER,
    "taskListeners": _LATER,
    "adHoc": _LATER,
    "userTaskForm": _LATER,
    "jobPriorityDefinition": _LATER,
    "linkedResources": Extension(status=Kind.REFUSED),
}

# Written by modellers for themselves; without any effect here (dialect §5).
IGNORED_ZEEBE_ATTRIBUTES: Final = ("modelerTemplate", "modelerConfiguration", "retryCounter")

_LISTENERS: Final = frozenset({"executionListeners"})
_COMMON: Final = frozenset({"properties"}) | _LISTENERS
_MAPPED: Final = _COMMON | {"ioMapping"}
_JOB: Final = _MAPPED | {"taskDefinition", "taskHeaders", "jobPriorityDefinition", "linkedResources"}

EXTENSIONS_OF: Final[dict[str, frozenset[str]]] = {
    "process": _COMMON | {"versionTag", "userTaskForm", "jobPriorityDefinition"},
    "task": _MAPPED,
    "manualTask": _MAPPED,
    "userTask": _MAPPED
    | {"userTask", "formDefinition", "assignmentDefinition", "taskSchedule", "priorityDefinition"}
    | {"taskHeaders", "taskListeners"},
    "serviceTask": _JOB,
    "sendTask": _JOB,
    "scriptTask": _JOB | {"script"},
    "businessRuleTask": _JOB | {"calledDecision"},
    "receiveTask": _MAPPED,
    "callActivity": _MAPPED | {"calledElement"},
    "subProcess": _MAPPED,
    "transaction": _MAPPED,
    "startEvent": _MAPPED | {"formDefinition"},
    "intermediateCatchEvent": _MAPPED,
    "boundaryEvent": _MAPPED,
    "intermediateThrowEvent": _JOB,
    "endEvent": _JOB,
    "exclusiveGateway": _COMMON,
    "parallelGateway": _COMMON,
    "inclusiveGateway": _COMMON,
    "eventBasedGateway": _COMMON,
    "sequenceFlow": _COMMON,
    "multiInstanceLoopCharacteristics": frozenset({"loopCharacteristics"}),
    "conditionalEventDefinition": frozenset({"conditionalFilter"}),
    "message": frozenset({"subscription"}),
}

# Drawn: accepted without any effect at run time (dialect §4). Nothing inside them is looked at.
DRAWN: Final = frozenset(
    {
        *("laneSet", "dataObject", "dataObjectReference", "dataStoreReference", "association", "group"),
        *(
            "textAnnotation",
            "documentation",
            "incoming",
            "outgoing",
            "auditing",
            "monitoring",
            "categoryValueRef",
        ),
        *("dataInputAssociation", "dataOutputAssociation"),
    }
)
REFUSED: Final[dict[str, str]] = {
    "complexGateway": "Use exclusive, inclusive or parallel gateways.",
    "eventDefinitionRef": "Put the event definition into the event itself.",
    "ioSpecification": "Use input and output mappings.",
    "ioBinding": "Use input and output mappings.",
    "property": "Use process variables.",
    "dataInput": "Use input mappings.",
    "dataOutput": "Use output mappings.",
    "inputSet": "Use input mappings.",
    "outputSet": "Use output mappings.",
    "resourceRole": "Use the assignment of the user task.",
    "performer": "Use the assignment of the user task.",
    "humanPerformer": "Use the assignment of the user task.",
    "potentialOwner": "Use the assignment of the user task.",
    "script": "Write a FEEL expression into zeebe:script; programs in diagrams are not run.",
    "loopCardinality": "Give the multi-instance an input collection.",
    "loopDataInputRef": "Give the multi-instance an input collection.",
    "loopDataOutputRef": "Give the multi-instance an output collection and element.",
    "inputDataItem": "Give the multi-instance an input element.",
    "outputDataItem": "Give the multi-instance an output element.",
    "complexBehaviorDefinition": "Use a completion condition.",
    "correlationSubscription": "Give the message a correlation key.",
}
LATER: Final[dict[str, str]] = {
    "adHocSubProcess": "Use a sub-process with gateways until then.",
}

_TRIGGERS: Final = ("message", "timer", "signal", "error", "escalation", "link", "terminate")
DEFINITIONS: Final = frozenset(
    f"{name}EventDefinition" for name in (*_TRIGGERS, "conditional", "compensate", "cancel")
)
_LOOPS: Final = frozenset({"multiInstanceLoopCharacteristics", "standardLoopCharacteristics"})

CHILDREN_OF: Final[dict[str, frozenset[str]]] = {
    "process": FLOW_NODES | {"sequenceFlow"},
    **dict.fromkeys(TASKS | {"callActivity"}, _LOOPS),
    **dict.fromkeys(("subProcess", "transaction"), FLOW_NODES | {"sequenceFlow"} | _LOOPS),
    **dict.fromkeys(EVENTS, DEFINITIONS),
    **dict.fromkeys(GATEWAYS, frozenset()),
    "sequenceFlow": frozenset({"conditionExpression"}),
    "timerEventDefinition": frozenset({"timeDate", "timeDuration", "timeCycle"}),
    "conditionalEventDefinition": frozenset({"condition"}),
    "linkEventDefinition": frozenset({"source", "target"}),
    "messageEventDefinition": frozenset({"operationRef"}),
    "multiInstanceLoopCharacteristics": frozenset({"completionCondition"}),
    "standardLoopCharacteristics": frozenset({"loopCondition"}),
}
EXPRESSION_ELEMENTS: Final = frozenset(
    {
        "conditionExpression",
        "condition",
        "completionCondition",
        "loopCondition",
        "timeDate",
        "timeDuration",
        "timeCycle",
    }
)

_ACTIVITY: Final = frozenset({"default", "isForCompensation", "startQuantity", "completionQuantity"})
_SUB_PROCESS: Final = _ACTIVITY | {"triggeredByEvent"}
ATTRIBUTES_OF: Final[dict[str, frozenset[str]]] = {
    "process": frozenset({"isExecutable", "processType", "isClosed", "definitionalCollaborationRef"}),
    **dict.fromkeys(ACTIVITIES, _ACTIVITY),
    **dict.fromkeys(("userTask", "businessRuleTask"), _ACTIVITY | {"implementation"}),
    **dict.fromkeys(
        ("serviceTask", "sendTask"), _ACTIVITY | {"implementation", "operationRef", "messageRef"}
    ),
    "receiveTask": _ACTIVITY | {"implementation", "operationRef", "messageRef", "instantiate"},
    "scriptTask": _ACTIVITY | {"scriptFormat"},
    "callActivity": _ACTIVITY | {"calledElement"},
    "subProcess": _SUB_PROCESS,
    "transaction": _SUB_PROCESS | {"method"},
    "startEvent": frozenset({"isInterrupting", "parallelMultiple"}),
    "intermediateCatchEvent": frozenset({"parallelMultiple"}),
    "boundaryEvent": frozenset({"attachedToRef", "cancelActivity", "parallelMultiple"}),
    "exclusiveGateway": frozenset({"default", "gatewayDirection"}),
    "inclusiveGateway": frozenset({"default", "gatewayDirection"}),
    "parallelGateway": frozenset({"gatewayDirection"}),
    "eventBasedGateway": frozenset({"gatewayDirection", "instantiate", "eventGatewayType"}),
    "sequenceFlow": frozenset({"sourceRef", "targetRef", "isImmediate"}),
    "messageEventDefinition": frozenset({"messageRef"}),
    "signalEventDefinition": frozenset({"signalRef"}),
    "errorEventDefinition": frozenset({"errorRef"}),
    "escalationEventDefinition": frozenset({"escalationRef"}),
    "compensateEventDefinition": frozenset({"activityRef", "waitForCompletion"}),
    "multiInstanceLoopCharacteristics": frozenset(
        {"isSequential", "behavior", "oneBehaviorEventRef", "noneBehaviorEventRef"}
    ),
    "standardLoopCharacteristics": frozenset({"testBefore", "loopMaximum"}),
    **dict.fromkeys(EXPRESSION_ELEMENTS, frozenset({"language", "evaluatesToTypeRef"})),
}

# Attributes that may only have these values; any other one would change the meaning.
ONLY: Final[dict[tuple[str, str], tuple[frozenset[str], str]]] = {
    ("*", "startQuantity"): (frozenset({"1"}), "Only 1 is supported."),
    ("*", "completionQuantity"): (frozenset({"1"}), "Only 1 is supported."),
    ("*", "parallelMultiple"): (frozenset({"false", "0"}), "Use one event for one trigger."),
    ("receiveTask", "instantiate"): (frozenset({"false", "0"}), "Use a message start event."),
    ("eventBasedGateway", "instantiate"): (frozenset({"false", "0"}), "Use several start events."),
    ("eventBasedGateway", "eventGatewayType"): (
        frozenset({"Exclusive"}),
        "Use a parallel gateway with catch events.",
    ),
    ("transaction", "triggeredByEvent"): (
        frozenset({"false", "0"}),
        "An event sub-process cannot be a transaction.",
    ),
    ("transaction", "method"): (frozenset({"##Compensate"}), "Only ##Compensate is supported."),
    ("compensateEventDefinition", "waitForCompletion"): (
        frozenset({"true", "1"}),
        "Compensation is always waited for.",
    ),
    ("multiInstanceLoopCharacteristics", "behavior"): (
        frozenset({"All"}),
        "Events of single instances are not supported.",
    ),
}
BOOLEANS: Final = frozenset(
    {
        *(
            "isInterrupting",
            "cancelActivity",
            "triggeredByEvent",
            "isForCompensation",
            "isSequential",
            "testBefore",
        ),
        *("isExecutable", "isClosed", "isImmediate", "instantiate", "parallelMultiple", "waitForCompletion"),
    }
)
# Attributes of the standard that mean nothing here; ignored with a warning unless they say nothing ("##…").
IGNORED_ATTRIBUTES: Final = frozenset({"implementation", "operationRef", "calledElement"})
