"""Talking to the mail server: connect with the configured security, hand over, and say in plain words what went wrong.

Answers of mail servers repeat addresses; what is kept of them is the code and the enhanced status (RFC 3463) only.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from board.config import Smtp

SECONDS = 20
_STATUS = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")


class NotNow(Exception):
    """The mail server cannot be used at the moment; it says nothing about the mail."""


class Refused(Exception):
    """The mail server refused this mail; `forever` when trying again is no use."""

    def __init__(self, problem: str, *, forever: bool) -> None:
        super().__init__(problem)
        self.forever = forever


@contextmanager
def connection(smtp: Smtp) -> Iterator[smtplib.SMTP]:
    """A connection that has signed in. Raises NotNow."""
    try:
        server = _open(smtp)
    except (OSError, smtplib.SMTPException) as why:
        raise NotNow(_words(why)) from None
    try:
        yield server
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()


def _open(smtp: Smtp) -> smtplib.SMTP:
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if smtp.security == "tls":
        server = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=SECONDS)
    try:
        if smtp.security == "starttls":
            server.starttls(context=context)  # Raises when it is not offered: never silently unencrypted.
        if smtp.user:
            server.login(smtp.user, smtp.password)
    except BaseException:
        server.close()
        raise
    return server


def hand_over(server: smtplib.SMTP, mail: EmailMessage, to: str) -> None:
    """Give one mail to the server. Raises Refused, or NotNow when the connection is lost."""
    try:
        server.send_message(mail, to_addrs=[to])
    except smtplib.SMTPRecipientsRefused as why:
        code, text = next(iter(why.recipients.values()))
        raise _refused(code, text) from None
    except smtplib.SMTPServerDisconnected as why:
        raise NotNow(_words(why)) from None
    except smtplib.SMTPSenderRefused as why:
        raise NotNow(_words(why)) from None  # The sender is the same for all mail: this one is not to blame.
    except smtplib.SMTPResponseException as why:
        raise _refused(why.smtp_code, why.smtp_error) from None
    except (smtplib.SMTPNotSupportedError, UnicodeError, ValueError) as why:
        raise Refused(type(why).__name__, forever=True) from None
    except OSError as why:
        raise NotNow(_words(why)) from None


def _refused(code: int, text: bytes | str) -> Refused:
    return Refused(_answer(code, text), forever=500 <= code < 600)


def _answer(code: int, text: bytes | str) -> str:
    status = _STATUS.search(text if isinstance(text, bytes) else text.encode())
    return f"{code} {status.group().decode()}" if status else str(code)


def _words(why: Exception) -> str:
    if isinstance(why, smtplib.SMTPResponseException):
        return f"{type(why).__name__} {_answer(why.smtp_code, why.smtp_error)}"
    return f"{type(why).__name__}: {why.strerror}" if isinstance(why, OSError) and why.strerror else type(why).__name__
