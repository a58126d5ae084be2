"""Recording what code does with a name, and with what is reached from it."""

from __future__ import annotations

import ast
from typing import Any

from outfall_lint.constructors import CHANGING_METHODS
from outfall_lint.facts import BINDS, GOT, SLICE, SUBSCRIPT, made
from outfall_lint.paths import last_name, path_through
from outfall_lint.scopes import RawUse, Walk

Name, Attribute, Subscript = ast.Name, ast.Attribute, ast.Subscript

LOOKS = frozenset(("load", "read", "test", "iterate"))
"""What leaves an object as it is."""
_ENTRIES = frozenset((SUBSCRIPT, SLICE, GOT))
_LOCK_WORDS = ("lock", "mutex", "semaphore", "cond")


def visit(w: Walk, node: ast.expr) -> None:
    """Walk an expression of whose value nothing is known: neither what is done with it nor where it goes."""
    handler = w.handlers.get(type(node))
    if handler is not None:
        handler(w, node)


def use(w: Walk, node: ast.expr, verb: str, detail: Any = "", value: ast.expr | None = None) -> None:
    """Record what the code does with `node` when that is a path from a name; else walk into it."""
    kind = type(node)
    if kind is Name:
        w.uses.append(made(RawUse, (node.id, (), verb, node, w.lock, detail, value, None)))  # type: ignore[attr-defined]
    elif kind is Attribute or kind is Subscript:
        _use_path(w, node, verb, detail, value)
    else:
        handler = w.handlers.get(kind)
        if handler is not None:
            handler(w, node)


def _use_path(w: Walk, node: ast.expr, verb: str, detail: Any, value: ast.expr | None) -> None:
    path: list[str] = []
    key: ast.expr | None = None
    at = node
    while True:
        kind = type(at)
        if kind is Name:
            path.reverse()
            w.uses.append(made(RawUse, (at.id, tuple(path), verb, node, w.lock, detail, value, key)))  # type: ignore[attr-defined]
            return
        if kind is Attribute:
            path.append(at.attr)  # type: ignore[attr-defined]
            at = at.value  # type: ignore[attr-defined]
        elif kind is Subscript:
            path.append(SLICE if type(at.slice) is ast.Slice else SUBSCRIPT)  # type: ignore[attr-defined]
            key = at.slice  # type: ignore[attr-defined]
            if type(key) is not ast.Constant:
                use(w, key, "read")
            at = at.value  # type: ignore[attr-defined]
        elif kind is ast.Call and (step := path_through(at)) is not None:  # type: ignore[arg-type]
            if step[1] == GOT:
                visit(w, at)
            path.append(step[1])
            at = step[0]
        elif kind is ast.NamedExpr:
            visit(w, at)
            at = at.value  # type: ignore[attr-defined]
        else:
            visit(w, at)
            return


def changes_container(verb: str, path: tuple[str, ...]) -> bool:
    """Whether a use changes what its bare name holds, as a container or iterator is changed: `x[k] = v`, `x.append(v)`, `next(x)`."""
    if verb == "call":
        return bool(path) and path[-1] in CHANGING_METHODS and _ENTRIES.issuperset(path[:-1])
    if verb in BINDS:
        return _ENTRIES.issuperset(path) if path else verb == "augment"
    return verb == "change" and not path


def test(w: Walk, node: ast.expr) -> None:
    """Walk a condition."""
    kind = type(node)
    if kind is ast.BoolOp:
        for value in node.values:  # type: ignore[attr-defined]
            test(w, value)
    elif kind is ast.UnaryOp:
        test(w, node.operand)  # type: ignore[attr-defined]
    else:
        use(w, node, "test", "truth")


def lock_name(node: ast.expr) -> str | None:
    """The lock that `with node:` holds, as written; None where it does not look like a lock."""
    if isinstance(node, (ast.Name, ast.Attribute)) and _speaks_of_locks(node):
        return ast.unparse(node)
    return None


def held_after(call: ast.Call, held: str | None) -> str | None:
    """The lock that is held after a call on its own: `lock.acquire()`, `_acquireLock()`, and what gives it back."""
    function = call.func
    last = last_name(function)
    takes = "acquire" in last.lower()
    if not takes and "release" not in last.lower():
        return held
    if last in ("acquire", "release") and isinstance(function, Attribute):
        name = lock_name(function.value)
    else:
        name = last.lower().replace("acquire", "").replace("release", "") if _speaks_of_locks(function) else None
    if name is None:
        return held
    return name if takes else None


def _speaks_of_locks(node: ast.expr) -> bool:
    last = last_name(node).lower()
    return any(word in last for word in _LOCK_WORDS)
