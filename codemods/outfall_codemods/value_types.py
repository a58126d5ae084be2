"""The type of what a thread-local's attribute holds, where its module plainly tells."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from .names import module_names
from .slot_edits import CannotRewrite
from .text import SourceText

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def value_type(source: SourceText, statements: Sequence[ast.stmt], attribute: str) -> str:
    """The type, as the module writes it; "" in a module that tells no types.

    Raises CannotRewrite where a typed module does not tell this one: a checker would ask for it.
    """
    functions = [node for node in source.nodes if isinstance(node, _FUNCTIONS)]
    if not any(function.returns or any(a.annotation for a in _arguments(function)) for function in functions):
        return ""
    told: list[str] = []
    for value in (stored for each in statements if (stored := _stored(each, attribute))):
        found = _told(value, functions)
        if found is None:
            raise CannotRewrite(f"the type of `{attribute}` is not told", value.lineno)
        told += [found] if found not in told else []
    plain = [each for each in told if each != "None"]
    if not told or len(plain) > 1 or (plain != told and not _annotations_are_text(source)):
        raise CannotRewrite(f"no one type of `{attribute}` is told", min((each.lineno for each in statements), default=1))
    optional = plain != told and not any("None" in each or "Optional" in each for each in plain)
    return " | ".join([*plain, *(["None"] if optional else [])])


def is_type(annotation: ast.expr) -> bool:
    """Whether an annotation is plainly a type, which may stand in the brackets of another: a name, `list[int]`, `int | None`, or one as text."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return is_type(ast.parse(annotation.value.strip(), mode="eval").body)
        except SyntaxError:
            return False
    if isinstance(annotation, ast.BinOp):
        return isinstance(annotation.op, ast.BitOr) and is_type(annotation.left) and is_type(annotation.right)
    if isinstance(annotation, ast.Subscript):
        return is_type(annotation.value)
    return isinstance(annotation, (ast.Name, ast.Attribute)) or (isinstance(annotation, ast.Constant) and annotation.value is None)


def known_above(source: SourceText, told: str, line: int) -> str:
    """The type as it may stand on a line of the module: as text where a name in it is bound further down only."""
    if not told or _annotations_are_text(source):
        return told
    above = module_names(ast.Module([statement for statement in source.tree.body if statement.lineno < line], []))
    named = {node.id for node in ast.walk(ast.parse(told, mode="eval")) if isinstance(node, ast.Name)}
    return told if named <= above | set(dir(builtins)) else f'"{told}"'


def _stored(statement: ast.stmt, attribute: str) -> ast.expr | None:
    """What a statement stores in the attribute: by an assignment, or by `setattr`."""
    if isinstance(statement, ast.Assign):
        stores = any(isinstance(target, ast.Attribute) and target.attr == attribute for target in statement.targets)
        return statement.value if stores else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    sets = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "setattr"
    return call.args[2] if sets and isinstance(call, ast.Call) else None


def _told(value: ast.expr, functions: Sequence[ast.FunctionDef | ast.AsyncFunctionDef]) -> str | None:
    """The type of a constant, or of a parameter that nobody binds anew."""
    if isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, (bool, int, float, str, bytes))):
        return "None" if value.value is None else type(value.value).__name__
    if isinstance(value, ast.Name):
        function = next((f for f in reversed(functions) if value in set(ast.walk(f))), None)
        if function is not None and not _binds(function, value.id):
            told = [a.annotation for a in _arguments(function) if a.arg == value.id and a.annotation]
            return ast.unparse(told[0]) if told and is_type(told[0]) else None
    return None


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]


def _binds(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(function))


def _annotations_are_text(source: SourceText) -> bool:
    """Whether annotations are not evaluated, so that `str | None` needs no new Python."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and any(a.name == "annotations" for a in node.names)
        for node in source.tree.body
    )
