"""How a letter leaves: by SMTP, or as an .eml file in the outbox folder while no mail server is set."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from contextlib import suppress
from copy import copy
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from api.settings import Settings
from engine.jobs.letters import Letter, LetterDelayed, LetterRefused, Receipt

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TIMEOUT_S = 20
HERE = frozenset({"localhost", "127.0.0.1", "::1"})  # names of this machine: mail to it may go without TLS


class Postman(Protocol):
    """Somebody who carries letters."""

    def send(self, letter: Letter) -> Receipt:
        """Hand the letter over. Raises ``LetterDelayed`` (try again) or ``LetterRefused`` (never)."""


def postman(settings: Settings, name: str) -> Postman:
    """Return the carrier the settings name."""
    if settings.smtp_url:
        return SmtpPostman(settings.smtp_url, sender=settings.mail_from, name=name)
    return FolderPostman(settings.outbox_dir, sender=settings.mail_from, name=name)


def build_message(
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    at: datetime,
) -> EmailMessage:
    """Return the message: structured headers, control characters stripped, text and HTML. Raises ``LetterRefused``."""
    try:
        message = EmailMessage(policy=SMTP)
        message["From"] = _mailbox(sender, sender_name)
        message["To"] = _mailbox(recipient)
        message["Subject"] = _plain(subject)
        message["Message-ID"] = message_id
        message["Date"] = format_datetime(at)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_UNPRINTABLE.sub("", text))
        message.add_alternative(_UNPRINTABLE.sub("", html), subtype="html")
    except (ValueError, IndexError, UnicodeError) as fault:
        raise LetterRefused(f"The letter cannot be built: {fault}") from fault
    return message


def _mailbox(address: str, name: str = "") -> Address:
    local, separator, domain = _plain(address).strip().rpartition("@")
    if not separator or not local or not domain or re.search(r"\s", local + domain):
        raise ValueError("the address is not an e-mail address")
    if not domain.isascii():
        domain = domain.encode("idna").decode("ascii")
    return Address(display_name=_plain(name), username=local, domain=domain)


def _plain(text: str) -> str:
    return _CONTROLS.sub(" ", text)


class FolderPostman:
    """Writes each letter as <message id>.eml, readable by its owner alone; writing it again replaces it."""

    def __init__(self, folder: Path, *, sender: str, name: str) -> None:
        """``folder`` is made when the first letter leaves."""
        self._folder, self._sender, self._name = folder, sender, name

    def send(self, letter: Letter) -> Receipt:
        """Write the file under a temporary name, then rename it."""
        message = _message(letter, self._sender, self._name)
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / (re.sub(r"[^A-Za-z0-9.-]", "", letter.message_id) + ".eml")
        draft = target.with_suffix(".part")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes())
        draft.replace(target)
        return Receipt(code=250, reply=f"written to {target.name}")


class SmtpPostman:
    """Hands letters to a mail server; TLS is required unless the server is on this machine."""

    def __init__(self, url: str, *, sender: str, name: str) -> None:
        """``url`` is smtp:// or smtps:// with host, and perhaps port, user and password."""
        parts = urlsplit(url)
        self._host, self._secure = parts.hostname or "", parts.scheme == "smtps"
        self._port = parts.port or (465 if self._secure else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender, self._name = sender, name

    def send(self, letter: Letter) -> Receipt:
        """Send one letter; the server's 250 reply is the receipt.

        Only a permanent refusal of this recipient or this text refuses the letter. Whatever else goes wrong may be a fault of
        the server or of the settings, so the letter is tried again.
        """
        message = _message(letter, self._sender, self._name)
        try:
            server = self._open()
            try:
                receipt = self._hand_over(server, message)
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()
                return receipt
            finally:
                server.close()
        except (OSError, smtplib.SMTPException) as fault:
            raise LetterDelayed(f"The mail server did not take it: {_said(fault)}") from fault

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage) -> Receipt:
        (recipient,) = message["To"].addresses
        address, options = recipient.addr_spec, list[str]()
        if not address.isascii():
            if not server.has_extn("smtputf8"):
                raise LetterRefused(
                    f"The mail server cannot write to {address}: it takes plain letters only in addresses."
                )
            options = ["SMTPUTF8"]
            message = _in_utf8(message)
        _accepted(*server.mail(self._sender, options))
        _taken(*server.rcpt(address))
        try:
            code, reply = server.data(message.as_bytes())
        except smtplib.SMTPDataError as refusal:
            _taken(refusal.smtp_code, refusal.smtp_error)
            raise
        _taken(code, reply)
        return Receipt(code=code, reply=_readable(reply))

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        try:
            server.ehlo_or_helo_if_needed()
            if not self._secure and self._host not in HERE:
                if not server.has_extn("starttls"):
                    raise OSError("it offers no TLS")
                server.starttls(context=context)
                server.ehlo()
            if self._user:
                server.login(self._user, self._password)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server


def _taken(code: int, reply: bytes | str) -> None:
    """Raise ``LetterRefused`` when the server says that it will never take this recipient or text."""
    if code >= 500:
        raise LetterRefused(f"{code} {_readable(reply)}")
    _accepted(code, reply)


def _accepted(code: int, reply: bytes | str) -> None:
    if code not in {250, 251}:
        raise smtplib.SMTPResponseException(code, reply)


def _said(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"{fault.smtp_code} {_readable(fault.smtp_error)}"
    return str(fault) or type(fault).__name__


def _in_utf8(message: EmailMessage) -> EmailMessage:
    copied = copy(message)
    copied.policy = SMTPUTF8
    return copied


def _readable(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply


def _message(letter: Letter, sender: str, name: str) -> EmailMessage:
    return build_message(
        sender=sender,
        sender_name=name,
        recipient=letter.recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=letter.message_id,
        at=letter.at,
    )
