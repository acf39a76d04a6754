"""A letter: what a mail says, written once and shown as plain text and as simple HTML.

Words are plain text in the recipient's language; addresses begin at the configured origin, never at a request's Host.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from flask import current_app

from board import templating
from board.i18n import current_locale
from board.mail.models import Mail


@dataclass(frozen=True)
class Item:
    """A line with an address to open, and a lesser note."""

    text: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Several lines under a heading; `more` is the address of all of them when not all are shown."""

    title: str
    items: Sequence[Item]
    more: Item | None = None


@dataclass(frozen=True)
class Letter:
    """What one mail says. `action` is the one thing to do; `why` says why the recipient gets it.

    `unsubscribe` is the address that ends mails of this sort by one click (RFC 8058), for mails that may be declined.
    """

    subject: str
    paragraphs: Sequence[str] = ()
    action: Item | None = None
    sections: Sequence[Section] = ()
    closing: Sequence[str] = ()
    why: str = ""
    unsubscribe: str = field(default="", repr=False)


def origin() -> str:
    """Where links in mail begin: the configured address; a demo without one is on this machine."""
    board = current_app.config["BOARD"]
    return board.origin or f"http://localhost:{board.port}"


def link(path: str) -> str:
    """The address of a page of the board."""
    return f"{origin()}{path}"


def message(letter: Letter, mail: Mail, to: str, sender: str) -> EmailMessage:
    """The mail as it travels; made from the same row and facts it is the same each time, to the byte."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = to
    made["Subject"] = " ".join(letter.subject.split())
    made["Date"] = format_datetime(mail.created_at)
    made["Message-ID"] = mail.message_id
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe:
        made["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        made["List-ID"] = f"Stadtrunde <mail.{parseaddr(sender)[1].rpartition('@')[2]}>"
    context = {"letter": letter, "home": origin()}
    made.set_content(templating.render("mail/letter.txt", current_locale(), context), cte="quoted-printable")
    html = templating.render("mail/letter.html", current_locale(), context)
    made.add_alternative(html, subtype="html", cte="quoted-printable")
    made["Content-Language"] = current_locale()
    made.set_boundary(f"=_{mail.message_id[1:33]}")
    return made
