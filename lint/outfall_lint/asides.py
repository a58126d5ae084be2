"""Branches that ordinary production never takes, by their condition alone."""

from __future__ import annotations

import ast

from outfall_lint.facts import Aside
from outfall_lint.paths import last_name
from outfall_lint.scopes import MODULE, Scope, Walk

SWITCHED = "only where an environment variable asks for it"
NEVER = "only on Pythons that are long out of support"
CHECKED = "only for type checkers"
_OLDEST = (3, 8)
"""Older Pythons are not met any more."""


def note_aside(w: Walk, node: ast.If) -> None:
    """Record the branch of an `if` that is an aside, where one is."""
    found = _aside(node.test, w.scope)
    if found is not None and (branch := node.body if found[1] else node.orelse):
        w.asides.append(Aside(branch[0].lineno, branch[-1].end_lineno or branch[-1].lineno, found[0]))


def _aside(test: ast.expr, scope: Scope) -> tuple[str, bool] | None:
    """Why a branch is an aside, and whether it is the one where the test holds; None where neither is, or one cannot tell.

    An environment variable counts at module level, where what is declared and defined exists through it alone;
    in a function it may as well be how the project is configured.
    """
    holds = True
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, holds = test.operand, not holds
    if last_name(test) == "TYPE_CHECKING":
        return CHECKED, holds
    old = _is_old_python(test)
    if old is not None:
        return NEVER, holds is old
    if scope.kind == MODULE and _is_set(test, scope):
        return SWITCHED, holds
    return None


def _is_old_python(test: ast.expr) -> bool | None:
    """Whether a test holds on old Pythons only (True) or on all others (False); None: it speaks of something else."""
    last = last_name(test)
    if last in ("PY2", "PY3"):
        return last == "PY2"
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    major = isinstance(left, ast.Subscript) and isinstance(left.slice, ast.Constant) and left.slice.value == 0
    if last_name(left.value if major else left) != "version_info":  # type: ignore[attr-defined]
        return None
    try:
        version = ast.literal_eval(right)
    except ValueError:
        return None
    if isinstance(version, int) and major:
        if isinstance(operator, ast.Eq):
            return version < _OLDEST[0] or (None if version > _OLDEST[0] else False)
        version = (version,)
    if not isinstance(version, tuple) or version > _OLDEST:
        return None
    return True if isinstance(operator, ast.Lt) else False if isinstance(operator, ast.GtE) else None


def _is_set(test: ast.expr, scope: Scope, within: tuple[str, ...] = ()) -> bool:
    """Whether a condition holds only where some environment variable is set.

    Args:
        within: the names that it is the value of: one may be made of itself.
    """
    if isinstance(test, ast.BoolOp):
        sides = [_is_set(value, scope, within) for value in test.values]
        return all(sides) if isinstance(test.op, ast.Or) else any(sides)
    if isinstance(test, ast.Name):
        bindings = scope.bindings.get(test.id, [])
        value = bindings[0].value if len(bindings) == 1 and test.id not in within else None
        return isinstance(value, ast.expr) and _is_set(value, scope, (*within, test.id))
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        operator, right = test.ops[0], test.comparators[0]
        if isinstance(operator, ast.In):
            return _is_environ(right)
        return isinstance(operator, ast.Eq) and isinstance(right, ast.Constant) and bool(right.value) and _is_read(test.left)
    return _is_read(test)


def _is_read(node: ast.expr) -> bool:
    """Whether an expression is an environment variable, which is nothing where nobody set it."""
    if not isinstance(node, ast.Call) or len(node.args) not in (1, 2):
        return False
    got = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and _is_environ(node.func.value)
    default = node.args[1] if len(node.args) == 2 else None
    return (got or last_name(node.func) == "getenv") and (default is None or (isinstance(default, ast.Constant) and not default.value))


def _is_environ(node: ast.AST) -> bool:
    return last_name(node) == "environ"
