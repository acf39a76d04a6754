"""How templates become Python: as Jinja does it, but leaner where nearly all of a page's time went.

Translations of constant messages are put in when a template is compiled, cut into pieces where values go in. Values
are put out by `shown`. Calls and macros leave out what no template of ours needs: functions that ask for Jinja's
context. What comes out is the same, character by character (`tests/test_templating.py`). ADR 32.
"""

import re
from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from keyword import iskeyword
from typing import Any, cast

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Macro
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]

from board import i18n
from board.weaving import OWN, Loom

_VALUE = re.compile(r"%\((\w+)\)s|%(.?)")
GLOBALS = frozenset({"_", "ngettext", "url_for", "static", "locale", "range", "dict"})
"""What every template may read, whoever calls it."""
_NAMES = "got, put, filled, counted, shown"
_PREAMBLE = f"from board.compiling import {_NAMES}; "
"""What compiled templates call, on the first line of each, so that line numbers in tracebacks stay right."""

_markup: Callable[[str], Markup] = partial(str.__new__, Markup)
"""A text that is markup already, without asking whether it has an `__html__`."""

Pieces = tuple[tuple[str, ...], tuple[int, ...]]
"""A translation cut where values go in: the pieces, and which value follows each but the last."""


# What compiled templates call


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


def put(thing: Any, name: str) -> str:
    """`shown(got(thing, name))` in one step, since half of what is put out is an attribute."""
    try:
        value = getattr(thing, name)
    except AttributeError:
        value = got(thing, name)
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    return shown(value)


def got(thing: Any, name: str) -> Any:
    """`thing.name`: an attribute, else an item, else undefined; `Environment.getattr` without a method's way."""
    try:
        return getattr(thing, name)
    except AttributeError:
        pass
    try:
        return thing[name]
    except (TypeError, LookupError, AttributeError):
        return StrictUndefined(obj=thing, name=name)


def filled(pieces: Pieces, *values: Any) -> Markup:
    """A translation with its values."""
    texts, places = pieces
    parts = [texts[0]]
    for place, text in zip(places, texts[1:], strict=True):
        parts += shown(values[place]), text
    return _markup("".join(parts))


def counted(one: Pieces, many: Pieces, locale: str, n: Any, *values: Any) -> Markup:
    """Singular or plural with its values, of which the first is the number as it is written."""
    written = values if values and values[0] is not None else (i18n.number(n, locale), *values[1:])
    return filled(one if n == 1 else many, *written)


class LeanMacro(Macro):
    """A macro whose plain calls go straight to its function."""

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        """Call it; whatever is not plain goes Jinja's way."""
        lacking = self._argument_count - len(args)
        if lacking < 0 or self.caller or self.catch_kwargs or self.catch_varargs:
            return super().__call__(*args, **kwargs)
        if lacking:
            names = self.arguments[-lacking:]
            args += tuple([kwargs.pop(name, missing) for name in names]) if kwargs else (missing,) * lacking
        if kwargs:
            return super().__call__(*args, **kwargs)
        return _markup(self._func(*args)) if self._default_autoescape else self._func(*args)


# How they are compiled


def cut(text: str, names: list[str]) -> Pieces | None:
    """The translation cut where those values go in; None where it holds anything else to be formatted."""
    texts, places, end, plain = [], [], 0, ""
    for found in _VALUE.finditer(text):
        plain += text[end : found.start()]
        end = found.end()
        if found[2] == "%":
            plain += "%"
        elif found[1] in names:
            texts.append(plain)
            places.append(names.index(found[1]))
            plain = ""
        else:
            return None
    return (*texts, plain + text[end:]), tuple(places)


