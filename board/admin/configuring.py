"""Settings and legal pages: shown with their explanation, changed together, never over somebody else's change."""

from typing import Any

from flask import current_app, request, url_for
from werkzeug.wrappers import Response

from board.admin.forms import SHOWN, PageForm, settings_form, state
from board.db import transaction
from board.errors import Conflict, Missing, Refusal
from board.i18n import gettext as _
from board.i18n import ngettext
from board.legal.pages import PAGES, legal, template, written
from board.settings.current import current
from board.settings.registry import GROUPS, Value
from board.settings.verbs import change
from board.web import actor, no_store, page, redirect_to, refusals


def settings() -> Response:
    """All settings by group."""
    config = current_app.config["BOARD"]
    form = settings_form(config, request.form if request.method == "POST" else None, current())
    if request.method == "GET":
        return _settings(form)
    if not form.validate():
        return _settings(form, 422)
    with refusals() as caught, transaction():
        n = _put(form.values(config), form.seen.data or "")
    if caught.refusal:
        return _settings(form, caught.refusal.status, caught.refusal)
    told = ngettext("%(n)s setting changed.", "%(n)s settings changed.", n) if n else _("Nothing was changed.")
    return redirect_to(url_for("admin.settings"), told)


def _settings(form: Any, status: int = 200, refusal: Refusal | None = None) -> Response:
    groups = [(label, [d.name for d in SHOWN if d.group == group]) for group, label in GROUPS.items()]
    pages = [legal(name, "de") for name in PAGES]
    shown = {"form": form, "groups": [g for g in groups if g[1]], "pages": pages, "refusal": refusal}
    return no_store(page("admin/settings.html", status=status, **shown))


def pages(name: str) -> Response:
    """One legal page in both languages; an empty text is the template again. Raises Missing."""
    if name not in PAGES:
        raise Missing
    texts = {locale: written(name, locale) or template(name, locale) for locale in ("de", "en")}
    form = PageForm(request.form if request.method == "POST" else None, data=texts | {"seen": state(current())})
    if request.method == "GET":
        return _page(name, form)
    if not form.validate():
        return _page(name, form, 422)
    with refusals() as caught, transaction():
        n = _put(form.values(name), form.seen.data or "")
    if caught.refusal:
        return _page(name, form, caught.refusal.status, caught.refusal)
    return redirect_to(url_for(f"legal.{name}"), _("This page was changed.") if n else _("Nothing was changed."))


def _page(name: str, form: PageForm, status: int = 200, refusal: Refusal | None = None) -> Response:
    return no_store(
        page("admin/page.html", status=status, form=form, name=name, refusal=refusal, blanks=legal(name, "de").blanks)
    )


def _put(values: dict[str, Any], seen: str) -> int:
    """Change what differs; returns how many settings that were. Raises Conflict if somebody changed any since."""
    by = actor()
    changed: dict[str, Value | None] = values
    if seen != state(current()):
        raise Conflict(
            _("Somebody else has changed settings since. Please reload the page and enter your change again.")
        )
    return sum(change(name, value, by) for name, value in changed.items())
