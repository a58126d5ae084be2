"""What the tests around a store say of the thing that is stored: that it is absent, present, or nothing.

A guard is the test of an enclosing `if`, that of an earlier `if` whose body left, the operand
before an `or` or `and`, each with whether it holds at the store, or an `except` clause.
"""

from __future__ import annotations

import ast

from outfall_lint.paths import path_of
from outfall_lint.scopes import FUNCTION, Guards, RawUse, Scope

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)

_NOT_FOUND = frozenset(f"after {name}" for name in ("NameError", "AttributeError", "KeyError", "UnboundLocalError"))
_GONE = frozenset("closed is_closed done expired".split())
IN_A_BRANCH = "in a branch"
"""The detail of a store that runs under a condition which says nothing of what is stored."""


def leaves(body: list[ast.stmt]) -> bool:
    """Whether what follows a branch runs only where the branch was not taken."""
    return isinstance(body[-1], _LEAVES)


def is_main(test: ast.expr) -> bool:
    """Whether a test asks if the module runs as a script: `if __name__ == "__main__"`."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def guard_of(guards: Guards, raw: RawUse, scope: Scope) -> str:
    """How a store is guarded: "if absent", "if tested", "after AttributeError", "in a branch" or ""."""
    chosen = raw.value if not raw.path and isinstance(raw.value, (ast.BoolOp, ast.IfExp)) else None
    if guards is None and chosen is None:
        return ""
    names = _same(raw, scope)
    if chosen is not None and (own := _of_value(chosen, names, raw)):
        return own
    inside, after = guards is not None, ""
    while guards is not None:
        node, guards, holds = guards
        if isinstance(node, ast.ExceptHandler):
            after = after or (f"after {ast.unparse(node.type)}" if node.type is not None else "after any exception")
            if after in _NOT_FOUND:
                break
        elif (absent := _absent(node, holds, names, raw)) is not None:
            return "if absent" if absent else "if tested"
    return after or (IN_A_BRANCH if inside else "")


def _same(raw: RawUse, scope: Scope) -> frozenset[str]:
    """The name of what is stored to, and the function's locals that were given its value: `it = _it`, `it = x.it`."""
    if scope.kind != FUNCTION:
        return frozenset((raw.root,))
    same = [name for name, bindings in scope.bindings.items() if any(_gives(b.value, raw) for b in bindings)]
    return frozenset((raw.root, *same))


def made_where_absent(raw: RawUse, scope: Scope) -> ast.Call | None:
    """What makes the local that is stored in an attribute and was looked for there first.

    `it = getattr(x, "it", None)`, then `it = make()` and `x.it = it`: the call of `make`.
    """
    if not raw.path or type(raw.value) is not ast.Name or scope.kind != FUNCTION:
        return None
    given = [b.value for b in scope.bindings.get(raw.value.id, ()) if b.how == "assign"]
    made = [value for value in given if not _gives(value, raw)]
    return made[0] if len(made) == 1 < len(given) and isinstance(made[0], ast.Call) else None


def _gives(value: object, raw: RawUse) -> bool:
    """Whether an expression is the value of what is stored to: `_it`, `x.it`, `getattr(x, "it", None)`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "getattr" and len(value.args) > 1:
        start, asked = path_of(value.args[0]), value.args[1]
        return start is not None and isinstance(asked, ast.Constant) and (start[0], (*start[1], asked.value)) == (raw.root, raw.path)
    start = path_of(value) if isinstance(value, (ast.Name, ast.Attribute)) else None
    return start == (raw.root, raw.path)


def _of_value(value: ast.expr, names: frozenset[str], raw: RawUse) -> str:
    """The guard in the value itself: `_it = _it or make()`, `_it = make() if _it is None else _it`."""
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        return "if absent" if _is_name(value.values[0], names) else ""
    if isinstance(value, ast.IfExp) and (_is_name(value.body, names) or _is_name(value.orelse, names)):
        return "if absent" if _absent(value.test, _is_name(value.orelse, names), names, raw) else "if tested"
    return ""


def _is_name(node: ast.expr, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _absent(test: ast.AST, holds: bool, names: frozenset[str], raw: RawUse) -> bool | None:
    """Whether the thing is not there (True) or is (False) where `test` holds, or does not; None: it speaks of something else."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _absent(test.operand, not holds, names, raw)
    if isinstance(test, ast.BoolOp):
        said = [s for value in test.values if (s := _absent(value, holds, names, raw)) is not None]
        return any(said) if said else None
    if isinstance(test, ast.NamedExpr):
        return _absent(test.value, holds, names, raw)
    if not _speaks_of(test, names, raw):
        return None
    if isinstance(test, ast.Compare):
        return _compared(test) is holds
    gone = isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr in _GONE
    return gone is holds  # else `if it`, `if hasattr(x, "it")`, `if getattr(x, "it", None)`


def _compared(test: ast.Compare) -> bool:
    """Whether a comparison that holds says that a thing is not there."""
    operator, right = test.ops[0], test.comparators[0]
    if isinstance(operator, (ast.Is, ast.NotIn)):
        return not (isinstance(right, ast.Constant) and right.value is True)
    if isinstance(operator, ast.Eq):
        return isinstance(right, ast.Constant) and not right.value
    return False


def _speaks_of(node: ast.AST, names: frozenset[str], raw: RawUse) -> bool:
    """Whether a condition looks at what is stored, or at the object it is stored in."""
    for part in ast.walk(node):
        start = path_of(part)
        if start is not None and start[0] in names and start[1][:1] in ((), raw.path[:1]):
            return True
        if isinstance(part, ast.Constant) and part.value == raw.root and not raw.path:
            return True  # `if "_it" not in globals()`
    return False
