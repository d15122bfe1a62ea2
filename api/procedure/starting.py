"""What must hold before a service begins: what organisation.json and the letters name exists in what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.complaints.letters import LetterTextRefused
from api.organisation import OrganisationRefused
from api.procedure.files import read_files
from api.procedure.vocabulary import Vocabulary
from engine.commands.check import Files
from engine.errors import Invalid

if TYPE_CHECKING:
    from api.wiring import Redress


class ProcedureIncomplete(Invalid):
    """What is deployed lacks a part the service needs."""

    code = "procedure_incomplete"


def check_organisation(service: Redress) -> None:
    """Raise ``OrganisationRefused`` when the file names what does not exist: complaints would run without any clock."""
    findings = service.engine.read(
        lambda session: service.procedure.vocabulary(session, ()).organisation_findings()
    )
    if wrong := [str(finding) for finding in findings if finding.severity == "error"]:
        raise OrganisationRefused(" ".join(wrong))


def check_procedure(service: Redress) -> None:
    """Raise ``ProcedureIncomplete`` when something is not deployed that the service itself begins with."""
    if missing := service.engine.read(
        lambda session: service.procedure.vocabulary(session, ()).house_findings()
    ):
        raise ProcedureIncomplete(" ".join(str(finding) for finding in missing))


def check_letters(service: Redress) -> None:
    """Raise ``LetterTextRefused`` when a letter is missing, or names what neither is deployed nor lies ready to be deployed."""
    words = _words(service, ())
    wrong = [each for each in words.letter_findings() if each.severity == "error"]
    if wrong:
        ready = read_files([service.settings.processes_dir, service.settings.forms_dir]).definitions
        lacking = {(each.file, each.message) for each in _words(service, ready).letter_findings()}
        wrong = [each for each in wrong if (each.file, each.message) in lacking]
    if findings := (*words.missing_letters(), *wrong):
        raise LetterTextRefused(findings)


def _words(service: Redress, files: Files) -> Vocabulary:
    """Return the words of the procedure with ``files`` over what is deployed."""
    return service.engine.read(lambda session: service.procedure.vocabulary(session, files))
