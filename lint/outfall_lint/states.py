"""From declarations and their uses to `State`s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from outfall_lint import kinds
from outfall_lint.access import access
from outfall_lint.constructors import CONTAINERS, CONTEXT_VARS, ITERATORS, LOOP_BOUND, MODULE_PROPERTY, RUNTIME, THREAD_LOCALS
from outfall_lint.facts import Declaration, ModuleFacts, Span, Target
from outfall_lint.model import Access, Kind, Operation, Place, State
from outfall_lint.project import Project
from outfall_lint.sites import Declared, Site

_SPECIAL = ITERATORS | CONTEXT_VARS | LOOP_BOUND
"""Constructors whose objects are ambient state by what they are, changed or not."""

FIXED = ("fixed in the configuration",)
"""The evidence for a kind that the project's own answer decides."""


def build_states(project: Project, fixed: Mapping[str, str]) -> Iterator[State]:
    """Every declaration that can hold ambient state. `fixed` are the kinds set in the configuration."""
    for declared in (*project.declared(), *project.undeclared_class_attributes()):
        constructor = _real_constructor(project, declared)
        if _worth_keeping(project, declared, constructor):
            yield _state(project, declared, constructor, fixed)


def _real_constructor(project: Project, declared: Declared) -> str:
    """The canonical constructor, with re-exports followed.

    A name that only says its type, because a module property puts a slot behind it, is made by that property.
    """
    if declared.name in project.before_slots:
        return MODULE_PROPERTY
    made_by = declared.declaration.constructor
    if "." not in made_by or made_by in CONTAINERS:
        return made_by
    target = project.canonical(tuple(made_by.split(".")))
    return ".".join(target)


def _used_as(project: Project, constructor: str) -> str:
    """The constructor whose methods tell what a use does: for a class derived from a container, that container."""
    made_by = tuple(constructor.split("."))
    if constructor in CONTAINERS or made_by not in project.classes:
        return constructor
    return next(iter(sorted(project.root_bases(made_by) & CONTAINERS)), constructor)


def is_runtime(constructor: str) -> bool:
    """Whether the state is already in the runtime's keeping."""
    return constructor.partition(".")[0] == RUNTIME


def _worth_keeping(project: Project, declared: Declared, constructor: str) -> bool:
    scope = declared.declaration.scope
    if constructor in THREAD_LOCALS or is_runtime(constructor):
        return scope != "function" or any(site.use.function != _home(declared) for site in declared.sites)
    if scope == "function":
        return False
    if scope == "instance":
        return any(site.use.key for site in declared.sites)
    if constructor in _SPECIAL or project.is_generator(constructor):
        return True
    used_as = _used_as(project, constructor)
    return any(_changes_from_function(project, declared, site, used_as) for site in declared.sites)


def _changes_from_function(project: Project, declared: Declared, site: Site, constructor: str) -> bool:
    if (site.use.function is None and site.use.at_import) or _is_an_instance_s(declared, site):
        return False
    return _access(project, declared, site, constructor).operation.changes


def _access(project: Project, declared: Declared, site: Site, constructor: str) -> Access:
    """The access that a site makes; a call that alters an object of the project is a change of the altered attribute."""
    found = access(site.use, site.module.path, site.rest, constructor, project.at_import(site))
    if found.method != "__call__" or found.attribute is None or declared.declaration.scope != "module":
        return found
    altered = project.altered(tuple(constructor.split(".")), found.attribute)
    if not altered:
        return found
    return replace(found, operation=Operation.MUTATE, attribute=altered[0], method=found.attribute)


def _home(declared: Declared) -> str:
    return declared.declaration.name.rpartition(".")[0]


