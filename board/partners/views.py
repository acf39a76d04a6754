"""Routes of this feature."""

from flask import Blueprint

bp = Blueprint("partners", __name__)
