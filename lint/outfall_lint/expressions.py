"""The one walk over a file's tree: expressions, and what they do with the names in them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from outfall_lint.calls import call
from outfall_lint.scopes import COMPREHENSION, FUNCTION, Scope, Walk
from outfall_lint.uses import test, use, visit

def _compare(w: Walk, node: ast.Compare) -> None:
    operator = type(node.ops[0])
    right = node.comparators[0]
    if operator is ast.Is or operator is ast.IsNot:
        how = "is None" if isinstance(right, ast.Constant) and right.value is None else "is"
        use(w, node.left, "test", how)
        use(w, right, "read")
    elif operator is ast.In or operator is ast.NotIn:
        use(w, node.left, "read")
        use(w, right, "test", "in")
    else:
        use(w, node.left, "test", "compare")
        use(w, right, "test", "compare")
    for more in node.comparators[1:]:
        use(w, more, "test", "compare")


def _comprehension(w: Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
    first = node.generators[0]
    use(w, first.iter, "iterate")
    # A generator's body runs later, but where it is written is what people mean by "where".
    outside = w.enter(COMPREHENSION, "", node)
    for generator in node.generators:
        if generator is not first:
            use(w, generator.iter, "iterate")
        _bind_names(w, generator.target)
        for condition in generator.ifs:
            test(w, condition)
    if isinstance(node, ast.DictComp):
        use(w, node.key, "read")
        use(w, node.value, "load", "stored in a new dict")
    else:
        use(w, node.elt, "load", "stored in a new collection")
    w.leave(outside)


def _bind_names(w: Walk, target: ast.expr) -> None:
    if isinstance(target, ast.Name):
        w.scope.bind(target.id, "for", None, None, None)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            _bind_names(w, element)
    elif isinstance(target, ast.Starred):
        _bind_names(w, target.value)
    else:
        use(w, target, "store")


def _lambda(w: Walk, node: ast.Lambda) -> None:
    arguments = node.args
    for default in (*arguments.defaults, *arguments.kw_defaults):
        if default is not None:
            use(w, default, "load", "a default argument")
    outside = w.enter(FUNCTION, "<lambda>", node)
    bind_parameters(w.scope, arguments)
    use(w, node.body, "load", "returned")
    w.leave(outside)


def bind_parameters(scope: Scope, arguments: ast.arguments) -> None:
    """Bind a function's parameters in its scope."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    scope.parameters = tuple([a.arg for a in every])
    defaults: dict[ast.arg, ast.expr] = {}
    if arguments.defaults or arguments.kw_defaults:
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults.update(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults))
        defaults.update((a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults) if d is not None)
    for argument in every:
        scope.bind(argument.arg, "parameter", defaults.get(argument), None, None)


def _walrus(w: Walk, node: ast.NamedExpr) -> None:
    use(w, node.value, "load", node.target)
    w.bind(node.target.id, "walrus", node.value, None, node.target)


def _binary(w: Walk, node: ast.BinOp) -> None:
    # Long chains of `+` lean left: walk down their spine in a loop, not by recursion.
    at: ast.expr = node
    while type(at) is ast.BinOp:
        use(w, at.right, "read")
        at = at.left
    use(w, at, "read")


def _boolean(w: Walk, node: ast.BoolOp) -> None:
    guard = w.guard
    holds = type(node.op) is ast.And
    for value in node.values:
        use(w, value, "load", "chosen by and/or")
        w.guard = (value, guard, holds)
    w.guard = guard


def _choice(w: Walk, node: ast.IfExp) -> None:
    test(w, node.test)
    guard = w.guard
    w.guard = (node.test, guard, True)
    use(w, node.body, "load", "chosen by if")
    w.guard = (node.test, guard, False)
    use(w, node.orelse, "load", "chosen by if")
    w.guard = guard


def _dict(w: Walk, node: ast.Dict) -> None:
    for key, value in zip(node.keys, node.values):
        if key is None:
            use(w, value, "iterate", "**")
        else:
            use(w, key, "read")
            use(w, value, "load", "stored in a dict")


def _elements(w: Walk, node: ast.List | ast.Tuple | ast.Set) -> None:
    for element in node.elts:
        use(w, element, "load", "stored in a collection")


def _path(w: Walk, node: ast.expr) -> None:
    use(w, node, "load")


def _read_value(w: Walk, node: Any) -> None:
    use(w, node.value, "read")


def _yield(w: Walk, node: ast.Yield) -> None:
    w.yields.append((w.scope, node, w.entered))
    if node.value is not None:
        use(w, node.value, "load", "yielded")


def _starred(w: Walk, node: ast.Starred) -> None:
    use(w, node.value, "iterate")


def _yield_from(w: Walk, node: ast.YieldFrom) -> None:
    w.yields.append((w.scope, node, w.entered))
    use(w, node.value, "iterate")


def _unary(w: Walk, node: ast.UnaryOp) -> None:
    if isinstance(node.op, ast.Not):
        test(w, node.operand)
    else:
        use(w, node.operand, "read")


def _joined(w: Walk, node: ast.JoinedStr) -> None:
    for value in node.values:
        visit(w, value)


def _formatted(w: Walk, node: ast.FormattedValue) -> None:
    use(w, node.value, "read")
    if node.format_spec is not None:
        visit(w, node.format_spec)


def _slice(w: Walk, node: ast.Slice) -> None:
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            use(w, part, "read")


EXPRESSIONS: dict[type, Callable[[Walk, Any], None]] = {
    ast.Name: _path,
    ast.Attribute: _path,
    ast.Subscript: _path,
    ast.Call: call,
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.IfExp: _choice,
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
    ast.Dict: _dict,
    ast.List: _elements,
    ast.Tuple: _elements,
    ast.Set: _elements,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Await: _read_value,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Starred: _starred,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.Slice: _slice,
}
