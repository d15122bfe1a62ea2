"""The pictures of the README, taken from the real product: ``python -m tests.browser.screenshots``."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from api.app import create_app
from api.cli.demo import PASSWORD, fill
from api.installation import ready_service
from api.settings import read_settings
from tests.browser.conftest import ROOT, SWITCHES

IMAGES = ROOT / "docs" / "images"
WIDE = {"width": 1280, "height": 800}


def main() -> int:
    """Fill a throw-away database, serve it, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=60, metavar="N")
    parser.add_argument(
        "--folder", type=Path, help="keep the data there, or use what is there from last time"
    )
    parser.add_argument("--name", default="lea", help="who looks at it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redress-pictures-") as name:
        folder = options.folder or Path(name)
        settings = replace(
            read_settings({"REDRESS_DATA_DIR": str(folder), "REDRESS_PORT": "8017"}), admin_password=PASSWORD
        )
        if not (folder / "redress.db").exists():
            fill(settings, options.complaints, watch=list)
        service = ready_service(settings)
        server = create_server(create_app(service), host="127.0.0.1", port=settings.port, threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        try:
            _take(settings.base_url, options.name)
        finally:
            server.close()
            service.database.dispose()
    return 0


def _take(url: str, name: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = os.environ.get("REDRESS_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=SWITCHES)
        page = browser.new_page(viewport=WIDE)
        page.goto(f"{url}/staff/sign-in")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{url}/staff/")
        _picture(page, f"{url}/staff/?box=groups&sort=due", "inbox.png")
        page.goto(f"{url}/staff/complaints?state=deciding")
        address = page.locator("a[href*='/staff/complaints/']").first.get_attribute("href")
        _picture(page, f"{url}{address}", "case.png")
        _picture(page, f"{url}{address}/diagram", "diagram.png")
        browser.close()


def _picture(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / name)


if __name__ == "__main__":
    raise SystemExit(main())
