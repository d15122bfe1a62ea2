"""What is wrong with a form that reads well part by part: names, rules that bite themselves, things nobody
can see or fill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from engine import feel
from engine.findings import Finding, Severity
from engine.forms import model as m
from engine.forms.cleaning import cleaning_changes
from engine.forms.consent import consents
from engine.forms.rules import same
from engine.forms.templates import MARK

_LABELLED = (m.TextField, m.TextArea, m.Number, m.Checkbox, m.Choice, m.Temporal, m.FilePicker)


def lint(form: m.Form) -> tuple[Finding, ...]:
    """Return all findings about ``form`` as a whole."""
    everything = tuple(m.walk(form.components))
    finders = (
        _ids(everything),
        _names(form.components),
        _words(everything),
        _limits(everything),
        _steps(form),
        _buttons(everything),
        _conditions(form, everything),
        _hidden_numbers(form.components),
        _reachability(form.components, hidden=False),
        _lists(everything),
        _privacy(form),
        _consents(form.components),
        _html(everything),
    )
    return tuple(_in_file(finding, form.name) for finder in finders for finding in finder)


def _finding(
    component: m.Component,
    code: str,
    message: str,
    advice: str = "",
    severity: Severity = "error",
    attribute: str | None = None,
) -> Finding:
    name = component.label.text if component.label else None
    return Finding(severity, code, message, advice, "", component.id, name, attribute)


def _in_file(finding: Finding, file: str) -> Finding:
    return Finding(
        finding.severity,
        finding.code,
        finding.message,
        finding.advice,
        file,
        finding.element_id,
        finding.element_name,
        finding.attribute,
        finding.line,
    )


def _ids(everything: tuple[m.Component, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for component in everything:
        if component.id in seen:
            yield _finding(
                component, "id_twice", f"The id “{component.id}” is used twice.", "Give each its own."
            )
        seen.add(component.id)


def _names(components: tuple[m.Component, ...]) -> Iterator[Finding]:
    """Find keys that stand twice in one object, or in another's way (``a`` and ``a.b``)."""
    taken: dict[m.Path, m.Component] = {}
    for component in _one_object(components):
        path = component.path
        if any(path[: len(other)] == other or other[: len(path)] == path for other in taken):
            advice = "Two fields of one object need two names."
            yield _finding(
                component, "key_twice", f"The key “{'.'.join(path)}” is taken.", advice, attribute="key"
            )
        taken[path] = component
        if isinstance(component, m.DynamicList):
            yield from _names(component.components)


def _one_object(components: tuple[m.Component, ...]) -> Iterator[m.Field | m.DynamicList]:
    for component in components:
        if isinstance(component, m.Field | m.DynamicList):
            yield component
        elif isinstance(component, m.Group):
            yield from _one_object(component.components)


def _words(everything: tuple[m.Component, ...]) -> Iterator[Finding]:
    for component in everything:
        has_label = component.label is not None and component.label.text.strip()
        if isinstance(component, _LABELLED) and not has_label:
            yield _finding(
                component, "no_label", "The field has no label.", "People need to know what to enter."
            )
        if isinstance(component, m.Group | m.DynamicList) and not has_label:
            severity: Severity = (
                "warning" if isinstance(component, m.Group) and not component.own.step else "error"
            )
            yield _finding(
                component, "no_legend", "The group has no label.", "Name what stands in it.", severity
            )
        if isinstance(component, m.Table) and not has_label:
            yield _finding(component, "no_label", "The table has no label.", "It becomes the caption.")
        if isinstance(component, m.Image) and (component.alt is None or not component.alt.text.strip()):
            yield _finding(component, "no_alt", "The image has no alternative text.", "Say what it shows.")
        if isinstance(component, m.TextField) and component.pattern and not _explained(component):
            advice = "Fill in “custom error message” or redress.msg.wrong_pattern."
            yield _finding(component, "no_pattern_message", "The pattern has no message.", advice)


def _explained(component: m.TextField) -> bool:
    return bool(component.pattern_message or component.own.messages.get("wrong_pattern"))


def _limits(everything: tuple[m.Component, ...]) -> Iterator[Finding]:
    least: m.Bound | m.Limit
    most: m.Bound | m.Limit
    for component in everything:
        if isinstance(component, m.Number):
            least, most = component.minimum, component.maximum
        elif isinstance(component, m.TextField | m.TextArea):
            least, most = component.min_length, component.max_length
        else:
            least = most = None
        if isinstance(least, int | Decimal) and isinstance(most, int | Decimal) and least > most:
            yield _finding(component, "limits", f"The least ({least}) is greater than the most ({most}).")
        if isinstance(component, m.Choice) and component.options and component.default not in (None, []):
            chosen = component.default if component.many else [component.default]
            if not all(any(same(one, option.value) for option in component.options) for one in chosen):
                yield _finding(component, "wrong_default", "The default value is not one of the options.")


def _steps(form: m.Form) -> Iterator[Finding]:
    tops = {id(component) for component in form.components}
    for component in m.walk(form.components):
        if component.own.step and (id(component) not in tops or not isinstance(component, m.Group)):
            yield _finding(
                component, "step_inside", "redress.step is for groups at the top of the form.", "Move it."
            )
        if form.steps and isinstance(component, m.Checkbox) and component.required:
            advice = "A statement above the button is kinder; keep the box only if the law asks for it."
            yield _finding(
                component, "required_checkbox", "People must tick this box to go on.", advice, "warning"
            )


def _buttons(everything: tuple[m.Component, ...]) -> Iterator[Finding]:
    submits = [one for one in everything if isinstance(one, m.Button) and one.action == "submit"]
    for component in submits[1:]:
        yield _finding(
            component, "two_submits", "The form has two submit buttons.", "One main button per page."
        )


