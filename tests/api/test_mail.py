"""Letters by a real mail server: evidence of what left, patience with what is away, an end to what is refused."""

from __future__ import annotations

import datetime as dt
import email
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.policy import SMTP as SMTP_POLICY

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from api.complaints.from_complainant import Mail, send_new_link
from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.complaints.letter_desk import look_for_a_way
from api.complaints.parties import parties
from api.complaints.tables import EventRow, LetterRow, NoticeRow
from api.mail import FolderPostman, SmtpPostman, build_message
from api.wiring import wire
from engine.actors import service as as_service
from engine.jobs.letters import Letter, LetterDelayed, LetterRefused
from engine.store.search import Condition, Query
from tests.api.conftest import settings_for

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BAD = [
    "\r\nBcc: evil@example.org",
    "\nX-Evil: 1",
    "\x00",
    "\u2028Bcc: evil@example.org",
    "\r",
    "\x1b[2J",
    "\x85X: 1",
]


def letter(**more):
    given = {
        "key": 1, "recipient": "ann@example.org", "subject": "Your complaint", "text": "Dear Ann,\n", "html": "<p>Dear Ann</p>",
        "message_id": "<1@redress.invalid>", "at": AT,
    }  # fmt: skip
    return Letter(**given | more)


class Server:
    """A mail server whose answers a test sets; it keeps what it accepted."""

    def __init__(self):
        self.got, self.mail, self.rcpt, self.data, self.drop_after_data = [], None, {}, None, 0

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if self.mail:
            return self.mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.data:
            return self.data
        message = email.message_from_bytes(envelope.content, policy=SMTP_POLICY)
        self.got.append((envelope.mail_from, tuple(envelope.rcpt_tos), message))
        if self.drop_after_data:
            self.drop_after_data -= 1
            server.transport.abort()
        return "250 accepted as 4711"


class _At(Controller):
    """A controller at an address that need not be answered by 127.0.0.1."""

    def __init__(self, handler, hostname, **options):
        self.options = options
        super().__init__(handler, hostname=hostname, port=0, ready_timeout=10)

    def factory(self):
        return SMTP(self.handler, **{"enable_SMTPUTF8": True} | self.options)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def start(request):
    """A function that starts a server and returns its address."""

    def start(handler, hostname="127.0.0.1", **options):
        controller = _At(handler, hostname, **options)
        controller.start()
        request.addfinalizer(controller.stop)
        return f"{hostname}:{controller.port}"

    return start


@pytest.fixture
def server(start):
    handler = Server()
    handler.address = start(handler)
    return handler


def carrier(server, scheme="smtp", **more):
    return SmtpPostman(
        f"{scheme}://{server.address}", sender="complaints@example.org", name="Northfield", **more
    )


def test_a_letter_arrives_as_text_and_html_with_the_servers_words_as_receipt(server):
    receipt = carrier(server).send(letter(subject="Your complaint – zwölf"))
    assert (receipt.code, receipt.reply) == (250, "accepted as 4711")
    ((sender, recipients, message),) = server.got
    assert (sender, recipients) == ("complaints@example.org", ("ann@example.org",))
    assert message["Subject"] == "Your complaint – zwölf"
    assert message["From"] == "Northfield <complaints@example.org>"
    assert message["Message-ID"] == "<1@redress.invalid>"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().splitlines() == ["Dear Ann,"]


@pytest.mark.parametrize("bad", BAD)
def test_nothing_a_person_typed_becomes_a_header(server, bad):
    for where in ("subject", "recipient"):
        given = {"subject": f"Hello{bad}", "recipient": "ann@example.org"}
        if where == "recipient":
            given = {"subject": "Hello", "recipient": f"ann@example.org{bad}"}
        try:
            carrier(server).send(letter(**given))
        except LetterRefused:
            continue
    for _, recipients, message in server.got:
        assert set(recipients) <= {"ann@example.org"} or where == "recipient"
        assert {name.lower() for name in message.keys()} == {  # noqa: SIM118  (a message is no dict)
            "from", "to", "subject", "message-id", "date", "auto-submitted", "mime-version", "content-type",
        }  # fmt: skip
        assert "evil@example.org" not in recipients


