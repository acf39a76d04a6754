"""A trial mail, sent at once and told step by step in plain words: what an administrator needs to set mail up."""

import secrets
from dataclasses import dataclass

from board.config import Smtp
from board.db import now
from board.i18n import gettext as _
from board.mail import smtp
from board.mail.kinds import trial
from board.mail.letter import message
from board.mail.models import Mail


@dataclass(frozen=True)
class Step:
    """One step of the dialogue: what was tried, whether it went well, what the mail server said or what helps."""

    what: str
    ok: bool
    told: str = ""


def try_out(server: Smtp | None, address: str) -> list[Step]:
    """Send a trial mail to an address; the steps up to the first that failed. Nothing is kept of it but the outcome."""
    if server is None:
        return [Step(_("A mail server is set"), False, _("Set BOARD_SMTP_URL and BOARD_MAIL_FROM, then start anew."))]
    done = [Step(_("A mail server is set"), True, f"{server.host}:{server.port}, {_security(server)}")]
    row = Mail(
        kind="trial", address=address, message_id=f"<{secrets.token_hex(16)}@trial>", created_at=now(), details={}
    )
    made = message(trial(row), row, address, server.sender)
    reached = Step(_("The mail server answers and lets the board in"), True)
    try:
        with smtp.connection(server) as connection:
            done.append(reached)
            smtp.hand_over(connection, made, address)
    except smtp.NotNow as why:
        failed = _("The mail server takes the mail") if reached in done else reached.what
        return [*done, Step(failed, False, f"{_helps(str(why))} ({why})")]
    except smtp.Refused as why:
        told = _("It refuses this mail for good.") if why.forever else _("It refuses this mail for now.")
        return [*done, Step(_("The mail server takes the mail"), False, f"{told} {_helps(str(why))} ({why})")]
    return [
        *done,
        Step(_("The mail server takes the mail"), True, _("Now look into the mailbox, also among junk mail.")),
    ]


def _security(server: Smtp) -> str:
    return {"starttls": "STARTTLS", "tls": "TLS"}.get(server.security, _("unencrypted"))


def _helps(problem: str) -> str:
    """What such a problem usually means."""
    for sign, words in (
        ("gaierror", _("The name of the mail server is unknown: check its spelling.")),
        ("Refused", _("Nobody listens there: check host and port, and whether a firewall is in between.")),
        ("imeout", _("No answer: check host and port, and whether a firewall is in between.")),
        ("NotSupported", _("The mail server offers no encryption on this port: try smtps:// or another port.")),
        ("Cert", _("The certificate of the mail server is not valid for this name.")),
        ("SSL", _("Encryption failed: smtps:// is for port 465, smtp:// for port 587.")),
        ("Authentication", _("User name or password is wrong.")),
        ("530", _("The mail server wants the board to sign in: put user and password into BOARD_SMTP_URL.")),
        ("SenderRefused", _("The mail server does not let the board send as BOARD_MAIL_FROM.")),
        ("550", _("The address is unknown, or the mail server passes on nothing for the board.")),
        ("554", _("The mail server passes on nothing for the board.")),
    ):
        if sign in problem:
            return words
    return _("The mail server's own log tells more.")
