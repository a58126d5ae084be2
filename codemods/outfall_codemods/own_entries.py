"""A mapping keyed by threads of which each touches its own entry only, written as one context value.

    _users = {}                              _users = ContextValue("app._users")

    def login(user):                         def login(user):
        _users[get_ident()] = user               _users.set(user)

    def user():                              def user():
        return _users.get(get_ident())           return _users.get(None)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outfall_lint.constructors import MAPPINGS
from outfall_lint.model import Place, State

from .edits import Edit, Moved
from .elsewhere import Load
from .slot_edits import CannotRewrite, assigned_value, end_of, require_not_shown
from .text import SourceText

KEYED = "keyed by "
"""What the linter's detail of an access says before the kind of key."""
_NUMBERS = frozenset({"threading.get_ident", "_thread.get_ident", "threading.get_native_id"})
_THREADS = frozenset({"threading.current_thread", "threading.currentThread"})
_NUMBER_OF_THREAD = frozenset({"ident", "native_id"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Which expressions of a module name the thread that evaluates them."""

    imported: Mapping[str, str]  # local name -> dotted target
    variables: Mapping[ast.Name, ast.Assign]  # a load of a variable that holds such a name -> what made it

    def holds(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute) and node.attr in _NUMBER_OF_THREAD:
            return self._calls(node.value, _THREADS)
        return node in self.variables or self._calls(node, _NUMBERS | _THREADS)

    def _calls(self, node: ast.expr, functions: frozenset[str]) -> bool:
        if not isinstance(node, ast.Call) or node.args or node.keywords:
            return False
        root, dot, rest = ast.unparse(node.func).partition(".")
        return self.imported.get(root, "") + dot + rest in functions


def is_keyed_by_threads(state: State) -> bool:
    """Whether OUT203 reports the mapping, so that what else is reported of it is a matter of that plan."""
    return state.constructor in MAPPINGS and any(KEYED in a.detail and a.operation.changes for a in state.accesses)


def own_entry_edits(source: SourceText, loads: Sequence[Load]) -> Iterator[Edit]:
    """The edits of a file's uses of the mapping, each of which begins with one of the loads.

    Raises CannotRewrite at a use that is not of the running thread's own entry, or has no form with a value.
    """
    keys = _Keys(_imports(source.tree), {})
    keys = _Keys(keys.imported, dict(_variables(source.tree, keys)))
    parents = {child: node for node in source.nodes for child in ast.iter_child_nodes(node)}
    used: list[ast.expr] = []
    for load in loads:
        key, edits = _entry(source, load, parents, keys)
        used.append(key)
        yield from edits
    yield from _idle_variables(source, keys, used)


def _imports(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _variables(tree: ast.Module, keys: _Keys) -> Iterator[tuple[ast.Name, ast.Assign]]:
    """The loads of locals that are bound once, to a key: `me = get_ident()`."""
    for function in ast.walk(tree):
        if not isinstance(function, _FUNCTIONS):
            continue
        own = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        inner = [node for node in ast.walk(function) if isinstance(node, (*_FUNCTIONS, ast.Lambda)) and node is not function]
        for statement in function.body:
            target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
            if isinstance(statement, ast.Assign) and isinstance(target, ast.Name) and keys.holds(statement.value):
                loads = [node for node in own if node.id == target.id and node is not target]
                elsewhere = {node for each in inner for node in ast.walk(each)}
                if all(isinstance(node.ctx, ast.Load) and node not in elsewhere for node in loads):
                    yield from ((node, statement) for node in loads)


def _entry(
    source: SourceText, load: Load, parents: Mapping[ast.AST, ast.AST], keys: _Keys
) -> tuple[ast.expr, Sequence[Edit]]:
    """The key of one use, and the edits that make it a use of the value."""
    node, name = parents[load], source.slice(source.place(load))
    if name != ast.unparse(load):
        raise CannotRewrite("it is used inside an f-string whose places Python does not tell", load.lineno)
    require_not_shown(source, load)
    if isinstance(node, ast.Subscript) and node.value is load and keys.holds(node.slice):
        return node.slice, list(_subscript(source, node, parents[node], name))
    if isinstance(node, ast.Compare) and node.comparators == [load] and keys.holds(node.left):
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            negation = "not " if isinstance(node.ops[0], ast.NotIn) else ""
            return node.left, [Edit(source.place(node), (f"{negation}{name}.is_set()",), whole=True)]
    call = parents.get(node)
    if isinstance(node, ast.Attribute) and isinstance(call, ast.Call) and call.func is node:
        if call.args and keys.holds(call.args[0]):
            return call.args[0], [_called(source, call, node.attr, name, parents[call])]
    raise CannotRewrite("it is used beyond the running thread's own entry", load.lineno)


def _subscript(source: SourceText, node: ast.Subscript, parent: ast.AST, name: str) -> Iterator[Edit]:
    if isinstance(node.ctx, ast.Load):
        changed = isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load)
        if changed:
            raise CannotRewrite("an entry is changed in place, which child tasks would share", node.lineno)
        yield Edit(source.place(node), (f"{name}.get()",), whole=True)
    elif isinstance(parent, ast.Delete) and parent.targets == [node]:
        yield Edit(source.place(parent), (f"{name}.unset()",), whole=True)
    elif isinstance(parent, ast.Assign) and parent.targets == [node]:
        given, brackets = assigned_value(source, parent, node)
        start = source.place(parent)
        target = Place(source.path, start.line, start.column, given.line, given.column)
        yield Edit(target, (f"{name}.set(" + "(" * brackets,), whole=True)
        yield Edit(end_of(given), (")" + ")" * brackets,))
    else:
        raise CannotRewrite("an entry is bound together with others, or changed in place", node.lineno)


def _called(source: SourceText, call: ast.Call, method: str, name: str, parent: ast.AST) -> Edit:
    """`_users.get(get_ident(), 0)` → `_users.get(0)`; `_users.pop(get_ident(), None)`, on its own, takes the value back."""
    place = source.place(call)
    if not call.keywords and method == "get" and len(call.args) <= 2:
        given = Moved(source.place(call.args[1])) if len(call.args) == 2 else "None"
        return Edit(place, (f"{name}.get(", given, ")"), whole=True)
    if not call.keywords and method == "pop" and isinstance(parent, ast.Expr):
        if len(call.args) == 1:
            return Edit(place, (f"{name}.unset()",), whole=True)
        indent = source.lines[place.line - 1][: place.column]
        if not indent.strip():
            step = "\t" if "\t" in indent else "    "
            return Edit(place, (f"if {name}.is_set():{source.newline}{indent}{step}{name}.unset()",), whole=True)
    raise CannotRewrite(f"its `{method}` has no form with a value", call.lineno)


def _idle_variables(source: SourceText, keys: _Keys, used: Sequence[ast.expr]) -> Iterator[Edit]:
    """Variables that held the key and nothing but named an entry go, with their lines."""
    for statement in dict.fromkeys(keys.variables.values()):
        loads = [load for load, made in keys.variables.items() if made is statement]
        place = source.place(statement)
        text = "".join(source.lines[place.line - 1 : place.end_line]).strip()
        if all(load in used for load in loads) and text == source.slice(place) and place.end_line < len(source.lines):
            yield Edit(Place(source.path, place.line, 0, place.end_line + 1, 0), (), whole=True)

