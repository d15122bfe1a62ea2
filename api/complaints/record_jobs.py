"""Job type that records: what was assessed, found, decided, corrected …, kept as it was and laid onto the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select

from api.complaints import contact
from api.complaints.errand import Errand, as_text
from api.complaints.issues import put, replace
from api.complaints.links import revoke_of
from api.complaints.missing_days import missing_day, note_day
from api.complaints.owed import told_to_nobody
from api.complaints.parties import REFUSED, SETTLED, parties, settle
from api.complaints.said_to_claimant import owe_to_complainant
from api.complaints.tables import IssueRow, RecordRow, RemedyRow, newest_first
from api.complaints.urgency import make_urgent
from engine import feel
from engine.errors import Invalid
from engine.zones import reached_on

SAID = {
    "scope": "Scope decided",
    "assessment": "Complaint assessed",
    "contribution": "Facts contributed",
    "finding": "Finding recorded",
    "outcome": "Outcome drafted",
    "remedy": "Remedy carried out",
    "decision": "Decision approved",
    "verification": "Correction verified",
    "withdrawal": "Complaint withdrawn",
    "referral": "Referral outside recorded",
    "satisfaction": "Survey recorded",
    "information": "Information recorded",
    "root-cause": "Root cause recorded",
    "authority": "Authority of the representative decided",
    "contact": "Looked for a way to reach {person}",
    "danger": "Danger told",
    "plan": "Plan for the complaint kept",
    "day": "Missing day noted",
}
SENT_BACK = "Correction sent back"


MEMBERS = frozenset(
    {
        *(
            "problem",
            "exit",
            "reason",
            "issues",
            "id",
            "summary",
            "significant",
            "lane",
            "priority",
            "issueId",
        ),
        *(
            "reasons",
            "outcome",
            "rootCause",
            "remedyKind",
            "what",
            "amount",
            "answers",
            "text",
            "commitments",
        ),
        *(
            "kind",
            "dueOn",
            "commitmentId",
            "value",
            "othersAffected",
            "lesson",
            "authority",
            "scope",
            "until",
        ),
        *("treatedAs", *contact.MEMBERS),
    }
)  # what the register reads of the data of a record
MONEY = frozenset(
    {"refund", "compensation", "distress", "goodwill", "contract"}
)  # remedies that are a sum of money


class AmountMissing(Invalid):
    """A remedy in money has no amount above 0."""

    code = "amount_missing"


class SumExceeded(Invalid):
    """What is promised is more than the sum that was approved."""

    code = "sum_exceeded"


class RecordKindUnknown(Invalid):
    """The header kind of a redress:record job is none of the known ones."""

    code = "record_kind_unknown"


class AuthorityUndecided(Invalid):
    """Authority is recorded as confirmed or refused, and for a complaint that has a representative."""

    code = "authority_undecided"


def record(errand: Errand) -> None:
    """``redress:record``: keep input ``data`` under header ``kind``, and lay what the register knows onto its rows."""
    kind = errand.header("kind")
    if kind not in SAID:
        raise RecordKindUnknown(f"There is no record of kind {kind!r}. Kinds: {', '.join(SAID)}.", kind=kind)
    value = errand.context.variables.get("data")
    plain = feel.to_json(value)
    data = plain if isinstance(plain, dict) else {"value": plain}
    errand.session.add(
        RecordRow(
            key=errand.next_key(),
            complaint_key=errand.complaint.key,
            kind=kind,
            at=errand.now,
            by=errand.actor,
            element_id=errand.context.element_id,
            data=data,
        )
    )
    lay = _LAID.get(kind)
    if lay is not None:
        lay(errand, data)
    if kind == "verification" and any(one.get("verified") is False for one in checked(data)):
        errand.tell(kind, SENT_BACK)
    else:
        text = SAID[kind].format(person=contact.whom(data))
        errand.tell(kind, text, public=kind in ("assessment", "decision", "verification"))


def _scope(errand: Errand, data: Mapping[str, Any]) -> None:
    complaint = errand.complaint
    complaint.problem = data.get("problem") or complaint.problem
    complaint.facts = complaint.facts | {"scope": data.get("exit"), "scopeReason": data.get("reason")}
    named = [str(one.get("summary") or "") for one in data.get("issues") or () if isinstance(one, dict)]
    if named:
        seen = data.get("seen")
        replace(errand, named, seen=seen if isinstance(seen, int) else len(named))


def _assessment(errand: Errand, data: Mapping[str, Any]) -> None:
    complaint = errand.complaint
    complaint.significant = data.get("significant") is True
    complaint.lane = as_text(data.get("lane"))
    priority = data.get("priority")
    if isinstance(priority, int | float | str) and str(priority).isdigit():
        complaint.priority = max(0, min(100, int(priority)))
    complaint.facts = complaint.facts | {
        name: data.get(name) for name in ("severity", "safety", "complexity", "impact", "vulnerable", "level")
    }


def _finding(errand: Errand, data: Mapping[str, Any]) -> None:
    issue = _issue(errand, data.get("issueId", 1), data.get("summary"))
    issue.finding = as_text(data.get("reasons"))
    issue.outcome = as_text(data.get("outcome")) or issue.outcome
    issue.root_cause = as_text(data.get("rootCause")) or issue.root_cause


def _outcome(errand: Errand, data: Mapping[str, Any]) -> None:
    amount_of(data.get("remedyKind"), data.get("amount"))
    if data.get("lane") == "early":
        for given in data.get("issues") or ({"id": 1},):
            issue = _issue(errand, given.get("id", 1), given.get("summary"))
            issue.outcome, issue.reasons = as_text(data.get("outcome")), as_text(data.get("summary"))
        errand.complaint.outcome = as_text(data.get("outcome"))
    _promises(errand, data)


def _decision(errand: Errand, data: Mapping[str, Any]) -> None:
    outcomes = []
    for answer in data.get("answers") or ():
        issue = _issue(errand, answer.get("issueId", 1), answer.get("summary"))
        issue.outcome = as_text(answer.get("outcome")) or issue.outcome
        issue.reasons = as_text(answer.get("text")) or issue.reasons
        outcomes.append(issue.outcome)
    errand.complaint.outcome = overall(outcomes)
    errand.moved(errand.tools.clocks.rejected(errand.desk, errand.complaint))
    refuse_more_than_approved(data)
    _promises(errand, data)


def _remedy(errand: Errand, data: Mapping[str, Any]) -> None:
    mark = data.get("commitmentId")
    row = _promised(errand, mark)
    if row is None:
        row = _promise(errand, {**data, "id": mark})
    done = as_text(data.get("doneOn"))
    zone = errand.tools.settings.time_zone
    row.corrected_at = (
        errand.now if done is None else reached_on(date.fromisoformat(done[:10]), zone, now=errand.now)
    )
    row.corrected_by = errand.actor


def checked(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a record of kind ``verification`` says of each promise that was checked."""
    return [one for one in data.get("value") or () if isinstance(one, dict)]


