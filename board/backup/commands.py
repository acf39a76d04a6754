"""`flask backup` and `flask restore`."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from board.backup import folder, run
from board.backup.folder import BadBackup
from board.i18n import speaking
from board.record import chain
from board.record.commands import lines


@click.command("backup")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="Folder for backups, not BOARD_BACKUPS.")
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but this many of the newest ones afterwards.")
@click.option("--without-secrets", is_flag=True, help="Leave out the generated secrets; keep them elsewhere then.")
@with_appcontext
def backup(to: Path | None, keep: int | None, without_secrets: bool) -> None:
    """Copy the running board, consistent and with hashes, into a new folder, and print its path."""
    config = run.config()
    try:
        done = run.backup(config, to, secrets=not without_secrets)
    except (BadBackup, OSError) as why:
        raise click.ClickException(f"No backup was made. {why}") from None
    click.echo(str(done))
    for path in folder.rotate(done.parent, keep) if keep else ():
        click.echo(f"removed {path}", err=True)


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--force", is_flag=True, help="Replace what is there; it is kept aside.")
@with_appcontext
def restore(source: Path, force: bool) -> None:
    """Put a backup back, with the board stopped, and check the result; ends with 1 if `flask check` finds something."""
    try:
        done = run.restore(run.config(), source.absolute(), force=force)
    except (BadBackup, OSError) as why:
        raise click.ClickException(f"Nothing was restored. {why}") from None
    if done.kept:
        click.echo(f"What was there before is kept in {done.kept}")
    click.echo(f"Restored: the backup of {done.manifest.made_at}.")
    with speaking("en"):
        click.echo("\n".join(lines(done.findings, str(chain.head()))))
    sys.exit(0 if all(finding.ok for finding in done.findings) else 1)
