"""Identity providers (OpenID Connect) as the settings name them: `BOARD_OIDC=keycloak,opencode`, then for each name

BOARD_OIDC_<NAME>_ISSUER, _CLIENT_ID, _CLIENT_SECRET, _LABEL, _SCOPES, _GROUPS, _PARTNERS, _FACTOR, _EMAIL and _HOSTS.
`docs/operating.md` says what each is for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

NAME = re.compile(r"[a-z][a-z0-9]{0,29}")
LOCAL = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True)
class Provider:
    """One provider. `partners` leads from a group to a partner's slug; `factor`: its sign-in counts as two factors;
    `email`: a verified address links a first sign-in to the person who has it here.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str
    scopes: str = "openid email profile"
    groups: str = ""
    partners: Mapping[str, str] = field(default_factory=dict)
    factor: bool = False
    email: bool = False
    hosts: tuple[str, ...] = ()


def read(env: Mapping[str, str]) -> tuple[Provider, ...]:
    """All providers; raises ValueError with a sentence that helps."""
    return tuple(_one(env, name.strip().lower()) for name in env.get("BOARD_OIDC", "").split(",") if name.strip())


def _one(env: Mapping[str, str], name: str) -> Provider:
    if not NAME.fullmatch(name):
        raise ValueError(f"BOARD_OIDC: {name!r} is no name; use letters and digits, such as keycloak.")
    given = {
        key: env.get(f"BOARD_OIDC_{name.upper()}_{key}", "").strip()
        for key in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "LABEL", "SCOPES", "GROUPS", "PARTNERS", "FACTOR", "EMAIL",
                    "HOSTS")
    }  # fmt: skip
    for key in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"):
        if not given[key]:
            raise ValueError(f"BOARD_OIDC_{name.upper()}_{key} is missing.")
    address = urlsplit(given["ISSUER"])
    local = address.scheme == "http" and address.hostname in LOCAL
    if not (address.scheme == "https" or local) or not address.hostname or address.query or address.fragment:
        raise ValueError(f"BOARD_OIDC_{name.upper()}_ISSUER must be an https address.")
    for key in ("FACTOR", "EMAIL"):
        if given[key] not in {"", "0", "1"}:
            raise ValueError(f"BOARD_OIDC_{name.upper()}_{key} must be 0 or 1.")
    return Provider(
        name=name,
        issuer=given["ISSUER"],
        client_id=given["CLIENT_ID"],
        client_secret=given["CLIENT_SECRET"],
        label=given["LABEL"] or name.capitalize(),
        scopes=given["SCOPES"] or "openid email profile",
        groups=given["GROUPS"],
        partners=dict(_pairs(given["PARTNERS"], name)),
        factor=given["FACTOR"] == "1",
        email=given["EMAIL"] == "1",
        hosts=tuple(host.strip().lower() for host in given["HOSTS"].split(",") if host.strip()),
    )


def _pairs(text: str, name: str) -> list[tuple[str, str]]:
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    if any(not group or not slug for group, _mark, slug in pairs):
        raise ValueError(f"BOARD_OIDC_{name.upper()}_PARTNERS must look like /staedte/ulm=ulm, /staedte/celle=celle.")
    return [(group.strip(), slug.strip()) for group, _mark, slug in pairs]
