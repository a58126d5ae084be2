"""What the files of a run declare, under every name that others may call it by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from outfall_lint.facts import Class, Declaration, Function, ModuleFacts, Target

_LONGEST_CHAIN = 12


class Index:
    """All modules of a run, and what they declare. Read-only once built."""

    def __init__(self, modules: Iterable[ModuleFacts]) -> None:
        self.modules: tuple[ModuleFacts, ...] = tuple(modules)
        self._by_name = _index(self.modules)
        self._imports = {facts.path: dict(facts.imports) for facts in self.modules}
        self._ancestors: dict[Target, Sequence[Target]] = {}
        self.functions: dict[Target, Function] = {}
        self.classes: dict[Target, Class] = {}
        self.declarations: dict[Target, tuple[ModuleFacts, Declaration]] = {}
        for facts in self.modules:
            base = tuple(facts.module.split("."))
            self.functions.update(((*base, *f.name.split(".")), f) for f in facts.functions)
            self.classes.update(((*base, *c.name.split(".")), c) for c in facts.classes)
            self.declarations.update(((*base, *d.name.split(".")), (facts, d)) for d in facts.declarations)

    def knows(self, target: Target) -> bool:
        """Whether a target names something that the project declares."""
        return target in self.declarations or target in self.functions or target in self.classes

    def is_generator(self, constructor: str) -> bool:
        """Whether a canonical name is a generator function of the project."""
        function = self.functions.get(tuple(constructor.split(".")))
        return function is not None and function.is_generator

    def module_named(self, target: Target) -> tuple[ModuleFacts, Target] | None:
        """The module that the longest prefix of `target` names, and the rest."""
        for length in range(len(target), 0, -1):
            facts = self._by_name.get(target[:length])
            if facts is not None:
                return facts, target[length:]
        return None

    def canonical(self, target: Target) -> Target:
        """`target` through re-exports, `import *` and alternative module names, to where it is declared."""
        for _ in range(_LONGEST_CHAIN):
            found = self.module_named(target)
            if found is None:
                return target
            facts, rest = found
            home = tuple(facts.module.split("."))
            if not rest or self.knows((*home, rest[0])):
                return home + rest
            onward = self._onward(facts, rest[0])
            if onward is None or (*onward, *rest[1:]) == target:
                return home + rest
            target = (*onward, *rest[1:])
        return target

    def _onward(self, facts: ModuleFacts, name: str, asked: tuple[ModuleFacts, ...] = ()) -> Target | None:
        """Where module `facts` has `name` from, when it is imported there.

        Args:
            asked: the modules that ask, each by its `import *` of the next: two may import each other.
        """
        imported = self._imports[facts.path].get(name)
        if imported is not None:
            return tuple(imported.split("."))
        for star in facts.stars:
            found = self._by_name.get(tuple(star.split(".")))
            if found is not None and self._offers(found, name, (*asked, facts)):
                return (*found.module.split("."), name)
        return None

    def _offers(self, facts: ModuleFacts, name: str, asked: tuple[ModuleFacts, ...]) -> bool:
        """Whether `from facts import *` brings `name`."""
        if any(facts is one for one in asked):
            return False
        if facts.exports is not None and name not in facts.exports:
            return False
        if facts.exports is None and name.startswith("_"):
            return False
        home = (*facts.module.split("."), name)
        return self.knows(home) or self._onward(facts, name, asked) is not None

    def reached(self, target: Target) -> int:
        """The length of the longest beginning of `target` that the project declares; all of it where none is."""
        for length in range(len(target), 0, -1):
            if self.knows(target[:length]):
                return length
        return len(target)

    def inherited(self, target: Target) -> Target:
        """`Sub.registry` as `Base.registry` where the base class declares it."""
        for length in range(len(target) - 1, 0, -1):
            if target[:length] in self.classes:
                for base in self.ancestors(target[:length]):
                    if (*base, target[length]) in self.declarations or (*base, target[length]) in self.functions:
                        return (*base, *target[length:])
                return target
        return target

    def ancestors(self, name: Target) -> Sequence[Target]:
        """The class and its project bases, nearest first."""
        known = self._ancestors.get(name)
        if known is not None:
            return known
        found = [name]
        for at in found:
            for base in self.classes[at].bases if at in self.classes else ():
                target = self.canonical(tuple(base.split(".")))
                if target in self.classes and target not in found:
                    found.append(target)
        self._ancestors[name] = found
        return found

    def root_bases(self, name: Target) -> set[str]:
        """The canonical names of every base of a class, within and beyond the project."""
        found: set[str] = set()
        for ancestor in self.ancestors(name):
            if ancestor in self.classes:
                found |= {name for base in self.classes[ancestor].bases for name in self._called(tuple(base.split(".")))}
        return found

    def _called(self, target: Target) -> Iterator[str]:
        """The canonical names of a target: a name that one branch binds and another imports has two."""
        declared = self.canonical(target)
        yield ".".join(declared)
        found = self.module_named(declared)
        imported = self._imports[found[0].path].get(found[1][0]) if found and len(found[1]) == 1 else None
        if imported is not None:
            yield ".".join(self.canonical(tuple(imported.split("."))))


def _index(modules: Sequence[ModuleFacts]) -> dict[Target, ModuleFacts]:
    """Modules by every name they may be imported by; a primary name wins over an alternative one."""
    index: dict[Target, ModuleFacts] = {}
    for facts in modules:
        for alias in facts.aliases:
            index.setdefault(tuple(alias.split(".")), facts)
    for facts in modules:
        index[tuple(facts.module.split("."))] = facts
    return index
