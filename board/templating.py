"""Templates: one environment per language with its catalogue bound, so `_("…")` of a constant costs nothing.

Filters format dates and numbers in the environment's language. Undefined names raise.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import url_for
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from board import compiled, i18n
from board.compiled import TEMPLATES
from board.compiling import BoardEnvironment

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"


@cache
def environment(locale: str) -> BoardEnvironment:
    """The environment for a language; compiled templates stay in it, and on disk for other processes."""
    env = BoardEnvironment(
        locale,
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=compiled.Compiled(locale, compiled.installed(), compiled.home()),
        autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        extensions=["jinja2.ext.do"],
    )

    def gettext(message: str, **values: object) -> Markup:
        text = Markup(i18n.translate(locale, message))
        return text % values if values else text

    def ngettext(singular: str, plural: str, n: float, **values: object) -> Markup:
        shown = {"n": i18n.number(n, locale), **values}
        return Markup(i18n.translate_plural(locale, singular, plural, n)) % shown

    def when(function: Any) -> Any:
        return lambda value: "" if value is None else function(value, locale)

    env.globals.update(_=gettext, ngettext=ngettext, url_for=url_for, static=static_url, locale=locale)
    env.filters.update(
        date=when(i18n.long_date),
        shortdate=when(i18n.short_date),
        day_month=when(i18n.day_month),
        month_name=when(i18n.month_name),
        month=when(i18n.month),
        moment=when(i18n.exact),
        ago=when(i18n.time_tag),
        number=when(i18n.number),
        left=i18n.days_until,
    )
    return env


def names() -> list[str]:
    """The names of all templates."""
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in compiled.templates())


def compile_all() -> None:
    """Compile every template in every language, so that nobody waits for it later."""
    for locale in i18n.LOCALES:
        for name in names():
            environment(locale).get_template(name)


def render(template: str, locale: str, context: dict[str, Any]) -> str:
    """The rendered template."""
    return environment(locale).get_template(template).render(context)


def module(template: str, locale: str, context: dict[str, Any]) -> Any:
    """The template's macros, to be called many times in one context."""
    return environment(locale).get_template(template).make_module(context)


@cache
def tree_hash() -> str:
    """A short hash over all static files: it stands in their addresses, so they can be kept for ever."""
    digest = hashlib.sha256()
    for path in sorted(p for p in STATIC.rglob("*") if p.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def build() -> str:
    """Changes when static files, templates, catalogues or code change: part of every ETag."""
    digest = hashlib.sha256(tree_hash().encode())
    for folder, pattern in (
        (TEMPLATES, "*.html"),
        (ROOT / "board", "*.py"),
        (i18n.CATALOGUES, "*.po"),
        (ROOT / "board", "*.md"),
    ):
        for path in sorted(folder.rglob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def static_url(path: str) -> str:
    """The address of a static file."""
    return f"/static/{tree_hash()}/{path}"
