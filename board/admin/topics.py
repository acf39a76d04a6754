"""Topics: made, called something else, retired and revived."""

from collections.abc import Callable
from typing import Any

from flask import request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from board.admin.forms import TopicForm
from board.db import db, transaction
from board.errors import Missing, Refusal
from board.i18n import current_locale
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals import topics as verbs
from board.proposals.counts import ProposalCount
from board.proposals.models import Topic
from board.text import fold
from board.web import actor, no_store, page, redirect_to, refusals


def topics() -> Response:
    """All topics with how many proposals they have; a POST makes a new one."""
    form = TopicForm(request.form if request.method == "POST" else None)
    if request.method == "GET" or not form.validate():
        return _topics(form, 200 if request.method == "GET" else 422)
    with refusals() as caught, transaction():
        verbs.create(actor(), form.label_de.data or "", form.label_en.data or "")
    if caught.refusal:
        return _topics(form, caught.refusal.status, caught.refusal)
    return redirect_to(url_for("admin.topics"), _("The topic can be chosen now."))


def _topics(form: Any, status: int, refusal: Refusal | None = None) -> Response:
    n = select(func.coalesce(func.sum(ProposalCount.n), 0)).where(ProposalCount.topic_id == Topic.id).correlate(Topic)
    rows = db.session.execute(select(Topic, n.scalar_subquery().label("n"))).all()
    lines = sorted(rows, key=lambda row: (row[0].retired_at is not None, fold(row[0].label(current_locale()))))
    return no_store(page("admin/topics.html", form=form, topics=lines, status=status, refusal=refusal))


def topic(topic_id: int) -> Response:
    """One topic to call something else. Raises Missing."""
    one = db.session.get(Topic, topic_id)
    if one is None:
        raise Missing(_("There is no such topic."))
    form = TopicForm(request.form if request.method == "POST" else None, obj=one)
    if request.method == "GET" or not form.validate():
        return _topic(one, form, 200 if request.method == "GET" else 422)
    return _do(topic_id, lambda t, by: verbs.relabel(t, form.label_de.data or "", form.label_en.data or "", by))


def _topic(one: Topic, form: TopicForm, status: int) -> Response:
    return no_store(page("admin/topic.html", topic=one, form=form, status=status))


def retire(topic_id: int) -> Response:
    """Offer it no longer."""
    return _do(topic_id, verbs.retire)


def revive(topic_id: int) -> Response:
    """Offer it again."""
    return _do(topic_id, verbs.revive)


def _do(topic_id: int, verb: Callable[[Topic, Actor], object]) -> Response:
    with transaction():
        one = db.session.get(Topic, topic_id, with_for_update=True)
        if one is None:
            raise Missing(_("There is no such topic."))
        verb(one, actor())
    return redirect_to(url_for("admin.topics"), _("Saved."))
