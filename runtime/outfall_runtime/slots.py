"""`Slot`: a rebindable process-wide value; and module properties, which put one behind a name.

    _config = Slot("app.config._config", default)
    _config.value = loaded
    print(_config.value)

Where outsiders write `app.config.CONFIG = x`, the name stays an attribute of the module:

    module_property(__name__, "CONFIG", Slot("app.config.CONFIG", default))

Hazard: a global that is rebound from functions is read by everybody. One slot holds one reference;
reading and setting it are single steps, `compare_and_set` is a step of its own against all others.
"""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Any, Callable, Dict, Generic, List, Optional, Tuple, TypeVar, overload

from ._tables import catalogue

T = TypeVar("T")
UNSET: Any = type("Unset", (), {"__repr__": lambda self: "UNSET", "__slots__": ()})()


class Slot(Generic[T]):
    """One value that the whole process shares. `UNSET` stands for none.

    The lock can be entered again by its own thread: a signal handler may set what it interrupts.

    Args:
        name: the state's qualified name.
    """

    __slots__ = ("__weakref__", "_box", "_lock", "name")

    @overload
    def __init__(self: Slot[Any], name: str, value: None) -> None: ...  # None alone does not tell the type

    @overload
    def __init__(self, name: str, value: T = ...) -> None: ...

    def __init__(self, name: str, value: Any = UNSET) -> None:
        self.name = name
        self._box: Tuple[Any, ...] = (value,)
        self._lock = threading.RLock()
        catalogue.add(name, self)

    @property
    def value(self) -> T:
        """The value, to read, assign and delete as the global was; type checkers narrow it as they do a name.

        Raises:
            LookupError: there is none.
        """
        return self.get()

    @value.setter
    def value(self, value: T) -> None:
        self.swap(value)

    @value.deleter
    def value(self) -> None:
        if self.swap(UNSET) is UNSET:
            raise LookupError(f"{self.name} has no value yet")

    def get(self) -> T:
        """The value.

        Raises:
            LookupError: there is none.
        """
        value: T = self._box[0]
        if value is UNSET:
            raise LookupError(f"{self.name} has no value yet")
        return value

    def get_or(self, default: T) -> T:
        """The value, or `default` if there is none."""
        value: T = self._box[0]
        return default if value is UNSET else value

    def set(self, value: T) -> None:
        """Replace the value."""
        self.swap(value)

    def clear(self) -> None:
        """Let go of the value."""
        self.swap(UNSET)

    def swap(self, value: T) -> T:
        """Replace the value and return what was there (`UNSET` if nothing was)."""
        after = (value,)
        with self._lock:
            before, self._box = self._box, after
        return before[0]  # type: ignore[no-any-return]

    def compare_and_set(self, expected: T, value: T) -> bool:
        """Replace the value only if it is the very object `expected`; whether that was so."""
        after = (value,)
        with self._lock:
            before = self._box
            if before[0] is not expected:
                return False
            self._box = after
        return True

    def update(self, change: Callable[[T], T]) -> T:
        """Replace the value by `change(value)`, again if another thread was quicker; the new value.

        `change` may run more than once, and no lock is held meanwhile.
        """
        while True:
            before = self.get()
            after = change(before)
            if self.compare_and_set(before, after):
                return after

    def after_fork(self) -> None:
        """In the child: nobody holds the lock."""
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<Slot {self.name}>"


def module_property(module: str, name: str, slot: "Slot[Any]") -> None:
    """Make `module.name` read, set and delete the slot, for code outside and inside the module.

    Code inside has to say `slot.value`; a bare name is looked up in the module's dict, which a
    property cannot see.

    A module that calls it while loading need not stand in `sys.modules`, nor another of its name
    be absent there. Where code runs in a plain dict, as of `runpy`, the dict gets what the slot holds.

    Raises:
        KeyError: no module of that name is loaded.
    """
    namespace = sys._getframe(1).f_globals
    target = _module_of(namespace) if namespace.get("__name__") == module else sys.modules[module]
    if target is None:
        if slot.get_or(UNSET) is not UNSET:
            namespace[name] = slot.get()
        return
    cls: Any = type(target)
    slots = vars(cls).get("_outfall_slots")
    if slots is None:
        slots = {}
        body: Dict[str, Any] = {"_outfall_slots": slots, "__module__": __name__, "__dir__": _listing(cls, slots)}
        cls = type("ModuleWithProperties", (cls,), body)
        target.__class__ = cls  # outfall: ignore[OUT111] a module property needs a class for its module
    slots[name] = slot
    setattr(cls, name, _property(module, name, slot))
    target.__dict__.pop(name, None)  # outfall: ignore[OUT111] the property has taken the place of the name


def _module_of(namespace: Dict[str, Any]) -> Optional[ModuleType]:
    """The module whose dict that is: as a rule the one in `sys.modules`; one that is loaded by its path may be nowhere but here."""
    known = sys.modules.get(namespace["__name__"])
    if isinstance(known, ModuleType) and vars(known) is namespace:
        return known
    from gc import get_referrers

    return next((each for each in get_referrers(namespace) if isinstance(each, ModuleType) and vars(each) is namespace), None)


def _listing(base: Any, slots: Dict[str, Slot[Any]]) -> Callable[[ModuleType], List[str]]:
    """What `dir` says of the module, where it does not say that itself: frameworks find their settings by it."""

    def listing(module: ModuleType) -> List[str]:
        if "__dir__" in vars(module):
            return base.__dir__(module)  # type: ignore[no-any-return]
        return [*base.__dir__(module), *(name for name, slot in list(slots.items()) if slot.get_or(UNSET) is not UNSET)]

    return listing


def _property(module: str, name: str, slot: "Slot[Any]") -> property:
    def read(_: ModuleType) -> Any:
        value = slot.get_or(UNSET)
        if value is UNSET:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return value

    def write(_: ModuleType, value: Any) -> None:
        slot.set(value)

    def delete(_: ModuleType) -> None:
        if slot.swap(UNSET) is UNSET:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return property(read, write, delete)
