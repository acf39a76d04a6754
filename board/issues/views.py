"""Routes of this feature. The webhook's door has a blueprint of its own, so that its endpoint is `hooks.receive`."""

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState

from board.db import db
from board.errors import Missing
from board.i18n import gettext as _
from board.issues import cli, hooks, mirror
from board.proposals.models import Proposal
from board.web import component
from board.work.models import Package

bp = Blueprint("issues", __name__)


@bp.record_once
def _doors(state: BlueprintSetupState) -> None:
    state.app.register_blueprint(hooks.bp)
    cli.init_app(state.app)


# The mirror


@bp.get("/proposals/<proposal:proposal_id>/issues")
def of_proposal(proposal_id: int) -> Response:
    """The issues of a proposal, alone."""
    found = db.session.get(Proposal, proposal_id)
    if found is None:
        raise Missing(_("There is no such proposal."))
    return component("issues/_chips.html", **mirror.for_proposal(found))


@bp.get("/packages/<package:package_id>/issues")
def of_package(package_id: int) -> Response:
    """The issues of a package and the work seen in Git for it, alone."""
    found = db.session.get(Package, package_id)
    if found is None:
        raise Missing(_("There is no such work package."))
    return component("issues/_chips.html", **mirror.for_package(found))
