"""What a calendar file says: JSON in, calendar or findings out; and public holidays to start one."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays as public_holidays

from engine.calendars import Calendar, CalendarSet, Opening, Openings
from engine.errors import Invalid, NotFound
from engine.findings import Finding
from engine.zones import ZoneUnknown, read_zone

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MEMBERS = {
    "id",
    "name",
    "version",
    "zone",
    "hours",
    "holidays",
    "closures",
    "special",
    "knownUntil",
    "source",
}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_STRETCH = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24:00))")
_SATURDAY = 5


class CalendarRefused(Invalid):
    """This calendar file cannot be used."""

    code = "calendar_refused"

    def __init__(self, findings: Iterable[Finding]) -> None:
        """``findings`` says everything that is wrong, each with the member it is about."""
        self.findings = tuple(findings)
        super().__init__(findings=[str(finding) for finding in self.findings])


class CountryUnknown(NotFound):
    """No public holidays are known for this country and subdivision."""

    code = "country_unknown"


def read_calendar(data: bytes, *, name: str = "") -> Calendar:
    """Read one calendar file (UTF-8 JSON); ``name`` is its file name. Raises ``CalendarRefused``.

    Members: ``id`` (the name of the file, where that ends in .json), ``name``, ``zone`` (IANA), ``hours`` (weekday → list of
    "09:00-17:00"; a missing weekday is a day off; "24:00" ends a day), and perhaps ``version`` (default 1), ``holidays`` and
    ``closures`` (ISO date → name), ``special`` (ISO date → list of openings), ``knownUntil`` (ISO date), ``source`` (text, for
    people).
    """
    return _Reader(name).read(data)


def read_calendars(folder: Path, *, default: str = "generic") -> CalendarSet:
    """Read every ``*.json`` of a folder; ``default`` is the calendar used where none is named.

    Raises ``CalendarRefused`` with the findings of all files, ``CalendarNotFound`` without the default.
    """
    calendars: list[Calendar] = []
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.json")):
        try:
            calendars.append(read_calendar(path.read_bytes(), name=path.name))
        except CalendarRefused as refused:
            findings += refused.findings
    if findings:
        raise CalendarRefused(findings)
    return CalendarSet(calendars, default=default)


def write_calendar(calendar: Calendar, *, source: str = "") -> bytes:
    """Return the file that ``read_calendar`` reads back as an equal calendar."""
    content: dict[str, Any] = {
        "id": calendar.id,
        "name": calendar.name,
        "version": calendar.version,
        "zone": calendar.zone.key,
        "source": source,
        "knownUntil": calendar.known_until.isoformat() if calendar.known_until else None,
        "hours": {day: _texts(calendar.hours[n]) for n, day in enumerate(WEEKDAYS) if calendar.hours[n]},
        "closures": {day.isoformat(): why for day, why in sorted(calendar.closures.items())},
        "special": {day.isoformat(): _texts(openings) for day, openings in sorted(calendar.special.items())},
        "holidays": {day.isoformat(): why for day, why in sorted(calendar.holidays.items())},
    }
    kept = {key: value for key, value in content.items() if value or key in ("hours", "holidays")}
    return (json.dumps(kept, ensure_ascii=False, indent=2) + "\n").encode()


def seed_holidays(country: str, subdivision: str | None, years: Iterable[int]) -> dict[date, str]:
    """Return the public holidays on Mondays to Fridays, for a person to check and put into a file.

    ``country`` and ``subdivision`` are ISO 3166 codes (GB with ENG, SCT, WLS or NIR: without one, Easter
    Monday is missing). Substitute days are in, the weekend days they stand for are not. Raises
    ``CountryUnknown``.
    """
    try:
        found = public_holidays.country_holidays(
            country, subdiv=subdivision, years=list(years), language="en_US"
        )
    except NotImplementedError as error:
        raise CountryUnknown(country=country, subdivision=subdivision) from error
    return {day: why for day, why in sorted(found.items()) if day.weekday() < _SATURDAY}


class _Reader:
    """One reading of one file: collects everything that is wrong before it gives up."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def read(self, data: bytes) -> Calendar:
        content = self._content(data)
        for member in sorted(set(content) - _MEMBERS):
            self._refuse(member, f"“{member}” is not a member of a calendar.", "Remove it.")
        calendar_id = self._text(content, "id")
        if calendar_id and not _ID.fullmatch(calendar_id):
            self._refuse(
                "id", "An id is written in small letters, digits and single hyphens.", "E.g. uk-england."
            )
        stem = self.file.removesuffix(".json")
        if calendar_id and stem != self.file != f"{calendar_id}.json":
            self._refuse(
                "id",
                f"The id is “{calendar_id}” and the file is called {self.file}: two files could be one calendar.",
                f"Call the file {calendar_id}.json, or give the calendar the id {stem}.",
            )
        name, zone = self._text(content, "name"), self._zone(content)
        version, known_until = self._version(content), self._known_until(content)
        hours = self._hours(content)
        days = {member: self._days(content, member) for member in ("holidays", "closures")}
        special = self._special(content)
        if self.findings or zone is None:
            raise CalendarRefused(self.findings)
        return Calendar(
            calendar_id, version, name, zone, hours, days["holidays"], days["closures"], special, known_until
        )

    def _content(self, data: bytes) -> dict[str, Any]:
        try:
            content = json.loads(data, object_pairs_hook=self._without_doubles)
        except (ValueError, RecursionError) as error:
            self._refuse(None, f"This is not JSON: {error}", "Correct the file.")
            raise CalendarRefused(self.findings) from error
        if not isinstance(content, dict):
            self._refuse(None, "A calendar file holds one JSON object.", "Write { … }.")
            raise CalendarRefused(self.findings)
        return content

    def _without_doubles(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        times = Counter(name for name, _ in pairs) if len(members) < len(pairs) else {}
        for key in sorted(name for name, count in times.items() if count > 1):
            self._refuse(key, f"“{key}” is given more than once.", "Keep one.")
        return members

    def _text(self, content: Mapping[str, Any], member: str) -> str:
        value = content.get(member)
        if isinstance(value, str) and value.strip():
            return value
        self._refuse(member, f"“{member}” must be a text.", "A calendar needs id, name, zone and hours.")
        return ""

    def _zone(self, content: Mapping[str, Any]) -> ZoneInfo | None:
        name = self._text(content, "zone")
        try:
            return read_zone(name) if name else None
        except ZoneUnknown as error:
            self._refuse("zone", f"“{name}” is not a time zone.", error.message)
            return None

    def _version(self, content: Mapping[str, Any]) -> int:
        version = content.get("version", 1)
        if isinstance(version, int) and not isinstance(version, bool) and version > 0:
            return version
        self._refuse("version", "A version is a whole number from 1.", "Count versions 1, 2, 3 …")
        return 1

    def _known_until(self, content: Mapping[str, Any]) -> date | None:
        value = content.get("knownUntil")
        return None if value is None else self._date("knownUntil", value)

    def _hours(self, content: Mapping[str, Any]) -> tuple[Openings, ...]:
        table = self._object(content, "hours")
        for day in sorted(set(table) - set(WEEKDAYS)):
            self._refuse("hours", f"“{day}” is not a weekday.", f"Weekdays are {', '.join(WEEKDAYS)}.")
        hours = tuple(self._openings("hours", day, table.get(day, [])) for day in WEEKDAYS)
        if not any(hours) and not self.findings:
            self._refuse("hours", "The calendar never opens.", "Give at least one weekday opening hours.")
        return hours

    def _days(self, content: Mapping[str, Any], member: str) -> dict[date, str]:
        days: dict[date, str] = {}
        for text, why in self._object(content, member).items():
            day = self._date(member, text)
            if not isinstance(why, str) or not why.strip():
                self._refuse(member, f"{text} has no name.", "Say why it is a day off.")
            elif day is not None:
                days[day] = why
        return days

    def _special(self, content: Mapping[str, Any]) -> dict[date, Openings]:
        table = self._object(content, "special").items()
        days = [
            (self._date("special", text), self._openings("special", text, stretches))
            for text, stretches in table
        ]
        return {day: openings for day, openings in days if day is not None}

    def _object(self, content: Mapping[str, Any], member: str) -> dict[str, Any]:
        value = content.get(member, {})
        if isinstance(value, dict):
            return value
        self._refuse(member, f"“{member}” must be an object.", "Write { … }.")
        return {}

    def _date(self, member: str, text: object) -> date | None:
        if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        self._refuse(member, f"“{text}” is not a date.", "Write dates as 2026-12-25.")
        return None

    def _openings(self, member: str, day: str, stretches: object) -> Openings:
        texts = stretches if isinstance(stretches, list) else [stretches]
        matches = [_STRETCH.fullmatch(text) if isinstance(text, str) else None for text in texts]
        openings: list[Opening] = []
        for text, match in zip(texts, matches, strict=True):
            if match is None:
                self._refuse(member, f"{day}: “{text}” is no opening.", "Write openings as 09:00-17:00.")
                continue
            closes = time() if match[5] else time(int(match[3]), int(match[4]))
            openings.append(Opening(time(int(match[1]), int(match[2])), closes))
            if not match[5] and closes <= openings[-1].opens:
                self._refuse(
                    member, f"{day}: “{text}” closes before it opens.", "Split it at midnight, 24:00."
                )
        for earlier, later in pairwise(openings):
            if earlier.closes == time() or later.opens < earlier.closes:
                self._refuse(member, f"{day}: openings overlap or are out of order.", "Order them by time.")
        return tuple(openings)

    def _refuse(self, member: str | None, message: str, advice: str) -> None:
        self.findings.append(
            Finding("error", "calendar", message, advice=advice, file=self.file, attribute=member)
        )


def _texts(openings: Openings) -> list[str]:
    return [f"{o.opens:%H:%M}-{'24:00' if o.closes == time() else f'{o.closes:%H:%M}'}" for o in openings]
