"""`flask worker`: the jobs in a process of their own, beside servers that run with BOARD_WORKER=apart."""

import signal
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext

from board.jobs.worker import worker


@click.command("worker")
@with_appcontext
def work() -> None:
    """Send mail and do whatever falls due, until SIGTERM or Ctrl-C; what is in hand is finished first."""
    stopping = current_app.extensions["stopping"]

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    click.echo("The worker is at work.")
    worker().run()
