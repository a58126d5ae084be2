"""Chains of blocks in a context, innermost first.

A block that ends never restores "what was there before". It says how it ended, and is skipped from then on:

- where it was entered: a task or a worker that inherited it while it was open keeps it, for that is work
  of its own, and this block is the one that it was started in;
- late in another context (an abandoned generator, a hook that runs elsewhere): by everybody, because
  whoever copies the context from now on still finds it there.

The `Token` of its entrance tells the context that a block was entered in from all others.

Nodes never change. Those that are over are left out when something is put on top of them, and what is
inherited from blocks that have ended becomes one node, so a chain is as long as the blocks that are open.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType
    from typing import Any, Callable, List, Optional, Type, Union

    AnyNode = Union["Node", "Block"]
    Top = ContextVar[Optional[AnyNode]]
    Merge = Callable[[Any, Any], Any]


OPEN, LEFT, OVER = 0, 1, 2  # left where it was entered; over everywhere


class Scope:
    """The life of a block; nodes that were added inside it end with it."""

    __slots__ = ("closed", "token")

    def __init__(self) -> None:
        self.closed = OPEN
        self.token: Optional[Token[Optional[AnyNode]]] = None  # until it is entered


FOREVER = Scope()  # around everything that stands in no block


class Node:
    """A value, the block that it ends with, and what is around it."""

    __slots__ = ("parent", "scope", "value")

    def __init__(self, value: Any, scope: Scope, parent: Optional[AnyNode]) -> None:
        self.value = value
        self.scope = scope
        self.parent = parent

    @property
    def closed(self) -> int:
        return self.scope.closed


class Block(Scope):
    """A `with` block with one value: its own node, because blocks are frequent.

    Subclasses say in `top` which chain it stands in, and in `merge` how one value is made of an outer
    and an inner one.
    """

    __slots__ = ("parent", "value")
    parent: Optional[AnyNode]
    top: Any
    merge: Merge

    def __init__(self, value: Any) -> None:
        self.closed = OPEN
        self.token = None
        self.value = value

    @property
    def scope(self) -> Scope:
        return self

    def __enter__(self) -> Any:
        """Open it on top of the chain.

        Raises:
            RuntimeError: it was entered before, and entering it again would change what others inherited.
        """
        if self.token is not None:
            raise RuntimeError("this block was entered already; call use(...) once per block")
        top = self.top
        around = top.get()
        if around is not None and (around.closed or (around.parent is not None and around.parent.closed)):
            around = settled(top, self.merge)
        self.parent = around
        self.token = top.set(self)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        """End it, wherever in the chain it stands and in whichever context this is."""
        if error is not None:
            self.failed(error)
        top = self.top
        now, around = top.get(), self.parent
        try:
            top.reset(self.token)
        except ValueError:  # another context
            self.closed = OVER
            settled(top, self.merge)
            return
        self.closed = LEFT
        if now is self and (around is None or not around.closed):
            self.token = top.set(around)  # a new token, to know this context by
        else:
            self.token = top.set(now)
            settled(top, self.merge)

    def failed(self, error: BaseException) -> None:
        """An error is about to leave the block."""


def is_over(node: AnyNode, top: Top) -> bool:
    """Whether a node does not count in the current context."""
    return node.closed == OVER or (node.closed == LEFT and _entered_here(node.scope, top) is True)


def innermost(top: Top) -> Optional[AnyNode]:
    """The innermost node that counts in the current context."""
    node = top.get()
    while node is not None and is_over(node, top):
        node = node.parent
    return node


def settled(top: Top, merge: Merge) -> Optional[AnyNode]:
    """The chain of the current context without what is over; it is the context's from now on.

    Args:
        merge: makes one value of an outer and an inner one.
    """
    kept: List[AnyNode] = []
    node = top.get()
    while node is not None:
        if not is_over(node, top):
            inherited = node.closed and _entered_here(node.scope, top) is False
            kept.append(Node(node.value, FOREVER, node.parent) if inherited else node)
        node = node.parent
    found: Optional[AnyNode] = None
    for node in reversed(kept):
        if found is not None and node.scope is found.scope is FOREVER:
            found = Node(merge(found.value, node.value), FOREVER, found.parent)
        else:
            found = node if node.parent is found else Node(node.value, node.scope, found)
    top.set(found)
    return found


def _entered_here(scope: Scope, top: Top) -> Optional[bool]:
    """Whether a block was entered in the current context; None while this very question is being answered."""
    now = top.get()
    try:
        top.reset(scope.token)  # type: ignore[arg-type]  # only the context that made the token takes it
    except ValueError:
        return False
    except RuntimeError:  # the collector came in between these two steps
        return None
    scope.token = top.set(now)
    return True
