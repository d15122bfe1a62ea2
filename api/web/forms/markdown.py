"""The one place where text becomes trusted HTML: filled Markdown and authors' HTML, both cleaned by the
allow-list."""

from __future__ import annotations

from markupsafe import Markup

from engine.forms.cleaning import clean_html
from engine.forms.markdown import html_to_html, markdown_to_html
from engine.forms.templates import Filled


def markdown(filled: Filled) -> Markup:
    """Return filled Markdown as HTML; used by forms and by letters on screen."""
    return _trusted(markdown_to_html(filled))


def html(filled: Filled) -> Markup:
    """Return an author's filled HTML."""
    return _trusted(html_to_html(filled))


def letter_html(document: str) -> Markup:
    """Return the body of a letter, a whole HTML document, as it may stand inside a page."""
    _, _, body = document.partition("<body>")
    return _trusted(clean_html(body.partition("</body>")[0]))


def _trusted(cleaned: str) -> Markup:
    return Markup(cleaned)  # noqa: S704 - cleaned by engine.forms.cleaning just before
