"""The one walk over a file's tree: calls, and what they do with their arguments."""

from __future__ import annotations

import ast

from outfall_lint.constructors import CHANGING_METHODS
from outfall_lint.facts import ANY
from outfall_lint.scopes import Walk
from outfall_lint.uses import use

Name, Attribute = ast.Name, ast.Attribute

_LOOKS_AT = frozenset(
    "len repr str bool isinstance issubclass print hash id type format any all sum min max callable vars dir".split()
)
_GOES_THROUGH = frozenset("list dict set tuple frozenset sorted enumerate zip map filter reversed iter".split())
_BY_NAME = {"hasattr": "test", "getattr": "load", "setattr": "store", "delattr": "delete", "__setattr__": "store"}
_CHANGES_ITS_ARGUMENT = frozenset(
    "heappush heappop heapify heapreplace heappushpop shuffle insort insort_left insort_right".split()
)
_OPERATORS = frozenset("setitem delitem iadd iconcat ior".split())
_BUILTIN_CONTAINERS = frozenset("dict list set bytearray deque OrderedDict".split())
_TELLS = _LOOKS_AT | _GOES_THROUGH | set(_BY_NAME) | _CHANGES_ITS_ARGUMENT | _OPERATORS | CHANGING_METHODS | {"next", "anext"}
"""Names of callees that may tell what becomes of an argument."""

HANDS_OVER = frozenset("submit run_in_executor Thread Timer apply_async start_new_thread".split())
"""Calls that hand work to another thread."""


def call(w: Walk, node: ast.Call) -> None:
    """Walk a call: what it calls, and what it does with its arguments."""
    function = node.func
    use(w, function, "call", node)
    name = function.id if type(function) is Name else function.attr if type(function) is Attribute else ""
    if name in HANDS_OVER or (name == "map" and _is_pool(w, function)):
        w.handed.append((w.scope, node, name))
    if name in _TELLS:
        _arguments(w, node, name)
    else:
        for argument in node.args:
            use(w, argument, "load", node)
    for keyword in node.keywords:
        if keyword.arg is None:
            use(w, keyword.value, "iterate", "**")
        else:
            use(w, keyword.value, "load", node)


def _is_pool(w: Walk, function: ast.expr) -> bool:
    """Whether `function` is the method of something that is called a pool or an executor, or entered as one: `with Pool() as p`."""
    if not isinstance(function, Attribute):
        return False
    words = [ast.unparse(function.value)]
    if isinstance(function.value, Name):
        name = function.value.id
        words += [ast.unparse(e) for e in w.entered if isinstance(e, ast.Call) and w.entered_as.get(e) == name]
    return any("pool" in each.lower() or "executor" in each.lower() for each in words)


def _arguments(w: Walk, node: ast.Call, name: str) -> None:
    """What a call does with its positional arguments, as far as the callee's name tells."""
    if not node.args:
        return
    first = node.args[0]
    if name in _LOOKS_AT or name in _GOES_THROUGH:
        verb = "read" if name in _LOOKS_AT else "iterate"
        for argument in node.args:
            use(w, argument, verb, name)
    elif name in _BY_NAME and len(node.args) > 1 and _builtin(node):
        _by_name(w, node, first, _BY_NAME[name])
    elif name in _CHANGES_ITS_ARGUMENT or (name in ("next", "anext") and type(node.func) is Name) or _unbound(node.func):
        use(w, first, "change", name)
        for argument in node.args[1:]:
            use(w, argument, "load", node)
    else:
        for argument in node.args:
            use(w, argument, "load", node)


def _unbound(function: ast.expr) -> bool:
    """Whether it is a container's method, called with the container as argument: `dict.update(X, …)`, `operator.setitem(X, …)`."""
    if type(function) is not Attribute or type(function.value) is not Name:
        return False
    owner, name = function.value.id, function.attr
    return (owner in _BUILTIN_CONTAINERS and name in CHANGING_METHODS) or (owner == "operator" and name in _OPERATORS)


def _builtin(node: ast.Call) -> bool:
    """Whether it is the builtin of that name, or `object.__setattr__`, and not somebody's method."""
    return type(node.func) is Name or (len(node.args) == 3 and ast.unparse(node.func) == "object.__setattr__")


def _by_name(w: Walk, node: ast.Call, first: ast.expr, verb: str) -> None:
    """`getattr(x, "name")` and its family use the attribute they name."""
    attribute = node.args[1]
    if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
        path = ast.Attribute(value=first, attr=attribute.value, ctx=ast.Load())
        ast.copy_location(path, node)
        stored = node.args[2] if verb == "store" and len(node.args) > 2 else None
        use(w, path, verb, "hasattr" if verb == "test" else "setattr" if stored is not None else w.guard, stored)
    else:
        use(w, attribute, "read")
        path = ast.copy_location(ast.Attribute(value=first, attr=ANY, ctx=ast.Load()), node)
        use(w, path, verb, "setattr" if verb == "store" else node, node.args[2] if len(node.args) > 2 else None)
    for argument in node.args[2:]:
        use(w, argument, "load", node)
