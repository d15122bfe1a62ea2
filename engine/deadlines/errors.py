"""What can be refused when a deadline is read, counted or moved."""

from __future__ import annotations

from engine.errors import Broken, Conflict, Invalid


class PolicyRefused(Invalid):
    """This deadline policy cannot be used."""

    code = "deadline_policy_refused"


class AnchorNeedsTime(Invalid):
    """A clock that counts hours needs the time of its anchor, not only the date."""

    code = "anchor_needs_time"


class AnchorUnknown(Invalid):
    """The new policy counts from another event; say when that was."""

    code = "anchor_unknown"


class ReasonNeeded(Invalid):
    """This change to a clock needs a reason."""

    code = "reason_needed"


class EvidenceRefused(Invalid):
    """This does not show that the message has left for the complainant."""

    code = "evidence_refused"


class WrongCalendar(Broken):
    """The clock was counted with another calendar, or another version of it."""

    code = "wrong_calendar"


class ClockEnded(Conflict):
    """This clock has ended."""

    code = "clock_ended"


class ClockNotRunning(Conflict):
    """This clock is not running."""

    code = "clock_not_running"


class ClockNotPaused(Conflict):
    """This clock is not paused for that reason."""

    code = "clock_not_paused"


class ClockNotPausable(Conflict):
    """This clock does not pause: the policy does not allow it."""

    code = "clock_not_pausable"


class PauseReasonRefused(Invalid):
    """A clock cannot be paused for this reason."""

    code = "pause_reason_refused"


class BoundPassed(Conflict):
    """The deadline has already passed."""

    code = "bound_passed"


class ExtensionRefused(Conflict):
    """The deadline cannot be extended."""

    code = "extension_refused"


class ExtensionNotAllowed(ExtensionRefused):
    """The policy allows no extension."""

    code = "extension_not_allowed"


class ExtensionTooLate(ExtensionRefused):
    """The extension letter was not dispatched before the deadline passed; the breach stands."""

    code = "extension_too_late"


class ExtensionUsedUp(ExtensionRefused):
    """The policy allows no further extension."""

    code = "extension_used_up"


class ExtensionTooLong(ExtensionRefused):
    """The extension is longer than the policy allows."""

    code = "extension_too_long"


class ExtensionReasonUnknown(ExtensionRefused):
    """The reason is not one the policy lists for an extension."""

    code = "extension_reason_unknown"


class NothingHeld(Conflict):
    """No change of this clock waits for approval."""

    code = "nothing_held"
