"""The state of the system, and the trial of mail: facts that are looked up when the page is asked for."""

import platform
import shutil
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app, request
from sqlalchemy import text
from werkzeug.wrappers import Response

from board import templating
from board.accounts.models import Person
from board.activity.models import act
from board.admin.forms import TrialForm
from board.admin.steps import HOURS
from board.backup import folder
from board.config import Config
from board.db import db, on_postgres, transaction
from board.jobs import queries as jobs
from board.mail import dialogue
from board.mail import queries as mail
from board.migrations import FOLDER
from board.web import actor, no_store, page

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024
N_ = str  # Marks a message id; it is translated where it is shown.
JOBS = {
    jobs.HEARTBEAT: N_("Heartbeat"),
    "mail": N_("Send mail"),
    "digests": N_("Write the weekly digests"),
    "reminders": N_("Remind of answer-by dates"),
    "comments": N_("Tell of comments and mentions"),
    "news": N_("Tell of news to those who watch"),
    "over": N_("Tell of answer-by dates that have passed"),
    "old-links": N_("Remove old links for passwords and addresses"),
    "old-invitations": N_("Remove old invitations"),
    "old-mail": N_("Remove old mail"),
    "seal": N_("Seal the record"),
    "check": N_("Check the record"),
    "statistics": N_("Let the database see how it has grown"),
    "sums": N_("Put the sums of pictures and roadmap together"),
    "consents": N_("End the time to object"),
    "leases": N_("Leases of work packages"),
    "estimates": N_("Let estimates expire"),
    "deliveries": N_("Deliveries from Git forges"),
    "reuse-ask": N_("Ask whether entries on reuse still hold"),
    "periods": N_("Remove what is kept no longer"),
    "reconcile": N_("Fetch what webhooks have missed"),
    "backfills": N_("Fetch issues that were asked for"),
    "outgoing": N_("Send to outgoing webhooks"),
    "outgoing-log": N_("Clear the log of outgoing webhooks"),
    "workshops": N_("Add late answers to the minutes of workshops"),
}
"""Every job by its name in `board.jobs.listed`, in words."""


@dataclass(frozen=True)
class Facts:
    """How the installation stands. Sizes are megabytes; beyond `hours` the last backup is not `fresh` any more."""

    version: str
    build: str
    python: str
    database: str
    size: int
    revision: str
    wanted: str
    streams: int
    most_streams: int
    free: int
    backup: datetime | None
    fresh: bool
    hours: int

    @property
    def migrated(self) -> bool:
        """Whether the database has the shape that this version wants."""
        return self.revision == self.wanted


def system() -> Response:
    """Versions, database, migrations, worker, streams, backup, outbox, disk."""
    return _system(TrialForm(data={"to": actor().email}))


def _system(form: TrialForm, steps: list[dialogue.Step] | None = None, status: int = 200) -> Response:
    return no_store(
        page(
            "admin/system.html",
            status=status,
            facts=facts(current_app.config["BOARD"]),
            runs=jobs.runs(),
            names=JOBS,
            worker=jobs.worker_alive(),
            mail=mail.state(),
            mail_set=current_app.config["BOARD"].smtp is not None,
            form=form,
            steps=steps,
        )
    )


def try_mail() -> Response:
    """Send a trial mail now and tell the dialogue; the log keeps the outcome, not the address."""
    form = TrialForm(request.form)
    if not form.validate():
        return _system(form, status=422)
    steps = dialogue.try_out(current_app.config["BOARD"].smtp, form.to.data or "")
    sent = all(step.ok for step in steps)
    with transaction():
        me = db.session.get_one(Person, actor().person_id)
        act(actor(), "mail.try", me, outcome="sent" if sent else "failed")
    return _system(form, steps)


def facts(config: Config) -> Facts:
    """The facts as they are now."""
    connection = db.session.connection()
    streams = current_app.extensions["live"]
    made = folder.last(config)
    return Facts(
        version=version(),
        build=templating.build(),
        python=platform.python_version(),
        database=_database(),
        size=_size(config) // MEGABYTE,
        revision=MigrationContext.configure(connection).get_current_revision() or "",
        wanted=ScriptDirectory(str(FOLDER)).get_current_head() or "",
        streams=len(streams),
        most_streams=streams.most,
        free=shutil.disk_usage(config.data if config.data.exists() else ROOT).free // MEGABYTE,
        backup=made,
        fresh=folder.fresh(made),
        hours=HOURS,
    )


@cache
def version() -> str:
    """The version of the board."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def _database() -> str:
    if on_postgres():
        return f"PostgreSQL {db.session.scalar(text('SHOW server_version'))}"
    return f"SQLite {db.session.scalar(text('SELECT sqlite_version()'))}"


def _size(config: Config) -> int:
    """Bytes that the database takes."""
    if on_postgres():
        return int(db.session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    file = Path(config.database_url.removeprefix("sqlite:///"))
    return sum(path.stat().st_size for path in (file, file.with_name(file.name + "-wal")) if path.exists())
