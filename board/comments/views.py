"""Routes of this feature."""

from flask import Blueprint

bp = Blueprint("comments", __name__)
