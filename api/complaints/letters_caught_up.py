"""What somebody is still owed, written once they can be reached."""

from __future__ import annotations

from api.complaints import letters_owed
from api.complaints.clocks import Desk
from api.complaints.errand import Tools
from api.complaints.letter_carrying import Carrier
from api.complaints.letter_writing import hand_on, unsent_of, write_anew, write_owed
from api.complaints.letters_owed import came_back
from api.complaints.parties import can_be_reached, parties
from api.complaints.tables import ComplaintRow, LetterRow, PartyRow


def send_owed(
    tools: Tools, desk: Desk, complaint: ComplaintRow, person: str, carrier: Carrier
) -> tuple[str, ...]:
    """Write what the person of this role is still owed, if they can be reached now; return the names of the clocks that moved.

    That is what found no way to them, and mail to them that came back. What others are owed is kept. A letter is owed in the
    states its head names, every letter without such a line always. Raises what ``write_out`` raises.
    """
    moved: tuple[str, ...] = ()
    party = parties(desk.session, complaint.key).get(person)
    if party is None:
        return moved
    for row in came_back(desk.session, party, tools.letters):
        if tools.letters.owed(row.template, complaint.state):
            moved += _write_what_came_back(tools, desk, complaint, party, row, carrier)
    for one in letters_owed.kept(complaint):
        if one.person != person or not can_be_reached(party):
            continue
        letters_owed.settle(complaint, one.letter, person)
        if tools.letters.owed(one.letter, complaint.state):
            rows = write_owed(tools, desk, complaint, one, carrier=carrier)
            moved += hand_on(tools, desk, complaint, one.extends, rows, copies=one.copies)
        else:
            text = f"Letter not owed any more: {one.letter}"
            desk.tell(complaint.key, "letter-not-owed", text, facts={"letter": one.letter})
    return moved


def _write_what_came_back(
    tools: Tools, desk: Desk, complaint: ComplaintRow, party: PartyRow, letter: LetterRow, carrier: Carrier
) -> tuple[str, ...]:
    """Write mail to ``party`` that came back anew; where no other way leads to them, it is kept without a new search."""
    if not can_be_reached(party):
        letters_owed.keep(complaint, unsent_of(desk.session, letter))
    why = f"It came back from {letter.recipient}."
    return write_anew(tools, desk, complaint, letter, why=why, carrier=carrier)
