"""The errors that the runtime raises. All derive from `OutfallError`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable



class OutfallError(Exception):
    """Base of every error of the runtime."""


class UnknownFlag(OutfallError, LookupError):
    """Code names a flag that nothing declares.

    In a flag file or in the environment an unknown name is only a warning: a rolling deploy
    mixes versions of the code.
    """

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(
            f"unknown flag {name!r}{nearest(name, known)}; declare it first: flags.declare({name!r}) "
            'or flags.load_ledger("outfall-flags.toml")'
        )


class InvalidSetting(OutfallError, ValueError):
    """A flag was given a value that is neither a mode nor a percentage it can have."""


class BrokenSource(OutfallError):
    """A flag file, ledger or evidence file could not be used; the message names it and says why."""


class NotReady(OutfallError, RuntimeError):
    """A rollout may not go on yet. `missing` has one sentence for each thing that is not there."""

    def __init__(self, what: str, missing: Iterable[str]) -> None:
        self.missing = tuple(missing)
        super().__init__("\n  ".join([f"{what}:", *self.missing]))


class AlreadyRegistered(OutfallError, ValueError):
    """A key is registered already, and the owner of its entry is alive."""


class RegistryFull(OutfallError, RuntimeError):
    """A registry with `full="reject"` is at its limit."""


class LegacyStateError(OutfallError, RuntimeError):
    """In mode `enforced`: code still relies on the old way of a migrated state.

    Not an `AttributeError`, so that `hasattr` and `getattr(..., default)` cannot hide it.
    """

    def __init__(self, state: str, site: str, remedy: str) -> None:
        self.state = state
        self.site = site
        self.remedy = remedy
        super().__init__(f"{state}: {site} relies on the old way; {remedy}")


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the closest known word, else an empty string."""
    import difflib

    matches = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
