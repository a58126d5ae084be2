"""The one walk over a file's tree: statements that hold no others."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from outfall_lint.scopes import Walk
from outfall_lint.targets import bind_target
from outfall_lint.uses import held_after, test, use, visit


def _assign(w: Walk, node: ast.Assign) -> None:
    single = len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    value = node.value
    if single and isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
        use(w, value, "load", "=" + node.targets[0].id)  # type: ignore[attr-defined]
    else:
        if single and type(value) is ast.Call:
            w.kept[value] = node.targets[0].id  # type: ignore[attr-defined]
        shared = isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "__dict__"
        if shared:  # from then on the object's attributes are its entries
            use(w, value, "change", "as the attributes of an object")
        else:
            use(w, value, "load", node.targets[0])
    for target in node.targets:
        bind_target(w, target, "assign", value, node)


def _ann_assign(w: Walk, node: ast.AnnAssign) -> None:
    if node.value is None:
        if isinstance(node.target, ast.Name):
            w.scope.bind(node.target.id, "annotation", None, node, node.target)
        return
    use(w, node.value, "load", node.target)
    bind_target(w, node.target, "assign", node.value, node)


def _aug_assign(w: Walk, node: ast.AugAssign) -> None:
    use(w, node.value, "read")
    if isinstance(node.target, ast.Name):
        w.bind(node.target.id, "augment", node.value, node, node.target)
    else:
        use(w, node.target, "augment", w.guard, node.value)


def _delete(w: Walk, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            w.bind(target.id, "delete", None, node, target)
        elif isinstance(target, (ast.Tuple, ast.List)):
            _delete(w, ast.Delete(targets=target.elts))
        else:
            use(w, target, "delete", w.guard)


def _import(w: Walk, node: ast.Import) -> None:
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        target = alias.name if alias.asname else name
        w.bind(name, "import", target, node, None)
        w.modules.append(alias.name)


def _import_from(w: Walk, node: ast.ImportFrom) -> None:
    for alias in node.names:
        if not node.module:
            w.siblings.append((node.level, alias.name))
        if alias.name == "*":
            w.stars.append(node)
        else:
            w.bind(alias.asname or alias.name, "import", (node.level, node.module or "", alias.name), node, None)


def _global(w: Walk, node: ast.Global) -> None:
    w.scope.globals.update(node.names)


def _nonlocal(w: Walk, node: ast.Nonlocal) -> None:
    w.scope.nonlocals.update(node.names)


def _return(w: Walk, node: ast.Return) -> None:
    if node.value is not None:
        use(w, node.value, "load", "returned")


def _expr(w: Walk, node: ast.Expr) -> None:
    use(w, node.value, "read")
    if type(node.value) is ast.Call:
        w.discarded.add(node.value)
        w.lock = held_after(node.value, w.lock)


def _assert(w: Walk, node: ast.Assert) -> None:
    test(w, node.test)
    if node.msg is not None:
        use(w, node.msg, "read")


def _raise(w: Walk, node: ast.Raise) -> None:
    for value in (node.exc, node.cause):
        if value is not None:
            visit(w, value)


def _skip(w: Walk, node: ast.stmt) -> None:
    """Nothing in it uses a name."""


SIMPLE: dict[type, Callable[[Walk, Any], None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _ann_assign,
    ast.AugAssign: _aug_assign,
    ast.Delete: _delete,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Return: _return,
    ast.Expr: _expr,
    ast.Assert: _assert,
    ast.Raise: _raise,
    ast.Pass: _skip,
    ast.Break: _skip,
    ast.Continue: _skip,
}
