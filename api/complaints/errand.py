"""One job of a diagram on one complaint: what every handler of ours needs at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from api.complaints.clocks import CaseClocks, Desk
from api.complaints.letters import Letters
from api.complaints.tables import ComplaintRow
from api.organisation import Organisation
from api.settings import Settings
from engine import feel
from engine.deadlines.clocks import Act
from engine.errors import Invalid, NotFound
from engine.jobs.types import StepContext
from engine.zones import local_date


class NotAComplaint(NotFound):
    """This case has no complaint. Begin with a redress:register job, or by a message that a complaint's diagram throws."""

    code = "not_a_complaint"


class HeaderMissing(Invalid):
    """A job in the diagram lacks a header it needs."""

    code = "header_missing"


@dataclass(frozen=True, slots=True)
class Tools:
    """What handlers work with besides the transaction."""

    letters: Letters
    clocks: CaseClocks
    settings: Settings
    organisation: Organisation


class Errand:
    """A job being done: its headers and variables in plain Python, its complaint, and the desk for clocks."""

    def __init__(self, context: StepContext, tools: Tools) -> None:
        """``context`` is the engine's; nothing is read before it is asked for."""
        self.context, self.tools = context, tools
        self.session, self.now, self.actor = context.session, context.now, context.actor.name
        self._complaint: ComplaintRow | None = None

    @property
    def complaint(self) -> ComplaintRow:
        """Return the complaint of the case the engine says this is, whatever variables claim. Raises ``NotAComplaint``."""
        if self._complaint is None:
            self._complaint = self.session.scalar(
                select(ComplaintRow).where(ComplaintRow.instance_key == self.context.case_key)
            )
        if self._complaint is None:
            raise NotAComplaint(instance=str(self.context.root_key))
        return self._complaint

    @property
    def known(self) -> ComplaintRow | None:
        """Return the complaint of this case, or None."""
        try:
            return self.complaint
        except NotAComplaint:
            return None

    @property
    def desk(self) -> Desk:
        """Return the desk where clocks are moved."""
        act = Act(at=self.now, by=self.actor, reason=self.text("reason") or f"{self.context.element_id}")
        return Desk(self.session, act, self.context.moment, self.next_key)

    @property
    def today(self) -> date:
        """Return the date in the service's zone."""
        return local_date(self.now, self.tools.settings.time_zone)

    def next_key(self) -> int:
        """Return a new key."""
        return self.context.next_key()

    def header(self, name: str) -> str:
        """Return a header. Raises ``HeaderMissing``."""
        value = self.context.headers.get(name)
        if not value:
            raise HeaderMissing(f"The job {self.context.element_id} needs the header {name!r}.", header=name)
        return value

    def value(self, name: str) -> Any:
        """Return a visible variable as plain Python; None when there is none."""
        return feel.outward(self.context.variables.get(name))

    def text(self, name: str) -> str | None:
        """Return a visible variable as text; None when it is absent or blank."""
        return as_text(self.value(name))

    def moved(self, names: tuple[str, ...]) -> None:
        """Re-arm the timers and tasks that follow the clocks named."""
        for name in dict.fromkeys(names):
            self.context.rearm(name)

    def tell(
        self, kind: str, text: str, *, public: bool = False, facts: Mapping[str, Any] | None = None
    ) -> None:
        """Add a line to the complaint's timeline."""
        self.desk.tell(self.complaint.key, kind, text, public=public, facts=facts)


def as_text(value: Any) -> str | None:
    """Return a variable in plain Python as text; None when it is absent or blank."""
    return str(value).strip() or None if value is not None else None


def as_day(value: Any) -> date | None:
    """Return a variable in plain Python as a day: a date, that of a moment, or an ISO text; None when there is none.

    Raises ``ValueError`` for another text.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(value) if isinstance(value, str) and value else None


Handler = Callable[[Errand], Mapping[str, Any] | None]
