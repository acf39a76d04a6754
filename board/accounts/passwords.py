"""Passwords: what is too weak, Argon2id, at most two at a time, and the same time for accounts that do not exist."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from board.errors import Busy
from board.i18n import gettext as _

MIN_LENGTH = 15
MIN_LENGTH_WITH_FACTOR = 8
MAX_LENGTH = 256
WAIT_SECONDS = 5

# What is left of a password without the words that everybody tries first must still be something.
COMMON = Path(__file__).with_name("common.txt")
MIN_REST = 6
MIN_VARIETY = 5
LOOKALIKES = str.maketrans("0134578@$!€", "oieastbasie")
BOARD = ("stadtrunde",)

_hasher = PasswordHasher()
_slots = BoundedSemaphore(2)
# The hash of a password that nobody knows, made with the same parameters (a test looks), not when each process starts.
_nobody = "$argon2id$v=19$m=65536,t=3,p=4$KdSa4Zy1omXZBfZQNNsTyQ$z5u71chVOP3+OJaJHH6jjkPan4QXgynJHlVLFFgAk3g"


def objection(password: str, *about: str, second_factor: bool = False) -> str:
    """Why this password is refused, in the person's language, or nothing. `about`: e-mail address, name, partners.

    Alone it needs 15 characters, beside a second factor 8. There are no rules about kinds of characters, nothing is
    trimmed or cut; common words and those about the person (also with 4 for a) do not count.
    """
    shortest = MIN_LENGTH_WITH_FACTOR if second_factor else MIN_LENGTH
    if len(password) < shortest:
        return _("The password needs at least %(n)s characters; several words in a row are fine.", n=shortest)
    if len(password) > MAX_LENGTH:
        return _("The password may have at most %(n)s characters.", n=MAX_LENGTH)
    lowered = password.lower()
    for spelling in (lowered, lowered.translate(LOOKALIKES)):
        rest = spelling
        for word in (*_words_of(about), *common()):
            rest = rest.replace(word, "")
        if len(rest) < MIN_REST or len(set(rest)) < MIN_VARIETY:
            return _(
                "This password is easy to guess. Choose several words that have nothing to do with you or this board."
            )
    return ""


@cache
def common() -> tuple[str, ...]:
    """The blocklist that comes with the board, the longest words first."""
    lines = COMMON.read_text("utf-8").splitlines()
    return tuple(sorted({line for line in lines if line and not line.startswith("#")}, key=len, reverse=True))


def _words_of(about: tuple[str, ...]) -> list[str]:
    """The texts themselves and their words of three letters and more, the longest first."""
    found = {part for text in (*about, *BOARD) for part in (text.lower(), *re.split(r"[\s@.,_-]+", text.lower()))}
    return sorted((part for part in found if len(part) > 2), key=len, reverse=True)


def hash_password(password: str) -> str:
    """The Argon2id hash, with its parameters and salt."""
    with _slot():
        return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the password fits; for an unknown account (empty hash) it takes as long and says no."""
    with _slot():
        try:
            return _hasher.verify(password_hash or _nobody, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's, so that it should be made anew."""
    return _hasher.check_needs_rehash(password_hash)


@contextmanager
def _slot() -> Iterator[None]:
    """Hashing takes a processor and 64 MB: two at a time, others wait briefly (Busy), so pages stay fast."""
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _slots.release()
