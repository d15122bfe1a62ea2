"""Scripted staff: whoever may do a task does it, with answers that carry a complaint to the outcome wished for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from api.complaints.tables import ComplaintRow
from api.identity import people
from api.identity.people import Person
from engine.commands.errors import NotYourTask, TaskHeld
from engine.errors import Conflict
from engine.store.records import TaskRecord
from engine.zones import local_date

if TYPE_CHECKING:
    from api.wiring import Redress

MONEY = frozenset({"refund", "compensation", "distress", "goodwill", "contract"})
MOST_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """How a complaint is to go. ``outcome`` and ``remedy`` are codes of the forms; ``stop_before`` names forms left undone.

    ``accepts`` None: the complainant stays silent.
    """

    outcome: str = "upheld"
    remedy: str = "words"
    amount: int = 0
    early: bool = False
    severity: str = "medium"
    significant: bool = False
    exit: str = "in_scope"
    problem: str = "other"
    accepts: bool | None = True
    departments: tuple[str, ...] = ()
    stop_before: frozenset[str] = frozenset()
    text: str = "We have looked into what you told us, at our records and at what the people involved said."


class Staff:
    """The people of one service at work; each task goes to somebody the rules allow."""

    def __init__(self, service: Redress) -> None:
        """Everybody active at this moment takes part."""
        self._service, self._engine = service, service.engine
        everybody = service.engine.read(people.everybody)
        self._people = [person for person in everybody if person.active and "admin" not in person.roles]
        self._by_name = {person.name: person for person in everybody}
        self._turn = 0

    def work(self, root_key: int, wish: Wish) -> int:
        """Do every open task of a case that somebody may do and the wish does not leave out; return how many were done."""
        done, left = 0, set[int]()
        for _ in range(MOST_ROUNDS):
            self._engine.run_due_jobs()  # letters leave between two tasks, as they do all day
            tasks = [task for task in self._engine.case_tasks(root_key) if task.user_task_key not in left]
            if not tasks:
                return done
            for task in tasks:
                if self._do(task, wish):
                    done += 1
                else:
                    left.add(task.user_task_key)
        return done

    def answer(self, root_key: int, wish: Wish) -> None:
        """Let the complainant answer the decision (or a refusal to take it on), if an answer is awaited and wished for."""
        if wish.accepts is None:
            return
        row = self._engine.read(
            lambda session: session.scalar(select(ComplaintRow).where(ComplaintRow.instance_key == root_key))
        )
        if row is not None and row.state == "responded":
            answer = "accepts" if wish.accepts else "rejects"
            self._engine.publish_message("complainant-answers", str(row.key), {"answer": answer})

    def _do(self, task: TaskRecord, wish: Wish) -> bool:
        form = self._engine.task_form(task.user_task_key)
        form_id = form.form_id if form is not None else ""
        answers = ANSWERS.get(form_id)
        if answers is None or form_id in wish.stop_before:
            return False
        filled = answers(wish, _Sight(self._service, task))
        if filled is None:
            return False
        return any(self._try(task, person, filled) for person in self._candidates(task))

    def _try(self, task: TaskRecord, person: Person, answers: Mapping[str, Any]) -> bool:
        try:
            self._engine.complete_task(task.user_task_key, answers, by=person.actor)
        except (NotYourTask, TaskHeld):
            return False
        except Conflict:
            return True  # it is gone: the case moved on in between
        return True

    def _candidates(self, task: TaskRecord) -> list[Person]:
        if task.assignee is not None:
            holder = self._by_name.get(task.assignee)
            return [holder] if holder is not None else []
        groups = frozenset(task.candidate_groups)
        fitting = [person for person in self._people if not groups or person.groups & groups]
        self._turn += 1
        start = self._turn % len(fitting) if fitting else 0
        return fitting[start:] + fitting[:start]


class _Sight:
    """What the person at a task sees: today, and the facts of the case when the form needs them."""

    def __init__(self, service: Redress, task: TaskRecord) -> None:
        self._service, self._task = service, task

    @property
    def today(self) -> str:
        return local_date(self._service.clock.now(), self._service.settings.time_zone).isoformat()

    @property
    def now(self) -> str:
        return self._service.clock.now().isoformat()

    def day_in(self, days: int) -> str:
        day = local_date(self._service.clock.now(), self._service.settings.time_zone) + timedelta(days=days)
        return day.isoformat()

    def fact(self, name: str) -> Any:
        sheet = self._service.engine.task_sheet(self._task.user_task_key)
        return None if sheet is None else sheet.stored.get(name)


Filled = Mapping[str, Any] | None


def _screen(wish: Wish, _sight: _Sight) -> Filled:
    answers: dict[str, Any] = {"scopeExit": wish.exit, "problem": wish.problem}
    if wish.exit != "in_scope":
        answers["scopeReason"] = "The matter belongs elsewhere; the letter explains where."
    return answers


def _assess(wish: Wish, _sight: _Sight) -> Filled:
    serious = wish.significant
    return {
        "severity": "high" if serious else wish.severity,
        "complexity": "low" if wish.early else "medium",
        "impact": "many" if serious else "one",
        "safety": serious,
        "immediateActionNeeded": serious,
        **({"immediateActionPossible": True} if serious else {}),
        "quickAnswer": wish.early,
    }


def _confirm(wish: Wish, sight: _Sight) -> Filled:
    triage = sight.fact("triage") or {}
    lane = "early" if wish.early else triage.get("lane") if triage.get("lane") != "early" else "standard"
    answers = {
        "lane": lane or "standard",
        "level": triage.get("level") or "standard",
        "proposedPriority": triage.get("priority", 50),
        "significant": triage.get("significant") is True,
    }
    if lane != triage.get("lane"):
        answers["overrideReason"] = "The handler knows the case from the phone call."
    return answers


def _plan(wish: Wish, sight: _Sight) -> Filled:
    requests = [
        {"department": department, "question": "What do your records show?", "dueOn": sight.day_in(3)}
        for department in wish.departments
    ]
    return {"questions": "What happened, when, and what did we promise?"} | (
        {"contributionRequests": requests} if requests else {}
    )


def _draft(wish: Wish, _sight: _Sight) -> Filled:
    answers: dict[str, Any] = {"outcome": wish.outcome, "answerText": wish.text, "remedyKind": wish.remedy}
    if wish.remedy in MONEY:
        answers["amount"] = wish.amount
    if wish.remedy not in ("words", "none"):
        answers["remedyWhat"] = "As told in the letter"
    return answers


def _settle(wish: Wish, _sight: _Sight) -> Filled:
    answers: dict[str, Any] = {
        "earlyResult": "settled",
        "earlyOutcome": wish.outcome,
        "remedyKind": wish.remedy,
        "earlySummary": wish.text,
    }
    if wish.remedy in MONEY:
        answers["amount"] = wish.amount
    if wish.remedy not in ("words", "none"):
        answers["remedyWhat"] = "As agreed on the phone"
    return answers


def _look_back(_wish: Wish, sight: _Sight) -> Filled:
    gaps = sight.fact("closureGaps")
    return {"rootCause": "process"} | ({"answeredAll": True} if gaps else {})


def _given(**answers: Any) -> Callable[[Wish, _Sight], Filled]:
    return lambda _wish, _sight: answers


ANSWERS: dict[str, Callable[[Wish, _Sight], Filled]] = {
    "screen-scope": _screen,
    "acknowledge": lambda _wish, sight: {"acknowledgedBy": "phone", "acknowledgedAt": sight.now},
    "check-authority": _given(authority="confirmed", authorityScope="settle"),
    "decide-authority": _given(authority="refused"),
    "find-a-way": _given(wayFound="no"),
    "post-letter": _given(delivery="done"),
    "tell-by-phone": _given(delivery="done"),
    "assess": _assess,
    "confirm-assessment": _confirm,
    "read-alert": _given(readBy="read"),
    "take-immediate-action": lambda _wish, sight: {
        "protectiveAction": "The product was taken off sale and the customer was called.",
        "protectedAt": sight.now,
    },
    "settle-early": _settle,
    "approve-early": _given(approval="approved"),
    "plan-investigation": _plan,
    "contribute": _given(
        established="Our records show the dates and the order as the complainant tells them."
    ),
    "examine-evidence": _given(chronology="The order, the calls and the visit, in the order they happened."),
    "hear-staff": _given(staffHeard="heard"),
    "record-finding": lambda wish, _sight: {
        "outcome": wish.outcome,
        "findingReasons": "The records and the people involved say the same.",
        "rootCause": "process",
    },
    "draft-answer": _draft,
    "check-quality": _given(check="accepted"),
    "approve-decision": _given(approval="approved"),
    "explain-options": lambda _wish, sight: {
        "rejectReason": "The complainant wants more.",
        "nextStep": "external"
        if sight.fact("stage") == "two" or sight.fact("secondStage") == "none"
        else "stage_two",
    },
    "review-afresh": _draft,
    "carry-out": lambda _wish, sight: {"doneOn": sight.today, "proof": "Confirmed in the ledger"},
    "verify-correction": _given(verified="yes"),
    "look-back": _look_back,
    "send-update": _given(
        updateChoice="letter", updateText="We are still looking into it and will write again."
    ),
    "decide-deadline": _given(deadlineChoice="on_time"),
    "explain-breach": lambda _wish, sight: {
        "breachReason": "capacity",
        "breachText": "We received more complaints than we could answer in time.",
        "newDate": sight.day_in(14),
    },
    "agree-plan": lambda _wish, sight: {
        "agreedHow": "We read the records, talk to those involved, and write to you.",
        "agreedOn": sight.day_in(20),
        "agreedBy": "phone",
    },
    "set-plan": lambda _wish, sight: {
        "agreedHow": "We could not reach you. We read the records and write to you.",
        "agreedOn": sight.day_in(20),
    },
    "decide-late-appeal": _given(lateResult="stands", lateReason="Nothing new was said."),
    "read-information": _given(informationKind="adds"),
    "forward": lambda _wish, sight: {
        "consent": "yes",
        "forwardedTo": "The responsible office",
        "forwardedOn": sight.today,
    },
    "hand-over": lambda _wish, sight: {"handedTo": "Personnel", "handedOn": sight.today},
    "register-related": lambda _wish, sight: {
        "newDescription": "Something else went wrong as well.",
        "newReceivedOn": sight.today,
        "newProblem": "quality",
    },
    "answer-enquiry": _given(enquiryAnswer="Here is what you asked for."),
    "decide-discretion": _given(
        discretion="refuse", discretionReason="The matter is more than six years old."
    ),
    "decide-appeal": _given(appealResult="dismissed", appealReason="Nothing new was said."),
    "record-referral": _given(referral="dropped"),
    "check-withdrawal": _given(widerProblem=False, remark="No risk to others."),
    "wider-problem": _given(widerDone="The risk was removed."),
    "decide-after-closing": _given(afterClosing="leave", afterClosingReason="Nothing new was said."),
    "call-back": _given(callResult="satisfied"),
    "send-file": lambda _wish, sight: {"fileSentOn": sight.today},
    "check-referral": _given(referralStatus="decided"),
    "record-external-outcome": _given(
        externalOutcome="confirmed", outcomeReason="They found our answer fair. Nothing new is to be done."
    ),
}
