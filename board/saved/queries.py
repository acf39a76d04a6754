"""Every way to read saved views."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, or_, select

from board.db import db, run
from board.errors import Missing
from board.i18n import gettext as _
from board.policy import Actor
from board.saved.models import ALL, PARTNER, SavedView


def _seen(by: Actor) -> list[object]:
    """The own ones, those shared with the own partner, those shared with everybody."""
    return [
        SavedView.person_id == by.person_id,
        SavedView.audience == ALL,
        (SavedView.audience == PARTNER) & (SavedView.partner_id == (by.partner_id or 0)),
    ]


_VIEWS = (
    select(
        SavedView.id,
        SavedView.name,
        SavedView.face,
        SavedView.query,
        SavedView.audience,
        SavedView.person_id,
        SavedView.partner_id,
        SavedView.beginning,
    )
    .where(
        (SavedView.person_id == bindparam("person"))
        | (SavedView.audience == ALL)
        | ((SavedView.audience == PARTNER) & (SavedView.partner_id == bindparam("partner")))
    )
    .order_by(SavedView.name, SavedView.id)
)
"""The same as `_seen`, built once: every list asks."""


def views(by: Actor) -> Sequence[Any]:
    """What a person may open, by name, as rows with the columns of `SavedView`; nothing for who is not signed in."""
    found: Sequence[Any] = run(_VIEWS, person=by.person_id, partner=by.partner_id or 0).all() if by.signed_in else ()
    return found


def locked(view_id: int, by: Actor) -> SavedView:
    """A view for a verb, inside a transaction. Raises Missing for one that the person may not see."""
    wanted = select(SavedView).where(SavedView.id == view_id, or_(*_seen(by))).with_for_update()  # type: ignore[arg-type]
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise Missing(_("There is no such view."))
    return found
