"""The rights matrix of the API: every operation × everybody's token, and what any token must not do.

Written by hand from the product's rules, like the one of the pages, and asked over HTTP with tokens of full scope.
`gast` sends none. `ok` means that the operation succeeds.
"""

import pytest
from flask import Flask

from board.api.registry import OPERATIONS
from tests.conftest import Browser
from tests.people import Cast
from tests.programs import Program, expire, program, token
from tests.test_rights import WHO, everything, furnish

MATRIX = """
                                                           gast rolf ben  ada  cleo pia  dora
GET    document        /openapi.json                       ok   ok   ok   ok   ok   ok   ok
GET    me              /me                                 401  ok   ok   ok   ok   ok   ok
GET    proposals       /proposals                          ok   ok   ok   ok   ok   ok   ok
GET    proposal        /proposals/FV-1                     ok   ok   ok   ok   ok   ok   ok
GET    partners        /partners                           ok   ok   ok   ok   ok   ok   ok
GET    partner         /partners/aalen                     ok   ok   ok   ok   ok   ok   ok
GET    topics          /topics                             ok   ok   ok   ok   ok   ok   ok
GET    milestones      /milestones                         ok   ok   ok   ok   ok   ok   ok
"""
ROWS = [line.split() for line in MATRIX.splitlines()[2:] if not line.startswith("#")]


@pytest.fixture
def programs(app: Flask, people: Cast) -> dict[str, Program]:
    """Everybody's program, with a token for everything."""
    furnish(app, people)
    secrets = {who: token(app, getattr(people, who)) for who in WHO[1:]}
    return {who: program(app, secrets.get(who, "")) for who in WHO}


def test_everybody_may_read_and_nobody_more_than_the_matrix_says(
    app: Flask, people: Cast, programs: dict[str, Program]
) -> None:
    before = everything(app)
    for method, _name, url, *expected in ROWS:
        for who, wanted in zip(WHO, expected, strict=True):
            if method == "GET" or wanted != "ok":
                answer = programs[who].open(url, method=method)
                assert answer.status_code == (200 if wanted == "ok" else int(wanted)), (method, url, who, answer.text)
                assert answer.status_code < 400 or answer.mimetype == "application/problem+json"
    assert everything(app) == before


def test_tokens_that_ended_open_nothing_anywhere(app: Flask, people: Cast, programs: dict[str, Program]) -> None:
    expire(app)
    for method, _name, url, *_expected in ROWS:
        assert programs["ada"].open(url, method=method).status_code == 401, url


def test_a_signed_in_browser_is_a_stranger_to_the_api(app: Flask, people: Cast, ada: Browser) -> None:
    furnish(app, people)
    for method, _name, url, gast, *_expected in ROWS:
        answer = ada.open(f"/api/v1{url}", method=method)
        assert answer.status_code == (200 if gast == "ok" else int(gast)), url


def test_every_operation_has_its_row(board: Flask) -> None:
    rows = {(method, name) for method, name, *_rest in ROWS}
    assert rows == {(operation.method, operation.name) for operation in OPERATIONS} | {("GET", "document")}
    adapter = board.url_map.bind("localhost")
    for method, name, url, *_outcomes in ROWS:
        assert adapter.match(f"/api/v1{url}".partition("?")[0], method=method)[0] == f"api.{name}"
