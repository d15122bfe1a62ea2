"""Deploying what an owner changed: definitions and calendars together, all or none, and what was found is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from api.complaints.tables import NoticeRow
from api.deadlines import calendars
from api.procedure.files import ProcedureFiles
from engine.actors import Actor
from engine.commands.check import Files
from engine.commands.deploy import Deployed
from engine.findings import counted

if TYPE_CHECKING:
    from api.wiring import Redress


def deploy(service: Redress, given: ProcedureFiles, *, by: Actor) -> Deployed:
    """Store definitions and calendars in one transaction.

    Raises ``DeploymentRefused`` and ``CalendarRefused`` with every finding; then nothing is stored.
    """

    def work(session: Session) -> Deployed:
        calendars.store_files(session, given.calendars, at=service.clock.now())
        session.flush()
        return deploy_within(service, session, given.definitions, by=by)

    return service.engine.write(work)


def deploy_within(service: Redress, session: Session, files: Files, *, by: Actor) -> Deployed:
    """Store definitions as part of the caller's unit of work; a person who deployed finds the warnings among the notices."""
    deployed = service.engine.deploy_within(session, files, by=by) if files else Deployed(deployment_key=0)
    if deployed.findings and by.kind == "person":
        session.add(
            NoticeRow(
                key=service.database.keys.next(),
                complaint_key=None,
                person_name=by.name,
                subject=f"Deployed with {counted(deployed.findings)}",
                text="\n".join(str(finding) for finding in deployed.findings),
                at=service.clock.now(),
            )
        )
    return deployed
