"""Whether a subclass of `threading.local` carries context, read from its class statement and its module.

The signs are those of a plain `threading.local()` (`outfall_lint.thread_locals`): what callers hand in and what is put
back in a `finally` is context; what `__init__` makes once for every thread belongs to that thread.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from outfall_lint.constructors import THREAD_LOCALS
from outfall_lint.model import Kind
from outfall_lint.thread_locals import CONTEXT_WORDS, RESOURCE_WORDS, STACK, says_nothing, words_of

BASES = frozenset(name.rpartition(".")[2] for name in THREAD_LOCALS)
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_PUSHES = frozenset({"append", "pop", "push"})
_PLAIN = frozenset("dict list set tuple frozenset bool int str float object".split())


@dataclass(frozen=True, slots=True)
class _Store:
    """One assignment to an attribute of an instance."""

    attribute: str
    value: ast.expr
    function: _Function
    in_finally: bool
    line: int


def decide(tree: ast.Module, node: ast.ClassDef, path: str) -> tuple[Kind, tuple[str, ...]]:
    """The kind and the evidence for it, one sentence each; UNDECIDED where nothing tells or the signs disagree."""
    owners = list(_owners(tree, node))
    pushed = next((found for function, owner in owners for found in _pushes(function, owner)), None)
    if pushed is not None:
        return Kind.SPAN_STACK, (f"`{pushed.attr}` is pushed to and popped from at {path}:{pushed.lineno}",)
    context: list[str] = []
    resource: list[str] = []
    for function, owner in owners:
        for store in _stores(function, owner):
            sign = _sign(store)
            if sign is not None:
                (context if sign[0] is Kind.CONTEXT else resource).append(f"`{store.attribute}` {sign[1]} at {path}:{store.line}")
        resource += (
            f"`{n.target.attr}` is counted up and down in place at {path}:{n.lineno}"
            for n in ast.walk(function)
            if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Attribute) and _is_of(n.target, owner) and _is_number(n.value)
        )
    if context and resource:
        return Kind.UNDECIDED, (*context, *resource, "the signs disagree")
    if context:
        return Kind.CONTEXT, tuple(dict.fromkeys(context))
    return (Kind.THREAD_RESOURCE, tuple(dict.fromkeys(resource))) if resource else (Kind.UNDECIDED, ())


def _owners(tree: ast.Module, node: ast.ClassDef) -> Iterator[tuple[_Function, str]]:
    """Each function with the name by which it knows an instance: a method's `self`, a module's global."""
    classes = _family(tree, node)
    methods = [m for each in classes for m in each.body if isinstance(m, (ast.FunctionDef, ast.AsyncFunctionDef))]
    yield from ((method, method.args.args[0].arg) for method in methods if method.args.args)
    names = {each.name for each in classes}
    instances = [
        statement.targets[0].id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Call) and ast.unparse(statement.value.func) in names
    ]  # fmt: skip
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function not in methods:
            yield from ((function, instance) for instance in instances)


def local_base(tree: ast.Module, node: ast.ClassDef) -> ast.ClassDef | None:
    """The class of the same module through which `node` derives from `threading.local`; None where it does so itself."""
    return next((base for base in _bases(tree, node) if _is_thread_local(tree, base)), None)


def _bases(tree: ast.Module, node: ast.ClassDef) -> Iterator[ast.ClassDef]:
    named = {ast.unparse(base) for base in node.bases}
    return (n for n in tree.body if isinstance(n, ast.ClassDef) and n.lineno < node.lineno and n.name in named)


def _is_thread_local(tree: ast.Module, node: ast.ClassDef) -> bool:
    direct = any(ast.unparse(base).rpartition(".")[2] in BASES for base in node.bases)
    return direct or any(_is_thread_local(tree, base) for base in _bases(tree, node))


def _family(tree: ast.Module, node: ast.ClassDef) -> list[ast.ClassDef]:
    """The class, all that its instances have from the module, and what derives from it: what one keeps, the others keep."""
    root = node
    while (base := local_base(tree, root)) is not None:
        root = base
    family = [root]
    for other in tree.body:
        if isinstance(other, ast.ClassDef) and any(base in family for base in _bases(tree, other)):
            family.append(other)
    mixins = (base for each in family for base in _bases(tree, each))
    return list(dict.fromkeys((*family, *mixins, node)))


def _pushes(function: _Function, owner: str) -> Iterator[ast.Attribute]:
    for n in ast.walk(function):
        if isinstance(n, ast.Attribute) and n.attr in _PUSHES and isinstance(n.value, ast.Attribute):
            if _is_of(n.value, owner) and STACK.search(n.value.attr):
                yield n.value


def _is_of(node: ast.expr, owner: str) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == owner


def _is_number(value: ast.expr) -> bool:
    counts = isinstance(value, ast.Call) and ast.unparse(value.func) == "len"
    return counts or (isinstance(value, ast.Constant) and isinstance(value.value, (int, float)))


def _stores(function: _Function, owner: str) -> Iterator[_Store]:
    last = {n for t in ast.walk(function) if isinstance(t, ast.Try) for s in t.finalbody for n in ast.walk(s)}
    for n in ast.walk(function):
        if isinstance(n, ast.Assign):
            for target in n.targets:
                if isinstance(target, ast.Attribute) and _is_of(target, owner) and target.attr[:2] != "__":
                    yield _Store(target.attr, n.value, function, n in last, n.lineno)


def _sign(store: _Store) -> tuple[Kind, str] | None:
    """What one assignment tells, and in which words; None where it tells nothing."""
    words, value = words_of(store.attribute), store.value
    if words & RESOURCE_WORDS:
        return Kind.THREAD_RESOURCE, f"speaks of a resource (`{min(words & RESOURCE_WORDS)}`)"
    if store.function.name == "__init__":
        made_by = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
        if made_by and made_by not in _PLAIN and not words & CONTEXT_WORDS:
            return Kind.THREAD_RESOURCE, f"is made once per thread, by `{made_by}`,"
        return None
    if isinstance(value, ast.Name) and value.id in _parameters(store.function):
        if says_nothing(store.attribute) and says_nothing(value.id):
            return None
        return Kind.CONTEXT, f"receives parameter `{value.id}`"
    if store.in_finally and isinstance(value, ast.Name):
        return Kind.CONTEXT, f"is given back `{value.id}` at the end of a block"
    if words & CONTEXT_WORDS:
        return Kind.CONTEXT, f"speaks of context (`{min(words & CONTEXT_WORDS)}`)"
    return None


def _parameters(function: _Function) -> set[str]:
    return {n.arg for n in ast.walk(function.args) if isinstance(n, ast.arg)}
