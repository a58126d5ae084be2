"""`class_slot`: a value that a class keeps for all its instances, with an owner and single-step changes.

    class Client:
        timeout = class_slot("app.client.Client.timeout", 10)

    Client.timeout, client.timeout          # read as any class attribute
    slot_of(Client, "timeout").value = 30   # `Client.timeout = 30`
    slot_of(cls, "timeout").value = 30      # a subclass gets a value of its own, as by `cls.timeout = 30`

Reading, shadowing by instances and overriding by subclasses are Python's own. So is a plain
assignment to the class: code that does not know of the slot, a test that patches, puts its value
in the slot's place, and everybody sees that value until the slot is put back.

Hazard: a class attribute that is bound anew is read by all instances and subclasses meanwhile. A
change through `slot_of` is one step against all others; several attributes still change one by one.
"""

from __future__ import annotations

from typing import Any, Callable, Optional, TypeVar, overload

from .slots import UNSET, Slot

T = TypeVar("T")


class ClassSlot(Slot[Any]):
    """The slot itself, as it stands in the class's `__dict__`; made by `class_slot`."""

    __slots__ = ()

    def __get__(self, instance: object, owner: Optional[type] = None) -> Any:
        value = self._box[0]
        bind = getattr(type(value), "__get__", None)
        if bind is not None:  # a function is still a method
            return bind(value, instance, owner)
        if value is UNSET:
            raise AttributeError(f"{self.name} has no value")
        return value

    def __repr__(self) -> str:
        return f"<ClassSlot {self.name}>"


class ClassAttribute:
    """One attribute of one class, kept in a slot or not; made by `slot_of`."""

    __slots__ = ("_name", "_owner")

    def __init__(self, owner: Any, name: str) -> None:
        self._owner = owner
        self._name = name

    @property
    def value(self) -> Any:
        """What `owner.name` is; assigned and deleted as that is, but for the owner's slot, which stays in its place.

        Raises:
            AttributeError: there is none.
        """
        return getattr(self._owner, self._name)

    @value.setter
    def value(self, value: Any) -> None:
        slot = self._slot()
        if slot is None or hasattr(type(value), "__set__"):  # only the class itself can hold a data descriptor
            setattr(self._owner, self._name, value)
        else:
            slot.set(value)

    @value.deleter
    def value(self) -> None:
        delattr(self._owner, self._name)

    def update(self, change: Callable[[Any], Any]) -> Any:
        """Replace the value by `change(value)`, and return it; `change` may run more than once."""
        slot = self._slot()
        if slot is not None:
            return slot.update(change)
        value = change(getattr(self._owner, self._name))
        setattr(self._owner, self._name, value)
        return value

    def __repr__(self) -> str:
        return f"<ClassAttribute {self._name} of {self._owner!r}>"

    def _slot(self) -> Optional[ClassSlot]:
        """The owner's own slot; None where it inherits it, or holds a plain value."""
        found = getattr(self._owner, "__dict__", {}).get(self._name)
        return found if isinstance(found, ClassSlot) else None


@overload
def class_slot(name: str, value: None) -> Any: ...
@overload
def class_slot(name: str, value: T) -> T: ...
def class_slot(name: str, value: Any) -> Any:
    """A class attribute kept in a slot. To a type checker it is its value.

    Args:
        name: the state's qualified name.
        value: what the attribute is at first; not a descriptor such as a property.
    """
    return ClassSlot(name, value)


def slot_of(owner: Any, name: str) -> ClassAttribute:
    """The attribute `name` of the class `owner`, to be changed."""
    return ClassAttribute(owner, name)
