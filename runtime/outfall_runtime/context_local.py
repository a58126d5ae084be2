"""`ContextLocal`: `threading.local`'s protocol, with values per context instead of per thread.

    _request = ContextLocal("app.context._request", "user", "trace")

    _request.user = "ada"        # seen by this task and by tasks that it starts from now on
    hasattr(_request, "trace")   # False

A subclass says its name and attributes as class keywords, and its `__init__` runs once per
context with the arguments of the construction:

    class Request(ContextLocal, name="app.context.Request", attributes=("user",)):
        def __init__(self, user: str) -> None:
            self.user = user

A thread starts without values. Work carries them along only where it is wrapped
(`context.wrap`, `asyncio.to_thread`), on every build of Python alike (see `_contexts.variables`).

Hazard: a mutable value is one object for all tasks that inherited it; keep immutable values here.
"""

from __future__ import annotations

from weakref import finalize

from ._contexts import protocol
from ._contexts.cells import BLANK, Cell, Cells
from ._contexts.protocol import MISSING, Namespace, no_attribute
from ._tables import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, ClassVar, Dict, FrozenSet, List, Optional, Tuple

    Declared = Tuple[str, Tuple[str, ...]]
    Arguments = Tuple[Tuple[Any, ...], Dict[str, Any]]


class ContextLocal:
    """A namespace whose attributes have a value of their own in every context.

    Args:
        name: the state's qualified name, such as `"app.context._request"`.
        attributes: the attributes that code uses. Others work too; these read faster.
    """

    __slots__ = ("__weakref__", "_outfall_get", "_outfall_store")
    _outfall_get: Callable[[], Any]
    _outfall_store: "Store"
    _outfall_names: ClassVar[FrozenSet[str]] = frozenset()
    _outfall_declared: ClassVar[Optional[Declared]] = None  # outfall: ignore[OUT103] set once, by the class statement

    if TYPE_CHECKING:

        def __init__(self, name: str = "", *attributes: str) -> None: ...  # a subclass says its name in its class statement

        def __getattribute__(self, name: str) -> Any: ...

    def __init_subclass__(cls, *, name: Optional[str] = None, attributes: Tuple[str, ...] = (), **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if protocol.GENERATED in vars(cls) or "_outfall_base" in vars(cls):
            return
        inherited = cls._outfall_declared
        cls._outfall_declared = (
            name or f"{cls.__module__}.{cls.__qualname__}",
            (*(inherited[1] if inherited else ()), *attributes),
        )

    def __new__(cls, *args: Any, **kwargs: Any) -> "ContextLocal":
        if cls._outfall_declared is None:
            name, attributes, initial = _names(args, kwargs), args[1:], None
        else:
            (name, attributes), initial = cls._outfall_declared, (args, kwargs)
            if not protocol.has_own_init(cls):
                if args or kwargs:
                    raise TypeError("Initialization arguments are not supported")
                initial = None
        generated = protocol.generated_class(cls, attributes, cls._outfall_property)
        self: ContextLocal = object.__new__(generated)
        store = cls._outfall_new_store(name, initial)
        object.__setattr__(self, "_outfall_store", store)
        object.__setattr__(self, "_outfall_get", store.cells.get)
        finalize(self, store.cells.release).atexit = False
        if initial is not None:
            store.begin()
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self)._outfall_names or protocol.ensure_property(self, name):
            self._outfall_store.write(self, name, value)
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name not in type(self)._outfall_names and protocol.is_data_descriptor(self, name):
            object.__delattr__(self, name)
            return
        self._outfall_store.delete(self, name)

    _outfall_dict = property(lambda self: Namespace(self, self._outfall_store.values(self)))
    __dict__ = _outfall_dict

    def __dir__(self) -> List[str]:
        names = set(object.__dir__(self)) - type(self)._outfall_names
        return sorted(names | set(self._outfall_store.values(self)))

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    @classmethod
    def _outfall_new_store(cls, name: str, initial: Optional[Arguments]) -> "Store":
        return Store(name, initial)

    @staticmethod
    def _outfall_property(name: str) -> property:
        return _property(name)


class Store:
    """Where one `ContextLocal` keeps its values; outside the instance, whose namespace is the user's."""

    __slots__ = ("__weakref__", "cells", "initial", "name")

    def __init__(self, name: str, initial: Optional[Arguments]) -> None:
        self.name = name
        self.initial = initial
        self.cells = Cells()
        catalogue.add(name, self)

    def begin(self) -> None:
        """Start an empty cell, so that the `__init__` that is about to run finds one."""
        self.cells.put(Cell())

    def cell(self, local: ContextLocal) -> Dict[str, Any]:
        """The values of the current context; a context seen for the first time is initialised."""
        cell = self._valid()
        if cell is None:
            if self.initial is None:
                return {}
            self.begin()
            local.__init__(*self.initial[0], **self.initial[1])  # type: ignore[misc]
            cell = self.cells.get()
        return cell

    def read(self, local: ContextLocal, name: str) -> Any:
        """The value of an attribute, after the quick way missed it."""
        cell = self.cell(local)
        value = cell[name] if name in cell else protocol.class_default(local, name)
        if value is MISSING:
            raise no_attribute(local, name) from None
        return value

    def write(self, local: ContextLocal, name: str, value: Any) -> None:
        cell = Cell(self.cell(local))
        cell[name] = value
        self.cells.put(cell)

    def delete(self, local: ContextLocal, name: str) -> None:
        cell = Cell(self.cell(local))
        if name not in cell:
            raise no_attribute(local, name)
        del cell[name]
        self.cells.put(cell)

    def values(self, local: ContextLocal) -> Dict[str, Any]:
        """A copy of the values here and now."""
        return dict(self.cell(local))

    def after_fork(self) -> None:
        self.cells.after_fork()

    def _valid(self) -> Optional[Cell]:
        cell: Optional[Cell] = self.cells.variable.get(None)
        return None if cell is BLANK else cell


def _property(name: str) -> property:
    def read(self: ContextLocal) -> Any:
        try:
            return self._outfall_get()[name]
        except LookupError:
            return self._outfall_store.read(self, name)

    def write(self: ContextLocal, value: Any) -> None:
        self._outfall_store.write(self, name, value)

    def delete(self: ContextLocal) -> None:
        self._outfall_store.delete(self, name)

    return property(read, write, delete)


def _names(args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> str:
    if kwargs or not args or not all(isinstance(arg, str) for arg in args):
        raise TypeError(
            "ContextLocal takes its qualified name and its attributes, all strings: "
            'ContextLocal("app.context._request", "user")'
        )
    return str(args[0])
