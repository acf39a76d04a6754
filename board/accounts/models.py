"""People, memberships, sessions, devices, second factors, identities at providers, and the throttle."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.accounts.names import PersonName
from board.db import Base, now
from board.partners.models import Partner


class Role(enum.StrEnum):
    """What a membership allows: a delegate casts the partner's ballot."""

    MEMBER = "member"
    DELEGATE = "delegate"


class Person(Base):
    """A human being with an account. Rows are never deleted: erasing turns them into a pseudonym."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(PersonName)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    is_product_owner: Mapped[bool] = mapped_column(default=False)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_host: Mapped[bool] = mapped_column(default=False, server_default=false())
    locale: Mapped[str | None] = mapped_column(String(2))
    theme: Mapped[str | None] = mapped_column(String(8))
    seen_activity: Mapped[int] = mapped_column(default=0)
    visit_activity: Mapped[int] = mapped_column(default=0)
    visited_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    @property
    def is_invented(self) -> bool:
        """Whether this is one of the demo's people; they can sign in to a demo only, their password is public."""
        return self.email.endswith("@demo.example")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: the person is the actor, nothing else."""
        return {}


class Membership(Base):
    """A person's place in a partner; ended, never deleted.

    A member who stands in counts as delegate from `deputy_from` to `deputy_until`, both days included.
    """

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_live",
            "person_id",
            "partner_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("role IN ('member', 'delegate')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    role: Mapped[str] = mapped_column(String(10), default=Role.MEMBER)
    deputy_from: Mapped[date | None]
    deputy_until: Mapped[date | None]
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"about_id": self.partner_id}


class Device(Base):
    """A browser in which a person has signed in before; its cookie holds a token that changes at each sign-in.

    Until `remembered_until` the person signs in there without the second factor. Known, it is no news by mail.
    """

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    browser: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    remembered_until: Mapped[datetime | None]


class LoginSession(Base):
    """A signed-in browser. The cookie holds a random token, the row only its hash.

    `factor` says how the second factor was shown (empty: not at all), `proved_at` when the person last showed that it
    is they; `remembered_until` stands on a device that is remembered, where the session bears more silence.
    """

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    flashes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    browser: Mapped[str] = mapped_column(String(40), default="")
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    remembered_until: Mapped[datetime | None]
    factor: Mapped[str] = mapped_column(String(10), default="")
    proved_at: Mapped[datetime | None]

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {}


class Authenticator(Base):
    """A person's app for one-time codes: its secret, sealed, and the last time step that was used (never twice)."""

    __tablename__ = "authenticator"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret_box: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class RecoveryCode(Base):
    """One of ten codes for the day on which the app is lost; kept as a hash, used once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class Identity(Base):
    """A person's account at an identity provider: the pair (issuer, subject) and nothing else makes it out."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class AccessToken(Base):
    """By which a person's programs use the API and their calendar: a random token, of which the row holds the hash.

    It acts in one of the person's seats (None: in none) and never gives more than they may at that moment. `ending`
    are its last letters, to tell several apart; `scopes` are keys of `policy.SCOPES`, `factor` is how the second
    factor had been shown when it was made.
    """

    __tablename__ = "access_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ending: Mapped[str] = mapped_column(String(4))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    name: Mapped[str] = mapped_column(String(60))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    factor: Mapped[str] = mapped_column(String(10), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Suggestion(Base):
    """A seat that an identity provider's groups propose; an administrator decides, nothing follows by itself."""

    __tablename__ = "suggestion"
    __table_args__ = (UniqueConstraint("person_id", "partner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"about_id": self.partner_id}


class Throttle(Base):
    """Failures per key (a keyed hash of an address or account) and window; shared by processes and nodes."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
