"""Routes of this feature."""

from flask import Blueprint

bp = Blueprint("live", __name__)
