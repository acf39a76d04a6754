"""Standard Webhooks: secrets and signatures (https://www.standardwebhooks.com)."""

import base64
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_id() -> str:
    """The id of one message, the same at each attempt."""
    return f"msg_{secrets.token_hex(14)}"


def headers(webhook_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """What goes with a message: one signature for each valid secret, so that a receiver may know either."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(key, signed) for key in keys),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
