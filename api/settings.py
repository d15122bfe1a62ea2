"""The only reader of the environment: every setting, its default, and one clear line when a value is wrong."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import Invalid


class SettingRefused(Invalid):
    """A setting has a value that cannot be used."""

    code = "setting_refused"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can choose; ``DOCUMENTED`` says what each is for."""

    data_dir: Path
    database_url: str
    host: str
    port: int
    base_url: str
    time_zone: ZoneInfo
    admin_password: str | None
    admin_token: str | None
    smtp_url: str | None
    mail_from: str
    processes_dir: Path
    forms_dir: Path
    threads: int
    worker: bool
    gateway_version: str
    proxies: int
    v2_anonymous: str | None = None

    @property
    def outbox_dir(self) -> Path:
        """Where letters go as .eml files while no mail server is set."""
        return self.data_dir / "outbox"

    @property
    def uploads_dir(self) -> Path:
        """Where attachments lie, under random names."""
        return self.data_dir / "uploads"

    @property
    def secure_cookies(self) -> bool:
        """Tell whether people reach the service over https."""
        return self.base_url.startswith("https:")


DOCUMENTED: dict[str, tuple[str, str]] = {
    "REDRESS_DATA_DIR": ("var", "Folder for the SQLite database, attachments and the outbox."),
    "REDRESS_DATABASE_URL": (
        "sqlite under REDRESS_DATA_DIR",
        "`sqlite:///path` or `postgresql://user@host/name`.",
    ),
    "REDRESS_HOST": ("127.0.0.1", "Address to listen on."),
    "REDRESS_PORT": ("8000", "Port to listen on."),
    "REDRESS_BASE_URL": ("http://host:port", "How people reach the service; links in letters start with it."),
    "REDRESS_TIME_ZONE": ("Europe/London", "IANA zone of dates, deadlines and letters."),
    "REDRESS_ADMIN_PASSWORD": (
        "random, printed once",
        "Password of the account `admin`, read on the first start only; 12 to 256 characters.",
    ),
    "REDRESS_ADMIN_TOKEN": (
        "none",
        "API token of `admin` for scripts, read on the first start only; at least 20 characters.",
    ),
    "REDRESS_SMTP_URL": (
        "none: letters become .eml files in the outbox folder",
        "`smtp://user:password@host:587` (STARTTLS, required unless the host is this machine) or `smtps://…`.",
    ),
    "REDRESS_MAIL_FROM": ("complaints@localhost", "Sender of every letter."),
    "REDRESS_PROCESSES_DIR": (
        "processes of this installation",
        "Diagrams, tables and `calendars`, read when an empty database is filled; `letters` and `organisation.json`, "
        "read at every start.",
    ),
    "REDRESS_FORMS_DIR": ("forms of this installation", "Forms, read when an empty database is filled."),
    "REDRESS_THREADS": ("8", "Threads that answer requests, 2 to 64."),
    "REDRESS_WORKER": ("yes", "`no` when `redress worker` runs beside the server."),
    "REDRESS_GATEWAY_VERSION": ("8.9.0", "Version that `/v2/topology` reports to modellers."),
    "REDRESS_V2_ANONYMOUS": (
        "no",
        "User name to act as when a request to `/v2` carries no credentials, such as `admin` for trying a modeller on "
        "one's own machine; only while REDRESS_HOST is a loopback address and REDRESS_PROXIES is 0.",
    ),
    "REDRESS_PROXIES": ("0", "Number of reverse proxies in front whose X-Forwarded-* headers are trusted."),
}


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process. Raises ``SettingRefused`` naming the first wrong variable and the remedy."""
    given = {
        name: text if name in _SECRETS else text.strip()
        for name, text in (os.environ if environ is None else environ).items()
    }
    unknown = sorted(
        name for name in given if name.startswith("REDRESS_") and name not in DOCUMENTED | _FOR_TESTS
    )
    if unknown:
        raise SettingRefused(f"{unknown[0]} is not a setting of Redress; see docs/admin.md for the list.")
    data_dir = Path(given.get("REDRESS_DATA_DIR") or "var").absolute()
    host = given.get("REDRESS_HOST") or "127.0.0.1"
    port = _read(given, "REDRESS_PORT", "8000", _whole(1, 65535), "a port from 1 to 65535")
    root = Path(__file__).resolve().parent.parent
    settings = Settings(
        data_dir=data_dir,
        database_url=_read(
            given, "REDRESS_DATABASE_URL", f"sqlite:///{data_dir / 'redress.db'}", _database, _DATABASES
        ),
        host=host,
        port=port,
        base_url=_read(
            given, "REDRESS_BASE_URL", f"http://{_in_url(host)}:{port}", _base_url, "an http(s) address"
        ),
        time_zone=_read(
            given, "REDRESS_TIME_ZONE", "Europe/London", _zone, "an IANA zone such as Europe/Berlin"
        ),
        admin_password=_read(
            given, "REDRESS_ADMIN_PASSWORD", None, _length(12, 256), "a password of 12 to 256 characters"
        ),
        admin_token=_read(
            given, "REDRESS_ADMIN_TOKEN", None, _length(20, 256), "a token of 20 to 256 characters"
        ),
        smtp_url=_read(given, "REDRESS_SMTP_URL", None, _smtp, "smtp://host:port or smtps://host:port"),
        mail_from=_read(given, "REDRESS_MAIL_FROM", "complaints@localhost", _address, "an e-mail address"),
        processes_dir=_read(
            given, "REDRESS_PROCESSES_DIR", str(root / "processes"), _folder, "a folder that exists"
        ),
        forms_dir=_read(given, "REDRESS_FORMS_DIR", str(root / "forms"), _folder, "a folder that exists"),
        threads=_read(given, "REDRESS_THREADS", "8", _whole(2, 64), "a number from 2 to 64"),
        worker=_read(given, "REDRESS_WORKER", "yes", _yes_or_no, "yes or no"),
        gateway_version=_read(given, "REDRESS_GATEWAY_VERSION", "8.9.0", _version, "a version such as 8.9.0"),
        proxies=_read(given, "REDRESS_PROXIES", "0", _whole(0, 9), "a number from 0 to 9"),
        v2_anonymous=_read(given, "REDRESS_V2_ANONYMOUS", "no", _name_or_no, "no, or the name of an account"),
    )
    _check_anonymous(settings)
    return settings


_DATABASES = "sqlite:///path or postgresql://user@host/name"
_SECRETS = frozenset({"REDRESS_ADMIN_PASSWORD", "REDRESS_ADMIN_TOKEN"})
_FOR_TESTS = {"REDRESS_SHARED": "", "REDRESS_TEST_POSTGRES_URL": "", "REDRESS_CHROMIUM": ""}


def _read(
    given: Mapping[str, str], name: str, default: str | None, convert: Callable[[str], Any], wanted: str
) -> Any:
    text = given.get(name) or default
    if text is None:
        return None
    try:
        return convert(text)
    except (ValueError, ZoneInfoNotFoundError, OSError) as refusal:
        shown = "its value" if name in _SECRETS or "@" in text else repr(text)
        raise SettingRefused(f"{name}: {shown} is not {wanted}.") from refusal


def _whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return convert


def _length(low: int, high: int) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if not low <= len(text) <= high:
            raise ValueError("length")
        return text

    return convert


def _database(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator or not rest or scheme not in {"sqlite", "postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError(text)
    if scheme == "sqlite":
        if not rest.startswith("/") or rest in {"/", "/:memory:"} or "?" in rest:
            raise ValueError(text)
        return text
    parts = urlsplit(f"//{rest}")
    if not parts.path.strip("/") or parts.port == 0:
        raise ValueError(text)
    return f"postgresql+psycopg://{rest}"


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.port == 0
    ):
        raise ValueError(text)
    return text.rstrip("/")


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104


def _zone(text: str) -> ZoneInfo:
    return ZoneInfo(text)


def _smtp(text: str) -> str:
    parts = urlsplit(text)
    if (
        parts.scheme not in {"smtp", "smtps"}
        or not parts.hostname
        or parts.port == 0
        or parts.netloc.endswith(":")
    ):
        raise ValueError(text)
    return text


def _address(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", text):
        raise ValueError(text)
    return text


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise ValueError(text)
    return Path(text).absolute()


def _check_anonymous(settings: Settings) -> None:
    """Raise ``SettingRefused`` if requests without credentials could come from another machine."""
    if settings.v2_anonymous is None:
        return
    if not is_loopback(settings.host):
        raise SettingRefused(
            f"REDRESS_V2_ANONYMOUS needs a loopback REDRESS_HOST such as 127.0.0.1, not {settings.host!r}."
        )
    if settings.proxies:
        raise SettingRefused("REDRESS_V2_ANONYMOUS cannot be used behind proxies; set REDRESS_PROXIES to 0.")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _name_or_no(text: str) -> str | None:
    if not re.fullmatch(r"[a-zA-Z0-9_.@+-]{1,64}", text):
        raise ValueError(text)
    return None if text.lower() == "no" else text


def _yes_or_no(text: str) -> bool:
    if text.lower() not in {"yes", "no"}:
        raise ValueError(text)
    return text.lower() == "yes"


def _version(text: str) -> str:
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", text):
        raise ValueError(text)
    return text


def table() -> str:
    """Return the settings as a Markdown table for docs/admin.md."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {default} | {meaning} |" for name, (default, meaning) in DOCUMENTED.items()]
    return "\n".join(lines)
