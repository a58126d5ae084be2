"""Joins the facts of files: who uses whose state, under whatever name it was imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from outfall_lint.constructors import CHANGING_METHODS, CONTAINERS, ITERATORS, PROCESS_CALLS
from outfall_lint.facts import ANY, BINDS, ModuleFacts, Target, Use, made
from outfall_lint.import_time import called_only_at_import
from outfall_lint.index import Index
from outfall_lint.sites import Declared, Site, fills_dictionary, gives_class, undeclared

_CHANGEABLE = CONTAINERS | ITERATORS


class Project(Index):
    """All modules of a run, joined. Read-only once built."""

    def __init__(self, modules: Iterable[ModuleFacts]) -> None:
        super().__init__(modules)
        self.before_slots = frozenset(f"{m.module}.{each.subject}" for m in self.modules for each in m.sightings if each.what == "property")
        self._sites = self._joined()
        self._import_only = called_only_at_import(self.functions, self.classes, self._sites)

    def _joined(self) -> dict[Target, list[Site]]:
        """Every use under the target that it reaches: a declaration, a function or a class."""
        sites: dict[Target, list[Site]] = defaultdict(list)
        memo: dict[Target, tuple[Target, int]] = {}
        for facts in self.modules:
            home = tuple(facts.module.split("."))
            callers: dict[str | None, Target | None] = {None: None}
            for use in facts.uses:
                found = memo.get(use.target)
                if found is None:
                    declared = self.inherited(self.canonical(use.target))
                    found = memo[use.target] = (declared, self.reached(declared))
                target, reached = found
                if self._is_its_own(use, home):
                    target, reached = use.target, self.reached(use.target)
                name = target[:reached]
                if use.via == "closure" and not self._captured(name):
                    continue  # a local that dies with its function
                if use.callee and self._is_container(name) and (changer := self._changer(use)):
                    use = use._replace(verb="change", detail=f"changed by {changer}")
                if use.function not in callers:
                    callers[use.function] = (*home, *(use.function or "").split("."))
                sites[name].append(made(Site, (facts, use, target[reached:], callers[use.function])))
        return sites

    def _is_its_own(self, use: Use, home: Target) -> bool:
        """Whether a use binds the very name that is written, whatever that name stands for elsewhere."""
        if use.verb not in BINDS:
            return False
        if use.target[:-1] == home:
            return True  # the module binds its own name anew, wherever it was imported from
        return use.verb == "store" and not use.via and use.target[:-1] in self.classes  # `Sub.attribute = v` gives the subclass its own

    def _is_container(self, target: Target) -> bool:
        return target in self.declarations and self.declarations[target][1].constructor in _CHANGEABLE

    def _changer(self, use: Use) -> str:
        """The name of the function that changes what a use hands to it; empty where none does so for sure."""
        function = self.functions.get(self.inherited(self.canonical(tuple(use.callee.split(".")))))
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
        return target in self.declarations and self.declarations[target][1].scope == "function"

    def declared(self) -> Iterator[Declared]:
        """Every declaration with its uses, in the order of files and lines."""
        for target, (facts, declaration) in self.declarations.items():
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
        """Attributes that functions of its module give a class without its body declaring them: `cls._instance = …`."""
        for target in self.classes:
            home = self.module_named(target)
            own = [s for s in self._sites.get(target, ()) if gives_class(s) and home is not None and s.module is home[0]]
            first = {s.rest[0]: s for s in reversed(own) if s.rest[0] != ANY and not s.rest[0].startswith("__")}
            for name, site in first.items():
                sites = tuple(s._replace(rest=rest) for s, rest in self._attribute_sites(target, name))
                yield undeclared(target, name, site, sites)

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

    @cached_property
    def changes(self) -> Sequence[tuple[Target, Site]]:
        """Every use that may change what it reaches, whoever declares that, with its whole target."""
        found = []
        for target, sites in self._sites.items():
            for site in sites:
                verb = site.use.verb
                if verb == "call" or verb in BINDS:
                    whole = (*target, *site.rest)
                    if verb != "call" or whole[-1] in CHANGING_METHODS or whole in PROCESS_CALLS:
                        found.append((whole, site))
        return found

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
