"""What the service knows when a diagram is judged; what it does not know is not judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from engine.calendars import Calendars

Tags = frozenset[str]
NOTHING: Mapping[str, Tags] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownResources:
    """What is deployed already and what the service offers. ``None`` means not known, hence not judged.

    ``processes``, ``decisions`` and ``forms`` give the version tags of every stored id, ``form_fields`` the
    variables a stored form hands over. ``start_variables`` are the names every instance starts with,
    ``in_step_results`` the variables an in-step job type returns. ``calendars`` are the ids of
    ``working_days``. ``functions`` are those the
    service adds to FEEL. ``now`` is an aware moment, ``zone`` the IANA zone of the service.
    """

    processes: Mapping[str, Tags] | None = None
    decisions: Mapping[str, Tags] | None = None
    forms: Mapping[str, Tags] | None = None
    form_fields: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    in_step_types: frozenset[str] | None = None
    in_step_results: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    letters: frozenset[str] | None = None
    calendars: frozenset[str] | None = None
    working_days: Calendars | None = None
    groups: frozenset[str] | None = None
    start_variables: frozenset[str] | None = None
    functions: frozenset[str] = frozenset({"clock"})
    now: datetime | None = None
    zone: str = "UTC"
    shortest_cycle: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentContext:
    """What is known, and what comes in the same deployment.

    ``together`` is None when the other files of the deployment are not known: then no binding is judged.
    """

    known: KnownResources = field(default_factory=KnownResources)
    together: Together | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The resources of one deployment: every id with its version tag or None, and each form's fields.

    ``clocks_watched`` are the case clocks some timer of the deployment follows.
    """

    processes: Mapping[str, str | None]
    decisions: Mapping[str, str | None]
    forms: Mapping[str, str | None]
    form_fields: Mapping[str, frozenset[str]]
    clocks_watched: frozenset[str] = frozenset()
