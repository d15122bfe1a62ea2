"""Letters: Markdown files of process owners with ``{{ FEEL }}``, filled with facts of a complaint, as text and as HTML.

No letter is written with a hole in it: ``LetterIncomplete`` says what is missing instead.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.complaints.letter_text import Filling, Text, expressions, read_text
from api.complaints.states import STATES
from engine import feel
from engine.dialect.model import names_in
from engine.errors import Invalid, NotFound
from engine.findings import Finding
from engine.forms.markdown import markdown_to_html
from engine.forms.templates import TemplateRefused, read_template, show_value
from engine.zones import day_in_words, local_date

_HEAD = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_LINE = re.compile(r"([a-z]+):\s*(.*)")
_MEMBERS = {"subject", "to"}
_MORE = {  # members a letter may have besides, by whom it is for
    "complainant": {"asks", "while", "leaves"},
    "representative": {"while", "leaves"},
}
LEAVES_ON = "leavesOn"  # the fact under which a letter knows what its head says under ``leaves``
_ANSWER = "answer"  # what a letter asks about that asks the complainant whether they accept our answer
_ASKED = frozenset({_ANSWER, "withdrawal"})  # what only they may say, or who may decide for them
ADDRESSEES = ("complainant", "representative", "staff-concerned", "contributor", "outside-body")


class LetterNotFound(NotFound):
    """There is no letter of this name in processes/letters."""

    code = "letter_not_found"


class LetterUnknown(NotFound):
    """This complaint has no such letter."""

    code = "letter_not_found"


class LetterIncomplete(Invalid):
    """The letter is not written, because something it says is missing."""

    code = "letter_incomplete"

    def __init__(self, letter: str, missing: tuple[str, ...]) -> None:
        """``missing`` names the places of the letter that have nothing to say, each with what is wrong."""
        self.missing = missing
        super().__init__(
            f"The letter {letter!r} is not written. It has nothing to say at: {'; '.join(missing)}. "
            "Give the missing fact, or put '::: if …' around the place in the letter, then try again."
        )


class LetterTextRefused(Invalid):
    """This letter file cannot be used."""

    code = "letter_refused"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        """``findings`` says everything that is wrong with it."""
        self.findings = findings
        super().__init__("; ".join(str(finding) for finding in findings))


@dataclass(frozen=True, slots=True)
class LetterTemplate:
    """One letter file. ``version`` is the SHA-256 of its bytes, kept with every letter written from it."""

    id: str
    version: str
    to: str
    asks: str | None  # what it asks about: everybody who may answer that gets the letter; None: nothing
    during: frozenset[
        str
    ]  # the states in which it is owed to somebody who could not be reached; none: always
    leaves: feel.Expression | None  # the last day on which it may leave as it was written; None: any
    subject: Text
    body: Text


@dataclass(frozen=True, slots=True)
class Written:
    """A letter with its facts in place."""

    template: str
    version: str
    to: str
    subject: str
    text: str
    html: str


def read_letter(name: str, data: bytes) -> LetterTemplate:
    """Read one letter file, UTF-8, with ``subject:`` and ``to:`` between two ``---`` lines. Raises ``LetterTextRefused``.

    A letter to the complainant that asks for an answer says there what it asks about: ``asks: answer`` where it tells or
    recalls our answer, ``asks: withdrawal`` where they have withdrawn. One to them or to a representative that means nothing
    later on says ``while:`` and the states in which it does, parted by commas; one that counts from the day it leaves says
    ``leaves:`` and the last day, in FEEL, on which it may leave as it is: its text knows that day as ``leavesOn``.
    """
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _refused(name, "The file is not UTF-8 text.", "Save it as UTF-8.") from None
    parts = _HEAD.match(text)
    if parts is None:
        raise _refused(
            name, "The head is missing.", "Begin with ---, subject: …, to: …, --- on lines of their own."
        )
    lines = (_LINE.fullmatch(line.strip()) for line in parts[1].splitlines())
    head: dict[str, str] = {found[1]: found[2] for found in lines if found}
    more = set(head) - _MEMBERS
    if not set(head) >= _MEMBERS or head["to"] not in ADDRESSEES:
        raise _refused(name, "The head names subject and to.", f"Write to: one of {', '.join(ADDRESSEES)}.")
    if more - _MORE.get(head["to"], set()) or head.get("asks", _ANSWER) not in _ASKED:
        raise _refused(
            name,
            "The head names something else than subject, to, asks, while and leaves.",
            "Write asks: answer or withdrawal in letters to the complainant only, while: and leaves: in a representative's too.",
        )
    during = frozenset(names_in(head.get("while")))
    if unknown := sorted(during - set(STATES)):
        raise _refused(
            name, f"There is no state {unknown[0]!r}.", f"Write while: some of {', '.join(STATES)}."
        )
    try:
        subject, body = (read_template(head["subject"]),), read_text(parts[2])
        leaves = feel.compile(head["leaves"]) if "leaves" in head else None
    except (TemplateRefused, feel.FeelSyntaxError) as refusal:
        raise _refused(name, str(refusal), "Correct the placeholder.") from refusal
    version = hashlib.sha256(data).hexdigest()
    asks = head.get("asks")
    return LetterTemplate(Path(name).stem, version, head["to"], asks, during, leaves, subject, body)


class Letters:
    """The letters of one installation; the folder is read once, at start."""

    def __init__(self, folder: Path) -> None:
        """Raises ``LetterTextRefused`` with every finding when a file cannot be used."""
        self._templates: dict[str, LetterTemplate] = {}
        findings: list[Finding] = []
        for path in sorted(folder.glob("*.md")):
            try:
                self._templates[path.stem] = read_letter(path.name, path.read_bytes())
            except LetterTextRefused as refusal:
                findings += refusal.findings
        if findings:
            raise LetterTextRefused(tuple(findings))

    def __iter__(self) -> Iterator[LetterTemplate]:
        """Yield the letters by name."""
        yield from self._templates.values()

    @property
    def ids(self) -> frozenset[str]:
        """Return the names of all letters."""
        return frozenset(self._templates)

    def addressee(self, letter: str) -> str:
        """Return whom the letter is for. Raises ``LetterNotFound``."""
        return self._template(letter).to

    def asks(self, letter: str) -> bool:
        """Tell whether the letter asks for an answer. Raises ``LetterNotFound``."""
        return self._template(letter).asks is not None

    def asks_about_answer(self, letter: str) -> bool:
        """Tell whether the letter asks for a reply to our answer. Raises ``LetterNotFound``."""
        return self._template(letter).asks == _ANSWER

    def names(self, letter: str) -> frozenset[str]:
        """Return what the letter wants to know, by name. Raises ``LetterNotFound``."""
        template = self._template(letter)
        return frozenset(
            name for expression, bound in asked(template) for name in expression.variables - bound
        )

    def counts_from_leaving(self, letter: str) -> bool:
        """Tell whether the letter names a last day on which it may leave. Raises ``LetterNotFound``."""
        return self._template(letter).leaves is not None

    def leaves_on(self, letter: str, facts: Mapping[str, Any], *, moment: feel.Moment) -> date | None:
        """Return the last day on which ``letter``, written now with ``facts``, may leave as it is; None: any day.

        None for a letter that is no template of ours. Raises ``LetterIncomplete``.
        """
        template = self._templates.get(letter)
        leaves = template.leaves if template is not None else None
        if leaves is None:
            return None
        day = feel.outward(leaves.evaluate(facts, moment=moment).value)
        if isinstance(day, datetime) or not isinstance(day, date):
            raise LetterIncomplete(letter, (f"leaves: {leaves.text} (no day)",))
        return day

    def owed(self, letter: str, state: str) -> bool:
        """Tell whether a letter that found nobody is to be sent to a complaint in ``state``. Raises ``LetterNotFound``."""
        during = self._template(letter).during
        return not during or state in during

    def days_over(
        self, letter: str, facts: Mapping[str, Any], *, moment: feel.Moment, zone: ZoneInfo, today: date
    ) -> tuple[date, ...]:
        """Return the days that ``letter``, written at ``moment``, promises and that lie before ``today``.

        None for a letter that is no template of ours.
        """
        template = self._templates.get(letter)
        if template is None:
            return ()
        filling = self._filling(facts, moment=moment, zone=zone, today=today)
        filling.fill(template.subject + template.body)
        return tuple(filling.over)

    @staticmethod
    def _filling(facts: Mapping[str, Any], *, moment: feel.Moment, zone: ZoneInfo, today: date) -> Filling:
        return Filling(facts, moment=moment, today=today, show=lambda value: in_words(value, zone=zone))

    def _template(self, letter: str) -> LetterTemplate:
        template = self._templates.get(letter)
        if template is None:
            raise LetterNotFound(letter=letter, known=", ".join(sorted(self._templates)))
        return template

    def write(self, letter: str, facts: Mapping[str, Any], *, moment: feel.Moment, zone: ZoneInfo) -> Written:
        """Fill ``letter`` with ``facts`` (FEEL values by name). Raises ``LetterNotFound``, ``LetterIncomplete``."""
        template = self._template(letter)
        filling = self._filling(facts, moment=moment, zone=zone, today=local_date(moment.now, zone))
        body, subject = filling.fill(template.body), filling.fill(template.subject).plain()
        if filling.holes:
            raise LetterIncomplete(template.id, tuple(dict.fromkeys(filling.holes)))
        return Written(
            template=template.id,
            version=template.version,
            to=template.to,
            subject=" ".join(subject.split()),
            text=body.plain().strip() + "\n",
            html=_document(subject, markdown_to_html(body)),
        )


def asked(template: LetterTemplate) -> Iterator[tuple[feel.Expression, frozenset[str]]]:
    """Yield every expression of a letter, those of its head too, with the names that blocks around it bring in."""
    yield from expressions(template.subject + template.body)
    if template.leaves is not None:
        yield template.leaves, frozenset()


def in_words(value: Any, *, zone: ZoneInfo) -> str:
    """Return a value as people write it in a letter: 18 November 2026, 14:30 on 18 November 2026, 1,250.50."""
    if isinstance(value, datetime):
        local = value.astimezone(zone) if value.tzinfo else value
        return f"{local:%H:%M} on {day_in_words(local)}"
    if isinstance(value, date):
        return day_in_words(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, timedelta):
        return f"{value.days} days" if value.days != 1 else "1 day"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(in_words(item, zone=zone) for item in value)
    return show_value(value)


def _document(subject: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(subject)}</title></head><body>{body}</body></html>"
    )


def _refused(name: str, message: str, advice: str) -> LetterTextRefused:
    return LetterTextRefused((Finding("error", "letter", message, advice, file=name),))
