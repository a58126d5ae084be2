"""Values as JSON and back, exactly: what JSON cannot hold is tagged, encoded by the user, or refused.

Never pickle: a backup is data, and reading it must run nothing but the decoders that the service
registered itself. Only exact types count as plain: a subclass would come back as its base.
"""

from __future__ import annotations

import math

from ..registry import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Tuple

    Encode = Callable[[Any], Any]
    Decode = Callable[[Any], Any]

DEEPEST = 100  # levels of nesting
LARGEST = 1 << 63  # an integer beyond is written in hexadecimal: readers of JSON disagree on larger ones

# By type, and by the name that stands in files. One per process, filled while modules are imported.
_encoders: "Registry[type, Tuple[str, Encode]]" = Registry("outfall_runtime.encoders")  # outfall: ignore[OUT109] a registry
_decoders: "Registry[str, Decode]" = Registry("outfall_runtime.decoders")  # outfall: ignore[OUT109] a registry


class CannotEncode(Exception):
    """A value that JSON cannot hold and that no encoder is registered for; the message is its type or why."""


class CannotDecode(Exception):
    """A tag that nothing here understands."""


def register(kind: type, name: str, encode: Encode, decode: Decode) -> None:
    """See `tables.encoder`."""
    _encoders[kind] = (name, encode)
    _decoders[name] = decode


def encoded(value: Any, depth: int = 0) -> Any:
    """What stands for the value in a JSON document.

    Raises:
        CannotEncode: nothing does.
    """
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if depth > DEEPEST:
        raise CannotEncode(f"nested deeper than {DEEPEST}, or within itself")
    own = _encoders.get(kind)
    if own is not None:
        name, encode = own
        return {"$type": name, "value": encoded(_by_user(encode, value), depth + 1)}
    tag = _TAGS.get(kind)
    if tag is None:
        raise CannotEncode(f"{kind.__module__}.{kind.__qualname__}")
    return tag(value, depth + 1)


def decoded(value: Any) -> Any:
    """The value that a JSON document has, with new containers.

    Raises:
        CannotDecode: it is tagged with something that nothing here understands.
    """
    if isinstance(value, list):
        return [decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    tag = next((name for name in value if name.startswith("$")), None)
    if tag is None:
        return {name: decoded(one) for name, one in value.items()}
    if tag == "$type" and set(value) == {"$type", "value"}:
        decode = _decoders.get(value["$type"])
        if decode is None:
            raise CannotDecode(f"no decoder is registered for {value['$type']!r}; see tables.encoder")
        return _from_user(decode, value)
    if tag not in _UNTAGS or len(value) != 1:
        raise CannotDecode(f"unknown tag {tag!r}")
    try:
        return _UNTAGS[tag](value[tag])
    except CannotDecode:
        raise
    except Exception as error:
        raise CannotDecode(f"{tag}: {type(error).__name__}: {error}") from None


def _by_user(encode: Encode, value: Any) -> Any:
    try:
        return encode(value)
    except Exception as error:
        raise CannotEncode(f"its encoder failed: {type(error).__name__}: {error}") from error


def _from_user(decode: Decode, value: Dict[str, Any]) -> Any:
    inner = decoded(value["value"])
    try:
        return decode(inner)
    except Exception as error:
        raise CannotDecode(f"the decoder of {value['$type']!r} failed: {type(error).__name__}: {error}") from error


def _number(value: Any, _: int) -> Any:
    return value if -LARGEST <= value < LARGEST else {"$int": hex(value)}


def _real(value: Any, _: int) -> Any:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _bytes(value: Any, _: int) -> Any:
    from base64 import b64encode

    return {"$bytes": b64encode(value).decode("ascii")}


def _list(value: Any, depth: int) -> Any:
    return [encoded(one, depth) for one in list(value)]


def _dict(value: Any, depth: int) -> Any:
    items = list(value.items())
    if all(type(key) is str and not key.startswith("$") for key, _ in items):
        return {key: encoded(one, depth) for key, one in items}
    return {"$dict": [[encoded(key, depth), encoded(one, depth)] for key, one in items]}


def _tagged(tag: str) -> Callable[[Any, int], Any]:
    return lambda value, depth: {tag: _list(value, depth)}


def _read_bytes(text: Any) -> bytes:
    from base64 import b64decode

    return b64decode(text, validate=True)


_TAGS: Dict[type, Callable[[Any, int], Any]] = {
    bytes: _bytes,
    dict: _dict,
    float: _real,
    frozenset: _tagged("$frozenset"),
    int: _number,
    list: _list,
    set: _tagged("$set"),
    tuple: _tagged("$tuple"),
}
_UNTAGS: Dict[str, Callable[[Any], Any]] = {
    "$bytes": _read_bytes,
    "$dict": lambda pairs: {decoded(key): decoded(one) for key, one in pairs},
    "$float": float,
    "$frozenset": lambda items: frozenset(map(decoded, items)),
    "$int": lambda text: int(text, 16),
    "$set": lambda items: set(map(decoded, items)),
    "$tuple": lambda items: tuple(map(decoded, items)),
}
