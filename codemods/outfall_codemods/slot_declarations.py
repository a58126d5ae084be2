"""Where a global is declared, so that a slot can be made right there: at module level, or in branches of it.

A module that declares the name only by `global` in functions has no such place; the slot is then
made, empty, before the first function that binds it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .global_uses import Binding, GlobalUses

Declaration = ast.Assign | ast.AnnAssign
Block = list[ast.stmt]


def declarations(tree: ast.Module, name: str, uses: GlobalUses) -> list[Declaration] | None:
    """The plain statements of which exactly one runs before anything else binds the name.

    None where there are no such; an empty list where nothing at module level binds or declares the name.
    One that only tells the type (`NAME: int`) serves where functions alone bind the name.
    """
    outer = [binding for binding in uses.bindings if not binding.in_function]
    if not outer:
        return _told(tree, uses) if uses.bindings else None
    block = _block_of(tree.body, outer[0].statement)
    if block is None or not _is_plain(outer[0].statement, name):
        return None
    first = outer[0].statement
    assert isinstance(first, (ast.Assign, ast.AnnAssign))
    if block is tree.body or _within(block, uses.bindings):
        return [first]
    return _covering(tree.body, name)


def _told(tree: ast.Module, uses: GlobalUses) -> list[Declaration] | None:
    """The statement at module level that tells the name's type, where it stands above all that bind the name."""
    first = min(binding.statement.lineno for binding in uses.bindings)
    told: list[Declaration] = [node for node in uses.typed if node in tree.body]
    return None if any(node.lineno > first for node in told) else told[:1]


def _within(block: Block, bindings: Sequence[Binding]) -> bool:
    """Whether every statement that binds the name stands in the block, functions in it included."""
    inside = {node for statement in block for node in ast.walk(statement)}
    return all(binding.statement in inside for binding in bindings)


def _covering(body: Block, name: str) -> list[Declaration] | None:
    """One plain declaration for every way through the block; None where some way has none."""
    for statement in body:
        if _is_plain(statement, name):
            assert isinstance(statement, (ast.Assign, ast.AnnAssign))
            return [statement]
        if not _mentions(statement, name):
            continue
        if isinstance(statement, ast.If):
            return _all_of([statement.body, statement.orelse], name)
        if isinstance(statement, ast.Try) and not any(_mentions(s, name) for s in (*statement.orelse, *statement.finalbody)):
            return _all_of([statement.body, *(handler.body for handler in statement.handlers)], name)
        return None
    return None


def _all_of(blocks: Sequence[Block], name: str) -> list[Declaration] | None:
    found = [_covering(block, name) for block in blocks]
    return None if any(one is None for one in found) else [each for one in found if one for each in one]


def _mentions(statement: ast.stmt, name: str) -> bool:
    """Whether the statement, as far as it runs at module level, says the name at all."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(statement))


def _is_plain(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign) and node.value is not None and node.simple:
        target = node.target
    else:
        return False
    return isinstance(target, ast.Name) and target.id == name


def _block_of(body: Block, wanted: ast.stmt) -> Block | None:
    """The list of statements, at module level or in its branches, that holds the statement itself."""
    if wanted in body:
        return body
    return next((found for block in _inner(body) if (found := _block_of(block, wanted)) is not None), None)


def _inner(body: Block) -> Iterator[Block]:
    for statement in body:
        if isinstance(statement, (ast.If, ast.Try)):
            yield from (statement.body, statement.orelse)
        if isinstance(statement, ast.Try):
            yield from (statement.finalbody, *(handler.body for handler in statement.handlers))


def first_binder(tree: ast.Module, uses: GlobalUses) -> ast.stmt:
    """The first statement of the module in which a function binds the name."""
    return next(s for s in tree.body if any(binding.statement in set(ast.walk(s)) for binding in uses.bindings))
