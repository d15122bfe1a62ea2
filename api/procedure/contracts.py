"""What each job type and task of ours reads: headers, inputs with a vocabulary, results; in the words of one procedure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from api.complaints.channels import KINDS
from api.complaints.clock_start import STAGES
from api.complaints.intake import PROCESS
from api.complaints.letters import ADDRESSEES
from api.complaints.policies import DECISION
from api.complaints.policies import STAGES as STAGES_TABLE
from api.complaints.record_jobs import SAID
from api.complaints.said import ACTS, ADDITION
from api.complaints.separation import DUTIES
from api.complaints.states import CLOSING_REASONS, STATES
from engine.dialect.lint import Header, JobFacts, Words

STATE_WORDS = Words(kind="state", known=frozenset(STATES))
_STAGES = Words(kind="stage", known=frozenset(STAGES))
_DUTIES = Words(kind="duty", known=DUTIES)
_RECORDS = Words(kind="kind of record", known=frozenset(SAID))
_TAKEN = Words(kind="reply", known=frozenset(ACTS) - {ADDITION})
_REASONS = Words(kind="closing reason", known=frozenset(CLOSING_REASONS))
_EVIDENCE = Words(kind="evidence", known=frozenset({*KINDS, *KINDS.values(), "skip"}))
_YES = Words(kind="answer", known=frozenset({"yes"}))
_ADDRESSEES = Words(kind="addressee", known=frozenset(ADDRESSEES), others="accepted")
WORD_COLUMNS = {("authority", "approvers"): "groups", ("stages", "roundCovers"): "clocks"}
"""Decision and column of a table → the vocabulary of ``ProcedureWords`` its cells name."""
NUMBERS = {"priority": (0, 100)}
"""Result of a table by which a case goes on → the least and the most it may be: anything else stops the case."""
WAITS = "waiting-times"  # the table whose numbers are all lengths of time
READ_COLUMNS = {STAGES_TABLE: frozenset({"secondStage", "roundCovers"})}  # of a table the service itself asks
WHY = "category"  # the input of a job by which a policy judges whether a clock pauses or is extended
LOG_FORM = "log-complaint"  # what colleagues fill in for somebody; the public form is the one the process starts with
SURVEY_FORM = "survey"  # what complainants fill in on their own page after the closing
WITHOUT_FILES = frozenset({SURVEY_FORM})  # forms whose page takes none
HOUSE = {
    ("process", PROCESS): "no complaint could begin",
    ("form", LOG_FORM): "nobody could record a complaint",
    ("form", SURVEY_FORM): "nobody could answer the survey",
    ("decision", DECISION): "no complaint would get a clock",
    ("decision", STAGES_TABLE): "no second look would be offered",
}
"""Kind and id of what the service itself begins with → what would happen without it."""
RELIED_ON = {
    "duty": "who did something before could do this as well",
    "meets": "the clock would be missed although the letter left",
}
"""Header → what happens in silence where a diagram gives up one of its words."""
NEEDED = frozenset({"description", "dangerReported"})  # of an intake form: without them nobody is helped


@dataclass(frozen=True, slots=True)
class ProcedureWords:
    """The vocabularies that depend on what is deployed, on letters and on the organisation."""

    letters: Words
    clocks: Words
    events: Words
    groups: Words
    caught: Words
    processes: Words


def job_facts(words: ProcedureWords) -> Mapping[str, JobFacts]:
    """Return what each job type reads and returns."""
    clock = Header(words=words.clocks, required=True)
    clocks = Header(words=replace(words.clocks, many=True))
    group = Header(words=replace(words.groups, many=False))

    def facts(
        *results: str, reads: str = "", passes_on: bool = False,
        inputs: Mapping[str, Words] | None = None, **headers: Header,
    ) -> JobFacts:  # fmt: skip
        named = dict.fromkeys(reads.split()) | dict(inputs or {})
        return JobFacts(headers=headers, inputs=named, results=frozenset(results), passes_on=passes_on)

    return {
        "redress:register": facts(
            "complaintKey",
            "reference",
            reads="receivedAt receivedOn occurredOn channel product problem category regime description issues "
            "dangerReported withOutsideBody employment",
        ),
        "redress:set-state": facts(
            state=Header(words=STATE_WORDS, required=True),
            cancels=clocks,
            happened=Header(words=words.events),
            reads="reason why happenedOn",
            inputs={"happened": words.events},
        ),
        "redress:assign-owner": facts("owner", group=replace(group, required=True)),
        "redress:keep-away": facts(reads="staff"),
        "redress:close": facts(reads="into", inputs={"reason": _REASONS}),
        "redress:issues": facts("issues", "joined", reads="add"),
        "redress:danger": facts(reads="found danger risk"),
        "redress:unfinished": facts(
            "unfinished", processes=Header(words=replace(words.processes, many=True), required=True)
        ),
        "redress:take-as-said": facts(reads="addition", inputs={"said": _TAKEN}),
        "redress:withdraw": facts(
            *("protecting", "dangerSince", "alerting", "alertSince", "promises", "goesOn"),
            *("body", "bodyReference", "fileDueOn"),
            reads="commitments",
        ),
        "redress:taken-up-outside": facts(
            *("complaintKey", "reference", "regime", "priority", "owner", "issues", "awardId")
        ),
        "redress:end-again": facts(),
        "redress:earlier-complaints": facts("earlier"),
        "redress:merge": facts("answerBy", reads="into"),
        "redress:relate": facts(reads="to"),
        "redress:register-related": facts("newReference", reads="newReceivedOn newProblem channel again"),
        "redress:start-clocks": facts(reads="regime category reason", stage=Header(words=_STAGES)),
        "redress:start-clock": facts(
            "due",
            reads="due subject reason",
            clock=clock,
            letter=Header(words=words.letters),
            stage=Header(words=_STAGES),
        ),
        "redress:meet-clock": facts(
            reads="at subject reason",
            clock=replace(clock, words=clocks.words),
            inputs={"evidence": _EVIDENCE},
        ),
        "redress:pause-clock": facts(reads="category reason", clock=clock),
        "redress:resume-clock": facts(reads="reason", clock=clock),
        "redress:extend-clock": facts(
            "extended",
            "extensionRefused",
            reads="category reason",
            clock=clock,
            letter=Header(words=words.letters),
        ),
        "redress:cancel-clock": facts(reads="reason", clock=clock),
        "redress:end-clocks": facts(reads="reason", stage=Header(words=_STAGES, required=True)),
        "redress:send-letter": facts(
            reads="reason",
            passes_on=True,
            letter=Header(words=words.letters, required=True),
            meets=clocks,
            inputs={"to": _ADDRESSEES},
        ),
        "redress:deliver-letter": facts(reads="letter reached deliveredOn"),
        "redress:send-owed-letters": facts(reads="person"),
        "redress:keep-letter-back": facts(
            letter=Header(words=replace(words.letters, many=True), required=True)
        ),
        "redress:answer-left": facts(
            "leftOn waySought unread writtenAnew", letter=Header(words=replace(words.letters, many=True))
        ),
        "redress:notify": facts(
            reads="text user",
            subject=Header(required=True),
            group=group,
            copy=group,
            otherwise=replace(group, words=replace(words.groups, many=True)),
            mail=Header(words=_YES),
            inputs={"group": words.groups, "lateClock": words.clocks},
        ),
        "redress:publish-message": facts(
            reads="correlationKey variables", name=Header(words=words.caught, required=True)
        ),
        "redress:record": facts(reads="data", kind=Header(words=_RECORDS, required=True)),
    }


def task_headers(words: ProcedureWords) -> Mapping[str, Header]:
    """Return the headers that user tasks may carry for us."""
    return {"duty": Header(words=_DUTIES), "letter": Header(words=words.letters)}


def closing_reasons() -> Words:
    """Return the reasons for which a complaint is closed."""
    return _REASONS
