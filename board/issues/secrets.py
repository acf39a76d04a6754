"""Secrets of connections: how a new one is made; at rest they lie in the vault."""

import base64
import os
import secrets

from board.vault import KEY_BYTES, Unreadable, seal, unseal

__all__ = ["Unreadable", "generate", "seal", "unseal"]


def generate(provider: str) -> str:
    """A new secret of 256 bits; GitLab's also serves as its signing token."""
    if provider == "gitlab":
        return "whsec_" + base64.b64encode(os.urandom(KEY_BYTES)).decode()
    return secrets.token_urlsafe(KEY_BYTES)
