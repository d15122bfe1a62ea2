"""Job types about the complaint as a whole: registered, its state, its owner, its end."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from api.complaints.clock_rows import WINDOWS
from api.complaints.entering import enter_begun
from api.complaints.errand import Errand
from api.complaints.keeping_away import name_owner
from api.complaints.letters_over import answers_to_come, keep_back_unowed
from api.complaints.merging import joined
from api.complaints.states import HAPPENED_AT, LEFT_AS_THEY_ARE, STATES, public_words
from engine.dialect.model import names_in
from engine.errors import Invalid
from engine.zones import at_wall


class StateUnknown(Invalid):
    """The header state of a redress:set-state job is none of the register's states."""

    code = "state_unknown"


def register(errand: Errand) -> dict[str, Any]:
    """``redress:register``: make sure the case has a complaint in the register, and say what it is called.

    A complaint that came in by a page, the interface or an import is there already, and so is one of a process that somebody
    started by itself (``entering.enter``). A case begun by an event of a diagram gets its row here, from its variables.
    Raises ``ComplaintRefused``.
    """
    complaint = errand.known or enter_begun(errand)
    return {"complaintKey": str(complaint.key), "reference": complaint.reference}


WHY = "why"  # of the facts of a complaint: what was said of its last state


def set_state(errand: Errand) -> None:
    """``redress:set-state``: header ``state``, one of ISO 10002's stages.

    Header or input ``happened`` (an event such as ``investigation_finished``: clocks that count from it start) and header
    ``cancels`` (names of clocks the new state makes pointless, parted by commas). Clocks that nobody is owed in the new state
    end without a breach, but those that a letter on its way answers; letters that wait are kept back whose heads do not name the
    state. Input ``happenedOn`` is the local day on which what brings it into this state happened, where we note it later: what
    counts from it counts from then. Input ``why`` is what the complainant reads of it on their own page where no letter could
    tell them.
    """
    state = errand.header("state")
    if state not in STATES:
        raise StateUnknown(f"There is no state {state!r}. States: {', '.join(STATES)}.", state=state)
    complaint, headers, clocks = errand.complaint, errand.context.headers, errand.tools.clocks
    ends = names_in(headers.get("cancels"))
    if ends:
        to_come = answers_to_come(errand.session, complaint, errand.tools.letters, state=state)
        errand.moved(clocks.cancel(errand.desk, complaint, ends, but=to_come))
    happened_at = _happened_at(errand)
    happened = headers.get("happened") or errand.text("happened")
    if happened:
        errand.moved(clocks.happened(errand.desk, complaint, happened, happened_at))
    if why := errand.text("why"):
        complaint.facts = complaint.facts | {WHY: why}
    enter(errand, state, happened_at=happened_at)


def enter(errand: Errand, state: str, *, happened_at: datetime | None = None) -> None:
    """Bring the complaint into another state: what nobody is owed in it ends, and stays here; the timeline says so.

    ``happened_at`` is when that came about (aware UTC; None: now).
    """
    complaint, letters = errand.complaint, errand.tools.letters
    if complaint.state == state:
        return
    to_come = answers_to_come(errand.session, complaint, letters, state=state)
    before, complaint.state = complaint.state, state
    errand.moved(errand.tools.clocks.drop_unowed(errand.desk, complaint, but=to_come))
    keep_back_unowed(letters, errand.desk, complaint, throw=errand.context.publish)
    facts = {"from": before, "to": state}
    if happened_at is not None and happened_at != errand.now:
        facts |= {HAPPENED_AT: happened_at.isoformat()}
    errand.tell("state", public_words(state), public=True, facts=facts)


def _happened_at(errand: Errand) -> datetime:
    """Return the moment of what happened: now, or noon of an earlier day."""
    on = errand.value("happenedOn")
    if not isinstance(on, date) or on >= errand.today:
        return errand.now
    return at_wall(datetime.combine(on, time(12)), errand.tools.settings.time_zone)


def assign_owner(errand: Errand) -> dict[str, Any]:
    """``redress:assign-owner``: the member of header ``group`` with the fewest open complaints and no conflict of interest.

    Returns ``owner`` (user name), or null when nobody can take it: the tasks then wait for the whole group.
    """
    owner = name_owner(errand.desk, errand.complaint, errand.header("group"))
    return {"owner": owner.name if owner is not None else None}


def close(errand: Errand) -> None:
    """``redress:close``: input ``reason``; open clocks end.

    Not the time to go outside, which is the complainant's, nor what a letter on its way answers: that one says when it was met.

    Input ``into`` is the reference of the earlier complaint a duplicate joined. Raises ``MergeRefused`` for any other.
    """
    complaint, reason = errand.complaint, errand.text("reason") or "closed"
    into = errand.text("into")
    if into:
        into = joined(errand.session, complaint, into, by=errand.actor).reference
    before = complaint.state
    if before not in LEFT_AS_THEY_ARE:
        complaint.state = "closed"
    complaint.closed_at, complaint.closing_reason = errand.now, reason
    open_names = errand.tools.clocks.open_names(errand.session, complaint.key) - WINDOWS
    to_come = answers_to_come(errand.session, complaint, errand.tools.letters, state=complaint.state)
    errand.moved(errand.tools.clocks.cancel(errand.desk, complaint, open_names, but=to_come))
    keep_back_unowed(errand.tools.letters, errand.desk, complaint, throw=errand.context.publish)
    facts = {"from": before, "reason": reason} | ({"into": into} if into else {})
    errand.tell("closed", "Complaint closed", public=True, facts=facts)