@pytest.mark.parametrize("bad", BAD)
def test_names_and_bodies_are_harmless_too(bad):
    message = build_message(
        sender="complaints@example.org", sender_name=f"North{bad}", recipient="ann@example.org", subject="Hello",
        text=f"a{bad}b", html="<p>", message_id="<1@redress.invalid>", at=AT,
    )  # fmt: skip
    again = email.message_from_bytes(message.as_bytes(), policy=SMTP_POLICY)
    assert again["Bcc"] is None
    assert again["X-Evil"] is None
    assert "\x00" not in again.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    "address", ["", "ann", "@example.org", "ann@", "ann@@", "a b@c d", "ann@exa\ud800mple.org", "x" * 400]
)
def test_an_address_that_is_none_is_refused_at_once(server, address):
    with pytest.raises(LetterRefused):
        carrier(server).send(letter(recipient=address))
    assert server.got == []


def test_letters_beyond_ascii_reach_addresses_beyond_ascii(server, start):
    carrier(server).send(letter(recipient="jösé@müller.example"))
    assert server.got[0][1] == ("jösé@xn--mller-kva.example",)
    plain = Server()
    plain.address = start(plain, enable_SMTPUTF8=False)
    carrier(plain).send(letter(recipient="ann@müller.example"))
    assert plain.got[0][1] == ("ann@xn--mller-kva.example",)
    with pytest.raises(LetterRefused):
        carrier(plain).send(letter(recipient="jösé@example.org"))


@pytest.mark.parametrize(
    ("stage", "answer", "outcome"),
    [
        ("rcpt", "550 no such person", LetterRefused),
        ("rcpt", "451 try later", LetterDelayed),
        ("data", "554 we do not like it", LetterRefused),
        ("data", "452 no room", LetterDelayed),
        ("mail", "550 you may not send", LetterDelayed),
        ("mail", "451 busy", LetterDelayed),
    ],
)
def test_only_a_permanent_refusal_of_this_letter_gives_it_up(server, stage, answer, outcome):
    if stage == "rcpt":
        server.rcpt = {"ann@example.org": answer}
    else:
        setattr(server, stage, answer)
    with pytest.raises(outcome, match=answer[:3]):
        carrier(server).send(letter())


def test_a_server_that_is_away_or_hangs_up_delays_the_letter(server):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(LetterDelayed):
        SmtpPostman(f"smtp://127.0.0.1:{port}", sender="c@example.org", name="").send(letter())
    server.drop_after_data = 1
    with pytest.raises(LetterDelayed):
        carrier(server).send(letter())
    carrier(server).send(letter())
    assert [message["Message-ID"] for _, _, message in server.got] == ["<1@redress.invalid>"] * 2, (
        "known by its id"
    )


def test_a_wrong_password_of_ours_does_not_give_up_peoples_letters(start):
    handler = Server()
    handler.address = start(
        handler, auth_require_tls=False, authenticator=lambda *_: AuthResult(success=False, handled=False)
    )
    with pytest.raises(LetterDelayed, match="535"):
        SmtpPostman(f"smtp://us:wrong@{handler.address}", sender="c@example.org", name="").send(letter())


def test_elsewhere_nothing_is_sent_without_encryption(start):
    handler = Server()
    handler.address = start(handler, "127.0.0.2")  # by its name it could be any machine
    with pytest.raises(LetterDelayed, match="TLS"):
        carrier(handler).send(letter())
    assert handler.got == []


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate for 127.0.0.2 that this process trusts, as a context for a server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    today = dt.datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "mail.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    context.trusted = lambda: monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


def test_elsewhere_letters_travel_encrypted_and_only_to_the_right_server(start, certificate):
    handler = Server()
    handler.address = start(handler, "127.0.0.2", tls_context=certificate, require_starttls=True)
    with pytest.raises(LetterDelayed, match="certificate"):
        carrier(handler).send(letter())
    certificate.trusted()
    carrier(handler).send(letter())
    assert len(handler.got) == 1


