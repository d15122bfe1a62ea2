"""The CSV of the US Consumer Complaint Database (CFPB), both of its layouts, read by column name."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from api.complaints.importing.rows import Row, RowRefused
from api.complaints.intake import Ending, NewComplaint, PartyDetails

NEEDED = frozenset(
    {
        "Date received",
        "Product",
        "Issue",
        "Company",
        "Submitted via",
        "Date sent to company",
        "Company response to consumer",
    }
)
ID_COLUMN = "Complaint ID"
SOURCE = "cfpb"
REGIME = "us-cfpb"
OPENED_AT = time(9, 0)  # the file knows the day alone; the office opens then

CHANNELS = {
    "Web": "web",
    "Phone": "phone",
    "Postal mail": "post",
    "Fax": "post",
    "Referral": "post",
    "Email": "e-mail",
    "Web Referral": "web",
}
RESPONSES: dict[str, tuple[str | None, str | None]] = {
    "Closed with monetary relief": ("upheld", "compensation"),
    "Closed with non-monetary relief": ("partly_upheld", "put_right"),
    "Closed with relief": ("upheld", "put_right"),
    "Closed with explanation": ("not_upheld", "explanation"),
    "Closed without relief": ("not_upheld", None),
    "Closed": ("not_upheld", "explanation"),
    "Untimely response": (None, None),
    "In progress": (None, None),
}
OPEN = frozenset({"In progress"})
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def read(row: Row, *, zone: ZoneInfo) -> NewComplaint:
    """Return the complaint of one row. Raises ``RowRefused`` naming the column.

    One the company has answered is over, on a day the source does not tell.
    Company names are replaced by invented ones with a fixed mapping; ZIP codes stay text; taxonomies are kept as written.
    """
    channel = CHANNELS.get(row.text("Submitted via") or "")
    if channel is None:
        raise RowRefused(f"Submitted via: {row.text('Submitted via')!r} is not a known channel.")
    response = row.text("Company response to consumer") or "In progress"
    if response not in RESPONSES:
        raise RowRefused(f"Company response to consumer: {response!r} is not known.")
    received, sent = _day(row, "Date received"), _day(row, "Date sent to company")
    outcome, remedy = RESPONSES[response]
    problem = _joined(row, "Issue", "Sub-issue")
    tags = row.text("Tags")
    return NewComplaint(
        channel=channel,
        received_at=datetime.combine(received, OPENED_AT, zone),
        description=row.text("Consumer complaint narrative")
        or f"{problem} ({_joined(row, 'Product', 'Sub-product')})",
        complainant=PartyDetails(  # the source names nobody; answers go back the way the complaint came
            address=f"CFPB company portal, complaint {row.text(ID_COLUMN) or row.key}",
            preferred_channel="post",
        ),
        product=_joined(row, "Product", "Sub-product"),
        problem=problem,
        category=None,
        regime=REGIME,
        issues=(problem,),
        sent_to_company_on=sent,
        source=SOURCE,
        source_key=row.key,
        ending=None if response in OPEN else Ending(outcome=outcome),
        facts={
            "state": row.text("State"),
            "zip": row.text("ZIP code"),
            "company": pseudonym(row.text("Company") or ""),
            "submittedVia": row.text("Submitted via"),
            "companyResponse": response,
            "publicResponse": row.text("Company public response"),
            "expectedOutcome": outcome,
            "expectedRemedy": remedy,
            "timely": row.text("Timely response?") == "Yes",
            "disputed": {"Yes": True, "No": False}.get(row.text("Consumer disputed?") or ""),
            "tags": [tag.strip() for tag in tags.split(",")] if tags else [],
        },
    )


def pseudonym(company: str) -> str:
    """Return an invented name for a company, always the same one: complaints are allegations, not findings."""
    return f"Company {int(hashlib.sha256(company.encode()).hexdigest()[:8], 16) % 10_000:04d}"


def _joined(row: Row, first: str, second: str) -> str:
    parts = [part for part in (row.text(first), row.text(second)) if part]
    if not parts:
        raise RowRefused(f"{first}: empty.")
    return " – ".join(parts)


def _day(row: Row, column: str) -> date:
    text = row.text(column) or ""
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
        if american := _AMERICAN.fullmatch(text):
            return date(int(american[3]), int(american[1]), int(american[2]))
    except ValueError:
        pass
    raise RowRefused(f"{column}: {text!r} is not a date (2023-07-29 or 7/29/2023).")
