"""A use and the module it stands in; a declaration and every use of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from outfall_lint.facts import Declaration, ModuleFacts, Target, Use


class Site(NamedTuple):
    """A use, the module that it stands in, what of its target lies beyond the declared name, and the function it stands in."""

    module: ModuleFacts
    use: Use
    rest: Target
    caller: Target | None  # None at module or class level


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration with its module and every use in the project."""

    module: ModuleFacts
    declaration: Declaration
    sites: tuple[Site, ...]

    @property
    def target(self) -> Target:
        """The qualified name as a target."""
        return (*self.module.module.split("."), *self.declaration.name.split("."))

    @property
    def name(self) -> str:
        """The qualified name: "app.agents._agents"."""
        return f"{self.module.module}.{self.declaration.name}"


def fills_dictionary(site: Site) -> bool:
    """Whether an instance is given attributes whose names nobody sees: `self.__dict__.update(…)`."""
    use, rest = site.use, site.rest
    changed = use.verb == "store" or (use.verb == "call" and rest[-1:] == ("update",))
    return use.via == "self" and rest[:1] == ("__dict__",) and len(rest) == 2 and changed


def gives_class(site: Site) -> bool:
    """Whether a function stores an attribute on the class itself, not on an instance."""
    use = site.use
    return use.verb in ("store", "augment") and use.via != "self" and use.function is not None and len(site.rest) == 1


def undeclared(target: Target, name: str, first: Site, sites: tuple[Site, ...]) -> Declared:
    """A declaration in the place of the first store."""
    span = first.use.span
    local = ".".join((*target[len(first.module.module.split(".")) :], name))
    declaration = Declaration(local, "class", "", span, span, None, annotated=False, note="undeclared")
    return Declared(first.module, declaration, sites)
