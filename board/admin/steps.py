"""The first steps of a new board: what an administrator has yet to see to, each answered by looking, not by ticking."""

from dataclasses import dataclass

from flask import current_app, url_for

from board.admin import queries
from board.backup import folder
from board.i18n import gettext as _
from board.legal.pages import PAGES, complete
from board.settings.current import current

HOURS = int(folder.FRESH.total_seconds()) // 3600


@dataclass(frozen=True)
class Step:
    """One thing to see to: whether it is done, what it is, why, and where."""

    name: str
    done: bool
    title: str
    text: str
    url: str
    label: str


def steps() -> list[Step]:
    """All of them, in the order in which one goes."""
    made = folder.last(current_app.config["BOARD"])
    missing = [name for name in PAGES if not complete(name)]
    first = next(iter(missing), PAGES[0])
    return [
        Step(
            "operator", bool(current().operator), _("Name the operator"),
            _("The body that is responsible for this board, and whom people tell about barriers."),
            url_for("admin.settings") + "#operator", _("To the settings"),
        ),
        Step(
            "pages", not missing, _("Fill in the legal pages"),
            _("Imprint, privacy notice and accessibility statement: templates are there, blanks are marked."),
            url_for("admin.pages", name=first), _("To the legal pages"),
        ),
        Step(
            "partner", queries.has_partner_with_people(), _("Invite the first partner"),
            _("Take a partner in and give it its first person, best its delegate."),
            url_for("admin.partners"), _("To the partners"),
        ),
        Step(
            "mail", queries.mail_works(), _("Let mail arrive"),
            _("Invitations, resets and reminders need it: send yourself a trial mail."),
            url_for("admin.system") + "#trial", _("Try mail out"),
        ),
        Step(
            "factor", queries.admins_have_factors(), _("Set up the second factor"),
            _("Every administrator signs in with password and code."),
            url_for("factors.show"), _("To the second factor"),
        ),
        Step(
            "backup", folder.fresh(made), _("Make a backup"),
            _("The last one is older than %(n)s hours: see on the server why flask backup no longer runs every night.",
              n=HOURS)
            if made and not folder.fresh(made)
            else _("On the server: flask backup. Let it run every night from then on."),
            url_for("admin.system") + "#versions", _("To the system"),
        ),
    ]  # fmt: skip
