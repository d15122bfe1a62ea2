"""What organisation.json names must exist: its regime in the table of deadlines, its calendar among those stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.organisation import OrganisationRefused

if TYPE_CHECKING:
    from api.wiring import Redress


def check_organisation(service: Redress) -> None:
    """Raise ``OrganisationRefused``, the service closed, when the file names what does not exist.

    Complaints would run without any clock.
    """
    findings = service.engine.read(
        lambda session: service.procedure.vocabulary(session, ()).organisation_findings()
    )
    if findings:
        service.database.dispose()
        raise OrganisationRefused(" ".join(str(finding) for finding in findings))
