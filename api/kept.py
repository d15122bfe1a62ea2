"""What was typed into a page that could not be taken: shown again, sent again, and sealed while somebody signs in.

Nothing of it is stored here: it lives in the page that shows it, and only whoever typed it reads it. That a page was made
for this person is told by its form token, which names them (``mark_of``); that a visitor's post came from a page of ours, by
a valid token or by what the browser says of its origin.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any, cast

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app, g, request, session
from flask_wtf.csrf import ValidationError, validate_csrf
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

LONGEST = 256 * 1024  # characters of one page that are sealed at most
SEALED_FOR = timedelta(minutes=30)
PAGE_LIVES = timedelta(hours=24)  # a form token older than this names nobody any more
_PARSED_LATE = 64 * 1024 * 1024  # bytes of a post that is refused as too large, read for its text
_TOKEN = "csrf_token"  # noqa: S105  (the name of a field)
_NOT_TYPED = frozenset({_TOKEN, "_do", "_version", "_draft", "_key", "_asked", "do", "confirm"})
_OPTION = re.compile(r"[0-9]{1,4}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was typed. ``label`` is its name on the page, in words."""

    name: str
    label: str
    text: str

    @property
    def is_long(self) -> bool:
        """Tell whether it needs more than one line."""
        return len(self.text) > 60 or "\n" in self.text


@dataclass(frozen=True, slots=True)
class Kept:
    """One post: its address, its fields in their order, the names of files that came with it and were not stored."""

    action: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Return what people typed, as they may read and copy it."""
        return tuple(Line(name, _in_words(name), text) for name, text in self.fields if _is_typed(name, text))

    @property
    def rest(self) -> tuple[tuple[str, str], ...]:
        """Return the other fields, which travel along unseen: choices, keys of files, the version of the page."""
        return tuple(
            (name, text) for name, text in self.fields if not _is_typed(name, text) and name != "_do"
        )

    @property
    def button(self) -> str | None:
        """Return the button that was pressed, None on a page whose forms have one only."""
        return next((text for name, text in self.fields if name == "_do"), None)


def mark_of(person_key: int) -> str:
    """Return a new raw form token that names the person whose pages carry it."""
    return f"{secrets.token_hex(20)}.{person_key}"


def name_pages() -> None:
    """Have the pages of this request carry the name of whoever is signed in; called before a page is shown."""
    person = g.get("person")
    if person is not None and _named(session.get(_TOKEN)) != person.key:
        session[_TOKEN] = mark_of(person.key)


def of_this_request() -> Kept | None:
    """Return what this post carried, if whoever reads the answer typed it; None for anything else."""
    if (
        request.method != "POST"
        or request.headers.get("HX-Request")
        or request.endpoint == "staff.sign_in_now"
    ):
        return None
    form, files = _parsed()
    if form is None or not form:
        return None
    if not (_is_of_the_person(form) if _below_staff() else _is_from_our_page(form)):
        return None
    kept = _kept(form, files)
    return kept if kept.lines or kept.files else None


def digest() -> str:
    """Return what tells this post from others: every field but the form token, and the names of its files."""
    fields = [pair for pair in request.form.items(multi=True) if pair[0] != _TOKEN]
    files = [(name, file.filename) for name, file in request.files.items(multi=True)]
    return hashlib.sha256(json.dumps([fields, files]).encode()).hexdigest()


def seal() -> str:
    """Return this post unreadable to anybody, for the person its page was made for; empty when that cannot be told."""
    form, files = _parsed()
    maker = None if form is None else _maker(form.get(_TOKEN, ""))
    if form is None or maker is None or sum(len(text) for _, text in form.items(multi=True)) > LONGEST:
        return ""
    kept = _kept(form, files)
    said = {"for": maker, "action": kept.action, "fields": kept.fields, "files": kept.files}
    packed = zlib.compress(json.dumps(said).encode())
    return _box().encrypt_at_time(packed, _now()).decode()


def unseal(sealed: str, person_key: int) -> Kept | None:
    """Return the post somebody sealed, None when it is another person's, older than half an hour, or not ours."""
    try:
        packed = _box().decrypt_at_time(sealed.encode(), int(SEALED_FOR.total_seconds()), _now())
    except (InvalidToken, UnicodeEncodeError):
        return None
    said = json.loads(zlib.decompress(packed))
    if said["for"] != person_key:
        return None
    return Kept(said["action"], tuple((name, text) for name, text in said["fields"]), tuple(said["files"]))


