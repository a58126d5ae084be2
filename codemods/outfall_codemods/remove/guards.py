"""Deletes the legacy side of `if flags.enabled("x")` and its relatives.

Works on libcst trees: blocks dedent with their comments, and text inside strings is untouched.
An `if` that falls away gives its comments to what stays; what follows a `return` that has become
unconditional goes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import libcst as cst

from ..edits import Edited
from ..errors import Refused
from ..text import SourceText
from . import blocks
from .boolean import fold_boolean, fold_choice, fold_not, folded, in_test, truth
from .cases import settled_cases
from .dead import drop_dead
from .flag_calls import FlagCalls, aliases, questions, spellings

guarded_flags = questions


def simplify(source: SourceText, flags: frozenset[str], elsewhere: frozenset[str] = frozenset()) -> Edited:
    """The text with the finished flags taken as true, and what that made dead deleted.

    `elsewhere` is every word of the project's other files: a helper named there is kept.
    Raises `Refused` where a deletion would change what a function is.
    """
    known = spellings(source.tree)
    if not known or not any(flag in flags for flag, _ in questions(source)):
        return Edited(source.text, ())
    try:
        module = cst.parse_module(source.text)
    except cst.ParserSyntaxError as error:
        raise Refused(f"{source.path}: libcst cannot parse it ({error.message})", "remove its guards by hand") from error
    if module.code != source.text:
        raise Refused(f"{source.path}: libcst would change its white space", "remove its guards by hand")
    scopes = _aliases_by_scope(source.tree, known, flags)
    changed = module.visit(_Simplifier(FlagCalls(known, flags), scopes)).code
    _require_same_functions(source, changed)
    names = frozenset().union(*scopes.values())
    return Edited(drop_dead(source, changed, names, elsewhere), None)


def _aliases_by_scope(tree: ast.Module, known: frozenset[str], flags: frozenset[str]) -> dict[str, frozenset[str]]:
    """Alias names of each scope; scopes by dotted name, the module's is empty.

    Two functions of one name share an entry: only what holds for both is in it.
    """
    found: dict[str, frozenset[str]] = {"": aliases(tree, known, flags)}

    def enter(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{prefix}.{child.name}"
                own = frozenset() if isinstance(child, ast.ClassDef) else aliases(child, known, flags)
                found[name] = own & found[name] if name in found else own
                enter(child, name)
            else:
                enter(child, prefix)

    enter(tree, "")
    return found


class _Simplifier(cst.CSTTransformer):
    """Folds tests bottom-up, then lets each block take in what its folded statements leave."""

    def __init__(self, calls: FlagCalls, scopes: dict[str, frozenset[str]]) -> None:
        super().__init__()
        self._calls = calls
        self._scopes = scopes
        self._path: list[str] = [""]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._path.append(f"{self._path[-1]}.{node.name.value}")

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self._path.pop()
        return updated_node

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._path.append(f"{self._path[-1]}.{node.name.value}")

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        self._path.pop()
        return updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        return folded(True, updated_node) if self._calls.known_true(original_node) else updated_node

    def leave_BooleanOperation(
        self, original_node: cst.BooleanOperation, updated_node: cst.BooleanOperation
    ) -> cst.BaseExpression:
        return fold_boolean(self._read(updated_node, "left"))

    def leave_UnaryOperation(
        self, original_node: cst.UnaryOperation, updated_node: cst.UnaryOperation
    ) -> cst.BaseExpression:
        return fold_not(self._read(updated_node, "expression"))

    def leave_IfExp(self, original_node: cst.IfExp, updated_node: cst.IfExp) -> cst.BaseExpression:
        return fold_choice(self._read(updated_node, "test"))

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If:
        return self._tested(updated_node)

    def leave_While(self, original_node: cst.While, updated_node: cst.While) -> cst.While:
        return self._tested(updated_node)

    def leave_Assert(self, original_node: cst.Assert, updated_node: cst.Assert) -> cst.Assert | cst.RemovalSentinel:
        tested = self._tested(updated_node)
        return cst.RemoveFromParent() if truth(tested.test) else tested

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> cst.Expr | cst.RemovalSentinel:
        return cst.RemoveFromParent() if truth(updated_node.value) is not None else updated_node

    def leave_CompIf(self, original_node: cst.CompIf, updated_node: cst.CompIf) -> cst.CompIf:
        return self._tested(updated_node)

    def leave_CompFor(self, original_node: cst.CompFor, updated_node: cst.CompFor) -> cst.CompFor:
        return updated_node.with_changes(ifs=[each for each in updated_node.ifs if not truth(each.test)])

    def leave_MatchCase(self, original_node: cst.MatchCase, updated_node: cst.MatchCase) -> cst.MatchCase:
        if updated_node.guard is None:
            return updated_node
        read = self._read(updated_node, "guard").guard
        guard = in_test(read) if read else None
        if guard and truth(guard):
            space = cst.SimpleWhitespace("")
            return updated_node.with_changes(guard=None, whitespace_before_if=space, whitespace_after_if=space)
        return updated_node.with_changes(guard=guard)

    def leave_Match(self, original_node: cst.Match, updated_node: cst.Match) -> cst.Match:
        return updated_node.with_changes(cases=settled_cases(updated_node.cases))

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        body, footer = blocks.settle(updated_node.body, updated_node.footer)
        emptied = not body and bool(original_node.body)
        return updated_node.with_changes(body=[blocks.PASS] if emptied else body, footer=footer)

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        body, footer = blocks.settle(updated_node.body, updated_node.footer)
        return updated_node.with_changes(body=body, footer=footer)

    def _tested(self, node: cst.CSTNodeT) -> cst.CSTNodeT:
        node = self._read(node, "test")
        return node.with_changes(test=in_test(node.test))  # type: ignore[attr-defined]

    def _read(self, node: cst.CSTNodeT, field: str) -> cst.CSTNodeT:
        """The node with an alias in its `field` folded."""
        value = getattr(node, field)
        if isinstance(value, cst.Name) and truth(value) is None and self._is_alias(value.value):
            return node.with_changes(**{field: folded(True, value)})
        return node

    def _is_alias(self, name: str) -> bool:
        return any(name in self._scopes.get(path, ()) for path in self._path)


def _require_same_functions(source: SourceText, changed: str) -> None:
    """Deleting the only `yield`, or a `global` that later code needs, would change the function itself."""
    before, after = dict(_natures(source.tree)), dict(_natures(ast.parse(changed)))
    for name, nature in after.items():
        if before.get(name, nature) != nature:
            what = f"{source.path}: the legacy side makes `{name}` what it is (its only yield, or a global)"
            raise Refused(what, "remove this guard by hand")


def _natures(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, tuple[bool, Sequence[str]]]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inner = [n for n in ast.walk(node)]
            yields = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in inner)
            names = sorted(x for n in inner if isinstance(n, (ast.Global, ast.Nonlocal)) for x in n.names)
            yield f"{node.name}", (yields, names)
