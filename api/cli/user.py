"""`redress user add|disable|reset|list`: accounts from the console, where no administrator can sign in yet."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from api.cli.arguments import Subparsers
from api.complaints import handing_on
from api.identity import people, tokens
from api.identity.roles import ROLES
from api.installation import open_service
from api.settings import read_settings
from api.wiring import Redress


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("user", help="add, disable or reset an account")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("add", help="create an account with a random password, printed once")
    new.add_argument("name")
    new.add_argument("--display-name", default="", help="the name shown to others")
    new.add_argument("--email")
    new.add_argument("--role", action="append", default=[], metavar="ROLE", help=f"one of {', '.join(ROLES)}")
    new.add_argument(
        "--group", action="append", default=[], metavar="GROUP", help="a further group, e.g. a department"
    )
    new.add_argument("--token", action="store_true", help="print an API token as well")
    new.set_defaults(run=_add)
    off = actions.add_parser("disable", help="end an account's access; its history stays")
    off.add_argument("name")
    off.set_defaults(run=_disable)
    again = actions.add_parser(
        "reset",
        help="give an account a new random password, printed once, and enable it; earlier sessions and tokens end",
    )
    again.add_argument("name")
    again.add_argument("--token", action="store_true", help="print a new API token as well")
    again.set_defaults(run=_reset)
    every = actions.add_parser("list", help="list accounts with their roles")
    every.set_defaults(run=_list)


@contextmanager
def _service() -> Iterator[Redress]:
    service = open_service(read_settings())
    try:
        yield service
    finally:
        service.database.dispose()


def _add(options: argparse.Namespace) -> int:
    password = secrets.token_urlsafe(15)
    with _service() as service:
        now, engine = service.clock.now(), service.engine
        key, token_key = engine.next_key(), engine.next_key()

        def work(session: Session) -> str | None:
            person = people.add(
                session,
                key=key,
                name=options.name,
                display_name=options.display_name,
                password=password,
                roles=options.role,
                groups=options.group,
                email=options.email,
                at=now,
            )
            return (
                tokens.issue(session, person, key=token_key, label="console", at=now)
                if options.token
                else None
            )

        token = engine.write(work)
    sys.stdout.write(f"{options.name}: password {password}\n")
    if token:
        sys.stdout.write(f"{options.name}: API token {token}\n")
    return 0


def _disable(options: argparse.Namespace) -> int:
    with _service() as service:
        now = service.clock.now()
        service.engine.write(lambda session: people.change(session, options.name, active=False, at=now))
        handing_on.settle(service)
    sys.stdout.write(f"{options.name}: disabled\n")
    return 0


def _reset(options: argparse.Namespace) -> int:
    password = secrets.token_urlsafe(15)
    with _service() as service:
        now, key = service.clock.now(), service.engine.next_key()

        def work(session: Session) -> str | None:
            person = people.change(session, options.name, active=True, password=password, at=now)
            return tokens.issue(session, person, key=key, label="console", at=now) if options.token else None

        token = service.engine.write(work)
        handing_on.settle(service)
    sys.stdout.write(f"{options.name}: password {password}\n")
    if token:
        sys.stdout.write(f"{options.name}: API token {token}\n")
    return 0


def _list(options: argparse.Namespace) -> int:  # noqa: ARG001
    with _service() as service:
        everybody = service.engine.read(people.everybody)
        alike = people.alike(everybody)
        for person in everybody:
            state = "" if person.active else "  (disabled)"
            if person.name in alike:
                state += "  (another account differs in small and capital letters only: disable one of them)"
            sys.stdout.write(
                f"{person.name}  {person.display_name}  {', '.join(sorted(person.roles))}{state}\n"
            )
    return 0
