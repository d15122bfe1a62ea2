"""An answer that lies on file: decided, and nobody who may get it can be written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, or_, select

from api.complaints import letters_owed
from api.complaints.errand import Errand
from api.complaints.evidence import meet_by_step
from api.complaints.history import first_written, opening
from api.complaints.letter_addressees import copies_of
from api.complaints.letters_owed import Unsent
from api.complaints.owed import somebody_to_write_to
from api.complaints.parties import somebody_answers
from api.complaints.tables import LetterRow
from engine.deadlines.policy import NOBODY
from engine.deadlines.state import Evidence
from engine.zones import local_date

DECIDED = "decided, nobody to write to"


def lies_on_file(errand: Errand, letter: str, copies: Sequence[LetterRow]) -> bool:
    """Tell whether there is nobody to write to; of a letter that asks for an answer, nobody who may give it."""
    session, key = errand.session, errand.complaint.key
    if errand.tools.letters.asks(letter):
        return not somebody_answers(session, key, on=errand.today)
    return not copies and not somebody_to_write_to(session, key, on=errand.today)


def put_on_file(errand: Errand) -> None:
    """Let what is kept answer its clocks from the day it was first written, once nobody looks for a way to who may get it.

    What was never written to anybody lay on file at once. Nothing of the first look answers a clock of the second.
    """
    session, complaint = errand.session, errand.complaint
    opened = opening(errand.session, complaint.key)
    for one in letters_owed.kept(complaint):
        if one.meets is None or one.copies is None or _is_sought(errand, one):
            continue
        if not lies_on_file(errand, one.letter, copies_of(session, complaint.key, one.copies)):
            continue
        written_at = session.scalar(
            select(func.min(LetterRow.queued_at)).where(
                LetterRow.complaint_key == complaint.key,
                or_(LetterRow.key == one.copies, LetterRow.copy_of == one.copies),
            )
        )
        if written_at is not None and (opened is None or opened.at <= written_at):
            evidence = Evidence(NOBODY, DECIDED, written_at)
            errand.moved(meet_by_step(errand.tools.clocks, errand.desk, complaint, one.meets, evidence))


def on_file_since(errand: Errand, letter: Unsent) -> date:
    """Return the day in the service's zone on which a letter to nobody was first written, today where nothing says so."""
    place = first_written(errand.session, errand.complaint.key, letter.letter, letter.copies)
    return errand.today if place is None else local_date(place.at, errand.tools.settings.time_zone)


def _is_sought(errand: Errand, letter: Unsent) -> bool:
    """Tell whether somebody looks for a person whose copy of this letter would answer its clocks."""
    return any(
        other.sought and other.meets is not None
        for other in letters_owed.kept(errand.complaint)
        if (other.letter, other.copies) == (letter.letter, letter.copies)
    )