def _verification(errand: Errand, data: Mapping[str, Any]) -> None:
    """Note who checked what was carried out; what a check sends back is open again, and its records say who did what."""
    for item in checked(data):
        row = _promised(errand, item.get("id") or item.get("commitmentId"))
        if row is None:
            continue
        if item.get("verified") is False:
            row.corrected_at = row.corrected_by = row.verified_at = row.verified_by = None
        else:
            row.verified_at, row.verified_by = errand.now, errand.actor


def _referral(errand: Errand, data: Mapping[str, Any]) -> None:
    amount_of("award", data.get("amount"))
    _promises(errand, data)


def _root_cause(errand: Errand, data: Mapping[str, Any]) -> None:
    cause = as_text(data.get("rootCause"))
    errand.complaint.facts = errand.complaint.facts | {
        "rootCause": cause,
        "othersAffected": data.get("othersAffected"),
        "lesson": data.get("lesson"),
    }


def _authority(errand: Errand, data: Mapping[str, Any]) -> None:
    """Note who may act from here on; what a refused representative was given opens nothing any more, and answers nothing."""
    party = parties(errand.session, errand.complaint.key).get("representative")
    found = as_text(data.get("authority"))
    if party is None or found not in SETTLED:
        raise AuthorityUndecided
    before = told_to_nobody(errand.session, errand.complaint.key, on=errand.today)
    until = as_text(data.get("until"))
    settle(
        party,
        found,
        scope=as_text(data.get("scope")),
        begins=None,
        until=date.fromisoformat(until[:10]) if until else None,
        at=errand.now,
    )
    if found == REFUSED:
        revoke_of(errand.session, party.key, at=errand.now)
    errand.session.flush()
    contact.note_in_step(errand, before=before)
    if found == REFUSED:
        errand.moved(owe_to_complainant(errand.tools.clocks, errand.desk, errand.complaint, party))


def _danger(errand: Errand, _data: Mapping[str, Any]) -> None:
    errand.complaint.facts = errand.complaint.facts | {"danger": True}
    make_urgent(errand.session, errand.complaint)


