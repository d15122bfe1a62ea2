"""`redress serve` and `redress worker`: open the house (`serve` makes one where there is none), answer, drain on SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from types import FrameType, SimpleNamespace

from waitress.server import create_server

from api.app import create_app
from api.cli.arguments import Subparsers
from api.installation import begin_service, ready_service
from api.settings import Settings, read_settings
from engine.jobs.scheduler import Metronome


def add(subparsers: Subparsers) -> None:
    """Declare `redress serve`."""
    parser = subparsers.add_parser("serve", help="answer requests, with worker and scheduler inside")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    """Serve with the settings of the environment."""
    return serve(read_settings())


LARGEST_READ = 64 * 1024 * 1024  # bytes; above what we take, so that the refusal is ours and keeps the text


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl+C; the work in hand is finished first."""
    service = ready_service(settings)
    app = create_app(service)
    server = create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        ident="Redress",
        max_request_body_size=LARGEST_READ,
        clear_untrusted_proxy_headers=settings.proxies
        == 0,  # with proxies, the application counts them itself
        channel_request_lookahead=1,  # a waiting request learns that its client has gone
    )
    metronome = (
        Metronome(service.engine, chores=app.extensions["redress_chores"]) if settings.worker else None
    )
    if metronome:
        metronome.start()
    sys.stdout.write(f"Redress serves {settings.base_url} (Ctrl+C ends it)\n")
    if settings.smtp_url is None:
        sys.stdout.write(
            f"Letters become files in {settings.outbox_dir}; they hold live secret links: guard that folder\n"
        )
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        if metronome:
            metronome.stop()
        server.close()
        service.database.dispose()
    return 0


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _add_worker(subparsers: Subparsers) -> None:
    """Declare `redress worker`."""
    parser = subparsers.add_parser("worker", help="run timers, letters and retries beside a server")
    parser.set_defaults(run=_run_worker)


def _run_worker(options: argparse.Namespace) -> int:  # noqa: ARG001
    """Work until SIGTERM or Ctrl+C; unstarted work is handed back."""
    settings = read_settings()
    service = begin_service(settings)
    app = create_app(service)
    metronome = Metronome(service.engine, chores=app.extensions["redress_chores"])
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    metronome.start()
    sys.stdout.write("Redress worker runs (Ctrl+C ends it)\n")
    sys.stdout.flush()
    ended.wait()
    metronome.stop()
    service.database.dispose()
    return 0


worker = SimpleNamespace(add=_add_worker)
