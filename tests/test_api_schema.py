"""schemathesis against the API: whatever is sent, the answers are what the OpenAPI document says.

A trial of two sizes (docs/reliability.md). The board is one on which everything is there once.
"""

from typing import Any

import jsonschema
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from board.api.views import OPERATIONS
from tests.factories import make_world
from tests.long.trials import Trial
from tests.people import Cast
from tests.programs import program, token

CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_headers_conformance, checks.response_schema_conformance, checks.negative_data_rejection,
    checks.missing_required_header, checks.unsupported_method, checks.ignored_auth,
]  # fmt: skip
WHO = ("ada", "pia")
"""A delegate and a product owner: together they may do everything that the API has."""


def about_the_token(case: Any) -> bool:
    """Whether this request is bad because its token is missing or none: with ours it would be a good one."""
    mutations = case.meta.phase.data.mutations if case.meta else ()
    return any("Authorization" in (one.parameter, one.original_value) for one in mutations)


def attack(app: Flask, people: Cast, examples: int) -> int:
    """Send every operation so many good and so many bad requests, in turns by both; returns how many were answered."""
    with app.app_context():
        make_world(people)
    secrets = [token(app, getattr(people, who)) for who in WHO]
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    sent = 0
    for operation in (result.ok() for result in schema.get_all_operations()):
        for mode in GenerationMode:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
                phases=[Phase.generate], derandomize=True,
            )  # fmt: skip
            def ask(case: Any) -> None:
                nonlocal sent
                sent += 1
                headers = {} if about_the_token(case) else {"Authorization": f"Bearer {secrets[sent % 2]}"}
                case.call_and_validate(headers=headers, checks=CHECKS)

            try:
                ask()
            except Unsatisfiable:  # Where nothing is asked, nothing can be asked wrongly.
                assert mode is GenerationMode.NEGATIVE
                assert not operation.body
    return sent


@pytest.mark.trial("api", short=2, long=150)
def test_requests_of_every_kind_are_answered_as_the_document_says(app: Flask, people: Cast, trial: Trial) -> None:
    each = trial.whole()
    if not trial.long and app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        each = 1  # The same Python has been asked on SQLite just before.
    sent = attack(app, people, each)
    trial.count(operations=len(OPERATIONS), answered=sent, answered_otherwise=0)
    assert sent >= len(OPERATIONS) * each * 2 // 3, "few have nothing that can be asked wrongly"


def test_the_document_is_openapi_31_and_names_every_route(board: Flask) -> None:
    document = program(board).get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    named = {(path, method.upper()) for path, item in document["paths"].items() for method in item}
    assert named == {(operation.shown_path, operation.method) for operation in OPERATIONS}
    rules = [rule for rule in board.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    assert len(rules) == len(OPERATIONS) + 1
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("title"), name
