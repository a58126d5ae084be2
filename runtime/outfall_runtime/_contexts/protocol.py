"""The parts of `threading.local`'s protocol that do not depend on where the values live."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, FrozenSet, Iterable, Iterator, Tuple

    from ..context_local import ContextLocal

    MakeProperty = Callable[[str], property]

MOST_PROPERTIES = 64  # on one class; names beyond go through `__getattribute__`
GENERATED = "_outfall_names"  # marks a generated class and holds the names of its properties
MADE = "_outfall_generated"  # where a class keeps the classes generated from it
MISSING = object()


def generated_class(base: Any, attributes: Tuple[str, ...], make: MakeProperty) -> Any:
    """The subclass of `base` with one property per declared attribute; kept by `base` itself."""
    made: Any = vars(base).get(MADE)
    if made is None:
        made = {}
        setattr(base, MADE, made)
    names = frozenset(attributes)
    found = made.get(names)
    return found if found is not None else made.setdefault(names, _generated(base, names, make))


def _generated(base: Any, names: FrozenSet[str], make: MakeProperty) -> Any:
    body: Dict[str, Any] = {name: make(name) for name in names}
    body.update(
        __slots__=(),
        __module__=base.__module__,
        __qualname__=base.__qualname__,
        __doc__=base.__doc__,
        __dict__=base._outfall_dict,  # a subclass without __slots__ has hidden ours
        _outfall_names=names,
    )
    return type(base)(base.__name__, (base,), body)


def ensure_property(instance: "ContextLocal", name: str) -> bool:
    """Give the generated class a property for an attribute that nobody declared.

    Returns:
        False where the user's own class takes assignments to the name: a property, a slot.
    """
    cls: Any = type(instance)
    names: FrozenSet[str] = cls._outfall_names
    if name in names:
        return True
    if is_data_descriptor(instance, name):
        return False
    if len(names) < MOST_PROPERTIES:
        _add_property(cls, name, names)
    else:
        cls.__getattribute__ = read_any
    return True


def _add_property(cls: Any, name: str, names: FrozenSet[str]) -> None:
    setattr(cls, name, cls._outfall_property(name))
    cls._outfall_names = names | {name}


def read_any(instance: "ContextLocal", name: str) -> Any:
    """`__getattribute__` of a class that met more attribute names than it has properties for."""
    plain = object.__getattribute__
    try:
        return plain(instance, name)
    except AttributeError:
        if name.startswith("__"):
            raise
        return plain(instance, "_outfall_store").read(instance, name)


def has_own_init(cls: Any) -> bool:
    """Whether a subclass has an `__init__`, which then runs once per context."""
    return cls.__init__ is not object.__init__


def is_data_descriptor(instance: object, name: str) -> bool:
    """Whether the user's class itself takes assignments to `name`: a property, a slot, `__class__`."""
    for cls in type(instance).__mro__:
        if name in vars(cls):
            return hasattr(type(vars(cls)[name]), "__set__")
    return False


def class_default(instance: object, name: str) -> Any:
    """What `name` means on the class when the instance has no value; `MISSING` if nothing."""
    for cls in type(instance).__mro__:
        if GENERATED in vars(cls) or name not in vars(cls):
            continue
        found = vars(cls)[name]
        bind = getattr(type(found), "__get__", None)
        return found if bind is None else bind(found, instance, type(instance))
    return MISSING


def no_attribute(instance: object, name: str) -> AttributeError:
    return AttributeError(f"{type(instance).__name__!r} object has no attribute {name!r}")


class Namespace(dict[str, "Any"]):
    """The `__dict__` of a context local: its values here and now; changes are passed on to it."""

    __slots__ = ("_local",)

    def __init__(self, local: "ContextLocal", values: Dict[str, Any]) -> None:
        super().__init__(values)
        self._local = local

    def __setitem__(self, name: str, value: Any) -> None:
        ensure_property(self._local, name)
        self._local._outfall_store.write(self._local, name, value)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._local._outfall_store.delete(self._local, name)

    def update(self, *args: Any, **kwargs: Any) -> None:
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def __ior__(self, other: Any) -> "Namespace":  # type: ignore[override,misc]
        self.update(other)
        return self

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: str, *default: Any) -> Any:
        value = super().pop(name, *default)
        self._drop((name,))
        return value

    def popitem(self) -> Tuple[str, Any]:
        item = super().popitem()
        self._drop((item[0],))
        return item

    def clear(self) -> None:
        names = list(self)
        super().clear()
        self._drop(names)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict(self),)

    def _drop(self, names: Iterable[str]) -> None:
        store = self._local._outfall_store
        held = store.values(self._local)
        for name in _present(names, held):
            store.delete(self._local, name)


def _present(names: Iterable[str], held: Dict[str, Any]) -> Iterator[str]:
    return (name for name in names if name in held)
