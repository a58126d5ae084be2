"""`StagedRegistry`: a `Registry` whose behaviour follows a flag.

There is one store in every mode, so a flip can lose nothing. What changes is behaviour, and that
is changed by giving the object another class: in `legacy` it has no methods but a dict's.

Hazard: the class of a live object changes while other threads use it. All classes have one
layout, every operation is one call of the dict's own, and a call that has begun ends as it began.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping, Tuple, Type, TypeVar, Union

from . import flags
from ._flag_names import follow, setting, stage
from ._modes import ENFORCED, LEGACY, NEW, SHADOW
from ._states import TABLE
from .registry import Registry

K = TypeVar("K")
V = TypeVar("V")


class StagedRegistry(Registry[K, V]):
    """A `Registry` on its way from a plain dict; flag `use_registry:<name>`, group `use_registry`."""

    __slots__ = ()

    def __init__(self, name: str, initial: Union[Mapping[K, V], Iterable[Tuple[K, V]]] = ()) -> None:
        super().__init__(name, initial)
        self._outfall = stage(name, TABLE)
        follow(self, StagedRegistry._apply)

    def _apply(self) -> None:
        flag, record = self._outfall
        while True:
            mode, _, snapshot = setting(flag)
            record.enter(mode)
            self.__class__ = _CLASSES[mode]
            if flags.board.current is snapshot:
                return


def _counting(method: str, tally: str, mode: str) -> Any:
    plain = getattr(dict, method)

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = self._outfall[1]
        (record.reads if tally == "reads" else record.writes[mode]).add()
        return plain(self, *args, **kwargs)

    counted.__name__ = method
    counted.__doc__ = plain.__doc__
    return counted


WRITES = ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update")
READS = ("__getitem__", "__contains__", "__iter__", "__len__", "get", "items", "keys", "values")


def _variant(mode: str, reads: Tuple[str, ...], writes: Tuple[str, ...]) -> Type[Any]:
    body: Dict[str, Any] = {"__slots__": (), "__module__": __name__, "__qualname__": "StagedRegistry"}
    body.update({name: _counting(name, "reads", mode) for name in reads})
    body.update({name: _counting(name, "writes", mode) for name in writes if name in vars(dict)})
    return type("StagedRegistry", (StagedRegistry,), body)


_CLASSES: Dict[str, Type[Any]] = {
    LEGACY: StagedRegistry,
    SHADOW: _variant(SHADOW, READS, WRITES),
    NEW: _variant(NEW, (), WRITES),
    ENFORCED: _variant(ENFORCED, (), WRITES),
}
