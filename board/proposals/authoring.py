"""Writing proposals: one, several at once, and editing one. `views` gives these pages their addresses."""

import hashlib
import secrets
from typing import Any

from flask import request
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from board import i18n
from board.db import transaction
from board.errors import Conflict, Denied
from board.forms import differences
from board.i18n import gettext as _
from board.i18n import ngettext
from board.policy import Actor, allowed
from board.proposals import pasting, queries
from board.proposals.counts import count
from board.proposals.forms import EditForm, ProposalForm, SeveralForm
from board.proposals.pasting import Pasted
from board.proposals.similar import similar as similar_to
from board.proposals.similar import twins
from board.proposals.states import State
from board.proposals.writing import Draft, edit, propose
from board.settings.current import current
from board.web import actor, component, no_store, page, redirect_to


def new() -> Response:
    """The page to write a proposal; open to everybody, so that nobody has to sign in before they have thought."""
    require_proposer(actor())
    start = {"vote_by": i18n.in_days(vote_days()), "once": secrets.token_urlsafe(16)}
    return _new(ProposalForm(None, topics=_topics(), data=start | {"title": request.args.get("title", "")[:120]}))


def propose_one() -> Response:
    """Propose it. Who is not signed in finds the text again and signs in beside it, in a new tab."""
    by, form = actor(), ProposalForm(request.form, topics=_topics())
    valid = form.validate()
    if not by.signed_in:
        return _new(form, status=401)
    require_proposer(by)
    if not valid:
        return _new(form, status=422)
    number = _once(by, form.draft(), form.once.data or "")
    return redirect_to(
        f"/proposals/FV-{number}", _("%(key)s is proposed. The partners can vote now.", key=f"FV-{number}")
    )


def _new(form: ProposalForm, status: int = 200) -> Response:
    alike = similar_to(form.title.data or "", i18n.current_locale())
    return no_store(page("proposals/new.html", form=form, similar=alike, sent=status == 401, status=status))


def _once(by: Actor, draft: Draft, once: str) -> int:
    """The number of the new proposal; a form that is sent twice makes one. Another title is another proposal."""
    if once and (number := queries.by_once(by.person_id, once, draft.title)):
        return number
    try:
        with transaction():
            return propose(by, draft, once=once or None).id
    except IntegrityError:
        if number := queries.by_once(by.person_id, once, draft.title):
            return number
    with transaction():
        return propose(by, draft).id


def similar() -> Response:
    """Proposals that resemble a title, while it is typed."""
    title = request.args.get("title", "")[:120]
    return component("proposals/_similar.html", similar=similar_to(title, i18n.current_locale()))


def require_proposer(by: Actor) -> None:
    """Raises Denied, with the reason, for those who are signed in and cannot propose."""
    if by.signed_in and not allowed(by, "proposal.propose", None):
        if by.is_provider:
            raise Denied(_("Service providers do not propose anything. They can offer to carry out work packages."))
        raise Denied(_("You act for no partner; proposals are made on behalf of a partner."))


def vote_days() -> int:
    """How long partners are asked, in days."""
    return current().vote_days


def _topics(keep: int | None = None) -> list[tuple[int, str, str]]:
    return queries.topics(i18n.current_locale(), offered=True, keep=keep)


# Several at once


def several() -> Response:
    """The page to paste several proposals."""
    start = {"vote_by": i18n.in_days(vote_days()), "once": secrets.token_urlsafe(16)}
    return _several(SeveralForm(None, topics=_topics(), data=start))


def propose_several() -> Response:
    """Preview what was pasted; then propose the selected rows in one transaction. Bad rows stay in the field."""
    by, form = actor(), SeveralForm(request.form, topics=_topics())
    if not form.validate():
        return _several(form, status=422)
    rows = _preview(form)
    if not rows or len(rows) > pasting.MOST_ROWS:
        told = (
            _("At most %(n)s rows at once.", n=pasting.MOST_ROWS) if rows else _("There is nothing to propose in it.")
        )
        form.lines.errors = [told]
        return _several(form, status=422)
    if "go" not in request.form:
        return _several(form, rows)
    if form.seen.data != _seen(form):
        told = _("The text has changed since the preview: please look at it again.")
        return _several(form, rows, note=told, status=409)
    wanted = set(request.form.getlist("take"))
    taken = [row for row in rows if row.draft and str(row.n) in wanted]
    if not taken:
        return _several(form, rows, note=_("Please select at least one row."), status=422)
    return _take(by, form, taken, [row for row in rows if row.errors])


