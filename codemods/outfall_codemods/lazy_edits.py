"""A global made on first use, written as a `Lazy`, where the code shows the plain pattern and nothing else.

    _client = None                       _client = Lazy("app._client", lambda: connect())

    def client():                        def client():
        global _client                       return _client.get()
        if _client is None:
            _client = connect()
        return _client
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from .edits import Edit, Moved, RuntimeName, quoted
from .global_uses import GlobalUses
from .slot_edits import load_edits
from .text import SourceText

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def lazy_edits(source: SourceText, name: str, state: str, declaration: ast.stmt, uses: GlobalUses) -> tuple[Edit, ...]:
    """The edits that make the global a `Lazy`; none where any use is outside the pattern."""
    others = [binding for binding in uses.bindings if binding.statement is not declaration]
    if not isinstance(declaration, ast.Assign) or not _is_none(declaration.value) or len(others) != 1:
        return ()
    making = others[0].statement
    found = _guard(source.tree, making, name)
    if found is None or not isinstance(making, ast.Assign) or not is_independent(making.value, found[0]):
        return ()
    function, guard = found
    after = [load for load in uses.loads if guard.lineno <= load.lineno and load in set(ast.walk(function))]
    used = [load for load in after if load.lineno > (guard.end_lineno or 0)]
    if len(uses.loads) != len(used) + 1 or not _alone(source, guard):
        return ()  # beside the test and what follows it, there is another use
    factory = ("lambda: ", Moved(source.place(making.value)), ")")
    value = Edit(source.place(declaration.value), (RuntimeName("Lazy"), f"({quoted(state)}, ", *factory))
    return (value, _without_guard(source, function, guard, used, name), *load_edits(source, used, f"{name}.get()"))


def _guard(tree: ast.Module, making: ast.stmt, name: str) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ast.If] | None:
    """The function and, directly in it, the `if NAME is None:` whose only statement makes the value."""
    methods = [statement for node in tree.body if isinstance(node, ast.ClassDef) for statement in node.body]
    for function in (*tree.body, *methods):
        for node in function.body if isinstance(function, _Function) else ():
            if isinstance(node, ast.If) and node.body == [making] and not node.orelse and _asks_for_none(node.test, name):
                assert isinstance(function, _Function)
                return function, node
    return None


def _asks_for_none(test: ast.expr, name: str) -> bool:
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Name) or test.left.id != name:
        return False
    return len(test.ops) == 1 and isinstance(test.ops[0], ast.Is) and _is_none(test.comparators[0])


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def is_independent(value: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the value is made on one line of nothing that belongs to the function's own run."""
    if any(isinstance(n, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for n in ast.walk(value)):
        return False
    own = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.asname or n.name.partition(".")[0] for n in ast.walk(function) if isinstance(n, ast.alias)}
    own |= {n.name for n in ast.walk(function) if isinstance(n, (*_Function, ast.ClassDef)) and n is not function}
    used = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
    return not used & (own | {"super", "locals"}) and value.lineno == value.end_lineno


def _alone(source: SourceText, guard: ast.If) -> bool:
    """Whether the guard's lines hold the guard only, without a comment that would be lost."""
    place = source.place(guard)
    text = "".join(source.lines[place.line - 1 : place.end_line])
    before = source.lines[place.line - 1][: place.column]
    rest = source.lines[place.end_line - 1][place.end_column :]
    return not before.strip() and not rest.strip() and "#" not in text and place.end_line == place.line + 1


def _without_guard(
    source: SourceText, function: ast.FunctionDef | ast.AsyncFunctionDef, guard: ast.If, used: list[ast.Name], name: str
) -> Edit:
    """The guard goes where the next statement asks for the value anyway; else the value is asked for there."""
    place = source.place(guard)
    following = next(_following(function, guard), None)
    if following is None or not set(ast.walk(following)) & set(used) or isinstance(following, (ast.If, ast.While)):
        return Edit(place, (f"{name}.get()",), whole=True)
    return Edit(replace(place, column=0, end_line=place.end_line + 1, end_column=0), (), whole=True)


def _following(function: ast.FunctionDef | ast.AsyncFunctionDef, guard: ast.If) -> Iterator[ast.stmt]:
    yield from function.body[function.body.index(guard) + 1 :][:1]
