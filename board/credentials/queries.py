"""What a link opens."""

from sqlalchemy import select

from board.accounts import links
from board.accounts.models import Person
from board.accounts.queries import by_email
from board.credentials.models import Proof
from board.db import db
from board.errors import Missing
from board.i18n import gettext as _


def proof(purpose: str, token: str, *, locked: bool = False) -> Proof:
    """The proof behind a link. Raises Missing for one that was used, replaced or is too old."""
    query = select(Proof).where(Proof.link_hash == links.kept(token), Proof.purpose == purpose)
    found = db.session.scalar(query.with_for_update() if locked else query)
    if found is None or not found.open:
        raise Missing(_("This link is no longer valid. Please ask for a new one."))
    return found


def resetting(found: Proof) -> Person:
    """Whose password a link sets. Raises Missing for an unknown or closed account."""
    person = by_email(found.email)
    if person is None or person.disabled_at is not None:
        raise Missing(_("This link is no longer valid. Please ask for a new one."))
    return person
