"""Passwords: Argon2id, at most two at a time, and the same time spent whether the account exists or not."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 15
MAX_LENGTH = 256

_hasher = PasswordHasher()
_slots = BoundedSemaphore(2)
_nobody = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The Argon2id hash, with its parameters and salt."""
    with _slots:
        return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the password fits; for an unknown account (empty hash) it takes as long and says no."""
    with _slots:
        try:
            return _hasher.verify(password_hash or _nobody, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False
