"""The first steps of a new board: what an administrator has yet to see to, each answered by looking, not by ticking."""

from dataclasses import dataclass

from flask import url_for

from board.admin import queries
from board.i18n import gettext as _
from board.legal.pages import PAGES, complete
from board.settings.current import current


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
    ]  # fmt: skip
