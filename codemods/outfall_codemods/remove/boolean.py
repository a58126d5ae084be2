"""Sound simplification of expressions in which some calls are known to be true.

Only what follows from those calls is folded: a constant that the author wrote stays. A side
effect stays, and so does a value that is used: `x and True` is `x` only where merely its truth
counts.
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

Known = Callable[[cst.BaseExpression], bool]
"""Whether an expression is a call or name known to be true."""

TRUE, FALSE = "True", "False"
_ATOMS = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.SimpleString, cst.Integer)


class Folded(cst.Name):
    """`True` or `False` in place of what was folded; told apart from constants in the source."""


def folded(value: bool, like: cst.BaseExpression) -> Folded:
    return Folded(TRUE if value else FALSE, lpar=like.lpar, rpar=like.rpar)


def truth(expression: cst.BaseExpression) -> bool | None:
    """What a folded expression is; None for all others."""
    return expression.value == TRUE if isinstance(expression, Folded) else None


def fold_boolean(node: cst.BooleanOperation) -> cst.BaseExpression:
    """`True and x` → `x`, `False and x` → `False` and so on: the right side decides, or never runs."""
    left = truth(node.left)
    if left is None:
        return node
    if isinstance(node.operator, cst.And):
        return inherit(node.right, node) if left else folded(False, node)
    return folded(True, node) if left else inherit(node.right, node)


def fold_not(node: cst.UnaryOperation) -> cst.BaseExpression:
    value = truth(in_test(node.expression))
    return node if not isinstance(node.operator, cst.Not) or value is None else folded(not value, node)


def fold_choice(node: cst.IfExp) -> cst.BaseExpression:
    value = truth(in_test(node.test))
    if value is None:
        return node.with_changes(test=in_test(node.test))
    return inherit(node.body if value else node.orelse, node)


def in_test(node: cst.BaseExpression) -> cst.BaseExpression:
    """Simplify where only the truth counts: `x and True` → `x`; a side effect of `x` stays."""
    if not isinstance(node, cst.BooleanOperation):
        return node
    node = node.with_changes(left=in_test(node.left), right=in_test(node.right))
    right = truth(node.right)
    if right is None:
        return fold_boolean(node)
    if right == isinstance(node.operator, cst.And):
        return inherit(node.left, node)
    return folded(right, node) if _harmless(node.left) else node


def inherit(kept: cst.BaseExpression, replaced: cst.BaseExpression) -> cst.BaseExpression:
    """`kept` with the parentheses of what it replaces, where it may need them."""
    if kept.lpar or not replaced.lpar or (isinstance(kept, _ATOMS) and not _spans_lines(replaced)):
        return kept
    return kept.with_changes(lpar=replaced.lpar, rpar=replaced.rpar)


def _spans_lines(node: cst.BaseExpression) -> bool:
    return "\n" in cst.Module([]).code_for_node(node)


def _harmless(node: cst.BaseExpression) -> bool:
    """Whether evaluating the expression can be left out: names and constants only."""
    if isinstance(node, cst.BooleanOperation):
        return _harmless(node.left) and _harmless(node.right)
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Not) and _harmless(node.expression)
    return isinstance(node, (cst.Name, cst.Integer, cst.SimpleString))
