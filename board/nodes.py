"""Handling the nodes of parsed templates: copies, names, constants. For `weaving` and `reducing`."""

from collections.abc import Iterator
from typing import Any, TypeVar

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

N = TypeVar("N", bound=nodes.Node)


def clone(node: N, lineno: int) -> N:
    """A copy that belongs to that line."""
    fields = [_cloned(value, lineno) for _name, value in node.iter_fields()]
    return type(node)(*fields, lineno=lineno, environment=node.environment)


def _cloned(value: Any, lineno: int) -> Any:
    if isinstance(value, nodes.Node):
        return clone(value, lineno)
    return [_cloned(one, lineno) for one in value] if isinstance(value, list) else value


def names(node: nodes.Node, ctx: str) -> Iterator[str]:
    """The names that are read (`load`) or set (`store`) anywhere in it."""
    for found in [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name):
        if found.ctx == ctx or (ctx == "store" and found.ctx == "param"):
            yield found.name


def size(node: nodes.Node) -> int:
    """How many nodes are in it."""
    return sum(1 for _ in node.find_all(nodes.Node))


def holds(node: nodes.Node, *kinds: type[nodes.Node]) -> bool:
    """Whether any of these is in it."""
    return any(True for _found in node.find_all(kinds))


def asks_for_loop(node: nodes.Node) -> bool:
    """Whether it reads `loop` outside any loop of its own: Jinja gives a partial none."""
    if isinstance(node, nodes.Name):
        return node.name == "loop"
    return any(asks_for_loop(child) for child in node.iter_child_nodes() if not isinstance(child, nodes.For))


def constant(value: nodes.Node) -> bool:
    """Whether it is a constant, or a tuple of them."""
    if isinstance(value, nodes.Tuple):
        return all(map(constant, value.items))
    return isinstance(value, nodes.Const)


class Rename(NodeTransformer):
    """Gives names others, or constants in their place."""

    def __init__(self, given: dict[str, str | nodes.Expr]) -> None:
        self.given = given

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        """Another name, or a copy of what stands for it."""
        to = self.given.get(node.name)
        if isinstance(to, str):
            node.name = to
        return clone(to, node.lineno) if isinstance(to, nodes.Expr) and node.ctx == "load" else node
