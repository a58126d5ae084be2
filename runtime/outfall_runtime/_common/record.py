"""`NamedTuple` for modules that every service loads at its start.

`typing` and `collections`, which the real one needs, cost more than the rest of the runtime. A
type checker sees the real one.
"""

from __future__ import annotations

from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple
    from typing import NamedTuple as NamedTuple
else:

    class _Fields(type):
        """Turns the annotations of a class body into fields, as `typing.NamedTuple` does."""

        def __new__(mcs, name: str, bases: Tuple[type, ...], body: Dict[str, Any]) -> type:
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            properties = {field: property(itemgetter(place)) for place, field in enumerate(fields)}
            body.update(properties, __slots__=(), _fields=fields, _field_defaults=defaults)
            return super().__new__(mcs, name, bases, body)

    class NamedTuple(tuple, metaclass=_Fields):
        """A tuple whose items have names."""

        def __new__(cls, *args: Any, **named: Any) -> Any:
            values = {**cls._field_defaults, **dict(zip(cls._fields, args)), **named}
            if len(args) > len(cls._fields) or values.keys() != set(cls._fields):
                raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
            return tuple.__new__(cls, [values[field] for field in cls._fields])

        def __getnewargs__(self) -> Tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            pairs = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self))
            return f"{type(self).__name__}({pairs})"
