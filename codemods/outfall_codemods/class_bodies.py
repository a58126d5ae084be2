"""What a class body says about one of its names: how it is declared, and who would notice another object there."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping

from .global_uses import binds_by_statement, stores
from .text import SourceText

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FIELD_MAKERS = frozenset("dataclass define frozen mutable attrs s attributes dataclass_transform".split())
_BODY_READERS = frozenset({"enum", "ctypes"})  # modules of the standard library whose classes read their bodies
_BODY_READING_BASES = frozenset({"NamedTuple", "TypedDict", "Protocol"})
_PLAIN_METACLASSES = frozenset({"ABCMeta", "type"})
_DESCRIPTOR_MAKERS = frozenset("property staticmethod classmethod super functools".split())


def class_at(tree: ast.Module, qualified: str) -> ast.ClassDef | None:
    """The class of that name within the module, `Outer.Inner` included; None where it is not plainly there."""
    body: list[ast.stmt] = tree.body
    found = None
    for part in qualified.split("."):
        named = [node for node in body if isinstance(node, ast.ClassDef) and node.name == part]
        if len(named) != 1:
            return None
        found = named[0]
        body = found.body
    return found


def declaration_in(node: ast.ClassDef, name: str) -> ast.Assign | ast.AnnAssign | None:
    """The only statement of the body that binds the name, where that is a plain assignment."""
    found: list[ast.Assign | ast.AnnAssign] = []
    for statement in node.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and _is(statement.targets[0], name):
            found.append(statement)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None and _is(statement.target, name):
            found.append(statement)
        elif any(_binds(inner, name) for inner in _own_statements(statement)):
            return None
    return found[0] if len(found) == 1 else None


def binds_in_body(node: ast.ClassDef, name: str) -> bool:
    """Whether any statement of the body, in whatever branch, binds the name."""
    return any(_binds(inner, name) for statement in node.body for inner in _own_statements(statement))


def _is(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _binds(statement: ast.stmt, name: str) -> bool:
    bound = [] if isinstance(statement, (*Function, ast.ClassDef)) else [n.id for n in stores(statement)]
    return name in bound or binds_by_statement(statement, name)


def _own_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement and those within it that run in the same scope."""
    yield statement
    if not isinstance(statement, (*Function, ast.ClassDef)):
        for child in ast.iter_child_nodes(statement):
            for inner in ast.walk(child) if isinstance(child, (ast.stmt, ast.ExceptHandler)) else ():
                if isinstance(inner, ast.stmt):
                    yield inner


def read_in_body(node: ast.ClassDef, name: str) -> int | None:
    """The line where the body itself reads its name, and so would see the slot instead of the value."""
    for statement in node.body:
        for found in _evaluated(statement):
            if isinstance(found, ast.Name) and found.id == name and isinstance(found.ctx, ast.Load):
                return found.lineno
    return None


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are evaluated in the class's own scope."""
    yield node
    children: Iterator[ast.AST] | list[ast.AST]
    if isinstance(node, Function):
        arguments = node.args
        children = [*node.decorator_list, *arguments.defaults, *(d for d in arguments.kw_defaults if d)]
        children += [a.annotation for a in ast.walk(arguments) if isinstance(a, ast.arg) and a.annotation]
        children += [node.returns] if node.returns else []
    elif isinstance(node, ast.Lambda):
        children = [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    elif isinstance(node, _Comprehension):
        children = [node.generators[0].iter]
    elif isinstance(node, ast.ClassDef):
        children = [*node.decorator_list, *node.bases, *node.keywords]
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from _evaluated(child)


def body_reader(source: SourceText, node: ast.ClassDef, annotated: bool) -> str | None:
    """Who reads the class body, and would find a slot there; None where nobody does as far as can be seen.

    A class of another file of the project is taken to be a plain one, as the rules do.
    """
    return _reader(source.tree, source.imported, node, annotated)


def _reader(tree: ast.Module, imported: Mapping[str, str], node: ast.ClassDef, annotated: bool) -> str | None:
    for decorator in node.decorator_list:
        last = _last(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if annotated and last in _FIELD_MAKERS:
            return f"`@{last}` makes a field of it"
    for keyword in node.keywords:
        if keyword.arg == "metaclass" and _last(keyword.value) not in _PLAIN_METACLASSES:
            return f"the metaclass `{ast.unparse(keyword.value)}` reads the class body"
    for base in node.bases:
        expression = base.value if isinstance(base, ast.Subscript) else base
        written = ast.unparse(expression)
        root = imported.get(written.partition(".")[0], "")
        if root.partition(".")[0] in _BODY_READERS or _last(expression) in _BODY_READING_BASES:
            return f"`{written}` reads the class body"
        known = class_at(tree, written)
        reader = _reader(tree, imported, known, annotated) if known and known is not node else None
        if reader:
            return reader
    return None


def external_bases(source: SourceText, node: ast.ClassDef) -> Iterator[str]:
    """The modules outside the standard library from which bases are imported, absolutely: "django.db"."""
    return _external(source.tree, source.imported, node)


def _external(tree: ast.Module, imported: Mapping[str, str], node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        written = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
        module = imported.get(written.partition(".")[0], "")
        known = class_at(tree, written)
        if module and module.partition(".")[0] not in sys.stdlib_module_names:
            yield module
        if known and known is not node:
            yield from _external(tree, imported, known)


def value_problem(node: ast.ClassDef, value: ast.expr, constructor: str) -> str | None:
    """Why the declared value may be one that only a class itself can hold; None where it is a plain object."""
    methods = {s.name for s in node.body if isinstance(s, Function)}
    if isinstance(value, ast.Lambda) or (isinstance(value, ast.Name) and value.id in methods):
        return "it is a method that is exchanged while running; choose inside the method instead"
    if isinstance(value, ast.Call):
        root, _, last = constructor.rpartition(".")
        if constructor.partition(".")[0] in _DESCRIPTOR_MAKERS:
            return f"`{constructor}` makes a descriptor, which only the class itself can hold"
        if not constructor or (root and constructor.partition(".")[0] not in sys.stdlib_module_names and last[:1].islower()):
            return f"what `{ast.unparse(value.func)}` makes is not in sight, and may be a descriptor"
    return None


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]
