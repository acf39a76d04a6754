"""Passwords: what is too weak, Argon2id, at most two at a time, and the same time for accounts that do not exist."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from board.errors import Busy
from board.i18n import gettext as _

MIN_LENGTH = 15
MAX_LENGTH = 256
WAIT_SECONDS = 5

# Words that everybody tries here first; what is left of a password without them must still be something.
COMMON = (
    "gemeinsam-stadt-app", "gemeinsam", "correct horse battery staple", "passwort", "password", "kennwort", "geheim",
    "secret", "willkommen", "welcome", "hallo", "admin", "stadtrunde", "stadtverwaltung", "rathaus", "kommune",
    "qwertzuiop", "qwertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm", "iloveyou", "letmein", "01234567890",
    "1234567890", "0987654321", "123", "sommer", "winter",
)  # fmt: skip
MIN_REST = 6
MIN_VARIETY = 5

_hasher = PasswordHasher()
_slots = BoundedSemaphore(2)
_nobody = _hasher.hash("nobody has this password")


def objection(password: str, *about: str) -> str:
    """Why this password is refused, in the person's language, or nothing. `about`: e-mail address, name, partner."""
    if len(password) < MIN_LENGTH:
        return _("The password needs at least %(n)s characters; several words in a row are fine.", n=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return _("The password may have at most %(n)s characters.", n=MAX_LENGTH)
    words = {
        part for text in about for part in (text.lower(), *text.lower().replace("@", " ").split()) if len(part) > 2
    }
    rest = password.lower()
    for word in (*sorted(words, key=len, reverse=True), *COMMON):
        rest = rest.replace(word, "")
    if len(rest) < MIN_REST or len(set(rest)) < MIN_VARIETY:
        return _("This password is easy to guess. Choose several words that have nothing to do with you or this board.")
    return ""


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


@contextmanager
def _slot() -> Iterator[None]:
    """Hashing takes a processor and 64 MB: two at a time, others wait briefly (Busy), so pages stay fast."""
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _slots.release()
