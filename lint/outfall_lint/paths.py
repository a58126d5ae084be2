"""What can be read off an expression without knowing what its names stand for."""

from __future__ import annotations

import ast

from outfall_lint.facts import GLOBALS, GOT, IMPORTED, SLICE, SUBSCRIPT, Target

_GIVEN = {"get": GOT, "import_module": IMPORTED}


def last_name(node: ast.AST | None) -> str:
    """The name that an expression ends in, "local" of `threading.local`; empty for what ends in none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_own_module(value: ast.AST | None) -> bool:
    """Whether an expression is `sys.modules[__name__]`."""
    if not isinstance(value, ast.Subscript) or getattr(value.slice, "id", "") != "__name__":
        return False
    return isinstance(value.value, ast.Attribute) and value.value.attr == "modules"


def path_of(node: ast.AST | None) -> tuple[str, Target] | None:
    """The root name and path of `a.b[c].d`; None for anything else."""
    path: list[str] = []
    while True:
        if isinstance(node, ast.Name):
            path.reverse()
            return node.id, tuple(path)
        if isinstance(node, ast.Attribute):
            path.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            path.append(SLICE if isinstance(node.slice, ast.Slice) else SUBSCRIPT)
            node = node.value
        elif isinstance(node, ast.Call) and (step := path_through(node)) is not None:
            path.append(step[1])
            node = step[0]
        else:
            return None


def path_through(call: ast.Call) -> tuple[ast.expr, str] | None:
    """The object and path element behind the few calls that lead on to a part of something known.

    `x.get(k)` is an entry of `x`, `importlib.import_module(n)` a module, `type(self)` its class, `vars(m)` its dictionary, `globals()` ours,
    `getattr(x, "name")` an attribute.
    """
    function = call.func
    if isinstance(function, ast.Attribute):
        return (function.value, _GIVEN[function.attr]) if function.attr in _GIVEN else None
    if not isinstance(function, ast.Name):
        return None
    if function.id == "globals" and not call.args:
        return function, GLOBALS
    if function.id in ("type", "vars") and len(call.args) == 1:
        return call.args[0], "__class__" if function.id == "type" else "__dict__"
    if function.id == "getattr" and len(call.args) == 2 and isinstance(call.args[1], ast.Constant) and isinstance(call.args[1].value, str):
        return call.args[0], call.args[1].value
    return None


def imported_path(node: ast.AST | None) -> str:
    """The dotted name of `__import__("a").b` and `importlib.import_module("a").b`; empty for anything else."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    if not path or not isinstance(node, ast.Call) or len(node.args) != 1:
        return ""
    name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    return ".".join((name, *reversed(path))) if isinstance(name, str) and last_name(node.func) in ("__import__", "import_module") else ""


_METHODS = {"setitem": "__setitem__", "delitem": "__delitem__", "next": "__next__"}


def bound_path(node: ast.AST | None) -> tuple[str, Target] | None:
    """The path of a method with its object, also where `partial` binds the two: `partial(X.append, 1)`, `partial(operator.setitem, X)`."""
    if not isinstance(node, ast.Call) or not node.args or last_name(node.func) != "partial":
        return path_of(node)
    function = node.args[0]
    of_operator = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "operator"
    name = function.attr if of_operator else getattr(function, "id", "")  # type: ignore[attr-defined]
    if len(node.args) > 1 and name in _METHODS and (of_operator or name == "next"):
        start = path_of(node.args[1])
        return (start[0], (*start[1], _METHODS[name])) if start is not None else None
    return path_of(function) if isinstance(function, ast.Attribute) and not of_operator else None


def decorator_names(node: ast.AST) -> tuple[str, ...]:
    """The last name of each decorator of a function or class."""
    decorators = getattr(node, "decorator_list", ())
    return tuple([last_name(each.func if isinstance(each, ast.Call) else each) for each in decorators])


def spelled(node: ast.AST) -> str:
    """An expression's source; `ast.unparse` is slow, and most are plain names."""
    parts: list[str] = []
    at = node
    while type(at) is ast.Attribute:
        parts.append(at.attr)
        at = at.value
    if type(at) is not ast.Name:
        return ast.unparse(node)
    parts.append(at.id)
    return ".".join(reversed(parts))
