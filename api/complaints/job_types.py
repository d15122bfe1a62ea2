"""The job types diagrams may use, each with its handler; element templates in processes/ describe them to modellers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from api.complaints import (
    after_the_end,
    case_jobs,
    clock_jobs,
    danger,
    entering,
    issues,
    keeping_away,
    letter_jobs,
    letters_over,
    merging,
    record_jobs,
    related,
    said,
    unfinished,
    withdrawal,
)
from api.complaints.errand import Errand, Handler, Tools
from engine.jobs.types import Beginning, JobType, StepContext

HANDLERS: dict[str, Handler] = {
    "redress:register": case_jobs.register,
    "redress:set-state": case_jobs.set_state,
    "redress:assign-owner": case_jobs.assign_owner,
    "redress:keep-away": keeping_away.keep_staff_away,
    "redress:close": case_jobs.close,
    "redress:issues": issues.issues,
    "redress:danger": danger.tell_of_danger,
    "redress:unfinished": unfinished.unfinished,
    "redress:take-as-said": said.take_as_said,
    "redress:withdraw": withdrawal.withdraw,
    "redress:taken-up-outside": after_the_end.begin,
    "redress:end-again": after_the_end.end_again,
    "redress:earlier-complaints": merging.earlier_complaints,
    "redress:merge": merging.merge,
    "redress:register-related": related.register_related,
    "redress:relate": related.relate,
    "redress:start-clocks": clock_jobs.start_clocks,
    "redress:start-clock": clock_jobs.start_clock,
    "redress:meet-clock": clock_jobs.meet_clock,
    "redress:pause-clock": clock_jobs.pause_clock,
    "redress:resume-clock": clock_jobs.resume_clock,
    "redress:extend-clock": clock_jobs.extend_clock,
    "redress:cancel-clock": clock_jobs.cancel_clock,
    "redress:end-clocks": clock_jobs.end_clocks,
    "redress:send-letter": letter_jobs.send_letter,
    "redress:deliver-letter": letter_jobs.deliver_letter,
    "redress:send-owed-letters": letter_jobs.send_owed_letters,
    "redress:keep-letter-back": letters_over.keep_letter_back,
    "redress:answer-left": letter_jobs.answer_left,
    "redress:notify": letter_jobs.notify,
    "redress:publish-message": letter_jobs.publish_message,
    "redress:record": record_jobs.record,
}

DECIDES = {  # inputs that say who is kept away, told, or sees what another complaint holds
    "redress:keep-away": frozenset({"staff"}),
    "redress:merge": frozenset({"into"}),
    "redress:relate": frozenset({"to"}),
    "redress:notify": frozenset({"group", "user"}),
}


MAKES = frozenset({"redress:register"})
ALONE = frozenset(
    {"redress:notify", "redress:publish-message"}
)  # do their work in a case without a complaint too


def job_types(tools: Tools) -> tuple[JobType, ...]:
    """Return the job types over what their handlers work with."""
    return tuple(
        JobType(
            name,
            _handled(handler, tools),
            decides=DECIDES.get(name, frozenset()),
            needs_case=name not in MAKES | ALONE,
            enters=_entering(tools) if name in MAKES else None,
        )
        for name, handler in HANDLERS.items()
    )


def _entering(tools: Tools) -> Callable[[Beginning], None]:
    return lambda beginning: entering.enter(beginning, tools)


def _handled(handler: Handler, tools: Tools) -> Callable[[StepContext], Mapping[str, Any] | None]:
    def handle(context: StepContext) -> Mapping[str, Any] | None:
        return handler(Errand(context, tools))

    return handle
