"""What a name written in a scope stands for: an absolute dotted target, or nothing that lasts."""

from __future__ import annotations

import ast
import builtins
from typing import NamedTuple

from outfall_lint.facts import GLOBALS, GOT, SLICE, SUBSCRIPT, Target
from outfall_lint.scopes import CLASS, FUNCTION, Binding, Scope

_BUILTINS = frozenset(dir(builtins))
_DEEPEST_ALIAS = 6


class Resolved(NamedTuple):
    """A target, and how the path reached it: "", "self", "cls", or a local alias."""

    target: Target
    via: str


class Names:
    """Resolves the names of one file."""

    def __init__(self, module: str, is_package: bool, has_stars: bool = False) -> None:
        self._has_stars = has_stars  # an unknown name may come from `import *`
        self.module: Target = tuple(module.split("."))
        self._package = self.module if is_package else self.module[:-1]

    def resolve(self, scope: Scope, root: str, path: Target, depth: int = 0) -> Resolved | None:
        """The absolute target of `root.path` used in `scope`; None for locals and builtins."""
        owner = scope.owner(root)
        if owner is None:
            if path[:1] == (GLOBALS,):
                return Resolved((*self.module, *path), "")
            starred = self._has_stars and root not in _BUILTINS
            return Resolved((*self.module, root, *path), "") if starred else None
        bindings = owner.bindings[root] if root in owner.bindings else []
        imported = self.imported(bindings)
        if imported is not None:
            plain = any(b.how == "import" and isinstance(b.value, str) for b in bindings)
            return Resolved(imported + path, "module" if plain else "")
        if owner.parent is None:
            return Resolved((*self.module, root, *path), "")
        if owner.kind == CLASS:
            return Resolved((*self.module, *owner.name.split("."), root, *path), "")
        return self._local(scope, owner, root, path, bindings, depth)

    def _local(
        self, scope: Scope, owner: Scope, root: str, path: Target, bindings: list[Binding], depth: int
    ) -> Resolved | None:
        receiver = self.receiver(owner, root)
        if receiver is not None and path[:1] == ("__class__",):
            return Resolved((*self.module, *receiver.name.split("."), *path[1:]), "cls")
        if receiver is not None:
            return Resolved((*self.module, *receiver.name.split("."), *path), "cls" if _is_class(owner) else "self")
        if len(bindings) == 1 and bindings[0].how in ("assign", "walrus") and depth < _DEEPEST_ALIAS:
            start = path_of(bindings[0].value)
            if start is not None and start[0] != root:
                found = self.resolve(bindings[0].scope, start[0], (*start[1], *path), depth + 1)
                return found and Resolved(found.target, found.via or root)
        if owner.kind == FUNCTION and bindings and bindings[0].how in ("assign", "function"):
            # A local that an inner function keeps alive; `declarations` decides whether it matters.
            via = "function" if bindings[0].how == "function" else "closure"
            return Resolved((*self.module, *owner.name.split("."), root, *path), via)
        return None

    def receiver(self, owner: Scope, root: str) -> Scope | None:
        """The class that `root` is `self` or `cls` of, when `owner` is a method that never rebinds it."""
        if owner.kind != FUNCTION or owner.parent is None or owner.parent.kind != CLASS:
            return None
        if not owner.parameters or owner.parameters[0] != root or len(owner.bindings[root]) != 1:
            return None
        return None if "staticmethod" in decorator_names(owner.node) else owner.parent

    def imported(self, bindings: list[Binding]) -> Target | None:
        """What the first import among `bindings` stands for."""
        outside = any(b.scope.kind != FUNCTION for b in bindings)
        for binding in bindings:
            if binding.how == "import" and not (outside and binding.scope.kind == FUNCTION):
                if isinstance(binding.value, str):
                    return tuple(binding.value.split("."))
                level, module, name = binding.value
                return (*self.base(level, module), name)
        return None

    def base(self, level: int, module: str) -> Target:
        """The absolute module of `from <level dots><module> import …`."""
        names = tuple(module.split(".")) if module else ()
        if not level:
            return names
        return self._package[: len(self._package) - (level - 1)] + names

    def dotted(self, scope: Scope, node: ast.AST | None) -> str:
        """The canonical name that an expression stands for: "threading.local", "dict", ""."""
        start = path_of(node)
        if start is None:
            return ""
        root, path = start
        if scope.owner(root) is None:
            return ".".join((root, *path)) if root in _BUILTINS else ""
        resolved = self.resolve(scope, root, path)
        if resolved is None or resolved.via == "closure" or not {SUBSCRIPT, SLICE}.isdisjoint(resolved.target):
            return ""
        return ".".join(resolved.target)


def path_of(node: ast.AST | None) -> tuple[str, Target] | None:
    """The root name and path of `a.b[c].d`; None for anything else."""
    path: list[str] = []
    while True:
        if isinstance(node, ast.Name):
            return node.id, tuple(reversed(path))
        if isinstance(node, ast.Attribute):
            path.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            path.append(SLICE if isinstance(node.slice, ast.Slice) else SUBSCRIPT)
            node = node.value
        elif isinstance(node, ast.Call) and (step := path_through(node)) is not None:
            path.append(step[1])
            node = step[0]
        else:
            return None


def path_through(call: ast.Call) -> tuple[ast.expr, str] | None:
    """The object and path element behind the few calls that lead on to a part of something known.

    `x.get(k)` is an entry of `x`, `type(self)` its class, `vars(m)` its dictionary, `globals()` ours.
    """
    function = call.func
    if isinstance(function, ast.Attribute):
        return (function.value, GOT) if function.attr == "get" else None
    if not isinstance(function, ast.Name):
        return None
    if function.id == "globals" and not call.args:
        return function, GLOBALS
    if function.id in ("type", "vars") and len(call.args) == 1:
        return call.args[0], "__class__" if function.id == "type" else "__dict__"
    return None


def decorator_names(node: ast.AST) -> tuple[str, ...]:
    """The last name of each decorator of a function or class."""
    names = []
    for decorator in getattr(node, "decorator_list", ()):
        at = decorator.func if isinstance(decorator, ast.Call) else decorator
        names.append(at.attr if isinstance(at, ast.Attribute) else at.id if isinstance(at, ast.Name) else "")
    return tuple(names)


def _is_class(owner: Scope) -> bool:
    name = owner.name.rpartition(".")[2]
    return "classmethod" in decorator_names(owner.node) or name in ("__new__", "__init_subclass__", "__class_getitem__")
