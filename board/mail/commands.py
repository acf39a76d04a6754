"""`flask mail state|try|retry`: whether mail works, on the command line."""

import click
from flask import current_app
from flask.cli import AppGroup

from board.db import transaction
from board.mail import outbox, queries, sending

mail = AppGroup("mail", help="Mail: state of the outbox, a trial, another attempt.")


@mail.command("state")
def state() -> None:
    """What waits and what was given up, with the mail server's codes; no addresses."""
    now = queries.state()
    click.echo(
        "mail server: " + ("set" if current_app.config["BOARD"].smtp else "none (BOARD_SMTP_URL is empty): mail waits")
    )
    click.echo(
        f"waiting: {now.waiting}" + (f", oldest since {now.oldest_at:%Y-%m-%d %H:%M} UTC" if now.oldest_at else "")
    )
    for stuck in now.stuck:
        fate = "given up" if stuck.given_up else f"attempt {stuck.attempts}"
        click.echo(f"{stuck.id}\t{stuck.kind}\t{stuck.created_at:%Y-%m-%d %H:%M}\t{fate}\t{stuck.problem}")


@mail.command("try")
@click.argument("address")
def trial(address: str) -> None:
    """Send a trial mail to an address now; says what the mail server answered."""
    if current_app.config["BOARD"].smtp is None:
        raise click.ClickException("There is no mail server: set BOARD_SMTP_URL and BOARD_MAIL_FROM.")
    with transaction():
        outbox.put("trial", to=address)
    sending.send_due()
    problem = queries.state().stuck
    if problem and problem[0].kind == "trial":
        raise click.ClickException(f"Not sent: {problem[0].problem}")
    click.echo("The mail server has taken it.")


@mail.command("retry")
@click.argument("number", type=int)
def retry(number: int) -> None:
    """Try a mail that was given up once more (its number as `flask mail state` prints it)."""
    with transaction():
        if not outbox.revive(number):
            raise click.ClickException("There is no such mail, or it is too late for it.")
    click.echo("It is tried again within a minute.")
