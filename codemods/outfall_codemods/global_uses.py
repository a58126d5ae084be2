"""Every place of one module where a global's name means that global, told apart by Python's scoping."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from .text import SourceText, first_of

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Binding:
    """One statement that binds or deletes the global, by `names` or as an import, and whether that is in a function."""

    statement: ast.stmt
    names: tuple[ast.Name, ...]
    in_function: bool


@dataclass(frozen=True)
class GlobalUses:
    """The uses of one global in its module. `problem` says why they cannot all be rewritten, with the line."""

    loads: tuple[ast.Name, ...]
    bindings: tuple[Binding, ...]
    problem: tuple[str, int] | None
    typed: tuple[ast.AnnAssign, ...] = ()  # `NAME: int`, which binds nothing


def global_uses(source: SourceText, name: str) -> GlobalUses:
    """Every load, binding and deletion of the module's global `name`."""
    walk = _Walk(name, source.lines_with(name))
    for statement in source.tree.body:
        walk.statement(statement, in_function=False)
    return GlobalUses(tuple(walk.loads), tuple(walk.bindings), walk.problems[0] if walk.problems else None, tuple(walk.typed))


@dataclass
class _Walk:
    """One pass over the scopes in which the name is the global; the others are passed by."""

    name: str
    said: list[int]  # the lines that can say the name, in order
    loads: list[ast.Name] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    problems: list[tuple[str, int]] = field(default_factory=list)
    typed: list[ast.AnnAssign] = field(default_factory=list)

    def statement(self, node: ast.stmt, in_function: bool) -> None:
        if not self._may_say(node):
            return
        names = tuple(self._stored(node))
        if names and isinstance(node, ast.AnnAssign) and node.value is None:
            self.typed.append(node)
        elif names:
            self.bindings.append(Binding(node, names, in_function))
        if binds_by_statement(node, self.name):
            if in_function and isinstance(node, (ast.Import, ast.ImportFrom)):
                self.bindings.append(Binding(node, (), in_function))
            else:
                self.problems.append(("it is bound by an import, a definition or a pattern", node.lineno))
        for child in ast.iter_child_nodes(node) if not isinstance(node, (*_Function, ast.ClassDef)) else ():
            self.visit(child, in_function)
        if isinstance(node, _Function):
            self._function(node, in_function)
        elif isinstance(node, ast.ClassDef):
            self._class(node, in_function)

    def _may_say(self, node: ast.stmt) -> bool:
        at = bisect_left(self.said, first_of(node))
        return at < len(self.said) and self.said[at] <= (node.end_lineno or node.lineno)

    def visit(self, node: ast.AST, in_function: bool) -> None:
        if isinstance(node, ast.stmt):
            self.statement(node, in_function)
        elif isinstance(node, ast.Name):
            if node.id == self.name and isinstance(node.ctx, ast.Load):
                self.loads.append(node)
        elif isinstance(node, (*_Comprehension, ast.Lambda)) and self.name in _own_names(node):
            self.problems.append(("an inner scope uses its name for something else", node.lineno))
        else:
            if isinstance(node, ast.NamedExpr) and node.target.id == self.name:
                self.problems.append(("it is bound inside an expression", node.lineno))
            for child in ast.iter_child_nodes(node):
                self.visit(child, in_function)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, in_function: bool) -> None:
        outer = [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        for expression in outer:
            self.visit(expression, in_function)
        annotations = [a.annotation for a in _arguments(node.args) if a.annotation]
        self._annotated([*annotations, *([node.returns] if node.returns else [])])
        self._body(node)

    def _body(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if self._means_global(node):
            for statement in node.body:
                self.statement(statement, in_function=True)
        elif any(map(self._turns_to_global, _inner_scopes(node))):
            self.problems.append(("a function has its name for something else, and within it the global is meant", node.lineno))

    def _turns_to_global(self, scope: _Scope) -> bool:
        """Whether a scope within one that has the name means the global: by `global`, or as a class that binds the name, too."""
        own = list(_own_nodes(scope))
        if any(isinstance(node, ast.Global) and self.name in node.names for node in own):
            return True
        return isinstance(scope, ast.ClassDef) and any(map(self._binds, own)) and _says(scope, self.name)

    def _class(self, node: ast.ClassDef, in_function: bool) -> None:
        for child in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(child, in_function)
        own = any(self._binds(inner) for inner in _own_nodes(node))
        for statement in node.body:
            if not own:
                self.statement(statement, in_function)
            elif isinstance(statement, _Function):
                self._beside(statement)
            elif _says(statement, self.name):
                self.problems.append(("a class body uses its name for something else", statement.lineno))

    def _binds(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id == self.name and not isinstance(node.ctx, ast.Load)
        return isinstance(node, ast.stmt) and binds_by_statement(node, self.name)

    def _beside(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A method of a class that has the name itself: what its body says is the global, for it does not see the class's."""
        if any(_says(n, self.name) for n in ast.iter_child_nodes(node) if n not in node.body):
            self.problems.append(("a class body uses its name for something else", node.lineno))
        else:
            self._body(node)

    def _means_global(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether the name is the global within the function (whose enclosing scopes see the global)."""
        own = list(_own_nodes(node))
        if any(isinstance(n, ast.Global) and self.name in n.names for n in own):
            return True
        return self.name not in _own_names(node) and not any(map(self._binds, own))

    def _annotated(self, annotations: list[ast.expr]) -> None:
        for annotation in annotations:
            if any(isinstance(n, ast.Name) and n.id == self.name for n in ast.walk(annotation)):
                self.problems.append(("it is used as a type", annotation.lineno))

    def _stored(self, node: ast.stmt) -> Iterator[ast.Name]:
        if not isinstance(node, (*_Function, ast.ClassDef)):
            yield from (n for n in stores(node) if n.id == self.name)
        if isinstance(node, ast.AnnAssign):
            self._annotated([node.annotation])


def stores(node: ast.stmt) -> Iterator[ast.Name]:
    """The plain names that one statement itself binds or deletes."""
    targets: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.Delete)):
        targets = list(node.targets)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor)):
        targets = [node.target]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        targets = [item.optional_vars for item in node.items if item.optional_vars]
    for target in targets:
        yield from (n for n in ast.walk(target) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load))


def _says(node: ast.AST, name: str) -> bool:
    """Whether the name is read, or declared global, anywhere in the node."""
    return any(
        (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)) or (isinstance(n, ast.Global) and name in n.names)
        for n in ast.walk(node)
    )


def binds_by_statement(node: ast.stmt, name: str) -> bool:
    """Whether a statement binds the name in a way that has no assignment."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any((alias.asname or alias.name.partition(".")[0]) == name for alias in node.names)
    if isinstance(node, (*_Function, ast.ClassDef)):
        return node.name == name
    if isinstance(node, (ast.Try, ast.TryStar)):
        return any(handler.name == name for handler in node.handlers)
    if isinstance(node, ast.Match):
        patterns = [n for case in node.cases for n in ast.walk(case.pattern)]
        return any(getattr(n, "name", None) == name or getattr(n, "rest", None) == name for n in patterns)
    return False


def _own_names(node: ast.AST) -> set[str]:
    """The parameters of a function, or the targets of a comprehension."""
    if isinstance(node, (*_Function, ast.Lambda)):
        return {argument.arg for argument in _arguments(node.args)}
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    return {n.id for g in generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*named, *(a for a in (arguments.vararg, arguments.kwarg) if a)]


def _inner_scopes(node: ast.AST) -> Iterator[_Scope]:
    return (inner for inner in ast.walk(node) if inner is not node and isinstance(inner, (*_Function, ast.ClassDef)))


def _own_nodes(scope: _Scope) -> Iterator[ast.AST]:
    """The nodes of a function's or class's body, without those of scopes within it."""
    pending: list[ast.AST] = list(scope.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*_Function, ast.ClassDef, ast.Lambda, *_Comprehension)):
            pending += ast.iter_child_nodes(node)
