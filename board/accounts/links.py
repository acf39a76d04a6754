"""One-time links in mail: a token of 256 bits that is written nowhere, derived from the row's nonce and our secret.

The row keeps the nonce and the token's hash, so neither the database nor the outbox opens anything. A new nonce kills
the older link; a new SECRET_KEY kills all.
"""

import base64
import hashlib
import hmac
import secrets

from flask import current_app


def nonce() -> str:
    """What makes a link new: 128 random bits."""
    return secrets.token_hex(16)


def token(purpose: str, row_id: int, nonce: str) -> str:
    """The token that stands in the link: 43 characters."""
    key = hashlib.sha256(b"one-time links\0" + current_app.config["BOARD"].secret_key.encode()).digest()
    mark = hmac.new(key, f"{purpose}\0{row_id}\0{nonce}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mark).decode().rstrip("=")


def kept(token: str) -> str:
    """The hash under which a token is found."""
    return hashlib.sha256(token.encode()).hexdigest()
