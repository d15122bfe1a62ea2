"""Lines of work do not delay each other: what waits for a mail server or the network waits alone."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.clock import SystemClock
from engine.commands.errors import FenceLost
from engine.engine import Engine
from engine.jobs.letters import Receipt, carry
from engine.jobs.lines import lines_of
from engine.jobs.scheduler import Chore, Metronome
from engine.jobs.types import JobType
from engine.store.tables import outbox
from tests.engine.diagrams import END, START, bpmn, chain, service_task

PATIENCE = timedelta(seconds=15)


class SlowPostman:
    """A postman whose server answers nobody until it is told to."""

    def __init__(self):
        self.sent, self.subjects = [], []
        self.called, self.answers = threading.Event(), threading.Event()

    def send(self, letter):
        self.called.set()
        assert self.answers.wait(60)
        self.sent.append(letter.message_id)
        self.subjects.append(letter.subject)
        return Receipt(250, "queued")


@pytest.fixture
def postman():
    postman = SlowPostman()
    yield postman
    postman.answers.set()


def write_letter(context):
    context.queue_letter(
        recipient="a@example.org", subject="Hello", text="Dear", html="<p>Dear", letter="ack"
    )


def mailing():
    return bpmn("mails", START + service_task("mail", "redress:letter") + END + chain("start", "mail", "end"))


def outside():
    return bpmn("calls", START + service_task("call", "redress:call") + END + chain("start", "call", "end"))


def timed():
    catch = (
        '<intermediateCatchEvent id="wait"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>'
    )
    return bpmn("waits", START + catch + END + chain("start", "wait", "end"))


def test_a_timer_fires_while_the_mail_server_keeps_letters_waiting(database, postman):
    engine = Engine(
        database, clock=SystemClock(), postman=postman, job_types=[JobType("redress:letter", write_letter)]
    )
    engine.deploy([("m.bpmn", mailing()), ("t.bpmn", timed())])
    for _ in range(4):
        engine.start("mails")
    metronome = Metronome(engine)
    metronome.start()
    try:
        assert postman.called.wait(PATIENCE.total_seconds())
        case = engine.start("waits")
        assert engine.await_end(case.key, timeout=PATIENCE) == {}
        assert postman.sent == []
    finally:
        postman.answers.set()
        metronome.stop()


def test_a_timer_fires_while_a_handler_waits_for_the_network(database):
    called, answers = threading.Event(), threading.Event()

    def call(context):
        called.set()
        assert answers.wait(60)

    engine = Engine(
        database, clock=SystemClock(), job_types=[JobType("redress:call", call, "async", outside=True)]
    )
    engine.deploy([("c.bpmn", outside()), ("t.bpmn", timed())])
    engine.start("calls")
    metronome = Metronome(engine)
    metronome.start()
    try:
        assert called.wait(PATIENCE.total_seconds())
        case = engine.start("waits")
        assert engine.await_end(case.key, timeout=PATIENCE) == {}
    finally:
        answers.set()
        metronome.stop()


def test_an_urgent_letter_overtakes_those_that_wait(database, postman):
    def write(context):
        urgent = context.headers["urgent"] == "yes"
        context.queue_letter(
            recipient="a@example.org",
            subject=str(urgent),
            text="Dear",
            html="<p>Dear",
            letter="one",
            urgent=urgent,
        )

    def writing(process_id, urgent):
        header = f'<zeebe:taskHeaders><zeebe:header key="urgent" value="{urgent}"/></zeebe:taskHeaders>'
        task = service_task("mail", "redress:letter", extension=header)
        return bpmn(process_id, START + task + END + chain("start", "mail", "end"))

    engine = Engine(
        database, clock=SystemClock(), postman=postman, job_types=[JobType("redress:letter", write)]
    )
    engine.deploy([("usual.bpmn", writing("usual", "no")), ("alarm.bpmn", writing("alarm", "yes"))])
    for _ in range(5):
        engine.start("usual")
    engine.start("alarm")
    postman.answers.set()
    (post,) = (line for line in engine.lines if line.name == "post")
    engine.worker("postman", line=post).run_once(1)
    assert postman.subjects == ["True"]


def test_every_kind_of_work_belongs_to_exactly_one_line():
    types = [JobType("in", write_letter), JobType("out", write_letter, "async", outside=True)]
    lines = lines_of(types, mail=True)
    work = [
        (kind, own)
        for line in lines
        for kind in line.kinds
        for own in line.own_types or ("",)
        if kind == "own"
    ]
    assert sorted(work) == [("own", "in"), ("own", "out")]
    others = [kind for line in lines for kind in line.kinds if kind != "own"]
    assert sorted(others) == ["chore", "mail", "timer"]
    assert [line.name for line in lines_of(types[:1], mail=False)] == ["motion"]


def test_a_line_waits_for_nothing_that_another_line_has_to_do(engine, clock, database):
    """Else it would look for work again and again and find none."""
    engine = Engine(
        database,
        clock=clock,
        job_types=[JobType("redress:call", lambda context: None, "async", outside=True)],
    )
    engine.deploy([("c.bpmn", outside())])
    engine.start("calls")
    motion, network = (engine.worker(line.name, line=line) for line in engine.lines)
    assert motion.run_once() == 0
    assert motion._until_due() == 60
    assert network.run_once() == 1


def test_a_thread_that_is_taken_down_is_started_again_and_was_not_well_meanwhile(database):
    engine, falls, well = Engine(database, clock=SystemClock()), [], threading.Event()

    def fall():
        falls.append(engine.workers().get("node", {"chores": {}})["chores"].get("fragile"))
        if len(falls) == 1:
            raise SystemExit
        if len(falls) == 2:
            raise RuntimeError("not yet")
        if len(falls) > 3:
            well.set()

    metronome = Metronome(engine, chores=[Chore("fragile", timedelta(seconds=0.2), fall)], name="node")
    metronome.start()
    try:
        assert well.wait(PATIENCE.total_seconds())
    finally:
        metronome.stop()
    assert falls[:3] == [None, None, None]
    assert falls[3] is not None
    assert {"motion", "fragile"} <= set(engine.workers()["node"]["chores"])


def test_a_letter_whose_turn_comes_too_late_is_left_to_who_has_it_now(database, clock, postman):
    """Four letters are claimed together; while the first is under way the lease of the others may lapse."""
    postman.answers.set()
    engine = Engine(
        database, clock=clock, postman=postman, job_types=[JobType("redress:letter", write_letter)]
    )
    engine.deploy([("m.bpmn", mailing())])
    engine.start("mails")
    lapsed = timedelta(seconds=0)
    slow, quick = engine.worker("slow", lease=lapsed), engine.worker("quick")
    (claim,) = slow.claim(1)
    clock.advance(timedelta(seconds=1))
    (taken_over,) = quick.claim(1)

    with pytest.raises(FenceLost):
        carry(engine.house, claim, postman, by=slow.actor, lease=lapsed)
    assert postman.sent == []

    quick.do(taken_over)
    assert len(postman.sent) == 1
    assert engine.read(lambda session: session.scalars(sa.select(outbox.c.state)).all()) == ["sent"]


def test_the_leases_of_letters_in_line_are_kept_up_while_one_is_under_way(database, postman):
    engine = Engine(
        database, clock=SystemClock(), postman=postman, job_types=[JobType("redress:letter", write_letter)]
    )
    engine.deploy([("m.bpmn", mailing())])
    for _ in range(3):
        engine.start("mails")
    lease = timedelta(seconds=3)
    worker = engine.worker("one", lease=lease)
    thread = threading.Thread(target=worker.run_once)
    thread.start()
    assert postman.called.wait(10)
    other = engine.worker("two")
    taken = []
    for _ in range(8):  # more than one lease long
        threading.Event().wait(lease.total_seconds() / 4)
        taken += other.claim(5)
    postman.answers.set()
    thread.join(20)
    assert taken == []
    assert len(set(postman.sent)) == len(postman.sent) == 3
