"""The forms in which code opens, uses and closes the resource that a thread-local keeps for each thread.

    if not hasattr(_local, "conn"):          conn = getattr(_local, "conn", None)
        _local.conn = connect()              if conn is not None:
    return _local.conn                           conn.close()
                                                 del _local.conn

Every form is told apart exactly; whatever is none of them is for the caller to refuse.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Statements = tuple[ast.stmt, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """Statements after which there is one: `local` is the variable that they give it to, `returned` whether they return it."""

    statements: Statements
    value: ast.expr  # what makes it
    local: str | None
    returned: bool
    asks_for_none: bool  # an attribute that is None counts as absent


@dataclass(frozen=True, slots=True)
class Closing:
    """Statements that close it by a method of its own, where there is one, and forget it."""

    statements: Statements
    method: str
    leaves_none: bool  # sets the attribute to None rather than deleting it


@dataclass(frozen=True, slots=True)
class Forms:
    """The attribute `attribute` of the thread-local `name`, as it is spelt in statements."""

    name: str
    attribute: str

    def found_in(self, block: Sequence[ast.stmt], index: int) -> Opening | Closing | None:
        """The form that begins with statement `index` of a block."""
        first = block[index]
        second = block[index + 1] if index + 1 < len(block) else None
        if isinstance(first, ast.If):
            return self._guarded(first) or self._closed(first, (first,)) or self._returned_or_made(first, block[index:])
        if isinstance(first, ast.Try):
            return self._tried(first)
        local = self._fetched(first)
        if local and isinstance(second, ast.If):
            found = self._fetched_or_made(first, second, local) or self._closed(second, (first, second), local)
            return found or self._returned_or_made(second, block[index:], local)
        return None

    def is_it(self, node: ast.AST | None) -> bool:
        """Whether a node is the attribute itself: `_local.conn`."""
        return isinstance(node, ast.Attribute) and node.attr == self.attribute and self._is_owner(node.value)

    def _is_owner(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.name

    def _guarded(self, node: ast.If) -> Opening | None:
        """`if not hasattr(_local, "conn"): _local.conn = connect()`."""
        absent = self._absent(node.test)
        made = node.body[0] if len(node.body) == 1 and not node.orelse else None
        if absent is None or not isinstance(made, ast.Assign) or len(made.targets) != 1 or not self.is_it(made.targets[0]):
            return None
        return Opening((node,), made.value, None, False, absent == "none")

    def _tried(self, node: ast.Try) -> Opening | None:
        """`try: return _local.conn`, `except AttributeError:` make and return it; or the same with a variable."""
        if len(node.body) != 1 or len(node.handlers) != 1 or node.orelse or node.finalbody:
            return None
        handler, tried = node.handlers[0], node.body[0]
        if handler.name or not isinstance(handler.type, ast.Name) or handler.type.id != "AttributeError":
            return None
        if isinstance(tried, ast.Return) and self.is_it(tried.value):
            made = self._made(handler.body[:-1])
            last = handler.body[-1]
            if made is None or not isinstance(last, ast.Return) or not self._means_it(last.value, made[1]):
                return None
            return Opening((node,), made[0], None, True, False)
        local = _assigned(tried, self.is_it)
        made = self._made(handler.body)
        return Opening((node,), made[0], local, False, False) if local and made and made[1] == local else None

    def _fetched(self, node: ast.stmt) -> str | None:
        """The variable of `conn = getattr(_local, "conn", None)`."""
        return _assigned(node, self._gets_or_none)

    def _fetched_or_made(self, first: ast.stmt, second: ast.If, local: str) -> Opening | None:
        """`conn = getattr(_local, "conn", None)`, `if conn is None:` make it."""
        made = self._made(second.body)
        if second.orelse or made is None or made[1] != local or not _is_none_test(second.test, local, ast.Is):
            return None
        return Opening((first, second), made[0], local, False, True)

    def _returned_or_made(self, node: ast.If, rest: Sequence[ast.stmt], local: str | None = None) -> Opening | None:
        """`if` there is one: return it; then, to the end of the block, make one and return that."""
        present = _is_none_test(node.test, local, ast.IsNot) if local else self._present(node.test)
        given = node.body[0] if len(node.body) == 1 and not node.orelse else None
        if not present or not isinstance(given, ast.Return) or not self._means_it(given.value, local):
            return None
        *making, last = rest[rest.index(node) + 1 :] or [node]
        made = self._made(making)
        if made is None or not isinstance(last, ast.Return) or not self._means_it(last.value, made[1]):
            return None
        return Opening(tuple(rest), made[0], None, True, not self._has(node.test))

    def _made(self, body: Sequence[ast.stmt]) -> tuple[ast.expr, str | None] | None:
        """What makes it, and the variable that holds it then: `conn = _local.conn = connect()`, in one or two statements."""
        if not 1 <= len(body) <= 2 or not all(isinstance(each, ast.Assign) for each in body):
            return None
        first = body[0]
        assert isinstance(first, ast.Assign)
        names = [target.id for target in first.targets if isinstance(target, ast.Name)]
        stored = [target for target in first.targets if self.is_it(target)]
        if len(body) == 1 and len(stored) == 1 and len(names) == len(first.targets) - 1 <= 1:
            return first.value, names[0] if names else None
        if len(body) != 2 or len(first.targets) != 1:
            return None
        second = body[1]
        assert isinstance(second, ast.Assign)
        if names and len(second.targets) == 1 and self.is_it(second.targets[0]) and _is_name(second.value, names[0]):
            return first.value, names[0]
        return (first.value, local) if stored and (local := _assigned(second, self.is_it)) else None

    def _means_it(self, node: ast.AST | None, local: str | None) -> bool:
        return self.is_it(node) or (local is not None and _is_name(node, local))

    def _closed(self, node: ast.If, statements: Statements, local: str | None = None) -> Closing | None:
        """`if` there is one: close it, and forget it; in either order where a variable holds it."""
        present = _is_none_test(node.test, local, ast.IsNot) if local else self._present(node.test)
        if not present or node.orelse or len(node.body) != 2:
            return None
        for call, forgets in (node.body, reversed(node.body) if local else node.body):
            method = self._closes(call, local)
            if method and self._forgets(forgets):
                return Closing(statements, method, isinstance(forgets, ast.Assign))
        return None

    def _closes(self, node: ast.stmt, local: str | None) -> str | None:
        """The method that `conn.close()` calls."""
        call = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(call, ast.Call) or call.args or call.keywords or not isinstance(call.func, ast.Attribute):
            return None
        return call.func.attr if self._means_it(call.func.value, local) else None

    def _forgets(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Delete):
            return len(node.targets) == 1 and self.is_it(node.targets[0])
        return isinstance(node, ast.Assign) and len(node.targets) == 1 and self.is_it(node.targets[0]) and _is_none(node.value)

    def _absent(self, test: ast.expr) -> str | None:
        """How a test says that there is none: "missing", "none" where None counts as missing; None: it does not."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return "missing" if self._has(test.operand) else None
        return "none" if self._compares_with_none(test, ast.Is) else None

    def _present(self, test: ast.expr) -> bool:
        return self._has(test) or self._compares_with_none(test, ast.IsNot)

    def _compares_with_none(self, test: ast.expr, operator: type[ast.cmpop]) -> bool:
        if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], operator):
            return False
        return self._gets_or_none(test.left) and _is_none(test.comparators[0])

    def _has(self, node: ast.expr) -> bool:
        return self._calls(node, "hasattr", 2)

    def _gets_or_none(self, node: ast.AST | None) -> bool:
        return self._calls(node, "getattr", 3) and isinstance(node, ast.Call) and _is_none(node.args[2])

    def _calls(self, node: ast.AST | None, function: str, count: int) -> bool:
        """Whether a node is `function(_local, "conn", …)`."""
        if not isinstance(node, ast.Call) or not _is_name(node.func, function) or len(node.args) != count or node.keywords:
            return False
        named = node.args[1]
        return self._is_owner(node.args[0]) and isinstance(named, ast.Constant) and named.value == self.attribute


def blocks_of(function: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements in a function, not those of functions and classes within it."""
    for part in ("body", "orelse", "finalbody"):
        block = getattr(function, part, None)
        if isinstance(block, list) and block:
            yield block
            for statement in block:
                if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    yield from blocks_of(statement)
    for handler in (*getattr(function, "handlers", ()), *getattr(function, "cases", ())):
        yield from blocks_of(handler)


def _assigned(node: ast.stmt, is_value: object) -> str | None:
    """The variable of a plain assignment whose value passes the test."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return None
    return node.targets[0].id if callable(is_value) and is_value(node.value) else None


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_none_test(test: ast.expr, name: str, operator: type[ast.cmpop]) -> bool:
    """`name is None`, or `is not`."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], operator):
        return False
    return _is_name(test.left, name) and _is_none(test.comparators[0])