def _information(errand: Errand, data: Mapping[str, Any]) -> None:
    if data.get("treatedAs") in ("urgent", "danger"):
        make_urgent(errand.session, errand.complaint)


def _plan(errand: Errand, data: Mapping[str, Any]) -> None:
    """Keep the day of the answer that was agreed, or set: what counts from it starts."""
    day = date.fromisoformat(str(data.get("agreedOn"))[:10])
    clocks = errand.tools.clocks
    errand.moved(clocks.days_corrected(errand.desk, errand.complaint, days={"agreed": day}))


def _day(errand: Errand, data: Mapping[str, Any]) -> None:
    """Keep the day that is missing first: what was only expected counts from it. Nothing where somebody noted it meanwhile."""
    wanted = missing_day(errand.session, errand.complaint, zone=errand.tools.settings.time_zone)
    if wanted is not None:
        day = date.fromisoformat(str(data.get("day"))[:10])
        errand.moved(note_day(errand.tools.clocks, errand.desk, errand.complaint, wanted["event"], day))


_LAID: dict[str, Callable[[Errand, Mapping[str, Any]], None]] = {
    "scope": _scope,
    "assessment": _assessment,
    "finding": _finding,
    "outcome": _outcome,
    "decision": _decision,
    "remedy": _remedy,
    "verification": _verification,
    "referral": _referral,
    "root-cause": _root_cause,
    "authority": _authority,
    "contact": contact.lay,
    "danger": _danger,
    "plan": _plan,
    "day": _day,
    "information": _information,
}


def overall(outcomes: list[str | None]) -> str | None:
    """Return the outcome of a complaint from those of its issues: upheld in full, in part, or not at all."""
    decided = {outcome for outcome in outcomes if outcome}
    if not decided:
        return None
    if len(decided) == 1:
        return decided.pop()
    return "partly_upheld" if decided & {"upheld", "partly_upheld"} else "not_upheld"


def _issue(errand: Errand, number: Any, summary: Any) -> IssueRow:
    return put(errand, int(number) if str(number).isdigit() else 1, as_text(summary) or "")


def _promises(errand: Errand, data: Mapping[str, Any]) -> None:
    for commitment in data.get("commitments") or ():
        _promise(errand, commitment)


def _promise(errand: Errand, given: Mapping[str, Any]) -> RemedyRow:
    kind, issue, due = given.get("kind"), str(given.get("issueId")), given.get("dueOn")
    sum_of_money = amount_of(kind, given.get("amount"))
    row = RemedyRow(
        key=errand.next_key(),
        complaint_key=errand.complaint.key,
        issue_number=int(issue) if issue.isdigit() else None,
        kind=as_text(kind) or "other",
        description=as_text(given.get("what")),
        amount=str(sum_of_money) if sum_of_money is not None else None,
        due_on=date.fromisoformat(str(due)[:10]) if due else None,
        decided_at=errand.now,
        mark=as_text(given.get("id")),
    )
    errand.session.add(row)
    errand.session.flush()
    return row


def amount_of(kind: Any, amount: Any) -> Decimal | None:
    """Return the amount of a remedy in the organisation's currency, None for one that costs no money.

    Raises ``AmountMissing``: a kind in ``MONEY`` needs an amount, and an amount is a number above 0.
    """
    if amount in (None, "") or (amount in (0, "0") and kind not in MONEY and not isinstance(amount, bool)):
        if kind in MONEY:
            raise AmountMissing(f"The remedy {kind!r} has no amount. Enter one above 0.", kind=kind)
        return None
    try:
        found = Decimal(str(amount))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found <= 0:
        raise AmountMissing("The amount is no number above 0.", kind=kind)
    return found


def refuse_more_than_approved(data: Mapping[str, Any]) -> None:
    """Raise ``SumExceeded`` when the promises add up to more than the sum the limit of authority was asked about."""
    if "totalAmount" not in data:
        return
    approved = amount_of(None, data["totalAmount"]) or Decimal(0)
    amounts = (amount_of(one.get("kind"), one.get("amount")) for one in data.get("commitments") or ())
    promised = sum((amount for amount in amounts if amount is not None), Decimal(0))
    if promised > approved:
        raise SumExceeded(
            f"Promised are {promised}, approved were {approved}. Approve the decision again.",
            promised=str(promised),
            approved=str(approved),
        )


def _promised(errand: Errand, mark: Any) -> RemedyRow | None:
    if mark is None:
        return None
    return errand.session.scalar(
        select(RemedyRow)
        .where(RemedyRow.complaint_key == errand.complaint.key, RemedyRow.mark == str(mark))
        .order_by(*newest_first(RemedyRow))
        .limit(1)
    )
