"""A complaint played through the real service: its register, its clocks, the shipped diagrams, forms and letters."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from api.complaints.answers.sheets import told
from api.complaints.from_complainant import answer as answered_by
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.letter_desk import mark_posted
from api.complaints.tables import ClockRow, LetterRow, PartyRow, oldest_first
from engine.actors import SYSTEM
from engine.actors import service as as_service
from engine.deadlines.state import LATE, OPEN
from engine.store.search import Condition, Query
from tests.api.deadlines.conftest import Office, at

ANN = PartyDetails("Ann Other", "ann@example.org")
HOLES = re.compile(r"\bNone\b|\bnull\b|\{\{|\}\}|\w\(\w+=|\b(?:until|by|on|of|from)(?: [.,;]| {2})")


class Walk(Office):
    """One complaint; every task is done by ``SYSTEM`` with answers its form accepts, every letter leaves at once."""

    def __init__(self, service, clock):
        super().__init__(service, clock)
        self._undated = set()

    def take(
        self, text, regime="generic", category=None, *, sender=ANN, channel="web", recorded=None, **more
    ):
        """Receive a complaint at a local London time from ``sender``, None for nobody to write to."""
        self.clock.set(at(recorded or text))
        new = NewComplaint(
            channel, at(text), "Charged twice.", sender, regime=regime, category=category, **more
        )
        made = receive(self.service, new, by=as_service("web"))
        self.key, self.instance, self.reference = made.key, made.instance_key, made.reference
        self.service.run_due()
        return self

    # -- asking

    @property
    def open(self):
        """The names of the open tasks of the case, in alphabetical order."""
        return sorted(task.name for task in self._open())

    def _open(self):
        found = self.service.engine.open_tasks(self.instance)
        self._undated |= {task.name for task in found if task.due_date is None}
        return found

    @property
    def undated(self):
        """The tasks that are, or were seen, open without a due date."""
        self._open()
        return self._undated

    @property
    def clocks(self):
        """Every round of every clock: (name, number) → state."""
        rows = self.ask(
            lambda s: s.execute(
                select(ClockRow.name, ClockRow.number, ClockRow.state)
                .where(ClockRow.complaint_key == self.key)
                .order_by(ClockRow.key)
            ).all()
        )
        return {(row.name, row.number): row.state for row in rows}

    @property
    def late(self):
        """The clocks that were missed."""
        return sorted(name for (name, _), state in self.clocks.items() if state in LATE)

    @property
    def running(self):
        """The clocks that still wait for something."""
        return sorted(name for (name, _), state in self.clocks.items() if state in OPEN)

    @property
    def letters(self):
        query = (
            select(LetterRow).where(LetterRow.complaint_key == self.key).order_by(*oldest_first(LetterRow))
        )
        return self.ask(lambda session: list(session.scalars(query)))

    def letter(self, template):
        """The last letter of this name."""
        found = [row for row in self.letters if row.template == template]
        assert found, f"{template!r} was not written; written were {[row.template for row in self.letters]}"
        return found[-1]

    @property
    def holes(self):
        """The letters with something missing, and where."""
        return [
            f"{row.template}: …{(row.subject + row.text)[max(0, hole.start() - 40) : hole.end() + 10]!r}"
            for row in self.letters
            for hole in HOLES.finditer(row.subject + "\n" + row.text)
        ]

    @property
    def troubles(self):
        found = self.service.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items
        return [f"{one.element_id}: {one.error_message}" for one in found]

    @property
    def ended(self):
        return self.service.engine.instance(self.instance).state == "COMPLETED"

    def read(self, template, name):
        """Tell whether the day of the clock ``name`` stands in the last letter of this name."""
        due = self.clock_named(name).due_on
        return f"{due.day} {due:%B %Y}" in self.letter(template).text

    # -- doing

    def on_paper(self):
        """Let the complainant want letters on paper from now on."""

        def work(session):
            party = session.scalar(select(PartyRow).where(PartyRow.complaint_key == self.key))
            party.preferred_channel, party.address = "post", "1 High Street"

        self.service.engine.write(work)
        return self

    def post(self, template):
        """Post the last letter of this name now."""
        mark_posted(self.service, self.key, self.letter(template).key, by=SYSTEM)
        self.service.run_due()
        return self

    def do(self, name, **answers):
        """Finish the oldest open task of this name."""
        found = [task for task in self._open() if task.name == name]
        assert found, f"{name!r} is not open; open are {self.open}; incidents {self.troubles}"
        task = min(found, key=lambda each: each.user_task_key)
        self.service.engine.complete_task(task.user_task_key, answers, by=SYSTEM)
        self.service.run_due()
        return self

    def aside(self, name=None):
        """The open tasks (of this name) in processes that run beside the complaint's case, oldest first."""
        query = Query(where=(Condition("state", "eq", "CREATED"),), limit=200)
        found = [
            task
            for task in self.service.engine.tasks(query).items
            if task.root_process_instance_key != self.instance and name in (None, task.name)
        ]
        return sorted(found, key=lambda task: task.user_task_key)

    def beside(self, name, *, by=SYSTEM, **answers):
        """Finish the oldest task of this name in a process that runs beside the complaint's case."""
        found = self.aside(name)
        assert found, f"{name!r} is not open; open are {[task.name for task in self.aside()]}"
        assert found[0].due_date is not None
        self.service.engine.complete_task(found[0].user_task_key, answers, by=by)
        self.service.run_due()
        return self

    def due_of(self, name):
        """When the task of this name is due (aware UTC)."""
        return next(task.due_date for task in self._open() if task.name == name)

    def answer(self, what):
        """Let the complainant answer on the status page: ``accepts`` or ``rejects``."""
        accepts = what == "accepts"
        key = f"{what}-{self.clock.now():%Y%m%d%H%M}"
        sheet = told({"Do you accept our answer?": "Yes" if accepts else "No"}, title="Our answer")
        answered_by(self.service, self.key, accepts=accepts, reason="Because.", sheet=sheet, key=key)
        self.service.run_due()
        return self

    def tell(self, message, **variables):
        self.service.engine.publish_message(message, str(self.key), variables)
        self.service.run_due()
        return self

    def screen(self, way="in_scope", **more):
        reason = {} if way == "in_scope" else {"scopeReason": "Because."}
        rows = [{"summary": "Charged twice"}]
        return self.do(
            "Screen the complaint", scopeExit=way, problem="price", issueList=rows, **reason, **more
        )

    def assess(self, **more):
        """Assess it, and confirm what the table proposes."""
        values = {"severity": "medium", "complexity": "medium", "impact": "one", **more}
        self.do("Assess the complaint", **values)
        task = next(each for each in self._open() if each.name == "Confirm priority and lane")
        proposed = dict(self.service.engine.values(task.process_instance_key)["triage"])
        given = {name: proposed[name] for name in ("lane", "level", "significant")}
        return self.do("Confirm priority and lane", **given, proposedPriority=proposed["priority"])

    def investigate(self):
        self.do("Plan the investigation", questions="What happened?")
        self.do("Examine the evidence", chronology="First this, then that.")
        return self.do(
            "Record the finding", outcome="upheld", findingReasons="We saw it.", rootCause="process"
        )

    def decide(self, *, remedy="refund"):
        money = {"remedyKind": "refund", "amount": 50, "remedyWhat": "Refund of the second charge"}
        given = money if remedy == "refund" else {"remedyKind": "words"}
        self.do("Draft the answer", outcome="upheld", answerText="You are right.", **given)
        self.do("Check the quality", check="accepted")
        return self.do("Approve the decision", approval="approved")

    def through(self, **more):
        """From screening to the dispatch of the decision."""
        return self.screen().on(**more)

    def on(self, **more):
        """From assessing to the dispatch of the decision."""
        return self.assess().investigate().decide(**more)

    def settle(self):
        """Settle it in the quick lane, with a refund."""
        return self.do(
            "Settle it with the complainant",
            earlyResult="settled",
            earlyOutcome="upheld",
            remedyKind="refund",
            amount=50,
            remedyWhat="Refund",
            earlySummary="Charged twice; we pay back.",
        )

    def choose(self, step):
        return self.do("Explain the options", rejectReason="Not enough.", nextStep=step)

    def review(self):
        kept = {"outcome": "upheld", "answerText": "You are right.", "remedyKind": "words"}
        self.do("Review the issue", **kept)
        return self.do("Approve the review", approval="approved")

    def correct(self):
        today = self.clock.now().date().isoformat()
        self.do("Carry out the promise", doneOn=today, proof="Payment 4711")
        return self.do("Verify the correction", verified="yes")

    def close(self):
        return self.do("Look back on the complaint", rootCause="process")

    def wait(self, **span):
        """Let time pass with everything that falls due."""
        from api.demo.play import run_until

        run_until(self.service, self.clock, self.clock.now() + timedelta(**span))
        return self
