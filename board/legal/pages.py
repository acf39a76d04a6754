"""The text of a legal page: what the operator wrote, else the template; as safe HTML, with what is still missing.

Tokens such as `{operator}` are filled in where the page is shown, in templates and in the operator's own text.
A blank in a template is written `[[what belongs here|an example]]`: a real board marks it, the demo shows the example.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from flask import current_app
from markupsafe import Markup

from board.i18n import long_date, translate
from board.privacy.periods import table
from board.settings.current import current
from board.text import markdown

TEXTS = Path(__file__).parent / "texts"
PAGES = ("imprint", "privacy", "accessibility")
ASSESSED = date(2026, 11, 26)
"""When the makers last assessed the accessibility of every page."""
MARK = {"de": "Bitte ausfüllen", "en": "To be filled in"}
DEMO_OPERATOR = {"de": "Stadt Musterstadt (erfunden)", "en": "Town of Musterstadt (invented)"}
_BLANK = re.compile(r"\[\[([^|\]]+)\|([^\]]+)\]\]")
_MARKED = re.compile(r"\[(?:Bitte ausfüllen|To be filled in): [^\]]*\]")


@dataclass(frozen=True)
class Legal:
    """One legal page. `own`: the operator has written it; `blanks`: how much in it is still to be filled in."""

    name: str
    html: Markup
    own: bool
    blanks: int


def legal(name: str, locale: str) -> Legal:
    """The page as it stands now, in that language."""
    own = written(name, locale)
    text = _filled(own or template(name, locale), locale)
    # Blanks are counted and emphasised in the Markdown, so the operator sees them wherever they stand.
    blanks = len(_MARKED.findall(text))
    text = _MARKED.sub(lambda found: f"**{found[0]}**", text)
    return Legal(name, Markup(markdown(text, top=2)), bool(own), blanks)  # noqa: S704 - markdown() is safe HTML.


def complete(name: str) -> bool:
    """Whether the operator has written this page and left no blank, in German."""
    found = legal(name, "de")
    return found.own and not found.blanks


def written(name: str, locale: str) -> str:
    """What the operator wrote, or nothing."""
    text: str = getattr(current(), f"{name}_{locale}")
    return text


def template(name: str, locale: str) -> str:
    """The text to begin with; its tokens are kept, its blanks are marked (in the demo: filled with examples)."""
    demo = current_app.config["BOARD"].demo
    return _BLANK.sub(lambda found: found[2] if demo else f"[{MARK[locale]}: {found[1]}]", _source(name, locale))


@cache
def _source(name: str, locale: str) -> str:
    return (TEXTS / f"{name}.{locale}.md").read_text(encoding="utf-8")


def _filled(text: str, locale: str) -> str:
    """The text with its tokens replaced; a setting that is empty leaves a mark."""
    board, demo = current(), current_app.config["BOARD"].demo

    def value(given: str, missing: str, example: str) -> str:
        if given:
            return given.replace("\n", "\\\n")
        return example if demo else f"[{MARK[locale]}: {translate(locale, missing)}]"

    tokens = {
        "operator": value(board.operator, "Operator", DEMO_OPERATOR[locale]),
        "accessibility_contact": value(
            board.accessibility_contact, "Contact for accessibility", "barrierefrei@musterstadt.example"
        ),
        "enforcement_body": value(board.enforcement_body, "Enforcement body", "Durchsetzungsstelle Musterland"),
        "origin": current_app.config["BOARD"].origin or "localhost",
        "assessed": long_date(ASSESSED, locale),
        "retention": table(locale),
    }
    for token, shown in tokens.items():
        text = text.replace("{" + token + "}", shown)
    return text
