"""A complaint that gets no clock does not wait in silence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from api.complaints.clock_rows import CHANCES, WINDOWS, open_clocks
from api.complaints.clock_start import ComplaintWithoutClock
from api.complaints.intake import ComplaintRefused, NewComplaint, PartyDetails, receive
from api.complaints.other_rules import other_rules
from api.complaints.policies import kinds
from api.complaints.separation import DUTIES, objection
from api.complaints.tables import ClockRow, ComplaintRow, NoticeRow
from api.deadlines import without_clock
from api.identity import people
from engine.actors import service as as_service
from engine.deadlines.clocks import Act
from engine.deadlines.state import OPEN
from engine.quoted import plain
from engine.store.search import Query
from engine.store.tables import instances, resources, variables
from tests.api.access.world import Someone
from tests.api.procedure.slips import shipped
from tests.api.web.staff_desk import Desk
from tests.processes.walking import Walk

EARLY = datetime(2025, 11, 20, 9, tzinfo=UTC)  # the code of councils begins in April 2026


def took(service, *, regime, at):
    new = NewComplaint("web", at, "My bin.", PartyDetails("Ann Other"), regime=regime)
    return receive(service, new, by=as_service("web"))


def shut(service, row, column, cell):
    """Deploy the table of deadlines with another text in one cell of the row whose policy is ``row``."""
    text = shipped()["deadlines.dmn"].decode()
    (rule,) = (each for each in re.findall(r"<rule id=.*?</rule>", text, re.DOTALL) if f'"{row}"' in each)
    place = list(re.finditer(r"<text>(.*?)</text>", rule))[column]
    changed = rule[: place.start(1)] + cell + rule[place.end(1) :]
    service.engine.deploy((("deadlines.dmn", text.replace(rule, changed).encode()),), by=as_service("test"))


def stuck(service, clock):
    for _ in range(5):  # it is tried again a few times first
        clock.advance(timedelta(minutes=10))
        service.run_due()
    (incident,) = service.engine.incidents(Query()).items
    assert incident.element_id == "Task_StartClocks"
    return plain(incident.error_message)


def test_a_regime_the_table_does_not_have_is_refused(service):
    with pytest.raises(ComplaintRefused, match="uk-councls"):
        took(service, regime="uk-councls", at=service.clock.now())


def test_a_complaint_no_row_fits_is_an_incident_that_managers_are_told_of(service, clock):
    made = took(service, regime="uk-councils", at=EARLY)
    assert "regime: uk-councils" in stuck(service, clock)
    assert (without_clock.tell(service), without_clock.tell(service)) == (1, 0)
    (notice,) = service.engine.read(lambda session: list(session.scalars(select(NoticeRow))))
    assert (notice.group_name, notice.complaint_key) == ("complaints-managers", made.key)


def test_a_final_answer_that_no_row_of_today_asks_for_is_an_incident_too(service, clock):
    names = re.findall(r"<inputExpression[^>]*>\s*<text>(\w+)</text>", shipped()["deadlines.dmn"].decode())
    shut(service, "generic-final-response", names.index("anchorDate"), '&gt;= date("2062-01-01")')
    took(service, regime="generic", at=service.clock.now())
    said = stuck(service, clock)
    assert "clocks: final_response" in said


def test_a_complaint_with_clocks_is_none(service):
    receive(
        service,
        NewComplaint("web", service.clock.now(), "My bin.", PartyDetails("Ann Other"), regime="uk-councils"),
        by=as_service("web"),
    )
    assert service.engine.incidents(Query()).items == ()
    assert without_clock.tell(service) == 0
    assert service.engine.read(lambda session: session.scalar(select(ClockRow.key))) is not None


def told_after(service, change, *, regime="generic"):
    """How many complaints managers are told of, after the clocks of one were moved by ``change(desk, complaint, row)``."""
    made = took(service, regime=regime, at=service.clock.now())

    def work(desk, complaint):
        for row in open_clocks(desk.session, complaint.key):
            change(desk, complaint, row)
        return ()

    service.move_clocks(made.key, work, act=Act(service.clock.now(), "test", "Test"), by=as_service("test"))
    return without_clock.tell(service)


def rule_out(desk, _complaint, row):
    row.state = "not_applicable"


def test_clocks_that_have_ended_watch_nothing(service):
    assert told_after(service, rule_out) == 1


def test_a_time_that_somebody_may_only_use_watches_nothing(service):
    def all_but_the_chance(_desk, _complaint, row):
        row.state = row.state if row.name == "early_resolution" else "not_applicable"

    assert told_after(service, all_but_the_chance, regime="uk-financial") == 1


def test_an_answer_that_was_given_needs_no_clock(service):
    def answered(desk, complaint, row):
        rule_out(desk, complaint, row)
        complaint.state = "responded"

    assert told_after(service, answered) == 0


def test_nobody_does_work_of_a_duty_that_is_not_known(service):
    def said(duty):
        return service.engine.read(lambda session: objection(session, 1, duty=duty, person="anna"))

    assert "quality-chek" in said("quality-chek")
    assert {said(duty) for duty in (*DUTIES, None)} == {None}


def under_other_rules(service, app, made):
    lea = Desk(app, service, "lea", "team-lead")
    fields = {"regime": "generic", "category": "", "stage": "one", "reason": "It was before the code"}
    return lea.send(f"/staff/complaints/{made.key}/kind", follow=False, **fields).status_code


def in_the_case(service, made):
    return service.engine.read(lambda session: session.get(ComplaintRow, made.key).regime)


def test_a_step_that_waits_takes_the_rules_that_somebody_set_on_the_page(service, clock, app):
    made = took(service, regime="uk-councils", at=EARLY)
    stuck(service, clock)
    assert under_other_rules(service, app, made) == 303
    (incident,) = service.engine.incidents(Query()).items
    service.engine.resolve_incident(incident.incident_key, by=as_service("test"))
    service.run_due()
    assert {each.state for each in service.engine.incidents(Query()).items} == {"RESOLVED"}
    assert (in_the_case(service, made), service.engine.values(made.instance_key)["regime"]) == (
        "generic",
        "generic",
    )
    assert service.engine.open_tasks(made.instance_key)


def test_a_step_that_waits_takes_the_rules_that_a_program_corrected(service, clock, app):
    made = took(service, regime="uk-councils", at=EARLY)
    stuck(service, clock)
    adam = Desk(app, service, "adam", "admin")
    assert adam.open("/staff/incidents").status_code == 200
    actor = service.engine.read(lambda session: people.find(session, "adam").actor)
    service.engine.set_variables(made.instance_key, {"regime": "generic"}, by=actor)
    (incident,) = service.engine.incidents(Query()).items
    service.engine.resolve_incident(incident.incident_key, by=actor)
    service.run_due()
    assert {each.state for each in service.engine.incidents(Query()).items} == {"RESOLVED"}
    assert in_the_case(service, made) == "generic"


def test_every_part_of_the_case_knows_the_rules_and_the_receipt_that_were_corrected(service, clock, app):
    made = took(service, regime="uk-financial", at=service.clock.now())
    walk = Walk(service, service.clock)
    walk.key, walk.instance = made.key, made.instance_key
    service.run_due()
    walk.screen()
    assert under_other_rules(service, app, made) == 303
    lea = Desk(app, service, "lea", "team-lead")
    day = service.clock.now() - timedelta(days=3)
    fields = {"received": f"{day:%d %m %Y}", "time": "10:00", "reason": "The envelope says so"}
    assert lea.send(f"/staff/complaints/{made.key}/receipt", follow=False, **fields).status_code == 303
    held = service.engine.read(
        lambda session: session.execute(
            select(variables.c.name, variables.c.value)
            .join(instances, instances.c.key == variables.c.scope_key)
            .where(
                variables.c.name.in_(("regime", "receivedOn")),
                instances.c.case_key == made.instance_key,
                instances.c.state == "ACTIVE",
            )
        ).all()
    )
    assert len([name for name, _ in held if name == "regime"]) > 1
    assert dict(held) == {"regime": '"generic"', "receivedOn": f'"{day:%Y-%m-%d}"'}


def test_doors_where_somebody_chooses_the_day_say_what_is_wrong_with_it(service, app, monkeypatch):
    una = Someone(app, service, "una", "employee").caller
    body = {"description": "My bin.", "channel": "web", "regime": "uk-councils", "backdatingReason": "Found"}
    status, said = una.post("/api/complaints", body | {"receivedAt": "2025-11-20T09:00:00Z"})
    (error,) = said["facts"]["errors"]
    assert (status, error["path"]) == (422, "receivedAt")
    assert "begin on 1 April 2026" in error["message"]
    assert una.post("/api/complaints", body | {"receivedAt": "2026-04-01T09:00:00Z"})[0] == 201

    ours = replace(service, organisation=replace(service.organisation, regime="uk-councils"))
    monkeypatch.setitem(app.extensions, "redress", ours)
    emil = Desk(app, service, "emil", "employee")
    emil.open("/staff/record")
    fields = {"description": "My bin.", "channel": "0", "anonymous": "true", "backdatingReason": "Found"}
    key = re.search(r'name="_key" value="([^"]+)"', emil.html)[1]
    day = {"receivedOn-day": "20", "receivedOn-month": "11", "receivedOn-year": "2025"}
    answer = emil.send("/staff/record", _do="submit", _key=key, problem="0", **fields, **day)
    assert (answer.status_code, "begin on 1 April 2026" in emil.text) == (422, True), emil.text


def test_a_corrected_day_never_leaves_the_rules_of_a_complaint(service, clock, app):
    clock.set(datetime(2026, 4, 20, 9, tzinfo=UTC))
    made = took(service, regime="uk-councils", at=datetime(2026, 4, 2, 9, tzinfo=UTC))
    lea = Desk(app, service, "lea", "team-lead")
    fields = {"received": "20 3 2026", "time": "10:00", "reason": "The envelope says so"}
    answer = lea.send(f"/staff/complaints/{made.key}/receipt", follow=False, **fields)
    assert (answer.status_code, "begin on 1 April 2026" in lea.text) == (422, True)
    open_before = clocks_of(service, made)
    fields = {"event": "first_raised", "day": "20 3 2026", "reason": "They rang"}
    assert lea.send(f"/staff/complaints/{made.key}/days", follow=False, **fields).status_code == 303
    assert clocks_of(service, made) == open_before


def test_rules_that_do_not_hold_for_a_day_end_no_clock_that_was_missed(service, clock):
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    made = took(service, regime="uk-councils", at=datetime(2026, 4, 2, 9, tzinfo=UTC))

    def note(desk, complaint):
        complaint.received_at = EARLY
        return service.case_clocks.start_by_policy(desk, complaint, category=None, stage="one")

    before = clocks_of(service, made)
    assert before["final_response"] == "breached"
    service.move_clocks(made.key, note, act=Act(clock.now(), "test", "Test"), by=as_service("test"))
    assert clocks_of(service, made) == before


def clocks_of(service, made):
    query = select(ClockRow.name, ClockRow.state).where(ClockRow.complaint_key == made.key)
    return service.engine.read(lambda session: dict(session.execute(query).all()))


INTERNAL = NewComplaint(
    "e-mail", EARLY, "The canteen.", PartyDetails("Bo", "bo@house.example"), employment=True
)
SENDERS = {
    "anonymous": {"complainant": None},
    "represented": {
        "complainant": PartyDetails("Ann"),
        "representative": PartyDetails("Bob", "bob@example.org"),
    },
    "internal": {"complainant": INTERNAL.complainant, "employment": True},
}


@pytest.mark.parametrize("sender", sorted(SENDERS))
def test_in_every_regime_a_clock_runs_or_managers_are_told(service, sender):
    regimes = service.engine.read(kinds).regimes
    assert len(regimes) >= 18
    made = {}
    for regime in regimes:
        new = replace(INTERNAL, received_at=service.clock.now(), employment=False, regime=regime)
        made[receive(service, replace(new, **SENDERS[sender]), by=as_service("web")).key] = regime
    service.run_due()
    without_clock.tell(service)

    def watched(session):
        running = {
            row.complaint_key
            for key in made
            for row in open_clocks(session, key)
            if row.bound_at is not None and row.name not in WINDOWS | CHANCES
        }
        told = session.scalars(
            select(NoticeRow.complaint_key).where(NoticeRow.subject == without_clock.SUBJECT)
        )
        return running | set(told)

    assert sorted(made[key] for key in made.keys() - service.engine.read(watched)) == []


def test_an_agreed_day_is_warned_of_before_it_comes(service, clock):
    clock.set(datetime(2026, 9, 7, 9, tzinfo=UTC))
    made = took(service, regime="nhs-england", at=clock.now())

    def agreed(desk, complaint):
        return service.case_clocks.days_corrected(desk, complaint, days={"agreed": date(2026, 10, 30)})

    service.move_clocks(made.key, agreed, act=Act(clock.now(), "test", "Test"), by=as_service("test"))
    query = select(ClockRow.next_at).where(
        ClockRow.complaint_key == made.key, ClockRow.name == "final_response"
    )
    assert service.engine.read(lambda session: session.scalar(query)).date() == date(2026, 10, 16)


def as_deployed_before(service, name, old, new):
    """Have a table as a version that did not look at it stored it."""

    def work(session):
        row = session.execute(select(resources).where(resources.c.name == name)).one()
        content = re.sub(old, new, row.content, count=1, flags=re.DOTALL)
        assert content != row.content
        session.execute(update(resources).where(resources.c.key == row.key).values(content=content))

    service.engine.write(work)


def notices_of(service, subject):
    query = select(NoticeRow.group_name).where(NoticeRow.subject == subject)
    return service.engine.read(lambda session: list(session.scalars(query)))


def test_a_no_that_leads_to_a_round_without_clocks_is_told_to_managers(service, clock):
    round_two = rb'<rule id="Rule_generic-stage-two-[a-z]+".*?</rule>'
    as_deployed_before(service, "deadlines.dmn", round_two, b"")
    as_deployed_before(service, "deadlines.dmn", round_two, b"")
    walk = Walk(service, clock)
    walk.take("2026-07-06 10:00").through().answer("rejects").wait(hours=2)
    (trouble,) = walk.troubles
    assert trouble.startswith("Task_RoundClocks")
    assert "second look" in trouble
    assert "stages.dmn" in plain(trouble)
    assert (walk.complaint().state, walk.open) == ("rejected_open", [])
    assert (without_clock.tell(service), without_clock.tell(service)) == (1, 0)
    assert notices_of(service, without_clock.STANDS_STILL) == ["complaints-managers"]
    walk.wait(days=20)
    assert without_clock.tell(service) == 0, "once for what failed"


def test_a_step_that_fails_where_no_clock_runs_is_told_to_managers(service, clock):
    walk = Walk(service, clock)
    walk.take("2026-07-06 10:00").through(remedy="words")
    assert walk.complaint().state == "responded"
    as_deployed_before(service, "stages.dmn", rb'"own"', b'"own" + 1')
    assert without_clock.tell(service) == 0, "nothing failed"
    walk.answer("rejects").wait(hours=1)
    assert walk.troubles
    assert {name for (name, _), state in walk.clocks.items() if state in OPEN} <= WINDOWS | CHANCES
    assert (without_clock.tell(service), without_clock.tell(service)) == (1, 0)
    assert notices_of(service, without_clock.STANDS_STILL) == ["complaints-managers"]


def test_a_table_without_rows_for_a_second_look_says_so(service):
    made = took(service, regime="generic", at=service.clock.now())
    change = other_rules(service, regime="us-cfpb", category=None, stage="two")
    act = Act(service.clock.now(), "test", "Test")
    with pytest.raises(ComplaintWithoutClock, match="has no row") as refused:
        service.move_clocks(made.key, change, act=act, by=as_service("test"))
    assert "stage: two" in str(refused.value)