def _conditions(form: m.Form, everything: tuple[m.Component, ...]) -> Iterator[Finding]:
    """Find rules that read themselves, read-only rules that hang on each other, rules on what may itself
    be hidden."""
    plain = list(_one_object(form.components))
    ruled = {one.path[0]: one for one in plain if isinstance(one.readonly, feel.Expression)}
    hiders = dict(_hiders(form.components))
    hideable = {one.path[0]: hiders[one.id] for one in plain if len(one.path) == 1 and hiders[one.id]}
    for component in everything:
        if isinstance(component.hide, feel.Expression):
            if isinstance(component, m.Field | m.DynamicList) and _reads(component.hide, component.path):
                advice = "Once hidden it could never come back."
                yield _finding(component, "hides_itself", "The hide rule reads its own field.", advice)
            for name in sorted(component.hide.variables & hideable.keys()):
                if hideable[name] <= hiders[component.id] - {component.id}:
                    continue  # whatever hides the field hides this too
                advice = "Rules see the answer as sent, even if its field is hidden by now."
                yield _finding(
                    component,
                    "reads_hidden",
                    f"The rule reads “{name}”, which can be hidden.",
                    advice,
                    "warning",
                )
        if isinstance(component.readonly, feel.Expression):
            for name in sorted(component.readonly.variables & ruled.keys()):
                message = f"The read-only rule reads “{name}”, which has such a rule itself."
                yield _finding(component, "readonly_chain", message, "Use stored values or plain fields.")


def _hidden_numbers(components: tuple[m.Component, ...], *, hidden: bool = False) -> Iterator[Finding]:
    """Find numbers that a choice brings up and that may still stay empty: what counts them takes them for nothing."""
    for component in components:
        ruled = hidden or isinstance(component.hide, feel.Expression)
        yield from _hidden_numbers(m.inner(component), hidden=ruled)
        if isinstance(component, m.Number) and ruled and not component.required:
            message = "The number is asked for only with some answers, and may be left empty even then."
            advice = "Mark it as required: it is asked for only while it shows."
            yield _finding(component, "hidden_not_required", message, advice, "warning")


def _reads(rule: feel.Expression, path: m.Path) -> bool:
    dotted = re.escape(".".join(path))
    if len(path) == 1:
        return path[0] in rule.variables or bool(re.search(rf"\bthis\s*\.\s*{dotted}\b", rule.text))
    return path[0] in rule.variables and bool(
        re.search(rf"\b{dotted}\b", re.sub(r"\s*\.\s*", ".", rule.text))
    )


def _hiders(
    components: tuple[m.Component, ...], around: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each component's id with those of the components, itself included, whose rules can hide it."""
    for component in components:
        ruled = around | {component.id} if isinstance(component.hide, feel.Expression) else around
        yield component.id, ruled
        yield from _hiders(m.inner(component), ruled)


def _reachability(components: tuple[m.Component, ...], *, hidden: bool) -> Iterator[Finding]:
    """Find required fields that nobody can ever fill in."""
    for component in components:
        gone = hidden or component.hide is True or _always_true(component.hide)
        yield from _reachability(m.inner(component), hidden=gone)
        if isinstance(component, m.Field) and component.required:
            if gone:
                yield _finding(component, "never_shown", "The field is required and can never show.")
            elif component.disabled or component.readonly is True:
                message = "The field is required and nobody can write it."
                yield _finding(component, "never_written", message, "Remove “required”.", "warning")


def _always_true(rule: feel.Expression | bool) -> bool:
    return isinstance(rule, feel.Expression) and rule.text.strip() == "true"


def _lists(everything: tuple[m.Component, ...]) -> Iterator[Finding]:
    for component in everything:
        if isinstance(component, m.DynamicList) and component.changeable:
            for inside in m.walk(component.components):
                if isinstance(inside, m.Field) and (inside.disabled or inside.readonly is not False):
                    message = (
                        "A read-only field in rows that can be removed cannot know which row it belongs to."
                    )
                    yield _finding(inside, "readonly_in_rows", message, "Forbid adding and removing rows.")


def _privacy(form: m.Form) -> Iterator[Finding]:
    """Find computed values that carry a personal answer out under their own name."""
    personal = {path[0] for path, one in form.fields() if len(path) == 1 and one.own.sensitivity}
    for _, field in form.fields():
        if isinstance(field, m.Computed) and not field.own.sensitivity:
            for name in sorted(field.expression.variables & personal):
                message = (
                    f"The expression reads “{name}”, which is marked as personal, and is not marked itself."
                )
                yield _finding(
                    field, "personal_in_expression", message, "Mark it, or leave the name out.", "warning"
                )


def _consents(components: tuple[m.Component, ...]) -> Iterator[Finding]:
    """Find answers that wait for the consent of a box which does not stand beside them."""
    boxes = consents(components)
    for component in _one_object(components):
        named = component.own.needs_consent
        if named is not None and named not in boxes:
            known = f"Boxes here: {', '.join(sorted(boxes))}." if boxes else "Add a checkbox beside it."
            message = f"redress.needsConsent names “{named[:60]}”, which is no checkbox beside the field."
            yield _finding(component, "no_such_consent", message, known, attribute="properties")
        if isinstance(component, m.DynamicList):
            yield from _consents(component.components)


def _html(everything: tuple[m.Component, ...]) -> Iterator[Finding]:
    for component in everything:
        if isinstance(component, m.HtmlBlock):
            literal = "".join(part if isinstance(part, str) else "x" for part in component.content.parts)
            if cleaning_changes(MARK.sub("x", literal)):
                message = "The HTML holds something that is removed before it is shown."
                yield _finding(
                    component,
                    "html",
                    message,
                    "Leave out scripts, styles, forms, images, classes and events.",
                )