def _preview(form: SeveralForm) -> list[Pasted]:
    rows = pasting.parse(
        form.lines.data or "",
        [*queries.topics("de", offered=True), *queries.topics("en", offered=True)],
        form.topic.data or "",
        form.vote_by.data or i18n.today(),
    )
    if len(rows) <= pasting.MOST_ROWS:
        alike = twins([row.cells.get("title", "") for row in rows], i18n.current_locale())
        for row, twin in zip(rows, alike, strict=True):
            row.twin = twin
    return rows


def _take(by: Actor, form: SeveralForm, taken: list[Pasted], bad: list[Pasted]) -> Response:
    once = form.once.data or secrets.token_urlsafe(16)
    try:
        with transaction():
            drafts = [row.draft for row in taken if row.draft]
            count({(State.OPEN, draft.topic_id): 0 for draft in drafts})  # Locks in a fixed order.
            for n, draft in enumerate(drafts):
                propose(by, draft, once=f"{once}-{n}")
    except IntegrityError:
        return redirect_to("/proposals", _("These rows are already proposed."))
    told = ngettext("%(n)s proposal is made.", "%(n)s proposals are made.", len(taken))
    if not bad:
        return redirect_to("/proposals", told)
    form.lines.data, form.once.data = pasting.unparse(bad), secrets.token_urlsafe(16)
    stay = ngettext(
        "%(n)s row needs your attention and stays in the field.",
        "%(n)s rows need your attention and stay in the field.",
        len(bad),
    )
    return _several(form, _preview(form), done=f"{told} {stay}")


def _several(form: SeveralForm, rows: list[Pasted] | None = None, status: int = 200, **told: str) -> Response:
    form.seen.data = _seen(form)
    context: dict[str, Any] = {"rows": rows or [], "note": "", "done": ""} | told
    answer = page("proposals/several.html", form=form, status=status, **context)
    return no_store(answer)


def _seen(form: SeveralForm) -> str:
    """What a preview was made from."""
    made = repr((form.lines.data, form.topic.data, form.vote_by.data))
    return hashlib.sha256(made.encode()).hexdigest()[:16]


# Editing


def edit_one(proposal_id: int) -> Response:
    """Edit a proposal; who was overtaken keeps their text in the form, above the text as it stands now."""
    by, proposal = actor(), queries.whole(proposal_id)
    if not allowed(by, "proposal.edit", proposal):
        raise Denied(_("You may not do this."))
    if request.method == "GET":
        return _edit(EditForm(None, proposal, topics=_topics(proposal.topic_id)), proposal)
    form = EditForm(request.form, proposal, topics=_topics(proposal.topic_id))
    if not form.validate():
        return _edit(form, proposal, status=422)
    try:
        with transaction():
            edit(queries.locked(proposal_id), by, form.draft(), edition=form.edition.data or "")
    except Conflict as conflict:
        now = queries.whole(proposal_id)
        theirs = EditForm(None, now, topics=_topics())
        form.edition.data = theirs.edition.data
        return _edit(
            form, now, status=409, refusal=conflict, editor=queries.last_editor(proposal_id),
            theirs=differences(form, theirs) if conflict.hints.get("stale") else [],
        )  # fmt: skip
    return redirect_to(f"/proposals/FV-{proposal_id}", _("The changes are saved."))


def _edit(form: EditForm, proposal: Any, status: int = 200, **context: Any) -> Response:
    shown = {"theirs": [], "editor": "", "refusal": None} | context
    answer = page("proposals/edit.html", form=form, proposal=proposal, status=status, **shown)
    return no_store(answer)
