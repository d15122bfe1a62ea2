"""`redress demo`: fill a throw-away database with a believable organisation and serve it."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from tqdm import tqdm

from api.cli.arguments import Subparsers
from api.cli.serve import serve
from api.complaints.intake import NewComplaint
from api.demo.complaints import invented
from api.demo.people import COLLEAGUES, add_colleagues
from api.demo.play import Play, Role
from api.demo.staff import Staff
from api.installation import ready_service
from api.settings import Settings, read_settings
from engine.clock import FrozenClock, SystemClock

PASSWORD = "demo of a complaint"  # noqa: S105  (every demo is thrown away, and listens on this machine alone)
NUMBER, DAYS = 200, 120
Played = tuple[NewComplaint, Role]


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "demo", help="fill a throw-away database with about 200 complaints, and serve it"
    )
    parser.add_argument("--complaints", type=int, default=NUMBER, metavar="N", help=f"how many ({NUMBER})")
    parser.add_argument("--folder", type=Path, help="keep the data here instead of throwing it away")
    parser.add_argument("--no-serve", action="store_true", help="only fill the database")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fill, then serve until Ctrl+C; the data is removed afterwards unless a folder was named."""
    folder = (options.folder or Path(mkdtemp(prefix="redress-demo-"))).absolute()
    settings = replace(
        read_settings(),
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'redress.db'}",
        host="127.0.0.1",
        admin_password=PASSWORD,
        smtp_url=None,
    )
    try:
        fill(
            settings,
            options.complaints,
            watch=lambda items: tqdm(items, unit="complaint", desc="playing", disable=None),
        )
        names = ", ".join(name for name, _, _, _ in COLLEAGUES)
        sys.stdout.write(
            f"Sign in at {settings.base_url}/staff/ as admin, {names}; the password is: {PASSWORD}\n"
        )
        return 0 if options.no_serve else serve(settings)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def fill(settings: Settings, number: int, *, watch: Callable[[list[Played]], Iterable[Played]]) -> None:
    """Play ``number`` invented complaints over four months that end now; the same ones every time."""
    now = SystemClock().now()
    clock = FrozenClock(now - timedelta(days=DAYS + 1))
    service = ready_service(settings, clock=clock)
    keys = [service.engine.next_key() for _ in COLLEAGUES]
    service.engine.write(
        lambda session: add_colleagues(session, keys=keys, password=PASSWORD, at=clock.now())
    )
    play = Play(service, clock, Staff(service))
    complaints = list(invented(number, first_day=clock.now(), days=DAYS, zone=settings.time_zone))
    for complaint, role in watch(complaints):
        play.arrive(complaint, role)
    play.go_on(now)
    service.database.dispose()
