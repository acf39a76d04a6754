"""Is a delivery really from the forge? Every comparison takes constant time, on bytes.

Sources: GitHub "Validating webhook deliveries", GitLab "Signing tokens" (Standard Webhooks), Gitea "Webhooks".
The check by signature comes first; a present signature is never overruled by a token.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import Headers

GITEA_HEADERS = ("X-Forgejo-Signature", "X-Gitea-Signature", "X-Gogs-Signature", "X-Hub-Signature-256")


@dataclass(frozen=True)
class Secret:
    """An active secret of a connection."""

    id: int
    text: str


class Refused(Exception):
    """The delivery is not verified; the message names the check that failed (for the log, not for the sender)."""


def verify(provider: str, headers: Headers, raw: bytes, form: bool, active: Iterable[Secret]) -> Secret:
    """The secret that matches; raises Refused. `form`: the body is form-encoded with `payload`."""
    matches = {"github": _github, "gitlab": _gitlab, "gitea": _gitea}[provider](headers, raw, form)
    found = [secret for secret in active if matches(secret.text)]
    if not found:
        raise Refused("mismatch")
    return found[0]


def payload(raw: bytes, form: bool) -> bytes:
    """The JSON text of a body, form-encoded or not; raises ValueError where there is none."""
    if not form:
        return raw
    given = [value for name, _equals, value in (pair.partition(b"=") for pair in raw.split(b"&")) if name == b"payload"]
    if len(given) != 1:
        raise ValueError("no payload")
    return unquote_to_bytes(given[0].replace(b"+", b" "))


class _Check:
    """Whether a secret fits, decided against all given signatures."""

    def __init__(self, message: bytes, given: list[bytes]) -> None:
        self.message, self.given = message, given

    def __call__(self, secret: str) -> bool:
        wanted = _hex(secret.encode(), self.message)
        return all(hmac.compare_digest(wanted, one) for one in self.given)


def _github(headers: Headers, raw: bytes, _form: bool) -> _Check:
    given = headers.get("X-Hub-Signature-256", "").strip()
    if not given:
        raise Refused("missing")
    if not given.startswith("sha256="):
        raise Refused("scheme")
    return _Check(raw, [_bytes(given.removeprefix("sha256="))])


def _gitea(headers: Headers, raw: bytes, form: bool) -> _Check:
    """Forgejo and Gitea sign the JSON inside a form, and send empty headers when no secret is set."""
    given = [value.strip().removeprefix("sha256=") for name in GITEA_HEADERS if (value := headers.get(name, ""))]
    given = [value for value in given if value]
    if not given:
        raise Refused("missing")
    try:
        message = payload(raw, form)
    except ValueError:
        raise Refused("no payload in form") from None
    return _Check(message, [_bytes(value) for value in given])


class _Standard:
    """Standard Webhooks: HMAC of `id.timestamp.body`; one of several signatures must fit."""

    def __init__(self, message: bytes, given: list[bytes]) -> None:
        self.message, self.given = message, given

    def __call__(self, secret: str) -> bool:
        fits = [
            hmac.compare_digest(base64.b64encode(hmac.digest(key, self.message, "sha256")), one)
            for key in _standard_keys(secret)
            for one in self.given
        ]
        return any(fits)


class _Token:
    def __init__(self, given: bytes) -> None:
        self.given = given

    def __call__(self, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), self.given)


def _gitlab(headers: Headers, raw: bytes, _form: bool) -> _Standard | _Token:
    if "webhook-signature" in headers:
        id_, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not (id_ and stamp):
            raise Refused("incomplete")
        given = [_bytes(s[3:]) for s in headers["webhook-signature"].split() if s.startswith("v1,") and len(s) > 3]
        if not given or len(given) > 10:
            raise Refused("scheme")
        return _Standard(_bytes(id_) + b"." + _bytes(stamp) + b"." + raw, given)
    token = headers.get("X-Gitlab-Token", "")
    if not token:
        raise Refused("missing")
    return _Token(_bytes(token))


def _standard_keys(secret: str) -> list[bytes]:
    encoded = secret.removeprefix("whsec_")
    try:
        return [base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)]
    except (binascii.Error, ValueError):
        return [] if encoded != secret else [secret.encode()]


def _hex(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256").hex().encode()


def _bytes(header: str) -> bytes:
    """What was sent: WSGI hands headers over as Latin-1; anything else cannot have come over the wire."""
    return header.encode("latin-1", "replace")
