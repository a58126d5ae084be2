"""What a function's local may stand for when one look at its binding does not say."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from outfall_lint.paths import path_through
from outfall_lint.scopes import FUNCTION, Binding, Scope


_MAKES = frozenset(
    {
        ast.Constant, ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Lambda, ast.Await, ast.GeneratorExp,
        ast.List, ast.ListComp, ast.Tuple, ast.Set, ast.SetComp, ast.Dict, ast.DictComp,
    }
)  # fmt: skip
"""Expressions whose value has no other name yet."""


def is_fresh(bindings: Sequence[Binding]) -> bool:
    """Whether a function's local surely stands for nothing else: its one value is new, made by a call or a display."""
    if len(bindings) != 1:
        return False
    how, value = bindings[0].how, bindings[0].value
    if how == "assign" or how == "walrus":
        return type(value) in _MAKES or (type(value) is ast.Call and path_through(value) is None)
    return how in ("unpack", "with", "except")


def is_open(bindings: Sequence[Binding]) -> bool:
    """Whether a local's bindings are such that `may_stand_for` may find something: a quick look, and for most locals a no."""
    last = bindings[-1]
    if len(bindings) == 1:
        how, value = last.how, last.value
        return how == "for" or (value is not None and (how == "parameter" or type(value) in (ast.IfExp, ast.BoolOp)))
    if len(bindings) != 2 or last.how != "assign":
        return False
    given = type(last.value)
    if bindings[0].how == "parameter":
        return given in (ast.Name, ast.Attribute, ast.IfExp, ast.BoolOp)
    return given in (ast.Name, ast.Attribute) and type(bindings[0].value) in (ast.Name, ast.Attribute)


def may_stand_for(owner: Scope, name: str, bindings: Sequence[Binding]) -> Iterator[tuple[Scope, ast.expr]]:
    """The expressions that a local may stand for, each with the scope it is written in; none where anything else may be.

    Understood are a choice (`d = A if x else B`, `d = given or A`), a loop over several things by name
    (`for d in (A, B)`), a parameter that is given a value of its own where it has none, and a value in either branch.
    """
    if owner.kind != FUNCTION or not is_open(bindings):
        return
    last = bindings[-1]
    if len(bindings) == 1:
        if last.how == "for" and isinstance(last.target, ast.Name) and isinstance(last.statement, (ast.For, ast.AsyncFor)):
            yield from ((last.scope, each) for each in _elements(last.statement.iter))
        elif last.how in ("assign", "walrus") and isinstance(last.value, (ast.IfExp, ast.BoolOp)):
            yield from ((last.scope, each) for each in _choices(last.value))
        return
    if last.how != "assign" or not (bindings[0].how == "parameter" or _either(owner, bindings)):
        return
    found = [(b.scope, each) for b in bindings if b.how == "assign" for each in _choices(b.value)]
    if all(isinstance(each, (ast.Name, ast.Attribute)) for _, each in found):
        yield from ((scope, each) for scope, each in found if not (isinstance(each, ast.Name) and each.id == name))


def _choices(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _choices(value.body)
        yield from _choices(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for each in value.values:
            yield from _choices(each)
    else:
        yield value


def _elements(value: ast.expr) -> Sequence[ast.expr]:
    return value.elts if isinstance(value, (ast.Tuple, ast.List)) else ()


def _either(owner: Scope, bindings: Sequence[Binding]) -> bool:
    """Whether two bindings stand in the two branches of one `if`."""
    first, second = (b.statement for b in bindings)
    if not all(isinstance(b.value, (ast.Name, ast.Attribute)) for b in bindings):
        return False
    return any(isinstance(node, ast.If) and first in node.body and second in node.orelse for node in ast.walk(owner.node))
