"""Writing packages: dividing a proposal into them, and editing one. `views` gives these pages their addresses."""

from flask import request, url_for
from werkzeug.wrappers import Response

from board.db import transaction
from board.errors import Denied
from board.forms import differences
from board.i18n import gettext as _
from board.policy import allowed
from board.web import actor, page, redirect_to, refusals
from board.work import forms, packages, queries
from board.work.packages import as_draft, locked


def new(proposal_id: int) -> Response:
    """Divide a proposal into packages."""
    return page("work/new.html", form=forms.SeveralForm(), proposal=queries.proposal(proposal_id))


def create(proposal_id: int) -> Response:
    """Create one package per line."""
    form, refusal = forms.SeveralForm(request.form), None
    if form.validate():
        drafts = form.drafts()
        with refusals() as caught, transaction():
            packages.create(proposal_id, actor(), drafts)
        if not caught:
            told = _("Work packages created: %(n)s.", n=len(drafts))
            return redirect_to(f"/proposals/FV-{proposal_id}#packages-{proposal_id}", told)
        refusal = caught.refusal
    status = refusal.status if refusal else 422
    return page("work/new.html", form=form, refusal=refusal, proposal=queries.proposal(proposal_id), status=status)


def edit(package_id: int) -> Response:
    """Change a package's texts; who comes second sees the other text above their own."""
    found = queries.with_texts(package_id)
    if request.method == "GET":
        if not allowed(actor(), "package.edit", found):
            raise Denied(_("Whoever leads this work package and the product owners change its text. Please comment."))
        form = forms.PackageForm.of(as_draft(found), found.text_version)
        return page("work/edit.html", form=form, texts=found, theirs=[], editor="")
    form, refusal, theirs = forms.PackageForm(request.form), None, []
    if form.validate():
        with refusals() as caught, transaction():
            packages.edit(locked(package_id, links=True), actor(), form.draft(), form.text_version.data or 0)
        if not caught:
            return redirect_to(url_for("work.show", package_id=package_id), _("Work package changed."))
        refusal, found = caught.refusal, queries.with_texts(package_id)
        if refusal and refusal.hints.get("edited"):
            theirs = differences(form, forms.PackageForm.of(as_draft(found), found.text_version))
            form.text_version.raw_data, form.text_version.data = None, found.text_version
    return page(
        "work/edit.html", form=form, texts=found, theirs=theirs, editor=queries.last_editor(package_id),
        refusal=refusal, status=refusal.status if refusal else 422,
    )  # fmt: skip
