"""How code outside a module gets hold of a state, as an expression; or why it cannot."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outfall_lint.model import State

from ..edits import quoted
from ..text import SourceText

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ANY_ATTRIBUTE = "probe"


@dataclass(frozen=True, slots=True)
class Located:
    """`expression` gives the object; `holder` the class whose instances each have one, "" where there is none."""

    name: str
    module: str
    local_name: str
    expression: str
    attribute: str
    holder: str = ""


def located(state: State, source: SourceText) -> Located | str:
    """Where the state is found, through its real module path; else the reason why a test cannot reach it."""
    name = _original_name(state, source)
    if not all(map(_is_name, state.module.split("."))):
        return "its file cannot be imported by name"
    if state.module.rpartition(".")[2] == "__main__" or _is_program(source):
        return "importing its module would run the program"
    path = name.removeprefix(f"{state.module}.").split(".")
    module = f"imported({quoted(state.module)})"
    owner = _definition(source.tree, path[:-1]) if path[:-1] else None
    if path[:-1] and owner is None:
        return "it is made by code that cannot be called from outside"
    local_name = _mangled(path[-1], owner)
    at = ".".join((module, *path[:-1]))
    attribute = _attribute(state, source)
    if state.scope == "instance":
        if not isinstance(owner, ast.ClassDef) or not _sets_up(owner, local_name):
            return f"`{path[-2]}` does not make it in an `__init__` without arguments"
        return Located(name, state.module, local_name, f"made({at}).{local_name}", attribute, at)
    if isinstance(owner, _FUNCTIONS):
        if needs_arguments(owner) or isinstance(owner, ast.AsyncFunctionDef) or len(path) > 2:
            return f"`{owner.name}`, which makes it, cannot be called without arguments"
        return Located(name, state.module, local_name, f"captured({at}, {quoted(local_name)})", attribute)
    expression = f"{at}.{local_name}"
    if isinstance(_definition(source.tree, path), ast.ClassDef):
        return Located(name, state.module, local_name, f"made({expression})", attribute)
    return Located(name, state.module, local_name, expression, attribute)


def _is_program(source: SourceText) -> bool:
    """Whether the file does its work when it is imported: it asks for arguments or input, or is a script without a guard."""
    statements = [each for each in source.tree.body if not isinstance(each, (ast.ClassDef, *_FUNCTIONS))]
    at_import = [node for each in statements for node in ast.walk(each)]
    if any(isinstance(node, ast.Compare) and _is_read(node.left, "__name__") for node in at_import):
        return False
    asks = any(isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.argv", "sys.stdin") for node in at_import)
    return asks or source.text.startswith("#!")


def _is_read(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def needs_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a call without arguments is an error."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    return len(positional) > len(arguments.defaults) or None in arguments.kw_defaults


def _sets_up(owner: ast.ClassDef, name: str) -> bool:
    """Whether an instance made without arguments holds the attribute from the start."""
    begin = next((node for node in _defined(owner.body) if node.name == "__init__"), None)
    if not isinstance(begin, ast.FunctionDef) or len(begin.args.args) - len(begin.args.defaults) > 1:
        return False
    return None not in begin.args.kw_defaults and any(
        isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == name for node in ast.walk(begin)
    )


def _original_name(state: State, source: SourceText) -> str:
    """The name that a migrated declaration carries: that of a slot is the name of the global it stands for."""
    if state.value is not None and state.constructor == "outfall_runtime.Slot":
        call = ast.parse(f"({source.slice(state.value)}\n)", mode="eval").body
        first = call.args[0] if isinstance(call, ast.Call) and call.args else None
        if isinstance(first, ast.Constant) and str(first.value).startswith(f"{state.module}."):
            return str(first.value)
    return state.name


def _definition(tree: ast.Module, path: Sequence[str]) -> ast.stmt | None:
    """The class or function that the path leads to, through classes."""
    body: Sequence[ast.stmt] = tree.body
    found: ast.stmt | None = None
    for name in path:
        found = next((node for node in _defined(body) if node.name == name), None)
        if found is None:
            return None
        body = found.body if isinstance(found, ast.ClassDef) else ()
    return found


def _defined(body: Sequence[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, (ast.ClassDef, *_FUNCTIONS)):
            yield node
        for part in ("body", "orelse", "handlers", "finalbody") if isinstance(node, (ast.If, ast.Try)) else ():
            yield from _defined(getattr(node, part, ()))


def _mangled(name: str, owner: ast.stmt | None) -> str:
    if isinstance(owner, ast.ClassDef) and name.startswith("__") and not name.endswith("__"):
        return f"_{owner.name.lstrip('_')}{name}"
    return name


def _attribute(state: State, source: SourceText) -> str:
    """The attribute to try it with: one that the project itself sets."""
    ordered = sorted(state.accesses, key=lambda access: (not access.operation.changes, access.place))
    used = [access.attribute for access in ordered if access.attribute]
    declared = _definition(source.tree, state.name.removeprefix(f"{state.module}.").split("."))
    if isinstance(declared, ast.ClassDef):
        used = list(_set_on_self(declared))
    return next((name for name in used if _is_name(name) and name[:2] != "__"), _ANY_ATTRIBUTE)


def _set_on_self(declared: ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(declared):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            if node.value.id == "self":
                yield node.attr


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)
