"""Every setting once: read from the environment, checked at start, each with its sentence.

`docs/operating.md` lists the same names; a house test compares the two.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from board import outbound
from board.oidc import Provider
from board.oidc import read as read_providers
from board.opendata.licences import CONTRIBUTORS, LICENCES

MIN_SECRET_LENGTH = 32
KEY_BYTES = 32
ROLES = frozenset({"delegate", "product_owner", "administrator"})
DEFAULT_SECRETS = frozenset({"changeme", "change-me", "dev", "secret", "secret-key", "default", "test"})


class BadSetting(Exception):
    """A setting that the board refuses to start with; says which one and what would be right."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, its default and what it does."""

    name: str
    default: str
    sentence: str


SETTINGS = (
    Setting("BOARD_DATA", "data", "Folder for the SQLite file, the generated secret and other state."),
    Setting("DATABASE_URL", "", "Database; empty means SQLite in BOARD_DATA, postgresql://… means PostgreSQL."),
    Setting("SECRET_KEY", "", "Secret of at least 32 characters; empty means: generated once into BOARD_DATA."),
    Setting("BOARD_ORIGIN", "", "Public address such as https://stadtrunde.example; required unless BOARD_DEMO=1."),
    Setting("BOARD_HOSTS", "", "Further host names the board answers to, separated by commas."),
    Setting("BOARD_DEMO", "0", "1 marks every page as a demo and offers one-click sign-in."),
    Setting("BOARD_PROXIES", "0", "Number of trusted reverse proxies in front of the board."),
    Setting("BOARD_PUBLIC", "1", "1 lets anybody read proposals, packages and counts; 0 asks for sign-in."),
    Setting("BOARD_QUORUM", "0", "Share of voting partners in percent that is shown as quorum; 0 shows none."),
    Setting("BOARD_VOTE_DAYS", "42", "Days until the answer-by date of a new proposal."),
    Setting("BOARD_LEASE_DAYS", "60", "Days for which a claim holds before it asks."),
    Setting("BOARD_GRACE_DAYS", "14", "Silent days after which a claim that asked is freed."),
    Setting("BOARD_KEY", "", "Key for stored secrets (32 bytes, base64url); empty: generated into BOARD_DATA."),
    Setting(
        "BOARD_SECOND_FACTOR",
        "delegate,product_owner,administrator",
        "Who needs a second factor at first; none: nobody.",
    ),
    Setting("BOARD_OIDC", "", "Names of identity providers, each with BOARD_OIDC_<NAME>_ISSUER and so on."),
    Setting("BOARD_FORGES", "", "Hosts that backfill may call besides the known ones; http://host:port allows http."),
    Setting(
        "BOARD_WEBHOOKS", "", "Hosts that outgoing webhooks may call; empty: none; * stands for every public host."
    ),
    Setting("BOARD_STREAMS", "1000", "Live streams at once per process; further browsers poll."),
    Setting("BOARD_LIVE", "auto", "auto: one thread writes to all streams where it can; threads: each keeps a thread."),
    Setting(
        "BOARD_SMTP_URL", "", "Mail server: smtp://user@host:587 (STARTTLS), smtps://… or smtp+plain://localhost:25."
    ),
    Setting("BOARD_SMTP_PASSWORD", "", "Password for the mail server, instead of one in BOARD_SMTP_URL."),
    Setting("BOARD_MAIL_FROM", "", "Sender of all mail, such as Stadtrunde <board@stadt.example>; needed to send."),
    Setting("BOARD_WORKER", "inside", "inside: jobs and mail run in the server; apart: in `flask worker`."),
    Setting("BOARD_BACKUPS", "", "Folder for backups; empty means: backups in BOARD_DATA. Better on another disk."),
    Setting("BOARD_METRICS_TOKEN", "", "Bearer token of at least 32 characters for /metrics; empty closes it (404)."),
    Setting("BOARD_LICENCE", "dl-zero-de", "Licence of the open data: dl-zero-de, dl-by-de, cc-zero or cc-by."),
    Setting("BOARD_CONTRIBUTOR", "", "Address that GovData gave the operator: http://dcat-ap.de/def/contributors/…"),
    Setting("BOARD_LOG", "info", "Log level: debug, info, warning or error."),
    Setting("HOST", "127.0.0.1", "Address the server listens on."),
    Setting("PORT", "8000", "Port the server listens on."),
    Setting("THREADS", "48", "Request threads per process."),
    Setting("WEB_CONCURRENCY", "1", "Processes; more than one only with PostgreSQL."),
)


