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
from .evaluation import first_evaluated
from .global_uses import GlobalUses
from .slot_edits import load_edits
from .text import SourceText

_LOOKING = frozenset("get getenv getattr next find search match fullmatch fetchone first which find_spec".split())
"""What functions are called that give None where they find nothing."""
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
    if _may_be_none(source.tree, making.value):
        return ()  # and then it is looked for again
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
    used |= {n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute) and _is_mangled(n.attr)}
    return not used & (own | {"super", "locals"}) and not any(map(_is_mangled, used)) and value.lineno == value.end_lineno


def _is_mangled(name: str) -> bool:
    """Whether the name stands for another one within a class, or for the class itself."""
    return name.startswith("__") and (not name.endswith("__") or name == "__class__")


def _may_be_none(tree: ast.Module, value: ast.expr) -> bool:
    """Whether what makes the value plainly gives None at times: `environ.get("HOST")`, a function of the module that says so."""
    if isinstance(value, ast.Call):
        called = ast.unparse(value.func).rpartition(".")[2]
        functions = [f for f in tree.body if isinstance(f, _Function) and f.name == called and isinstance(value.func, ast.Name)]
        return called in _LOOKING or any(map(_gives_none, functions))
    return any(isinstance(node, ast.Constant) and node.value is None for node in ast.walk(value))


def _gives_none(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    nodes = list(ast.walk(function))
    returned = [node.value for node in nodes if isinstance(node, ast.Return)]
    made_otherwise = any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in nodes) or function.decorator_list
    if made_otherwise:
        return False
    if not returned:
        return not isinstance(function.body[-1], ast.Raise)
    return any(value is None or _is_none(value) for value in returned)


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
    """The guard goes where the next statement asks for the value before all else; else the value is asked for there."""
    place = source.place(guard)
    following = next(_following(function, guard), None)
    if following is None or not any(node in used for node in first_evaluated(following)):
        return Edit(place, (f"{name}.get()",), whole=True)
    return Edit(replace(place, column=0, end_line=place.end_line + 1, end_column=0), (), whole=True)


def _following(function: ast.FunctionDef | ast.AsyncFunctionDef, guard: ast.If) -> Iterator[ast.stmt]:
    yield from function.body[function.body.index(guard) + 1 :][:1]
