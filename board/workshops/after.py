"""What remains of a workshop: the minutes as page and Markdown, and the text for each partner."""

from flask import Response, make_response

from board.errors import Denied, Missing
from board.i18n import gettext as _
from board.partners import queries as partners
from board.policy import allowed
from board.web import actor, no_store, page
from board.workshops import minutes as frozen
from board.workshops import queries, writing


def minutes(workshop_id: int) -> Response:
    """The frozen minutes, with the late answers."""
    meeting = queries.meeting(workshop_id, actor())
    data, late, complete = frozen.kept(workshop_id)
    return page("workshops/minutes.html", meeting=meeting, data=data, late=late, complete=complete)


def markdown(workshop_id: int) -> Response:
    """The same as a Markdown file."""
    data, late, _complete = frozen.kept(workshop_id)
    response = make_response(writing.markdown(data, late))
    response.mimetype = "text/markdown"
    response.headers["Content-Disposition"] = f'attachment; filename="workshop-{data["held_on"]}.md"'
    no_store(response)
    return response


def letter(workshop_id: int, slug: str) -> Response:
    """The ready text for one partner: for its own people and for hosts."""
    meeting, partner = queries.meeting(workshop_id, actor()), partners.by_slug(slug)
    if partner is None:
        raise Missing(_("There is no such partner."))
    if partner.id != actor().partner_id and not allowed(actor(), "workshop.open"):
        raise Denied(_("Each partner reads its own text; hosts read all of them."))
    data, late, _complete = frozen.kept(workshop_id)
    text = writing.letter(data, late, partner)
    return page("workshops/letter.html", meeting=meeting, partner=partner, text=text)
