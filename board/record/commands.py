"""`flask check`: whether the record and everything counted is right, in plain words and as an exit code."""

import json
import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from board.db import db
from board.i18n import LOCALES, speaking
from board.i18n import gettext as _
from board.record import chain, checks
from board.record.chain import Head
from board.record.checks import Finding


@click.command("check")
@click.option("--head", "only_head", is_flag=True, help="Only print the head of the record, to be kept elsewhere.")
@click.option("--expect", multiple=True, metavar="HEAD", help="A head kept elsewhere; a file with one a line, too.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--locale", type=click.Choice(LOCALES), default="de", show_default=True, help="Language of the answer.")
@with_appcontext
def check(only_head: bool, expect: tuple[str, ...], as_json: bool, locale: str) -> None:
    """Verify the record, recount tallies and counters, look for orphaned claims; ends with 1 if something is wrong."""
    if only_head:
        click.echo(str(chain.head()))
        return
    known = [head for given in expect for head in _heads(given)]
    with speaking(locale):
        found, head = checks.everything(known), str(chain.head())
        click.echo(_as_json(found, head) if as_json else "\n".join(lines(found, head)))
    db.session.close()
    sys.exit(0 if all(finding.ok for finding in found) else 1)


def _heads(given: str) -> list[Head]:
    path = Path(given)
    lines = path.read_text().split() if path.is_file() else [given]
    try:
        return [chain.parse(line) for line in lines]
    except ValueError:
        raise click.BadParameter(f"{given!r} is neither position:hash nor a file of them.") from None


def lines(found: list[Finding], head: str) -> list[str]:
    """The findings in plain words."""
    told = []
    for finding in found:
        told.append(f"{'ok  ' if finding.ok else '!!  '}{finding.title}{f': {finding.note}' if finding.note else ''}")
        told += [f"      {sentence}" for sentence in finding.wrong]
    good = all(finding.ok for finding in found)
    told.append(_("Everything is right.") if good else _("Something is wrong; see the lines marked with !!."))
    told.append(_("Head of the record: %(head)s", head=head))
    return told


def _as_json(found: list[Finding], head: str) -> str:
    return json.dumps(
        {
            "ok": all(finding.ok for finding in found),
            "head": head,
            "checks": [{"name": f.name, "ok": f.ok, "wrong": f.wrong, "note": f.note} for f in found],
        },
        ensure_ascii=False,
        indent=2,
    )
