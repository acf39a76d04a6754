"""Work packages out as YAML and CSV and in again: nothing is lost, nothing broken gets in, formulas do not compute."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from board import text, yaml
from board.activity.models import Activity
from board.db import db, transaction
from board.milestones.models import Milestone
from board.record.checks import counters
from board.work import dependencies, exporting, files
from board.work.models import Package
from tests.conftest import Browser
from tests.factories import claim, make_package, make_proposal
from tests.people import Cast

IMPORT = "/proposals/FV-1/packages/import"
FULL = """\
- id: L-1
  title: Formular bauen
  description: |-
    Zwei Zeilen
    mit **Markdown**
  deliverables:
  - Formular in der App
  - Prüfung der Eingaben
  story_points: 5
  cluster: Melden
  milestone: Frühjahr
  status: idea
  acceptance:
  - Ohne Maus bedienbar
  effort_days: 2.5
  skills:
  - accessibility
  - mobile
  owner: Amt für Digitales
  funder: Land
  due_on: '2027-03-31'
  links:
  - Entwurf | https://example.org/entwurf
  proposal: FV-1
  risk:
    level: high
    seen: true
    n: 3
- id: '007'
  title: =SUMME(A1)
  story_points: 8
  deps:
  - L-1
  status: on_hold
  proposal: FV-1
