"""What the board says to an identity provider: discovery, the address to sign in at, code for token, and its proof.

Needs the extra `oidc` (Authlib with requests). Calls go to the issuer's host and those listed for it, by https (http on
this machine, for tests), never through a redirect elsewhere. Raises Unusable with a reason for the operator's log.
"""

import importlib.util
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from board.db import now
from board.oidc import LOCAL, Provider

NEEDED = ("authlib", "requests", "joserfc")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
TIMEOUT = 10
KEPT_SECONDS = 3600
LEEWAY = 60
FRESH_SECONDS = 300

_kept: dict[str, tuple[float, dict[str, Any]]] = {}
_keeping = threading.Lock()


class Unusable(Exception):
    """The provider cannot be reached, refuses, or shows what is not to be believed."""


@dataclass(frozen=True)
class Journey:
    """One way to the provider and back: what must come back unchanged."""

    state: str
    nonce: str
    verifier: str


def offered() -> tuple[Provider, ...]:
    """The providers of the settings; none where the extra is not installed."""
    named: tuple[Provider, ...] = current_app.config["BOARD"].oidc
    return named if all(importlib.util.find_spec(name) for name in NEEDED) else ()


def address(provider: Provider, back: str, journey: Journey, *, again: bool = False) -> str:
    """Where to send the browser: code flow with PKCE, state and nonce. `again`: the provider must ask anew."""
    more: dict[str, Any] = {"prompt": "login", "max_age": 0} if again else {}
    url, _state = _session(provider, back).create_authorization_url(
        _discovered(provider)["authorization_endpoint"],
        state=journey.state,
        nonce=journey.nonce,
        code_verifier=journey.verifier,
        **more,
    )
    return str(url)


def claims(
    provider: Provider, back: str, code: str, journey: Journey, *, named: str | None = None, again: bool = False
) -> dict[str, Any]:
    """What the provider says of the person, proved: signature, issuer, audience, time and nonce are right.

    `named`: who the answer says it comes from (RFC 9207). A code that another provider gave is shown to nobody.
    """
    found = _discovered(provider)
    promised = found.get("authorization_response_iss_parameter_supported") is True
    if named != provider.issuer and (promised or named is not None):
        raise Unusable("the answer names another issuer, or none where it must")
    with _session(provider, back) as session:
        try:
            token = session.fetch_token(
                found["token_endpoint"],
                code=code,
                code_verifier=journey.verifier,
                timeout=TIMEOUT,
            )
        except _problems() as problem:
            raise Unusable(f"token: {type(problem).__name__}") from problem
        shown = _proved(provider, str(token.get("id_token") or ""), journey.nonce)
        if again and not _just_now(shown):
            raise Unusable("the provider does not say that it has asked anew")
        return shown | _more(provider, found, session, token, shown)


def _session(provider: Provider, back: str) -> Any:
    """Authlib's client; every call it makes passes the guard."""
    from authlib.integrations.requests_client import OAuth2Session

    methods = _discovered(provider).get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    session = OAuth2Session(
        provider.client_id,
        provider.client_secret,
        scope=provider.scopes,
        redirect_uri=back,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
    )
    return _guarded(session, provider)


def _guarded(session: Any, provider: Provider) -> Any:
    """Let a session call the provider's hosts only, a short time, past no proxy that the environment names."""
    from requests.adapters import HTTPAdapter

    issuer = urlsplit(provider.issuer)
    hosts = {issuer.netloc.lower(), *provider.hosts}

    class Guard(HTTPAdapter):
        """Asked for every call, also for where a redirect leads."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            goal = urlsplit(request.url)
            local = goal.scheme == "http" and issuer.scheme == "http" and goal.hostname in LOCAL
            if goal.netloc.lower() not in hosts or not (goal.scheme == "https" or local):
                raise Unusable(f"{goal.hostname} is not listed for {provider.name}")
            kwargs["timeout"] = TIMEOUT
            return super().send(request, *args, **kwargs)

    session.trust_env = False
    session.mount("https://", Guard())
    session.mount("http://", Guard())
    return session


def _discovered(provider: Provider) -> dict[str, Any]:
    """The provider's description; it must name the issuer that the settings name."""
    found = _fetched(provider, provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise Unusable("the description names another issuer")
    missing = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - found.keys()
    if missing:
        raise Unusable(f"the description lacks {', '.join(sorted(missing))}")
    sign_in = urlsplit(found["authorization_endpoint"])
    if sign_in.scheme != urlsplit(provider.issuer).scheme:
        raise Unusable("the provider's sign-in page has another scheme than the issuer")
    return found


def _fetched(provider: Provider, url: str, *, anew: bool = False) -> dict[str, Any]:
    """A JSON object of the provider, kept for an hour."""
    import requests

    with _keeping:
        at, known = _kept.get(url, (0.0, {}))
    if known and not anew and time.monotonic() - at < KEPT_SECONDS:
        return known
    try:
        with _guarded(requests.Session(), provider) as session:
            answer = session.get(url)
            answer.raise_for_status()
            found = answer.json()
    except (requests.RequestException, ValueError) as problem:
        raise Unusable(f"{urlsplit(url).path}: {type(problem).__name__}") from problem
    if not isinstance(found, dict):
        raise Unusable(f"{urlsplit(url).path}: no object")
    with _keeping:
        _kept[url] = (time.monotonic(), found)
    return found


def _proved(provider: Provider, id_token: str, nonce: str) -> dict[str, Any]:
    """The claims of an identity token; a key that is not known yet is asked for once."""
    from joserfc import jwt
    from joserfc.errors import ClaimError, JoseError
    from joserfc.jwk import KeySet

    keys_at = _discovered(provider)["jwks_uri"]
    registry = jwt.JWTClaimsRegistry(
        now=int(now().timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    for anew in (False, True):
        try:
            keys = KeySet.import_key_set(_fetched(provider, keys_at, anew=anew))  # type: ignore[arg-type]
            found = dict(jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims)
            registry.validate(found)
        except ClaimError as problem:
            raise Unusable(f"identity token: {problem}") from problem
        except (JoseError, ValueError) as problem:
            if anew:
                raise Unusable(f"identity token: {type(problem).__name__}") from problem
        else:
            if isinstance(found["aud"], list) and len(found["aud"]) > 1 and found.get("azp") != provider.client_id:
                raise Unusable("identity token: made out to several, and not by us")
            return found
    raise AssertionError("unreachable")


def _more(provider: Provider, found: dict[str, Any], session: Any, token: Any, shown: dict[str, Any]) -> dict[str, Any]:
    """What only the user information says: groups, address. It must speak of the same person."""
    if "userinfo_endpoint" not in found or (not provider.groups and "email" in shown) or provider.groups in shown:
        return {}
    try:
        answer = session.get(found["userinfo_endpoint"])
        answer.raise_for_status()
        said = answer.json()
    except _problems() as problem:
        raise Unusable(f"user information: {type(problem).__name__}") from problem
    if not isinstance(said, dict) or said.get("sub") != shown["sub"]:
        raise Unusable("the user information speaks of somebody else")
    return {name: value for name, value in said.items() if name not in shown}


def _just_now(shown: dict[str, Any]) -> bool:
    asked = shown.get("auth_time")
    return isinstance(asked, int) and int(now().timestamp()) - asked <= FRESH_SECONDS


def _problems() -> tuple[type[Exception], ...]:
    from authlib.common.errors import AuthlibBaseError
    from requests import RequestException

    return (AuthlibBaseError, RequestException, ValueError)
