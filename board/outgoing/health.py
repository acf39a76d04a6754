"""How an endpoint is: in one word, and what is wrong in a sentence. Pure; tells times to the minute."""

from board.connections.health import Health, since
from board.i18n import gettext as _
from board.i18n import ngettext
from board.outgoing.models import Why
from board.outgoing.queries import EndpointLine
from board.outgoing.words import DISABLED


def health(line: EndpointLine) -> Health:
    """How it is now."""
    if line.disabled_at is not None:
        told = _(DISABLED[Why(line.disabled_why)])
        return Health("off", _("disabled"), () if line.disabled_why == Why.PERSON else (told,))
    warnings = tuple(_warnings(line))
    if warnings:
        return Health("warning", _("needs attention"), warnings)
    if line.last_good_at is None:
        return Health("waiting", _("waits for the first event"))
    return Health("good", _("works"))


def _warnings(line: EndpointLine) -> list[str]:
    found = []
    if line.failing_since is not None:
        found.append(
            _(
                "Messages are failing (first %(when)s). After five days without success the board disables it.",
                when=since(line.failing_since),
            )
        )
    if line.n_failed:
        found.append(
            ngettext(
                "%(n)s delivery has failed: look at the log and send it again.",
                "%(n)s deliveries have failed: look at the log and send them again.",
                line.n_failed,
            )
        )
    return found
