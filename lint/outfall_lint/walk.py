"""The one walk over a file's tree: blocks. Simple statements are in `statements`, expressions in `expressions`.

A handler per node type, found in a table; what no handler claims is visited field by field.
The walk only records raw uses and bindings per scope; `resolve` says what they mean once every
scope is complete.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from outfall_lint.asides import note_aside
from outfall_lint.expressions import EXPRESSIONS, bind_parameters
from outfall_lint.guards import is_main, leaves
from outfall_lint.scopes import BLOCK, CLASS, FUNCTION, MODULE, Scope, Walk
from outfall_lint.statements import SIMPLE
from outfall_lint.targets import bind_target
from outfall_lint.uses import lock_name, test, use, visit

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def walk(tree: ast.Module) -> Walk:
    """Every scope of `tree`, the module's first, each with its bindings and raw uses."""
    module = Scope(MODULE, "", None, tree, at_import=True)
    state = Walk(module, EXPRESSIONS)
    body(state, tree.body)
    return state


def body(w: Walk, statements: list[ast.stmt]) -> None:
    """Walk statements in order."""
    guard, lock = w.guard, w.lock
    for statement in statements:
        kind = type(statement)
        handler = STATEMENTS.get(kind)
        if handler is None:
            visit_fields(w, statement)
        else:
            handler(w, statement)
            if kind is ast.If and not statement.orelse and leaves(statement.body):  # type: ignore[attr-defined]
                w.guard = (statement.test, w.guard, False)  # type: ignore[attr-defined]
    w.guard, w.lock = guard, lock


def visit_fields(w: Walk, node: ast.AST) -> None:
    """Walk a node that no handler knows (a newer syntax, a rare statement) field by field."""
    for value in ast.iter_child_nodes(node):
        if isinstance(value, ast.stmt):
            body(w, [value])
        elif isinstance(value, ast.expr):
            visit(w, value)
        else:
            visit_fields(w, value)


def _decorators(w: Walk, decorators: list[ast.expr]) -> None:
    for decorator in decorators:
        if isinstance(decorator, (ast.Name, ast.Attribute)):
            use(w, decorator, "call", "decorator")
        else:
            visit(w, decorator)


def _function(w: Walk, node: AnyFunction) -> None:
    _decorators(w, node.decorator_list)
    arguments = node.args
    for default in (*arguments.defaults, *arguments.kw_defaults):
        if default is not None:
            use(w, default, "load", "a default argument")
    w.scope.bind(node.name, "function", node, node, None)
    outside = w.enter(FUNCTION, node.name, node)
    bind_parameters(w.scope, arguments)
    body(w, node.body)
    w.leave(outside)


def _class(w: Walk, node: ast.ClassDef) -> None:
    _decorators(w, node.decorator_list)
    for base in node.bases:
        use(w, base, "read", "base class")
    for keyword in node.keywords:
        use(w, keyword.value, "read")
    w.scope.bind(node.name, "class", node, node, None)
    outside = w.enter(CLASS, node.name, node)
    body(w, node.body)
    w.leave(outside)


def _if(w: Walk, node: ast.If) -> None:
    guard = w.guard
    while True:
        test(w, node.test)
        note_aside(w, node)
        w.guard = (node.test, guard, True)
        if w.scope.kind == MODULE and is_main(node.test):
            outside = w.enter(BLOCK, "", node)
            body(w, node.body)
            w.leave(outside)
        else:
            body(w, node.body)
        w.guard = guard
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        if node.orelse:
            w.guard = (node.test, guard, False)
            body(w, node.orelse)
            w.guard = guard
        return


def _while(w: Walk, node: ast.While) -> None:
    test(w, node.test)
    body(w, node.body)
    body(w, node.orelse)


def _for(w: Walk, node: ast.For | ast.AsyncFor) -> None:
    use(w, node.iter, "iterate")
    bind_target(w, node.target, "for", None, node)
    body(w, node.body)
    body(w, node.orelse)


def _with(w: Walk, node: ast.With | ast.AsyncWith) -> None:
    lock, entered = w.lock, w.entered
    for item in node.items:
        use(w, item.context_expr, "read", "with")
        w.lock = lock_name(item.context_expr) or w.lock
        w.entered = (*w.entered, item.context_expr)
        if item.optional_vars is not None:
            if isinstance(item.optional_vars, ast.Name):
                w.entered_as[item.context_expr] = item.optional_vars.id
            bind_target(w, item.optional_vars, "with", None, node)
    body(w, node.body)
    w.lock, w.entered = lock, entered


def _try(w: Walk, node: ast.Try) -> None:
    body(w, node.body)
    for handler in node.handlers:
        if handler.type is not None:
            use(w, handler.type, "read")
        if handler.name:
            w.bind(handler.name, "except", None, node, None)
        guard = w.guard
        w.guard = (handler, guard, True)
        body(w, handler.body)
        w.guard = guard
    body(w, node.orelse)
    body(w, node.finalbody)


def _match(w: Walk, node: ast.Match) -> None:
    use(w, node.subject, "read")
    for case in node.cases:
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(name, str):
                w.bind(name, "match", None, node, None)
            if isinstance(pattern, ast.MatchValue):
                use(w, pattern.value, "read")
        if case.guard is not None:
            test(w, case.guard)
        body(w, case.body)


STATEMENTS: dict[type, Callable[[Walk, Any], None]] = {
    **SIMPLE,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
}
