"""Pages for everybody: how we handle complaints, making one, following one by its secret link.

They need no account and no JavaScript. Routes load, ask once, render; what is done to a complaint is
``api.complaints.from_complainant``.
"""

from flask import Blueprint

blueprint = Blueprint("public", __name__)

from api.web.public import answering, complain, information, lost, pages, refusals, sending, status  # noqa: E402

__all__ = [
    "answering",
    "blueprint",
    "complain",
    "information",
    "lost",
    "pages",
    "refusals",
    "sending",
    "status",
]
