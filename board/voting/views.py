"""Routes of this feature."""

from flask import Blueprint

bp = Blueprint("voting", __name__)
