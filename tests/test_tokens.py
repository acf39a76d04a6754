"""Access tokens: made and revoked by their person, shown once, kept as a hash, ended with what they stand on."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.accounts import closing, tokens
from board.accounts.models import AccessToken, LoginSession, Membership, Person, Throttle
from board.activity.models import Activity
from board.db import db, now, transaction
from board.errors import Conflict, Denied, Missing, Refusal
from board.mail.models import Mail
from board.policy import SCOPES, VERBS, Actor, allowed
from board.tokens.words import SCOPES as WORDS
from tests.conftest import Browser
from tests.people import Cast
from tests.programs import FULL, expire, program, token

SHOWN = re.compile(r"strd_[A-Za-z0-9_-]{43}")


def form(**changes: object) -> dict[str, object]:
    return {"name": "Auswertung", "scopes": ["read", "vote"], "days": "90", "seat": "", **changes}


def test_a_token_is_shown_once_kept_as_a_hash_and_works_at_once(app: Flask, people: Cast, ada: Browser) -> None:
    page = ada.post("/account/tokens", data=form(seat=str(people.ada.membership_id)))
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    secret = SHOWN.findall(page.text)[0]
    assert not SHOWN.search(ada.get("/account/tokens").text), "shown once"
    assert f"…{secret[-4:]}" in ada.get("/account/tokens").text
    with app.app_context():
        kept = db.session.scalars(select(AccessToken)).one()
        assert secret not in repr(vars(kept))
        assert kept.expires_at > now() + timedelta(days=89)
    me = program(app, secret).get("/me").json
    assert me["partner"] == {"slug": "aalen", "name": "Aalen"}
    assert (me["role"], me["may_vote"], me["scopes"]) == ("delegate", True, ["read", "vote"])


def test_making_one_is_told_by_mail_and_stands_in_ones_own_log_alone(
    app: Flask, people: Cast, ada: Browser, ben: Browser
) -> None:
    ada.post("/account/tokens", data=form())
    with app.app_context():
        assert db.session.scalars(select(Mail.kind).where(Mail.person_id == people.ada.person_id)).all() == ["access"]
        assert db.session.scalars(select(Activity.verb).where(Activity.verb.like("token.%"))).all() == ["token.create"]
    assert "Zugriffstoken erstellt" in ada.get("/account").text
    assert "Zugriffstoken erstellt" not in ben.get("/activity").text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"scopes": []}, "mindestens"),
        ({"scopes": ["read", "calendar"]}, "bitte zwei"),
        ({"scopes": ["everything"]}, "steht nicht zur Auswahl"),
        ({"name": ""}, "Name"),
        ({"days": "4000"}, "Bitte wählen Sie einen der angebotenen Werte."),
        ({"seat": "999999"}, "Bitte wählen Sie einen der angebotenen Werte."),
    ],
)
def test_a_bad_form_is_kept_and_makes_nothing(
    app: Flask, people: Cast, ada: Browser, changes: dict[str, object], why: str
) -> None:
    answer = ada.post("/account/tokens", data=form(**changes))
    assert answer.status_code == 422
    assert why.lower() in answer.text.lower()
    with app.app_context():
        assert not db.session.scalar(select(func.count(AccessToken.id)))


def test_the_verb_itself_refuses_foreign_seats_long_days_and_too_many(app: Flask, people: Cast) -> None:
    with app.app_context(), transaction():
        ada = db.session.get_one(Person, people.ada.person_id)

        def make(**changes: object) -> str:
            given = {"name": "x", "scopes": ["read"], "membership_id": None, "days": 1, **changes}
            return tokens.create(ada, people.ada.actor, **given)

        with pytest.raises(Missing):
            make(membership_id=people.cleo.membership_id)
        for bad in ({"days": 366}, {"days": 0}, {"scopes": ["admin"]}, {"scopes": ["read", "calendar"]}):
            with pytest.raises(Refusal):
                make(**bad)
        for _n in range(tokens.MOST):
            make()
        with pytest.raises(Conflict):
            make()
        with pytest.raises(Denied):
            tokens.create(ada, people.ben.actor, name="x", scopes=["read"], membership_id=None, days=1)


def test_an_old_proof_of_who_one_is_does_not_make_a_token(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context(), transaction():
        for session in db.session.scalars(select(LoginSession)):
            session.proved_at = now() - timedelta(hours=13)
    assert ada.get("/account/tokens").headers["Location"].startswith("/confirm")
    assert ada.post("/account/tokens", data=form()).status_code == 401
    with app.app_context():
        assert not db.session.scalar(select(func.count(AccessToken.id)))


def test_revoked_expired_and_unknown_tokens_open_nothing(app: Flask, people: Cast, ada: Browser, ben: Browser) -> None:
    secret, other = token(app, people.ada), token(app, people.ben)
    assert ben.post("/account/tokens/1/revoke").status_code == 404
    assert program(app, secret).get("/me").status_code == 200
    assert ada.post("/account/tokens/1/revoke").status_code == 303
    refused = program(app, secret).get("/proposals")
    assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert program(app, other).get("/me").status_code == 200
    expire(app)
    for bad in (other, "strd_" + "x" * 43, "nonsense", secret[:-1]):
        assert program(app, bad).get("/proposals").status_code == 401, "also where strangers may read"


def test_it_ends_with_the_account_with_the_seat_and_with_signing_out_everywhere(
    app: Flask, people: Cast, ada: Browser
) -> None:
    disabled, seat, everywhere = token(app, people.ben), token(app, people.cleo), token(app, people.ada)
    with app.app_context(), transaction():
        person = db.session.get_one(Person, people.ben.person_id)
        closing.disable(person, people.dora.actor)
        closing.enable(person, people.dora.actor)
        db.session.get_one(Membership, people.cleo.membership_id).ended_at = now()
    assert program(app, disabled).get("/me").status_code == 401, "opening the account again brings no token back"
    assert program(app, seat).get("/me").status_code == 401
    ada.post("/sign-out-everywhere")
    assert program(app, everywhere).get("/me").status_code == 401


def test_it_gives_what_its_person_may_now_and_not_what_they_might_then(app: Flask, people: Cast) -> None:
    secret = token(app, people.ada)
    with app.app_context(), transaction():
        db.session.get_one(Membership, people.ada.membership_id).role = "member"
    assert program(app, secret).get("/me").json["may_vote"] is False


def test_who_needs_a_second_factor_and_had_none_then_is_refused_until_it_is_there(
    app: Flask, people: Cast, other: object
) -> None:
    secret = token(app, people.ada)
    strict = other(BOARD_SECOND_FACTOR="delegate")  # type: ignore[operator]
    refused = program(strict, secret).get("/me")
    assert (refused.status_code, refused.json["type"].rpartition("#")[2]) == (403, "second-factor-missing")


def test_guessing_is_throttled_and_what_is_no_token_costs_no_query(app: Flask, people: Cast) -> None:
    stranger = program(app, "strd_" + "x" * 43)
    answers = [stranger.get("/me").status_code for _n in range(32)]
    assert answers[:30] == [401] * 30
    assert answers[-1] == 429
    assert int(stranger.get("/me").headers["Retry-After"]) > 0
    with app.app_context():
        before = db.session.scalar(select(func.sum(Throttle.failures)))
    assert program(app, "strd_short").get("/me").status_code == 401
    with app.app_context():
        assert db.session.scalar(select(func.sum(Throttle.failures))) == before


def test_it_is_recognised_under_the_api_alone_and_cookies_are_not(app: Flask, people: Cast, ada: Browser) -> None:
    bearer = {"Authorization": f"Bearer {token(app, people.ada)}"}
    stranger = app.test_client()
    assert stranger.get("/account", headers=bearer).status_code == 401
    assert ada.get("/account").status_code == 200
    assert ada.get("/api/v1/me").status_code == 401


def test_the_last_use_is_kept_roughly(app: Flask, people: Cast) -> None:
    client = program(app, token(app, people.ada))
    client.get("/me")
    with app.app_context():
        first = db.session.scalar(select(AccessToken.used_at))
    client.get("/me")
    with app.app_context():
        assert db.session.scalar(select(AccessToken.used_at)) == first is not None


def test_scopes_open_verbs_that_exist_and_never_those_that_ask_again() -> None:
    opened = set().union(*SCOPES.values())
    assert opened <= VERBS.keys()
    assert SCOPES.keys() == WORDS.keys()
    out_of_reach = ("person.", "session.", "factor.", "token.", "identity.", "invitation.", "membership.", "partner.",
                    "setting.", "connection.", "rule.", "topic.", "ballot.carry", "proposal.accept", "proposal.defer",
                    "proposal.decline", "proposal.reopen", "consent.pass")  # fmt: skip
    assert not [verb for verb in opened if verb.startswith(out_of_reach)]
    everything = Actor(person_id=1, is_admin=True, is_product_owner=True, scopes=frozenset(FULL))
    assert not allowed(everything, "proposal.accept")
