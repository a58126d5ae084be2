"""A global that its first user makes: the function that asks for it, and what that calls to make it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..resource_forms import Forms, Opening
from ..text import SourceText
from .reach import needs_arguments


@dataclass(frozen=True, slots=True)
class MadeOnce:
    """`function()` gives the value, made by `owner.maker`; the owner's path starts at the module."""

    function: str
    owner: tuple[str, ...]
    maker: str


def made_once(name: str, source: SourceText) -> MadeOnce | None:
    """How the global `name` is made; None where a test could not tell that without doing more."""
    for function in source.tree.body:
        if isinstance(function, ast.FunctionDef) and not needs_arguments(function) and not function.decorator_list:
            values = list(_made_in(function, name, source.tree))
            if len(values) == 1:
                called = _called(values[0], function)
                return MadeOnce(function.name, called[:-1], called[-1]) if called else None
    return None


def opened_once(name: str, attribute: str, source: SourceText) -> MadeOnce | None:
    """How each thread's resource in a thread-local is opened; None where no function does just that and gives it."""
    forms = Forms(name, attribute)
    for function in source.tree.body:
        if isinstance(function, ast.FunctionDef) and not needs_arguments(function) and not function.decorator_list:
            body = function.body[1:] if _is_text(function.body[0]) else function.body
            form = forms.found_in(body, 0) if body else None
            if isinstance(form, Opening) and _is_given(form, forms, body[len(form.statements) :]):
                called = _called(form.value, function)
                return MadeOnce(function.name, called[:-1], called[-1]) if called else None
    return None


def _is_given(form: Opening, forms: Forms, rest: Sequence[ast.stmt]) -> bool:
    """Whether the function goes on only to return the resource."""
    if form.returned or len(rest) != 1 or not isinstance(rest[0], ast.Return):
        return form.returned and not rest
    value = rest[0].value
    return forms.is_it(value) or (isinstance(value, ast.Name) and value.id == form.local)


def _made_in(function: ast.FunctionDef, name: str, tree: ast.Module) -> Iterator[ast.expr]:
    """The values that a function makes which makes the global, gives it, and does nothing else."""
    if not _gives(function.body[-1], name):
        return
    statements = list(_statements(function.body[:-1]))
    if not all(isinstance(s, (ast.Global, ast.If, ast.With)) or _is_text(s) or _sets(s, name) for s in statements):
        return
    yield from (s.value for s in statements if isinstance(s, ast.Assign))
    yield from _factory(tree, name) if not any(isinstance(s, ast.Assign) for s in statements) else ()


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.With)):
            yield from _statements([*node.body, *getattr(node, "orelse", ())])


def _gives(node: ast.stmt, name: str) -> bool:
    """`return NAME`, or `return NAME.get()` of one that has been moved."""
    value = node.value if isinstance(node, ast.Return) else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
        value = value.func.value
    return isinstance(value, ast.Name) and value.id == name


def _sets(node: ast.stmt, name: str) -> bool:
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return False
    target = node.targets[0]
    return isinstance(target, ast.Name) and target.id == name


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _factory(tree: ast.Module, name: str) -> Iterator[ast.expr]:
    """What the lambda of `NAME = Lazy("…", lambda: …)` makes."""
    for node in tree.body:
        if _sets(node, name) and isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            yield from (arg.body for arg in node.value.args if isinstance(arg, ast.Lambda))


def _called(value: ast.expr, function: ast.FunctionDef) -> tuple[str, ...]:
    """The dotted path of what the value calls, where that starts at a global of the module; else nothing."""
    path: list[str] = []
    at = value.func if isinstance(value, ast.Call) else None
    while isinstance(at, ast.Attribute):
        path.insert(0, at.attr)
        at = at.value
    own = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    if not isinstance(at, ast.Name) or at.id in own:
        return ()
    return (at.id, *path)
