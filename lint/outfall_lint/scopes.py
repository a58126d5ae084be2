"""Python's scopes, as far as names need them: who binds a name, and who sees it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional

from outfall_lint.facts import Aside, made

MODULE, CLASS, FUNCTION, COMPREHENSION, BLOCK = "module", "class", "function", "comprehension", "block"


class Binding(NamedTuple):
    """One place that gives a name a value.

    `how` is "assign", "augment", "delete", "unpack", "for", "with", "except", "match", "walrus",
    "parameter", "import", "function", "class" or "annotation"; `value` the node, or for imports
    the dotted module, or (level, module, name).
    """

    how: str
    value: Any
    statement: ast.stmt | None
    target: ast.AST | None
    scope: Scope  # where the binding is written: differs from the owner for `global` names


Guards = Optional[tuple[ast.AST, "Guards", bool]]
"""The `if` tests and `except` handlers around a node, innermost first, and whether each test holds there."""


class RawUse(NamedTuple):
    """One use of a name before it is resolved; nodes stay nodes until somebody needs them."""

    root: str
    path: tuple[str, ...]
    verb: str
    node: ast.AST
    lock: str | None
    detail: Any
    value: ast.expr | None
    key: ast.expr | None = None


class Scope:
    """One scope while its file is walked."""

    __slots__ = (
        "kind",
        "name",
        "parent",
        "node",
        "bindings",
        "globals",
        "nonlocals",
        "uses",
        "parameters",
        "at_import",
        "_owners",
    )

    def __init__(self, kind: str, name: str, parent: Scope | None, node: ast.AST, at_import: bool) -> None:
        self.kind = kind
        self.name = name  # dotted within the module, without `<locals>`; "" for the module
        self.parent = parent
        self.node = node
        self.bindings: dict[str, list[Binding]] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.uses: list[RawUse] = []
        self.parameters: tuple[str, ...] = ()
        self.at_import = at_import
        self._owners: dict[str, Scope | None] = {}

    @property
    def function(self) -> str | None:
        """The qualified name of the innermost enclosing function."""
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == FUNCTION:
                return scope.name
            scope = scope.parent
        return None

    def bind(self, name: str, how: str, value: Any, statement: ast.stmt | None, target: ast.AST | None) -> None:
        """Record that this scope gives `name` a value."""
        owner = self
        while owner.parent is not None and (owner.kind == BLOCK or (owner.kind == COMPREHENSION and how == "walrus")):
            owner = owner.parent
        binding = made(Binding, (how, value, statement, target, self))
        bound = owner.bindings.get(name)
        if bound is None:
            owner.bindings[name] = [binding]
        else:
            bound.append(binding)

    def owner(self, name: str) -> Scope | None:
        """The scope whose `name` a use in this scope means; None for builtins and unknown names."""
        if name not in self._owners:  # most are asked for once, and an exception would cost more than the search
            self._owners[name] = self._find(name)
        return self._owners[name]

    def _find(self, name: str) -> Scope | None:
        scope: Scope | None = self
        inner = False  # class bodies are seen by themselves only
        while scope is not None:
            if scope.kind != CLASS or not inner:
                if name in scope.globals:
                    return scope.module()
                if name in scope.bindings and name not in scope.nonlocals:
                    return scope
            inner = inner or scope.kind != BLOCK
            scope = scope.parent
        return None

    def only_value(self, name: str) -> ast.expr | None:
        """The expression that a name means here, where it is bound once and to one; else None."""
        owner = self.owner(name)
        bindings = owner.bindings.get(name, []) if owner is not None else []
        return bindings[0].value if len(bindings) == 1 and bindings[0].how in ("assign", "walrus") else None

    @property
    def in_script(self) -> bool:
        """Whether the scope stands in an `if __name__ == "__main__":`."""
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == BLOCK:
                return True
            scope = scope.parent
        return False

    def forget(self) -> None:
        """Let go of nodes and other scopes."""
        self.bindings.clear()
        self.uses.clear()
        self._owners.clear()

    def module(self) -> Scope:
        """The module's own scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


Outside = tuple[Scope, Optional[str], Guards, tuple[ast.expr, ...]]
"""Where the walk stood before it entered a scope: scope, lock, guards, context managers."""


class Walk:
    """What the walk knows at the node it stands on."""

    def __init__(self, module: Scope, handlers: Mapping[type, Callable[[Walk, Any], None]]) -> None:
        self.handlers = handlers  # of expressions, by node type
        self.scope = module
        self.scopes = [module]
        self.uses = module.uses
        self.lock: str | None = None
        self.guard: Guards = None
        self.entered: tuple[ast.expr, ...] = ()  # the context managers of this function that we are inside of
        self.entered_as: dict[ast.expr, str] = {}  # what `with … as name` calls them
        self.discarded: set[ast.expr] = set()  # calls whose result nobody takes
        self.kept: dict[ast.expr, str] = {}  # calls whose result goes to a name
        self.yields: list[tuple[Scope, ast.expr, tuple[ast.expr, ...]]] = []
        self.handed: list[tuple[Scope, ast.Call, str]] = []  # calls that may hand work to a thread
        self.modules: list[str] = []  # plainly imported, in full
        self.siblings: list[tuple[int, str]] = []  # `from . import name`: level and name
        self.stars: list[ast.ImportFrom] = []
        self.asides: list[Aside] = []

    def enter(self, kind: str, name: str, node: ast.AST) -> Outside:
        """Stand in a new scope below the present one; give what this returns to `leave`."""
        outer, outside = self.scope, (self.scope, self.lock, self.guard, self.entered)
        dotted = f"{outer.name}.{name}" if outer.name and name else name or outer.name
        at_import = outer.at_import and kind not in (FUNCTION, BLOCK)
        scope = Scope(kind, dotted, outer, node, at_import)
        self.scopes.append(scope)
        self.scope, self.uses = scope, scope.uses
        if kind == FUNCTION:
            self.lock = self.guard = None
            self.entered = ()
        return outside

    def leave(self, outside: Outside) -> None:
        """Stand where `enter` was called. (A context manager would cost a tenth of the walk.)"""
        self.scope, self.lock, self.guard, self.entered = outside
        self.uses = self.scope.uses

    def release(self) -> None:
        """Undo the cycles between scopes and bindings, so that the tree goes without the collector."""
        for scope in self.scopes:
            scope.forget()

    def bind(self, name: str, how: str, value: Any, statement: ast.stmt | None, target: ast.AST | None) -> None:
        """Bind `name` in the scope that the language says: this one, or the one it is declared to be of."""
        scope = self.scope
        while scope.kind == COMPREHENSION and how == "walrus" and scope.parent is not None:
            scope = scope.parent
        if not scope.globals and not scope.nonlocals:
            scope.bind(name, how, value, statement, target)
            return
        if name in scope.globals:
            scope.module().bindings.setdefault(name, []).append(Binding(how, value, statement, target, self.scope))
        elif name in scope.nonlocals:
            owner = scope.parent._find(name) if scope.parent is not None else None
            if owner is not None:
                owner.bindings[name].append(Binding(how, value, statement, target, self.scope))
        else:
            scope.bind(name, how, value, statement, target)
            return
        verb = {"augment": "augment", "delete": "delete"}.get(how, "store")
        node = target if target is not None else statement
        if node is not None:
            self.uses.append(RawUse(name, (), verb, node, self.lock, self.guard, value if how != "import" else None))
