"""`ContextValue`: one typed value per context.

    tenant = ContextValue("app.context.tenant", default="none")

    with tenant.use("acme"):
        tenant.get()

Hazard: as in `context`: a block may end out of order or in another context, so the end of a block
closes its own value and never restores what was there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Optional, TypeVar, Union, overload

from ._contexts.nodes import FOREVER, Block, Node, innermost, settled
from ._contexts.variables import variable

if TYPE_CHECKING:
    from contextvars import ContextVar

    from ._contexts.nodes import AnyNode

T = TypeVar("T")
D = TypeVar("D")
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
        self._variable: "ContextVar[Optional[AnyNode]]" = variable(name, None)

    @overload
    def get(self) -> T: ...
    @overload
    def get(self, default: D) -> "Union[T, D]": ...
    def get(self, default: Any = _NONE) -> Any:
        """The value set last in the innermost open block, else the default: the one given here, or the value's own.

        Raises:
            LookupError: there is neither.
        """
        top = innermost(self._variable)
        if top is not None and top.value is not _NONE:
            return top.value
        if default is not _NONE:
            return default
        if self._default is _NONE:
            raise LookupError(f"{self.name} has no value here and no default")
        return self._default

    def set(self, value: T) -> None:
        """Set the value until the enclosing `use` block ends, or for the rest of the context."""
        self._put(value)

    def unset(self) -> None:
        """Take the value back, until the enclosing `use` block ends, or for the rest of the context.

        Raises:
            LookupError: none was set.
        """
        if not self.is_set():
            raise LookupError(f"{self.name} has no value here")
        self._put(_NONE)

    def is_set(self) -> bool:
        """Whether a value was set here; the default is none."""
        top = innermost(self._variable)
        return top is not None and top.value is not _NONE

    def _put(self, value: Any) -> None:
        top = settled(self._variable, _inner)
        if top is None:
            self._variable.set(Node(value, FOREVER, None))
        else:  # hides what this block had, which nobody can come back to while it is open
            self._variable.set(Node(value, top.scope, top.parent))

    def use(self, value: T) -> "_Use[T]":
        """A `with` block in which the value holds."""
        return _Use(self, value)

    def __repr__(self) -> str:
        return f"<ContextValue {self.name}>"


def _inner(outer: T, inner: T) -> T:
    return inner


class _Use(Block, Generic[T]):
    __slots__ = ("top",)
    merge = staticmethod(_inner)

    def __init__(self, owner: ContextValue[T], value: T) -> None:
        super().__init__(value)
        self.top = owner._variable

    def __enter__(self) -> T:
        super().__enter__()
        value: T = self.value
        return value
