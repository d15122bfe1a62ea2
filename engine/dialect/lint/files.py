"""Judging all files of a deployment together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lxml import etree

from engine import dmn, forms
from engine.dialect.lint.children import written_by
from engine.dialect.lint.clocks import clocks_watched
from engine.dialect.lint.context import NOTHING_KNOWN, DeploymentContext, KnownResources, Together
from engine.dialect.lint.diagram import check_diagram
from engine.dialect.lint.drawing import Drawing, draw
from engine.dialect.lint.identity import is_bpmn, process_tags
from engine.dialect.xml import XmlRefused, read_xml
from engine.errors import RedressError
from engine.findings import Finding

MOST_FILES: Final = 200


@dataclass(slots=True)
class _Reading:
    """What the files hold, and what was found while opening them."""

    findings: list[Finding] = field(default_factory=list)
    diagrams: dict[str, etree._Element] = field(default_factory=dict)
    processes: dict[str, str | None] = field(default_factory=dict)
    decisions: dict[str, str | None] = field(default_factory=dict)
    forms: dict[str, str | None] = field(default_factory=dict)
    form_fields: dict[str, frozenset[str]] = field(default_factory=dict)
    drawings: dict[str, Drawing] = field(default_factory=dict)
    clocks_watched: frozenset[str] = frozenset()
    owners: dict[tuple[str, str], str] = field(default_factory=dict)

    def claim(self, kind: str, resource_id: str, file: str) -> None:
        """Note the file of a process, decision or form; an id used by two files is an error."""
        first = self.owners.setdefault((kind, resource_id), file)
        if first != file:
            message = f"The {kind} id {resource_id!r} is used by {first} too."
            advice = "Give one of them another id, or leave one file out."
            self.findings.append(
                Finding("error", "id_in_two_files", message, advice, file=file, element_id=resource_id)
            )


def check_files(files: Mapping[str, bytes], *, known: KnownResources | None = None) -> tuple[Finding, ...]:
    """Return everything that is wrong or doubtful in the files of one deployment, by file and place.

    ``files`` gives name and content of BPMN, DMN and form files. Never raises, whatever they hold.
    """
    reading = _Reading()
    if not files:
        reading.findings.append(
            Finding("error", "no_files", "There is no file to deploy.", "Choose at least one.")
        )
    if len(files) > MOST_FILES:
        message = f"There are {len(files)} files; at most {MOST_FILES} are accepted at once."
        return (Finding("error", "too_many_files", message, "Deploy them in parts."),)
    for name, data in files.items():
        _read(name, data, reading)
    together = Together(
        processes=reading.processes,
        decisions=reading.decisions,
        forms=reading.forms,
        form_fields=reading.form_fields,
        clocks_watched=reading.clocks_watched,
    )
    context = DeploymentContext(known=known or NOTHING_KNOWN, together=together)
    context = replace(context, together=replace(together, written=written_by(reading.drawings, context)))
    for name, root in reading.diagrams.items():
        reading.findings += check_diagram(root, file=name, context=context)
    order = {name: position for position, name in enumerate(files)}
    return tuple(sorted(reading.findings, key=lambda found: (order.get(found.file, -1), found.line or 0)))


def _read(name: str, data: bytes, reading: _Reading) -> None:
    ending = name.rpartition(".")[2].lower()
    readers = {"bpmn": _read_diagram, "dmn": _read_decisions, "form": _read_form}
    if ending not in readers:
        advice = "Deploy .bpmn, .dmn and .form files."
        reading.findings.append(
            Finding("error", "file_kind", "This kind of file is not known.", advice, file=name)
        )
        return
    try:
        readers[ending](name, data, reading)
    except XmlRefused as refused:
        reading.findings.append(refused.finding(name))
    except RedressError as refused:
        reading.findings += _refusals(refused, name)


def _refusals(refused: RedressError, file: str) -> list[Finding]:
    findings: Any = getattr(refused, "findings", None) or refused.facts.get("findings") or ()
    named = [finding if finding.file else _in_file(finding, file) for finding in findings]
    return named or [Finding("error", refused.code, str(refused), file=file)]


def _in_file(finding: Finding, file: str) -> Finding:
    return Finding(
        finding.severity,
        finding.code,
        finding.message,
        finding.advice,
        file=file,
        element_id=finding.element_id,
        element_name=finding.element_name,
        attribute=finding.attribute,
        line=finding.line,
    )


def _read_diagram(name: str, data: bytes, reading: _Reading) -> None:
    root = read_xml(data)
    reading.diagrams[name] = root
    if is_bpmn(root):
        for process_id, tag in process_tags(root).items():
            reading.claim("process", process_id, name)
            reading.processes[process_id] = tag
        drawing = reading.drawings[name] = draw(root)
        reading.clocks_watched |= clocks_watched(drawing)


def _read_decisions(name: str, data: bytes, reading: _Reading) -> None:
    model = dmn.read(data, name=name)
    reading.findings += dmn.lint(model)
    for decision_id, decision in model.decisions.items():
        reading.claim("decision", decision_id, name)
        reading.decisions[decision_id] = decision.version_tag


def _read_form(name: str, data: bytes, reading: _Reading) -> None:
    form = forms.read(data, name=name)
    reading.claim("form", form.id, name)
    reading.forms[form.id] = form.version_tag
    reading.form_fields[form.id] = frozenset(str(path[0]) for path, _ in form.fields())
    reading.findings += (_in_file(finding, name) for finding in form.findings)
