"""The channels by which somebody is reached: what shows that it was done, and how that is said."""

from __future__ import annotations

from api.complaints.parties import BY_PHONE, BY_POST

KINDS = {
    "e-mail": "message_accepted",
    "web": "message_accepted",
    "letter": "letter_posted",
    "post": "letter_posted",
    "phone": "call_logged",
    "in-person": "handed_over",
    "social": "message_accepted",
}
"""Channel → the kind of evidence that somebody was reached by it."""
DONE = {BY_POST: "posted", BY_PHONE: "told by phone"}
"""Channel by hand → what was done in words."""
