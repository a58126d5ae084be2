"""Calls that hand work to another thread: which argument the work is, and whether a thread surely runs it.

A context can be carried into a thread, not into another process; and it is copied where the call is
made, so a thread that starts later would see what has long been over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from outfall_lint.paths import last_name

from .slot_edits import CannotRewrite

_THREAD_POOLS = frozenset({"ThreadPoolExecutor", "ThreadPool"})
_ON_POOLS = frozenset({"submit", "map", "apply_async"})
_KEYWORDS = ("target", "function", "func")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def work_of(tree: ast.Module, call: ast.Call) -> ast.expr:
    """The argument that is the work; raises CannotRewrite where its context cannot be carried there."""
    name = last_name(call.func)
    if name in _ON_POOLS and isinstance(call.func, ast.Attribute):
        _require_threads(tree, call.func.value)
    elif name == "run_in_executor" and call.args:
        if not (isinstance(call.args[0], ast.Constant) and call.args[0].value is None):
            _require_threads(tree, call.args[0])
    elif name in ("Thread", "Timer"):
        _require_start(tree, call)
    elif name != "start_new_thread":
        raise CannotRewrite(f"what `{name}` does with it is not known", call.lineno)
    position = {"run_in_executor": 1, "Timer": 1, "Thread": 1}.get(name, 0)
    if any(isinstance(argument, ast.Starred) for argument in call.args[: position + 1]):
        raise CannotRewrite("the work stands in an unpacked list", call.lineno)
    named = next((keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS), None)
    work = named or (call.args[position] if len(call.args) > position else None)
    if work is None:
        raise CannotRewrite("the call does not show the work", call.lineno)
    return work


def _require_threads(tree: ast.Module, pool: ast.expr) -> None:
    """Everything that the file puts in this name has to be a pool of threads."""
    spelled = ast.unparse(pool)
    made = [value for target, value in _given(tree) if ast.unparse(target) == spelled and not _is_none(value)]
    told = [a.annotation for a in ast.walk(tree) if isinstance(a, ast.arg) and a.arg == spelled]
    threads = all(isinstance(value, ast.Call) and last_name(value.func) in _THREAD_POOLS for value in made)
    if not made + told or not threads or not all(note is not None and last_name(note) in _THREAD_POOLS for note in told):
        raise CannotRewrite(f"whether `{spelled}` runs it in a thread or in another process is not in sight", pool.lineno)


def _given(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Every target of the file with the value that it is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield node.target, node.value
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield node.optional_vars, node.context_expr


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _require_start(tree: ast.Module, call: ast.Call) -> None:
    """A thread has to be started in the function that makes it."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    parent = parents[call]
    if isinstance(parent, ast.Attribute) and parent.attr == "start":
        return
    function: ast.AST = call
    while function in parents and not isinstance(function, _FUNCTIONS):
        function = parents[function]
    names = [t.id for t in parent.targets if isinstance(t, ast.Name)] if isinstance(parent, ast.Assign) else []
    starts = [n.value for n in ast.walk(function) if isinstance(n, ast.Attribute) and n.attr == "start"]
    started = [n.id for n in starts if isinstance(n, ast.Name)]
    if not names or names[0] not in started or not isinstance(function, _FUNCTIONS):
        raise CannotRewrite("the thread is started elsewhere, when the context may be another", call.lineno)