def _kept(form: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> Kept:
    fields = tuple((name, text) for name, text in form.items(multi=True) if name != _TOKEN)
    names = tuple(file.filename for _, file in files.items(multi=True) if file.filename)
    return Kept(request.full_path.rstrip("?"), fields, names)


def _parsed() -> tuple[MultiDict[str, str] | None, MultiDict[str, FileStorage]]:
    """Return the fields and files of this post; of one that is too large its text only. None when it cannot be read."""
    if "kept_form" not in g:
        try:
            g.kept_form = (request.form, request.files)
        except HTTPException:
            g.kept_form = _parsed_without_files()
    found: tuple[MultiDict[str, str] | None, MultiDict[str, FileStorage]] = g.kept_form
    return found


def _parsed_without_files() -> tuple[MultiDict[str, str] | None, MultiDict[str, FileStorage]]:
    length = request.content_length
    if request.mimetype != "multipart/form-data" or length is None or length > _PARSED_LATE:
        return None, MultiDict()
    parser = FormDataParser(
        _Nowhere.open, max_form_memory_size=current_app.config["MAX_FORM_MEMORY_SIZE"], max_form_parts=1000
    )
    try:
        _, form, files = parser.parse(
            request.environ["wsgi.input"], request.mimetype, length, request.mimetype_params
        )
    except (HTTPException, ValueError):
        return None, MultiDict()
    return form, files


class _Nowhere(io.RawIOBase):
    """Takes the bytes of a file and keeps none."""

    def write(self, data: Any) -> int:
        return len(data)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002
        return 0

    @classmethod
    def open(cls, *_: Any, **__: Any) -> IO[bytes]:
        return cast("IO[bytes]", cls())


def _below_staff() -> bool:
    return request.path.startswith("/staff/")


def _is_of_the_person(form: MultiDict[str, str]) -> bool:
    person = g.get("person")
    return person is not None and _maker(form.get(_TOKEN, "")) == person.key


def _is_from_our_page(form: MultiDict[str, str]) -> bool:
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    if request.headers.get("Origin") == request.host_url.rstrip("/"):
        return True
    try:
        validate_csrf(form.get(_TOKEN, ""))
    except ValidationError:
        return False
    return True


def _maker(token: str) -> int | None:
    """Return the key of the person a form token was made for, None for a visitor's, an old or a forged one."""
    signer = URLSafeTimedSerializer(_secret(), salt="wtf-csrf-token")
    try:
        return _named(signer.loads(token, max_age=int(PAGE_LIVES.total_seconds())))
    except BadSignature:
        return None


def _named(raw: object) -> int | None:
    _, _, key = str(raw or "").partition(".")
    return int(key) if key.isascii() and key.isdigit() else None


def _is_typed(name: str, text: str) -> bool:
    return (
        bool(text.strip())
        and name not in _NOT_TYPED
        and not name.endswith("-rows")
        and not _OPTION.fullmatch(text)
    )


def _in_words(name: str) -> str:
    """Return ``witnesses.0.whatHappened`` as ``Witnesses 1: what happened``."""
    words = []
    for part in name.split("."):
        if part.isascii() and part.isdigit():
            words.append(f"{int(part[:4]) + 1}:")
        else:
            words.append(
                re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part).replace("_", " ").replace("-", " ").lower()
            )
    return " ".join(words).capitalize()


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(_secret(), b"typed, not sent", hashlib.sha256)))


def _secret() -> bytes:
    secret = current_app.secret_key
    return secret.encode() if isinstance(secret, str) else bytes(secret or b"")


def _now() -> int:
    return int(current_app.extensions["redress"].clock.now().timestamp())
