"""Somebody at the public pages, without a browser: opens pages, fills in what is on them, presses a button."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import stream_encode_multipart

STORY = "The parcel never came. I called twice and nobody called back."


class Visitor:
    """One visitor with cookies. ``page`` is the last page as HTML, ``text`` the words on it."""

    def __init__(self, app, clock, *, address="192.0.2.1"):
        self.app, self.clock, self.address = app, clock, address
        self.client = app.test_client()
        self.page = self.text = self.csrf = ""

    def open(self, path):
        answer = self.client.get(path, environ_base={"REMOTE_ADDR": self.address})
        self._read(answer)
        return answer

    def send(self, path=None, /, button="continue", wait=5, uploads=None, **fields):
        """Open ``path`` (or stay on the page), wait a little, and post the form on it with these fields."""
        if path is not None:
            self.open(path)
        self.clock.advance(timedelta(seconds=wait))
        return self.post(
            path or self.action(),
            _do=button,
            _key=self.hidden("_key"),
            _version=self.hidden("_version") or None,
            uploads=uploads,
            **fields,
        )

    def post(self, path, uploads=None, csrf=True, **fields):
        data = {name: value for name, value in fields.items() if value is not None}
        if csrf:
            data["csrf_token"] = self.csrf
        options = {"data": data}
        if uploads:
            for name, given in uploads.items():
                data[name] = [
                    FileStorage(io.BytesIO(content), file_name, name) for file_name, content in given
                ]
            body, _, boundary = stream_encode_multipart(MultiDict(data), use_tempfile=False)
            kind = f'multipart/form-data; boundary="{boundary}"'
            options = {"data": body.read(), "content_type": kind}
        answer = self.client.post(path, environ_base={"REMOTE_ADDR": self.address}, **options)
        self._read(answer)
        return answer

    def option(self, name, label):
        """Return what the page posts for the option with this label."""
        for pattern in (
            rf'name="{name}" value="([^"]+)"[^>]*>\s*<label[^>]*>{re.escape(label)}',
            rf'<option value="([^"]+)"[^>]*>{re.escape(label)}',
        ):
            found = re.search(pattern, self.page)
            if found:
                return found[1]
        raise AssertionError(f"no option {label!r} for {name!r} on this page")

    def hidden(self, name):
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        return html.unescape(found[1]) if found else ""

    def action(self):
        return html.unescape(re.search(r'<form id="form"[^>]* action="([^"]+)"', self.page)[1])

    def pick(self, path, **labels):
        """Answer a page of choices by the words of its options."""
        self.open(path)
        return self.send(path, **{name: self.option(name, label) for name, label in labels.items()})

    def fill_in(self, story=STORY, *, email="ann@example.org", anonymous=False):
        """Answer every question, up to the page where the answers are checked."""
        self.send("/complain/what-happened", description=story)
        return self.fill_in_the_rest(email=email, anonymous=anonymous)

    def fill_in_the_rest(self, *, email="ann@example.org", anonymous=False):
        """Answer every question but those of the first page."""
        self.open("/complain/what-it-is-about")
        self.send(
            "/complain/what-it-is-about",
            problem=self.option("problem", "Not delivered, late or incomplete"),
            product=self.option("product", "Goods"),
        )
        self.send("/complain/when-it-happened")
        self.pick("/complain/danger", dangerReported="No")
        self.pick("/complain/what-would-put-it-right", wantsRemedy="No")
        self.pick("/complain/what-was-done-before", toldBefore="No", withOutsideBody="No")
        give = "No, I stay anonymous" if anonymous else "Yes, I give my name"
        self.pick("/complain/who-you-are", actingFor="For myself", anonymous=give)
        if not anonymous:
            self.open("/complain/how-we-reach-you")
            how = self.option("preferredChannel", "E-mail" if email else "Phone")
            self.send("/complain/how-we-reach-you", name="Ann Other", email=email, preferredChannel=how)
        self.send("/complain/what-would-make-it-easier-for-you")
        return self.send("/complain/files")

    def complain(self, **more):
        """Make a complaint; return its reference and the path of its secret link."""
        self.fill_in(**more)
        self.send_off()
        self.open("/complain/receipt")
        reference = re.search(r'class="rd-big-reference">([^<]+)<', self.page)[1]
        return reference, re.search(r'href="(/t/[\w-]+)"', self.page)[1]

    def send_off(self):
        """Press the button on the page of answers."""
        self.open("/complain/check")
        return self.post("/complain/check")

    def _read(self, answer):
        if answer.status_code < 300 or answer.status_code >= 400:
            self.page = answer.get_data(as_text=True)
            self.csrf = self.hidden("csrf_token") or self.csrf
            bare = re.sub(r"<(script|style).*?</\1>", " ", self.page, flags=re.DOTALL)
            self.text = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)))
