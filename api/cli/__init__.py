"""The command line: `redress <command>`; each command is a module here with ``add`` (its options) and ``run``.

Exit codes: 0 done · 1 done, but with findings or refused rows · 2 the call is wrong · 3 database schema and code differ ·
4 refused or broken, with one line saying why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from api.cli import backup, decide, demo, deploy, importing, init, lint, serve, user
from api.logs import log_to
from api.schema import SchemaDiffers
from engine.errors import RedressError

COMMANDS = (init, serve, serve.worker, deploy, lint, decide, importing, user, backup, demo)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="redress",
        description="Complaint handling you can draw. Settings come from the environment; docs/admin.md lists them.",
        epilog="Exit codes: 0 done, 1 findings or refused rows, 2 wrong call, 3 schema and code differ, 4 refused.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(subparsers)
    options = parser.parse_args(arguments)
    log_to(sys.stderr)
    try:
        return int(options.run(options))
    except SchemaDiffers as error:
        sys.stderr.write(f"redress: {error.message}\n")
        return 3
    except RedressError as error:
        sys.stderr.write(f"redress: {error}\n")
        return 4
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()
        sys.stderr.write(
            f"redress: The database cannot be used: {reason[0] if reason else type(error).__name__}\n"
        )
        return 4
    except OSError as error:
        sys.stderr.write(f"redress: {error.strerror or error}: {error.filename or ''}\n")
        return 4
    except KeyboardInterrupt:
        return 130
