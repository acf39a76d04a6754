"""Open data: files that hold what a stranger sees on the pages, whoever asks, and a catalogue that portals harvest."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from board.config import BadSetting
from board.db import db, transaction
from board.duplicates.verbs import locked, merge
from board.opendata import files
from board.opendata.datasets import DATASETS
from board.opendata.licences import CONTRIBUTORS
from board.policy import SYSTEM
from board.proposals.models import Proposal
from board.settings.verbs import change
from board.voting import ballots, reuses
from board.voting.models import ReuseStatus
from tests.conftest import Browser, settings
from tests.factories import cast, make_proposal, make_world, offer
from tests.people import Cast

NAMES = tuple(DATASETS)


@pytest.fixture
def world(app: Flask, people: Cast) -> None:
    """FV-1 with one of everything, accepted; FV-2 begins like a formula and is contested; Celle names a contact."""
    with app.app_context():
        make_world(people, "accepted")
        make_proposal(people, title="=1+1 ist zwei", text="Zeile\n- mit; allem, „drin“")
        cast(people, 2, "against", reason="Geheimer Grund")
        offer(people, 2, "days", days=5)
        with transaction():
            use = reuses.Record(ReuseStatus.LIVE, release="2.1", contact="frau.amt@example.org")
            reuses.record(ballots.locked(1, people.cleo.actor), use, people.cleo.actor)


def table(browser: Browser, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(browser.get(f"/data/{name}.csv").get_data(as_text=True), newline="")))


def rows(browser: Browser, name: str) -> list[dict[str, Any]]:
    """The rows of a JSON file."""
    found: list[dict[str, Any]] = json.loads(browser.get(f"/data/{name}.json").get_data())["rows"]
    return found


def test_the_page_names_every_set_its_files_and_the_licence(world: None, gast: Browser) -> None:
    text = gast.get("/data").text
    for name in NAMES:
        assert f'href="/data/{name}.csv"' in text
        assert f'href="/data/{name}.json"' in text
    assert "Datenlizenz Deutschland – Zero" in text
    assert "/data/catalog.jsonld" in text
    assert "Open data" in gast.get("/data", headers={"Accept-Language": "en"}).text
    assert 'href="/data"' in gast.get("/").text


@pytest.mark.parametrize("name", NAMES)
def test_both_formats_have_the_declared_columns_and_the_same_rows(world: None, gast: Browser, name: str) -> None:
    listed, typed = table(gast, name), rows(gast, name)
    assert typed
    assert len(listed) == len(typed)
    for line, row in zip(listed, typed, strict=True):
        assert set(row) == set(line)
        assert tuple(line) == DATASETS[name].columns
    answer = gast.get(f"/data/{name}.csv")
    assert answer.content_type == "text/csv; charset=utf-8; header=present"


def test_the_rows_say_what_the_pages_say(world: None, gast: Browser) -> None:
    first, second = rows(gast, "proposals")
    assert (first["key"], first["state"], first["proposed_by"], first["topic"]) == (
        "FV-1", "accepted", "aalen", "maengelmelder")  # fmt: skip
    assert second["title"] == "=1+1 ist zwei"
    one, two = rows(gast, "tallies")
    assert (one["for"], one["electorate"], one["future_users"]) == (1, 3, ["aalen"])
    assert (two["against"], two["without_ballot"], two["days_offered"], two["days_confirmed"]) == (1, 2, 5, 0)
    (decided,) = rows(gast, "decisions")
    assert (decided["proposal"], decided["outcome"], decided["body"]) == ("FV-1", "accepted", "Rat")
    assert (decided["for"], decided["electorate"], decided["record"]) == (1, 3, None)
    lead, free = rows(gast, "packages")
    assert (lead["led_by"], free["led_by"], lead["proposal"]) == ("aalen", None, "FV-1")
    own, live = rows(gast, "reuse")
    assert (own["partner"], own["status"], own["own_variant"]) == ("aalen", "planned", True)
    assert (live["partner"], live["version"], live["ags"]) == ("celle", "2.1", "03351006")


def test_a_merged_proposal_is_named_with_what_it_became_part_of_and_says_nothing_more(
    world: None, app: Flask, people: Cast, gast: Browser
) -> None:
    with app.app_context():
        three = make_proposal(people, title="Doppelt gemoppelt")
        with transaction():
            merge(*locked(three, 2), people.pia.actor)
    *_others, row = rows(gast, "proposals")
    assert (row["key"], row["state"], row["merged_into"], row["title"]) == ("FV-3", "merged", "FV-2", "")
    assert "Doppelt" not in gast.get("/data/proposals.csv").get_data(as_text=True)
    assert "FV-3" not in [tally["proposal"] for tally in rows(gast, "tallies")]


def test_csv_is_rfc_4180_and_computes_nothing(world: None, gast: Browser) -> None:
    body = gast.get("/data/proposals.csv").get_data(as_text=True)
    assert body.startswith('"key","title",')
    assert body.endswith('"\r\n')
    assert table(gast, "proposals")[1]["title"] == "'=1+1 ist zwei"
    assert "„drin“" in table(gast, "proposals")[1]["text"]


@pytest.mark.parametrize("who", ["gast", "ada", "pia", "dora"])
def test_no_file_names_a_person_a_contact_or_who_voted_how(
    world: None, request: pytest.FixtureRequest, gast: Browser, who: str
) -> None:
    asks: Browser = request.getfixturevalue(who)
    for name in NAMES:
        for ending in ("csv", "json"):
            body = asks.get(f"/data/{name}.{ending}").get_data(as_text=True)
            assert not re.search(r"\b(Ada|Ben|Cleo|Dora|Pia|Rolf)\b|@example\.org|Geheimer Grund|Responsible", body)
            assert body == gast.get(f"/data/{name}.{ending}").get_data(as_text=True)


def test_a_file_is_asked_for_again_only_when_something_has_changed(world: None, app: Flask, people: Cast,
                                                                   gast: Browser) -> None:  # fmt: skip
    tags = {f"/data/{name}.{ending}": "" for name in NAMES for ending in ("csv", "json")}
    tags["/data/catalog.jsonld"] = ""
    for url in tags:
        tags[url] = gast.get(url).headers["ETag"]
        again = gast.get(url, headers={"If-None-Match": tags[url]})
        assert (again.status_code, again.data) == (304, b"")
    with app.app_context():
        make_proposal(people)
    for url, tag in tags.items():
        if "catalog" not in url:
            assert gast.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_what_is_not_there_is_missing(gast: Browser) -> None:
    for url in ("/data/people.csv", "/data/ballots.json", "/data/catalog.json"):
        assert gast.get(url).status_code == 404


def test_an_empty_board_gives_empty_tables(gast: Browser) -> None:
    for name in NAMES:
        assert table(gast, name) == rows(gast, name) == []


def test_everything_needs_sign_in_where_reading_is_not_public(world: None, app: Flask, gast: Browser,
                                                              ada: Browser) -> None:  # fmt: skip
    with app.app_context(), transaction():
        change("public", False, SYSTEM)
    for url in ("/data", "/data/proposals.csv", "/data/reuse.json", "/data/catalog.jsonld"):
        assert gast.get(url).status_code == 401, url
        assert ada.get(url).status_code == 200, url


@pytest.fixture
def many(app: Flask, people: Cast) -> int:
    """Two batches and a bit, written past the verbs."""
    n = 2 * files.BATCH + 3
    with app.app_context(), transaction():
        db.session.execute(
            insert(Proposal),
            [{"title": f"Vorschlag {i}", "topic_id": people.defects, "state": "open"} for i in range(n)],
        )
    return n


def test_long_files_come_in_pieces_at_a_few_statements_each(many: int, gast: Browser, statements: list[str]) -> None:
    statements.clear()
    answer = gast.get("/data/proposals.csv", buffered=False)
    pieces: Iterator[bytes] = answer.iter_encoded()
    next(pieces)
    before = len(statements)
    longest = max(len(piece) for piece in pieces)
    assert longest < 200 * files.BATCH
    assert len(statements) - before <= 3 * 3
    assert len(table(gast, "proposals")) == many
    assert [row["key"] for row in rows(gast, "proposals")] == [f"FV-{i + 1}" for i in range(many)]


# The catalogue: what the specification and GovData's conventions make mandatory.

EU = "http://publications.europa.eu/resource/authority/"
IRI = "iri"
RULES: dict[str, dict[str, str]] = {
    "dcat:Catalog": {"dct:title": "words", "dct:description": "words", "dct:publisher": IRI, "dcat:dataset": IRI,
                     "dct:language": f"{EU}language/", "dct:license": "http://dcat-ap.de/def/licenses/",
                     "foaf:homepage": IRI, "dct:modified": "moment"},
    "dcat:Dataset": {"dct:title": "words", "dct:description": "words", "dct:publisher": IRI, "dct:identifier": "text",
                     "dcatde:contributorID": CONTRIBUTORS, "dcat:contactPoint": IRI, "dcat:distribution": IRI,
                     "dcat:theme": f"{EU}data-theme/", "dct:language": f"{EU}language/", "dct:modified": "moment",
                     "dcat:keyword": "words", "dct:accrualPeriodicity": f"{EU}frequency/", "dcat:landingPage": IRI,
                     "dcatde:politicalGeocodingLevelURI": "http://dcat-ap.de/def/politicalGeocoding/Level/"},
    "dcat:Distribution": {"dct:title": "words", "dcat:accessURL": IRI, "dcat:downloadURL": IRI,
                          "dct:license": "http://dcat-ap.de/def/licenses/", "dct:format": f"{EU}file-type/",
                          "dcat:mediaType": "https://www.iana.org/assignments/media-types/", "dct:modified": "moment"},
    "foaf:Agent": {"foaf:name": "text"},
    "vcard:Organization": {"vcard:fn": "text", "vcard:hasURL": IRI},
}  # fmt: skip


def broken(node: dict[str, Any]) -> Iterator[str]:
    """What a node lacks or says in another form than the specification asks for."""
    for name, rule in RULES[node["@type"]].items():
        values = node.get(name, [])
        values = values if isinstance(values, list) else [values]
        if not values:
            yield f"{node['@id']} lacks {name}"
        for value in values:
            fits = {
                "words": lambda v: v.get("@language") in {"de", "en"} and v.get("@value"),
                "text": lambda v: isinstance(v, str) and v,
                "moment": lambda v: v["@type"] == "xsd:dateTime" and re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", v["@value"]),
                IRI: lambda v: v["@id"].startswith("http"),
            }.get(rule, lambda v, rule=rule: v["@id"].startswith(rule))
            if not fits(value):
                yield f"{node['@id']}: {name} must not be {value}"


@pytest.fixture
def contributor(app: Flask) -> Iterator[str]:
    """The board of an operator whom GovData knows."""
    before, address = app.config["BOARD"], f"{CONTRIBUTORS}beispielstadt"
    app.config["BOARD"] = replace(before, contributor=address, licence="cc-by")
    yield address
    app.config["BOARD"] = before


def test_the_catalogue_has_all_that_dcat_ap_de_makes_mandatory(world: None, contributor: str, gast: Browser) -> None:
    answer = gast.get("/data/catalog.jsonld")
    assert answer.content_type == "application/ld+json"
    told = json.loads(answer.data)
    nodes = {node["@id"]: node for node in told["@graph"]}
    assert [problem for node in nodes.values() for problem in broken(node)] == []
    assert len(nodes) == len(told["@graph"]) == 3 + 3 * len(NAMES)
    for node in nodes.values():
        assert {name.split(":")[0] for name in node if ":" in name} <= told["@context"].keys()
        for name in ("dct:publisher", "dcat:contactPoint", "dcat:dataset", "dcat:distribution"):
            linked = node.get(name, [])
            assert all(link["@id"] in nodes for link in (linked if isinstance(linked, list) else [linked]))
        if node["@type"] == "dcat:Distribution":
            path = node["dcat:downloadURL"]["@id"].removeprefix("http://localhost")
            assert gast.get(path).status_code == 200
            assert node["dcatde:licenseAttributionByText"] == "localhost"


def test_the_check_of_the_catalogue_can_fail() -> None:
    node = {"@id": "x", "@type": "foaf:Agent"}
    assert [*broken(node)] == ["x lacks foaf:name"]
    bad = {"@id": "x", "@type": "vcard:Organization", "vcard:fn": "Amt", "vcard:hasURL": {"@id": "mailto:amt"}}
    assert len([*broken(bad)]) == 1


def test_without_an_id_from_govdata_none_is_invented(world: None, app: Flask, gast: Browser) -> None:
    with app.app_context(), transaction():
        change("operator", "Stadt Beispielheim", SYSTEM)
    text = gast.get("/data/catalog.jsonld").get_data(as_text=True)
    assert "contributorID" not in text
    assert "Stadt Beispielheim" in text
    assert "licenseAttributionByText" not in text


@pytest.mark.parametrize(("name", "value"), [("BOARD_LICENCE", "gratis"), ("BOARD_CONTRIBUTOR", "beispielstadt"),
                                             ("BOARD_CONTRIBUTOR", f"{CONTRIBUTORS}a/b")])  # fmt: skip
def test_a_licence_or_contributor_that_no_portal_knows_is_refused(tmp_path: Any, name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        settings(tmp_path, **{name: value})
