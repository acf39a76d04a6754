"""The licence, the address of the source, and what others made: read from the files that say so, never retold."""

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

from board import templating
from board.settings.current import current
from board.text import markdown

ROOT = Path(__file__).parents[2]
_URL = re.compile(r'^url:\s*"?([^"\s]+)"?', re.MULTILINE)


def source_url() -> str:
    """Where the source of this very board is to be had: as the operator says, else as publiccode.yml does; or empty.

    The reserved example address that publiccode.yml carries until it is published is nobody's source.
    """
    return current().source_url or _published()


@cache
def _published() -> str:
    found = _URL.search((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    return found[1] if found and ".example.org/" not in found[1] else ""


@cache
def licence() -> str:
    """The licence's full text."""
    return (ROOT / "LICENSE").read_text(encoding="utf-8")


@cache
def third_party() -> Markup:
    """What others made, with working links to the licences we ship."""
    text = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8").partition("\n")[2]
    text = text.replace("](static/", f"]({templating.static_url('')}")
    return Markup(markdown(text, top=2))  # noqa: S704 - our own file, and markdown() is safe HTML.
