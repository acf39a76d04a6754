"""Programs of the named people: clients of the API that send a token, and nothing else that a browser would."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from board.accounts import tokens
from board.accounts.models import AccessToken, Person
from board.db import db, now, transaction
from board.policy import SCOPES
from tests.people import Who

FULL = tuple(scope for scope in SCOPES if scope != tokens.CALENDAR)
API = "/api/v1"


def token(app: Flask, who: Who, scopes: Collection[str] = FULL, *, days: int = 30) -> str:
    """A new token of this person, for the seat they have."""
    with app.app_context(), transaction():
        person = db.session.get_one(Person, who.person_id)
        return tokens.create(
            person, who.actor, name="Auswertung", scopes=scopes, membership_id=who.membership_id, days=days
        )


def expire(app: Flask) -> None:
    """All tokens have had their day."""
    with app.app_context(), transaction():
        db.session.execute(update(AccessToken).values(expires_at=now() - timedelta(seconds=1)))


class Program(FlaskClient):
    """Sends JSON, with the token it was given."""

    secret = ""

    def open(self, path: Any, *args: Any, headers: Mapping[str, str] | None = None, **kwargs: Any) -> Any:
        """One request; an address without `/api/v1` is one below it."""
        known = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        if isinstance(path, str) and not path.startswith((API, "/calendar")):
            path = API + path
        return super().open(path, *args, headers={**known, **(headers or {})}, **kwargs)


def program(app: Flask, secret: str = "") -> Program:
    """A client with this token, or a stranger's."""
    client = Program(app, app.response_class, use_cookies=False)
    client.secret = secret
    return client
