"""Routes of this feature."""

from flask import Blueprint

bp = Blueprint("activity", __name__)
