"""Asking a partner whether an entry that has grown old still holds: by mail, answered by one button without signing in.

The address in the mail is signed; opening it changes nothing (mail scanners open every link). The answer counts as that
delegate's, as long as the person still is one.
"""

from dataclasses import dataclass
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from board.accounts.models import Membership, Person, Role
from board.accounts.session import as_actor
from board.activity.models import act
from board.db import db, now, transaction
from board.i18n import gettext as _
from board.i18n import spoken, today
from board.mail import outbox
from board.mail.letter import Item, Letter, Section, link
from board.mail.models import Mail
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal, touch
from board.proposals.states import State
from board.reuse.old import is_old
from board.voting.models import Reuse

VALID = 60 * 60 * 24 * 30
SHOWN = 12


@dataclass(frozen=True)
class Asked:
    """One entry that is asked about, and who is asked."""

    reuse: Reuse
    title: str
    partner: Partner
    actor: Actor

    @property
    def key(self) -> str:
        """The proposal's key."""
        return f"FV-{self.reuse.proposal_id}"

    @property
    def holds(self) -> bool:
        """Whether it has been confirmed today, so that nothing is left to ask."""
        return self.reuse.confirmed_on == today()


def ask_due() -> None:
    """Put a mail into the outbox for each delegate whose partner has old entries: at most one a month."""
    month = f"{today():%Y-%m}"
    seats = db.session.execute(
        select(Membership.person_id, Membership.partner_id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.role == Role.DELEGATE,
            Membership.ended_at.is_(None),
            Person.disabled_at.is_(None),
            Membership.partner_id.in_(select(Reuse.partner_id).where(is_old())),
        )
    ).all()
    for person_id, partner_id in seats:
        with transaction():
            outbox.put("reuse_old", to=person_id, partner=partner_id, once=f"reuse-{month}-{partner_id}-{person_id}")


def letter(mail: Mail) -> Letter | None:
    """What the mail says now; None when everything has been confirmed since."""
    partner = db.session.get_one(Partner, mail.details["partner"])
    rows = db.session.execute(
        select(Reuse.id, Proposal.id.label("proposal"), Proposal.title, Proposal.title_en)
        .join(Proposal, Proposal.id == Reuse.proposal_id)
        .where(Reuse.partner_id == partner.id, is_old())
        .order_by(Reuse.confirmed_on, Reuse.id)
    ).all()
    if not rows or mail.person_id is None:
        return None
    items = [
        Item(f"FV-{r.proposal} {_title(r)}", link(f"/reuse/confirm/{token(r.id, mail.person_id)}"))
        for r in rows[:SHOWN]
    ]
    more = Item(_("All entries to be confirmed"), link(f"/reuse?partner={partner.slug}&old=1"))
    return Letter(
        subject=_("Does %(partner)s still use this?", partner=partner.name),
        paragraphs=[
            _("Nobody has confirmed these entries of %(partner)s for six months. Others rely on them when they look "
              "for experience. One click on a line, one on the button, without signing in.", partner=partner.name),
        ],
        sections=[Section(_("To be confirmed"), items, more)],
        why=_("You receive this mail because you are a delegate of %(partner)s.", partner=partner.name),
    )  # fmt: skip


def token(reuse_id: int, person_id: int) -> str:
    """What stands in the address: the entry and who is asked, signed, valid for 30 days."""
    return _signer().dumps([reuse_id, person_id])


def asked(signed: str, *, locked: bool = False) -> Asked | None:
    """The entry behind an address; None when it is forged or too old, the person is no delegate any more, or the
    proposal was merged.
    """
    try:
        reuse_id, person_id = _signer().loads(signed, max_age=VALID)
    except (BadData, TypeError, ValueError):
        return None
    query = select(Reuse).where(Reuse.id == reuse_id)
    reuse = db.session.scalar(query.with_for_update() if locked else query)
    if reuse is None:
        return None
    person = db.session.get_one(Person, person_id)
    seat = db.session.scalar(
        select(Membership).where(
            Membership.person_id == person_id,
            Membership.partner_id == reuse.partner_id,
            Membership.role == Role.DELEGATE,
            Membership.ended_at.is_(None),
        )
    )
    if seat is None or person.disabled_at is not None:
        return None
    partner = db.session.get_one(Partner, reuse.partner_id)
    proposal = db.session.get_one(Proposal, reuse.proposal_id)
    if proposal.state == State.MERGED:
        return None
    return Asked(reuse, _title(proposal), partner, as_actor(person, seat, partner))


def confirm(found: Asked) -> None:
    """The entry still holds, as of today. Repeating it on the same day is harmless."""
    if found.holds:
        return
    act(found.actor, "reuse.confirm", found.reuse)
    found.reuse.confirmed_on, found.reuse.changed_at = today(), now()
    found.reuse.person_id, found.reuse.version = found.actor.person_id, found.reuse.version + 1
    touch(found.reuse.proposal_id)


def _title(row: Any) -> str:
    return spoken(row.title, row.title_en)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="reuse-confirm")
