"""Chains of blocks in a context, innermost first.

A block that ends only marks itself as closed; whoever reads skips closed nodes. So a block that is
closed late, out of order or in another context brings nothing back. A task or a worker that
inherited the chain while the block was open keeps what it inherited: it is work of its own, and
its block is the one that it was started in. So a closed block is skipped by the unit of work that
entered it, and by no other.

Nodes never change. Closed ones are left out when a node is put on top of them, so a chain is as
long as the blocks that are open.
"""

from __future__ import annotations

from _thread import get_ident
from contextvars import ContextVar

from ._units import current_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional


class Scope:
    """The life of a block; nodes that were added inside it end with it."""

    __slots__ = ("closed", "thread", "unit")

    def __init__(self) -> None:
        self.closed = True  # until it is entered
        self.unit: object = None
        self.thread = 0


FOREVER = Scope()  # around everything that stands in no block
FOREVER.closed = False


class Node:
    """A value, the block that it ends with, and what is around it."""

    __slots__ = ("parent", "scope", "value")

    def __init__(self, value: Any, scope: Scope, parent: Optional[Node]) -> None:
        self.value = value
        self.scope = scope
        self.parent = parent


def enter(top: ContextVar[Optional[Node]], scope: Scope, value: Any) -> None:
    """Open a block on top of the chain.

    Raises:
        RuntimeError: it is open already.
    """
    if not scope.closed:
        raise RuntimeError("this block is entered already; call use(...) once per block")
    scope.unit = current_unit()
    scope.thread = get_ident()
    scope.closed = False
    node = top.get()
    top.set(Node(value, scope, None if node is None else visible(node)))


def leave(top: ContextVar[Optional[Node]], scope: Scope) -> None:
    """Close a block, wherever in the chain it stands and in whichever context this is."""
    scope.closed = True
    node = top.get()
    while node is not None and node.scope is scope:
        node = node.parent
    top.set(None if node is None else visible(node))


def visible(node: Optional[Node]) -> Optional[Node]:
    """The innermost node that counts here, with no skipped one directly below it."""
    node = _skip(node)
    if node is None or node.parent is None or not node.parent.scope.closed:
        return node
    parent = _skip(node.parent)
    return node if parent is node.parent else Node(node.value, node.scope, parent)


def _skip(node: Optional[Node]) -> Optional[Node]:
    unit: object = None
    while node is not None and node.scope.closed:
        if unit is None:
            unit = current_unit()
        if node.scope.unit is not unit or node.scope.thread != get_ident():
            break
        node = node.parent
    return node
