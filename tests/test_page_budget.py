"""A first visit stays small: the page and everything that it names, gzipped, as a browser without a cache gets it."""

import gzip
import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath

import pytest

from board import create_app
from board.db import db
from tests.conftest import Browser, settings

BYTES, REQUESTS = 130 * 1024, 12
LINK = re.compile(r'<link\b[^>]*\bhref="([^"]+)"[^>]*>')
SCRIPT = re.compile(r'<(?:script|img)\b[^>]*\bsrc="([^"]+)"')
STYLE = re.compile(r"""(?:@import\s+|\burl\()\s*(?:url\()?["']?([^"')\s]+)""")
FETCHED = re.compile(r'\brel="(?:stylesheet|preload|icon|modulepreload|manifest)"')
PACKED = (".woff2", ".png", ".webp", ".avif", ".jpg")  # Compressed in themselves: counted as they are.


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that has never been here, before a played demo."""
    folder = tmp_path_factory.mktemp("budget")
    app = create_app(settings(folder, BOARD_DEMO="1"))
    app.test_client_class = Browser
    played = app.test_cli_runner().invoke(args=["demo"])
    assert played.exit_code == 0, played.output
    yield app.test_client()  # type: ignore[misc]
    app.extensions["stopping"].set()
    with app.app_context():
        db.engine.dispose()


def named(address: str, body: str) -> Iterator[str]:
    """What a page or a stylesheet makes the browser fetch at once."""
    if address.endswith(".css"):
        yield from (
            normpath(join(dirname(address), found))
            for found in STYLE.findall(body)
            if not found.startswith(("data:", "#"))
        )
    else:
        yield from (link[1] for link in LINK.finditer(body) if FETCHED.search(link[0]))
        yield from SCRIPT.findall(body)


def visit(client: Browser, page: str) -> dict[str, int]:
    """address → bytes on the wire, of the page and of all that it leads to."""
    sizes: dict[str, int] = {}
    waiting = [page]
    while waiting:
        address = waiting.pop()
        if address.partition("?")[0] in sizes:
            continue
        assert address.startswith("/"), f"{page} asks another site: {address}"
        answer = client.get(address, buffered=True, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, f"{page} names {address}: {answer.status_code}"
        plain = address.partition("?")[0]
        packed = answer.headers.get("Content-Encoding") == "gzip"
        assert packed or plain.endswith(PACKED) or not plain.startswith("/static/"), f"{plain} is sent as it lies there"
        body = gzip.decompress(answer.data) if packed else answer.data
        sizes[plain] = min(len(answer.data), len(gzip.compress(body, 6)))  # Pages: from the second time on.
        if answer.mimetype in ("text/html", "text/css"):
            waiting += named(plain, body.decode())
    return sizes


@pytest.mark.parametrize("page", ["/", "/proposals"])
def test_a_first_visit_is_small(visitor: Browser, page: str) -> None:
    sizes = visit(visitor, page)
    assert len(sizes) >= 6, f"too little was found, so nothing is proved: {sorted(sizes)}"
    assert {kind for kind in (".css", ".js", ".woff2") if any(a.endswith(kind) for a in sizes)} == {
        ".css",
        ".js",
        ".woff2",
    }
    assert len(sizes) <= REQUESTS, sorted(sizes)
    assert sum(sizes.values()) <= BYTES, sizes


def test_the_budget_follows_stylesheets() -> None:
    css = (
        '@import url("../vendor/x.css") layer(kern); a { src: url("a.woff2") } p { background: url(data:image/png,x) }'
    )
    assert list(named("/static/css/board.css", css)) == ["/static/vendor/x.css", "/static/css/a.woff2"]
