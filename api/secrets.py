"""The key that signs form tokens: made on the first start, kept beside the data, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from engine.errors import Invalid


class KeyFileRefused(Invalid):
    """The key file is readable by others or too short. Set its mode to 600, or remove it to get a new one."""

    code = "key_file_refused"


def cookie_key(data_dir: Path) -> bytes:
    """Return the key, made when absent. Raises ``KeyFileRefused``."""
    path = data_dir / "cookie.key"
    data_dir.mkdir(parents=True, exist_ok=True)
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