@dataclass(frozen=True)
class Smtp:
    """How mail leaves the board. `security` is starttls, tls or plain; `sender` a header value with an address."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    sender: str


@dataclass(frozen=True)
class Config:
    """The checked settings. Days are whole days, the quorum is a percentage."""

    data: Path
    database_url: str
    secret_key: str = field(repr=False)
    origin: str
    hosts: tuple[str, ...]
    demo: bool
    proxies: int
    public: bool
    quorum: int
    vote_days: int
    lease_days: int
    grace_days: int
    key: str = field(repr=False)
    second_factor: frozenset[str]
    oidc: tuple[Provider, ...] = field(repr=False)
    forges: tuple[str, ...]
    webhooks: tuple[str, ...]
    streams: int
    live: str
    worker: str
    smtp: Smtp | None
    backups: Path
    metrics_token: str = field(repr=False)
    licence: str
    contributor: str
    log: str
    host: str
    port: int
    threads: int

    @property
    def https(self) -> bool:
        """Whether people reach the board over https."""
        return self.origin.startswith("https://")


def read(environ: Mapping[str, str] | None = None) -> Config:
    """Read and check all settings; raises BadSetting with a sentence that helps."""
    env = os.environ if environ is None else environ
    values = {s.name: env.get(s.name, "").strip() or s.default for s in SETTINGS}
    data = Path(values["BOARD_DATA"]).absolute()
    demo = _flag(values, "BOARD_DEMO")
    return Config(
        data=data,
        database_url=_database_url(values["DATABASE_URL"], data),
        secret_key=_secret(values["SECRET_KEY"], data),
        origin=_origin(values["BOARD_ORIGIN"], demo),
        hosts=tuple(h.strip().lower() for h in values["BOARD_HOSTS"].split(",") if h.strip()),
        demo=demo,
        proxies=_number(values, "BOARD_PROXIES", 0, 9),
        public=_flag(values, "BOARD_PUBLIC"),
        quorum=_number(values, "BOARD_QUORUM", 0, 100),
        vote_days=_number(values, "BOARD_VOTE_DAYS", 1, 366),
        lease_days=_number(values, "BOARD_LEASE_DAYS", 1, 366),
        grace_days=_number(values, "BOARD_GRACE_DAYS", 0, 366),
        key=_key(values["BOARD_KEY"]),
        second_factor=_roles(values["BOARD_SECOND_FACTOR"], demo),
        oidc=_providers(env),
        forges=tuple(f.strip().lower().rstrip("/") for f in values["BOARD_FORGES"].split(",") if f.strip()),
        webhooks=_receivers(values["BOARD_WEBHOOKS"]),
        streams=_number(values, "BOARD_STREAMS", 0, 10_000),
        live=_choice(values, "BOARD_LIVE", ("auto", "threads")),
        smtp=_smtp(values),
        worker=_choice(values, "BOARD_WORKER", ("inside", "apart")),
        backups=Path(values["BOARD_BACKUPS"]).absolute() if values["BOARD_BACKUPS"] else data / "backups",
        metrics_token=_token(values["BOARD_METRICS_TOKEN"]),
        licence=_choice(values, "BOARD_LICENCE", tuple(LICENCES)),
        contributor=_contributor(values["BOARD_CONTRIBUTOR"]),
        log=values["BOARD_LOG"].lower(),
        host=values["HOST"],
        port=_number(values, "PORT", 1, 65_535),
        threads=_number(values, "THREADS", 1, 10_000),
    )


def _flag(values: Mapping[str, str], name: str) -> bool:
    if values[name] not in {"0", "1"}:
        raise BadSetting(f"{name} must be 0 or 1, not {values[name]!r}.")
    return values[name] == "1"


SMTP_SCHEMES = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("plain", 25)}


def _smtp(values: Mapping[str, str]) -> Smtp | None:
    """None without a mail server: mail then waits in the outbox. Credentials never travel unencrypted to elsewhere."""
    if not values["BOARD_SMTP_URL"]:
        return None
    try:
        url = urlsplit(values["BOARD_SMTP_URL"])
        port = url.port
    except ValueError:
        raise BadSetting("BOARD_SMTP_URL must look like smtp://user@mail.example:587.") from None
    if url.scheme not in SMTP_SCHEMES or not url.hostname or url.path not in {"", "/"} or url.query:
        raise BadSetting("BOARD_SMTP_URL must look like smtp://user@mail.example:587 (or smtps://, smtp+plain://).")
    security, usual = SMTP_SCHEMES[url.scheme]
    if security == "plain" and url.username and url.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise BadSetting("BOARD_SMTP_URL must not send a password unencrypted: use smtp:// or smtps://.")
    _name, address = parseaddr(values["BOARD_MAIL_FROM"])
    if "@" not in address or not values["BOARD_MAIL_FROM"].isprintable():
        raise BadSetting("BOARD_MAIL_FROM must hold an address, such as Stadtrunde <board@stadt.example>.")
    password = values["BOARD_SMTP_PASSWORD"] or unquote(url.password or "")
    return Smtp(url.hostname, port or usual, security, unquote(url.username or ""), password, values["BOARD_MAIL_FROM"])


def _choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    if values[name] not in choices:
        raise BadSetting(f"{name} must be one of {', '.join(choices)}, not {values[name]!r}.")
    return values[name]


def _number(values: Mapping[str, str], name: str, low: int, high: int) -> int:
    try:
        number = int(values[name])
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {values[name]!r}.") from None
    if not low <= number <= high:
        raise BadSetting(f"{name} must lie between {low} and {high}, not {number}.")
    return number


def _database_url(url: str, data: Path) -> str:
    if not url:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return f"sqlite:///{data / 'board.sqlite'}"
    if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise BadSetting("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url


def _roles(text: str, demo: bool) -> frozenset[str]:
    """Who needs a second factor; in the demo, where passwords are public, nobody."""
    wanted = frozenset(word.strip().lower() for word in text.split(",") if word.strip())
    if wanted == {"none"} or demo:
        return frozenset()
    if unknown := wanted - ROLES:
        raise BadSetting(f"BOARD_SECOND_FACTOR: {', '.join(sorted(unknown))} is none of {', '.join(sorted(ROLES))}.")
    return wanted


def _providers(env: Mapping[str, str]) -> tuple[Provider, ...]:
    try:
        return read_providers(env)
    except ValueError as why:
        raise BadSetting(str(why)) from None


def _receivers(text: str) -> tuple[str, ...]:
    """Entries that `board.outbound` understands; a slip of the pen must not open anything, nor close it silently."""
    found = tuple(one.strip().lower().rstrip("/") for one in text.split(",") if one.strip())
    for one in found:
        if not outbound.entry(one):
            raise BadSetting(
                f"BOARD_WEBHOOKS: {one!r} is no host; write chat.stadt.example, host:8443, *.stadt.example or *."
            )
    return found


def _origin(origin: str, demo: bool) -> str:
    if not origin and not demo:
        raise BadSetting("BOARD_ORIGIN is missing: set the public address, such as https://stadtrunde.example.")
    if origin and (not origin.startswith(("https://", "http://")) or origin.count("/") != 2):
        raise BadSetting("BOARD_ORIGIN must look like https://stadtrunde.example, without a path.")
    return origin.lower()


def _key(key: str) -> str:
    """Empty, or 32 bytes as base64url."""
    try:
        fits = not key or len(base64.urlsafe_b64decode(key)) == KEY_BYTES
    except ValueError:
        fits = False
    if not fits:
        raise BadSetting("BOARD_KEY must be 32 random bytes in base64url, such as `openssl rand -base64 32` prints.")
    return key


def _contributor(address: str) -> str:
    """Empty, or one of the list that GovData keeps: a portal refuses any other."""
    if address and not (address.startswith(CONTRIBUTORS) and address.removeprefix(CONTRIBUTORS).isalnum()):
        raise BadSetting(f"BOARD_CONTRIBUTOR must look like {CONTRIBUTORS}example, as GovData assigned it.")
    return address


def _token(token: str) -> str:
    """Empty, or long enough not to be guessed."""
    if token and (len(token) < MIN_SECRET_LENGTH or not token.isascii()):
        raise BadSetting(f"BOARD_METRICS_TOKEN must be random and at least {MIN_SECRET_LENGTH} characters long.")
    return token


def _secret(secret: str, data: Path) -> str:
    """The given secret, or the one generated on the first start; a default or short one is refused."""
    if secret:
        if secret.lower() in DEFAULT_SECRETS or len(secret) < MIN_SECRET_LENGTH:
            raise BadSetting(f"SECRET_KEY must be random and at least {MIN_SECRET_LENGTH} characters long.")
        return secret
    path = data / "secret"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    kept = path.read_text().strip()
    if len(kept) < MIN_SECRET_LENGTH:
        raise BadSetting(f"{path} holds no usable secret: delete the file to have a new one generated.")
    return kept
