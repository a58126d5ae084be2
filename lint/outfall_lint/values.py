"""What an expression is made by, and how to say in words what a store puts there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from outfall_lint.names import Names
from outfall_lint.paths import path_of, spelled
from outfall_lint.purity import purity
from outfall_lint.scopes import CLASS, FUNCTION, Binding, Scope

_DISPLAYS: dict[type, str] = {
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
    ast.GeneratorExp: "generator",
    ast.Lambda: "function",
    ast.Constant: "constant",
    ast.JoinedStr: "constant",
    ast.Compare: "constant",
    ast.UnaryOp: "constant",
}


def constructor(names: Names, scope: Scope, value: ast.AST | None, within: tuple[Binding, ...] = ()) -> str:
    """The canonical name of what makes `value`: "dict", "threading.local", "constant", "".

    Args:
        within: the bindings whose value this is part of: one may name itself, as in `__doc__ = __doc__ + more`.
    """
    display = _DISPLAYS.get(type(value))
    if display is not None:
        return display
    if isinstance(value, ast.Call):
        return _called(names, scope, value, within)
    if isinstance(value, ast.BoolOp):
        return constructor(names, scope, value.values[-1], within)
    if isinstance(value, ast.Attribute) and value.attr == "__next__":
        return constructor(names, scope, value.value, within)
    if isinstance(value, ast.IfExp):
        return constructor(names, scope, value.body, within) or constructor(names, scope, value.orelse, within)
    if isinstance(value, ast.BinOp):
        sides = {_of_name(names, scope, side, within) for side in _operands(value)}
        return next((side for side in ("dict", "list", "set") if side in sides), "constant" if sides == {"constant"} else "")
    return ""


def second_name(names: Names, scope: Scope, value: object) -> str:
    """The constructor of what a class body calls by a second name: `_succ = _adj`."""
    return _of_name(names, scope, value, ()) if isinstance(value, ast.Name) and scope.kind == CLASS else ""


def _operands(value: ast.expr) -> Iterator[ast.expr]:
    """The operands of a chain of operators, which leans left and may be long."""
    while isinstance(value, ast.BinOp):
        yield value.right
        value = value.left
    yield value


def _of_name(names: Names, scope: Scope, value: ast.expr, within: tuple[Binding, ...]) -> str:
    """The constructor of an expression, or of the one value that a plain name stands for."""
    if not isinstance(value, ast.Name):
        return constructor(names, scope, value, within)
    owner = scope.owner(value.id)
    bindings = owner.bindings.get(value.id, []) if owner is not None else []
    if len(bindings) != 1 or bindings[0].how != "assign" or isinstance(bindings[0].value, ast.Name):
        return ""
    if any(bindings[0] is one for one in within):
        return ""
    return constructor(names, bindings[0].scope, bindings[0].value, (*within, bindings[0]))


def _called(names: Names, scope: Scope, call: ast.Call, within: tuple[Binding, ...]) -> str:
    if isinstance(call.func, ast.Subscript):  # `dict[str, int]()`
        return names.dotted(scope, call.func.value)
    name = names.dotted(scope, call.func).removesuffix(".fromkeys")
    if name == "sorted":
        return "list"
    if name.endswith(".copy") or name == "copy.deepcopy":
        copied = call.args[0] if call.args else call.func.value if isinstance(call.func, ast.Attribute) else call.func
        return _of_name(names, scope, copied, within)
    if name == "typing.cast" and len(call.args) == 2:
        return constructor(names, scope, call.args[1], within)
    return name


def note(value: ast.AST | None) -> str:
    """What a declared value looks like: "None", "empty", "filled", or "" where it does not matter."""
    if isinstance(value, ast.Constant):
        return repr(value.value) if value.value is None or isinstance(value.value, (bool, int)) else "text"
    if isinstance(value, ast.Dict):
        return "filled" if value.keys else "empty"
    if isinstance(value, (ast.List, ast.Set, ast.Tuple)):
        return "filled" if value.elts else "empty"
    if isinstance(value, ast.Call):
        default = next((k.value for k in value.keywords if k.arg == "default"), None)
        if _is_mutable(default):
            return "mutable default"
        return "filled" if value.args else "empty"
    return ""


def _is_mutable(value: ast.AST | None) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in ("dict", "list", "set", "defaultdict", "deque")
    return isinstance(value, (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp))


_IMPORTERS = ("importlib.import_module", "__import__")

BY_IMPORT = "what an import brings"
"""What is said of a name that an import binds: the same object, whoever is first."""
OF_ITSELF = " of itself"
"""The end of what is said of a value that a name is bound to and that is made of the name's own value before."""


def describe(names: Names, scope: Scope, value: ast.AST | None) -> str:
    """A word and its subject: "call sqlite3.connect", "parameter user", "constant None", "literal list"."""
    if value is None:
        return ""
    if isinstance(value, ast.Await):
        return describe(names, scope, value.value)
    made_by = constructor(names, scope, value)
    if isinstance(value, ast.Constant):
        return f"constant {value.value!r}" if isinstance(value.value, (bool, int, type(None))) else "constant"
    pure = purity(names, scope, value) if scope.function is not None else ""
    if isinstance(value, ast.Call):
        by_name = made_by in _IMPORTERS and len(value.args) == 1 and isinstance(value.args[0], ast.Constant)
        return BY_IMPORT if by_name else f"call {made_by or _spelled(value.func)}{pure}"
    if type(value) in _DISPLAYS:
        return f"literal {made_by}{pure}"
    if isinstance(value, ast.BoolOp):
        return describe(names, scope, value.values[0])
    start = path_of(value)
    if start is not None:
        return _described_name(names, scope, *start, value)
    if isinstance(value, ast.BinOp):
        text = any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in _operands(value))
        return f"computed{' text' if text else ''}{pure}"
    return f"computed{pure}" if pure else "other"


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, (str, bytes))


def _described_name(names: Names, scope: Scope, root: str, path: tuple[str, ...], value: ast.AST) -> str:
    owner = scope.owner(root)
    if owner is not None and owner.kind == FUNCTION:
        bindings = owner.bindings.get(root, [])
        if root in owner.parameters:
            return f"parameter {_spelled(value)}"
        if not path and bindings and all(b.how == "import" for b in bindings):
            return BY_IMPORT
        if len(bindings) == 1 and bindings[0].how in ("assign", "walrus") and not path:
            made = bindings[0].value
            if made is not None and not (isinstance(made, ast.Name) and made.id == root):
                return describe(names, owner, made)
    return f"name {_spelled(value)}"


def _spelled(node: ast.AST) -> str:
    return spelled(node).split("(")[0][:60]
