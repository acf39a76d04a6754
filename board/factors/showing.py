"""Showing a second factor: a code is tried, counted by the throttle, and what it used up is told."""

from flask import current_app, request

from board.accounts import notices, throttle
from board.db import transaction
from board.factors import codes
from board.i18n import gettext as _


def shown(person_id: int, given: str) -> str:
    """How the person has shown it (`totp`, `recovery`), or nothing; failures are throttled like those of passwords."""
    tried = attempt(f"code {person_id}")
    with transaction():
        factor = codes.use(person_id, given)
        if factor:
            throttle.forgive(tried)
        if factor == "recovery":
            notices.tell(person_id, "recovery_used")
    return factor


def attempt(account: str) -> throttle.Attempt:
    """One try at an account from this address, counted; TooMany where there were too many."""
    return throttle.attempt(current_app.config["BOARD"].secret_key, request.remote_addr or "", account)


def wrong_code() -> str:
    """What is said to a code that was not accepted."""
    return _("This code does not fit or was used already. The app shows a new one every 30 seconds.")
