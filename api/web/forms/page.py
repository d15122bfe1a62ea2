"""A form as a page: its controls, its error summary, its buttons; ready to print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from api.web.forms.control import Control
from api.web.forms.controls import Builder
from api.web.forms.steps import step_of
from api.web.forms.texts import ENGLISH, Language, error_text
from engine.forms import model as m
from engine.forms.documents import Document
from engine.forms.view import Node, View


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One line of the error summary; ``href`` leads to the first control at fault, or to the step that
    holds it."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class FormPage:
    """What ``forms/form.html`` prints.

    ``title`` and ``intro`` are the step's label and description (the page's ``h1``), empty for a form on one
    page. ``asked`` names the questions on it, for the hidden input ``_asked``: what an answer brings up is then asked
    before the page is left. ``has_files`` asks for a multipart form. ``live`` is the status line. The values of the hidden
    inputs ``_version``, ``_key`` and ``_draft`` come from the caller.
    """

    lines: tuple[tuple[Control, ...], ...]
    errors: tuple[SummaryLine, ...] = ()
    asked: str = ""
    title: str = ""
    intro: str = ""
    why: str = ""
    submit: str = "Submit"
    has_files: bool = False
    live: str = ""
    focus: str = ""
    version: str = ""
    key: str = ""
    draft: str = ""


def form_page(
    view: View,
    *,
    public: bool = False,
    language: Language = ENGLISH,
    document_url: Callable[[Document], str] | None = None,
    submit: str | None = None,
    step_href: Callable[[str], str] | None = None,
    live: str = "",
    focus: str = "",
    version: str = "",
    key: str = "",
    draft: str = "",
) -> FormPage:
    """Return the page of a form, or of one step of it.

    ``public`` pages are filled in by the person the data are about: they get autocomplete tokens.
    ``step_href`` turns a step id into its address, for errors that belong to another step. ``submit`` wins
    over the form's own button label.
    """
    builder = Builder(language, public, document_url)
    nodes, title, intro, why = view.nodes, "", "", ""
    if view.step is not None:
        nodes, title, intro, why = _opened(view.step, nodes)
    lines = builder.lines(nodes)
    controls = {control.name: control for control in _all(lines) if control.name}
    return FormPage(
        lines=lines,
        asked=" ".join(node.path for node in view.questions),
        errors=_summary(view, controls, language, step_href),
        title=title,
        intro=intro,
        why=why,
        submit=submit or view.submit_label or ("Continue" if view.step else "Submit"),
        has_files=any(control.kind == "filepicker" for control in controls.values()),
        live=live,
        focus=focus,
        version=version,
        key=key,
        draft=draft,
    )


def _opened(step: m.Step, nodes: tuple[Node, ...]) -> tuple[tuple[Node, ...], str, str, str]:
    """Return the nodes with the step's own group opened: its label is the page's heading, not a legend."""
    opened: list[Node] = []
    title = intro = why = ""
    for node in nodes:
        if node.component is step.group:
            title, intro, why = node.label, node.description, node.component.own.why or ""
            opened.extend(node.children)
        else:
            opened.append(node)
    return tuple(opened), title, intro, why


def _summary(
    view: View, controls: dict[str, Control], language: Language, step_href: Callable[[str], str] | None
) -> tuple[SummaryLine, ...]:
    """Return one line per field in page order; inside a row the row is named."""
    nodes = {node.path: (node, prefix) for node, prefix in _placed(view.nodes, "")}
    lines: dict[str, SummaryLine] = {}
    for error in view.errors:
        if error.path in lines:
            continue
        node, prefix = nodes.get(error.path, (None, ""))
        control = controls.get(error.path)
        href = f"#{control.first_wrong or control.id}" if control else "#form"
        if node is None and step_href is not None and (step := step_of(view.form, error.path)):
            href = step_href(step)
        lines[error.path] = SummaryLine(href, prefix + error_text(error, node, language))
    return tuple(lines.values())


def _placed(nodes: tuple[Node, ...], prefix: str) -> list[tuple[Node, str]]:
    """Return every node with the words for the rows around it (“Witness 2: ”)."""
    found: list[tuple[Node, str]] = []
    for node in nodes:
        if node.spot and not isinstance(node.component, m.Group) and node.path:
            found.append((node, prefix))
        found.extend(_placed(node.children, prefix))
        for number, row in enumerate(node.rows, start=1):
            found.extend(_placed(row, f"{prefix}{node.label} {number}: "))
    return found


def _all(lines: tuple[tuple[Control, ...], ...]) -> list[Control]:
    found: list[Control] = []
    for line in lines:
        for control in line:
            found.append(control)
            found.extend(_all(control.children))
            for row in control.rows:
                found.extend(_all(row.children))
    return found
