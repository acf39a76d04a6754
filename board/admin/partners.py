"""Partners: taken in, corrected, paused, resumed, gone or merged; the electorate follows in the same transaction."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from board.admin.forms import LeaveForm, MergeForm, PartnerForm
from board.db import db, transaction
from board.errors import Missing, Refusal
from board.i18n import gettext as _
from board.partners import leaving, verbs
from board.partners.models import Partner
from board.partners.queries import overview
from board.policy import Actor
from board.text import clean
from board.web import actor, no_store, page, redirect_to, refusals

MAX_WORDS = 100


def partners() -> Response:
    """All partners, those that left too, in pages; `q` narrows them."""
    words, after = clean(request.args.get("q", ""))[:MAX_WORDS], request.args.get("after", "")
    found = overview("", words, after)
    url = partial(url_for, "admin.partners", q=words or None)
    more, first = url(after=found.more) if found.more else "", url() if after else ""
    return no_store(
        page(
            "admin/partners.html",
            found=found,
            words=words,
            many=bool(more or first or words),
            more_url=more,
            first_url=first,
        )
    )


def new_partner() -> Response:
    """Take a partner in."""
    form = PartnerForm(request.form if request.method == "POST" else None)
    if request.method == "GET" or not form.validate():
        return _new(form, 200 if request.method == "GET" else 422)
    with refusals() as caught, transaction():
        slug = verbs.create(actor(), form.facts()).slug
    if caught.refusal:
        return _new(form, caught.refusal.status, caught.refusal)
    return redirect_to(url_for("admin.partner", slug=slug), _("The partner has been taken in."))


def _new(form: PartnerForm, status: int, refusal: Refusal | None = None) -> Response:
    return no_store(page("admin/new_partner.html", form=form, status=status, refusal=refusal))


def partner(slug: str) -> Response:
    """One partner: its facts to correct, and whether it takes part. Raises Missing."""
    if request.method == "GET":
        return _partner(slug)
    form = PartnerForm(request.form, slug=_found(slug).slug)
    if not form.validate():
        return _partner(slug, form, status=422)
    return _do(slug, lambda one, by: verbs.edit(one, form.facts(one), by), _("Saved."), form)


def _found(slug: str) -> Partner:
    one = db.session.scalar(select(Partner).where(Partner.slug == slug))
    if one is None:
        raise Missing(_("There is no such partner."))
    return one


def _partner(slug: str, form: Any = None, refusal: Refusal | None = None, status: int = 200) -> Response:
    one = _found(slug)
    into = db.session.get(Partner, one.merged_into_id) if one.merged_into_id else None
    return no_store(
        page(
            "admin/partner.html",
            status=refusal.status if refusal else status,
            partner=one,
            into=into,
            form=form if isinstance(form, PartnerForm) else PartnerForm(obj=one),
            leave=form if isinstance(form, LeaveForm) and not isinstance(form, MergeForm) else LeaveForm(),
            merge=form if isinstance(form, MergeForm) else MergeForm(but=one.id),
            refusal=refusal,
        )
    )


def _do(slug: str, verb: Callable[[Partner, Actor], object], told: str, form: Any = None) -> Response:
    """Lock the partner, do it, tell it on its page; a refusal is told in place."""
    with refusals() as caught, transaction():
        one = db.session.scalar(select(Partner).where(Partner.slug == slug).with_for_update())
        if one is None:
            raise Missing(_("There is no such partner."))
        verb(one, actor())
    if caught.refusal is None:
        return redirect_to(url_for("admin.partner", slug=slug), told)
    if caught.refusal.status == Missing.status:
        raise caught.refusal
    return _partner(slug, form, caught.refusal)


def pause(slug: str) -> Response:
    """Let a partner rest."""
    return _do(slug, verbs.pause, _("The partner rests. Its ballots count in no open vote until it takes part again."))


def resume(slug: str) -> Response:
    """Let a partner that rested or left take part again."""
    return _do(slug, verbs.resume, _("The partner takes part again."))


def leave(slug: str) -> Response:
    """Let a partner go."""
    form = LeaveForm(request.form)
    if not form.validate():
        return _partner(slug, form, status=422)
    told = _("The partner has left. Its record stays.")
    return _do(slug, lambda one, by: leaving.leave(one, form.on.data, by), told, form)  # type: ignore[arg-type]


def merge(slug: str) -> Response:
    """Let a partner become part of another one."""
    form = MergeForm(request.form, but=_found(slug).id)
    if not form.validate():
        return _partner(slug, form, status=422)

    def verb(one: Partner, by: Actor) -> None:
        into = db.session.get_one(Partner, int(form.into.data), with_for_update=True)
        leaving.merge(one, into, form.on.data, by)  # type: ignore[arg-type]

    return _do(slug, verb, _("The partner has been merged. Its record stays under its name."), form)
