"""`flask security-sheet`: the actual configuration against what the board promises, for whoever answers for security.

What can be measured is measured: headers on an answer of this very application, rights of files, pragmas of the
database. Each line is ok or asks for attention, in plain words.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select, text

from board import config as configs
from board import policy, security
from board.accounts.models import Membership, Person
from board.backup import folder
from board.db import db, on_postgres
from board.i18n import LOCALES, current_locale, speaking
from board.i18n import gettext as _
from board.jobs.queries import worker_alive
from board.record import chain, guard
from board.settings.current import current
from board.sheet import access
from board.sheet.lines import Line

INVENTED = "%@demo.example"


def lines() -> list[Line]:
    """The whole sheet, in the order of the promises."""
    parts: tuple[Callable[[configs.Config], Iterator[Line]], ...] = (
        _reaching, _answers, access.sessions, access.signing_in, _rights, _secrets, _database, _record, _operation,
    )  # fmt: skip
    config = current_app.config["BOARD"]
    return [line for part in parts for line in part(config)]


def _reaching(config: configs.Config) -> Iterator[Line]:
    yield Line(_("Address"), config.origin or _("none is set"), config.https)
    if not config.https:
        yield Line("HTTPS", _("Without https cookies and passwords travel in the open."), False)
    hosts = ", ".join(sorted(security.known_hosts(config)))
    yield Line(_("Hosts answered"), hosts, not config.demo and bool(config.origin))
    told = _("%(n)s trusted; everything else in X-Forwarded-* is ignored", n=config.proxies)
    yield Line(_("Proxies"), told, bool(config.proxies) or not config.https)
    yield Line(_("Demo"), _("on: everybody signs in with one click") if config.demo else _("off"), not config.demo)
    yield Line(_("Reading"), _("anybody") if current().public else _("only people who are signed in"))


def _answers(config: configs.Config) -> Iterator[Line]:
    host = config.origin or "http://localhost"
    with speaking(current_locale()):  # The request chooses its own.
        answer = current_app.test_client().get("/sign-in", base_url=host)
    policy_ = answer.headers.get("Content-Security-Policy", "")
    yield Line("Content-Security-Policy", policy_, policy_.startswith("default-src 'none'") and "unsafe" not in policy_)
    for name in ("Strict-Transport-Security", "Cross-Origin-Opener-Policy"):
        yield Line(name, answer.headers.get(name, _("missing (only over https)")), name in answer.headers)
    for name in ("X-Content-Type-Options", "Referrer-Policy"):
        yield Line(name, answer.headers.get(name, _("missing")), name in answer.headers)
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    yield Line(_("Largest request"), _("%(n)s bytes", n=limit), limit <= 1024 * 1024)
    yield Line(_("Requests from other sites"), _("refused by Sec-Fetch-Site and Origin on every change"))


def _rights(config: configs.Config) -> Iterator[Line]:
    told = _("%(verbs)s actions and %(pages)s addresses declared; what is not declared is denied",
             verbs=len(policy.VERBS), pages=len(policy.PAGES))  # fmt: skip
    routes = {rule.endpoint for rule in current_app.url_map.iter_rules()}
    yield Line(_("Rights"), told, routes <= policy.PAGES.keys())
    admins = db.session.scalar(select(func.count()).where(Person.is_admin, Person.disabled_at.is_(None))) or 0
    yield Line(_("Administrators"), str(admins), admins > 0)
    seated = db.session.scalar(
        select(func.count(func.distinct(Person.id)))
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.is_admin, Person.disabled_at.is_(None), Membership.ended_at.is_(None))
    )
    if seated:
        told = _("%(n)s administrate and have a seat: they cast no ballots; two accounts are better", n=seated)
        yield Line(_("Separation"), told, False)
    invented = db.session.scalar(select(func.count()).where(Person.email.like(INVENTED), Person.disabled_at.is_(None)))
    if invented and not config.demo:
        yield Line(_("Invented people"), _("%(n)s of the demo; they cannot sign in here", n=invented), False)


def _secrets(config: configs.Config) -> Iterator[Line]:
    yield _secret("SECRET_KEY", config.data / "secret")
    if config.key or (config.data / "key").exists():
        yield _secret("BOARD_KEY", config.data / "key")
    if config.data.exists():
        mode = stat.S_IMODE(config.data.stat().st_mode)
        yield Line("BOARD_DATA", f"{config.data} ({mode:04o})", not mode & 0o007)


def _secret(name: str, path: Path) -> Line:
    if os.environ.get(name, "").strip():
        return Line(name, _("from the environment"))
    if not path.exists():
        return Line(name, _("given by the application"))
    mode = stat.S_IMODE(path.stat().st_mode)
    return Line(name, _("generated, in %(path)s (%(mode)s)", path=path, mode=f"{mode:04o}"), not mode & 0o077)


def _database(_config: configs.Config) -> Iterator[Line]:
    if on_postgres():
        version = db.session.scalar(text("SHOW server_version"))
        yield Line(_("Database"), f"PostgreSQL {version}")
        flush = db.session.scalar(text("SHOW fsync")), db.session.scalar(text("SHOW synchronous_commit"))
        yield Line(_("What was answered is on disk"), f"fsync={flush[0]}, synchronous_commit={flush[1]}",
                   flush[0] == "on" and flush[1] != "off")  # fmt: skip
        role = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        superuser = bool(db.session.scalar(text(role)))
        told = _("a superuser, who can switch the record's triggers off") if superuser else _("an ordinary role")
        yield Line(_("Role in the database"), told, not superuser)
        return
    modes = {
        name: db.session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    yield Line(_("Database"), f"SQLite, {', '.join(f'{name}={value}' for name, value in modes.items())}",
               modes == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1})  # fmt: skip
    path = Path(str(db.engine.url.database))
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Line(_("Database file"), f"{path} ({mode:04o})", not mode & 0o007)


def _record(_config: configs.Config) -> Iterator[Line]:
    lacking = guard.missing(db.session.connection())
    told = _("missing: %(names)s", names=", ".join(lacking)) if lacking else _("the database refuses changes")
    yield Line(_("Protection of the record"), told, not lacking)
    head = chain.head()
    yield Line(_("Sealed entries"), f"{head.position}, {head.hash[:16]}…", head.position > 0)


def _operation(config: configs.Config) -> Iterator[Line]:
    made = folder.last(config)
    told = made.isoformat(timespec="minutes") if made else _("never from this machine")
    yield Line(_("Last backup"), told, folder.fresh(made))
    where = config.backups.absolute()
    apart = not where.is_relative_to(config.data)
    yield Line(_("Backups lie"), str(where) if apart else _("in BOARD_DATA, beside the data they should save"), apart)
    alive = worker_alive()
    yield Line(_("Jobs and mail"), _("run") if alive else _("no run in the last minutes"), alive)
    smtp = config.smtp
    told = f"{smtp.host}:{smtp.port} ({smtp.security})" if smtp else _("no mail server is set")
    yield Line(_("Mail"), told, smtp is not None and smtp.security != "plain")
    yield Line("/metrics", _("open for the holder of the token") if config.metrics_token else _("closed (404)"))
    yield Line(
        _("Log"), _("%(level)s; without names, addresses, query strings", level=config.log), config.log != "debug"
    )


@click.command("security-sheet")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--locale", type=click.Choice(LOCALES), default="de", show_default=True, help="Language of the answer.")
@with_appcontext
def security_sheet(as_json: bool, locale: str) -> None:
    """Print the actual configuration against what the board promises; exit code 1: a line asks for attention."""
    with speaking(locale):
        found = lines()
        db.session.close()
        click.echo(_as_json(found) if as_json else _as_text(found))
    raise SystemExit(0 if all(line.ok for line in found) else 1)


def _as_json(found: list[Line]) -> str:
    entries: list[dict[str, Any]] = [{"topic": line.topic, "told": line.told, "ok": line.ok} for line in found]
    return json.dumps({"ok": all(line.ok for line in found), "locale": current_locale(), "lines": entries}, indent=2)


def _as_text(found: list[Line]) -> str:
    width = max(len(line.topic) for line in found)
    told = [f"{'ok' if line.ok else '!!'}  {line.topic:<{width}}  {line.told}" for line in found]
    open_ = sum(not line.ok for line in found)
    told.append(
        _("Lines marked with !! ask for attention: %(n)s.", n=open_) if open_ else _("Nothing asks for attention.")
    )
    return "\n".join(told)
