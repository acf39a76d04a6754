"""Secrets at rest, of forges and second factors: AES-256-GCM with a key that is not in the database.

The key comes from BOARD_KEY, else from the file `key` in BOARD_DATA (made on first use, for its owner alone).
A box is nonce (12 bytes) + ciphertext; its purpose ("secret-<connection id>") is authenticated with it.
"""

import base64
import os
import secrets
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

NONCE = 12
KEY_BYTES = 32


class Unreadable(Exception):
    """A box cannot be opened: the key is another one than the one that closed it."""


def seal(text: str, purpose: str) -> bytes:
    """Encrypt."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher().encrypt(nonce, text.encode(), purpose.encode())


def unseal(box: bytes, purpose: str) -> str:
    """Decrypt; raises Unreadable."""
    try:
        return _cipher().decrypt(bytes(box[:NONCE]), bytes(box[NONCE:]), purpose.encode()).decode()
    except InvalidTag:
        raise Unreadable("The key in BOARD_DATA or BOARD_KEY does not fit this database.") from None


def _cipher() -> AESGCM:
    board = current_app.config["BOARD"]
    return _made(board.key, board.data)


@cache
def _made(given: str, data: Path) -> AESGCM:
    return AESGCM(base64.urlsafe_b64decode(given or _kept(data / "key")))


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".key-{secrets.token_hex(8)}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode())
        try:
            os.link(fresh, path)  # Never seen half written; the first process wins.
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
