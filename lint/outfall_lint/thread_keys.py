"""Keys that are the identity of a thread or task."""

from __future__ import annotations

import ast

from outfall_lint.names import Names
from outfall_lint.paths import last_name
from outfall_lint.scopes import Scope

_IDENTITIES = frozenset("get_ident get_native_id current_thread currentThread current_task getcurrent".split())
_DEEPEST = 4  # steps from the key to the call


def thread_key(names: Names, scope: Scope, key: ast.expr | None) -> str:
    """The call that a key gets such an identity from: "threading.get_ident"; or empty."""
    for _ in range(_DEEPEST):
        if isinstance(key, ast.Attribute):
            key = key.value
        elif isinstance(key, ast.Name):
            key = scope.only_value(key.id)
        elif isinstance(key, ast.Tuple):
            return next((found for each in key.elts if (found := thread_key(names, scope, each))), "")
        elif isinstance(key, ast.Call):
            called = names.dotted(scope, key.func) or last_name(key.func)
            if called.rpartition(".")[2] in _IDENTITIES:
                return called
            if last_name(key.func) != "id" or not key.args:
                return ""
            key = key.args[0]
        else:
            return ""
    return ""
