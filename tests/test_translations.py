"""German and English complete: every text in code and templates has its German, and catalogues are safe to trust."""

import ast
import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
import wtforms
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from board import i18n
from tests.test_house import MODULES, PAGES, ROOT, name

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
FILES = sorted((i18n.CATALOGUES / "de").glob("*.po"))
LABELS = re.compile(r"""\b(?:line|paragraph|whole_number|[A-Za-z]+Field)\(\s*"([A-Z][^"]+)\"""")
WTFORMS = {"This field is required.", "Not a valid choice.", "Not a valid date value.", "Not a valid integer value."}


def messages() -> dict[str, str]:
    """Every message id and a place where it stands."""
    found: dict[str, str] = {}
    for path in PAGES:
        options = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
        for _line, text, _comments, _context in extract("jinja2", BytesIO(path.read_bytes()), KEYWORDS, (), options):
            found[_first(text)] = name(path)
    for path in MODULES:
        for _line, text, _comments, _context in extract("python", BytesIO(path.read_bytes()), KEYWORDS):
            found[_first(text)] = name(path)
        if path.name == "forms.py":
            found |= dict.fromkeys(LABELS.findall(path.read_text()), name(path))
    return {text: place for text, place in found.items() if text}


def _first(text: object) -> str:
    """The singular of a message; empty where it is put together at run time."""
    parts = text if isinstance(text, (tuple, list)) else [text]
    return str(parts[0] or "") if parts else ""


def test_every_text_is_there_in_german() -> None:
    german = i18n.catalogue("de")
    missing = {
        text: place for text, place in (messages() | dict.fromkeys(WTFORMS, "wtforms")).items() if text not in german
    }
    assert not missing


def test_no_german_is_left_over_from_a_text_that_is_gone() -> None:
    said = "\n".join(path.read_text() for path in Path(wtforms.__file__).parent.rglob("*.py"))
    nodes = (node for path in MODULES for node in ast.walk(ast.parse(path.read_text())))
    written = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert not {text for text in i18n.catalogue("de").keys() - messages().keys() - written if text not in said}


def test_no_text_has_two_germans() -> None:
    seen: dict[str, str] = {}
    for path in FILES:
        with path.open("rb") as file:
            for message in read_po(file, locale="de"):
                key = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
                if key:
                    assert key not in seen, f"{key!r} stands in {seen[key]} and {path.name}"
                    seen[key] = path.name


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_catalogues_hold_no_markup_and_no_lone_percent(locale: str) -> None:
    for key, text in i18n.catalogue(locale).items():
        for form in (text,) if isinstance(text, str) else text:
            assert "<" not in form, key
            assert "%" not in re.sub(r"%\([a-z_]+\)[sd]|%%", "", form), key
            assert set(re.findall(r"%\(\w+\)", form)) <= set(re.findall(r"%\(\w+\)", key)) | {"%(n)", "%(max)"}, key


def test_german_texts_address_people_formally_and_without_gender_marks() -> None:
    for key, text in i18n.catalogue("de").items():
        for form in (text,) if isinstance(text, str) else text:
            assert not re.search(r"\b(du|dein|deine|dir|dich)\b", form, re.IGNORECASE), key
            assert not re.search(r"\w[*:_]innen\b", form), key


def test_what_names_a_proposal_or_a_package_has_one_word_in_each_language() -> None:
    """A key such as FV-12 is a „Kennung“: not a Kürzel, which is a key on the keyboard, and not a Nummer."""
    for key, text in i18n.catalogue("de").items():
        forms = (text,) if isinstance(text, str) else text
        if re.search(r"\b(FV|AP)-\d", "".join(forms)):
            assert not re.search(r"\bnumber\b", key), key
            assert not re.search(r"Kürzel|Nummer", "".join(forms)), key


EXAMPLES = {
    "+3 dafür", "3 neue Vorschläge anzeigen", "Ein Votum verpflichtet zu nichts", "English", "Schnell wieder da",
    "Schätzungen lernen", "abschließen",
}  # fmt: skip
"""What stands in bold in the guide and is no name: numbers filled in, a language in itself, headings and stress."""


def test_the_guide_names_things_as_the_screen_does() -> None:
    texts = [(text,) if isinstance(text, str) else text for text in i18n.catalogue("de").values()]
    forms = [form for text in texts for form in text if form]
    filled = [re.sub(r"%\\\((\w+)\\\)[sd]", ".+", re.escape(form)).replace("%%", "%") for form in forms]
    guide = (ROOT / "docs/guide.md").read_text()
    named = {bold.strip().rstrip(".:") for bold in re.findall(r"\*\*([^*\n]+?)\*\*", guide)} - EXAMPLES
    unknown = {bold for bold in named if not any(bold.lower() in form.lower() for form in forms)}
    assert not {bold for bold in unknown if not any(re.fullmatch(form, bold) for form in filled)}


def test_the_guide_lists_all_its_chapters_in_their_order() -> None:
    guide = (ROOT / "docs/guide.md").read_text()
    places = [
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^## (.+)$", guide, re.MULTILINE)
    ]
    assert re.findall(r"\(#([^)]+)\)", guide.partition("## ")[0]) == places


def test_english_writes_dates_and_times_as_europe_does() -> None:
    moment = datetime(2026, 11, 3, 13, 2, tzinfo=UTC)
    assert i18n.exact(moment, "en") == "3 November 2026, 14:02"
    assert i18n.short_date(moment, "en") == "3 Nov 2026"
    assert i18n.number(1234.5, "en") == "1,234.5"
