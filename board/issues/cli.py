"""`flask connection …` and `flask issues …`: a board set up and filled without a browser."""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from flask.sansio.app import App
from sqlalchemy import select

from board.db import db, transaction
from board.errors import Refusal
from board.issues import backfill as filling
from board.issues import connection_queries, connections, importing, queries
from board.issues.connections import Wishes
from board.issues.models import Connection, Provider
from board.issues.problems import Refused
from board.policy import SYSTEM

connection = AppGroup("connection", help="Webhook connections to Git forges.")
issues = AppGroup("issues", help="Issues of the forges.")
_REPOSITORY = re.compile(r"([^\s#]+/[^\s#]+)(?:#([1-9]\d{0,15}))?")


def init_app(app: App) -> None:
    """Add both groups."""
    app.cli.add_command(connection)
    app.cli.add_command(issues)


class _Where(click.ParamType):  # type: ignore[type-arg]
    """owner/name#id."""

    name = "owner/name#id"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int | None]:
        """(name, numeric id or None)."""
        match = _REPOSITORY.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is not like stadt/app#4712", param, ctx)
        return match[1], int(match[2]) if match[2] else None


@connection.command("add")
@click.argument("provider", type=click.Choice([p.value for p in Provider]))
@click.option("--name", required=True, help="How people recognise it.")
@click.option("--instance", default="", help="Host of the forge, such as gitlab.opencode.de.")
@click.option("--repository", "wanted", type=_Where(), multiple=True, help="Known from the start; may be repeated.")
@click.option(
    "--accept-new/--ask", default=None, help="Take in other repositories at once (default: if none is named)."
)
@click.option("--show-private", is_flag=True, help="Show issues of private repositories to everybody.")
@click.option("--secret", "given", multiple=True, help="Use this secret (at most two) instead of a generated one.")
@click.option("--token", default="", help="Access token for backfill, kept encrypted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def add(
    provider: str, name: str, instance: str, wanted: Sequence[tuple[str, int | None]], accept_new: bool | None,
    show_private: bool, given: Sequence[str], token: str, as_json: bool,
) -> None:  # fmt: skip
    """Create a connection; prints its address and its secret, once."""
    wishes = Wishes(
        provider, name, instance=instance, repositories=wanted, token=token, show_private=show_private,
        accept_new=not wanted if accept_new is None else accept_new,
    )  # fmt: skip
    with _plain(), transaction():
        made, secrets = connections.create(SYSTEM, wishes, given)
    _tell(made, secrets, as_json)


