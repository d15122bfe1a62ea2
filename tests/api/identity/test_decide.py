"""The one function that decides, against a table written by hand from our requirements; lists show what it allows."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from api.complaints.search import facts_for, visible
from api.complaints.tables import ComplaintRow, ExclusionRow
from api.identity.decide import ACTIONS, OF_COMPLAINT, ComplaintFacts, may, reach
from api.identity.people import Person
from api.identity.roles import ROLES, groups_of
from engine.store.columns import FAR
from engine.store.tables import instances, task_candidates, tasks

E, I, H, V, C, Q, A, R, L, M, T, D, P, X, U, W = (  # noqa: E741
    "employee", "intake", "handler", "investigator", "contributor", "quality", "approver", "reviewer", "team-lead", "manager",
    "top-management", "on-duty", "process-owner", "admin", "auditor", "worker",
)  # fmt: skip
EVERYBODY = {E, I, H, V, C, Q, A, R, L, M, T, D, P, X, U, W}
WORKERS = {I, H, V, C, Q, A, R, L, M, T, D}
EXPECTED = {  # who may, without a complaint in hand
    "complaint.register": WORKERS | {E},
    "complaint.search": {I, H, V, Q, A, R, L, M, T, D, U},
    "task.list": WORKERS,
    "notice.read": EVERYBODY,
    "task.assign": {L, M},
    "task.search": WORKERS | {P, X, U},
    "task.work": WORKERS | {P, X},
    "task.give": {L, M, P, X},
    "account.read": EVERYBODY,
    "clock.change": {H, L, M},
    "clock.backdate": {L, M},
    "timer.change": {L, M},
    "conflict.declare": WORKERS,
    "conflict.note": {L, M},
    "conflict.lift": {M},
    "calendar.change": {M, X},
    "calendar.read": {L, M, P, X, U},
    "definition.read": {H, Q, L, M, P, X, U},
    "definition.deploy": {P, X},
    "instance.start": {M, P, X},
    "instance.read": {M, P, X, U},
    "instance.operate": {M, P, X},
    "job.work": {P, X, W},
    "incident.read": {M, P, X, U},
    "incident.resolve": {M, P, X},
    "message.publish": {M, P, X},
    "decision.try": {M, P, X},
    "variable.read": {M, P, X, U},
    "people.manage": {X},
    "due.list": {I, H, V, L, M, U},
}
READS_ALL, READS_OWN = {I, Q, A, R, L, M, U}, {H, V, D}


def person(*roles, name="pat", active=True):
    held = frozenset(roles)
    return Person(1, name, name, None, held, groups_of(held), active)


def expected_of_complaint(role, action, facts):
    """The table of our requirements §9: S, C, U and A reach for one complaint."""
    if facts.excluded:
        return False
    reads = (
        role in READS_ALL
        or (role in READS_OWN and (facts.owner or facts.holds_task))
        or (role == T and facts.significant)
    )
    writes = {
        "complaint.read": EVERYBODY,
        "complaint.write": {I, H, V, L, M},
        "complaint.clock": {H, L, M},
        "complaint.backdate": {L, M},
        "complaint.timer": {L, M},
        "complaint.stand-aside": WORKERS,
        "complaint.keep-away": {L, M},
        "complaint.let-back": {M},
    }
    return reads and role in writes.get(action, set())


def test_the_table_names_every_role_and_action():
    assert set(ROLES) == EVERYBODY
    undecided = ACTIONS - set(EXPECTED) - OF_COMPLAINT
    assert not undecided, f"write down by hand who may do {sorted(undecided)}"


@pytest.mark.parametrize("action", sorted(EXPECTED))
def test_each_role_may_do_what_the_table_says_and_nothing_else(action):
    assert {role for role in ROLES if may(person(role), action)} == EXPECTED[action]


@pytest.mark.parametrize("action", sorted(OF_COMPLAINT))
def test_each_role_reaches_the_complaints_the_table_says(action):
    known = {
        *("complaint.read", "complaint.write", "complaint.clock", "complaint.backdate", "complaint.timer"),
        *("complaint.stand-aside", "complaint.keep-away", "complaint.let-back"),
    }
    assert known == OF_COMPLAINT
    for role, relation in product(ROLES, product((False, True), repeat=4)):
        facts = ComplaintFacts(*relation)
        decision = may(person(role), action, facts)
        assert bool(decision) == expected_of_complaint(role, action, facts), (role, facts)
        if facts.excluded:
            assert decision.hidden, "a conflict of interest never shows that there is something"


def test_roles_add_up():
    for action in EXPECTED:
        for first, second in product(ROLES, repeat=2):
            both = bool(may(person(first, second), action))
            assert both == bool(may(person(first), action) or may(person(second), action))


def test_nobody_the_inactive_and_the_unknown_action_are_refused():
    for action in ACTIONS:
        assert not may(None, action)
        assert not may(person(*ROLES, active=False), action, ComplaintFacts(owner=True))
        assert not may(person(), action)
    assert not may(person(*ROLES), "world.rule")
    assert not may(person(*ROLES), "")


def test_an_administrator_reads_no_complaint():
    for relation in product((False, True), repeat=4):
        assert not may(person("admin", "process-owner"), "complaint.read", ComplaintFacts(*relation))


WORLD = st.fixed_dictionaries(
    {
        "roles": st.sets(st.sampled_from(sorted(ROLES)), max_size=3),
        "complaints": st.lists(
            st.fixed_dictionaries(
                {
                    "owner": st.sampled_from([None, "pat", "other"]),
                    "significant": st.booleans(),
                    "excluded": st.sampled_from([None, "pat", "other"]),
                    "task": st.sampled_from(
                        [None, "held", "other", "candidate", "group", "foreign group", "done", "done held"]
                    ),
                }
            ),
            max_size=6,
        ),
    }
)


def test_a_list_holds_exactly_what_may_be_read(service):
    now = service.clock.now()

    def build(session, world):
        for table in (ExclusionRow, ComplaintRow):
            session.execute(delete(table))
        for table in (task_candidates, tasks, instances):
            session.execute(table.delete())
        for number, each in enumerate(world["complaints"], start=1):
            session.add(
                ComplaintRow(
                    key=number,
                    reference=f"RD-{number}",
                    instance_key=1000 + number,
                    state="received",
                    channel="web",
                    received_at=now,
                    recorded_at=now,
                    recorded_by="web",
                    regime="generic",
                    description="x",
                    owner=each["owner"],
                    significant=each["significant"],
                    facts={},
                    private={},
                )  # fmt: skip
            )
            session.flush()
            if each["excluded"]:
                session.add(
                    ExclusionRow(complaint_key=number, person_name=each["excluded"], reason="x", at=now)
                )
            if each["task"]:
                add_task(session, number, each["task"])
        session.flush()

    def add_task(session, number, kind):
        held = {"held": "pat", "done held": "pat", "other": "other"}.get(kind)
        columns = {column.name for column in tasks.c}
        given = {
            "key": number, "instance_key": 1000 + number, "root_key": 1000 + number, "element_key": number,
            "definition_key": 1, "process_id": "p", "element_id": "t", "name": "t", "assignee": held,
            "state": "COMPLETED" if kind.startswith("done") else "CREATED", "candidate_groups": [], "candidate_users": [],
            "created_at": now, "due_sort": FAR, "headers": {}, "priority": 50, "revision": 1,
        }  # fmt: skip
        session.execute(
            tasks.insert().values(**{name: value for name, value in given.items() if name in columns})
        )
        offer = {"candidate": ("user", "pat"), "group": ("group", "handlers"), "foreign group": ("group", "nobody"),
                 "done": ("group", "handlers")}.get(kind)  # fmt: skip
        if offer:
            row = {"task_key": number, "kind": offer[0], "name": offer[1], "due_sort": FAR, "priority": 50}
            session.execute(task_candidates.insert().values(**row))

    class Undo(Exception):
        pass

    @settings(max_examples=120, deadline=None, derandomize=True, database=None)
    @given(WORLD)
    def compare(world):
        someone = person(*world["roles"])

        def work(session):
            build(session, world)
            listed = set(session.scalars(select(ComplaintRow.key).where(visible(someone, reach(someone)))))
            rows = session.scalars(select(ComplaintRow)).all()
            read = {
                row.key for row in rows if may(someone, "complaint.read", facts_for(session, someone, row))
            }
            assert listed == read
            raise Undo

        with pytest.raises(Undo):
            service.engine.write(work)

    with_foreign_keys_off(service, compare)


def with_foreign_keys_off(service, work):
    """Run ``work`` where tasks need no case behind them: the question is who sees what, not how it came about."""

    def off(connection, _record, _proxy=None):
        connection.execute("PRAGMA foreign_keys=OFF")

    event.listen(service.database.writer, "checkout", off)
    try:
        work()
    finally:
        event.remove(service.database.writer, "checkout", off)
