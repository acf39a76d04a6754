"""Takes the pictures of the README and the guide from a demo that runs for as long as it takes: `make screenshots`.

With an address (`python docs/screenshots.py http://localhost:8000`) it takes them from a demo that already runs there.
Nothing is changed on the board but one sign-in. A picture above 300 KB is refused.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, sync_playwright

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chromium-headless-shell")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LIMIT = 300 * 1024
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)

SHOTS: tuple[
    tuple[str, str, str, ViewportSize, Literal["light", "dark"]], ...
] = (  # file, address, who looks, window, theme
    ("screenshot", "/proposals?state=open&sort=support", "ulm@demo.example", DESK, "light"),
    ("screenshot-proposal", "/proposals/FV-49", "ulm@demo.example", DESK, "light"),
    ("screenshot-work", "/work", "ulm@demo.example", DESK, "light"),
    ("screenshot-dark", "/", "ulm@demo.example", DESK, "dark"),
    ("screenshot-phone", "/proposals/FV-49", "ulm@demo.example", PHONE, "light"),
)


@contextmanager
def demo() -> Iterator[str]:
    """The address of a fresh demo on a free port; it and its data are gone afterwards."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        surroundings = {
            **{k: v for k, v in os.environ.items() if not k.startswith("BOARD_") and k != "DATABASE_URL"},
            "BOARD_DEMO": "1", "BOARD_DATA": folder, "BOARD_LOG": "error", "HOST": "127.0.0.1", "PORT": str(port),
        }  # fmt: skip
        python = Path(sys.executable).parent
        subprocess.run(
            [python / "flask", "--app", "wsgi", "demo"], cwd=HERE.parent, env=surroundings, check=True, timeout=300
        )
        command: list[str | Path] = [python / "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
        with subprocess.Popen(command, cwd=HERE.parent, env=surroundings) as server:
            try:
                yield await_answer(f"http://127.0.0.1:{port}")
            finally:
                server.terminate()
                server.wait(30)


def await_answer(address: str) -> str:
    """The address, as soon as a board answers there; OSError after 30 s."""
    for attempt in range(150):
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
            break
        except OSError:
            if attempt == 149:
                raise
            time.sleep(0.2)
    return address


def take(browser: Browser, address: str) -> None:
    """Every picture of SHOTS, in German, into this folder."""
    for name, path, who, window, theme in SHOTS:
        phone = window is PHONE
        context = browser.new_context(
            viewport=window, device_scale_factor=1.5 if phone else 1, has_touch=phone, locale="de-DE",
            color_scheme=theme, reduced_motion="reduce",
        )  # fmt: skip
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        page.fill("#sign-in input[name=email]", who)
        page.fill("#sign-in input[name=password]", "gemeinsam-stadt-app")
        page.click("#sign-in button")
        answer = page.goto(address + path)
        if not answer or answer.status != 200:
            raise SystemExit(f"{path} does not answer with 200, so there is no picture of it.")
        page.evaluate("document.fonts.ready")
        picture = HERE / f"{name}.png"
        page.screenshot(path=picture)
        if picture.stat().st_size > LIMIT:
            raise SystemExit(f"{picture.name} is larger than 300 KB: show less.")
        print(f"{picture.name}: {picture.stat().st_size // 1024} KB")
        context.close()


def main() -> None:
    """Start a demo unless an address is given; drive the system's browser, else Playwright's own."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        if len(sys.argv) > 1:
            take(browser, sys.argv[1].rstrip("/"))
        else:
            with demo() as address:
                take(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
