"""What the registry's siblings have in common, whatever their type."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Tuple

from .._common.modes import LEGACY, SHADOW
from .._common.states import TABLE, StateRecord
from . import catalogue
from .contents import contents
from .variants import variant

if TYPE_CHECKING:
    from .variants import Hook


class Tag:
    """A container's name, and its record while it is staged."""

    __slots__ = ("flag", "name", "plain", "record")

    def __init__(self, name: str, plain: Any) -> None:
        self.name = name
        self.plain = plain
        self.flag = ""
        self.record: Optional[StateRecord] = None


class Sibling:
    """Plain copies, pickles and `repr`, for a container that is a subclass of its type."""

    __slots__ = ()
    _outfall: Tag
    _outfall_type: ClassVar[type]
    _outfall_plain_results: ClassVar[Tuple[str, ...]] = ()

    if not TYPE_CHECKING:  # checkers ask for the name

        def __new__(cls, *args: Any, **named: Any) -> Any:
            """Without a name, as generic code makes it by `type(queue)(items)`, a container of the plain type."""
            nameless = "name" not in named and not (args and isinstance(args[0], str))
            made_plain = nameless and cls.__init__.__module__.startswith("outfall_runtime.")  # else a subclass gives the name
            return cls._outfall_type(*args, **named) if made_plain else super().__new__(cls)

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        for name in vars(cls).get("_outfall_plain_results", ()):
            setattr(cls, name, _on_a_plain_copy(name))

    def copy(self) -> Any:
        return self._outfall_plain_copy()

    def __copy__(self) -> Any:
        return self._outfall_plain_copy()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._outfall_plain_copy().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        return repr(self._outfall_plain_copy())

    def _outfall_plain_copy(self) -> Any:
        raise NotImplementedError

    def _outfall_begin(self, name: str) -> None:
        self._outfall = Tag(name, type(self))  # type: ignore[misc]  # the slot is in the concrete classes
        catalogue.add(name, self)


class StagedSibling(Sibling):
    """Follows the flag of its state by changing its class."""

    __slots__ = ()

    def _outfall_begin(self, name: str) -> None:
        from .._flags.flag_names import follow, stage

        super()._outfall_begin(name)
        self._outfall.flag, self._outfall.record = stage(name, TABLE)
        follow(self, StagedSibling._outfall_apply)

    def _outfall_apply(self) -> None:
        from .. import flags
        from .._flags.flag_names import setting

        tag = self._outfall
        while True:
            mode, _, snapshot = setting(tag.flag)
            if tag.record is not None:
                tag.record.enter(mode)
            wanted = tag.plain
            if mode != LEGACY:
                reads = tag.plain._outfall_reads if mode == SHADOW else ()
                wanted = variant(tag.plain, _counted_read, _counted_write, reads, True)
            if type(self) is not wanted:
                self.__class__ = wanted
            if flags.board.current is snapshot:
                return


def _on_a_plain_copy(name: str) -> Hook:
    def operate(self: Any, *args: Any) -> Any:
        return getattr(self._outfall_plain_copy(), name)(*args)

    operate.__name__ = name
    return operate


def _counted_read(base: type, name: str) -> Hook:
    plain = getattr(base, name)

    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = self._outfall.record
        if record.mode == SHADOW:
            record.reads.add()
        return plain(self, *args, **kwargs)

    def iterate(self: Any) -> Any:
        """Over a copy: between here and the first step others run, and what is copied as a whole would be found changed."""
        record = self._outfall.record
        if record.mode == SHADOW:
            record.reads.add()
        return iter(contents(self))

    return iterate if name == "__iter__" and issubclass(base, (set, deque)) else read


def _counted_write(base: type, name: str) -> Hook:
    plain = getattr(base, name)

    def write(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = self._outfall.record
        record.writes[record.mode].add()
        return plain(self, *args, **kwargs)

    return write
