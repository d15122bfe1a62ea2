"""What the register learns from each step of a case: who did which duty, and what was answered on forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.complaints.agreement import refuse_ending
from api.complaints.answers import sheets
from api.complaints.eligibility import release_barred
from api.complaints.keeping_away import COLLEAGUES, colleagues
from api.complaints.letters import Letters
from api.complaints.merging import EARLIER, earlier
from api.complaints.missing_days import MISSING, missing_day
from api.complaints.of_case import complaint_of_root
from api.complaints.parties import REACHED_BY, reached_by
from api.complaints.related import DAY, SINCE, WORDS, registered_since, told_on, told_words
from api.complaints.said import REPLIES, replies_taken
from api.complaints.search import readable_by
from api.complaints.separation import newly_excluded
from api.complaints.struck_out import STRUCK_OUT, struck_out
from api.complaints.tables import ComplaintRow, DutyRow, EventRow, NoticeRow
from api.complaints.urgency import rank_tasks
from engine.commands.house import FilledForm, IncidentOpened, StepReport
from engine.execution.changes import Change, TaskClosed, TaskOpened, VariableSet
from engine.store.tables import instances, jobs, tasks

WRITE = frozenset(
    {"redress:send-letter", "redress:send-owed-letters", "redress:deliver-letter"}
)  # jobs that write letters


class Listener:
    """Called inside the transaction of every step, with what changed."""

    def __init__(self, next_key: Callable[[], int]) -> None:
        """``next_key`` hands out keys."""
        self._next_key = next_key

    def __call__(self, session: Session, report: StepReport) -> None:
        """Note finished duties in the timeline, and keep every answer with the complaint. Raises ``ComplaintStillOpen``."""
        refuse_ending(session, report)
        closed: dict[int, int] = {
            change.key: report.roots[instance]
            for instance, change in report.changes
            if isinstance(change, TaskClosed) and not change.canceled
        }
        mine = [key for key, root in closed.items() if complaint_of_root(session, root) is not None]
        if mine:
            self._note_duties(session, report, mine)
        if report.command == "set_variables" and report.actor.kind == "person":
            self._note_correction(session, report)
        rank_tasks(session, report)
        moved = {report.roots[instance] for instance, change in report.changes if _may_bar_a_holder(change)}
        found = {complaint_of_root(session, root) for root in moved} | newly_excluded(session)
        if complaints := sorted(key for key in found if key is not None):
            session.flush()
            release_barred(session, complaints, at=report.now, next_key=self._next_key)
        for incident in report.incidents:
            self._tell_of_unwritten_letter(session, report, incident)
        for sheet in report.sheets:
            self._keep_answers(session, report, sheet)

    def _note_correction(self, session: Session, report: StepReport) -> None:
        """Note in the complaint's timeline that somebody wrote variables of its case by hand: which, never what."""
        names = sorted({change.name for _, change in report.changes if isinstance(change, VariableSet)})
        for root in {report.roots[instance] for instance, _ in report.changes}:
            complaint_key = complaint_of_root(session, root)
            if complaint_key is not None:
                session.add(
                    EventRow(
                        key=self._next_key(),
                        complaint_key=complaint_key,
                        at=report.now,
                        by=report.actor.name,
                        kind="variables-corrected",
                        text=f"Corrected where a step was stuck: {', '.join(names)}",
                        facts={"names": names},
                    )
                )

    def _note_duties(self, session: Session, report: StepReport, closed: list[int]) -> None:
        rows = session.execute(
            select(
                tasks.c.key,
                tasks.c.name,
                tasks.c.headers,
                tasks.c.element_id,
                ComplaintRow.key.label("complaint"),
            )
            .join(instances, instances.c.key == tasks.c.root_key)
            .join(ComplaintRow, ComplaintRow.instance_key == instances.c.case_key)
            .where(tasks.c.key.in_(closed))
        )
        for row in rows:
            duty = (row.headers or {}).get("duty") or row.element_id
            session.add(
                DutyRow(
                    key=self._next_key(),
                    complaint_key=row.complaint,
                    task_key=row.key,
                    duty=duty,
                    person_name=report.actor.name,
                    at=report.now,
                )
            )
            session.add(
                EventRow(
                    key=self._next_key(),
                    complaint_key=row.complaint,
                    at=report.now,
                    by=report.actor.name,
                    kind="task-done",
                    text=row.name,
                    facts={"task": str(row.key), "duty": duty},
                )
            )

    def _tell_of_unwritten_letter(
        self, session: Session, report: StepReport, incident: IncidentOpened
    ) -> None:
        """Tell the owner and the complaints managers of a letter that could not be written, and why; others stay as they are."""
        job_type = session.scalar(select(jobs.c.type).where(jobs.c.key == incident.job_key))
        if job_type not in WRITE:
            return
        key = complaint_of_root(session, incident.root_key)
        complaint = (
            session.get(ComplaintRow, key) if key is not None else None
        )  # None: the survey's own process
        owner = complaint.owner if complaint is not None else None
        for person, group in ((owner, None), (None, "complaints-managers")):
            if person or group:
                session.add(
                    NoticeRow(
                        key=self._next_key(),
                        complaint_key=key,
                        person_name=person,
                        group_name=group,
                        subject=f"A letter {f'of complaint {complaint.reference} ' if complaint else ''}is not written",
                        text=f"{incident.message} The step waits under “Stuck steps”; try it again there.",
                        at=report.now,
                    )
                )
        if key is None:
            return
        session.add(
            EventRow(
                key=self._next_key(),
                complaint_key=key,
                at=report.now,
                by=report.actor.name,
                kind="letter-not-written",
                text="A letter could not be written; the step waits",
                facts={"element": incident.element_id, "code": incident.code},
            )
        )

    def _keep_answers(self, session: Session, report: StepReport, done: FilledForm) -> None:
        complaint_key = complaint_of_root(session, done.root_key)
        if complaint_key is None:
            return
        name = session.scalar(select(tasks.c.name).where(tasks.c.key == done.task_key))
        sheet = sheets.filled(
            done.form,
            done.checked.clean,
            done.stored,
            moment=done.moment,
            title=name or done.form.id,
            form_key=done.form_key,
            documents=sheets.KeptDocuments(session),
        )
        sheets.keep(
            session,
            sheet,
            key=self._next_key(),
            complaint_key=complaint_key,
            at=report.now,
            by=report.actor.name,
            task_key=done.task_key,
        )
        complaint = session.get(ComplaintRow, complaint_key) if done.checked.sensitive else None
        if complaint is not None:
            complaint.private = complaint.private | done.checked.sensitive