class Fold(NodeTransformer):
    """Puts translations of constant messages in."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """`_("constant")` is its translation; with values, and for `ngettext`, that translation cut to be filled."""
        self.generic_visit(node)
        messages = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
        if isinstance(node.node, nodes.Name) and not (node.dyn_args or node.dyn_kwargs):
            if node.node.name == "_" and len(messages) == len(node.args) == 1:
                return self._message(node, *messages)
            if node.node.name == "ngettext" and len(node.args) == 3 and len(messages) >= 2:
                return self._plural(node, *messages[:2])
        return node

    def _message(self, node: nodes.Call, message: str) -> nodes.Node:
        text = i18n.translate(self.locale, message)
        if not node.kwargs:
            return nodes.Const(Markup(text), lineno=node.lineno)
        values = {pair.key: pair.value for pair in node.kwargs}
        pieces = cut(text, [*values])
        return node if pieces is None else _call("filled", [nodes.Const(pieces), *values.values()], node)

    def _plural(self, node: nodes.Call, singular: str, plural: str) -> nodes.Node:
        values = {"n": nodes.Const(None), **{pair.key: pair.value for pair in node.kwargs}}
        forms = [cut(i18n.translate_plural(self.locale, singular, plural, n), [*values]) for n in (1, 2)]
        if None in forms:
            return node
        given = [*map(nodes.Const, (*forms, self.locale)), node.args[2], *values.values()]
        return _call("counted", given, node)


def _call(name: str, args: list[nodes.Expr], node: nodes.Node) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name), args, [], None, None, lineno=node.lineno)


class Generator(CodeGenerator):
    """Writes the Python of a template."""

    _put_out: nodes.Expr | None = None

    def blockvisit(self, body: Iterable[nodes.Node], frame: Any) -> None:
        """A page and each of its blocks are given at once: each of their thousand pieces went up through three."""
        if frame.buffer is not None or any(isinstance(node, nodes.Extends) for node in body):
            super().blockvisit(body, frame)
            return
        self.buffer(frame)
        super().blockvisit(body, frame)
        self.writeline(f"yield concat({frame.buffer})")
        frame.buffer = None

    def _output_child_pre(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        """Put values out by `shown`, attributes by `put`."""
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        elif isinstance(node, nodes.Getattr) and finalize.src is None:
            self._put_out = node
        else:
            self.write(f"shown({finalize.src or ''}")

    def _output_child_post(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        """The end of it; `put` has its own."""
        if node is not self._put_out:
            super()._output_child_post(node, frame, finalize)

    def visit_Name(self, node: nodes.Name, frame: Any) -> None:
        """What weaving has named has a value."""
        if node.ctx == "load" and node.name.startswith(OWN):
            self.write(frame.symbols.ref(node.name))
        else:
            super().visit_Name(node, frame)

    def visit_Getattr(self, node: nodes.Getattr, frame: Any) -> None:
        """`got(thing, name)`; where it is put out, `put(thing, name)`."""
        self.write("put(" if node is self._put_out else "got(")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    def visit_Call(self, node: nodes.Call, frame: Any, forward_caller: bool = False) -> None:
        """A call without detours: no function of ours asks for Jinja's context."""
        if forward_caller or node.dyn_args or node.dyn_kwargs or any(iskeyword(pair.key) for pair in node.kwargs):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        if isinstance(node.node, nodes.EnvironmentAttribute):
            self.write(node.node.name)
        else:
            self.visit(node.node, frame)
        self.write("(")
        for index, arg in enumerate([*node.args, *node.kwargs]):
            self.write(", " if index else "")
            self.visit(arg, frame)
        self.write(")")

    def macro_def(self, macro_ref: Any, frame: Any) -> None:
        """A macro of our kind."""
        node = macro_ref.node
        names = tuple(arg.name for arg in node.args)
        asks = macro_ref.accesses_kwargs, macro_ref.accesses_varargs, macro_ref.accesses_caller
        self.write(f"environment.macro_class(environment, macro, {getattr(node, 'name', None)!r}, {names!r}, ")
        self.write(f"{', '.join(map(repr, asks))}, context.eval_ctx.autoescape)")


class BoardEnvironment(Environment):
    """A Jinja environment that speaks one language."""

    code_generator_class = Generator
    macro_class = LeanMacro

    def __init__(self, locale: str, **options: Any) -> None:
        super().__init__(**options)
        self.locale = locale
        self._known: dict[Any, Template] = {}
        self._loom = Loom(self._partial, GLOBALS)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The environment's own, as they are: comparing two chains of them cost a fifth of each small part."""
        return self.globals if not d else super().make_globals(d)

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002
        """A template, known by its name: they neither change nor go while the process runs."""
        found = None if globals else self._known.get(name)
        if found is None:
            found = super().get_template(name, parent, globals)
            if not globals:
                self._known[name] = found
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = self._folded(source, name, filename)
        return self._loom.woven(tree) if name is None or name.endswith(".html") else tree

    def _folded(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = Fold(self.locale).visit(super()._parse(source, name, filename))
        return tree

    def _partial(self, name: str) -> nodes.Template:
        """Another template, for the one that is compiled."""
        source, filename, _fresh = cast("BaseLoader", self.loader).get_source(self, name)
        return self._folded(source, name, filename)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return _PREAMBLE + str(super()._generate(source, name, filename, defer_init))
