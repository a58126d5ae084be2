"""Deletes what a removal made dead, to a fixpoint: bound to nothing any more, and only since then.

What was unused before stays: it is none of this change's business.
"""

from __future__ import annotations

import ast
import builtins

from ..unused_imports import drop_unused_imports
from ..names import used_names
from ..splices import Splice, splice
from ..text import SourceText


def drop_dead(before: SourceText, text: str, aliases: frozenset[str], elsewhere: frozenset[str]) -> str:
    """`text` without the private helpers, constants and imports that only deleted code had used.

    `aliases` are names that held a flag's answer; `elsewhere` is every private word of other files, and what they
    take from this one.
    """
    while True:
        after = SourceText(before.path, text)
        orphans = used_names(before.tree) - used_names(after.tree)
        after = SourceText(before.path, _without_aliases(after, aliases))
        smaller = _without_helpers(after, orphans - elsewhere)
        if not before.path.endswith("__init__.py"):
            smaller, _ = drop_unused_imports(SourceText(before.path, smaller), orphans - elsewhere)
        if smaller == text:
            return text
        text = smaller


def _without_aliases(source: SourceText, aliases: frozenset[str]) -> str:
    """The text without `on = True` in functions that never read `on` any more."""
    cuts = []
    for function in ast.walk(source.tree):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        unread = aliases - used_names(function)
        for node in function.body if len(function.body) > 1 else ():
            if isinstance(node, ast.Assign) and _names_true(node) in unread and source.stands_alone(node):
                cuts.append(Splice(source.starts[node.lineno - 1], source.starts[node.end_lineno or node.lineno], ""))
    return splice(source.text, cuts)


def _names_true(node: ast.Assign) -> str | None:
    """The name of `name = True`; None for any other assignment."""
    target = node.targets[0]
    is_true = isinstance(node.value, ast.Constant) and node.value.value is True
    return target.id if is_true and len(node.targets) == 1 and isinstance(target, ast.Name) else None


def _without_helpers(source: SourceText, orphans: set[str]) -> str:
    """The text without module-level private definitions called one of the names."""
    cuts = []
    for node in source.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.decorator_list:
            if node.name in orphans and _private(node.name) and not _does_something(source.tree, node):
                cuts.append(_whole_lines(source, node))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id in orphans and _private(target.id) and source.stands_alone(node):
                cuts.append(_whole_lines(source, node))
    return splice(source.text, cuts)


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _does_something(tree: ast.Module, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether making the function or class may be seen elsewhere: a default that is called for, a base that counts its subclasses."""
    if isinstance(node, ast.ClassDef):
        return bool(node.keywords) or any(map(_calls, node.body)) or not all(_is_silent(tree, base) for base in node.bases)
    return _calls(node)


def _is_silent(tree: ast.Module, base: ast.expr, above: tuple[str, ...] = ()) -> bool:
    """Whether a base is a built-in class, or one of the module, that takes no notice of its subclasses."""
    if not isinstance(base, ast.Name) or base.id in above:
        return False
    known = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == base.id]
    for node in known:
        notices = any(isinstance(each, ast.FunctionDef) and each.name == "__init_subclass__" for each in node.body)
        if notices or node.keywords or not all(_is_silent(tree, each, (*above, base.id)) for each in node.bases):
            return False
    return bool(known) or hasattr(builtins, base.id)


def _calls(statement: ast.stmt) -> bool:
    """Whether a definition, or a statement of a class body, calls anything when it runs; the body of a function runs later."""
    if isinstance(statement, ast.ClassDef):
        return True
    evaluated: list[ast.AST] = [statement]
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        evaluated = [*statement.decorator_list, statement.args]
    return any(isinstance(node, (ast.Call, ast.Await)) for each in evaluated for node in ast.walk(each))


def _whole_lines(source: SourceText, node: ast.stmt) -> Splice:
    """The statement's lines, the comment block above it, and the blank lines above that; not what a file begins with."""
    first, last = node.lineno, node.end_lineno or node.lineno
    while first > 1 and source.lines[first - 2].lstrip().startswith("#"):
        first -= 1
    if first == 1:
        first = node.lineno
    while first > 1 and not source.lines[first - 2].strip():
        first -= 1
    return Splice(source.starts[first - 1], source.starts[last], "")
