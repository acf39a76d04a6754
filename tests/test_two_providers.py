"""Two identity providers at once: what one says counts for nothing at the other's (mix-up), and no way works twice."""

import urllib.parse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from board import create_app
from board.db import db
from board.identities import client
from tests import test_identities as one
from tests.conftest import Browser, settings
from tests.people import Cast
from tests.test_identities import Forged, agree, go, link

issuer, forged = one.issuer, one.forged  # The fixtures: a real provider, and one that says what a test wants.
pytestmark = one.pytestmark


@pytest.fixture(scope="module")
def second() -> Iterator[str]:
    """Another real provider."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with one.oidc_provider_mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


def board_with(board: Flask, folder: Path, work: str, code: str) -> Flask:
    """The same board with providers called work and code."""
    named = {
        f"BOARD_OIDC_{name}_{key}": value
        for name, where in (("WORK", work), ("CODE", code))
        for key, value in (("ISSUER", where), ("CLIENT_ID", "board"), ("CLIENT_SECRET", "s3cret"), ("LABEL", name))
    }
    url = board.config["SQLALCHEMY_DATABASE_URI"]
    app = create_app(settings(folder, url, BOARD_OIDC="work,code", **named))
    app.test_client_class = Browser
    return app


@pytest.fixture
def both(board: Flask, people: Cast, issuer: str, second: str, tmp_path: Path) -> Iterator[Flask]:
    """A board with two real providers; Ada's account is connected with the first."""
    app = board_with(board, tmp_path, issuer, second)
    link(app, people, issuer)
    yield app
    client._kept.clear()
    with app.app_context():
        db.engine.dispose()


def test_each_provider_is_offered_and_lets_in_by_its_own_way(both: Flask, people: Cast, second: str) -> None:
    link(both, people, second, "ben", "ben-at-code")
    page = both.test_client().get("/sign-in").text
    assert "Mit WORK anmelden" in page
    assert "Mit CODE anmelden" in page
    for start, subject, name in (("work", "ada-at-work", "Ada"), ("code", "ben-at-code", "Ben")):
        browser: Any = both.test_client()
        assert go(browser, subject, f"/sign-in/with/{start}").status_code == 303
        assert name in browser.get("/account").text


def test_the_same_subject_at_another_provider_is_somebody_else(both: Flask) -> None:
    browser: Any = both.test_client()
    assert go(browser, "ada-at-work", "/sign-in/with/code").status_code == 403
    assert browser.get("/account").status_code == 401


@pytest.mark.parametrize(("begun", "arrived"), [("work", "code"), ("code", "work")])
def test_the_answer_of_one_provider_counts_for_nothing_at_the_others_address(
    both: Flask, begun: str, arrived: str
) -> None:
    browser: Any = both.test_client()
    back = agree(browser.get(f"/sign-in/with/{begun}").location, "ada-at-work")
    wrong = back.replace(f"/from/{begun}?", f"/from/{arrived}?")
    assert wrong != back
    assert browser.get(wrong).status_code == 400
    assert browser.get(back).status_code == 400, "the way is over once something was wrong with it"
    assert browser.get("/account").status_code == 401


def test_a_code_of_one_provider_is_not_taken_from_the_other_in_a_way_begun_there(both: Flask) -> None:
    """The state is right, the code is another's: the provider that is asked for it does not know it."""
    mine, theirs = both.test_client(), both.test_client()
    code = query(agree(theirs.get("/sign-in/with/work").location, "ada-at-work"))["code"]
    state = query(mine.get("/sign-in/with/code").location)["state"]
    assert mine.get(f"/sign-in/from/code?{urllib.parse.urlencode({'code': code, 'state': state})}").status_code == 502
    assert mine.get("/account").status_code == 401


def test_a_state_is_good_for_one_way_also_when_its_cookie_is_brought_back(both: Flask) -> None:
    browser: Any = both.test_client()
    left = browser.get("/sign-in/with/work").location
    step = browser.get_cookie("step").value
    back = agree(left, "ada-at-work")
    assert browser.get(back).status_code == 303
    browser.post("/sign-out")
    browser.set_cookie("step", step, domain="localhost")
    assert browser.get(back).status_code == 502, "its code was used"
    other: Any = both.test_client()
    other.set_cookie("step", step, domain="localhost")
    forged_code = query(agree(other.get("/sign-in/with/work").location, "ada-at-work"))["code"]
    other.set_cookie("step", step, domain="localhost")
    asked = urllib.parse.urlencode({"code": forged_code, "state": query(left)["state"]})
    assert other.get(f"/sign-in/from/work?{asked}").status_code == 502, "a code belongs to its verifier and nonce"
    assert other.get("/account").status_code == browser.get("/account").status_code == 401


@pytest.mark.parametrize(("said", "status"), [("{issuer}", 303), ("{second}", 502), ("{issuer}/", 502), ("", 502)])
def test_who_answers_is_compared_where_the_answer_says_so(
    both: Flask, issuer: str, second: str, said: str, status: int
) -> None:
    """RFC 9207: a provider may name itself in its answer."""
    browser: Any = both.test_client()
    back = agree(browser.get("/sign-in/with/work").location, "ada-at-work")
    named = urllib.parse.urlencode({"iss": said.format(issuer=issuer, second=second)})
    assert browser.get(f"{back}&{named}").status_code == status
    assert browser.get("/account").status_code == (200 if status == 303 else 401)


def test_a_provider_that_promises_to_name_itself_must_do_so(
    board: Flask, people: Cast, forged: tuple[Forged, str], issuer: str, tmp_path: Path
) -> None:
    says, where = forged
    says.claims = {"names_itself": True}
    for named, status in (({"iss": where}, 303), ({}, 502), ({"iss": issuer}, 502)):
        assert tried(board, people, tmp_path, says, where, issuer, named, {}) == status


@pytest.mark.parametrize("lie", ["issuer", "nonce"])
def test_a_token_of_the_other_provider_or_of_another_way_signs_nobody_in(
    board: Flask, people: Cast, forged: tuple[Forged, str], issuer: str, tmp_path: Path, lie: str
) -> None:
    says, where = forged
    told = {"iss": issuer} if lie == "issuer" else {"nonce": "of another way"}
    assert tried(board, people, tmp_path, says, where, issuer, {}, told) == 502
    assert tried(board, people, tmp_path, says, where, issuer, {}, {}) == 303


def tried(
    board: Flask, people: Cast, folder: Path, says: Forged, where: str, other: str,
    named: dict[str, str], told: dict[str, object],
) -> int:  # fmt: skip
    """One way to a provider that says what it is told, beside a real one; Ada's account is connected with both."""
    client._kept.clear()
    app = board_with(board, folder, where, other)
    with app.app_context():
        if not client_has(where):
            link(app, people, where)
            link(app, people, other)
    browser: Any = app.test_client()
    asked = query(browser.get("/sign-in/with/work").location)
    kept = says.claims
    says.claims = {**kept, "nonce": asked["nonce"], **told}
    query_ = urllib.parse.urlencode({"code": "c", "state": asked["state"], **named})
    status = int(browser.get(f"/sign-in/from/work?{query_}").status_code)
    says.claims = kept
    assert browser.get("/account").status_code == (200 if status == 303 else 401)
    with app.app_context():
        db.engine.dispose()
    client._kept.clear()
    return status


def client_has(where: str) -> bool:
    """Whether Ada's account is connected with this provider already."""
    from board.identities import queries

    return queries.behind(where, "ada-at-work") is not None


def query(address: str) -> dict[str, str]:
    """What stands behind the question mark."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
