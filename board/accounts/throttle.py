"""The throttle of signing in: failures per address and per account in the database, so all processes share them.

An attempt counts before the password is looked at and is forgiven when it was right; so attempts at the same time
cannot slip through. Keys are keyed hashes: the table holds neither addresses nor accounts. Old windows are cleared by a
job (`privacy/periods.py`), not here: a node whose clock is ahead would wipe the counts of the others.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from board.accounts.models import Throttle
from board.db import db, now, on_postgres, transaction
from board.errors import TooMany
from board.i18n import gettext as _

WINDOW_SECONDS = 15 * 60
PER_ADDRESS = 30
PER_ACCOUNT = 100


@dataclass(frozen=True)
class Attempt:
    """One attempt that may go on. `last_chance`: the account is under attack, and this address has not failed yet."""

    keys: tuple[str, ...]
    window: int
    last_chance: bool


def attempt(secret: str, address: str, account: str, device_id: int | None = None) -> Attempt:
    """Count an attempt in a transaction of its own; raises TooMany with the seconds to wait.

    An address may fail 30 times in 15 minutes, an account 100 times. Beyond that an address that has not failed on
    this account in this window still has one try: whoever attacks from elsewhere never locks the owner out. A device
    that the person has signed in with before (`device_id`) counts for itself, whatever happens around it.
    """
    if device_id is not None:
        address, account = f"device {device_id}", f"{account} device {device_id}"
    place, window = network(address), int(now().timestamp()) // WINDOW_SECONDS
    by_address = _key(secret, "address", place)
    by_account, by_both = _key(secret, "account", account), _key(secret, "both", place, account)
    with transaction():
        if _count((by_address,), window)[by_address] > PER_ADDRESS:
            over, counts = True, {}
        else:
            over, counts = False, _count(sorted((by_account, by_both)), window)
    crowded = counts.get(by_account, 0) > PER_ACCOUNT
    if over or (crowded and counts[by_both] > 1):
        raise too_many(window)
    return Attempt((by_address, by_account, by_both), window, crowded)


def forgive(tried: Attempt) -> None:
    """The password was right: this attempt is no failure. Call it inside a transaction."""
    db.session.execute(
        update(Throttle)
        .where(Throttle.key.in_(tried.keys), Throttle.window == tried.window, Throttle.failures > 0)
        .values(failures=Throttle.failures - 1)
        .execution_options(synchronize_session=False)
    )


def too_many(window: int) -> TooMany:
    """The refusal, with the seconds until the window ends."""
    seconds = max(1, (window + 1) * WINDOW_SECONDS - int(now().timestamp()))
    minutes = -(-seconds // 60)
    return TooMany(_("Too many attempts to sign in. Please wait %(n)s minutes.", n=minutes), seconds=seconds)


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 that one IPv6 subscriber owns, a known device."""
    if address.startswith("device "):
        return address
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)


def _key(secret: str, *parts: str) -> str:
    return hmac.new(secret.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def _count(keys: Sequence[str], window: int) -> dict[str, int]:
    """Add one to each key (in one order, so that two attempts cannot wait for each other); returns the new counts."""
    insert: Any = postgres_insert if on_postgres() else sqlite_insert
    rows = [{"key": key, "window": window, "failures": 1} for key in keys]
    statement = (
        insert(Throttle)
        .values(rows)
        .on_conflict_do_update(index_elements=["key", "window"], set_={"failures": Throttle.failures + 1})
        .returning(Throttle.key, Throttle.failures)
    )
    return {row.key: row.failures for row in db.session.execute(statement)}