def test_without_a_mail_server_each_letter_is_one_file(tmp_path):
    folder = FolderPostman(tmp_path / "outbox", sender="complaints@example.org", name="Northfield")
    for _ in range(2):
        folder.send(letter())
    folder.send(letter(message_id="<../../2@redress.invalid>"))
    files = sorted((tmp_path / "outbox").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert {file.parent for file in files} == {tmp_path / "outbox"}
    message = email.message_from_bytes(files[-1].read_bytes(), policy=SMTP_POLICY)
    assert message["To"] == "ann@example.org"
    with pytest.raises(LetterRefused):
        folder.send(letter(recipient="nobody"))


# letters of real complaints


@pytest.fixture
def mailing(prepared, tmp_path, clock, server):
    """A service whose letters go to the server."""
    import shutil

    shutil.copytree(prepared, tmp_path / "data")
    service = wire(settings_for(tmp_path / "data", REDRESS_SMTP_URL=f"smtp://{server.address}"), clock=clock)
    yield service
    service.database.dispose()


def complain(service, address):
    complaint = NewComplaint(
        "web", service.clock.now(), "My parcel never came.", PartyDetails("Ann Other", address)
    )
    return receive(service, complaint, by=as_service("web"))


def letters(service, case):
    return service.engine.read(
        lambda session: session.scalars(select(LetterRow).where(LetterRow.complaint_key == case.key)).all()
    )


def test_a_letter_that_left_has_evidence_and_a_line_in_the_timeline(mailing, server):
    case = complain(mailing, "ann@example.org")
    (written,) = letters(mailing, case)
    assert written.dispatched_at is None
    mailing.engine.run_due_jobs()
    (sent,) = letters(mailing, case)
    assert sent.dispatched_at == mailing.clock.now()
    assert sent.evidence == "250 accepted as 4711"
    assert case.reference in server.got[0][2].get_body(("plain",)).get_content()


def test_a_server_that_says_later_gets_the_same_letter_later(mailing, server, clock):
    case = complain(mailing, "ann@example.org")
    server.data = "451 greylisted"
    mailing.engine.run_due_jobs()
    assert letters(mailing, case)[0].dispatched_at is None
    server.data = None
    mailing.engine.run_due_jobs()
    assert server.got == [], "not before its time"
    clock.advance(timedelta(minutes=1))
    mailing.engine.run_due_jobs()
    assert letters(mailing, case)[0].dispatched_at == clock.now()
    assert len(server.got) == 1


def test_a_letter_that_is_refused_is_told_to_people_and_holds_up_no_other(mailing, server):
    server.rcpt = {"gone@example.org": "550 no such person"}
    lost, fine = complain(mailing, "gone@example.org"), complain(mailing, "ann@example.org")
    mailing.engine.run_due_jobs()

    assert letters(mailing, lost)[0].dispatched_at is None
    assert letters(mailing, fine)[0].dispatched_at is not None
    active = Query(where=(Condition("state", "eq", "ACTIVE"),))
    (incident,) = mailing.engine.incidents(active).items
    assert "no such person" not in incident.error_message
    told = mailing.engine.read(
        lambda session: session.scalars(select(NoticeRow).where(NoticeRow.complaint_key == lost.key)).all()
    )
    assert any("not delivered" in notice.subject and "no such person" in notice.text for notice in told)
    lines = mailing.engine.read(
        lambda session: session.scalars(select(EventRow).where(EventRow.complaint_key == lost.key)).all()
    )
    assert any(line.kind == "letter-not-delivered" and not line.public for line in lines)


def test_a_dropped_connection_makes_a_second_copy_with_the_same_id_at_most(mailing, server, clock):
    case = complain(mailing, "ann@example.org")
    server.drop_after_data = 1
    mailing.engine.run_due_jobs()
    assert letters(mailing, case)[0].dispatched_at is None
    clock.advance(timedelta(minutes=1))
    mailing.engine.run_due_jobs()
    assert letters(mailing, case)[0].dispatched_at is not None
    assert len({message["Message-ID"] for _, _, message in server.got}) == 1
    assert len(server.got) == 2


def test_patience_ends_after_five_days_with_somebody_told(mailing, server, clock):
    case = complain(mailing, "ann@example.org")
    server.data = "451 greylisted for ever"
    for _ in range(130):
        mailing.engine.run_due_jobs()
        clock.advance(timedelta(minutes=70))
    assert letters(mailing, case)[0].dispatched_at is None
    (incident,) = mailing.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items
    assert "greylisted" not in incident.error_message
    told = mailing.engine.read(
        lambda session: session.scalars(
            select(NoticeRow.text).where(NoticeRow.complaint_key == case.key)
        ).all()
    )
    assert any("greylisted" in text for text in told)


def test_patience_is_with_an_address_however_often_its_letter_is_written_anew(mailing, server, clock):
    case = complain(mailing, "ann@example.org")
    mailing.run_due()
    server.data = "451 greylisted for ever"
    finish(
        mailing,
        case,
        "Screen the complaint",
        scopeExit="restricted_contact",
        scopeReason="No.",
        problem="price",
    )
    for _ in range(130):
        mailing.engine.run_due_jobs()
        clock.advance(timedelta(minutes=70))
    turning_away = [
        row for row in letters(mailing, case) if row.template == "not-accepted-restricted-contact"
    ]
    assert len(turning_away) > 3, "it counts from the day it leaves"
    assert [row.dispatched_at for row in turning_away] == [None] * len(turning_away)
    assert FIND in work(mailing, case)


# mail that comes back for good

FIND, POST = "Find a way to reach them", "Post the letter"


def refused(mailing, server, address="gone@example.org", **more):
    """A complaint whose first letter the server will never take."""
    server.rcpt = {address: "550 no such person"}
    new = NewComplaint(
        "web", mailing.clock.now(), "It never came.", PartyDetails("Ann Other", address, **more)
    )
    case = receive(mailing, new, by=as_service("web"))
    mailing.run_due()
    return case


def work(mailing, case):
    return sorted(task.name for task in mailing.engine.case_tasks(case.instance_key))


def finish(mailing, case, name, **answers):
    task = next(one for one in mailing.engine.case_tasks(case.instance_key) if one.name == name)
    mailing.engine.complete_task(task.user_task_key, answers)
    mailing.run_due()
    mailing.clock.advance(timedelta(minutes=1))
    mailing.run_due()


def resolve(mailing):
    """What an operator does once the mail server works again."""
    for one in mailing.engine.incidents(Query(where=(Condition("state", "eq", "ACTIVE"),))).items:
        mailing.engine.resolve_incident(one.incident_key)
    mailing.run_due()


def person(mailing, case):
    return mailing.engine.read(lambda session: parties(session, case.key)["complainant"])


def test_mail_that_came_back_is_work_and_the_letter_reaches_them_by_the_way_that_is_found(mailing, server):
    case = refused(mailing, server)
    assert FIND in work(mailing, case)
    assert look_for_a_way(mailing, case.key) is None, "somebody looks already, though an address stands there"

    finish(mailing, case, FIND, wayFound="address", newAddress="1 High Street")
    old, new = letters(mailing, case)
    assert old.replaced_at is not None
    assert (new.recipient, new.copy_of) == ("1 High Street", old.key)
    assert (person(mailing, case).email, POST in work(mailing, case)) == (None, True)
    finish(mailing, case, POST, delivery="done")
    assert letters(mailing, case)[1].dispatched_at is not None

    server.rcpt = {}
    resolve(mailing)
    assert (server.got, len(letters(mailing, case))) == ([], 2), "what took its place is enough"


def test_a_letter_is_tried_again_once_the_mail_server_works_and_the_search_writes_no_second_one(
    mailing, server
):
    case = refused(mailing, server)
    server.rcpt = {}
    resolve(mailing)
    (row,) = letters(mailing, case)
    assert (row.dispatched_at, len(server.got)) == (mailing.clock.now(), 1)
    finish(mailing, case, FIND, wayFound="email", newEmail="gone@example.org")
    assert (len(letters(mailing, case)), len(server.got)) == (1, 1)


def test_the_same_address_can_be_right_after_all(mailing, server):
    case = refused(mailing, server)
    server.rcpt = {}
    finish(mailing, case, FIND, wayFound="email", newEmail="gone@example.org")
    assert [row.dispatched_at is not None for row in letters(mailing, case)] == [False, True]
    assert person(mailing, case).email == "gone@example.org"


def test_where_there_is_no_way_that_address_is_not_used_again(mailing, server):
    case = refused(mailing, server)
    finish(mailing, case, FIND, wayFound="no")
    assert (person(mailing, case).email, FIND in work(mailing, case)) == (None, False)
    assert mailing.engine.values(case.instance_key)["complainantKnown"] is False
    assert look_for_a_way(mailing, case.key) is not None
    finish(mailing, case, FIND, wayFound="phone", newPhone="07700 900123")
    assert "Tell them by phone" in work(mailing, case)


def test_where_there_is_no_way_the_letter_goes_to_the_address_that_we_know_besides(mailing, server):
    case = refused(mailing, server, address="gone@example.org", phone="07700 900123")
    finish(mailing, case, FIND, wayFound="no")
    assert "Tell them by phone" in work(mailing, case)
    assert mailing.engine.values(case.instance_key)["complainantKnown"] is True


def test_the_representatives_mail_that_came_back_is_looked_for_as_theirs(mailing, server):
    server.rcpt = {"agent@example.org": "550 no such person"}
    new = NewComplaint(
        "web",
        mailing.clock.now(),
        "It never came.",
        PartyDetails("Mrs Lind", "lady@example.org"),
        representative=PartyDetails("Letting Agent", "agent@example.org"),
    )
    case = receive(mailing, new, by=as_service("web"))
    mailing.run_due()
    finish(mailing, case, FIND, wayFound="email", representativeEmail="new@example.org")
    assert [row.recipient for row in letters(mailing, case)] == ["agent@example.org", "new@example.org"]
    assert letters(mailing, case)[1].dispatched_at is not None
    assert person(mailing, case).email == "lady@example.org"


def test_where_the_representatives_mail_finds_no_way_she_gets_what_was_for_both(mailing, server):
    new = NewComplaint(
        "web",
        mailing.clock.now(),
        "It never came.",
        PartyDetails("Mrs Lind", "lady@example.org"),
        representative=PartyDetails("Letting Agent", "agent@example.org"),
    )
    case = receive(mailing, new, by=as_service("web"))
    mailing.run_due()
    server.rcpt = {"agent@example.org": "550 no such person"}
    finish(mailing, case, "Check the authority", authority="confirmed", authorityScope="settle")
    mailing.run_due()
    written = [row.recipient for row in letters(mailing, case)]
    assert written == ["agent@example.org", "agent@example.org", "lady@example.org"], (
        "she waits for no search"
    )
    last = letters(mailing, case)[-1]
    assert (last.template, last.recipient) == ("acknowledgement", "lady@example.org")
    assert last.dispatched_at is not None
    finish(mailing, case, FIND, wayFound="no")
    assert letters(mailing, case)[-1].key == last.key
    assert FIND not in work(mailing, case)
    finish(
        mailing,
        case,
        "Screen the complaint",
        scopeExit="in_scope",
        problem="price",
        issueList=[{"summary": "x"}],
    )
    assert mailing.engine.values(case.instance_key)["complainantKnown"] is True


def test_a_link_that_somebody_asked_for_and_that_came_back_is_nobodys_work(mailing, server):
    case = complain(mailing, "ann@example.org")
    mailing.run_due()
    server.rcpt = {"ann@example.org": "550 no such person"}
    mail = Mail("Link", "text", "html")
    assert send_new_link(mailing, case.reference, "ann@example.org", write=lambda *_: mail)
    mailing.run_due()
    assert FIND not in work(mailing, case)
