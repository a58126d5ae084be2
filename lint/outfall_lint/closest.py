"""Which valid name was probably meant by one that is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LOOK_ALIKE = str.maketrans({"o": "0", "l": "1", "i": "1", "|": "1", "-": "_"})


def closest(wrong: str, valid: Iterable[str]) -> str | None:
    """The valid name most like the wrong one, or None where nothing is.

    Capitals do not matter, nor whether a character is an O or a zero, an I, l or one, a hyphen or an underscore.
    """
    by_look = {_look(name): name for name in reversed(list(valid))}
    found = difflib.get_close_matches(_look(wrong), by_look, n=1, cutoff=0.5)
    return by_look[found[0]] if found else None


def choice(wrong: str, valid: Iterable[str]) -> str:
    """The end of an error about a name that is not valid: `; did you mean …?`, or what there is to choose from."""
    known = tuple(valid)
    meant = closest(wrong, known)
    if meant is not None:
        return f"; did you mean `{meant}`?"
    return f"; known: {', '.join(known)}" if known else "; nothing is known here"


def _look(name: str) -> str:
    return name.casefold().translate(_LOOK_ALIKE)