def _may_bar_a_holder(change: Change) -> bool:
    """Tell whether somebody may hold a task since this change that a rule keeps from them."""
    return (isinstance(change, TaskClosed) and not change.canceled) or (
        isinstance(change, TaskOpened) and bool(change.assignee)
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A form that looks something up: of which complaint, for days of which zone, and who is shown the form (a name)."""

    session: Session
    complaint: ComplaintRow
    letters: Letters
    zone: ZoneInfo
    reader: str


LOOKED_UP: Mapping[str, Callable[[Asked], object]] = {
    EARLIER: lambda by: earlier(by.session, by.complaint, zone=by.zone, reader=by.reader),
    COLLEAGUES: lambda by: colleagues(by.session),
    WORDS: lambda by: told_words(by.session, by.complaint),
    DAY: lambda by: told_on(by.session, by.complaint, by.zone),
    SINCE: lambda by: registered_since(by.session, by.complaint, zone=by.zone, reader=by.reader),
    STRUCK_OUT: lambda by: struck_out(by.session, by.complaint, by.zone),
    REPLIES: lambda by: replies_taken(by.letters, by.session, by.complaint, by.zone),
    REACHED_BY: lambda by: reached_by(by.session, by.complaint.key),
    MISSING: lambda by: missing_day(by.session, by.complaint, zone=by.zone),
    "receivedAt": lambda by: by.complaint.received_at,
}
"""What forms of a complaint find in the register as it is at the moment, by name: lists to choose from, the receipt."""


class Private:
    """Where forms find private answers again, and what the register knows when they are shown and when they are judged."""

    def __init__(self, zone: ZoneInfo, letters: Letters) -> None:
        """``zone`` is the service's, for days in words; ``letters`` tell what may be replied to."""
        self._zone, self._letters = zone, letters

    def load(self, session: Session, root_key: int, names: Set[str], *, reader: str) -> dict[str, object]:
        """Return the private values of the case, by dotted path made nested, and those of ``LOOKED_UP`` that ``names`` ask for.

        What others answered in confidence is for who may read the complaint: a colleague who is only asked something may not.
        """
        key = complaint_of_root(session, root_key)
        complaint = None if key is None else session.get(ComplaintRow, key)
        if complaint is None:
            return {}
        nested: dict[str, object] = {}
        asked = Asked(session, complaint, self._letters, self._zone, reader)
        for name in names & set(LOOKED_UP):
            nested[name] = LOOKED_UP[name](asked)
        for path, value in complaint.private.items() if _may_read(session, complaint, reader) else ():
            *parents, name = path.split(".")
            place = nested
            for parent in parents:
                inner = place.setdefault(parent, {})
                place = inner if isinstance(inner, dict) else {}
            place[name] = value
        return nested


def _may_read(session: Session, complaint: ComplaintRow, reader: str) -> bool:
    if not complaint.private:
        return False
    found = select(ComplaintRow.key).where(ComplaintRow.key == complaint.key, readable_by(session, reader))
    return session.scalar(found) is not None
