"""Claiming under a lease, settling under a fence, letters with receipts: exactly once, or recognisably again."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.commands.errors import FenceLost
from engine.commands.timers import fire_claimed
from engine.engine import Engine
from engine.jobs.letters import LetterDelayed, LetterRefused, Receipt
from engine.jobs.types import JobType
from engine.store import jobs
from engine.store.tables import history, outbox
from engine.store.tables import jobs as jobs_table
from tests.engine.diagrams import END, START, bpmn, chain, service_task, small

SHORT = timedelta(seconds=0.3)


def overdue(engine, clock, count=1):
    """Start cases whose timer is due."""
    engine.deploy([("small.bpmn", small())])
    cases = [engine.start("small", {"severe": False}).key for _ in range(count)]
    clock.advance(timedelta(days=4))
    return cases


def fired(engine):
    return engine.read(
        lambda session: session.execute(
            sa.select(sa.func.count()).select_from(history).where(history.c.kind == "timer_fired")
        ).scalar()
    )


def wait_for_lapse(engine, clock):
    """Let a lease of ``SHORT`` run out: on PostgreSQL by its own clock, on SQLite by ours."""
    clock.advance(timedelta(seconds=1))
    if engine.database.is_remote:
        threading.Event().wait(0.4)


def test_workers_share_the_due_jobs_and_fire_each_once(engine, clock):
    overdue(engine, clock, 12)
    workers = [engine.worker(f"w{n}") for n in range(3)]
    counts = [0, 0, 0]

    def work(number):
        while taken := workers[number].run_once(2):
            counts[number] += taken

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 12
    assert fired(engine) == 12
    assert engine.tasks().total == 24


def test_a_stalled_worker_cannot_fire_what_another_took_over(engine, clock):
    """The fence: the first worker claims and stalls, the second takes over, the first wakes up."""
    (case,) = overdue(engine, clock)
    slow, quick = engine.worker("slow", lease=SHORT), engine.worker("quick", lease=SHORT)
    (claim,) = slow.claim(1)
    assert quick.claim(1) == []
    wait_for_lapse(engine, clock)
    (taken_over,) = quick.claim(1)
    assert taken_over.fence == claim.fence + 1
    with pytest.raises(FenceLost):
        engine.write(lambda session: fire_claimed(engine.house, session, claim, by=slow.actor))
    slow.do(claim)
    assert slow.fence_lost == 1
    assert fired(engine) == 0
    quick.do(taken_over)
    slow.do(claim)
    assert fired(engine) == 1
    assert engine.open_task_names(case) == ["Assess", "Hurry"]


def test_a_lease_from_before_the_clock_was_set_back_is_not_believed(engine, clock):
    overdue(engine, clock)
    (claim,) = engine.worker("w1").claim(1)
    far = clock.now() + timedelta(days=3000)
    engine.write(
        lambda session: session.execute(
            sa.update(jobs_table).where(jobs_table.c.key == claim.key).values(lease_until=far)
        )
    )
    assert len(engine.worker("w2").claim(1)) == 1


def test_a_renewed_lease_holds_and_a_lost_one_says_so(engine, clock):
    overdue(engine, clock)
    (claim,) = engine.worker("w1", lease=SHORT).claim(1)
    wait_for_lapse(engine, clock)
    renew = lambda: engine.write(  # noqa: E731
        lambda session: jobs.renew(session, claim, lease=timedelta(seconds=20), now=clock.now())
    )
    assert renew()
    assert engine.worker("w2").claim(1) == []
    engine.worker("w1").release([claim])
    assert len(engine.worker("w2").claim(1)) == 1
    assert not renew()


def test_a_job_that_kills_its_workers_is_taken_away_from_them(engine, clock):
    (case,) = overdue(engine, clock)
    for number in range(5):
        assert len(engine.worker(f"w{number}", lease=SHORT).claim(1)) == 1
        wait_for_lapse(engine, clock)
    assert engine.worker("w6").claim(1) == []
    assert [found.code for found in engine.sweep()] == ["job_kills_worker"]
    assert engine.sweep() == ()
    (incident,) = engine.incidents().items
    engine.resolve_incident(incident.incident_key)
    assert engine.run_due_jobs() == 1
    assert engine.open_task_names(case) == ["Assess", "Hurry"]


def test_jobs_are_done_in_the_order_they_were_due(engine, clock):
    cases = []
    engine.deploy([("small.bpmn", small())])
    for _ in range(3):
        cases.append(engine.start("small", {"severe": False}).key)
        clock.advance(timedelta(minutes=1))
    clock.advance(timedelta(days=30))
    engine.run_due_jobs()
    done = engine.read(
        lambda session: (
            session.execute(
                sa.select(history.c.instance_key)
                .where(history.c.kind == "timer_fired")
                .order_by(history.c.number)
            )
            .scalars()
            .all()
        )
    )
    assert done == cases


class Carrier:
    """A postman who does what he is told."""

    def __init__(self):
        self.sent, self.mood = [], None

    def send(self, letter):
        self.sent.append(letter)
        if self.mood is not None:
            raise self.mood
        return Receipt(250, "queued as 1")


@pytest.fixture
def carrier():
    return Carrier()


@pytest.fixture
def mailing(database, clock, carrier):
    """An engine whose diagram writes one letter; reports of letters are kept in ``reports``."""
    reports = []

    def write_letter(context):
        context.queue_letter(
            recipient="a@example.org", subject="Hello", text="Dear", html="<p>Dear", letter="ack"
        )
        context.queue_letter(
            recipient="a@example.org", subject="Hello", text="Dear", html="<p>Dear", letter="ack"
        )

    engine = Engine(
        database,
        clock=clock,
        postman=carrier,
        job_types=[JobType("redress:letter", write_letter)],
        on_letter=lambda session, report: reports.append(report),
    )
    engine.reports = reports
    engine.deploy(
        [
            (
                "m.bpmn",
                bpmn(
                    "m", START + service_task("mail", "redress:letter") + END + chain("start", "mail", "end")
                ),
            )
        ]
    )
    return engine


def letters(engine):
    return engine.read(lambda session: session.execute(sa.select(outbox)).all())


def test_a_letter_leaves_after_the_commit_with_its_receipt_kept(mailing, carrier, clock):
    case = mailing.start("m")
    assert carrier.sent == []
    assert mailing.run_due_jobs() == 1
    (letter,) = letters(mailing)
    assert (letter.state, letter.smtp_code, letter.smtp_reply, letter.sent_at) == (
        "sent",
        250,
        "queued as 1",
        clock.now(),
    )
    assert carrier.sent[0].recipient == "a@example.org"
    assert carrier.sent[0].message_id == letter.message_id
    (report,) = mailing.reports
    assert (report.state, report.case_key) == ("sent", case.key)


def test_a_delayed_letter_is_tried_again_under_the_same_message_id(mailing, carrier, clock):
    mailing.start("m")
    carrier.mood = LetterDelayed("451 later")
    assert mailing.run_due_jobs() == 1
    assert letters(mailing)[0].state == "queued"
    assert mailing.run_due_jobs() == 0
    carrier.mood = None
    clock.advance(timedelta(seconds=40))
    assert mailing.run_due_jobs() == 1
    assert letters(mailing)[0].state == "sent"
    assert len({one.message_id for one in carrier.sent}) == 1


def test_a_refused_letter_is_an_incident_and_blocks_no_other(mailing, carrier, clock):
    case = mailing.start("m")
    carrier.mood = LetterRefused("550 no such user")
    assert mailing.run_due_jobs() == 1
    carrier.mood = None
    mailing.start("m")
    assert mailing.run_due_jobs() == 1
    assert sorted(one.state for one in letters(mailing)) == ["dead", "sent"]
    (incident,) = mailing.incidents().items
    assert (incident.code, incident.process_instance_key) == ("letter_not_delivered", case.key)
    dead = next(one for one in letters(mailing) if one.state == "dead")
    mailing.release_letter(dead.key)
    assert mailing.run_due_jobs() == 1
    assert {one.state for one in letters(mailing)} == {"sent"}


def test_a_refused_letter_whose_incident_is_resolved_is_tried_again(mailing, carrier):
    mailing.start("m")
    carrier.mood = LetterRefused("550 no such user")
    assert mailing.run_due_jobs() == 1
    carrier.mood = None
    (incident,) = mailing.incidents().items
    mailing.resolve_incident(incident.incident_key)
    assert mailing.run_due_jobs() == 1
    assert [one.state for one in letters(mailing)] == ["sent"]
    assert mailing.run_due_jobs() == 0


def test_a_letter_leaves_once_the_server_is_back_after_a_weekend(mailing, carrier, clock):
    mailing.start("m")
    carrier.mood = OSError("connection refused")
    for _ in range(60):
        mailing.run_due_jobs()
        clock.advance(timedelta(hours=1, minutes=10))
    carrier.mood = None
    mailing.run_due_jobs()
    assert letters(mailing)[0].state == "sent"


def test_a_letter_that_is_never_accepted_is_tried_for_five_days_and_given_up_then(mailing, carrier, clock):
    mailing.start("m")
    carrier.mood, began = OSError("connection refused"), clock.now()
    while letters(mailing)[0].state != "dead":
        mailing.run_due_jobs()
        clock.advance(timedelta(minutes=70))
        assert clock.now() - began < timedelta(days=7)
    assert clock.now() - began > timedelta(days=5)


def test_the_metronome_does_what_is_due_and_shows_signs_of_life(database, carrier):
    from engine.clock import SystemClock
    from engine.jobs.scheduler import Chore, Metronome

    done = threading.Event()
    engine = Engine(
        database,
        clock=SystemClock(),
        job_types=[JobType("redress:later", lambda context: done.set(), "async")],
    )
    engine.deploy(
        [
            (
                "m.bpmn",
                bpmn(
                    "m", START + service_task("mail", "redress:later") + END + chain("start", "mail", "end")
                ),
            )
        ]
    )
    ticked = threading.Event()
    metronome = Metronome(engine, chores=[Chore("tick", timedelta(hours=1), ticked.set)], name="node-1")
    metronome.start()
    case = engine.start("m")
    assert done.wait(10)
    assert ticked.wait(10)
    assert engine.await_end(case.key, timeout=timedelta(seconds=10)) == {}
    metronome.stop()
    assert set(engine.workers()["node-1"]["chores"]) >= {"tick", "sweep"}
