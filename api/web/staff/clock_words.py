"""What people choose from when they move a clock, in words."""

from __future__ import annotations

PAUSE_REASONS = {
    "complainant": "We wait for the complainant",
    "third_party": "We wait for somebody outside",
    "agreed": "Agreed with the complainant",
}
EVIDENCE = {
    "call_logged": "We told them on the phone",
    "handed_over": "We handed it over in person",
    "letter_posted": "A letter was posted",
    "message_accepted": "A message was sent and accepted",
}
