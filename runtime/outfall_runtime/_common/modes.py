"""The four positions of a flag, and the values that a flag can be given."""

from __future__ import annotations

from ..errors import InvalidSetting, nearest
from .record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

LEGACY = "legacy"
SHADOW = "shadow"
NEW = "new"
ENFORCED = "enforced"
MODES = (LEGACY, SHADOW, NEW, ENFORCED)
RANK = {mode: rank for rank, mode in enumerate(MODES)}
ENABLED = frozenset((NEW, ENFORCED))

BUCKETS = 10_000  # a percentage is resolved to a hundredth of a percent


class Setting(NamedTuple):
    """What a flag was set to: a mode, or a percentage of keys in `new` with the rest in `shadow`."""

    mode: str
    percent: Optional[float] = None

    def __str__(self) -> str:
        return self.mode if self.percent is None else f"{self.percent:g}%"

    def mode_for(self, flag: str, key: object) -> str:
        """The mode for one key; without a key a percentage means `shadow`, so 0 % is nobody."""
        if self.percent is None:
            return self.mode
        if key is None:
            return SHADOW
        return NEW if bucket(flag, key) < self.percent * (BUCKETS / 100) else SHADOW


DEFAULT = Setting(LEGACY)


def bucket(flag: str, key: object) -> int:
    """A number below `BUCKETS` that is the same for this flag and key in every process.

    BLAKE2 rather than `hash`, which differs from process to process; the flag's name is hashed
    in, so that the same keys are not first in line for every flag.
    """
    from hashlib import blake2b

    digest = blake2b(f"{flag}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") * BUCKETS >> 64


def parse_setting(value: object) -> Setting:
    """Read `"new"`, `"25%"`, `True` (new) or `False` (legacy).

    Raises:
        InvalidSetting: it is none of these; the message names the nearest mode.
    """
    if isinstance(value, Setting):
        return value
    if isinstance(value, bool):
        return Setting(NEW if value else LEGACY)
    if not isinstance(value, str):
        raise InvalidSetting(f"{value!r} is no mode; expected one of {', '.join(MODES)} or a percentage like \"25%\"")
    text = value.strip()
    if text in RANK:
        return Setting(text)
    if text.endswith("%"):
        return Setting(SHADOW, _percent(text))
    raise InvalidSetting(
        f"{value!r} is no mode{nearest(text, MODES)}; expected one of {', '.join(MODES)} or a percentage like \"25%\""
    )


def _percent(text: str) -> float:
    try:
        number = float(text[:-1])
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 100.0:
        raise InvalidSetting(f"{text!r} is no percentage; expected 0% to 100%")
    return number
