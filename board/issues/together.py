"""Sorting several issues at once, and taking it back: plain forms that work without a script."""

from collections.abc import Callable

from flask import request
from werkzeug.wrappers import Response

from board.db import transaction
from board.i18n import current_locale, ngettext
from board.issues import browsing, forms, making, triage
from board.issues.models import Issue
from board.policy import Actor
from board.proposals.queries import topics
from board.web import actor, redirect_to


def bulk() -> Response:
    """Do the same with all that were selected; what is refused is told and holds up no other."""
    form, ids = forms.BulkForm(request.form, topics=topics(current_locale())), _picked()
    if not form.validate() or not ids:
        form.none_picked = not ids
        return browsing.shown(bulk=form, picked=ids, status=422)
    with transaction():
        found = making.several(ids, _sort(form, actor()))
    return _back(found, ngettext("%(n)s issue was sorted.", "%(n)s issues were sorted.", len(found.done)))


def bulk_undo() -> Response:
    """Take back what was done to several."""
    by = actor()
    with transaction():
        found = making.several(_picked(), lambda issue: triage.undo(issue, by))
    text = ngettext("Undone for %(n)s issue.", "Undone for %(n)s issues.", len(found.done))
    return _back(found, text, undo=False)


def _sort(form: forms.BulkForm, by: Actor) -> Callable[[Issue], object]:
    return {
        "link": lambda issue: triage.link(issue, by, **form.goal()),
        "propose": lambda issue: making.proposal(issue, by, int(form.topic.data)),
        "package": lambda issue: making.package(issue, by, form.proposal_id()),
        "snooze": lambda issue: triage.snooze(issue, by, form.wakes_at()),
        "dismiss": lambda issue: triage.dismiss(issue, by, form.reason.data or ""),
    }[form.do.data]


def _back(found: making.Together, text: str, *, undo: bool = True) -> Response:
    """To the list with its filters; the address carries what can be taken back."""
    if found.refused:
        left = ngettext("%(n)s stayed as it was:", "%(n)s stayed as they were:", found.refused)
        text = " ".join((text, left, *found.told[:3]))
    done = "-".join(map(str, found.done)) if undo else ""
    return redirect_to(browsing.address(browsing.filter_of(), done=done), text)


def _picked() -> tuple[int, ...]:
    return browsing.ids_of(request.form.getlist("issue"))
