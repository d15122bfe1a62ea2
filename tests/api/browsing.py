"""A browser without a window: keeps cookies, reads the token of a page's form and sends it along."""

from __future__ import annotations

import re

from api.identity import people

PASSWORD = "three unrelated words"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """One visitor with cookies of their own, at one address."""

    def __init__(self, app, address="192.0.2.1"):
        self.client = app.test_client()
        self.client.environ_base = self.client.environ_base | {"REMOTE_ADDR": address}
        self._token = ""

    def get(self, path, **options):
        return self._seen(self.client.get(path, **options))

    def post(self, path, fields=None, **options):
        """Post a form with the token of the page seen last, or of any page that has one."""
        if not self._token:
            self.get("/lost-link")
        data = {"csrf_token": self._token, **(fields or {})}
        return self._seen(self.client.post(path, data=data, **options))

    def sign_in(self, name, password=PASSWORD):
        self.get("/staff/sign-in")
        answer = self.post("/staff/sign-in", {"name": name, "password": password})
        self._token = ""
        return answer

    def cookie(self, name="redress"):
        found = self.client.get_cookie(name)
        return None if found is None else found.value

    @property
    def is_signed_in(self):
        return self.client.get("/staff/sign-in").status_code == 302

    def _seen(self, answer):
        if answer.mimetype == "text/html":
            found = _TOKEN.search(answer.text)
            if found:
                self._token = found[1]
        return answer


def add_person(service, name, *roles, password=None, groups=()):
    """Add an account; with a password its owner can sign in."""
    key = service.engine.next_key()
    return service.engine.write(
        lambda session: people.add(
            session,
            key=key,
            name=name,
            display_name=name.title(),
            password=password,
            roles=roles,
            groups=groups,
            at=service.clock.now(),
        )
    )
