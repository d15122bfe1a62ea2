"""A colleague at the pages, without a browser: signed in, sending forms with their tokens."""

from __future__ import annotations

import re
from html import unescape

from api.complaints.intake import NewComplaint, PartyDetails, receive
from api.demo.staff import Staff, Wish
from api.identity import people, sessions
from engine.actors import service as as_service

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class Desk:
    """One person's pages. ``text`` is the last page as a reader sees it, tags left out."""

    def __init__(self, app, service, name, *roles, groups=()):
        self.client, self.name, self.text, self.html = app.test_client(), name, "", ""

        def work(session):
            now, next_key = service.clock.now(), service.database.keys.next
            person = people.find(session, name) or people.add(
                session,
                key=next_key(),
                name=name,
                display_name=name.title(),
                password=None,
                roles=roles,
                groups=groups,
                at=now,
            )
            return sessions.open_session(session, person, at=now)

        self.client.set_cookie("redress", service.engine.write(work))

    def open(self, path):
        return self._seen(self.client.get(path))

    def send(self, path, follow=True, **fields):
        if "csrf_token" not in fields:
            found = CSRF.search(self.html) or CSRF.search(
                self.client.get("/staff/notices").get_data(as_text=True)
            )
            found = found or CSRF.search(self.client.get("/staff/people").get_data(as_text=True))
            fields["csrf_token"] = found[1] if found else ""
        return self._seen(self.client.post(path, data=fields, follow_redirects=follow))

    def _seen(self, answer):
        self.html = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        self.text = " ".join(
            unescape(re.sub(r"<script.*?</script>|<[^>]+>", " ", self.html, flags=re.DOTALL)).split()
        )
        return answer


def complain(service, *, name="Ann Other", words="The parcel never came.", staff_concerned=(), **more):
    """Register a complaint of today."""
    made = receive(
        service,
        NewComplaint(
            channel="web",
            received_at=more.pop("received_at", service.clock.now()),
            description=words,
            complainant=PartyDetails(name=name, email="ann@mail.example"),
            product="goods",
            problem="provision",
            staff_concerned=tuple(staff_concerned),
            **more,
        ),
        by=as_service("test"),
    )
    service.engine.run_due_jobs()
    return made


def carry_on(service, made, *, until):
    """Let scripted staff work until the form ``until`` waits."""
    Staff(service).work(made.instance_key, Wish(remedy="refund", amount=50, stop_before=frozenset({until})))
