"""Which attributes of a namespace a project uses."""

from __future__ import annotations

import keyword

from outfall_lint.model import State


def attributes(state: State) -> tuple[str, ...]:
    """The attributes that the project uses, in the order of their first use."""
    ordered = sorted(state.accesses, key=lambda access: (access.place.path != state.place.path, access.place))
    names = dict.fromkeys(access.attribute for access in ordered if access.attribute)
    return tuple(name for name in names if name.isidentifier() and not keyword.iskeyword(name) and name[:2] != "__")
