"""Every way to read identities and what their providers suggest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from board.accounts.models import Identity, Person, Suggestion
from board.db import db
from board.oidc import Provider
from board.partners.models import Partner


def of_person(person_id: int) -> list[Identity]:
    """With which providers' accounts a person signs in."""
    return list(db.session.scalars(select(Identity).where(Identity.person_id == person_id).order_by(Identity.id)))


def providers_of(person_id: int, providers: Sequence[Provider]) -> list[Provider]:
    """The providers with which a person can show who they are."""
    issuers = {identity.issuer for identity in of_person(person_id)}
    return [provider for provider in providers if provider.issuer in issuers]


def behind(issuer: str, subject: str) -> Identity | None:
    """The identity behind a provider's account."""
    return db.session.scalar(select(Identity).where(Identity.issuer == issuer, Identity.subject == subject))


@dataclass(frozen=True)
class Suggested:
    """A suggested seat, as administrators see it."""

    id: int
    person: str
    email: str
    partner: str
    slug: str
    issuer: str
    created_at: datetime


def suggestions() -> list[Suggested]:
    """What waits for an administrator, the oldest first."""
    rows = db.session.execute(
        select(
            Suggestion.id, Person.name, Person.email, Partner.name, Partner.slug, Suggestion.issuer,
            Suggestion.created_at,
        )
        .join(Person, Person.id == Suggestion.person_id)
        .join(Partner, Partner.id == Suggestion.partner_id)
        .where(Suggestion.decided_at.is_(None))
        .order_by(Suggestion.id)
    )  # fmt: skip
    return [Suggested(*row) for row in rows]
