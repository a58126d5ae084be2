"""`ContextValue`: one typed value per context.

    tenant = ContextValue("app.context.tenant", default="none")

    with tenant.use("acme"):
        tenant.get()

Hazard: as in `context`: a block may end out of order or in another context, so the end of a block
closes its own value and never restores what was there before.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, Optional, TypeVar

from ._nodes import FOREVER, Block, Node, innermost, settled

if TYPE_CHECKING:
    from ._nodes import AnyNode

T = TypeVar("T")
_NONE: Any = object()


class ContextValue(Generic[T]):
    """A value that tasks inherit, and that one task sets without the others seeing it.

    Args:
        name: the state's qualified name.
        default: what `get` returns where nothing was set.
    """

    __slots__ = ("_default", "_variable", "name")

    def __init__(self, name: str, default: T = _NONE) -> None:
        self.name = name
        self._default = default
        self._variable: "ContextVar[Optional[AnyNode]]" = ContextVar(name, default=None)

    def get(self) -> T:
        """The value set last in the innermost open block, else the default.

        Raises:
            LookupError: there is neither.
        """
        top = innermost(self._variable)
        if top is not None:
            value: T = top.value
            return value
        if self._default is _NONE:
            raise LookupError(f"{self.name} has no value here and no default")
        return self._default

    def set(self, value: T) -> None:
        """Set the value until the enclosing `use` block ends, or for the rest of the context."""
        top = settled(self._variable, _inner)
        if top is None:
            self._variable.set(Node(value, FOREVER, None))
        else:  # hides what this block had, which nobody can come back to while it is open
            self._variable.set(Node(value, top.scope, top.parent))

    def use(self, value: T) -> "_Use[T]":
        """A `with` block in which the value holds."""
        return _Use(self._variable, value)

    def __repr__(self) -> str:
        return f"<ContextValue {self.name}>"


def _inner(outer: T, inner: T) -> T:
    return inner


class _Use(Block, Generic[T]):
    __slots__ = ("top",)
    merge = staticmethod(_inner)

    def __init__(self, variable: "ContextVar[Optional[AnyNode]]", value: T) -> None:
        super().__init__(value)
        self.top = variable

    def __enter__(self) -> T:
        super().__enter__()
        value: T = self.value
        return value
