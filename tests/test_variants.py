"""Variants: a partner's own, what bringing it back costs beside building anew, and the way back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Denied
from board.estimates import verbs as estimates
from board.partners import leaving
from board.partners.models import Partner
from board.policy import ANONYMOUS
from board.reuse import matrix
from board.reuse.filters import Filters
from board.variants import queries, verbs
from board.variants.models import Variant
from board.voting import queries as voting
from board.work import moves
from board.work.packages import locked
from tests import factories
from tests.conftest import Browser
from tests.people import Cast
from tests.test_matrix import use

URL = "/proposals/FV-1/variants"
SAID = {"differs": "Eigene Karte.", "repository": "https://git.example/karte", "branch": "aalen", "willing": "yes"}


@pytest.fixture
def feature(app: Flask, people: Cast) -> Flask:
    """FV-1 is being built: AP-1 of 25 days and AP-2 of 5."""
    with app.app_context():
        factories.make_proposal(people)
        factories.make_package(people, 1, effort=Decimal(25))
        factories.make_package(people, 1, effort=Decimal(5), title="Texte schreiben")
    return app


def send(client: Browser, url: str = URL, **data: str) -> Any:
    return client.post(url, data=data, partial=True, target="variants-1")


def read(by: object = ANONYMOUS) -> queries.Variants:
    return queries.of_proposal(voting.get(1), by)  # type: ignore[arg-type]


def test_bringing_a_variant_back_stands_beside_building_anew_as_sums_of_packages(
    feature: Flask, ada: Browser, gast: Browser
) -> None:
    assert send(ada, **SAID).status_code == 200
    send(ada, "/variants/1/packages", lines="Karte zurückführen | 4\nTesten | 2")
    page = gast.get("/proposals/FV-1").text
    assert "Gibt es als Variante in Aalen, Rückführung" in page
    assert "≈ 6 PT" in page
    assert "≈ 30 PT" in page
    for words in ("Eigene Karte.", "https://git.example/karte", "aalen", "AP-3", "würde sie zurückführen"):
        assert words in page


def test_twice_the_same_packages_are_created_once_and_unknown_effort_is_said(feature: Flask, ada: Browser) -> None:
    send(ada, **SAID)
    for _ in range(2):
        answer = send(ada, "/variants/1/packages", lines="Karte zurückführen | 4\nTesten")
    assert "1 Arbeitspaket noch ohne Aufwand" in answer.text
    with feature.app_context():
        (own,) = read().items
        assert (own.cost.days, own.cost.n, own.cost.open) == (4, 2, 1)
        assert read().new.days == 30


def test_the_way_back_ends_when_its_packages_are_done(feature: Flask, people: Cast, ada: Browser) -> None:
    ada_, pia = people.ada.actor, people.pia.actor
    send(ada, **SAID)
    send(ada, "/variants/1/packages", lines="Karte zurückführen | 4")
    assert send(ada, "/variants/1/begin").status_code == 200
    refused = send(ada, "/variants/1/finish")
    assert refused.status_code == 409
    assert "noch nicht fertig sind: 1" in refused.text
    with feature.app_context():
        factories.claim(3, ada_)
        for move in (moves.start, moves.submit, moves.finish):
            with transaction():
                move(locked(3), ada_)
        with transaction():
            verbs.finish_return(verbs.locked(1), pia)
        assert read().items[0].state == "returned"
        assert matrix.matrix(Filters(), ANONYMOUS).rows == ()
        verbs_told = db.session.scalars(
            select(Activity.verb).where(Activity.verb.startswith("variant.")).order_by(Activity.id)
        ).all()
    assert verbs_told == ["variant.record", "variant.divide", "variant.begin_return", "variant.finish_return"]
    assert "Gibt es als Variante" not in ada.get("/proposals/FV-1").text


@pytest.mark.parametrize("willing", ["no", "open"])
def test_only_a_willing_partner_s_variant_comes_back(feature: Flask, ada: Browser, willing: str) -> None:
    send(ada, **SAID | {"willing": willing})
    assert send(ada, "/variants/1/begin").status_code == 409
    divided = send(ada, "/variants/1/packages", lines="Karte | 4")
    assert divided.status_code == (409 if willing == "no" else 200)


def test_what_returns_stays_willing_and_is_stopped_first(feature: Flask, people: Cast) -> None:
    by = people.ada.actor
    with feature.app_context():
        factories.vary(by, 1)
        with transaction():
            verbs.begin_return(verbs.locked(1), by)
        for refused in (
            lambda p: verbs.record(p, verbs.Said("Doch nicht.", willing="no"), by),
            lambda p: verbs.remove(p, by),
        ):
            with pytest.raises(Conflict), transaction():
                refused(factories.ballots.locked(1, by))
        with transaction():
            verbs.stop_return(verbs.locked(1), by)
            verbs.remove(factories.ballots.locked(1, by), by)
        assert read().items == ()


def test_nobody_moves_another_partner_s_variant(feature: Flask, people: Cast) -> None:
    with feature.app_context():
        factories.vary(people.ada.actor, 1)
        for who in (people.cleo, people.ben, people.rolf):
            for verb in (verbs.begin_return, verbs.stop_return, verbs.finish_return):
                with pytest.raises(Denied), transaction():
                    verb(verbs.locked(1), who.actor)


@pytest.mark.parametrize(("field", "value"), [("differs", ""), ("repository", "javascript:x"), ("willing", "maybe")])
def test_a_bad_form_keeps_what_was_typed(feature: Flask, ada: Browser, field: str, value: str) -> None:
    answer = send(ada, **SAID | {field: value})
    assert answer.status_code == 422
    assert 'value="aalen"' in answer.text
    bad = send(ada, "/variants/1/packages", lines="X")
    assert bad.status_code == 404


def test_packages_that_cannot_be_read_are_told_in_place(feature: Flask, ada: Browser) -> None:
    send(ada, **SAID)
    answer = send(ada, "/variants/1/packages", lines="Karte | viel")
    assert answer.status_code == 422
    assert "Karte | viel" in answer.text


def test_the_matrix_names_a_variant_of_one_s_own(feature: Flask, people: Cast, gast: Browser) -> None:
    with feature.app_context():
        use(1, people.ada)
        factories.vary(people.ada.actor, 1)
    assert "Aalen: im Einsatz, eigene Variante" in gast.get("/reuse").text


def test_a_variant_goes_over_where_partners_merge(feature: Flask, people: Cast) -> None:
    with feature.app_context():
        factories.vary(people.cleo.actor, 1)
        with transaction():
            old, into = db.session.get_one(Partner, people.celle), db.session.get_one(Partner, people.aalen)
            leaving.merge(old, into, factories.today(), people.dora.actor)
        assert db.session.scalar(select(Variant.partner_id)) == people.aalen


def test_where_no_package_has_an_effort_the_estimates_say_what_building_anew_takes(
    feature: Flask, people: Cast, gast: Browser
) -> None:
    with feature.app_context():
        factories.make_proposal(people)
        factories.vary(people.ada.actor, 2)
        with transaction():
            figures = estimates.Figures(20, 40, factories.today() + timedelta(days=30))
            estimates.make(factories.ballots.locked(2, people.ada.actor), people.ada.actor, figures)
    page = gast.get("/proposals/FV-2").text
    assert "Neu gebaut, laut Schätzung" in page
    assert "20–40 PT" in page
