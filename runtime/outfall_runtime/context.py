"""Context fields: what is true for the work at hand (request, user, trace), for logs and errors.

    with context.use(request="r-17", user="ada"):
        context.current()["user"]        # "ada", also in tasks started here

Hazard: a context manager's block can be abandoned in a generator, or closed after a later one.
Restoring "the value from before" then brings values back that are over. So a block only says that it
is over, and reading skips it (see `_contexts.nodes`).
"""

from __future__ import annotations

from types import MappingProxyType

from ._contexts.nodes import FOREVER, OPEN, Block, Node, is_over, settled
from ._contexts.variables import own_context, variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import ContextVar
    from typing import Any, Callable, Dict, Mapping, Optional, Sequence, TypeVar

    from ._contexts.nodes import AnyNode

    Result = TypeVar("Result")

__all__ = ["ROLLOUT_KEY", "bind", "current", "of", "use", "wrap"]

ROLLOUT_KEY = "rollout_key"  # the field whose value decides under a percentage
ERROR_ATTRIBUTE = "__outfall_context__"

_EMPTY: Mapping[str, Any] = MappingProxyType({})


_top: ContextVar[Optional[AnyNode]] = variable("outfall_context", None)


class _Carried:
    """The fields that an error carries. Its pickle leaves them behind: they may be anything, and the error has to arrive."""

    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields

    def __reduce__(self) -> Any:
        return dict, ()

    def __deepcopy__(self, memo: Any) -> "_Carried":
        return self


def _on_top_of(outer: Dict[str, Any], inner: Dict[str, Any]) -> Dict[str, Any]:
    return {**outer, **inner}


class use(Block):  # noqa: N801 - reads as a verb: `with context.use(user="ada"):`
    """A block in which the given fields hold, on top of those around it.

    Enter it once. An error that leaves the block carries the fields of the innermost block it
    passed (see `of`).
    """

    __slots__ = ()
    top = _top
    merge = staticmethod(_on_top_of)

    def __init__(self, **fields: Any) -> None:
        self.closed = OPEN
        self.token = None
        self.value = fields

    def failed(self, error: BaseException) -> None:
        if getattr(error, ERROR_ATTRIBUTE, None) is None:
            try:
                setattr(error, ERROR_ATTRIBUTE, _Carried(current()))
            except (AttributeError, TypeError):  # an exception that takes no attributes
                pass


def bind(**fields: Any) -> None:
    """Add fields from here to the end of the enclosing block, or of the task if there is none."""
    top = settled(_top, _on_top_of)
    if top is None:
        _top.set(Node(fields, FOREVER, None))  # outfall: ignore[OUT205] bound fields stay until their block ends
    else:
        node = Node({**top.value, **fields}, top.scope, top.parent)
        _top.set(node)  # outfall: ignore[OUT205] bound fields stay until their block ends


def current() -> Mapping[str, Any]:
    """The fields that hold here, the innermost block's first in rank; read-only."""
    top = _top.get()
    if top is None:
        return _EMPTY
    return MappingProxyType(_merged(top))


def of(error: BaseException) -> Mapping[str, Any]:
    """The fields that held where the error left its innermost block; empty if none did."""
    found = getattr(error, ERROR_ATTRIBUTE, None)
    return found.fields if isinstance(found, _Carried) else _EMPTY


def wrap(function: Callable[..., Result], states: "Optional[Sequence[Any]]" = None) -> Callable[..., Result]:
    """Carry the context of this moment along: `function` runs in a copy of it, on whatever thread.

    Args:
        states: the `ContextLocal`s to carry, and nothing else; by default everything is carried.
    """
    if states is not None:
        return _wrap_some(function, states)
    from functools import wraps

    carried = own_context()

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Result:
        return carried.copy().run(function, *args, **kwargs)

    return wrapped


def _wrap_some(function: Callable[..., Result], states: "Sequence[Any]") -> Callable[..., Result]:
    from functools import wraps

    held = [(state, dict(state.__dict__)) for state in states]

    def run(*args: Any, **kwargs: Any) -> Result:
        for state, values in held:
            for name, value in values.items():
                setattr(state, name, value)
        return function(*args, **kwargs)

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Result:
        return own_context().run(run, *args, **kwargs)

    return wrapped


def _merged(top: AnyNode) -> Dict[str, Any]:
    fields: Dict[str, Any] = {}
    node: Optional[AnyNode] = top
    while node is not None:
        if not (node.closed and is_over(node, _top)):
            fields = {**node.value, **fields}
        node = node.parent
    return fields
