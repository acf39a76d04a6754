"""Commands of the ground: `flask init`. Features bring their own (`flask user …`, `flask demo`)."""

import click
from flask import Flask
from flask.cli import with_appcontext
from flask_migrate import upgrade

from board.accounts.commands import user
from board.backup.commands import backup, restore
from board.demo.commands import demo
from board.jobs.commands import work
from board.mail.commands import mail
from board.record.commands import check
from board.sheet.command import security_sheet


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(init)
    app.cli.add_command(user)
    app.cli.add_command(demo)
    app.cli.add_command(mail)
    app.cli.add_command(work)
    app.cli.add_command(check)
    app.cli.add_command(backup)
    app.cli.add_command(restore)
    app.cli.add_command(security_sheet)


@click.command("init")
@with_appcontext
def init() -> None:
    """Create or upgrade the database; safe to repeat."""
    upgrade()
    click.echo("The database is up to date.")
