"""The complainant's secret: in the mail that leaves, and nowhere else; not in a table, not on a page, not in an answer."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from api.complaints.from_complainant import Mail, send_new_link
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.letter_links import LinkingPostman, resume_mark
from api.complaints.tables import LetterRow, LinkRow
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.staff import Staff, Wish
from api.identity.sessions import digest
from api.secrets import link_key, opened, sealed
from engine.actors import service as as_service
from engine.jobs.letters import Letter, LetterDelayed
from engine.store.outbox import of_job
from engine.store.tables import METADATA
from engine.store.tables import outbox as outbox_rows
from tests.api.conftest import Caller
from tests.api.web.staff_desk import Desk
from tests.api.web.visitor import Visitor

TABS = ("overview", "timeline", "clocks", "papers", "diagram")
TOKEN = re.compile(r"/(?:t|complain/resume)/([\w-]{20,})")


def mails(service):
    """Every mail that left, as a mail program shows it."""
    found = []
    for path in sorted(service.settings.outbox_dir.glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        parts = [message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()]
        found.append((path, parts))
    return found


def tokens_of(service):
    return {token for _, parts in mails(service) for part in parts for token in TOKEN.findall(part)}


def everything_stored(service):
    """Each cell of each table as text, with where it stands."""
    with service.database.reader.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(sa.select(table)):
                for name, value in row._mapping.items():
                    yield (
                        f"{table.name}.{name}",
                        (
                            bytes(value).decode("latin-1")
                            if isinstance(value, bytes | memoryview)
                            else str(value)
                        ),
                    )


@pytest.fixture
def played(service, app, clock):
    """A case played to its end by mail, a lost link asked for, an unsent complaint mailed to its writer."""
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(lambda db: add_colleagues(db, keys=keys, password=None, at=clock.now()))
    visitor = Visitor(app, clock)
    visitor.fill_in()
    visitor.send("/complain/saved", email="ann@mail.example")
    person = PartyDetails("Ann Other", "ann@mail.example")
    made = receive(
        service,
        NewComplaint("web", clock.now(), "Charged twice.", person, product="goods", problem="provision"),
        by=as_service("web"),
    )
    staff, wish = Staff(service), Wish(remedy="refund", amount=50)
    for _ in range(3):
        staff.work(made.instance_key, wish)
        staff.answer(made.instance_key, wish)
        clock.advance(timedelta(days=1))
    Visitor(app, clock).send("/lost-link", reference=made.reference, email="ann@mail.example")
    service.run_due()
    return made


def test_no_live_secret_stands_in_any_column_page_or_answer(service, app, played):
    secrets = tokens_of(service) | {played.token}
    assert len(mails(service)) >= 5
    assert len(secrets) >= 5

    stored = list(everything_stored(service))
    assert {where.partition(".")[0] for where, _ in stored} >= {
        "complaint_letters",
        "outbox",
        "notices",
        "jobs",
    }
    assert [where for where, text in stored for secret in secrets if secret in text] == []

    everybody = Desk(app, service, "mara", "admin", "manager", "process-owner")
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    addresses = [rule.rule for rule in rules if rule.rule.startswith("/staff") and not rule.arguments]
    addresses += [f"/staff/complaints/{played.key}/{tab}" for tab in TABS]
    addresses += [f"/staff/processes/{played.instance_key}", f"/staff/complaints/{played.key}/timers"]
    seen = []
    for address in addresses:
        answer = everybody.open(address)
        assert answer.status_code in (200, 302, 303), address
        seen.append((address, answer.get_data(as_text=True)))
    admin = Caller(app, "token-of-the-administrator")
    key = str(played.instance_key)
    for path, body in (
        ("/v2/variables/search", {"filter": {"processInstanceKey": key}}),
        ("/v2/process-instances/search", {}),
        ("/v2/jobs/search", {}),
        ("/v2/incidents/search", {}),
        ("/v2/user-tasks/search", {}),
    ):
        seen.append((path, admin.raw("POST", path, json=body).get_data(as_text=True)))
    seen.append(("/api/complaints", admin.raw("GET", f"/api/complaints/{played.key}").get_data(as_text=True)))
    assert "secret link" in dict(seen)[f"/staff/complaints/{played.key}/papers"]
    assert [where for where, text in seen for secret in secrets if secret in text] == []


def test_each_mail_holds_a_link_that_opens_the_complaint(service, app, clock, played):
    links = {token for token in tokens_of(service) if f"/t/{token}" in str(mails(service))}
    assert len(links) >= 4
    for token in links:
        visitor = Visitor(app, clock)
        assert visitor.open(f"/t/{token}").status_code == 303
        visitor.open("/status")
        assert played.reference in visitor.text
        clock.advance(timedelta(minutes=1))


def test_the_mail_of_an_unsent_complaint_opens_it(service, app, clock, played):
    (token,) = {token for _, parts in mails(service) for token in re.findall(r"/resume/([\w-]+)", parts[0])}
    other = Visitor(app, clock)

    assert other.open(f"/complain/resume/{token}").location.endswith("/complain")


def test_letters_are_files_that_only_their_owner_reads(service, played):
    assert {oct(path.stat().st_mode & 0o777) for path, _ in mails(service)} == {"0o600"}


def test_no_mark_leaves(service, played):
    assert [parts for _, parts in mails(service) if "[[" in str(parts)] == []


class Moody:
    """A mail server that takes nothing."""

    def __init__(self):
        self.seen = []

    def send(self, letter):
        self.seen.append(TOKEN.findall(letter.text) + TOKEN.findall(letter.html))
        raise LetterDelayed("busy")


def test_a_mail_tried_again_holds_the_same_link(service, clock):
    person = PartyDetails("Ann", "ann@mail.example")
    receive(service, NewComplaint("web", clock.now(), "x", person), by=as_service("web"))
    (job,) = service.engine.read(lambda db: db.scalars(sa.select(outbox_rows.c.job_key)).all())
    kept = service.engine.read(lambda db: of_job(db, job))
    letter = Letter(
        kept.key, kept.recipient, kept.subject, kept.text, kept.html, kept.message_id, kept.queued_at
    )
    inner, key = Moody(), link_key(service.settings.data_dir)
    postman = LinkingPostman(
        inner,
        service.database,
        clock=clock,
        zone=service.settings.time_zone,
        base_url=service.settings.base_url,
        key=lambda: key,
    )

    for _ in range(3):
        with pytest.raises(LetterDelayed):
            postman.send(letter)
        clock.advance(timedelta(hours=2))

    tokens = {token for seen in inner.seen for token in seen}
    assert len(inner.seen) == 3
    assert len(tokens) == 1
    assert service.engine.read(lambda db: db.get(LinkRow, digest(tokens.pop()))) is not None


def test_a_letter_on_paper_holds_no_secret_and_says_how_to_go_on(service, clock):
    person = PartyDetails("Ann", "ann@mail.example", address="1 Road", preferred_channel="post")
    made = receive(service, NewComplaint("web", clock.now(), "Charged twice.", person), by=as_service("web"))
    service.run_due()

    (letter,) = service.engine.read(lambda db: db.scalars(sa.select(LetterRow)).all())
    assert letter.channel == "post"
    assert "[[" not in letter.text
    assert "/t/" not in letter.text
    assert f"name the reference {made.reference}" in letter.text
    assert "/lost-link" in letter.text


def test_a_mark_that_somebody_typed_is_words(service, clock):
    words = "I want [[status-link]] and [[resume-link:AAAA]]."
    person = PartyDetails("Ann [[status-link]]", "ann@mail.example")
    receive(
        service,
        NewComplaint("web", clock.now(), words, person, issues=(words,)),
        by=as_service("web"),
    )
    service.run_due()

    ((_, (text, _html)),) = mails(service)
    assert text.count("/t/") == 1
    assert "/complain/resume/" not in text
    assert "[ [status-link]]" in text


def test_a_lost_link_is_kept_with_the_complaint_and_holds_the_mark(service, clock):
    person = PartyDetails("Ann", "ann@mail.example")
    made = receive(service, NewComplaint("web", clock.now(), "x", person), by=as_service("web"))

    assert send_new_link(
        service, made.reference, "ann@mail.example", write=lambda _ref, link: Mail("s", link, link)
    )

    rows = service.engine.read(lambda db: db.scalars(sa.select(LetterRow)).all())
    assert [(row.template, row.text) for row in rows if row.template == "new-link"] == [
        ("new-link", "[[status-link]]")
    ]


def test_what_is_sealed_opens_with_its_key_alone():
    key, other, secret = b"k" * 32, b"o" * 32, "A" * 43

    assert opened(sealed(secret, key), key) == secret
    assert opened(sealed(secret, key), other) != secret
    assert sealed(secret, key) != sealed(secret, key)
    assert secret not in resume_mark(secret, key)
