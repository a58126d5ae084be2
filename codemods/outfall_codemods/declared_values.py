"""The value that a state is declared with: what a swap may take the place of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from outfall_lint.model import State
from outfall_lint.paths import last_name

from .text import SourceText


def value_of(state: State, source: SourceText) -> ast.expr | None:
    """The expression of the declared value; its places count from its own first line."""
    if state.value is None:
        return None
    return ast.parse(f"({source.slice(state.value)}\n)", mode="eval").body


def made_by_call(state: State, source: SourceText) -> ast.Call | None:
    """The declared value where it is as a whole one call of the state's own type, `deque(maxlen=9)`, `Dict[str, int]()`.

    A call in one branch of a choice (`local() if threaded else Namespace()`), of a method (`OrderedDict.fromkeys(keys)`), or
    of a function that only returns such an object (`copy(deque())`), is none.
    """
    value = value_of(state, source)
    if not isinstance(value, ast.Call):
        return None
    function = value.func.value if isinstance(value.func, ast.Subscript) else value.func
    called = last_name(function)
    own = state.constructor.rpartition(".")[2]
    return value if called == own or called in _other_names(source, own) else None


def _other_names(source: SourceText, name: str) -> Iterator[str]:
    """What the file calls something by that name: `from threading import local as Local`, `_Local = threading.local`."""
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            yield from (alias.asname for alias in node.names if alias.name == name and alias.asname)
        elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Attribute)):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name) and last_name(node.value) == name)
