"""The house's secret: made on the first start, kept beside the data, readable by its owner alone; and what follows from it."""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import digest as hmac
from pathlib import Path

from engine.errors import Invalid


class KeyFileRefused(Invalid):
    """The key file is readable by others or too short. Set its mode to 600, or remove it to get a new one."""

    code = "key_file_refused"


def cookie_key(data_dir: Path) -> bytes:
    """Return the key, made when absent. Raises ``KeyFileRefused``."""
    path = data_dir / "cookie.key"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise KeyFileRefused(file=str(path)) from None
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
    key = path.read_bytes()
    if len(key) < 32:
        raise KeyFileRefused(file=str(path))
    return key


def link_key(data_dir: Path) -> bytes:
    """Return the key that secret links are made with. Raises ``KeyFileRefused``."""
    return hmac(cookie_key(data_dir), b"redress links", "sha256")


def sealed(secret: str, key: bytes) -> str:
    """Return a token of up to 32 bytes (base64url) in a form only ``key`` opens; each call gives another."""
    salt, plain = secrets.token_bytes(16), urlsafe_b64decode(f"{secret}==")
    return urlsafe_b64encode(salt + _masked(plain, salt, key)).decode().rstrip("=")


def opened(seal: str, key: bytes) -> str:
    """Return what was sealed; another key, or another text, gives a token that opens nothing."""
    data = urlsafe_b64decode(f"{seal}==")
    return urlsafe_b64encode(_masked(data[16:], data[:16], key)).decode().rstrip("=")


def _masked(data: bytes, salt: bytes, key: bytes) -> bytes:
    mask = hmac(key, b"seal" + salt, "sha256")
    return bytes(one ^ other for one, other in zip(data, mask, strict=False))
