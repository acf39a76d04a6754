"""What is put out as one value is put out in its parts, where that is the same: for `weaving`."""

from typing import Any

from jinja2 import nodes

Parts = list[nodes.Expr | nodes.Stmt]


def opened_up(value: nodes.Expr) -> Parts | None:
    """The parts of what is put out; None if it is one."""
    if isinstance(value, nodes.Concat):
        return [*value.nodes]
    if isinstance(value, nodes.CondExpr):
        return [_either(value.test, [value.expr1], [value.expr2] if value.expr2 else [], value)]
    if isinstance(value, nodes.Call) and isinstance(value.node, nodes.EnvironmentAttribute):
        if value.node.name == "filled":
            return _filled(value.args[0], value.args[1:])
        if value.node.name == "counted":
            return _counted(value)
    return None


def _either(test: nodes.Expr, one: list[Any], other: list[Any], near: nodes.Node) -> nodes.If:
    body, otherwise = ([nodes.Output(side, lineno=near.lineno)] if side else [] for side in (one, other))
    return nodes.If(test, body, [], otherwise, lineno=near.lineno, environment=near.environment)


def _filled(cut: nodes.Expr, values: list[nodes.Expr]) -> Parts | None:
    """A translation with its values: text, value, text. A value that shows twice must be one that costs nothing."""
    texts, places = cut.value  # type: ignore[attr-defined]
    if any(places.count(place) > 1 and not _plain(values[place]) for place in places):
        return None
    parts: Parts = [nodes.TemplateData(texts[0])]
    for place, text in zip(places, texts[1:], strict=True):
        parts += values[place], nodes.TemplateData(text)
    return [part for part in parts if not (isinstance(part, nodes.TemplateData) and part.data == "")]


def _counted(call: nodes.Call) -> Parts | None:
    """Singular or plural, if the number that decides costs nothing to ask twice."""
    one, many, _locale, n, written, *values = call.args
    if not _plain(n):
        return None
    if isinstance(written, nodes.Const) and written.value is None:
        written = nodes.Filter(n, "number", [], [], None, None, lineno=call.lineno, environment=call.environment)
    elif not isinstance(written, nodes.Filter):
        return None
    sides = [_filled(cut, [written, *values]) for cut in (one, many)]
    if sides[0] is None or sides[1] is None:
        return None
    test = nodes.Compare(n, [nodes.Operand("eq", nodes.Const(1))], lineno=call.lineno, environment=call.environment)
    return [_either(test, sides[0], sides[1], call)]


def _plain(value: nodes.Expr) -> bool:
    """A name, a constant, or an attribute of one."""
    return isinstance(value, nodes.Name | nodes.Const) or (isinstance(value, nodes.Getattr) and _plain(value.node))
