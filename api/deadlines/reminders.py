"""What clocks say as time passes: a breach noted at its bound, a warning given once to the right people in office hours."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.complaints.anchors import ASKED, missing
from api.complaints.clock_rows import followed_as, label, late_as_it_came, next_event_at
from api.complaints.clocks import Desk
from api.complaints.letters_over import answers_to_come
from api.complaints.tables import ClockRow, ComplaintRow, NoticeRow
from api.deadlines.tables import ReminderRow
from engine.actors import SYSTEM
from engine.deadlines.clocks import Act
from engine.deadlines.explain import long_date
from engine.deadlines.policy import WarningRule
from engine.deadlines.state import OPEN, ClockState
from engine.deadlines.warn import warning_at
from engine.dialect.model import names_in
from engine.store import dialects
from engine.store.columns import METADATA
from engine.store.instances import roots_of_case
from engine.store.tables import tasks

if TYPE_CHECKING:
    from api.wiring import Redress

AT_ONCE = 50
LATE, NEARLY = "team-leads", 0.75  # who is told beside the owner, and from which share of the time on
OVER = "complaints-managers"


def next_at(session: Session) -> datetime | None:
    """Return when a clock wants attention next; one look into an index."""
    return session.scalar(select(func.min(ClockRow.next_at)))


def note_due(service: Redress) -> int:
    """Note every breach and give every warning that is due; return how many clocks were looked at. Safe to repeat.

    While nothing is due this is one question to an index. Of several warnings missed while the service was down, the last
    one is given (those before it would be news of yesterday).
    """
    looked = 0
    while due := service.engine.read(lambda session: _due(session, service.clock.now())):
        for complaint_key, _ in groupby(due, key=lambda pair: pair[0]):
            act = Act(service.clock.now(), "system", "Time has passed")
            service.move_clocks(
                complaint_key, lambda desk, complaint: _note(service, desk, complaint), act=act, by=SYSTEM
            )
        looked += len(due)
    return looked


def _due(session: Session, now: datetime) -> list[tuple[int, int]]:
    found = session.execute(
        select(ClockRow.complaint_key, ClockRow.key)
        .where(ClockRow.next_at <= now)
        .order_by(ClockRow.next_at)
        .limit(AT_ONCE)
    )
    return sorted(found)


def _note(service: Redress, desk: Desk, complaint: ComplaintRow) -> tuple[str, ...]:
    now = desk.act.at
    rows = desk.session.scalars(
        select(ClockRow)
        .where(ClockRow.complaint_key == complaint.key, ClockRow.next_at <= now)
        .order_by(ClockRow.next_at)
        .execution_options(populate_existing=True)
    ).all()
    to_come = answers_to_come(desk.session, complaint, service.letters, state=complaint.state)
    moved = service.case_clocks.drop_unowed(desk, complaint, but=to_come)
    for row in rows:
        state = ClockState.from_json(row.saved)
        if not state.is_open:
            continue
        calendar = service.calendars.get_version(state.calendar_id, state.calendar_version)
        since, warning = row.next_at, None
        for rule in state.policy.warnings:
            moment = warning_at(state, rule, calendar)
            if moment is not None and since is not None and since <= moment <= now:
                warning = (
                    max(warning, (moment, rule), key=lambda each: each[0]) if warning else (moment, rule)
                )
        service.case_clocks.breach(desk, row)
        if warning is not None and row.state in OPEN:
            _warn(desk, complaint, row, warning[1])
        row.next_at = next_event_at(ClockState.from_json(row.saved), calendar, after=now)
        desk.session.flush()
    return moved


def _warn(desk: Desk, complaint: ComplaintRow, row: ClockRow, rule: WarningRule) -> None:
    """Tell the owner and who works on what it asks for, near the end the team leads too, past it also the complaints manager.

    Once for each due moment; nobody of what was late already when an import brought it in.
    """
    if late_as_it_came(complaint, row):
        return
    event = f"{rule.share:.0%}" if rule.share is not None else f"{rule.days} days"
    first = desk.session.execute(
        dialects.insert(desk.session, METADATA.tables[ReminderRow.__tablename__])
        .values(clock_key=row.key, event=event, bound_at=row.bound_at, at=desk.act.at)
        .on_conflict_do_nothing()
        .returning(ReminderRow.clock_key)
    ).first()
    if first is None:
        return
    share = 0.8 if rule.share is None else rule.share
    groups = {OVER, LATE} if share >= 1 else {LATE} if share >= NEARLY or not complaint.owner else set()
    holders, offered = _at_work(desk.session, complaint, row)
    for group in sorted(groups | offered):
        _tell(desk, complaint, row, rule, group=group)
    for person in sorted(holders | ({complaint.owner} if complaint.owner else set())):
        _tell(desk, complaint, row, rule, person=person)


def _at_work(session: Session, complaint: ComplaintRow, clock: ClockRow) -> tuple[set[str], set[str]]:
    """Return who holds an open task that is due by ``clock``, and the groups to which one is offered that nobody holds.

    Of a task that follows several clocks, its due moment tells which of them counts.
    """
    following = session.execute(
        select(tasks.c.assignee, tasks.c.candidate_groups, tasks.c.clock, tasks.c.due_at).where(
            tasks.c.root_key.in_(roots_of_case(complaint.instance_key)),
            tasks.c.state == "CREATED",
            tasks.c.clock.is_not(None),
        )
    ).all()
    names = frozenset(followed_as(clock.name))
    open_tasks = [
        task for task in following if names & {*names_in(task.clock)} and task.due_at == clock.bound_at
    ]
    holders = {task.assignee for task in open_tasks if task.assignee}
    offered = {group for task in open_tasks if not task.assignee for group in task.candidate_groups or ()}
    return holders, offered


def _tell(
    desk: Desk,
    complaint: ComplaintRow,
    row: ClockRow,
    rule: WarningRule,
    *,
    group: str | None = None,
    person: str | None = None,
) -> None:
    subject, text = _words(row, rule)
    desk.session.add(
        NoticeRow(
            key=desk.next_key(),
            complaint_key=complaint.key,
            group_name=group,
            person_name=person,
            subject=subject,
            text=f"Complaint {complaint.reference}: {text}",
            at=desk.act.at,
        )
    )


def _words(row: ClockRow, rule: WarningRule) -> tuple[str, str]:
    """Return subject and text of a warning; of a day that is only expected they say so, and which day is missing."""
    name, due, expected = label(row.name), long_date(row.due_on) if row.due_on else "", _only_expected(row)
    if row.state == "breached":
        return (
            f"{name} is late",
            f"{name.lower()} was due by the end of {due}{' at the latest' if expected else ''}.{expected}",
        )
    if rule.share is not None and rule.share >= 1 and expected:
        text = f"{name.lower()} was expected to be due by the end of {due}, and nobody knows whether it is late.{expected}"
        return f"{name}: the expected day is over", text
    said = (
        f"{rule.share:.0%} of the time is used"
        if rule.share is not None
        else f"due within {rule.days} working days"
    )
    how = "is expected to be due" if expected else "is due"
    return f"{name}: {said}", f"{name.lower()} {how} by the end of {due}.{expected}"


def _only_expected(row: ClockRow) -> str:
    """Return the sentence that says why the day of a clock is only expected; empty where it counts from a day that is known."""
    state = ClockState.from_json(row.saved)
    if state.anchor_known:
        return ""
    event = missing(state)
    if event is None:
        return " It counts from something that has not happened yet."
    where = "in the task “Note the missing day”, or on the page of the clocks"
    return f" It counts from {ASKED[event]}, and nobody has noted that day: note it {where}."
