"""How templates become one piece: includes and small macros are put where they are called, before Jinja compiles them.

A partial stays a file of its own for whoever writes it. What is put in stands in a scope of its own, its names are
made unlike all others, and constants that are given to it decide its branches at once. Whatever is not certain to mean
the same (recursion, `caller`, names of somebody else's context) is left to Jinja. An error in it is told with the line
that called it. ADR 38.
"""

from collections.abc import Callable
from itertools import count

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from board.nodes import Rename, asks_for_loop, clone, constant, holds, names, size
from board.opening import opened_up
from board.reducing import Reduce

Read = Callable[[str], nodes.Template]
"""A template by its name, parsed."""

LARGEST = 160
"""Nodes of a macro that is put where it is called; a larger one is called, so that pages stay small."""
ONCE = 300
"""Nodes of a partial that is put in where it is shown once; a larger one only where it is shown again and again."""
APART = (
    nodes.Macro, nodes.CallBlock, nodes.Import, nodes.FromImport, nodes.Include, nodes.Block, nodes.Extends,
    nodes.NSRef, nodes.ScopedEvalContextModifier,
)  # fmt: skip
"""What a macro must not hold to be put somewhere else."""
OWN = "_w"
"""How the names begin that are given to what is put in."""
INNER = (
    nodes.For, nodes.Macro, nodes.With, nodes.Block, nodes.AssignBlock, nodes.CallBlock, nodes.FilterBlock, nodes.Scope,
)  # fmt: skip


class File:
    """A template's own macros, and what it calls those of others."""

    def __init__(self, tree: nodes.Template) -> None:
        self.macros = {node.name: node for node in tree.body if isinstance(node, nodes.Macro)}
        self.modules: dict[str, str] = {}
        self.borrowed: dict[str, tuple[str, str]] = {}
        for node in tree.body:
            if isinstance(node, nodes.Import | nodes.FromImport) and not node.with_context:
                self._imports(node)

    def _imports(self, node: nodes.Import | nodes.FromImport) -> None:
        if not isinstance(node.template, nodes.Const):
            return
        if isinstance(node, nodes.Import):
            self.modules[node.target] = node.template.value
            return
        for name in node.names:
            macro, alias = name if isinstance(name, tuple) else (name, name)
            self.borrowed[alias] = node.template.value, macro


class Weave(NodeTransformer):
    """Puts includes and macros into one template."""

    def __init__(self, loom: "Loom", tree: nodes.Template, *, again: bool = False) -> None:
        self.loom = loom
        self.file = File(tree)
        self.taken = set(names(tree, "store"))
        """Names that mean something of this template's own somewhere in it."""
        self.inner = {name for node in tree.find_all(INNER) for name in names(node, "store")}
        """Those among them that mean something else in a part of it."""
        self.again = int(again)
        """How many loops and macros are around."""

    def visit_Include(self, node: nodes.Include) -> nodes.Node | list[nodes.Node]:
        """The partial itself, in a scope of its own: what it sets stays in it."""
        if node.ignore_missing or not node.with_context or not isinstance(node.template, nodes.Const):
            return node
        tree = self.loom.partial(node.template.value, again=self.again > 0)
        return node if tree is None else nodes.Scope(clone(tree, node.lineno).body, lineno=node.lineno)

    def visit_For(self, node: nodes.For | nodes.Macro) -> nodes.Node:
        """What is in it is made again and again."""
        self.again += 1
        self.generic_visit(node)
        self.again -= 1
        return node

    visit_Macro = visit_For

    def visit_Output(self, node: nodes.Output) -> list[nodes.Node]:
        """What is put out, with the macros that are called in it."""
        found: list[nodes.Node] = []
        for child in node.nodes:
            found += self._out(child)
        return found

    def _out(self, child: nodes.Expr) -> list[nodes.Node]:
        opened = opened_up(child)
        if opened is None:
            shown = self.visit(child)
            put = self._body(shown) if isinstance(shown, nodes.Call) else None
            return [nodes.Output([shown], lineno=child.lineno) if put is None else put]
        found: list[nodes.Node] = []
        for part in opened:
            if isinstance(part, nodes.Expr):
                found += self._out(part)
            else:
                self.generic_visit(part)
                found.append(part)
        return found

    def _body(self, call: nodes.Call) -> nodes.Node | None:
        """The body of the macro that is called; None: call it."""
        macro = None if call.dyn_args or call.dyn_kwargs else self._macro(call.node)
        if macro is None:
            return None
        given = _arguments(macro, call)
        if given is None:
            return None
        return self._put(macro, given, call.lineno)

    def _macro(self, called: nodes.Expr) -> nodes.Macro | None:
        """The macro of that name, if it may be put where it is called."""
        file = self.file
        if isinstance(called, nodes.Name):
            if called.name in file.macros and called.name not in self.taken:
                own = file.macros[called.name]
                free = set(names(own, "load")) - set(names(own, "store"))
                return own if self.loom.fits(own) and not free & self.inner else None
            if called.name in file.borrowed and called.name not in self.taken:
                return self.loom.macro(*file.borrowed[called.name])
        elif isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name):
            module = called.node.name
            if module in file.modules and module not in self.taken:
                return self.loom.macro(file.modules[module], called.attr)
        return None

    def _put(self, macro: nodes.Macro, given: dict[str, nodes.Expr], lineno: int) -> nodes.Node:
        body = nodes.Scope(macro.body, lineno=lineno)
        own = {name: self.loom.name(name) for name in {*names(body, "store"), *given}}
        reset = {*names(body, "store")}
        straight = {name for name, value in given.items() if name not in reset and (constant(value) or _name(value))}
        put = clone(body, lineno)
        renamed: nodes.Scope = Rename({**own, **{name: given[name] for name in straight}}).visit(put)
        renamed.body[:0] = [
            nodes.Assign(nodes.Name(own[name], "store"), value, lineno=lineno)
            for name, value in given.items()
            if name not in straight
        ]
        return renamed