def _state(project: Project, declared: Declared, constructor: str, fixed: Mapping[str, str]) -> State:
    declaration, facts = declared.declaration, declared.module
    used_as = _used_as(project, constructor)
    accesses = tuple(
        sorted(
            (
                _access(project, declared, site, used_as)
                for site in _reaching(project, declared)
                if not _is_declaration_itself(site, declaration, facts)
            ),
            key=lambda a: a.place,
        )
    ) + _also(declaration, facts)
    local_name = declaration.name.rpartition(".")[2]
    if declared.name in fixed:
        decision: kinds.Decision = (Kind(fixed[declared.name]), FIXED)
    else:
        decision = kinds.decide(constructor, local_name, accesses)
    kind, evidence = decision
    return State(
        name=declared.name,
        module=facts.module,
        local_name=local_name,
        scope=declaration.scope,
        kind=kind,
        evidence=evidence,
        constructor=constructor,
        place=_place(facts.path, declaration.span),
        statement=_place(facts.path, declaration.statement),
        value=_place(facts.path, declaration.value) if declaration.value is not None else None,
        annotated=declaration.annotated,
        public=not local_name.startswith("_") or local_name in (facts.exports or ()),
        accesses=accesses,
    )


def _reaching(project: Project, declared: Declared) -> Iterator[Site]:
    """The uses that reach the declared object: those through `self` only where no instance shadows it."""
    if declared.declaration.scope != "class":
        yield from (site for site in declared.sites if not _is_an_instance_s(declared, site))
        return
    shadowed = project.shadowed(declared)
    constructor = _real_constructor(project, declared)
    per_instance = _gives_each_its_own(project, constructor, declared.target[:-1])
    for site in declared.sites:
        if site.use.via == "self" and (shadowed or per_instance or (not site.rest and _gives_one_of_its_own(site.use.verb, constructor))):
            continue
        yield site


def _is_an_instance_s(declared: Declared, site: Site) -> bool:
    """Whether a use is of `self`, where the module's name stands for its class: what becomes of the name is another matter."""
    return declared.declaration.scope == "module" and site.use.via == "self"


def _gives_one_of_its_own(verb: str, constructor: str) -> bool:
    """Whether what is done to `self.name` leaves the class's object alone; `self.items += [x]` changes it first."""
    return verb in ("store", "delete") or (verb == "augment" and constructor not in CONTAINERS)


def _gives_each_its_own(project: Project, constructor: str, owner: Target) -> bool:
    """Whether what the body of class `owner` holds may hand each instance an object of its own.

    Properties, fields and other descriptors do, and what a metaclass may make one of; of what is made elsewhere nobody can tell.
    """
    made_by = tuple(constructor.split("."))
    if made_by in project.classes:
        if _has_metaclass(project, owner):
            return True
        methods = {method for base in project.ancestors(made_by) for method in project.classes[base].methods}
        return not methods.isdisjoint(("__get__", "__set__"))
    known = CONTAINERS | ITERATORS | THREAD_LOCALS | CONTEXT_VARS
    return "property" in constructor or ("." in constructor and constructor not in known)


def _has_metaclass(project: Project, owner: Target) -> bool:
    """Whether a metaclass, of the class's own or inherited, may have put something else in the place of what the body holds."""
    ancestors = (project.classes[each] for each in project.ancestors(owner) if each in project.classes)
    return any(word.startswith("metaclass=") and not word.endswith("ABCMeta") for each in ancestors for word in each.keywords)


def _is_declaration_itself(site: Site, declaration: Declaration, facts: ModuleFacts) -> bool:
    """Whether a use is the declaring statement's own; one inside a function is a use all the same."""
    return site.use.span == declaration.span and site.module is facts and site.use.function is None


def _also(declaration: Declaration, facts: ModuleFacts) -> tuple[Access, ...]:
    """Other names that the declaring statement binds to the same object, as escapes."""
    place = _place(facts.path, declaration.statement)
    return tuple(
        Access(place, Operation.ESCAPE, None, True, detail=f"also bound to {name}") for name in declaration.also
    )


def _place(path: str, span: Span) -> Place:
    return Place(path, *span)
