"""A caller of `/v2`: one kept connection, plain JSON; and servers to call, as an operator would start them."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOKEN = "bench-token-of-twenty-and-more-characters"
PASSWORD = "a long enough bench password"
PATIENCE = 60  # seconds a server may take to answer for the first time


class Caller:
    """One client with one connection; every call is timed."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        who = base64.b64encode(f"admin:{TOKEN}".encode()).decode()
        self._headers = {"Authorization": f"Basic {who}", "Content-Type": "application/json"}
        self.spent: dict[str, list[float]] = {}

    def post(self, path: str, body: Mapping[str, Any], *, kind: str) -> Any:
        """Post JSON, remember the duration under ``kind`` and return the answer, None for an empty one."""
        began = time.perf_counter()
        self._connection.request("POST", f"/v2{path}", json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        self.spent.setdefault(kind, []).append(time.perf_counter() - began)
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text else None

    def get(self, path: str, *, kind: str) -> None:
        """Get a page and remember the duration."""
        began = time.perf_counter()
        self._connection.request("GET", path)
        self._connection.getresponse().read()
        self.spent.setdefault(kind, []).append(time.perf_counter() - began)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment(place: Path, **more: str) -> dict[str, str]:
    """Return the settings of a server that keeps its things at ``place``."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS_")}
    return {
        **ours,
        "REDRESS_DATA_DIR": str(place),
        "REDRESS_ADMIN_TOKEN": TOKEN,
        "REDRESS_ADMIN_PASSWORD": PASSWORD,
        **more,
    }


@contextmanager
def serving(port: int, settings: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``redress serve`` until left; raises ``RuntimeError`` with its last words if it does not answer."""
    command = [str(Path(sys.executable).with_name("redress")), "serve"]
    place = Path(settings["REDRESS_DATA_DIR"])
    place.mkdir(parents=True, exist_ok=True)
    log = place / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env={**settings, "REDRESS_PORT": str(port)}, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        _await_answer(process, port, log)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/v2/topology")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    words = log.read_text(errors="replace").strip().splitlines()
    raise RuntimeError(f"the server did not answer: {words[-1] if words else 'it said nothing'}")


def memory_of(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Return resident and peak bytes of a process, from the kernel."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    found = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return int(found["VmRSS"].split()[0]) * 1024, int(found["VmHWM"].split()[0]) * 1024