@connection.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_connections(as_json: bool) -> None:
    """List connections, without secrets."""
    found = [
        {**_shown(c.id, c.public_id, c.provider, c.name), "instance": c.instance, "disabled": c.disabled,
         "secrets": len(c.secrets), "last_delivery_at": c.last_delivery_at.isoformat() if c.last_delivery_at else None,
         "failed": c.n_failed, "refused": c.n_refused,
         "repositories": [{"name": r.name, "id": r.external_id, "standing": r.standing} for r in c.repositories]}
        for c in connection_queries.connections()
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for one in found:
        click.echo(f"{one['id']}  {one['provider']}  {one['name']}  {one['url']}")


@connection.command("rotate")
@click.argument("wanted")
@click.option("--secret", "given", default="", help="Use this secret instead of a generated one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rotate(wanted: str, given: str, as_json: bool) -> None:
    """Make a second valid secret for WANTED (id, public id or name); prints it once."""
    with _plain(), transaction():
        found = _one(wanted)
        secret = connections.rotate(found, SYSTEM, given)
    _tell(found, [secret], as_json)


@connection.command("retire")
@click.argument("wanted")
@click.argument("secret_id", type=int, required=False)
def retire(wanted: str, secret_id: int | None) -> None:
    """Let a secret (by default the older of two) be valid no more."""
    with _plain(), transaction():
        found = _one(wanted)
        connections.retire(found, SYSTEM, secret_id or connections.active(found.id)[0].id)
    click.echo("The secret is retired.")


@connection.command("token")
@click.argument("wanted")
@click.password_option("--token", prompt="Access token", confirmation_prompt=False)
def token(wanted: str, token: str) -> None:
    """Keep an access token for backfill, encrypted."""
    with _plain(), transaction():
        connections.set_token(_one(wanted), token)
    click.echo("The token is kept.")


@issues.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--connection", "wanted", default="", help="Connection (id, public id or name) whose rules apply.")
@click.option("--repository", type=_Where(), help="Where issues belong that do not say it themselves.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(file: Any, wanted: str, repository: tuple[str, int | None] | None, dry_run: bool, as_json: bool) -> None:
    """Import issues from FILE: gh issue list --json, GitLab, GitHub or Gitea API arrays, GitLab export ndjson."""
    with _plain():
        who = connections.known(_one(wanted)) if wanted else None
        raw = file.read()
        with _bar(importing.size(raw), as_json) as bar:

            def show(done: int, _total: int) -> None:
                bar.update(done - bar.pos)

            counts = importing.run(raw, who, repository, dry_run=dry_run, progress=show)
    told = {
        "new": counts.new, "changed": counts.changed, "unchanged": counts.unchanged,
        "confidential": counts.confidential, "skipped": counts.skipped, "unreadable": counts.unreadable,
        "dry_run": dry_run,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(
        f"{'Would import' if dry_run else 'Imported'}: {counts.new} new, {counts.changed} changed, "
        f"{counts.unchanged} unchanged, {counts.confidential} dropped as confidential, "
        f"{counts.skipped} skipped, {counts.unreadable} unreadable."
    )


@issues.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_issues(as_json: bool) -> None:
    """List the visible issues."""
    found = queries.listed()
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for one in found:
        key = one["package"] or one["proposal"] or ""
        click.echo(f"{one['repo']}#{one['number']}  {one['state']}  {one['title']}  {key}".rstrip())


@issues.command("backfill")
@click.argument("wanted")
@click.option("--full", is_flag=True, help="Fetch everything, not only what changed since the last time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backfill(wanted: str, full: bool, as_json: bool) -> None:
    """Fetch the issues of all known repositories of connection WANTED over the forge's REST API."""
    with _plain():
        found = filling.run(_one(wanted).id, full=full, say=lambda line: click.echo(line, err=True))
    told = [{"repository": one.repository, **one.counts()} for one in found]
    click.echo(json.dumps(told) if as_json else f"{len(told)} repositories fetched.")
    if any(one.problem for one in found):
        raise SystemExit(1)


class _plain:  # noqa: N801 - reads like a statement.
    """Refusals and bad files are one sentence and exit code 1, never a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        if isinstance(problem, importing.Homeless):
            raise click.ClickException(f"{problem.message} (--repository owner/name#id)") from None
        if isinstance(problem, Refusal):
            raise click.ClickException(problem.message or type(problem).__name__) from None
        if isinstance(problem, importing.BadFile | Refused):
            raise click.ClickException(str(problem)) from None


def _bar(length: int, hidden: bool) -> Any:
    return click.progressbar(length=length, label="Issues", hidden=hidden, file=sys.stderr)


def _one(wanted: str) -> Connection:
    """By id, public id or unique name; read without a lock."""
    if wanted.isdecimal() and len(wanted) < 10:
        return connections.locked(int(wanted))
    named = db.session.scalars(
        select(Connection.public_id).where(Connection.name == wanted, Connection.deleted_at.is_(None)).limit(2)
    ).all()
    return connections.locked(named[0] if len(named) == 1 else wanted)


def _tell(made: Connection, secrets: Sequence[str], as_json: bool) -> None:
    shown = {**_shown(made.id, made.public_id, made.provider, made.name), "secrets": list(secrets)}
    if as_json:
        click.echo(json.dumps(shown))
        return
    click.echo(f"{shown['name']} ({shown['provider']})\nURL:    {shown['url']}")
    for secret in secrets:
        click.echo(f"Secret: {secret}   (shown once)")


def _shown(id_: int, public_id: str, provider: str, name: str) -> dict[str, Any]:
    board = current_app.config["BOARD"]
    return {
        "id": id_, "provider": provider, "name": name, "public_id": public_id,
        "url": connection_queries.hook_url(board.origin or f"http://localhost:{board.port}", provider, public_id),
    }  # fmt: skip
