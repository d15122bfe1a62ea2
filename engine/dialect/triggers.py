"""What an event catches or throws: reading event definitions and what they refer to (dialect §10)."""

from __future__ import annotations

from lxml import etree

from engine.dialect.extensions import extension
from engine.dialect.model import TimerText, Trigger
from engine.dialect.notes import BPMN, ZEEBE, Problems, tag_of, text_of

KINDS = {
    "messageEventDefinition": "message",
    "timerEventDefinition": "timer",
    "signalEventDefinition": "signal",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "linkEventDefinition": "link",
    "terminateEventDefinition": "terminate",
    "conditionalEventDefinition": "conditional",
    "compensateEventDefinition": "compensation",
    "cancelEventDefinition": "cancel",
}
TIMERS = (("timeDate", "date"), ("timeDuration", "duration"), ("timeCycle", "cycle"))


class Triggers:
    """The messages, signals, errors, escalations and shared event definitions of one file, by id."""

    def __init__(self, root: etree._Element, problems: Problems) -> None:
        """Index what ``root`` declares."""
        self.problems = problems
        self.declared = {node.get("id"): node for node in root.iterchildren(etree.Element) if node.get("id")}

    def of(self, node: etree._Element, *, catching: bool) -> Trigger:
        """Return the trigger of an event; a catcher's codes are literal, a thrower's may be expressions."""
        found = [
            child for child in node.iterchildren(etree.Element) if tag_of(child).endswith("EventDefinition")
        ]
        for reference in node.findall(BPMN + "eventDefinitionRef"):
            shared = self.declared.get((reference.text or "").strip().rpartition(":")[2])
            if shared is None:
                self.problems.error(
                    reference, "dangling_reference", "The event definition does not exist.", "Draw it anew."
                )
            else:
                found.append(shared)
        if not found:
            return Trigger()
        if len(found) > 1 or tag_of(found[0]) not in KINDS:
            self.problems.error(
                node,
                "event_definition",
                "The event has a trigger that is not supported.",
                "Use one of the others.",
            )
            return Trigger()
        return self._read(node, found[0], KINDS[tag_of(found[0])], catching)

    def message(self, node: etree._Element, reference: str | None) -> Trigger:
        """Return the message that ``reference`` names, as a trigger."""
        message = self._declared(node, reference, "messageRef", "message")
        if message is None:
            return Trigger("message")
        subscription = extension(message, "subscription")
        key = None
        if subscription is not None:
            key = self.problems.formula(message, subscription.get("correlationKey"), "correlationKey")
        return Trigger("message", name=self._name(message), correlation_key=key)

    def _read(self, node: etree._Element, definition: etree._Element, kind: str, catching: bool) -> Trigger:
        if kind == "message":
            return self._message(node, definition)
        if kind == "signal":
            signal = self._declared(node, definition.get("signalRef"), "signalRef", "signal")
            return Trigger(kind, name=None if signal is None else self._name(signal))
        if kind == "timer":
            return Trigger(kind, timer=self._timer(definition))
        if kind in ("error", "escalation"):
            return self._coded(node, definition, kind, catching)
        if kind == "link":
            return Trigger(kind, name=self.problems.required(definition, "name"))
        if kind == "conditional":
            return self._conditional(definition)
        if kind == "compensation":
            return Trigger(kind, activity=definition.get("activityRef") or None)
        return Trigger(kind)

    def _message(self, node: etree._Element, definition: etree._Element) -> Trigger:
        if tag_of(node) in ("endEvent", "intermediateThrowEvent"):
            return Trigger("message")  # throwing a message is a job; the reference is drawn only
        return self.message(node, definition.get("messageRef"))

    def _name(self, node: etree._Element) -> str | None:
        self.problems.required(node, "name")
        return self.problems.value(node, "name")  # type: ignore[return-value]

    def _timer(self, definition: etree._Element) -> TimerText | None:
        found = [
            (kind, text_of(definition, tag))
            for tag, kind in TIMERS
            if definition.find(BPMN + tag) is not None
        ]
        if len(found) != 1 or not (found[0][1] or "").strip():
            self.problems.error(
                definition, "timer", "A timer needs exactly one of date, duration, cycle.", "Set one of them."
            )
            return None
        kind, text = found[0]
        return TimerText(kind, self.problems.text(definition, (text or "").strip()))  # type: ignore[arg-type]

    def _coded(self, node: etree._Element, definition: etree._Element, kind: str, catching: bool) -> Trigger:
        attribute = f"{kind}Ref"
        reference = definition.get(attribute)
        if reference is None and catching:
            return Trigger(kind)
        declared = self._declared(node, reference, attribute, kind)
        if declared is None:
            return Trigger(kind)
        code = self.problems.required(declared, f"{kind}Code")
        return Trigger(kind, code=code if catching else self.problems.value(declared, f"{kind}Code"))

    def _conditional(self, definition: etree._Element) -> Trigger:
        condition = self.problems.formula(definition, text_of(definition, "condition"), "condition")
        if condition is None:
            self.problems.error(
                definition, "condition_missing", "The conditional event has no condition.", "Write one."
            )
        filtered = definition.find(f"{BPMN}extensionElements/{ZEEBE}conditionalFilter")
        names = None if filtered is None else _list(filtered.get("variableNames"))
        events = None if filtered is None else _list(filtered.get("variableEvents"))
        return Trigger("conditional", condition=condition, filter_names=names, filter_events=events)

    def _declared(
        self, node: etree._Element, reference: str | None, attribute: str, tag: str
    ) -> etree._Element | None:
        declared = self.declared.get((reference or "").rpartition(":")[2])
        if declared is None or tag_of(declared) != tag:
            self.problems.error(
                node,
                "dangling_reference",
                f"The event names no {tag} of this file.",
                f"Choose a {tag}.",
                attribute,
            )
            return None
        return declared


def _list(text: str | None) -> frozenset[str] | None:
    names = frozenset(part.strip() for part in (text or "").split(",") if part.strip())
    return names or None
