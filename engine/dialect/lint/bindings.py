"""What a diagram refers to outside itself: processes, decisions, forms, job types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree

from engine.dialect.lint.context import DeploymentContext, Tags
from engine.dialect.lint.drawing import Drawing, Node, first_zeebe, zeebe
from engine.dialect.lint.notes import Notes, quote
from engine.dialect.lint.paths import IN_STEP
from engine.dialect.values import is_formula
from engine.suggest import closest, perhaps, slip_of

_REFERENCES: Final = (
    ("calledElement", "processId", "processes", "process"),
    ("calledDecision", "decisionId", "decisions", "decision"),
    ("formDefinition", "formId", "forms", "form"),
)


def check_bindings(drawing: Drawing, notes: Notes, context: DeploymentContext) -> None:
    """Judge every reference that is written out; one computed by FEEL is known only when it is reached."""
    for node in drawing.nodes:
        for tag, attribute, collection, word in _REFERENCES:
            for element in zeebe(node.xml, tag):
                wanted = str(element.get(attribute) or "")
                if wanted and not is_formula(wanted):
                    _check_reference(element, attribute, wanted, collection, word, notes, context)
        _check_job(node, notes, context)


def _check_reference(
    element: etree._Element,
    attribute: str,
    wanted: str,
    collection: str,
    word: str,
    notes: Notes,
    context: DeploymentContext,
) -> None:
    if context.together is None:
        return
    together: Mapping[str, str | None] = getattr(context.together, collection)
    stored: Mapping[str, Tags] | None = getattr(context.known, collection)
    binding = element.get("bindingType") or "latest"
    if binding == "deployment":
        if wanted not in together:
            message = f"The {word} {quote(wanted)} is not in this deployment, but the binding says so."
            meant = perhaps(wanted, {*together, *(stored or ())})
            advice = f"Deploy both together, or bind to the latest version. {meant}"
            notes.error(element, "target_not_deployed_together", message, advice, attribute=attribute)
        return
    if stored is None:
        return
    tags = set(stored.get(wanted, frozenset()))
    if wanted not in together and wanted not in stored:
        message = f"There is no {word} {quote(wanted)} yet: reaching this element would stop the case."
        known = {*together, *stored}
        note = notes.warning if slip_of(wanted, known) is None else notes.error
        note(element, "target_unknown", message, perhaps(wanted, known), attribute=attribute)
    elif binding == "versionTag":
        tag = str(element.get("versionTag") or "").strip()
        tags |= {together[wanted]} if together.get(wanted) else set()  # type: ignore[arg-type]
        if tag and tag not in tags:
            message = f"No version of the {word} {quote(wanted)} has the tag {quote(tag)} yet."
            notes.warning(element, "tag_unknown", message, perhaps(tag, tags), attribute="versionTag")


def _check_job(node: Node, notes: Notes, context: DeploymentContext) -> None:
    job = first_zeebe(node.xml, "taskDefinition")
    if job is None:
        return
    kind, types = str(job.get("type") or ""), context.known.in_step_types
    if types is not None and kind.startswith(IN_STEP) and kind not in types:
        message = f"There is no job type {quote(kind)} in this service."
        notes.error(job, "job_type_unknown", message, perhaps(kind, types), attribute="type")
    elif types is not None and kind and not is_formula(kind) and not kind.startswith(IN_STEP):
        slip = slip_of(kind, types)
        meant = slip or closest(kind, types)
        if meant is not None:
            message = f"No handler of this service answers {quote(kind)}; it waits for an outside worker."
            note = notes.warning if slip is None else notes.error
            note(job, "job_type_doubtful", message, f"Did you mean {meant}?", attribute="type")
