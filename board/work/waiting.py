"""Who waits for whom, on a package's page: shown, and changed by those who may edit it. `views` gives the addresses."""

from typing import Any

from flask import Response, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from board import web
from board.db import db, transaction
from board.errors import Missing
from board.i18n import gettext as _
from board.policy import Actor, allowed
from board.web import actor, refusals, respond
from board.work import dependencies, forms
from board.work.cards import Need
from board.work.models import Dependency, Package, PackageState

CHOICES = 100


def show(package_id: int) -> Response:
    """What a package waits for, and what waits for it."""
    return web.component("work/_needs.html", **shown(_package(package_id), actor()))


def depend(package_id: int) -> BaseResponse:
    """Let it wait for another one."""
    form = forms.DependForm(request.form)
    if not form.validate():
        return _answer(package_id, form=form)
    with refusals() as caught, transaction():
        dependencies.depend(package_id, form.number(), actor())
    told = _("%(key)s waits for %(other)s now.", key=f"AP-{package_id}", other=f"AP-{form.number()}")
    return _answer(package_id, caught, told, form if caught else None)


def undepend(package_id: int) -> BaseResponse:
    """Let it wait no longer."""
    form = forms.DependForm(request.form)
    if not form.validate():
        return _answer(package_id, form=form)
    with refusals() as caught, transaction():
        dependencies.undepend(package_id, form.number(), actor())
    told = _("%(key)s no longer waits for %(other)s.", key=f"AP-{package_id}", other=f"AP-{form.number()}")
    return _answer(package_id, caught, told)


def shown(package: Any, by: Actor) -> dict[str, Any]:
    """What `work/_needs.html` shows of a package (an object with id, proposal_id and lead_partner_id)."""
    may = allowed(by, "package.depend", package) and package.state != PackageState.DONE
    ties = _ties(package.id)
    known = {package.id, *(need.id for need in ties["needs"])}
    return {
        "ties": {
            "id": package.id, "key": f"AP-{package.id}", "may": may, **ties,
            "choices": [need for need in _siblings(package.proposal_id) if need.id not in known] if may else [],
        },
        "depend_form": forms.DependForm(),
    }  # fmt: skip


def _ties(package_id: int) -> dict[str, list[Need]]:
    """Both directions in one statement each."""
    columns = (Package.id, Package.title, Package.state)
    needs = (
        select(*columns).join(Dependency, Dependency.needs_id == Package.id)
        .where(Dependency.package_id == package_id).order_by(Package.id)
    )  # fmt: skip
    needed_by = (
        select(*columns).join(Dependency, Dependency.package_id == Package.id)
        .where(Dependency.needs_id == package_id).order_by(Package.id)
    )  # fmt: skip
    return {
        "needs": [Need(*row) for row in db.session.execute(needs)],
        "needed_by": [Need(*row) for row in db.session.execute(needed_by)],
    }


def _siblings(proposal_id: int) -> list[Need]:
    """The packages of the same proposal, to choose from; any other one is named by its number."""
    rows = select(Package.id, Package.title, Package.state).where(
        Package.proposal_id == proposal_id, Package.merged_into_id.is_(None)
    )
    return [Need(*row) for row in db.session.execute(rows.order_by(Package.id).limit(CHOICES))]


def _answer(package_id: int, caught: web.Caught | None = None, told: str = "", form: Any = None) -> BaseResponse:
    context = shown(_package(package_id), actor())
    if form is not None:
        context["depend_form"] = form
    return respond(
        "work/_needs.html",
        back_to=url_for("work.show", package_id=package_id) + f"#needs-{package_id}",
        form=form,
        refusal=caught.refusal if caught else None,
        message=told,
        **context,
    )


def _package(package_id: int) -> Any:
    wanted = select(Package.id, Package.proposal_id, Package.lead_partner_id, Package.state)
    found = db.session.execute(wanted.where(Package.id == package_id)).one_or_none()
    if found is None:
        raise Missing(_("There is no such work package."))
    return found
