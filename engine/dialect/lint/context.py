"""What the service knows when a diagram is judged; what it does not know is not judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

from engine.calendars import Calendars

Tags = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A vocabulary: the words that may stand in a place.

    ``kind`` is what one of them is called ("state"). ``others`` says what any other word is; a slip of a known
    word is an error in any case. ``many``: several words, parted by commas.
    """

    kind: str
    known: frozenset[str]
    others: Literal["error", "warning", "accepted"] = "error"
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header that a job or task reads; ``words`` None: any text."""

    words: Words | None = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What a job type reads and returns: headers, inputs (None: any text), and the variables of its result.

    ``passes_on``: other inputs are its data too, such as what a letter says.
    """

    headers: Mapping[str, Header]
    inputs: Mapping[str, Words | None]
    results: frozenset[str]
    passes_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What the version of a process that a diagram replaces says: ``names`` it reads, ``keys`` it gives, ``codes`` it names.

    Names and codes may be anybody's own. One that takes the place of a word that was there, a letter apart, is a slip.
    """

    names: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """What the service around the engine offers to those who draw. Nothing has a default: what is not filled in is not judged.

    ``task_headers`` are those of user tasks. ``variables`` are process variables with a vocabulary, ``members`` the
    members of variables that hold the answer of a decision. ``clocks`` are the names of case clocks, ``joined`` which of
    them one name stands for, ``states`` those of a case, ``messages`` those that somebody sends, ``start_variables`` the
    names every case starts with, ``provided`` those that anything in the whole procedure provides. ``calendars`` are their
    ids. ``replaced`` is by process id.
    """

    job_types: Mapping[str, JobFacts]
    task_headers: Mapping[str, Header]
    variables: Mapping[str, Words]
    members: Mapping[str, frozenset[str]]
    clocks: Words
    joined: Mapping[str, frozenset[str]]
    states: Words
    messages: Words
    groups: Words
    calendars: frozenset[str]
    start_variables: frozenset[str]
    provided: frozenset[str]
    replaced: Mapping[str, Spoken]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownResources:
    """What is deployed already and what can be used. ``None`` means not known, hence not judged.

    ``processes``, ``decisions`` and ``forms`` give the version tags of every stored id, ``form_fields`` the
    variables a stored form hands over. ``in_step_types`` are the job types with a handler of our own.
    ``functions`` are those the service adds to FEEL. ``now`` is an aware moment, ``zone`` the IANA zone of the
    service. Nothing has a default, so that nothing is forgotten; ``NOTHING_KNOWN`` is the start for whoever knows little.
    """

    processes: Mapping[str, Tags] | None
    decisions: Mapping[str, Tags] | None
    forms: Mapping[str, Tags] | None
    form_fields: Mapping[str, frozenset[str]]
    in_step_types: frozenset[str] | None
    working_days: Calendars | None
    functions: frozenset[str]
    now: datetime | None
    zone: str
    shortest_cycle: timedelta
    service: ServiceFacts | None


FUNCTIONS: Final = frozenset({"clock"})
SHORTEST_CYCLE: Final = timedelta(seconds=1)
NOTHING_KNOWN: Final = KnownResources(
    processes=None,
    decisions=None,
    forms=None,
    form_fields=MappingProxyType({}),
    in_step_types=None,
    working_days=None,
    functions=FUNCTIONS,
    now=None,
    zone="UTC",
    shortest_cycle=SHORTEST_CYCLE,
    service=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentContext:
    """What is known, and what comes in the same deployment.

    ``together`` is None when the other files of the deployment are not known: then no binding is judged.
    """

    known: KnownResources = NOTHING_KNOWN
    together: Together | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The resources of one deployment: every id with its version tag or None, and each form's fields.

    ``clocks_watched`` are the case clocks some timer of the deployment follows, ``written`` are the names that each process
    gives back to who calls it.
    """

    processes: Mapping[str, str | None]
    decisions: Mapping[str, str | None]
    forms: Mapping[str, str | None]
    form_fields: Mapping[str, frozenset[str]]
    clocks_watched: frozenset[str] = frozenset()
    written: Mapping[str, frozenset[str]] = field(default_factory=dict)
