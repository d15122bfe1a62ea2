"""Judging files in the surroundings of the service: over a database, as a deployment does, or with nothing but folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from api.complaints.job_types import HANDLERS
from api.complaints.letters import Letters, LetterTextRefused
from api.deadlines.calendars import stored_ids
from api.identity import people
from api.organisation import FILE, Organisation, OrganisationRefused, read_organisation
from api.procedure.contracts import HOUSE
from api.procedure.files import CALENDARS, LETTERS, ProcedureFiles, read_files, read_named
from api.procedure.vocabulary import Surroundings, Vocabulary, deployed, over
from api.settings import Settings
from engine import feel
from engine.calendar_files import CalendarRefused, read_calendar
from engine.calendars import Calendars, CalendarSet
from engine.clock import Clock, SystemClock
from engine.commands.check import Files, read_and_judge
from engine.dialect.lint import FUNCTIONS, SHORTEST_CYCLE, KnownResources, ServiceFacts
from engine.errors import RedressError
from engine.findings import Finding
from engine.values import JsonRefused


class KeptProcedure:
    """What the engine asks about files that are to be deployed: the words of the service over its database."""

    def __init__(
        self, organisation: Organisation, letters: Letters, *, moment: Callable[[], feel.Moment]
    ) -> None:
        """``moment`` gives the present for cells of tables."""
        self._organisation, self._letters, self._moment = organisation, letters, moment

    @property
    def begins_with(self) -> Mapping[tuple[str, str], str]:
        """Kind and id of what the service itself begins with → what would happen without it."""
        return HOUSE

    def vocabulary(self, session: Session, files: Files) -> Vocabulary:
        """Return the words as they are when ``files`` are deployed over what is there."""
        stored = deployed(session)
        held = frozenset(group for person in people.everybody(session) for group in person.groups)
        return Vocabulary(
            Surroundings(
                files=over(stored, files),
                organisation=self._organisation,
                letters=self._letters,
                calendars=stored_ids(session),
                groups=held,
                before=stored,
            )
        )

    def facts(self, session: Session, files: Files) -> ServiceFacts:
        """Return what those who draw may use."""
        return self.vocabulary(session, files).facts()

    def findings(self, session: Session, files: Files) -> tuple[Finding, ...]:
        """Return what is wrong with ``files`` for those who read them at run time, the organisation's words among it."""
        words = self.vocabulary(session, files)
        return (
            *words.findings(files, moment=self._moment()),
            *words.organisation_findings(),
            *words.letter_findings(),
        )


def lint(
    given: ProcedureFiles,
    settings: Settings,
    *,
    before: Mapping[str, bytes] | None = None,
    clock: Clock | None = None,
) -> tuple[Finding, ...]:
    """Return every finding about the files of some folders, as a deployment over ``before`` would give it.

    None for ``before``: what ``settings`` ship, without the files that are judged themselves. What the folders lack (letters,
    calendars, organisation.json) is taken from what ``settings`` ship.
    """
    homes = (*given.folders, settings.processes_dir)
    try:
        organisation = read_organisation(_home(homes, FILE))
        letters = Letters(_home(homes, LETTERS) / LETTERS)
        own = (*read_named(_home(homes, CALENDARS) / CALENDARS), *given.calendars)
        calendars = _calendars(own, beside=read_named(settings.processes_dir / CALENDARS))
    except (OrganisationRefused, LetterTextRefused, CalendarRefused, JsonRefused) as refused:
        return _findings(refused)
    if before is None:
        before = _shipped_beside(given, settings)
    files, ids = given.definitions, frozenset(calendars.ids)
    words = Vocabulary(Surroundings(over(before, files), organisation, letters, ids, frozenset(), before))
    now = (clock or SystemClock()).now()
    moment = feel.Moment(now, zone=settings.time_zone.key, calendars=calendars)
    found: tuple[Finding, ...] = ()
    if files:
        known = _known(words, calendars, moment, settings)
        found = read_and_judge(files, known, words.findings(files, moment=moment)).findings
    return (*given.passed_over, *found, *words.organisation_findings(), *words.letter_findings())


def _shipped_beside(given: ProcedureFiles, settings: Settings) -> dict[str, bytes]:
    """Return the definitions ``settings`` ship but those that ``given`` reads itself: a file is no measure of its own words."""
    shipped = read_files([settings.processes_dir, settings.forms_dir])
    pairs = zip(shipped.paths, shipped.definitions, strict=True)
    return {name: data for path, (name, data) in pairs if path not in given.paths}


def _home(homes: tuple[Path, ...], name: str) -> Path:
    """Return the first folder that has ``name``; the last when none has."""
    return next((home for home in homes if (home / name).exists()), homes[-1])


def _calendars(own: Files, *, beside: Files) -> CalendarSet:
    """Return the calendars ``own``, the first of them the default, and those ``beside`` them that have another id."""
    found = {read.id: read for read in (read_calendar(data, name=name) for name, data in own)}
    for name, data in beside:
        read = read_calendar(data, name=name)
        found.setdefault(read.id, read)
    return CalendarSet(found.values(), default=next(iter(found)))


def _findings(refused: RedressError) -> tuple[Finding, ...]:
    findings: tuple[Finding, ...] = getattr(refused, "findings", ())
    return findings or (Finding("error", refused.code, str(refused), file=FILE),)


def _known(
    words: Vocabulary, calendars: Calendars, moment: feel.Moment, settings: Settings
) -> KnownResources:
    return KnownResources(
        processes=words.ids("process"),
        decisions=words.ids("decision"),
        forms=words.ids("form"),
        form_fields={},
        in_step_types=frozenset(HANDLERS),
        working_days=calendars,
        functions=FUNCTIONS,
        now=moment.now,
        zone=settings.time_zone.key,
        shortest_cycle=SHORTEST_CYCLE,
        service=words.facts(),
    )
