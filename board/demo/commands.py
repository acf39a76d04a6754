"""`flask demo`: fill an empty database with the demo; leave a demo alone; refuse everything else."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy.exc import OperationalError

from board.db import db
from board.demo import crowd, large
from board.demo.seed import Tick, seed
from board.demo.standing import Standing, look
from board.demo.world import read
from board.door import why_shut

SMALL = 64
"""The proposals of the usual demo: 55 real ones and 7 of fictional partners."""


@click.command("demo")
@click.option(
    "--proposals",
    type=click.IntRange(SMALL, 10_000_000),
    help="Make a large one with that many proposals, for measuring; those beyond the first 64 are invented.",
)
@click.option(
    "--partners",
    type=click.IntRange(1, 100_000),
    help="Let that many invented municipalities take part beside, for measuring.",
)
@click.option("--served", is_flag=True, help="It will be served at once: do nothing if HOST:PORT is taken.")
@with_appcontext
def demo(proposals: int | None, partners: int | None, served: bool) -> None:
    """Fill an empty database with real partners and proposals, and with invented, marked people, ballots and work."""
    board = current_app.config["BOARD"]
    if served and (shut := why_shut(board.host, board.port)):
        raise click.ClickException(shut)
    if not board.demo:
        raise click.ClickException(
            "This would put people with a public password on the board. Set BOARD_DEMO=1 if that is what you want."
        )
    standing = _look()
    if standing is Standing.OTHER:
        raise click.ClickException(
            f"{_address()} holds data that is no demo. Nothing was changed. "
            "Give the demo a place of its own: BOARD_DATA=… or DATABASE_URL=…"
        )
    if standing is Standing.DEMO and (proposals or partners):
        raise click.ClickException(f"{_address()} holds a demo already; a large one needs an empty database.")
    upgrade()
    if standing is Standing.DEMO:
        click.echo(f"The demo in {_address()} stays as it is.")
    else:
        _fill(proposals or SMALL, partners or 0)
    _tell_people()


def _look() -> Standing:
    try:
        return look()
    except OperationalError as why:
        reason = str(why.orig).strip().splitlines()[0]
        raise click.ClickException(f"{_address()} cannot be opened: {reason}") from None


def _fill(proposals: int, partners: int) -> None:
    with _bar("Playing the demo") as tick:
        world = seed(tick)
    click.echo(
        f"{len(world.partners)} partners, {len(world.proposals)} proposals and {len(world.packages)} work packages "
        f"are in {_address()}."
    )
    if proposals > SMALL:
        with _bar("Inventing proposals") as tick:
            added = large.fill(world, proposals - SMALL, tick)
        click.echo(f"Added {added.proposals} invented proposals with {added.ballots} ballots.")
    if partners:
        crowd.join(world, partners)
        click.echo(f"Added {partners} invented municipalities with two people each.")


@contextmanager
def _bar(label: str) -> Iterator[Tick]:
    with click.progressbar(length=1, label=label, width=30) as bar:

        def tick(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield tick


def _address() -> str:
    """The database for people to read, without its password."""
    return str(db.engine.url.render_as_string(hide_password=True))


def _tell_people() -> None:
    click.echo(
        "Sign in with one click, or as ulm@demo.example, rostock@demo.example … (delegates), dev.ulm@demo.example … "
        "(members),\npo@demo.example (product owner), admin@demo.example (administrator), anbieter@demo.example "
        f"(provider). Password: {read('scenario')['password']}"
    )
