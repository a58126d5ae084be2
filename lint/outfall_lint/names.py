"""What a name written in a scope stands for: an absolute dotted target, or nothing that lasts."""

from __future__ import annotations

import ast
import builtins
from typing import NamedTuple

from outfall_lint.aliases import is_open, may_stand_for
from outfall_lint.constructors import CHANGING_METHODS, THREAD_LOCALS
from outfall_lint.facts import GLOBALS, GOT, SLICE, SUBSCRIPT, Target, made
from outfall_lint.paths import bound_path, decorator_names, imported_path, is_own_module, path_of
from outfall_lint.scopes import CLASS, FUNCTION, Binding, Scope

_BUILTINS = frozenset(dir(builtins))
_DEEPEST_ALIAS = 6
_THREAD_LOCALS = frozenset(tuple(name.split(".")) for name in THREAD_LOCALS)
_PARTS_OF_SOMETHING = frozenset((SUBSCRIPT, SLICE, GOT))


class Resolved(NamedTuple):
    """A target, and how the path reached it.

    `via` is "self" or "cls", "module" (by a plain import), "closure" (a local that inner functions may keep alive),
    "function" (a nested function), the local alias that stands for the path's beginning, or "" for the name itself.
    """

    target: Target
    via: str


class Start(NamedTuple):
    """What a bare name stands for: where the paths that begin with it lead."""

    target: Target
    via: str = ""
    is_receiver: bool = False  # `self` or `cls`: its `__class__` is the target itself
    is_default: bool = False  # of a parameter: what reads it may read anything, what changes it changes that

    def reach(self, path: Target) -> Resolved:
        """The target of `path` from here."""
        if self.is_receiver and path[:1] == ("__class__",):
            return Resolved(self.target + path[1:], "cls")
        return made(Resolved, (self.target + path, self.via))


