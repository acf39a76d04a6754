"""Routes of this feature. The webhook's door has a blueprint of its own, so that its endpoint is `hooks.receive`."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from board.issues import cli, hooks

bp = Blueprint("issues", __name__)


@bp.record_once
def _doors(state: BlueprintSetupState) -> None:
    state.app.register_blueprint(hooks.bp)
    cli.init_app(state.app)
