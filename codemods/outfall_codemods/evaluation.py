"""What a statement evaluates before anything else: where a step that comes first may be left to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_FIELDS: dict[type[ast.AST], str] = {
    ast.Return: "value", ast.Expr: "value", ast.Assign: "value", ast.If: "test", ast.Attribute: "value", ast.Subscript: "value",
    ast.Await: "value", ast.Yield: "value", ast.YieldFrom: "value", ast.BinOp: "left", ast.UnaryOp: "operand", ast.Compare: "left",
    ast.BoolOp: "values", ast.Tuple: "elts", ast.List: "elts", ast.Set: "elts", ast.IfExp: "test",
}  # fmt: skip


def first_evaluated(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expression with whose evaluation the statement begins, and what that one begins with, to the innermost.

    None of a statement that may let an error of that evaluation end elsewhere, as `try` and `with` do.
    """
    node: ast.AST | None = _begins(statement)
    while node is not None:
        yield node
        node = _begins(node)


def _begins(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Call):  # the plain name of a function only has to be looked up
        return node.args[0] if isinstance(node.func, ast.Name) and node.args else node.func
    found = getattr(node, _FIELDS.get(type(node), ""), None)
    return (found[0] if found else None) if isinstance(found, list) else found
