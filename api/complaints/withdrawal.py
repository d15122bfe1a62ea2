"""Job type of a withdrawal: the complainant's clocks end, and what protects people or was promised anyway goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from api.complaints.danger import FOUND, found_since, unmet_dangers
from api.complaints.errand import Errand
from api.complaints.from_complainant import ADDS, to_read
from api.complaints.letters_over import keep_all_back
from api.complaints.record_jobs import checked
from api.complaints.states import owes, public_words
from api.complaints.tables import RecordRow, RemedyRow, oldest_first
from api.complaints.unfinished import unread
from engine import feel


def withdraw(errand: Errand) -> dict[str, Any]:
    """``redress:withdraw``: the complaint is withdrawn, its clocks end; input ``commitments`` is what was promised.

    Returns what goes on: ``protecting`` with ``dangerSince`` (when the danger was told that nobody has acted on, or null; the first of
    several, and each other is handed to the diagram as danger found), ``alerting`` with ``alertSince``
    (when the alert was sent that nobody has read, or null), ``promises`` (those to be kept that nobody has verified, each with
    what was ``done`` so far, or null), ``body`` with ``bodyReference`` and ``fileDueOn`` (who still waits for the file, and by
    when; null if nobody does) and ``goesOn``, the rest of it in sentences for the complainant. To be kept is what was marked
    to be kept anyway, and all that is being carried out already: it was agreed, and a withdrawal takes back the complaint, not
    our word; its clock runs on as it was. What they sent and nobody has read is handed to the diagram once more, to be read.
    """
    complaint = errand.complaint
    before, complaint.state = complaint.state, "withdrawn"
    if before != "withdrawn":
        facts = {"from": before, "to": "withdrawn"}
        errand.tell("state", public_words("withdrawn"), public=True, facts=facts)
    open_names = errand.tools.clocks.open_names(errand.session, complaint.key)
    ending = {name for name in open_names if not owes(complaint.state, name)}
    errand.moved(errand.tools.clocks.cancel(errand.desk, complaint, ending))
    # They would ask, or decide, what is withdrawn. The letter that confirms the withdrawal says what goes on.
    keep_all_back(errand, why="as the complaint is withdrawn")
    records = errand.session.scalars(
        select(RecordRow).where(RecordRow.complaint_key == complaint.key).order_by(*oldest_first(RecordRow))
    ).all()
    dangers = unmet_dangers(errand.session, complaint)
    unread_alerts = _of(records, "significant_alert_sent")[len(_of(records, "significant_alert")) :]
    promises = list(_to_keep(errand, records, agreed=before == "correcting"))
    referral = _file_awaited(records)
    for line in unread(errand.session, complaint):
        errand.context.publish(ADDS, str(complaint.key), to_read(line, errand.tools.settings.time_zone))
    for since in dangers[1:]:
        errand.context.publish(FOUND, str(complaint.key), found_since(since))
    said = ["We go on protecting the people who may be in danger."] if dangers else []
    if referral:
        said.append(
            "The outside body has asked us for the file. We tell it that you withdrew, and send what it still wants."
        )
    return {
        "protecting": bool(dangers),
        "dangerSince": next(iter(dangers), None),
        "alerting": bool(unread_alerts),
        "alertSince": unread_alerts[0].at if unread_alerts else None,
        "promises": promises,
        **{name: referral.get(name) for name in ("body", "bodyReference", "fileDueOn")},
        "goesOn": said,
    }


def _of(records: Iterable[RecordRow], about: str) -> list[RecordRow]:
    return [one for one in records if one.kind == "information" and one.data.get("about") == about]


def _file_awaited(records: Iterable[RecordRow]) -> Mapping[str, Any]:
    """Return what was recorded of the outside body that took the complaint up and has not got the file; nothing if none waits."""
    awaited: Mapping[str, Any] = {}
    for one in records:
        if one.kind == "referral":
            awaited = one.data if one.data.get("status") == "open" else {}
        elif one.kind == "information" and one.data.get("about") == "file":
            awaited = {}
    return awaited


def _to_keep(errand: Errand, records: Iterable[RecordRow], *, agreed: bool) -> Iterable[dict[str, Any]]:
    given = feel.to_json(errand.context.variables.get("commitments"))
    verified = set(
        errand.session.scalars(
            select(RemedyRow.mark).where(
                RemedyRow.complaint_key == errand.complaint.key, RemedyRow.verified_at.is_not(None)
            )
        )
    )
    done = _carried_out(records)
    for promise in given if isinstance(given, list) else ():
        if (agreed or promise.get("keepAnyway") is True) and str(promise.get("id")) not in verified:
            yield promise | {"done": _done(done.get(str(promise.get("id"))))}


def _carried_out(records: Iterable[RecordRow]) -> Mapping[str, Mapping[str, Any]]:
    """Return what was carried out of each promise, as it was recorded last; nothing of one that a check sent back since."""
    done: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if record.kind == "remedy":
            done[str(record.data.get("commitmentId"))] = record.data
        elif record.kind == "verification":
            for one in checked(record.data):
                if one.get("verified") is False:
                    done.pop(str(one.get("commitmentId")), None)
    return done


def _done(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {name: record.get(name) for name in ("commitmentId", "doneOn", "proof")} | {"verified": False}
