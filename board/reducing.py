"""What is certain when a template is compiled is decided then: branches on constants, short loops over them.

For `weaving`, which gives partials and macros their constants. Only what cannot mean anything else is touched.
"""

from collections.abc import Sequence
from typing import Any, cast

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from board.nodes import Rename, clone, constant, holds, names

MOST_TURNS = 4
SETTING = (nodes.Assign, nodes.AssignBlock, nodes.Import, nodes.FromImport, nodes.Macro)
ISOLATED = (nodes.Scope, nodes.For, nodes.Macro, nodes.CallBlock, nodes.With, nodes.FilterBlock)
"""What is set within them is not seen after them."""
READS_ALL = (nodes.Include, nodes.CallBlock, nodes.Import, nodes.FromImport, nodes.Block)
"""What may read any name that is set before it."""

Nodes = list[nodes.Node]


class Reduce(NodeTransformer):
    """Simplifies a tree, statement by statement."""

    def template(self, tree: nodes.Template) -> nodes.Template:
        """The whole template."""
        tree.body = self._list(tree.body)
        return tree

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        """Whatever holds statements holds simplified ones."""
        for name, value in node.iter_fields():
            if name in {"body", "else_"} and isinstance(value, list):
                setattr(node, name, self._list(value))
            elif isinstance(value, list):
                setattr(node, name, [self.visit(one) if isinstance(one, nodes.Node) else one for one in value])
            elif isinstance(value, nodes.Node):
                setattr(node, name, self.visit(value))
        return node

    # Statements

    def _list(self, body: Sequence[nodes.Node]) -> Nodes:
        rest, done = list(body), cast("Nodes", [])
        while rest:
            found = self.visit(rest.pop(0))
            for node in found if isinstance(found, list) else [found]:
                if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name) and constant(node.node):
                    _spread(node.target.name, cast("nodes.Expr", node.node), rest)
                if isinstance(node, nodes.Output) and done and isinstance(done[-1], nodes.Output):
                    done[-1].nodes += node.nodes
                else:
                    done.append(node)
        return done

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node | Nodes:
        """Several constants at once are several assignments."""
        self.generic_visit(node)
        if not (isinstance(node.target, nodes.Tuple) and isinstance(node.node, nodes.Tuple) and constant(node.node)):
            return node
        pairs = zip(node.target.items, node.node.items, strict=True)
        return [nodes.Assign(name, value, lineno=node.lineno) for name, value in pairs]

    def visit_Scope(self, node: nodes.Scope) -> nodes.Node | Nodes:
        """Without what is set for nobody; without the scope if nothing is left that is set in it."""
        body = self._list(node.body)
        if not any(holds(found, *READS_ALL[:2]) or isinstance(found, READS_ALL[:2]) for found in body):
            body = [found for index, found in enumerate(body) if not _idle(found, body[index + 1 :])]
        node.body = body
        return node if holds(node, *SETTING) else body

    def visit_If(self, node: nodes.If) -> nodes.Node | Nodes:
        """Only the branches that may be taken."""
        branches: list[tuple[nodes.Expr, Nodes]] = []
        otherwise = node.else_
        for test, body in [(node.test, node.body), *((one.test, one.body) for one in node.elif_)]:
            decided = self.visit(test)
            if not isinstance(decided, nodes.Const):
                branches.append((decided, self._list(body)))
            elif decided.value:
                otherwise = body
                break
        last = self._list(otherwise)
        if not branches:
            return last
        first, *others = [nodes.If(test, body, [], [], lineno=node.lineno) for test, body in branches]
        first.elif_, first.else_ = others, last
        return first

    def visit_For(self, node: nodes.For) -> nodes.Node | Nodes:
        """A few constants one by one."""
        node.iter = self.visit(node.iter)
        turns = _turns(node)
        if turns is None:
            return self.generic_visit(node)
        found: Nodes = []
        for given in turns:
            turn = clone(nodes.Scope(node.body, lineno=node.lineno), node.lineno)
            turn.body[:0] = [nodes.Assign(nodes.Name(name, "store"), value) for name, value in given.items()]
            put = self.visit(turn)
            found += put if isinstance(put, list) else [put]
        return found

    # Expressions

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:
        """The side that is taken."""
        self.generic_visit(node)
        if isinstance(node.test, nodes.Const) and node.expr2 is not None:
            return node.expr1 if node.test.value else node.expr2
        return node

    def visit_And(self, node: nodes.And) -> nodes.Node:
        """The side that decides."""
        self.generic_visit(node)
        if isinstance(node.left, nodes.Const):
            return node.right if node.left.value else node.left
        return node

    def visit_Or(self, node: nodes.Or) -> nodes.Node:
        """The side that decides."""
        self.generic_visit(node)
        if isinstance(node.left, nodes.Const):
            return node.left if node.left.value else node.right
        return node

    def _known(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        try:
            return nodes.Const(node.as_const(), lineno=node.lineno, environment=node.environment)
        except Exception:  # noqa: BLE001 - whatever is wrong with it is told when it is run.
            return node

    visit_Not = visit_Compare = visit_Getitem = visit_Test = _known


def _spread(name: str, value: nodes.Expr, rest: Nodes) -> None:
    """Put a constant where its name is read, as long as nothing else is set under it."""
    if any(name in set_in(node) for node in rest if not isinstance(node, ISOLATED)):
        return
    for index, node in enumerate(rest):
        if not isinstance(node, nodes.Block) and name not in set_in(node):
            rest[index] = Rename({name: value}).visit(node)


def set_in(node: nodes.Node) -> set[str]:
    """All names that are set anywhere in it, by whatever means."""
    found = set(names(node, "store"))
    for one in [node, *node.find_all((nodes.Import, nodes.FromImport, nodes.Macro, nodes.NSRef))]:
        if isinstance(one, nodes.Import):
            found.add(one.target)
        elif isinstance(one, nodes.FromImport):
            found |= {name[1] if isinstance(name, tuple) else name for name in one.names}
        elif isinstance(one, nodes.Macro | nodes.NSRef):
            found.add(one.name)
    return found


def _idle(node: nodes.Node, rest: Nodes) -> bool:
    """Whether it sets what nobody reads, without doing anything else."""
    if isinstance(node, nodes.Assign):
        if not (isinstance(node.target, nodes.Name) and isinstance(node.node, nodes.Const | nodes.Name | nodes.Tuple)):
            return False
        if isinstance(node.node, nodes.Tuple) and not constant(node.node):
            return False
    elif not isinstance(node, nodes.Import | nodes.FromImport):
        return False
    read = {name for found in rest for name in names(found, "load")}
    return not set_in(node) & read


def _turns(node: nodes.For) -> list[dict[str, nodes.Expr]] | None:
    """What each turn of a loop gives its names; None if that is not known or the loop is no plain one."""
    if node.test or node.else_ or node.recursive or not isinstance(node.iter, nodes.Tuple):
        return None
    if len(node.iter.items) > MOST_TURNS or not constant(node.iter) or "loop" in names(node, "load"):
        return None
    if isinstance(node.target, nodes.Name):
        return [{node.target.name: item} for item in node.iter.items]
    targets = [name.name for name in cast("nodes.Tuple", node.target).items if isinstance(name, nodes.Name)]
    turns: list[dict[str, nodes.Expr]] = []
    for item in node.iter.items:
        if not isinstance(item, nodes.Tuple) or len(item.items) != len(targets):
            return None
        turns.append(dict(zip(targets, item.items, strict=True)))
    return turns
