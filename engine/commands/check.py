"""Judging files before they are deployed: every finding at once, nothing stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from engine import dmn, forms
from engine.commands.try_run import try_run
from engine.dialect import Diagram, DiagramRefused, read_bpmn
from engine.dialect.ids import assign_ids
from engine.dialect.lint import KnownResources, check_files, check_parsed
from engine.dialect.xml import read_xml
from engine.findings import Finding

Files = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Files as read, and everything found wrong or doubtful in them."""

    findings: tuple[Finding, ...]
    diagrams: Mapping[str, Diagram]
    models: Mapping[str, dmn.Model]
    forms: Mapping[str, forms.Form]

    @property
    def is_refused(self) -> bool:
        """Tell whether a finding forbids deployment."""
        return any(finding.severity == "error" for finding in self.findings)


def read_and_judge(files: Files, known: KnownResources, more: Iterable[Finding] = ()) -> Judged:
    """Return the files as read and judged; where a file has errors it is not among the read ones.

    ``more`` are findings of the service itself, about what it reads of them.
    """
    findings = [*_doubled(files), *more]
    contents = dict(files)
    findings += check_files(contents, known=known)
    broken = {finding.file for finding in findings if finding.severity == "error"}
    diagrams: dict[str, Diagram] = {}
    models: dict[str, dmn.Model] = {}
    found_forms: dict[str, forms.Form] = {}
    plain_models = {finding.file for finding in findings if finding.code == "stored_as_model"}
    for name, data in contents.items():
        if name in broken or name in plain_models:
            continue
        ending = PurePath(name).suffix.lower()
        if ending == ".bpmn":
            findings += _read_diagram(name, data, diagrams, known)
        elif ending == ".dmn":
            models[name] = dmn.read(data, name=name)
        elif ending == ".form":
            found_forms[name] = forms.read(data, name=name)
    return Judged(tuple(findings), diagrams, models, found_forms)


def _read_diagram(
    name: str, data: bytes, diagrams: dict[str, Diagram], known: KnownResources
) -> list[Finding]:
    try:
        diagram = read_bpmn(data, name=name)
    except DiagramRefused as refused:
        return list(refused.findings)
    diagrams[name] = diagram
    root = read_xml(data)
    assign_ids(root)  # as the reader did, else what was drawn without an id would count as lost
    findings: list[Finding] = []
    for definition in diagram.processes.values():
        lost = check_parsed(root, definition, file=name)
        findings += lost or try_run(definition, known, file=name)
    return findings


def _doubled(files: Files) -> Iterable[Finding]:
    seen: set[str] = set()
    for name, _ in files:
        if name in seen:
            yield Finding(
                "error",
                "file_doubled",
                f"The file name {name!r} comes twice.",
                "Rename one of the files.",
                file=name,
            )
        seen.add(name)
