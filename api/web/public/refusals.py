"""Refusals as visitors read them: too many tries, too large, a link that opens nothing; each names phone and post."""

from __future__ import annotations

from flask import Response, make_response, render_template
from werkzeug.exceptions import RequestEntityTooLarge

from api import kept
from api.context import the_service
from api.identity.throttle import TooManyTries
from api.web.public import blueprint
from engine.errors import Conflict, NotFound


class LinkOpensNothing(NotFound):
    """This link cannot be opened."""

    code = "link_opens_nothing"


class AnotherComplaint(Conflict):
    """The page that was sent belongs to another complaint than the one this browser has open."""

    code = "another_complaint"


@blueprint.errorhandler(AnotherComplaint)
def of_another_complaint(refusal: AnotherComplaint) -> Response:
    """Answer 409 with both references and what was typed; nothing was changed."""
    return _refusal("public/another.html", 409, sent=refusal.facts["sent"], open=refusal.facts["open"])


@blueprint.errorhandler(TooManyTries)
def too_many(refusal: TooManyTries) -> Response:
    """Answer 429 with the time to wait, and the ways that have no such limit."""
    wait = int(refusal.facts.get("retry_after", 60))
    minutes = max(1, round(wait / 60))
    words = f"{wait} seconds" if wait < 90 else f"{minutes} minutes" if minutes > 1 else "1 minute"
    answer = _refusal("public/too_many.html", 429, wait=words, again=True)
    answer.headers["Retry-After"] = str(wait)
    return answer


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_fault: RequestEntityTooLarge) -> Response:
    """Answer 413; what was saved before is still there, and what was typed beside the files is shown again."""
    return _refusal("public/too_large.html", 413, again=True)


@blueprint.errorhandler(LinkOpensNothing)
def no_such_link(_refused: LinkOpensNothing) -> Response:
    """Answer 404, the same for unknown, expired and revoked links."""
    from api.web.public.lost import lost_form

    answer = _refusal("public/link_gone.html", 404, form=lost_form())
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _refusal(template: str, status: int, **facts: object) -> Response:
    """Return the page of a refusal with what was typed, if anything was."""
    html = render_template(template, us=the_service().organisation, kept=kept.of_this_request(), **facts)
    return make_response(html, status)
