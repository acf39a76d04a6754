"""The label rules of a connection: drafted, tried on stored issues, then switched on."""

from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from board.connections import forms
from board.connections import queries as own
from board.connections.forms import EFFECTS
from board.db import transaction
from board.errors import Conflict, Missing, Refusal
from board.i18n import current_locale, ngettext
from board.i18n import gettext as _
from board.issues import connection_queries as queries
from board.issues import connections, rules
from board.issues.connection_queries import ConnectionLine
from board.proposals.queries import topics
from board.web import actor, no_store, page, redirect_to, refusals

bp = Blueprint("rules", __name__)
bp.after_request(no_store)
SHOWN = 50


@bp.get("/connections/<int:connection_id>/rules")
def index(connection_id: int) -> Response:
    """All rules, and the form for another."""
    return _page(_connection(connection_id), _form())


@bp.post("/connections/<int:connection_id>/rules")
def add(connection_id: int) -> BaseResponse:
    """Draft a rule; it does nothing before it was tried and switched on."""
    line, form = _connection(connection_id), _form(request.form)
    if not form.validate():
        return _page(line, form, 422)
    with transaction():
        connections.locked(line.id)
        made = rules.put(
            actor(), line.id, form.label.data or "", str(form.effect.data),
            topic_id=form.topic_id, partner_id=form.partner_id,
        )  # fmt: skip
    return redirect_to(_of(line.id, made.id), _("Drafted. This is what it would do:"))


@bp.get("/connections/<int:connection_id>/rules/<int:rule_id>")
def show(connection_id: int, rule_id: int) -> Response:
    """What a rule would do to stored issues, before it is switched on."""
    return _trial(connection_id, rule_id)


@bp.post("/connections/<int:connection_id>/rules/<int:rule_id>/enable")
def enable(connection_id: int, rule_id: int) -> BaseResponse:
    """Switch it on, for what comes from now on or for stored issues too; one that was not tried is tried first."""
    mark, touched = request.form.get("tried", ""), 0
    with refusals() as caught, transaction():
        touched = rules.enable(actor(), connection_id, rule_id, mark=mark, stored="stored" in request.form)
    if isinstance(caught.refusal, Conflict):
        return _trial(connection_id, rule_id, caught.refusal)
    if caught.refusal:
        raise caught.refusal
    more = ngettext("It acted on %(n)s stored issue.", "It acted on %(n)s stored issues.", touched) if touched else ""
    return _back(connection_id, " ".join(filter(None, (_("The rule is switched on."), more))))


@bp.post("/connections/<int:connection_id>/rules/<int:rule_id>/disable")
def disable(connection_id: int, rule_id: int) -> BaseResponse:
    """Switch it off; what it did stays."""
    with transaction():
        rules.disable(actor(), connection_id, rule_id)
    return _back(connection_id, _("The rule is switched off."))


@bp.post("/connections/<int:connection_id>/rules/<int:rule_id>/remove")
def remove(connection_id: int, rule_id: int) -> BaseResponse:
    """Forget it; what it did stays."""
    with transaction():
        rules.remove(actor(), connection_id, rule_id)
    return _back(connection_id, _("The rule is removed."))


def _trial(connection_id: int, rule_id: int, refusal: Refusal | None = None) -> Response:
    """The trial on stored issues, whose mark switches the rule on."""
    line = _connection(connection_id)
    rule, drafts = own.rule(line.id, rule_id), own.drafts(line.id, rule_id)
    if rule is None or not drafts:
        raise Missing(_("There is no such rule."))
    found = rules.try_rules(line.id, drafts)
    return page(
        "connections/rule.html", status=refusal.status if refusal else 200, line=line, rule=rule,
        trials=found[:SHOWN], total=len(found), effects=EFFECTS, mark=rules.tried(drafts[0]), refusal=refusal,
    )  # fmt: skip


def _page(line: ConnectionLine, form: forms.RuleForm, status: int = 200) -> Response:
    return page(
        "connections/rules.html", status=status, line=line, form=form, rules=own.rules(line.id), effects=EFFECTS,
        labels=own.labels(line.id),
    )  # fmt: skip


def _form(given: Any = None) -> forms.RuleForm:
    return forms.RuleForm(given, topics=topics(current_locale()))


def _connection(connection_id: int) -> ConnectionLine:
    found = queries.connection(connection_id)
    if found is None:
        raise Missing(_("There is no such connection."))
    return found


def _of(connection_id: int, rule_id: int) -> str:
    return url_for("rules.show", connection_id=connection_id, rule_id=rule_id)


def _back(connection_id: int, told: str) -> BaseResponse:
    return redirect_to(url_for("rules.index", connection_id=connection_id), told)
