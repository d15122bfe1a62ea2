"""Which HTML may reach a reader: authors' HTML and rendered Markdown, cleaned by one allow-list."""

from __future__ import annotations

from html.parser import HTMLParser

import nh3

_TAG_NAMES = (
    "a abbr b blockquote br caption code dd del details div dl dt em h2 h3 h4 h5 h6 hr i ins kbd li ol p pre "
    "q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var"
)
_TAGS = set(_TAG_NAMES.split())
_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}


def clean_html(text: str) -> str:
    """Return ``text`` with everything outside the allow-list removed: no script, style, form, event, image
    or class."""
    return nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )


def cleaning_changes(text: str) -> bool:
    """Say whether cleaning would take something away from ``text``; mere spelling (``<br/>``, quotes) does
    not count."""
    return _events(text) != _events(clean_html(text))


class _Listener(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[tuple[str, object]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = sorted((name, value or "") for name, value in attrs if name != "rel")
        self.events.append((tag, kept))

    def handle_comment(self, data: str) -> None:
        self.events.append(("comment", data))


def _events(text: str) -> list[tuple[str, object]]:
    listener = _Listener()
    listener.feed(text)
    listener.close()
    return [event for event in listener.events if event[0] != "tbody"]
