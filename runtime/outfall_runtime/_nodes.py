"""Chains of blocks in a context, innermost first.

A block that ends only marks itself as closed; whoever reads skips closed nodes. So a block that is
closed late, out of order or in another context brings nothing back, and the closed ones are
unlinked as they are met, so a chain is as long as the blocks that are open.
"""

from __future__ import annotations

from typing import Any, Optional


class Scope:
    """The life of a block; nodes that were added inside it end with it."""

    __slots__ = ("closed",)

    def __init__(self, closed: bool) -> None:
        self.closed = closed


FOREVER = Scope(closed=False)  # around everything that stands in no block


def nearest_open(node: Optional[Any]) -> Optional[Any]:
    """The innermost open node at or around `node` (which has a `scope` and a `parent`)."""
    node = _skip_closed(node)
    if node is not None and node.parent is not None and node.parent.scope.closed:
        node.parent = _skip_closed(node.parent)
    return node


def _skip_closed(node: Optional[Any]) -> Optional[Any]:
    while node is not None and node.scope.closed:
        node = node.parent
    return node
