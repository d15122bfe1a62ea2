"""Complaints in JSON: what may be sent, and what is told; names are camelCase, unknown members of requests are refused."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, fields, validate

from api.complaints.after_the_end import LONGEST_BODY, LONGEST_REFERENCE
from api.complaints.clock_start import STAGES as STAGES_OF_CLOCKS
from api.complaints.heard import WAYS
from api.complaints.intake import CHANNELS
from api.complaints.parties import COMPLAINANT, REPRESENTATIVE
from api.complaints.representation import EXTENTS, SPEAKS
from api.complaints.said import ACTS
from api.complaints.search import SORTS
from api.complaints.states import STATES
from api.rest.shapes import Body, Key, Long, Record, When

LONGEST_DESCRIPTION = 200_000  # characters
LONGEST_TEXT = 10_000
_SHORT = validate.Length(max=200)


def _text(**kwargs: Any) -> fields.String:
    return fields.String(allow_none=True, load_default=None, **kwargs)


class Strict(Body):
    """A request of our own interface: a member that is not known is an error, not a surprise later."""

    class Meta:
        """Refuse what is not known."""

        unknown = RAISE


class Party(Strict):
    """A person and how to reach them."""

    name = _text(validate=_SHORT)
    email = _text(
        validate=[
            validate.Length(max=254),
            validate.Regexp(r"[^@\s<>\"]+@[^@\s<>\"]+\Z", error="No e-mail address."),
        ]
    )
    phone = _text(validate=validate.Length(max=60))
    address = _text(validate=validate.Length(max=2_000))
    preferred_channel = _text(validate=validate.OneOf((*CHANNELS, None)))


class NewComplaintBody(Strict):
    """A complaint as it came in.

    Without a complainant it is anonymous. ``receivedAt`` defaults to now; before today it needs a ``backdatingReason``.
    """

    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    description = fields.String(
        required=True,
        validate=validate.Length(max=LONGEST_DESCRIPTION),
        metadata={"description": f"What happened, at most {LONGEST_DESCRIPTION:,} characters."},
    )
    received_at = When(allow_none=True, load_default=None)
    backdating_reason = _text(validate=validate.Length(max=LONGEST_TEXT))
    complainant = fields.Nested(Party, allow_none=True, load_default=None)
    representative = fields.Nested(Party, allow_none=True, load_default=None)
    occurred_on = fields.Date(allow_none=True, load_default=None)
    first_raised_on = fields.Date(
        allow_none=True,
        load_default=None,
        metadata={
            "description": "The day you were told of it first, in any way; some deadlines count from it."
        },
    )
    sent_to_company_on = fields.Date(
        allow_none=True,
        load_default=None,
        metadata={"description": "The day a portal or an authority sent it; some deadlines count from it."},
    )
    product = _text(validate=_SHORT)
    problem = _text(validate=_SHORT)
    category = _text(validate=_SHORT)
    regime = _text(validate=validate.Regexp(r"[a-z0-9][a-z0-9_.-]{0,63}\Z", error="No name of a regime."))
    desired_remedy = _text(validate=validate.Length(max=LONGEST_TEXT))
    issues = fields.List(
        fields.String(validate=validate.Length(min=1, max=1_000)),
        load_default=[],
        validate=validate.Length(max=50),
    )
    danger_reported = fields.Boolean(load_default=False)
    with_outside_body = fields.Boolean(load_default=False)
    employment = fields.Boolean(load_default=False)
    staff_concerned = fields.List(
        fields.String(validate=_SHORT), load_default=[], validate=validate.Length(max=50)
    )
    facts = fields.Dict(
        keys=fields.String(validate=validate.Length(max=100)),
        load_default={},
        validate=validate.Length(max=100),
    )


class RegisteredAnswer(Record):
    """A complaint that was taken in."""

    key = Key()
    reference = fields.String()
    process_instance_key = Key(attribute="instance_key")
    not_used = fields.List(
        fields.String(),
        metadata={
            "description": "What was given to reach the complainant by and is how who acts for them is reached: email, phone, address."
        },
    )


class IssueAnswer(Record):
    """One thing complained of."""

    number = fields.Integer()
    summary = fields.String()
    problem = fields.String(allow_none=True)
    finding = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    reasons = fields.String(allow_none=True)


class ClockAnswer(Record):
    """One deadline of a complaint."""

    key = Key()
    name = fields.String()
    label = fields.String()
    state = fields.String()
    due_on = fields.Date(allow_none=True)
    due_at = When(attribute="bound_at", allow_none=True)
    used = fields.Integer(metadata={"description": "Share of its days gone by, 0 to 100."})
    left = fields.String()
    missing = fields.String(
        allow_none=True,
        metadata={
            "description": "The day that it counts from and nobody has noted, in words; its due date is only expected."
        },
    )
    at_latest = fields.Boolean(
        metadata={"description": "With a missing day: it can only be due sooner than that date."}
    )
    legal_source = fields.String()


class PartyAnswer(Record):
    """A person the complaint has to do with."""

    role = fields.String()
    name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    preferred_channel = fields.String(allow_none=True)
    person_name = fields.String(allow_none=True)
    authority = fields.String(
        metadata={
            "description": "Of a representative: claimed, confirmed, refused or expired; none of others."
        }
    )
    authority_scope = fields.String(allow_none=True)
    authority_from = fields.Date(allow_none=True)
    authority_until = fields.Date(allow_none=True)


class RemedyAnswer(Record):
    """A promised remedy."""

    key = Key()
    kind = fields.String()
    description = fields.String(allow_none=True)
    amount = fields.String(allow_none=True)
    due_on = fields.Date(allow_none=True)
    corrected_at = When(allow_none=True)
    verified_at = When(allow_none=True)


class LetterAnswer(Record):
    """A letter to somebody the complaint has to do with."""

    key = Key()
    letter = fields.String(attribute="template", metadata={"description": "The name of its file."})
    subject = fields.String()
    to = fields.String(attribute="to_role")
    channel = fields.String()
    recipient = fields.String(allow_none=True)
    written_at = When(attribute="queued_at")
    left_at = When(attribute="dispatched_at", allow_none=True)
    came_back_on = fields.Date(allow_none=True)


class AnswerLine(Record):
    """One question with its answer."""

    path = fields.String(
        metadata={"description": "Dotted key of the field; rows of lists are counted from 0."}
    )
    label = fields.String(metadata={"description": "The question as it was asked."})
    kind = fields.String(metadata={"description": "Type of the component, such as textfield or checklist."})
    value = fields.Raw(
        allow_none=True, metadata={"description": "The answer as data, null when there is none."}
    )
    text = fields.String(metadata={"description": "The answer in words, empty when there is none."})
    sensitivity = fields.String(allow_none=True, metadata={"enum": ["personal", "special", None]})


class AnswerSection(Record):
    """Questions that stood together."""

    title = fields.String()
    lines = fields.List(fields.Nested(AnswerLine))


class AnswerSheet(Record):
    """One completed form, as it was asked and answered."""

    key = Key()
    form_id = fields.String(metadata={"description": "Empty for facts that came without a form."})
    form_key = Key(allow_none=True)
    user_task_key = Key(attribute="task_key", allow_none=True)
    title = fields.String()
    at = When()
    by = fields.String()
    sections = fields.List(fields.Nested(AnswerSection))


class ComplaintAnswer(Record):
    """One complaint."""

    key = Key()
    reference = fields.String()
    state = fields.String(metadata={"enum": list(STATES)})
    channel = fields.String()
    received_at = When()
    recorded_at = When()
    recorded_by = fields.String()
    occurred_on = fields.Date(allow_none=True)
    first_raised_on = fields.Date(allow_none=True)
    sent_to_company_on = fields.Date(allow_none=True)
    accepted_on = fields.Date(allow_none=True)
    agreed_on = fields.Date(allow_none=True)
    product = fields.String(allow_none=True)
    problem = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    regime = fields.String()
    description = fields.String()
    desired_remedy = fields.String(allow_none=True)
    anonymous = fields.Boolean()
    represented = fields.Boolean()
    significant = fields.Boolean()
    priority = fields.Integer()
    lane = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    closed_at = When(allow_none=True)
    closing_reason = fields.String(allow_none=True)
    process_instance_key = Key(attribute="instance_key", allow_none=True)
    facts = fields.Dict()
    people = fields.List(fields.Nested(PartyAnswer))
    issues = fields.List(fields.Nested(IssueAnswer))
    clocks = fields.List(fields.Nested(ClockAnswer))
    remedies = fields.List(fields.Nested(RemedyAnswer))
    letters = fields.List(fields.Nested(LetterAnswer))
    answers = fields.List(fields.Nested(AnswerSheet))


class RulesBody(Strict):
    """The rules a complaint is handled under from now on, as the table of deadlines names them; no category: none."""

    regime = fields.String(required=True, validate=validate.Length(max=64))
    category = _text(validate=_SHORT)
    stage = fields.String(required=True, validate=validate.OneOf(STAGES_OF_CLOCKS))
    reason = fields.String(
        required=True, validate=validate.And(validate.Length(max=2_000), validate.Regexp(r"\s*\S"))
    )


class DetailsBody(Strict):
    """What is corrected about somebody, and why. A member left out stays as it is; null: none is known."""

    name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    preferred_channel = fields.String(allow_none=True)
    works_again = fields.Boolean(
        load_default=False,
        metadata={"description": "What was struck out because it reached nobody reaches them again."},
    )
    same_person = fields.Boolean(
        load_default=False,
        metadata={
            "description": "A representative with another name and another way is the one whose authority was confirmed."
        },
    )
    reason = fields.String(
        required=True, validate=validate.And(validate.Length(max=2_000), validate.Regexp(r"\s*\S"))
    )


class AuthorityBody(Strict):
    """How far the representative speaks for the complainant from now on, and why: ``until`` is the last local day."""

    extent = fields.String(required=True, validate=validate.OneOf(tuple(EXTENTS)))
    until = fields.Date(allow_none=True, load_default=None)
    reason = fields.String(
        required=True, validate=validate.And(validate.Length(max=2_000), validate.Regexp(r"\s*\S"))
    )


class RepresentativeBody(AuthorityBody):
    """Who acts for the complainant from now on, in place of whoever is said to, and how far."""

    extent = fields.String(required=True, validate=validate.OneOf(SPEAKS))
    name = fields.String(required=True)
    email = fields.String(allow_none=True, load_default=None)
    phone = fields.String(allow_none=True, load_default=None)
    address = fields.String(allow_none=True, load_default=None)
    preferred_channel = fields.String(allow_none=True, load_default=None)


class CameBackBody(Strict):
    """A letter that had left came back: on which local day (default: today), and why if it says so."""

    came_back_on = fields.Date(allow_none=True, load_default=None)
    reason = fields.String(load_default="", validate=validate.Length(max=2_000))


class SaidBody(Strict):
    """What somebody said by phone, letter, e-mail or in person, in their words; it counts as on their status page.

    ``saidOn`` is the local day on which they said it, or their letter reached us; it defaults to today. ``dangerNow`` goes with
    ``adds`` alone.
    """

    what = fields.String(required=True, validate=validate.OneOf(tuple(ACTS)))
    words = fields.String(
        required=True, validate=validate.And(validate.Length(max=LONGEST_TEXT), validate.Regexp(r"\s*\S"))
    )
    said_by = fields.String(load_default=COMPLAINANT, validate=validate.OneOf((COMPLAINANT, REPRESENTATIVE)))
    channel = fields.String(required=True, validate=validate.OneOf(tuple(WAYS)))
    said_on = fields.Date(allow_none=True, load_default=None)
    danger_now = fields.Boolean(load_default=False)


class OutsideBody(Strict):
    """An outside body that has taken up a complaint which has ended.

    ``body`` names it, ``bodyReference`` is its own, ``fileDueOn`` the local day by which it wants the file (null: it wants none).
    """

    body = fields.String(
        required=True, validate=validate.And(validate.Length(max=LONGEST_BODY), validate.Regexp(r"\s*\S"))
    )
    body_reference = _text(validate=validate.Length(max=LONGEST_REFERENCE))
    file_due_on = fields.Date(allow_none=True, load_default=None)


class DecidedBody(Strict):
    """Nothing: that the outside body has decided is said by the address."""


class ComplaintFilter(Strict):
    """What is looked for; dates are local, both ends included."""

    text = fields.String(load_default="", validate=validate.Length(max=200))
    state = _text(validate=validate.OneOf((*STATES, None)))
    open_only = fields.Boolean(load_default=False)
    owner = _text()
    product = _text()
    channel = _text(validate=validate.OneOf((*CHANNELS, None)))
    received_from = fields.Date(allow_none=True, load_default=None)
    received_to = fields.Date(allow_none=True, load_default=None)
    breached = fields.Boolean(load_default=False)
    held = fields.Boolean(load_default=False)


class ComplaintPageRequest(Strict):
    """Which page."""

    from_ = Long(data_key="from", load_default=0, validate=validate.Range(min=0, max=1_000_000))
    limit = Long(load_default=50, validate=validate.Range(min=1, max=1_000))


class ComplaintSearch(Strict):
    """A search in the register."""

    filter = fields.Nested(ComplaintFilter, load_default=dict)
    sort = fields.String(load_default="received", validate=validate.OneOf(tuple(SORTS)))
    page = fields.Nested(ComplaintPageRequest, load_default=dict)


class LineAnswer(Record):
    """One complaint in a list."""

    key = Key()
    reference = fields.String()
    state = fields.String()
    received_at = When()
    product = fields.String(allow_none=True)
    problem = fields.String(allow_none=True)
    complainant = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    priority = fields.Integer()
    significant = fields.Boolean()
    next_due_on = fields.Date(allow_none=True)
    next_clock = fields.String(allow_none=True)
    breached = fields.Boolean()


class CountAnswer(Record):
    """How many there are, counted up to 10,000."""

    total_items = fields.Integer()
    has_more = fields.Boolean()


class ComplaintsAnswer(Record):
    """A page of complaints."""

    items = fields.List(fields.Nested(LineAnswer))
    page = fields.Nested(CountAnswer)