"""


@pytest.fixture
def proposal(app: Flask, people: Cast) -> int:
    """FV-1, and a milestone."""
    with app.app_context():
        with transaction():
            Milestone.create(people.pia.actor, name="Frühjahr", due_on=date(2027, 3, 31))
        return make_proposal(people)


def bring(client: Browser, content: str, do: str = "import") -> Any:
    return client.post(IMPORT, data={"content": content, "do": do})


def exported(app: Flask, proposal_id: int = 1) -> list[dict[str, Any]]:
    with app.app_context():
        ids = exporting.ids([Package.proposal_id == proposal_id])
        return [row for batch in exporting.batches(ids) for row in batch]


# Round trips


@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_a_file_comes_out_as_it_went_in_and_again_changes_nothing(
    proposal: int, app: Flask, ada: Browser, kind: str
) -> None:
    assert bring(ada, FULL).status_code == 303
    body = ada.get(f"/proposals/FV-1/packages.{kind}").data.decode()
    if kind == "yaml":
        assert body == FULL
    again = bring(ada, body)
    assert again.status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Package)) == 2
        assert db.session.scalar(select(func.count()).where(Activity.verb == "package.edit")) == 0
        assert dependencies.needs(2) == {1}
        assert counters() == []


@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_an_export_fills_an_empty_board_with_the_same(
    proposal: int, app: Flask, people: Cast, ada: Browser, kind: str
) -> None:
    bring(ada, FULL)
    before = exported(app)
    body = ada.get(f"/work.{kind}").data.decode()
    with app.app_context():
        make_proposal(people, title="Leerer Vorschlag")
    moved = body.replace("FV-1", "FV-2")
    assert ada.post("/proposals/FV-2/packages/import", data={"content": moved, "do": "import"}).status_code == 303
    after = exported(app, 2)
    assert [row | {"proposal": ""} for row in after] == [row | {"proposal": ""} for row in before]


@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_a_long_file_is_written_piece_by_piece_and_is_what_it_would_be_as_a_whole(
    proposal: int, app: Flask, people: Cast, ada: Browser, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    bring(ada, FULL)
    with app.app_context():
        for n in range(5):
            make_package(people, 1, title=f"P{n} 😀", text="Erst \n\tdann")
        make_proposal(people)
    whole = ada.get(f"/work.{kind}").data
    assert whole.count(b"FV-1") == 7
    monkeypatch.setattr(exporting, "BATCH", 2)
    assert ada.get(f"/work.{kind}").data == whole
    nothing = ada.get(f"/proposals/FV-2/packages.{kind}").data.decode()
    assert nothing == ("[]\n" if kind == "yaml" else whole.decode().split("\r\n")[0].replace(';"risk"', "") + "\r\n")


words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30).map(text.clean)
risky = st.sampled_from(
    [
        "=1+1",
        "'=1",
        "''=x",
        "+x",
        "-x",
        "@x",
        " =x",
        "'",
        '="a;b"\n;x',
        "- a\n- b",
        "a\n\nb",
        "007",
        "null",
        "yes",
        "1:30",
    ]
)
values = st.one_of(words, risky).map(text.clean)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": values,
                "title": values,
                "description": values,
                "cluster": values,
                "deps": st.lists(values.filter(bool).filter(lambda v: not set(v) & set(",;\n")), max_size=3),
                "deliverables": values.map(files.parted),
                "extra": st.dictionaries(st.sampled_from(["budget", "Risiko", "x y"]), values.filter(bool), max_size=2),
            }
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_written_is_read_again(rows: list[dict[str, Any]]) -> None:
    for written in ("".join(files.to_yaml([rows])), "".join(files.to_csv([rows], ["budget", "Risiko", "x y"]))):
        if all(not any(row.values()) for row in rows):
            continue
        kept = [row for row in rows if any(row[name] for name in row if name != "extra") or row["extra"]]
        read = files.read(written).rows
        if written.startswith("\ufeff"):  # A line of empty cells is no row.
            read = tuple(row for row in read if any(row.given.values()) or row.extra)
        else:
            kept = rows
        assert len(read) == len(kept)
        for row, found in zip(kept, read, strict=True):
            for name in ("id", "title", "description", "cluster", "deps"):
                assert found.given.get(name, [] if name == "deps" else "") == row[name], name
            told = row["deliverables"]
            assert found.given.get("deliverables", "") == (files.joined(told) if isinstance(told, list) else told)
            assert dict(found.extra) == row["extra"]


odd = st.lists(
    st.sampled_from(["Karte", " ", "  ", "\n", "\t", "😀", "ä", "- ", ": ", "#", '"', "'", "ja", "12:30", "\ufeff"])
)
texts = st.one_of(values, st.text(max_size=200), odd.map("".join), odd.map("".join).map(text.clean))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.dictionaries(texts.map(lambda v: v[:60]), st.one_of(texts, st.lists(texts, max_size=3)), max_size=4))
)
def test_yaml_is_the_same_whichever_language_writes_it(rows: list[dict[str, Any]]) -> None:
    listed = [row | {"id": n} for n, row in enumerate(rows)]
    if yaml._dumped(listed, yaml.SAFE).count("...\n") == 0:  # Of texts that end with empty lines, which none does.
        assert yaml.written(listed) == yaml._dumped(listed, yaml.SAFE)


# Formulas


def test_formulas_are_defused_in_the_file_and_whole_on_the_board(proposal: int, app: Flask, ada: Browser) -> None:
    bring(ada, FULL)
    body = ada.get("/work.csv").data.decode()
    cells = [cell for row in csv.reader(io.StringIO(body.removeprefix("\ufeff")), delimiter=";") for cell in row]
    assert "'=SUMME(A1)" in cells
    assert not [cell for cell in cells if cell.strip()[:1] in {"=", "+", "@"} or cell.startswith(("-", "\t"))]
    assert exported(app)[1]["title"] == "=SUMME(A1)"


# Preview


def test_a_preview_tells_new_changed_unchanged_and_writes_nothing(proposal: int, app: Flask, ada: Browser) -> None:
    bring(ada, FULL)
    changed = FULL.replace("Amt für Digitales", "Bürgeramt") + "- title: Ganz neu\n  effort_days: 4\n"
    with app.app_context():
        before = db.session.scalar(select(func.max(Activity.id)))
    html = bring(ada, changed, "check").text
    for told in (
        "1 neu",
        "1 geändert",
        "1 unverändert",
        "owner",
        "6,5 PT",
        "13 Story Points",
        "Diese Arbeitspakete übernehmen",
    ):
        assert told in html, told
    with app.app_context():
        assert db.session.scalar(select(func.max(Activity.id))) == before
        assert db.session.scalar(select(func.count()).select_from(Package)) == 2
        assert exported(app)[0]["owner"] == "Amt für Digitales"


def test_typed_totals_are_not_read_and_named(proposal: int, ada: Browser) -> None:
    html = bring(ada, "total_points: 99\npackages:\n- title: A\n  story_points: 3\n", "check").text
    assert "total_points" in html
    assert "3 Story Points" in html
    assert "99 Story" not in html


def test_what_a_row_does_not_name_stays_and_an_empty_field_is_cleared(proposal: int, app: Flask, ada: Browser) -> None:
    bring(ada, FULL)
    bring(ada, "- id: L-1\n  owner: ''\n")
    row = exported(app)[0]
    assert row["owner"] == ""
    assert row["funder"] == "Land"
    assert row["skills"] == ["accessibility", "mobile"]


def test_an_unknown_milestone_is_kept_as_a_text_and_named(proposal: int, app: Flask, ada: Browser) -> None:
    html = bring(ada, "- title: A\n  milestone: Irgendwann\n", "check").text
    assert "Irgendwann" in html
    bring(ada, "- title: A\n  milestone: Irgendwann\n")
    assert exported(app)[0]["milestone"] == "Irgendwann"
    with app.app_context():
        assert db.session.scalar(select(Package.milestone_id)) is None


@pytest.mark.parametrize(("status", "state", "out"), [
    ("idea", "open", "idea"), ("draft", "open", "draft"), ("ready", "open", "ready"), ("on_hold", "open", "on_hold"),
    ("in_progress", "open", "in_progress"), ("done", "done", "done"), ("On Hold", "open", "on_hold"),
])  # fmt: skip
def test_each_status_has_its_place_and_comes_out_again(
    proposal: int, app: Flask, ada: Browser, status: str, state: str, out: str
) -> None:
    bring(ada, f"- title: A\n  status: {status}\n")
    assert exported(app)[0]["status"] == out
    with app.app_context():
        assert db.session.scalar(select(Package.state)) == state
        assert counters() == []


def test_a_file_moves_nothing_that_somebody_leads(proposal: int, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        make_package(people, 1)
        claim(1, people.ada.actor)
    html = bring(ada, "- id: AP-1\n  status: done\n", "check").text
    assert "auf der Tafel bewegt" in html
    assert "1 unverändert" in html


# Broken files


@pytest.mark.parametrize(("content", "line", "why"), [
    ("- title: A\n- title: ''\n", 2, "Titel fehlt"),
    ("- title: A\n- story_points: 3\n", 2, "Titel fehlt"),
    ("- title: A\n  status: soon\n", 1, "soon"),
    ("- title: A\n  story_points: viel\n", 1, "viel"),
    ("- title: A\n  effort_days: -1\n", 1, "-1"),
    ("- title: A\n  effort_days: NaN\n", 1, "NaN"),
    ("- title: A\n  due_on: morgen\n", 1, "morgen"),
    ("- title: A\n  skills: [magic]\n", 1, "magic"),
    ("- title: A\n  links: ['x | javascript:alert(1)']\n", 1, "javascript"),
    ("- title: A\n  deps: [X-9]\n", 1, "X-9"),
    ("- title: A\n  proposal: FV-77\n", 1, "gibt es nicht"),
    ("- {id: a, title: A}\n- {id: a, title: B}\n", 2, "zweimal"),
    ("- {id: a, title: A, deps: [b]}\n- {id: b, title: B, deps: [a]}\n", 2, "Kreis"),
    (f"- title: {'x' * 121}\n", 1, "120"),
    ("id;title\n1;A\n2;\n", 3, "Titel fehlt"),
    ('id;title\n1;"A\nB"\n2;"C"\n3;\n', 5, "Titel fehlt"),
])  # fmt: skip
def test_a_broken_row_names_line_and_reason_and_nothing_is_imported(
    proposal: int, app: Flask, ada: Browser, content: str, line: int, why: str
) -> None:
    good = content if content.startswith("id;") else content + "- title: Wäre gut gewesen\n"
    for do in ("check", "import"):
        answer = bring(ada, good, do)
        assert answer.status_code == 422
        assert why in answer.text
        assert f"<span>{line}</span>" in answer.text
        assert "also wurde nichts übernommen" in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Package)) == 0
        assert db.session.scalar(select(func.count()).where(Activity.verb.like("package.%"))) == 0


BOMB = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(3)) + "packages: [*a]\n"


@pytest.mark.parametrize(("content", "why"), [
    ("", "leer"), ("   \n", "leer"), ("- [", "Zeile"), ("a: b", "Liste"), ("- x\n", "Zeile 1"),
    ("[]", "keine Arbeitspakete"),
    (BOMB, "Zeile 2"), ("- title: A\n  title: B\n", "Zeile 2"), ("[" * 100, "Zeile 1"),
    ("- title: !!python/object:os.system x", ""),
    ("id;title;id\n1;A;2\n", "Zeile 1"), ("id;title\n1;A;B\n", "Zeile 2"), ('id;title\n1;"A', "Zeile"),
    ("".join(f"- title: T{n}\n" for n in range(501)), "500"), ("\x00\x01", ""),
    ("- title: \"\\0x\"\n  deps: {a: b}\n", ""),
])  # fmt: skip
def test_a_file_that_cannot_be_read_says_where(proposal: int, app: Flask, ada: Browser, content: str, why: str) -> None:
    answer = bring(ada, content)
    assert answer.status_code in {422, 303}
    assert why in answer.text
    if why:
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(Package)) == 0


def test_what_was_sent_stands_in_the_field_to_be_mended(proposal: int, ada: Browser) -> None:
    assert "- title: &#39;&#39;" in bring(ada, "- title: ''\n").text


def test_a_file_can_be_sent_as_a_file_in_the_encoding_of_spreadsheets(proposal: int, app: Flask, ada: Browser) -> None:
    body = "id;title;budget\n1;Straßenbeleuchtung;3\n".encode("cp1252")
    answer = ada.post(IMPORT, data={"file": (io.BytesIO(body), "pakete.csv"), "do": "import"})
    assert answer.status_code == 303
    row = exported(app)[0]
    assert row["title"] == "Straßenbeleuchtung"
    assert row["extra"] == {"budget": "3"}


# Who


def test_who_may_not_edit_a_package_imports_no_change_of_it(
    proposal: int, app: Flask, people: Cast, cleo: Browser
) -> None:
    with app.app_context():
        make_package(people, 1)
        claim(1, people.ada.actor)
    answer = bring(cleo, "- id: AP-1\n  title: Gekapert\n")
    assert answer.status_code == 422
    with app.app_context():
        assert db.session.get_one(Package, 1).title == "Formular bauen"


def test_providers_and_strangers_import_nothing(proposal: int, rolf: Browser, gast: Browser, dora: Browser) -> None:
    assert bring(gast, FULL).status_code == 401
    for client in (rolf, dora):
        assert bring(client, FULL).status_code == 403
        assert client.get(IMPORT).status_code == 403


def test_a_closed_proposal_gets_none(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        make_proposal(people, state="declined")
    assert bring(ada, "- title: A\n").status_code == 409
    assert ada.post("/proposals/FV-9/packages/import", data={"content": "- title: A"}).status_code == 404


def test_an_export_costs_the_same_for_many(
    proposal: int, app: Flask, people: Cast, gast: Browser, statements: list[str]
) -> None:
    with app.app_context():
        make_package(people, 1)
    app.extensions["pages"].forget()
    statements.clear()
    assert gast.get("/work.csv").text
    few = len(statements)
    with app.app_context():
        for n in range(10):
            make_package(people, 1, title=f"P{n}", effort=Decimal(1), skills=("data",))
    db.session.rollback()  # The test's context reads anew.
    statements.clear()
    assert gast.get("/work.csv").text.count("\n") >= 11
    assert len(statements) <= few
