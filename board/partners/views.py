"""`/partners`: who takes part; `/partners/ulm`: what is known about one of them, and all it does on the board."""

from functools import partial

from flask import Blueprint, Response, request, url_for

from board.activity import queries as activity
from board.errors import Missing
from board.i18n import current_locale
from board.i18n import gettext as _
from board.issues import inbox as issues
from board.notifications import watching
from board.partners import queries
from board.partners.models import Kind
from board.proposals import queries as proposals
from board.text import clean
from board.voting import queries as voting
from board.web import actor, etag, not_modified, page, tagged
from board.work import queries as work

bp = Blueprint("partners", __name__)

MAX_WORDS = 100


@bp.get("/partners")
def index() -> Response:
    """All partners by kind, in pages; `kind` and `q` narrow the list, what does not exist is ignored."""
    kind = request.args.get("kind", "")
    kind = kind if kind in set(Kind) else ""
    words = clean(request.args.get("q", ""))[:MAX_WORDS]
    after = request.args.get("after", "")
    found = queries.overview(kind, words, after)
    tag = etag(found)
    url = partial(url_for, "partners.index", kind=kind or None, q=words or None)
    more, first = url(after=found.more) if found.more else "", url() if after else ""
    return not_modified(tag) or tagged(
        page("partners/index.html", found=found, kind=kind, words=words, more_url=more, first_url=first), tag
    )


@bp.get("/partners/<slug>")
def show(slug: str) -> Response:
    """One partner: what it proposed, how it voted as far as the reader may see, what it leads, runs and offers."""
    partner = queries.by_slug(slug)
    if partner is None:
        raise Missing(_("There is no such partner."))
    by = actor()
    deeds = voting.for_partner(partner, by) | work.for_partner(partner, by) | activity.for_partner(partner, by)
    deeds |= issues.for_partner(partner, by) | {"watching": watching.of_partner(by, partner)}
    ids = proposals.for_partner(partner, by)
    rows = proposals.rows({*ids["proposed_ids"], *ids["built_ids"]}, current_locale())
    deeds |= {
        "proposed": [rows[i] for i in ids["proposed_ids"]],
        "built": [rows[i] for i in ids["built_ids"]],
    }
    tag = etag(partner.id, partner.version, deeds)
    return not_modified(tag) or tagged(page("partners/show.html", partner=partner, **deeds), tag)
