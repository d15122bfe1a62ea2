"""What every answer tells the browser: no inline script or style, nothing from elsewhere, nothing kept in caches."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from flask import Flask, Response, g, request, url_for

from engine.errors import Broken

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


class AssetsMissing(Broken):
    """The browser assets have not been built. Run `make assets`."""

    code = "assets_missing"


def install(app: Flask) -> None:
    """Add the headers to every answer and ``asset(name)`` to every template."""
    manifest_file = Path(app.static_folder or "") / "dist" / "manifest.json"
    if not manifest_file.is_file():
        raise AssetsMissing
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))

    def asset(name: str) -> str:
        return url_for("static", filename=f"dist/{manifest[name]['file']}")

    app.jinja_env.globals["asset"] = asset
    app.before_request(_name_request)
    app.after_request(_headers)


def _name_request() -> None:
    g.request_id = secrets.token_hex(8)


def _headers(answer: Response) -> Response:
    headers = answer.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers["X-Request-Id"] = g.get("request_id", "")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.path.startswith("/static/dist/") and answer.status_code == 200:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers.setdefault("Cache-Control", "no-store")
    return answer