def _name(value: nodes.Expr) -> bool:
    return isinstance(value, nodes.Name) and value.name != "loop"


def _arguments(macro: nodes.Macro, call: nodes.Call) -> dict[str, nodes.Expr] | None:
    """What each parameter is given; None if one has nothing, or something has no parameter."""
    wanted = [arg.name for arg in macro.args]
    given: dict[str, nodes.Expr] = dict(zip(wanted[len(wanted) - len(macro.defaults) :], macro.defaults, strict=True))
    said = [*zip(wanted, call.args, strict=False), *((pair.key, pair.value) for pair in call.kwargs)]
    told = dict(said)
    if len(call.args) > len(wanted) or len(told) < len(said) or not told.keys() <= set(wanted):
        return None
    given |= told
    return {name: given[name] for name in wanted} if given.keys() == set(wanted) else None


class Loom:
    """The templates of one environment, woven when they are first needed."""

    def __init__(self, read: Read, globally: frozenset[str]) -> None:
        self._read = read
        self._globally = globally
        self._partials: dict[tuple[str, bool], nodes.Template | None] = {}
        self._macros: dict[str, dict[str, nodes.Macro]] = {}
        self._numbers = count()

    def woven(self, tree: nodes.Template) -> nodes.Template:
        """The template in one piece."""
        found: nodes.Template = Weave(self, tree).visit(tree)
        return Reduce().template(found)

    def name(self, old: str) -> str:
        """A name that nobody else has."""
        return f"{OWN}{next(self._numbers)}_{old.removeprefix(OWN)}"

    def partial(self, name: str, *, again: bool) -> nodes.Template | None:
        """A template that can be put into another, woven itself; None while that is under way, and for whole pages."""
        if (name, again) not in self._partials:
            self._partials[name, again] = None
            tree = self._read(name)
            tree = Weave(self, tree, again=again).visit(tree)
            whole = holds(tree, nodes.Block, nodes.Extends)
            self._partials[name, again] = None if whole or asks_for_loop(tree) else tree
        found = self._partials[name, again]
        return found if found and (again or size(found) <= ONCE) else None

    def macro(self, template: str, name: str) -> nodes.Macro | None:
        """A macro of another template, woven itself, that reads nothing but what it is given."""
        if template not in self._macros:
            self._macros[template] = {}
            tree = self._read(template)
            weave = Weave(self, tree)
            for node in tree.body:
                if isinstance(node, nodes.Macro):
                    weave.visit(node)
                    if self.fits(node) and self._closed(node):
                        self._macros[template][node.name] = node
        return self._macros[template].get(name)

    def fits(self, macro: nodes.Macro) -> bool:
        """Whether it is small and simple enough."""
        if holds(macro, *APART) or size(macro) > LARGEST:
            return False
        return not {"caller", "varargs", "kwargs"} & set(names(macro, "load"))

    def _closed(self, macro: nodes.Macro) -> bool:
        own = {arg.name for arg in macro.args} | set(names(macro, "store")) | {"loop"}
        return set(names(macro, "load")) <= own | self._globally
