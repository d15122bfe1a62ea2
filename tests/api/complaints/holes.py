"""A letter of the service that cannot be written, whatever the complaint."""

from __future__ import annotations

from api.complaints.letters import read_letter


def leave_a_hole(service, letter):
    """Have this letter name what no complaint has; its steps become incidents."""
    text = b"---\nsubject: x\nto: complainant\n---\nBy {{ clocks.no_such_date }}.\n"
    service.letters._templates[letter] = read_letter(f"{letter}.md", text)
