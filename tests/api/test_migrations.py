"""What an upgrade does to the data of an older release."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from api import schema
from api.complaints.tables import ClockRow, ComplaintRow, LetterRow, LinkRow, NoticeRow
from api.identity.sessions import digest
from engine.store.tables import outbox
from tests.releases import as_first_release

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOKENS = {name: name * 43 for name in "abcde"}
EXPECTED = importlib.import_module("api.migrations.versions.0011_days_expected")
LETTERS = importlib.import_module("api.migrations.versions.0004_letters")


def words(name, path="t"):
    return f"Follow it: https://complain.example/{path}/{TOKENS[name]}. Bye."


def letter(key, name, channel, *, sent, outbox_key=None):
    return LetterRow(
        key=key,
        complaint_key=1,
        template="acknowledgement",
        template_version="x",
        to_role="complainant",
        channel=channel,
        subject="s",
        text=words(name),
        html=f"<p>{words(name)}</p>",
        queued_at=NOW,
        dispatched_at=NOW if sent else None,
        outbox_key=outbox_key,
    )


def mail(key, text, state, reply=None):
    body = json.dumps({"subject": "s", "text": text, "html": f"<p>{text}</p>"}).encode()
    return {
        **{"key": key, "job_key": key, "case_key": 5, "message_id": f"<{key}>", "recipient": b"a@b.c"},
        **{"body": body, "state": state, "smtp_reply": reply, "queued_at": NOW},
    }


@pytest.fixture
def old(database):
    """A database with letters as they were kept before: with live links in them."""
    schema.upgrade(database)
    complaint = ComplaintRow(
        key=1,
        reference="RD-1",
        instance_key=5,
        state="received",
        channel="web",
        received_at=NOW,
        recorded_at=NOW,
        recorded_by="web",
        regime="generic",
        description="x",
        anonymous=False,
        represented=False,
        facts={},
    )
    with sa.orm.Session(database.writer) as session:
        session.execute(sa.delete(LinkRow))
        session.add(complaint)
        session.flush()
        session.add_all(
            LinkRow(token_sha256=digest(token), complaint_key=1, purpose="follow", expires_at=NOW)
            for token in TOKENS.values()
        )
        session.add(letter(1, "a", "e-mail", sent=True, outbox_key=11))
        session.add(letter(2, "b", "e-mail", sent=False, outbox_key=12))
        session.add(letter(3, "c", "post", sent=False))
        session.add(NoticeRow(key=4, subject="s", text=words("d"), at=NOW))
        session.execute(
            sa.insert(outbox),
            [
                mail(11, words("a"), "sent", "250"),
                mail(12, words("b"), "queued"),
                mail(13, words("e"), "queued", "451 busy"),
                mail(14, words("a", "complain/resume"), "sent", "250"),
                mail(15, "Nothing secret.", "sent", "250"),
            ],
        )
        session.commit()
    yield database
    with sa.orm.Session(database.writer) as session:
        for table in (LinkRow, LetterRow, NoticeRow, ComplaintRow):
            session.execute(sa.delete(table))
        session.commit()


def test_kept_letters_lose_their_links_and_people_keep_theirs(old):
    with (
        old.writer.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        LETTERS.upgrade()

    with sa.orm.Session(old.writer) as session:
        texts = {row.key: (row.text, row.html) for row in session.scalars(sa.select(LetterRow))}
        mails = {row.key: json.loads(bytes(row.body)) for row in session.execute(sa.select(outbox))}
        (notice,) = session.scalars(sa.select(NoticeRow.text))
        alive = {name for name, token in TOKENS.items() if session.get(LinkRow, digest(token))}
    assert not any(token in str((texts, mails, notice)) for token in TOKENS.values())
    assert texts[1] == ("Follow it: [[status-link]]. Bye.", "<p>Follow it: [[status-link]]. Bye.</p>")
    assert texts[2][0] == "Follow it: [[status-link]]. Bye."
    assert texts[3][0] == "Follow it: (call or write to us, and name the reference). Bye."
    assert mails[12]["text"] == "Follow it: [[status-link]]. Bye."
    assert mails[14]["text"] == "Follow it: (the link was sent). Bye."
    assert mails[15]["text"] == "Nothing secret."
    assert notice == "Follow it: [[status-link]]. Bye."
    assert alive == {"a", "c", "d", "e"}, "only the link of a mail that nobody has had dies"


def test_letters_to_representatives_that_wait_are_known_to_say_nothing_of_the_complaint(old):
    with sa.orm.Session(old.writer) as session:
        session.execute(sa.update(LetterRow).where(LetterRow.key == 3).values(to_role="representative"))
        session.commit()
    as_first_release(old)
    schema.upgrade(old)

    with sa.orm.Session(old.writer) as session:
        found = {
            row.key: (row.neutral, row.party_key, row.given, row.replaced_at)
            for row in session.scalars(sa.select(LetterRow))
        }
    nothing = (None, None, None)
    assert found == {1: (False, *nothing), 2: (False, *nothing), 3: (True, *nothing)}


def clock(key, event, state):
    return ClockRow(
        **{"key": key, "complaint_key": 1, "name": f"clock_{key}", "number": 1, "state": state},
        **{"calendar_id": "uk-england", "calendar_version": 1, "calendar_seen": 1},
        saved={"anchor": {"event": event, "at": None, "on": None}, "expected_on": "2026-11-23"},
    )


def test_clocks_that_were_only_expected_are_looked_at_and_know_their_last_day(old):
    with sa.orm.Session(old.writer) as session:
        session.add(clock(21, "first_raised", "projected"))
        session.add(clock(22, "sent_to_company", "projected"))
        session.add(clock(23, "first_raised", "met"))
        session.commit()
    with (
        old.writer.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        EXPECTED.upgrade()
    with sa.orm.Session(old.writer) as session:
        rows = session.scalars(sa.select(ClockRow).order_by(ClockRow.key))
        found = {row.key: (row.saved.get("at_latest"), row.next_at is not None) for row in rows}
        session.execute(sa.delete(ClockRow))
        session.commit()
    assert found == {21: (True, True), 22: (False, True), 23: (None, False)}
