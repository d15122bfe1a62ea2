"""A word in a table, a form or the organisation file that nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

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


def alone(kind: str, code: str, cells: Sequence[str], beside: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for a code that one cell alone names: neither the other ``cells`` of its table nor what is ``beside`` it."""
    if cells.count(code) == 1 and code not in beside:
        message = f"Only this place names the {kind} “{code}”: no complaint would ever come to it."
        yield Finding("error", "code_alone", message, perhaps(code, {*cells, *beside} - {code}))
