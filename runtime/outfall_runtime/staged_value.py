"""`StagedContextValue`: a `ContextValue` on its way from an attribute of a `threading.local`.

    user = StagedContextValue("app.context.user")
    user.set("ada")

Hazard: that of `staged_context`, which keeps both ways; this is one attribute of it under a name.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, Union, overload

from .staged_context import StagedContextLocal

T = TypeVar("T")
D = TypeVar("D")
_NONE: Any = object()


class StagedContextValue(Generic[T]):
    """One typed value, kept the old way and the new; flag `use_context:<name>`, group `use_context`.

    It has no `use`: the old way knows no blocks. A `ContextValue` has, once the old way is removed.

    Raises:
        LegacyStateError: in mode `enforced`, a read that the new way misses and that the same
            unit of work wrote the old way.
    """

    __slots__ = ("_both", "_default", "name")

    def __init__(self, name: str, default: T = _NONE) -> None:
        self.name = name
        self._default = default
        self._both: Any = StagedContextLocal(name, "value")

    @overload
    def get(self) -> T: ...
    @overload
    def get(self, default: D) -> "Union[T, D]": ...
    def get(self, default: Any = _NONE) -> Any:
        """The value set last, else the default: the one given here, or the value's own.

        Raises:
            LookupError: there is neither.
        """
        try:
            return self._both.value
        except AttributeError:
            if default is not _NONE:
                return default
            if self._default is not _NONE:
                return self._default
        raise LookupError(f"{self.name} has no value here and no default")

    def set(self, value: T) -> None:
        """Set the value for the rest of the context."""
        self._both.value = value

    def unset(self) -> None:
        """Take the value back for the rest of the context.

        Raises:
            LookupError: none was set.
        """
        try:
            del self._both.value
        except AttributeError:
            raise LookupError(f"{self.name} has no value here") from None

    def is_set(self) -> bool:
        """Whether a value was set here; the default is none."""
        return hasattr(self._both, "value")

    def __repr__(self) -> str:
        return f"<StagedContextValue {self.name}>"
