"""The classes between which a table changes while it lives.

A table that needs nothing watched is of its own class, whose reads and writes are the C methods of
its type. Where writes, or reads too, have to be counted or looked after, the object is given a
subclass of the same layout. So nobody pays for what is not used.

Hazard: other threads are inside the object's methods when its class changes. Every method below
is complete in itself: it works the same whatever class the object has by the time it ends.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Tuple

    Hook = Callable[..., Any]
    HookFor = Callable[[type, str], Hook]

MADE = "_outfall_variants"


def variant(plain: Any, hook_read: HookFor, hook_write: HookFor, reads: Tuple[str, ...], writes: bool) -> Any:
    """The subclass of `plain` with these reads, the writes or both replaced by hooks.

    `plain` says in `_outfall_writes` which methods the latter are. Made once, and kept by `plain` itself.
    """
    made: Any = vars(plain).get(MADE)
    if made is None:
        made = {}
        setattr(plain, MADE, made)
    found = made.get((reads, writes))
    if found is not None:
        return found
    return made.setdefault((reads, writes), _made(plain, hook_read, hook_write, reads, writes))


def _made(plain: Any, hook_read: HookFor, hook_write: HookFor, reads: Tuple[str, ...], writes: bool) -> Any:
    body: Dict[str, Any] = {
        "__slots__": (),
        "__module__": plain.__module__,
        "__qualname__": plain.__qualname__,
        "__doc__": plain.__doc__,
    }
    body.update(_hooks(plain, reads, hook_read))
    if writes:
        body.update(_hooks(plain, plain._outfall_writes, hook_write))
    return type(plain)(plain.__name__, (plain,), body)


def _hooks(plain: Any, names: Tuple[str, ...], make: HookFor) -> Dict[str, Hook]:
    base: Any = plain._outfall_type
    hooks = {name: make(plain, name) for name in names if hasattr(base, name)}
    for name, hook in hooks.items():
        hook.__name__ = name
        hook.__qualname__ = f"{base.__name__}.{name}"
        hook.__doc__ = getattr(base, name).__doc__
    return hooks
