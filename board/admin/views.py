"""The addresses of the administration. What they do stands in the modules beside this one, a part each."""

from flask import Blueprint
from werkzeug.wrappers import Response

from board.admin import configuring, partners, people, system, topics
from board.admin.steps import steps
from board.web import no_store, page

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("")
def index() -> Response:
    """The first steps, each green when it is done."""
    return no_store(page("admin/index.html", steps=steps()))


bp.add_url_rule("/people", "people", people.people)
bp.add_url_rule("/people/<int:person_id>", "person", people.person)
for verb in (people.appoint, people.enrol, people.disable, people.enable, people.reset_factor, people.erase):
    bp.add_url_rule(f"/people/<int:person_id>/{verb.__name__}", verb.__name__, verb, methods=["POST"])
bp.add_url_rule("/partners", "partners", partners.partners)
bp.add_url_rule("/partners/new", "new_partner", partners.new_partner, methods=["GET", "POST"])
bp.add_url_rule("/partners/<slug>/edit", "partner", partners.partner, methods=["GET", "POST"])
for change in (partners.pause, partners.resume, partners.leave, partners.merge):
    bp.add_url_rule(f"/partners/<slug>/{change.__name__}", change.__name__, change, methods=["POST"])
bp.add_url_rule("/topics", "topics", topics.topics, methods=["GET", "POST"])
bp.add_url_rule("/topics/<int:topic_id>", "topic", topics.topic, methods=["GET", "POST"])
bp.add_url_rule("/topics/<int:topic_id>/retire", "retire_topic", topics.retire, methods=["POST"])
bp.add_url_rule("/topics/<int:topic_id>/revive", "revive_topic", topics.revive, methods=["POST"])
bp.add_url_rule("/system", "system", system.system)
bp.add_url_rule("/mail", "try_mail", system.try_mail, methods=["POST"])
bp.add_url_rule("/settings", "settings", configuring.settings, methods=["GET", "POST"])
bp.add_url_rule("/pages/<name>", "pages", configuring.pages, methods=["GET", "POST"])
