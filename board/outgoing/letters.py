"""Mail to whoever looks after an endpoint: deliveries fail, or the board has stopped trying."""

from urllib.parse import urlsplit

from sqlalchemy import select

from board.accounts.models import Person
from board.db import db
from board.i18n import gettext as _
from board.mail import outbox
from board.mail.letter import Item, Letter, link
from board.mail.models import Mail
from board.outgoing.models import Endpoint

N_ = str  # Marks a message id; it is translated where it is shown.

SAID = {
    "failed": N_("A message to %(host)s could not be delivered, though the board tried for three days."),
    "silent": N_("%(host)s has taken no message for five days. The board has disabled the outgoing webhook."),
    "gone": N_("%(host)s answered that it is gone (410). The board has disabled the outgoing webhook."),
}


def tell(endpoint: Endpoint, what: str) -> None:
    """Put the mail, in the transaction of what it tells; each time it fails anew, once of each sort."""
    began = int(endpoint.failing_since.timestamp()) if endpoint.failing_since else 0
    for person_id in _hearers(endpoint):
        once = f"outgoing-{endpoint.id}-{what}-{began}-{person_id}"
        outbox.put("outgoing", to=person_id, once=once, endpoint=endpoint.id, what=what)


def letter(mail: Mail) -> Letter | None:
    """What is wrong, and where to look; nothing once it was deleted, or works again."""
    endpoint = db.session.get(Endpoint, mail.details.get("endpoint"))
    what = str(mail.details.get("what"))
    if endpoint is None or endpoint.deleted_at is not None or what not in SAID:
        return None
    if endpoint.failing_since is None or (what != "failed" and endpoint.disabled_at is None):
        return None
    host = host_of(endpoint.url)
    return Letter(
        subject=_("Outgoing webhook to %(host)s fails", host=host),
        paragraphs=[
            _(SAID[what], host=host),
            _("What was not delivered stands in the log and can be sent again from there."),
        ],
        action=Item(_("Look at the webhook"), link(f"/outgoing/{endpoint.id}")),
        why=_("You receive this mail because you look after this webhook."),
    )


def host_of(url: str) -> str:
    """The host that an address names; the rest of it may hold a secret and is told nowhere."""
    return urlsplit(url).netloc


def _hearers(endpoint: Endpoint) -> list[int]:
    """Who made it, while they may still operate; otherwise the administration."""
    maker = db.session.get(Person, endpoint.person_id) if endpoint.person_id is not None else None
    if maker is not None and maker.disabled_at is None and (maker.is_admin or maker.is_product_owner):
        return [maker.id]
    wanted = select(Person.id).where(Person.is_admin, Person.disabled_at.is_(None)).order_by(Person.id)
    return list(db.session.scalars(wanted))
