"""A word in a table, a form or the organisation file that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from engine.dialect.lint import Words
from engine.findings import Finding
from engine.suggest import perhaps, slip_of


def wrong_word(word: str, words: Words) -> Iterator[Finding]:
    """Yield a finding for a word that is not known, as severe as its vocabulary says; a slip is an error."""
    if word in words.known:
        return
    message, advice = f"There is no {words.kind} “{word}”.", perhaps(word, words.known)
    if words.others == "error" or slip_of(word, words.known) is not None:
        yield Finding("error", "word_unknown", message, advice)
    elif words.others == "warning":
        yield Finding("warning", "word_unknown", message, advice)