class Names:
    """Resolves the names of one file."""

    def __init__(self, module: str, is_package: bool, has_stars: bool = False) -> None:
        self._has_stars = has_stars  # an unknown name may come from `import *`
        self.module: Target = tuple(module.split("."))
        self._starts: dict[tuple[Scope, str], Start | None] = {}
        self._may_start: dict[tuple[Scope, str], tuple[Start, ...]] = {}
        self._package = self.module if is_package else self.module[:-1]
        self.roots: set[str] = set()
        """The top-level modules that imports were found to lead to, so far."""

    def resolve(self, scope: Scope, root: str, path: Target, depth: int = 0) -> Resolved | None:
        """The absolute target of `root.path` used in `scope`; None for locals and builtins."""
        start = self.start(scope, root, depth)
        if start is not None:
            return start.reach(path)
        if path[:1] == (GLOBALS,) and scope.owner(root) is None:
            return Resolved((*self.module, *path), "")
        return None

    def start(self, scope: Scope, root: str, depth: int = 0) -> Start | None:
        """What the bare name `root` stands for in `scope`; None for locals and builtins."""
        owner = scope.owner(root)
        if owner is None:
            if root == "__class__" and (around := _class_around(scope)) is not None:
                return Start((*self.module, *around.name.split(".")), "cls", is_receiver=True)
            starred = self._has_stars and root not in _BUILTINS
            return Start((*self.module, root)) if starred else None
        if depth:
            return self._begin(owner, root, depth)
        key = (owner, root)
        if key not in self._starts:
            self._starts[key] = self._begin(owner, root, depth)
        return self._starts[key]

    def starts(self, scope: Scope, root: str) -> tuple[Start, ...]:
        """Everything that the bare name `root` may stand for in `scope`."""
        owner = scope.owner(root)
        if owner is None:
            start = self.start(scope, root) if self._has_stars or root == "__class__" else None
            return (start,) if start is not None else ()
        key = (owner, root)
        found = self._may_start.get(key)
        if found is None:
            found = self._may_start[key] = self._all_starts(scope, owner, root)
        return found

    def _all_starts(self, scope: Scope, owner: Scope, root: str) -> tuple[Start, ...]:
        start = self.start(scope, root)
        closed = owner.kind != FUNCTION or (start is not None and start.via != "closure")
        if closed or not is_open(bindings := owner.bindings[root]):
            return (start,) if start is not None else ()
        found = [
            self._alias(within, root, *origin, 1)
            for within, value in may_stand_for(owner, root, bindings)
            if (origin := path_of(value)) is not None
        ]
        if len(bindings) == 1 and bindings[0].how == "parameter" and owner.parent is not None:
            origin = path_of(bindings[0].value)
            default = self._alias(owner.parent, root, *origin, 1) if origin is not None else None
            found.append(default and default._replace(is_default=True))
        lasting = tuple(each for each in found if each is not None and each.via != "closure")
        return lasting or ((start,) if start is not None else ())

    def _begin(self, owner: Scope, root: str, depth: int) -> Start | None:
        bindings = owner.bindings.get(root, [])
        if len(bindings) != 1 or bindings[0].how == "import":
            imported = self.imported(bindings)
            if imported is not None:
                plain = [b for b in bindings if b.how == "import" and isinstance(b.value, str)]
                return Start(imported, "module" if plain else "")
        if owner.parent is None:
            return self._renamed(owner, root, bindings, depth) or Start((*self.module, root))
        if owner.kind == CLASS:
            return Start((*self.module, *owner.name.split("."), root))
        return self._local(owner, root, bindings, depth)

    def _renamed(self, module: Scope, root: str, bindings: list[Binding], depth: int) -> Start | None:
        """What a module's name stands for that is bound once, to another name: `put = _records.append`."""
        if len(bindings) != 1 or bindings[0].how != "assign" or bindings[0].scope is not module or depth >= _DEEPEST_ALIAS:
            return None
        if is_own_module(bindings[0].value):
            return Start(self.module, root)
        first = _first_of(bindings[0])
        if first is not None and first != root and len(module.bindings[first]) == 1:
            return Start((*self.module, first), root)
        origin = bound_path(bindings[0].value)
        if origin is None or origin[0] == root or not _PARTS_OF_SOMETHING.isdisjoint(origin[1]):
            return None
        return self._alias(module, root, *origin, depth)

    def _local(self, owner: Scope, root: str, bindings: list[Binding], depth: int) -> Start | None:
        receiver = self.receiver(owner, root)
        if receiver is not None:
            via = "cls" if _is_class(owner) else "self"
            return Start((*self.module, *receiver.name.split(".")), via, is_receiver=True)
        if len(bindings) == 1 and bindings[0].how == "parameter" and bindings[0].value is None:
            return None  # as most are: whoever calls decides
        if len(bindings) == 1 and bindings[0].how in ("assign", "walrus") and depth < _DEEPEST_ALIAS:
            origin = bound_path(bindings[0].value)
            if origin is not None and origin[0] != root:
                return self._alias(bindings[0].scope, root, *origin, depth)
        if len(bindings) == 1 and bindings[0].how == "parameter" and owner.parent is not None and depth < _DEEPEST_ALIAS:
            origin = path_of(bindings[0].value)
            if origin is not None and origin[1] and origin[1][-1] in CHANGING_METHODS:  # `def add(x, put=_items.append)`
                return self._alias(owner.parent, root, *origin, depth)
        if owner.kind == FUNCTION and bindings and bindings[0].how in ("assign", "function"):
            # A local that an inner function keeps alive; `declarations` decides whether it matters.
            via = "function" if bindings[0].how == "function" else "closure"
            return Start((*self.module, *owner.name.split("."), root), via)
        return None

    def _alias(self, scope: Scope, alias: str, root: str, path: Target, depth: int) -> Start | None:
        """What a local that is bound once, to `root.path`, stands for."""
        if not path:
            whole = self.start(scope, root, depth + 1)
            return whole and whole._replace(via=whole.via or alias)
        found = self.resolve(scope, root, path, depth + 1)
        return found and Start(found.target, found.via or alias)

    def receiver(self, owner: Scope, root: str) -> Scope | None:
        """The class that `root` is `self` or `cls` of, when `owner` is a method that never rebinds it."""
        if owner.kind != FUNCTION or owner.parent is None or owner.parent.kind != CLASS:
            return None
        if not owner.parameters or owner.parameters[0] != root or len(owner.bindings[root]) != 1:
            return None
        return None if "staticmethod" in decorator_names(owner.node) else owner.parent

    def imported(self, bindings: list[Binding]) -> Target | None:
        """What the first import among `bindings` stands for, but a thread-local before what may take its place.

        None where the module makes a container of that name itself.
        """
        imports = [b for b in bindings if b.how == "import"]
        if not imports or (len(bindings) > 1 and any(isinstance(b.value, (ast.Dict, ast.List, ast.Set)) for b in bindings)):
            return None
        in_functions = all(b.scope.kind == FUNCTION for b in bindings)
        found = [self._origin(b) for b in imports if in_functions or b.scope.kind != FUNCTION]
        return next((each for each in found if each in _THREAD_LOCALS), found[0]) if found else None

    def _origin(self, binding: Binding) -> Target:
        """What an import brings."""
        if isinstance(binding.value, str):
            target: Target = tuple(binding.value.split("."))
        else:
            level, module, name = binding.value
            target = (*self.base(level, module), name)
        self.roots.add(target[0])
        return target

    def base(self, level: int, module: str) -> Target:
        """The absolute module of `from <level dots><module> import …`."""
        names = tuple(module.split(".")) if module else ()
        if not level:
            return names
        return self._package[: len(self._package) - (level - 1)] + names

    def dotted(self, scope: Scope, node: ast.AST | None) -> str:
        """The canonical name that an expression stands for: "threading.local", "dict", ""."""
        if type(node) is ast.Attribute and type(node.value) is ast.Call and (imported := imported_path(node)):
            return imported
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


def _first_of(binding: Binding) -> str | None:
    """The first of several names that one statement binds to the same object: `config = settings = Config()`."""
    statement = binding.statement
    if not isinstance(statement, ast.Assign) or len(statement.targets) < 2 or isinstance(binding.value, ast.Constant):
        return None
    first = statement.targets[0]
    return first.id if isinstance(first, ast.Name) else None


def _class_around(scope: Scope) -> Scope | None:
    """The class in whose methods a scope stands: what `__class__` means there."""
    inner = scope.parent
    while inner is not None and inner.kind != CLASS:
        inner = inner.parent
    return inner


def _is_class(owner: Scope) -> bool:
    name = owner.name.rpartition(".")[2]
    return "classmethod" in decorator_names(owner.node) or name in ("__new__", "__init_subclass__", "__class_getitem__")
