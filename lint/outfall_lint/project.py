"""Joins the facts of files: who uses whose state, under whatever name it was imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from outfall_lint.constructors import CONTAINERS, ITERATORS
from outfall_lint.facts import ANY, Class, Declaration, Function, ModuleFacts, Target, Use
from outfall_lint.import_time import called_only_at_import
from outfall_lint.sites import Declared as Declared, Site as Site, fills_dictionary, gives_class, undeclared

_LONGEST_CHAIN = 12
_BINDS = frozenset(("store", "augment", "delete"))


class Project:
    """All modules of a run, joined. Read-only once built."""

    def __init__(self, modules: Iterable[ModuleFacts]) -> None:
        self.modules: tuple[ModuleFacts, ...] = tuple(modules)
        self._by_name = _index(self.modules)
        self._imports = {facts.path: dict(facts.imports) for facts in self.modules}
        self.functions: dict[Target, Function] = {}
        self.classes: dict[Target, Class] = {}
        for facts in self.modules:
            base = tuple(facts.module.split("."))
            self.functions.update(((*base, *f.name.split(".")), f) for f in facts.functions)
            self.classes.update(((*base, *c.name.split(".")), c) for c in facts.classes)
        self.before_slots = frozenset(f"{m.module}.{each.subject}" for m in self.modules for each in m.sightings if each.what == "property")
        self._declarations = self._declared_names()
        self._sites = self._joined()
        self._import_only = called_only_at_import(self.functions, self.classes, self._sites)

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

    def _onward(self, facts: ModuleFacts, name: str) -> Target | None:
        """Where module `facts` has `name` from, when it is imported there."""
        imported = self._imports[facts.path].get(name)
        if imported is not None:
            return tuple(imported.split("."))
        for star in facts.stars:
            found = self._by_name.get(tuple(star.split(".")))
            if found is not None and self._offers(found, name):
                return (*found.module.split("."), name)
        return None

    def _offers(self, facts: ModuleFacts, name: str) -> bool:
        """Whether `from facts import *` brings `name`."""
        if facts.exports is not None and name not in facts.exports:
            return False
        if facts.exports is None and name.startswith("_"):
            return False
        home = (*facts.module.split("."), name)
        return home in self._declarations or home in self.functions or home in self.classes or bool(
            self._onward(facts, name)
        )

    def _declared_names(self) -> dict[Target, tuple[ModuleFacts, Declaration]]:
        return {
            (*facts.module.split("."), *declaration.name.split(".")): (facts, declaration)
            for facts in self.modules
            for declaration in facts.declarations
        }

    def _joined(self) -> dict[Target, list[Site]]:
        """Every use under the target that it reaches: a declaration, a function or a class."""
        sites: dict[Target, list[Site]] = defaultdict(list)
        memo: dict[Target, Target] = {}
        for facts in self.modules:
            home = tuple(facts.module.split("."))
            for use in facts.uses:
                target = memo.get(use.target)
                if target is None:
                    target = memo[use.target] = self._inherited(self.canonical(use.target))
                if use.verb in _BINDS and use.target[:-1] == home:
                    target = use.target  # the module binds its own name anew, wherever it was imported from
                if use.verb == "store" and not use.via and use.target[:-1] in self.classes:
                    target = use.target  # `Sub.attribute = v` gives the subclass one of its own
                reached = self._reached(target)
                if use.via == "closure" and not self._captured(target[:reached]):
                    continue  # a local that dies with its function
                if use.callee and self._is_container(target[:reached]) and (changer := self._changer(use)):
                    use = use._replace(verb="change", detail=f"changed by {changer}")
                sites[target[:reached]].append(Site(facts, use, target[reached:]))
        return sites

    def _is_container(self, target: Target) -> bool:
        return target in self._declarations and self._declarations[target][1].constructor in CONTAINERS | ITERATORS

    def _changer(self, use: Use) -> str:
        """The name of the function that changes what a use hands to it; empty where none does so for sure."""
        function = self.functions.get(self._inherited(self.canonical(tuple(use.callee.split(".")))))
        if function is None:
            return ""
        parameters = function.parameters[1:] if function.kind in ("method", "classmethod") else function.parameters
        if use.argument.isdigit():
            name = parameters[int(use.argument)] if int(use.argument) < len(parameters) else ""
        else:
            name = use.argument
        return function.name if name in function.changes else ""

    def _captured(self, target: Target) -> bool:
        """Whether a target is a function's local that outlives one call."""
        return target in self._declarations and self._declarations[target][1].scope == "function"

    def _reached(self, target: Target) -> int:
        """How much of `target` is the longest known name."""
        for length in range(len(target), 0, -1):
            if self.knows(target[:length]):
                return length
        return len(target)

    def _inherited(self, target: Target) -> Target:
        """`Sub.registry` as `Base.registry` where the base class declares it."""
        for length in range(len(target) - 1, 0, -1):
            if target[:length] in self.classes:
                for base in self.ancestors(target[:length]):
                    if (*base, target[length]) in self._declarations or (*base, target[length]) in self.functions:
                        return (*base, *target[length:])
                return target
        return target

    def ancestors(self, name: Target) -> Iterator[Target]:
        """The class and its project bases, nearest first."""
        seen: dict[Target, None] = {name: None}
        queue = [name]
        while queue:
            at = queue.pop(0)
            yield at
            for base in self.classes[at].bases if at in self.classes else ():
                target = self.canonical(tuple(base.split(".")))
                if target in self.classes and target not in seen:
                    seen[target] = None
                    queue.append(target)

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

    def declared(self) -> Iterator[Declared]:
        """Every declaration with its uses, in the order of files and lines."""
        for target, (facts, declaration) in self._declarations.items():
            yield Declared(facts, declaration, tuple(self._sites.get(target, ())))

    def shadowed(self, declared: Declared) -> bool:
        """Whether instances have an attribute of their own over a class-level declaration."""
        name = declared.target[-1]
        owners = tuple(self.ancestors(declared.target[:-1]))
        by_name = any(
            site.use.via == "self" and rest == () and site.use.verb in ("store", "delete")
            for owner in owners
            for site, rest in self._attribute_sites(owner, name)
        )
        return by_name or any(fills_dictionary(site) for owner in owners for site in self._sites.get(owner, ()))

    def _attribute_sites(self, owner: Target, name: str) -> Iterator[tuple[Site, Target]]:
        """Every use of a class's attribute, whether its body declares it or not."""
        yield from ((site, site.rest) for site in self._sites.get((*owner, name), ()))
        yield from ((site, site.rest[1:]) for site in self._sites.get(owner, ()) if site.rest[:1] == (name,))

    def undeclared_class_attributes(self) -> Iterator[Declared]:
        """Attributes that functions give a class without its body declaring them: `cls._instance = …`."""
        for target in self.classes:
            given = {s.rest[0]: s for s in reversed(self._sites.get(target, ())) if gives_class(s)}
            for name, first in given.items():
                sites = tuple(replace(s, rest=rest) for s, rest in self._attribute_sites(target, name))
                if name != ANY and not name.startswith("__") and first.module.module == ".".join(target)[: len(first.module.module)]:
                    yield undeclared(target, name, first, sites)

    def sites_of(self, target: Target) -> Sequence[Site]:
        """Every use of a function, a class or an outside name."""
        return self._sites.get(target, ())

    def altered(self, cls: Target, method: str) -> tuple[str, ...]:
        """The attributes that a method of a project class changes of the object it is called on."""
        for owner in self.ancestors(cls):
            found = self.functions.get((*owner, method))
            if found is not None:
                return found.alters if found.kind == "method" else ()
        return ()

    def knows(self, target: Target) -> bool:
        """Whether a target names something that the project declares."""
        return target in self._declarations or target in self.functions or target in self.classes

    def is_generator(self, constructor: str) -> bool:
        """Whether a canonical name is a generator function of the project."""
        function = self.functions.get(tuple(constructor.split(".")))
        return function is not None and function.is_generator

    def targets(self) -> Iterable[Target]:
        """Every target that some use reaches."""
        return self._sites.keys()

    def callees(self) -> dict[Target, set[Target]]:
        """Which project functions each function calls."""
        found: dict[Target, set[Target]] = defaultdict(set)
        for name in self.functions:
            for site in self._sites.get(name, ()):
                caller = site.caller
                if caller is not None and site.use.verb == "call" and not site.rest:
                    found[caller].add(name)
        return found

    def at_import(self, site: Site) -> bool:
        """Whether the use runs only while modules are imported."""
        if site.use.at_import:
            return True
        return site.caller in self._import_only

    def function_of(self, site: Site) -> Function | None:
        """The function that a use stands in."""
        return None if site.caller is None else self.functions.get(site.caller)


def _index(modules: Sequence[ModuleFacts]) -> dict[Target, ModuleFacts]:
    """Modules by every name they may be imported by; a primary name wins over an alternative one."""
    index: dict[Target, ModuleFacts] = {}
    for facts in modules:
        for alias in facts.aliases:
            index.setdefault(tuple(alias.split(".")), facts)
    for facts in modules:
        index[tuple(facts.module.split("."))] = facts
    return index
