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
    from typing import Any, Optional, Union

    AnyNode = Union["Node", "Block"]


class Scope:
    """The life of a block; nodes that were added inside it end with it."""

    __slots__ = ("closed", "thread", "unit")

    def __init__(self) -> None:
        self.closed = False
        self.unit: object = None  # until it is entered
        self.thread = 0


FOREVER = Scope()  # around everything that stands in no block


class Node:
    """A value, the block that it ends with, and what is around it."""

    __slots__ = ("parent", "scope", "value")

    def __init__(self, value: Any, scope: Scope, parent: Optional[AnyNode]) -> None:
        self.value = value
        self.scope = scope
        self.parent = parent


class Block(Scope):
    """A block with one value: its own node, because blocks are frequent."""

    __slots__ = ("parent", "value")

    def __init__(self, value: Any) -> None:
        self.closed = False
        self.unit = None
        self.value = value
        self.parent: Optional[AnyNode] = None

    @property
    def scope(self) -> Scope:
        return self

    def enter(self, top: ContextVar[Optional[AnyNode]]) -> None:
        """Open it on top of the chain.

        Raises:
            RuntimeError: it was entered before.
        """
        if self.unit is not None:
            raise RuntimeError("this block was entered already; call use(...) once per block")
        self.unit = current_unit()
        self.thread = get_ident()
        node = top.get()
        if node is not None:
            self.parent = visible(node)
        top.set(self)

    def leave(self, top: ContextVar[Optional[AnyNode]]) -> None:
        """Close it, wherever in the chain it stands and in whichever context this is."""
        self.closed = True
        node = top.get()
        while node is not None and node.scope is self:
            node = node.parent
        top.set(None if node is None else visible(node))


def visible(node: Optional[AnyNode]) -> Optional[AnyNode]:
    """The innermost node that counts here, with no skipped one directly below it."""
    node = _skip(node)
    if node is None or node.parent is None or not node.parent.scope.closed:
        return node
    parent = _skip(node.parent)
    return node if parent is node.parent else Node(node.value, node.scope, parent)


def _skip(node: Optional[AnyNode]) -> Optional[AnyNode]:
    unit: object = None
    while node is not None and node.scope.closed:
        if unit is None:
            unit = current_unit()
        if node.scope.unit is not unit or node.scope.thread != get_ident():
            break
        node = node.parent
    return node
