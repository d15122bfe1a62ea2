"""How moments, dates and codes read on a page; one way for all templates."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from flask import Flask, g, request
from markupsafe import Markup, escape

from api import kept
from api.complaints.facts import CHANNEL_WORDS, OUTCOME_WORDS
from api.complaints.letter_links import shown
from api.complaints.states import public_words, staff_words
from api.context import the_service
from api.forms_words import option_label


def install(app: Flask) -> None:
    """Make the filters known to every template, and what was typed into the form that was just refused."""
    app.jinja_env.globals.update(typed_at=typed_at, is_sent=is_sent, typed_elsewhere=typed_elsewhere)
    app.jinja_env.filters.update(
        day=day,
        moment=moment,
        due=due,
        state=staff_words,
        public_state=public_words,
        channel=lambda code: CHANNEL_WORDS.get(code, code),
        outcome=lambda code: OUTCOME_WORDS.get(code or "", code or "not decided"),
        option=option_label,
        plain=plain,
        money=money,
        shown=shown,
        linked=linked,
    )


def linked(text: str) -> Markup:
    """Return plain text in which addresses of this service are links; what others wrote never links anywhere else."""
    ours = re.compile(rf"({re.escape(the_service().settings.base_url)}/[^\s<>]*[^\s<>.,;:])")
    parts = ours.split(text)
    return Markup("").join(  # every second part is an address
        Markup('<a href="{0}">{0}</a>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def is_sent(url: str) -> bool:
    """Tell whether this page answers a post to ``url``: that form was sent, and its page is shown again."""
    sent = request.method == "POST" and request.path == url
    g.sent_form_is_shown = sent or g.get("sent_form_is_shown", False)
    return sent


def typed_elsewhere() -> kept.Kept | None:
    """Return what was typed into a form that the page does not show any more; asked at the end of the page."""
    return None if g.get("sent_form_is_shown") else kept.of_this_request()


def typed_at(url: str, name: str) -> str:
    """Return what was just typed into the field ``name`` of the form sent to ``url``, empty for every other form."""
    return request.form.get(name, "") if is_sent(url) else ""


def day(value: date | datetime | None) -> Markup | str:
    """Return ``18 Nov 2026`` in a time element; a moment becomes the local date."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(the_service().settings.time_zone).date()
    return _time(value.isoformat(), f"{value.day} {value:%b %Y}")


def moment(value: datetime | None) -> Markup | str:
    """Return ``18 Nov 2026, 14:02`` in the service's zone, in a time element."""
    if value is None:
        return ""
    local = value.astimezone(the_service().settings.time_zone)
    return _time(value.isoformat(), f"{local.day} {local:%b %Y, %H:%M}")


def due(value: datetime | None) -> Markup | str:
    """Return until when something may be done: a bound at local midnight is the end of the day before, ``4 Dec 2026``."""
    if value is None:
        return ""
    local = value.astimezone(the_service().settings.time_zone)
    return day(local.date() - timedelta(days=1)) if local.time() == time.min else moment(value)


def money(amount: str | None) -> str:
    """Return a decimal text such as ``62.4`` as ``£62.40``, and nothing for no amount or none to pay."""
    return the_service().organisation.money(Decimal(amount)) if amount and Decimal(amount) else ""


def plain(code: object) -> str:
    """Return a code such as ``partly_upheld`` in words."""
    return str(code if code is not None else "").replace("_", " ").replace("-", " ")


def _time(machine: str, words: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(escape(machine), words)
