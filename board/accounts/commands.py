"""`flask user …`: people by the command line; this is how the first administrator comes about."""

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from board.accounts import queries, verbs
from board.accounts.models import Role
from board.accounts.passwords import MIN_LENGTH
from board.db import db, transaction
from board.errors import Refusal
from board.factors import verbs as factors
from board.i18n import speaking
from board.partners.models import Partner
from board.policy import SYSTEM

user = AppGroup("user", help="People: add, list, disable, reset a second factor.")


@user.command("add")
@click.option("--email", required=True, help="E-mail address to sign in with.")
@click.option("--name", required=True, help="Name that signed-in people see.")
@click.option("--partner", "slug", help="Partner the person belongs to, such as ulm.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="member", show_default=True)
@click.option("--product-owner", is_flag=True, help="May order proposals and record decisions.")
@click.option("--admin", is_flag=True, help="May administer the board; never casts ballots by it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def add(
    email: str, name: str, slug: str | None, role: str, product_owner: bool, admin: bool, password_stdin: bool
) -> None:
    """Create a person with a password of at least 15 characters."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _ask()
    try:
        with speaking("en"), transaction():
            partner = _partner(slug) if slug else None
            person = verbs.create(SYSTEM, email, name, password)
            if partner:
                verbs.enrol(person, partner, Role(role), SYSTEM)
            if product_owner or admin:
                verbs.appoint(person, SYSTEM, product_owner=product_owner, admin=admin)
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from None
    click.echo(f"{person.email} can sign in now.")


@user.command("list")
def show() -> None:
    """One line per person: address, name, flags, seats."""
    for person, seats in queries.everybody():
        flags = [
            word
            for word, holds in (
                ("product owner", person.is_product_owner),
                ("administrator", person.is_admin),
                ("host", person.is_host),
                ("disabled", person.disabled_at),
            )
            if holds
        ]
        click.echo("\t".join((person.email, person.name, ", ".join(flags) or "-", seats or "-")))


@user.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Close an account and end all its sessions; what the person did stays on record."""
    with speaking("en"), transaction():
        person = queries.by_email(email)
        if person is None:
            raise click.ClickException("There is nobody with this e-mail address.")
        verbs.disable(person, SYSTEM)
    click.echo(f"{email} can no longer sign in.")


@user.command("reset-factor")
@click.argument("email")
def reset_factor(email: str) -> None:
    """Take away a second factor that is lost for good; all sessions end, a new one is set up at the next sign-in."""
    with speaking("en"), transaction():
        person = queries.by_email(email)
        if person is None:
            raise click.ClickException("There is nobody with this e-mail address.")
        factors.reset(person, SYSTEM)
    click.echo(f"{email} signs in without a second factor next time.")


def _ask() -> str:
    asked: str = click.prompt(f"Password (at least {MIN_LENGTH} characters)", hide_input=True, confirmation_prompt=True)
    return asked


def _partner(slug: str) -> Partner:
    partner = db.session.scalar(select(Partner).where(Partner.slug == slug))
    if partner is None:
        raise click.ClickException(f"There is no partner {slug!r}.")
    return partner
