"""One's own data: take a copy, erase the account. Linked from “My account”."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.accounts import session
from board.accounts.models import Person
from board.db import db, now, transaction
from board.privacy.copy import copy
from board.privacy.erasing import erase as erase_person
from board.privacy.forms import EraseForm
from board.web import actor, download, no_store, page, refusals

bp = Blueprint("privacy", __name__, url_prefix="/account")


@bp.post("/export")
def export() -> BaseResponse:
    """A copy of all of one's own data as a ZIP file."""
    with transaction():
        packed = copy(db.session.get_one(Person, actor().person_id), actor())
    return no_store(download(packed, f"stadtrunde-{now():%Y-%m-%d}.zip", "application/zip"))


@bp.route("/erase", methods=["GET", "POST"])
def erase() -> BaseResponse:
    """Erase one's own account, after saying what goes and what stays."""
    form = EraseForm(request.form)
    if request.method == "GET":
        return _ask(EraseForm())
    if not form.validate():
        return _ask(form, 422)
    with refusals() as caught, transaction():
        erase_person(db.session.get_one(Person, actor().person_id, with_for_update=True), actor())
    if caught.refusal:
        return _ask(form, caught.refusal.status, caught.refusal.message)
    return no_store(session.take_cookie(page("privacy/erased.html")))


def _ask(form: EraseForm, status: int = 200, refusal: str = "") -> Response:
    answer = page("privacy/erase.html", status=status, form=form, refusal=refusal)
    no_store(answer)
    return answer
