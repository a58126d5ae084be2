"""`Registry`: a named, process-wide dict."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping, Tuple, TypeVar, Union

K = TypeVar("K")
V = TypeVar("V")


class Registry(Dict[K, V]):
    """A dict with a name."""

    __slots__ = ("__weakref__", "_outfall")

    def __init__(self, name: str, initial: Union[Mapping[K, V], Iterable[Tuple[K, V]]] = ()) -> None:
        super().__init__(initial)
        self._outfall: Any = name

    def copy(self) -> Dict[K, V]:
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: Dict[int, Any]) -> Dict[K, V]:
        from copy import deepcopy

        return deepcopy(dict(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict(self),)
