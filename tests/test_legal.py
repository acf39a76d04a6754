"""The pages that the law asks for: there for everybody, honest about what is missing, the operator's when written."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from board import create_app
from board.db import db
from board.i18n import speaking
from board.legal.pages import PAGES, TEXTS
from board.privacy.periods import PERIODS, table
from tests.conftest import Browser, bring_up_to_date, settings
from tests.test_settings import put

ADDRESSES = ("/imprint", "/privacy", "/accessibility", "/licence")


@pytest.fixture
def closed(tmp_path: Path) -> Any:
    """A board whose reading is not public."""
    app = create_app(settings(tmp_path, BOARD_PUBLIC="0"))
    app.test_client_class = Browser
    bring_up_to_date(app)
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("address", ADDRESSES)
def test_they_stand_in_every_footer_and_open_without_signing_in(closed: Browser, address: str) -> None:
    assert f'href="{address}"' in closed.get("/sign-in").text
    answer = closed.get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert closed.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", PAGES)
def test_a_template_marks_what_is_to_be_filled_in(gast: Browser, name: str) -> None:
    german = gast.get(f"/{name}").text
    assert "<strong>[Bitte ausfüllen: " in german
    assert re.search(r"\d+ Angaben auf dieser Seite", german)
    english = gast.get(f"/{name}", headers={"Accept-Language": "en"}).text
    assert "<strong>[To be filled in: " in english
    for text in (german, english):
        assert "[[" not in text
        assert not re.search(r"\{[a-z_]+\}", text)


def test_the_demo_shows_marked_examples(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, BOARD_DEMO="1"))
    bring_up_to_date(app)
    client = app.test_client()
    for name in PAGES:
        text = client.get(f"/{name}", headers={"Accept-Language": "de"}).text
        assert "alles auf dieser Seite ist ein Beispiel" in text
        assert "Musterstadt" in text
        assert "Bitte ausfüllen" not in text
    with app.app_context():
        db.engine.dispose()


def test_the_accessibility_statement_says_all_that_is_asked_for(app: Flask, gast: Browser) -> None:
    put(app, "operator", "Stadt Aalen")
    put(app, "accessibility_contact", "barrierefrei@aalen.example\n0123 456")
    put(app, "enforcement_body", "Landeszentrum Barrierefreiheit")
    text = gast.get("/accessibility").text
    for part in ("Stadt Aalen", "weitgehend vereinbar", "Bekannte Mängel", "Selbstbewertung", "26. November 2026",
                 "barrierefrei@aalen.example", "Landeszentrum Barrierefreiheit", "BITV 2.0", "§ 12a"):  # fmt: skip
        assert part in text, part


def test_the_privacy_page_tells_the_periods_that_the_job_keeps(gast: Browser) -> None:
    text = gast.get("/privacy").text
    for period in PERIODS:
        assert f"<td>{period.days} Tag" in text, period.name


def test_the_licence_page_leads_to_the_source_and_names_what_others_made(app: Flask, gast: Browser) -> None:
    text = gast.get("/licence").text
    for part in (
        "EUROPEAN UNION PUBLIC LICENCE",
        "htmx",
        "Fira Sans",
        "argon2-cffi",
        "im Impressum steht, wen Sie fragen",
    ):
        assert part in text, part
    for link in re.findall(r'href="(/static/[^"]+)"', text):
        answer = gast.get(link)
        assert answer.status_code == 200, link
        answer.close()
    put(app, "source_url", "https://git.aalen.example/stadtrunde")
    assert "https://git.aalen.example/stadtrunde" in gast.get("/licence").text


def test_an_administrator_fills_a_page_in_and_brings_the_template_back(app: Flask, dora: Browser) -> None:
    form = dora.get("/admin/pages/imprint").text
    assert "[Bitte ausfüllen: " in form
    assert "{operator}" in form
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', form)
    assert seen
    own = "## Wir\n\n{operator}, **Rathaus** <script>alert(1)</script> [x](javascript:alert(1))"
    put(app, "operator", "Stadt Aalen")
    stale = dora.post("/admin/pages/imprint", data={"seen": seen[1], "de": own, "en": own})
    assert stale.status_code == 409
    assert "Rathaus" in stale.text, "what was typed is still there"
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', dora.get("/admin/pages/imprint").text)
    assert seen
    assert dora.post("/admin/pages/imprint", data={"seen": seen[1], "de": own, "en": ""}).status_code == 303
    shown = dora.get("/imprint").text
    assert "<h2>Wir</h2>" in shown
    assert "Stadt Aalen, <strong>Rathaus</strong>" in shown
    assert "<script>alert" not in shown
    assert 'href="javascript' not in shown
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', dora.get("/admin/pages/imprint").text)
    assert seen
    dora.post("/admin/pages/imprint", data={"seen": seen[1], "de": "", "en": ""})
    assert "Bitte ausfüllen" in dora.get("/imprint").text


def test_every_template_has_both_languages_and_no_forgotten_token() -> None:
    files = {path.name for path in TEXTS.iterdir()}
    assert files == {f"{name}.{locale}.md" for name in PAGES for locale in ("de", "en")}
    known = {"operator", "accessibility_contact", "enforcement_body", "origin", "assessed", "retention"}
    for name in PAGES:
        tokens = [
            set(re.findall(r"\{([a-z_]+)\}", (TEXTS / f"{name}.{locale}.md").read_text())) for locale in ("de", "en")
        ]
        assert tokens[0] == tokens[1] <= known


DOCS = Path(__file__).parent.parent / "docs" / "betrieb"


def test_the_operators_deletion_concept_tells_the_periods_that_the_job_keeps() -> None:
    text = (DOCS / "loeschkonzept.md").read_text()
    with speaking("de"):
        rows = table("de").replace("\xa0", " ").splitlines()[2:]
    assert rows
    assert "\n".join(rows) in text, "copy the table of the privacy page anew"


def test_the_operators_papers_are_there_and_lead_to_each_other() -> None:
    for paper in sorted(DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", paper.read_text()):
            assert (paper.parent / target).exists(), (paper.name, target)
    index = (DOCS / "README.md").read_text()
    assert all(paper.name in index for paper in DOCS.glob("*.md") if paper.name != "README.md")
