"""The job that empties the outbox: claim a mail, write its letter, hand it to the mail server, mark it sent."""

import smtplib
from email.message import EmailMessage

from flask import current_app
from sqlalchemy import select

from board.accounts.models import Person
from board.config import Smtp
from board.db import db, now
from board.i18n import speaking
from board.log import log
from board.mail import outbox, smtp
from board.mail.kinds import KINDS
from board.mail.letter import message
from board.mail.models import Mail

AT_ONCE = 200


def send_due() -> int:
    """Send what is due, at most so many in one turn; returns how many were sent. Without a mail server all stays.

    Bears several workers at once: each mail is claimed before it is sent.
    """
    server: Smtp | None = current_app.config["BOARD"].smtp
    n = 0
    if server is None or (mail := outbox.claim()) is None:
        return 0
    try:
        with smtp.connection(server) as connection:
            while mail is not None:
                n += _send(mail, connection, server.sender)
                mail = outbox.claim() if n < AT_ONCE else None
    except smtp.NotNow as why:
        log.warning("mail", problem=str(why))
        if mail is not None:
            outbox.put_off(mail, str(why), counts=False)
    return n


def _send(mail: Mail, connection: smtplib.SMTP, sender: str) -> bool:
    """Send one claimed mail, or note why not. Raises NotNow when the connection is no good."""
    to = _address(mail)
    if not to or mail.until <= now():
        outbox.give_up(mail, outbox.TOO_LATE if to else outbox.NOBODY)
        return False
    try:
        made = _written(mail, to, sender)
    except Exception as why:  # noqa: BLE001 - one letter that cannot be written must not hold back the others.
        log.error("letter", mail=mail.id, kind=mail.kind, exc_info=why)
        outbox.put_off(mail, type(why).__name__, counts=True)
        return False
    if made is None:
        outbox.give_up(mail, outbox.SAID_ALREADY)
        return False
    try:
        smtp.hand_over(connection, made, to)
    except smtp.Refused as why:
        log.warning("mail", mail=mail.id, kind=mail.kind, problem=str(why))
        if why.forever:
            outbox.give_up(mail, str(why))
        else:
            outbox.put_off(mail, str(why), counts=True)
        return False
    outbox.sent(mail)
    return True


def _written(mail: Mail, to: str, sender: str) -> EmailMessage | None:
    """The letter in the recipient's language. No snapshot is held afterwards, while the mail server thinks."""
    try:
        with speaking(mail.locale):
            letter = KINDS[mail.kind](mail)
            return message(letter, mail, to, sender) if letter else None
    finally:
        db.session.close()


def _address(mail: Mail) -> str:
    """Where it goes now: nowhere for a closed account; invented people of the demo have no mailbox."""
    if mail.person_id is None:
        return mail.address
    person = db.session.scalar(select(Person).where(Person.id == mail.person_id))
    if person is None or person.disabled_at is not None or person.is_invented:
        return ""
    return person.email
