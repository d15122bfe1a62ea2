"""An office that works along the shipped diagrams: real engine, tables and forms; the register only notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from api.complaints.clock_rows import ANSWERING, OUR_ANSWER, followed_as
from api.complaints.states import UNANSWERED
from engine import feel
from engine.calendar_files import read_calendars
from engine.clock import FrozenClock
from engine.commands.context import StepContext
from engine.engine import Engine
from engine.execution.world import CaseClock
from engine.jobs.types import JobType
from engine.store.database import Database
from engine.store.search import Condition, Query

ROOT = Path(__file__).parents[2]
JOBS = (
    *("register", "set-state", "start-clocks", "start-clock", "meet-clock", "pause-clock", "resume-clock"),
    *("extend-clock", "cancel-clock", "send-letter", "notify", "record", "assign-owner", "close", "withdraw"),
    *("earlier-complaints", "merge", "unfinished", "end-clocks", "danger", "issues", "keep-away"),
    *("deliver-letter", "send-owed-letters", "answer-left", "register-related", "keep-letter-back"),
    *("relate", "take-as-said", "taken-up-outside", "end-again"),
)
ISSUES = [{"id": 1, "summary": "Charged twice"}, {"id": 2, "summary": "Rude on the phone"}]


def shipped() -> list[tuple[str, bytes]]:
    """Return every file that is deployed: diagrams, tables and forms."""
    folders = (ROOT / "processes", ROOT / "forms")
    paths = [path for folder in folders for path in sorted(folder.iterdir())]
    return [(path.name, path.read_bytes()) for path in paths if path.suffix in (".bpmn", ".dmn", ".form")]


@dataclass(frozen=True, slots=True)
class Done:
    """One job as a diagram asked for it."""

    type: str
    headers: Mapping[str, str]
    variables: Mapping[str, Any]


@dataclass
class Clocks:
    """Case clocks set by hand: name → bound, or None for one that has stopped."""

    bounds: dict[str, datetime | None] = field(default_factory=dict)
    started: datetime | None = None
    stopped: dict[str, datetime] = field(default_factory=dict)

    def due(self, session: object, instance_key: int, name: str) -> datetime | None:
        names = ANSWERING if name == OUR_ANSWER else (name,)
        return min((at for each in names if (at := self.bounds.get(each)) is not None), default=None)

    def followed_as(self, name: str) -> tuple[str, ...]:
        return followed_as(name)

    def view(self, session: object, instance_key: int, name: str) -> CaseClock | None:
        if name not in self.bounds:
            return None
        bound, started = self.bounds[name], self.started
        if bound is None or started is None:
            return CaseClock("met", None, None, lambda share: None, 1, lambda number: self.stopped.get(name))
        return CaseClock(
            "running",
            bound.date(),
            bound,
            lambda share: started + (bound - started) * share,
            1,
            lambda number: None,
        )


class Office:
    """One complaint on its way; every step is a command of the engine. ``database`` holds what is shipped."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.clock, self.clocks, self.done = clock, Clocks(started=clock.now()), list[Done]()
        self.engine = Engine(
            database,
            clock=clock,
            zone="Europe/London",
            calendars=read_calendars(ROOT / "processes" / "calendars", default="uk-england"),
            job_types=[JobType(f"redress:{name}", self._note) for name in JOBS],
            case_clocks=self.clocks,
        )
        self.key, self.still_owed, self.sent_on = 0, dict[str, Any](), dict[str, date]()
        self.issues, self.joined = ISSUES, list[str]()

    def _note(self, context: StepContext) -> dict[str, Any] | None:
        variables = {name: feel.outward(value) for name, value in context.variables.items()}
        name = context.job_type.removeprefix("redress:")
        self.done.append(Done(name, dict(context.headers), variables))
        if name == "danger":
            self._find_danger(context, variables)
        if name == "send-letter":
            self.sent_on[context.headers["letter"]] = self.clock.now().date()
        answers = {
            "assign-owner": {"owner": "hanna"},
            "earlier-complaints": {"earlier": [{"label": "RD-1", "value": "RD-1"}]},
            "merge": {"answerBy": None},
            "issues": self._take_issues(variables) if name == "issues" else None,
            "unfinished": {"unfinished": self._unfinished(context)},
            "withdraw": {
                **{"protecting": False, "dangerSince": None, "alerting": False, "alertSince": None},
                **{"promises": [], "goesOn": [], "body": None, "bodyReference": None, "fileDueOn": None},
            }
            | self.still_owed,
            "start-clock": {"due": variables.get("due")},
            "answer-left": {
                "leftOn": self._left_on(context),
                "waySought": False,
                "unread": False,
                "writtenAnew": False,
            },
            "extend-clock": {"extended": True, "extensionRefused": None},
        }
        return answers.get(name)

    def _find_danger(self, context: StepContext, found: Mapping[str, Any]) -> None:
        kinds = [job.headers["kind"] for job in self.jobs("record")]
        told, acted = kinds.count("danger"), kinds.count("remedy")
        again = found.get("danger") is True and told <= acted
        if found.get("found") is True or again or (found.get("risk") is True and not told):
            context.publish("danger-found", "7", {})

    def _take_issues(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as the register does: what the screening named last, and what joined since while nothing was answered."""
        scoped = [job for job in self.jobs("record") if job.headers["kind"] == "scope"]
        named = [
            one["summary"] for one in (scoped[-1].variables["data"]["issues"] if scoped else self.issues)
        ]
        add = variables.get("add") or []
        joins = not self.states or self.states[-1] in UNANSWERED
        self.joined += add if joins else []
        kept = [{"id": n, "summary": one} for n, one in enumerate([*named, *self.joined], start=1)]
        return {"issues": kept, "joined": joins or not add}

    def _left_on(self, context: StepContext) -> date | None:
        """Answer as the register does: null while the final response waits to leave, else when the newest named letter was sent."""
        if self.clocks.bounds.get("final_response"):
            return None
        named = {name.strip() for name in context.headers.get("letter", "").split(",")}
        days = [day for letter, day in self.sent_on.items() if letter in named]
        return max(days, default=self.clock.now().date())

    @staticmethod
    def _unfinished(context: StepContext) -> list[str]:
        asked = {name.strip() for name in context.headers.get("processes", "").split(",")}
        return sorted(asked & context.running())

    def receive(self, **more: Any) -> Office:
        """Start a complaint that came in by the website a week ago."""
        received = self.clock.now() - timedelta(days=7)
        facts = {
            "complaintKey": "7",
            "reference": "RD-7",
            "receivedAt": received.isoformat(),
            "receivedOn": received.date().isoformat(),
            "occurredOn": (received - timedelta(days=10)).date().isoformat(),
            "channel": "web",
            "complainantKnown": True,
            "represented": False,
            "product": "account",
            "problem": "price",
            "category": None,
            "regime": "generic",
            "issues": ISSUES,
            "dangerReported": False,
            "withOutsideBody": False,
            "employment": False,
        }
        self.issues = (facts | more)["issues"]
        self.key = self.engine.start("complaint-handling", facts | more).key
        return self

    # -- asking

    @property
    def open(self) -> list[str]:
        """The names of all open tasks, in alphabetical order."""
        return sorted(task.name for task in self._tasks())

    @property
    def ended(self) -> bool:
        return self.engine.instance(self.key).state == "COMPLETED"

    @property
    def letters(self) -> list[str]:
        return [job.headers["letter"] for job in self.jobs("send-letter")]

    @property
    def states(self) -> list[str]:
        return [job.headers["state"] for job in self.jobs("set-state")]

    @property
    def closed(self) -> list[str]:
        """The closing reasons."""
        return [job.variables["reason"] for job in self.jobs("close")]

    @property
    def troubles(self) -> list[str]:
        found = self.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items
        return [f"{one.element_id}: {one.error_message}" for one in found]

    def jobs(self, name: str) -> list[Done]:
        return [job for job in self.done if job.type == name]

    def task(self, name: str) -> Any:
        """The oldest open task of this name."""
        found = [task for task in self._tasks() if task.name == name]
        assert found, f"{name!r} is not open; open are {self.open}; incidents {self.troubles}"
        return min(found, key=lambda task: task.user_task_key)

    def _tasks(self) -> tuple[Any, ...]:
        return tuple(self.engine.tasks(Query(where=(Condition("state", "eq", "CREATED"),))).items)

    # -- doing

    def do(self, name: str, **answers: Any) -> Office:
        """Complete the oldest open task of this name with answers its form accepts."""
        self.engine.complete_task(self.task(name).user_task_key, answers)
        return self

    def tell(self, message: str, **variables: Any) -> Office:
        self.engine.publish_message(message, "7", variables)
        self.engine.run_due_jobs()
        return self

    def later(self, **span: float) -> Office:
        """Let time pass and everything happen that falls due."""
        self.clock.advance(timedelta(**span))
        self.engine.run_due_jobs()
        return self

    def run_clock(self, name: str, bound: datetime | None) -> Office:
        """Set a clock of the case, as the register does, and let timers and tasks look at it."""
        self.clocks.bounds[name] = bound
        if bound is None:
            self.clocks.stopped[name] = self.clock.now()
        self.engine.rearm_clock(self.key, name)
        return self

    # -- stretches of the way

    def screen(self, exit: str = "in_scope", **more: Any) -> Office:
        reason = {} if exit == "in_scope" else {"scopeReason": "Because."}
        rows = [{"summary": issue["summary"]} for issue in ISSUES]
        return self.do(
            "Screen the complaint", scopeExit=exit, problem="price", issueList=rows, **reason, **more
        )

    def assess(self, **more: Any) -> Office:
        self.do(
            "Assess the complaint", **{"severity": "medium", "complexity": "medium", "impact": "one", **more}
        )
        proposal = {
            name: value for name, value in self.proposal().items() if name in ("lane", "level", "significant")
        }
        priority = self.proposal()["priority"]
        return self.do("Confirm priority and lane", **proposal, proposedPriority=priority)

    def proposal(self) -> dict[str, Any]:
        """What the table proposes for the open confirmation."""
        task = self.task("Confirm priority and lane")
        return dict(self.engine.values(task.process_instance_key)["triage"])

    def investigate(self, issues: int = 2, **plan: Any) -> Office:
        self.do("Plan the investigation", questions="What happened?", **plan)
        return self.find(issues)

    def find(self, issues: int = 2) -> Office:
        self.do("Examine the evidence", chronology="First this, then that.")
        for _ in range(issues):
            self.do("Record the finding", outcome="upheld", findingReasons="We saw it.", rootCause="process")
        return self

    def draft(self, amount: int = 50) -> Office:
        money = {"remedyKind": "refund", "amount": amount, "remedyWhat": "Refund of the second charge"}
        self.do("Draft the answer", outcome="upheld", answerText="You are right.", **money)
        return self.do("Draft the answer", outcome="upheld", answerText="We are sorry.", remedyKind="words")

    def send(self) -> Office:
        return self.do("Check the quality", check="accepted").do("Approve the decision", approval="approved")

    def correct(self) -> Office:
        today = self.clock.now().date().isoformat()
        self.do("Carry out the promise", doneOn=today, proof="Payment 4711")
        return self.do("Verify the correction", verified="yes")

    def close(self) -> Office:
        return self.do("Look back on the complaint", rootCause="process")
