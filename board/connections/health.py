"""How a connection is: what its operator must do, in one word and one sentence. Pure; tells times to the minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from board.db import now
from board.i18n import gettext as _
from board.i18n import ngettext
from board.issues.connection_queries import ConnectionLine

SILENT = timedelta(days=14)
"""A forge that has said nothing for so long may have disabled its webhook; most projects move more often."""


@dataclass(frozen=True)
class Health:
    """`kind` is good, waiting, warning or off; `label` its word; `warnings` what is wrong and what helps."""

    kind: str
    label: str
    warnings: tuple[str, ...] = ()


def health(line: ConnectionLine) -> Health:
    """How it is now."""
    if line.disabled:
        return Health("off", _("disabled"))
    warnings = tuple(_warnings(line))
    if warnings:
        return Health("warning", _("needs attention"), warnings)
    if line.last_delivery_at is None:
        return Health("waiting", _("waits for the first delivery"))
    return Health("good", _("works"))


def _warnings(line: ConnectionLine) -> list[str]:
    found = []
    if line.n_failed:
        found.append(
            ngettext(
                "%(n)s delivery could not be applied: look at the log and replay it.",
                "%(n)s deliveries could not be applied: look at the log and replay them.",
                line.n_failed,
            )
        )
    if line.refused_at and (line.last_delivery_at is None or line.refused_at > line.last_delivery_at):
        found.append(
            _(
                "Requests with a wrong or missing signature were refused, the last one %(when)s: "
                "does the forge use the right secret?",
                when=since(line.refused_at),
            )
        )
    if line.n_waiting:
        found.append(
            ngettext(
                "%(n)s repository waits for your choice.", "%(n)s repositories wait for your choice.", line.n_waiting
            )
        )
    if line.last_delivery_at and now() - line.last_delivery_at > SILENT:
        days = (now() - line.last_delivery_at).days
        found.append(
            _("Silent for %(n)s days. Forges disable webhooks after errors: look at its settings there.", n=days)
        )
    return found


def since(when: datetime) -> str:
    """3 h ago: to the minute, since these pages are never kept."""
    minutes = int((now() - when).total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _("%(n)s min ago", n=minutes)
    if minutes < 48 * 60:
        return _("%(n)s h ago", n=minutes // 60)
    return ngettext("%(n)s day ago", "%(n)s days ago", minutes // (24 * 60))
