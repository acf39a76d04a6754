"""The pages that split a package and merge it with another one. `views` gives them their addresses."""

from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from board.db import transaction
from board.errors import Denied
from board.i18n import gettext as _
from board.policy import allowed
from board.web import actor, page, redirect_to, refusals
from board.work import forms, queries, reshaping
from board.work.models import Package


def split(package_id: int) -> Response:
    """Take parts off a package."""
    found = _found(package_id)
    if request.method == "GET":
        return page("work/split.html", form=forms.SplitForm(), texts=found)
    form, refusal = forms.SplitForm(request.form), None
    if form.validate():
        parts = form.parts()
        with refusals() as caught, transaction():
            reshaping.split(package_id, parts, actor())
        if not caught:
            told = _("Split off: %(n)s.", n=len(parts))
            return redirect_to(f"/proposals/FV-{found.proposal_id}#packages-{found.proposal_id}", told)
        refusal = caught.refusal
    return _again("work/split.html", form, refusal, texts=found)


def merge(package_id: int) -> Response:
    """Let a package become part of another one."""
    found = _found(package_id)
    choices = queries.siblings(found)
    if request.method == "GET":
        return page("work/merge.html", form=forms.MergeForm(choices=choices), texts=found, choices=choices)
    form, refusal = forms.MergeForm(request.form, choices=choices), None
    if form.validate():
        with refusals() as caught, transaction():
            reshaping.merge(package_id, int(form.into.data), actor())
        if not caught:
            told = _("%(key)s is part of this work package now.", key=found.key)
            return redirect_to(url_for("work.show", package_id=int(form.into.data)), told)
        refusal = caught.refusal
    return _again("work/merge.html", form, refusal, texts=found, choices=choices)


def _again(template: str, form: Any, refusal: Any, **context: Any) -> Response:
    return page(template, form=form, refusal=refusal, status=refusal.status if refusal else 422, **context)


def _found(package_id: int) -> Package:
    """The package, for those who may change it. Raises Missing, Denied."""
    found = queries.with_texts(package_id)
    if not allowed(actor(), "package.split", found):
        raise Denied(_("Whoever leads this work package and the product owners change its text. Please comment."))
    return found
