"""Templates: one environment per language with its catalogue bound, so `_("…")` of a constant costs nothing.

Filters format dates and numbers in the environment's language. Undefined names raise.
"""

import hashlib
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import url_for
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes, select_autoescape
from jinja2.compiler import CodeGenerator
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]

from board import i18n

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


class _Fold(NodeTransformer):
    """Replaces `_("constant")` by its translation when the template is compiled."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """Fold a call without variables."""
        self.generic_visit(node)
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and len(node.args) == 1
        if plain and isinstance(node.node, nodes.Name) and node.node.name == "_":
            (message,) = node.args
            if isinstance(message, nodes.Const):
                return nodes.Const(Markup(i18n.translate(self.locale, message.value)), lineno=node.lineno)
        return node


def shown(value: Any) -> str:
    """A value as it is put out: escaped, unless it is markup. Pieces are only joined, so none of them becomes `Markup`.

    The same characters as `markupsafe.escape`, which wraps each piece and each number once or twice more.
    """
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    return str(escape(value)) if kind is not str else _escape_inner(value)


class _Generator(CodeGenerator):
    """Compiles templates so that they put their values out by `shown`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write(f"environment.shown({finalize.src or ''}")


class BoardEnvironment(Environment):
    """A Jinja environment that speaks one language."""

    code_generator_class = _Generator
    shown = staticmethod(shown)

    def __init__(self, locale: str, **options: Any) -> None:
        super().__init__(**options)
        self.locale = locale

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The environment's own, as they are: comparing two chains of them cost a fifth of each small part."""
        return self.globals if not d else super().make_globals(d)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        folded: nodes.Template = _Fold(self.locale).visit(tree)
        return folded


@cache
def environment(locale: str) -> BoardEnvironment:
    """The environment for a language; compiled templates stay in it."""
    env = BoardEnvironment(
        locale,
        loader=FileSystemLoader(TEMPLATES),
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
        month=when(i18n.month),
        moment=when(i18n.exact),
        ago=when(i18n.time_tag),
        number=when(i18n.number),
        left=i18n.days_until,
    )
    return env


def render(template: str, locale: str, context: dict[str, Any]) -> str:
    """The rendered template."""
    return environment(locale).get_template(template).render(context)


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
