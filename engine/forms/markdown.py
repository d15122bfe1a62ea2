"""Markdown of authors, filled with values of others, as cleaned HTML text; used by forms and by letters.

HTML inside Markdown is shown, not obeyed; pictures are not loaded; headings start at ``h2`` because the page
owns ``h1``.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.forms.cleaning import clean_html
from engine.forms.templates import MARK_END, MARK_START, Filled

_SAFE_LINK = re.compile(r"(https?://|mailto:|tel:|/(?!/))", re.IGNORECASE)
_ENCODED_MARK = re.compile("%EE%80%80([0-9]+)%EE%80%81", re.IGNORECASE)


def markdown_to_html(filled: Filled) -> str:
    """Render the author's text, put the escaped values into their marks, and clean the result.

    A line break in a value becomes ``<br>``. A value inside a link target is used only if the whole target
    then is an http(s), mailto, tel or local address; otherwise the link goes and its text stays.
    """
    markdown = _markdown()
    tokens = markdown.parse(filled.marked)
    for token in tokens:
        _settle(token, filled)
        for child in token.children or ():
            _settle(child, filled)
    rendered = markdown.renderer.render(tokens, markdown.options, {})
    return clean_html(filled.put(_as_html, rendered))


def html_to_html(filled: Filled) -> str:
    """Put the escaped values into the author's HTML, then clean the whole."""
    return clean_html(filled.put(lambda value: html.escape(value, quote=True)))


def _as_html(value: str) -> str:
    return html.escape(value, quote=True).replace("\r\n", "\n").replace("\n", "<br>")


def _settle(token: Token, filled: Filled) -> None:
    """Shift headings below the page's own and fill link targets."""
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    if token.type == "link_open":
        target = _ENCODED_MARK.sub(rf"{MARK_START}\1{MARK_END}", str(token.attrs.get("href", "")))
        address = filled.put(lambda value: value, target).strip()
        if _SAFE_LINK.match(address):
            token.attrs["href"] = address
        else:
            token.attrs.pop("href", None)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
