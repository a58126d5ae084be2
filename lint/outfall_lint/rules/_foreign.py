"""Writes that reach beyond their own module: what OUT106, OUT110 and OUT111 tell apart."""

from __future__ import annotations

import sys
from collections.abc import Collection

from outfall_lint.constructors import CHANGING_METHODS, CONTEXT_PROXIES, PROCESS_CALLS
from outfall_lint.facts import ANY, BINDS, GLOBALS, GOT, IMPORTED, SLICE, SUBSCRIPT, Target
from outfall_lint.project import Project
from outfall_lint.sites import Site

_PROCESS = (
    ("os", "environ"),
    ("sys", "path"),
    ("sys", "modules"),
    ("sys", "stdout"),
    ("sys", "stderr"),
    ("sys", "stdin"),
    ("sys", "argv"),
    ("sys", "excepthook"),
    ("sys", "displayhook"),
    ("sys", "meta_path"),
    ("sys", "path_hooks"),
    ("threading", "excepthook"),
)
LOOKED_UP = {("sys", "modules", SUBSCRIPT): "sys.modules[…]", ("importlib", IMPORTED): "importlib.import_module(…)"}
"""Ways to a module whose name is known at run time only."""
_PROCESS_MODULES = frozenset("sys os builtins warnings locale signal gc random decimal threading logging".split())
"""Modules of the standard library whose names are settings of the process."""
_IMPORT_PROTOCOL = frozenset("__loader__ __spec__ __path__ __package__ __file__ __cached__ __doc__".split())
"""Attributes that whoever loads a module is asked to set."""
_OF_LISTS = frozenset((SUBSCRIPT, "append", "appendleft", "extend"))
_LISTLIKE = frozenset("append extend setdefault appendleft insert".split())


def process_state(project: Project, site: Site, target: Target) -> str | None:
    """The process-wide state that a use changes: "os.environ", "random.seed", "sys.last_value"; else None."""
    verb = site.use.verb
    if verb == "call" and target in PROCESS_CALLS:
        return ".".join(target)
    changed = changed_name(site, target, _PROCESS)
    if changed is not None:
        return changed
    if target[0] in _PROCESS_MODULES and module_namespace(project, site, target) is None:
        other = foreign_name(project, site, target)
        return ".".join(other) if other is not None and of_standard_library(project, other) else None
    return None


def changed_name(site: Site, target: Target, names: Collection[Target]) -> str | None:
    """Which of `names`, or what it holds, a use changes: "os.environ"; None for any other use."""
    for length in range(2, len(target) + 1):
        if target[:length] in names and _changes(site.use.verb, target[length:]):
            return ".".join(target[:length])
    return None


def of_standard_library(project: Project, name: Target) -> bool:
    """Whether a name is the standard library's, and that is not the project itself."""
    return name[0] in sys.stdlib_module_names and project.module_named(name) is None


def module_namespace(project: Project, site: Site, target: Target) -> str | None:
    """How a use writes names of a module by their text: "globals()", "setattr"; None for any other use."""
    use = site.use
    if target[-1] in _IMPORT_PROTOCOL:
        return None
    if GLOBALS in target:
        return "globals()" if _changes(use.verb, target[target.index(GLOBALS) + 1 :]) else None
    for looked_up, how in LOOKED_UP.items():
        if target[: len(looked_up)] == looked_up and len(target) > len(looked_up) and _names_changed(use.verb, target[len(looked_up) :]):
            return how
    if "__dict__" in target and is_module(project, site, target[: target.index("__dict__")]):
        rest = target[target.index("__dict__") + 1 :]
        return "its `__dict__`" if _changes(use.verb, rest) and rest else None
    if use.verb == "store" and use.detail == "setattr" and is_module(project, site, target[:-1]) and not project.knows(target):
        return "setattr"
    if use.via not in ("", "module") and _names_changed(use.verb, target[-1:]) and ".".join(target[:-1]) == site.module.module and not project.knows(target):
        return f"`{use.via}`"
    return None


def foreign_name(project: Project, site: Site, target: Target) -> Target | None:
    """The other module's name that a use assigns or changes in place; None where it does neither for sure."""
    use = site.use
    if target[-1] in _IMPORT_PROTOCOL or target[0] == f"_{site.module.module.partition('.')[0]}":
        return None  # a library's own part in C is no other module
    if target[:2] in CONTEXT_PROXIES:
        return None
    for length in range(len(target) - 1, 0, -1):
        if is_module(project, site, target[:length]):
            rest = target[length:]
            if len(rest) == 1:
                return target if use.verb in BINDS else None
            # What a module of the project does not declare may be anything, unless it is named as a constant.
            certain = rest[0].isupper() or project.module_named(target[:length]) is None
            if _is_method(project, target[:length], rest[1]):
                return None
            if certain and _changes_container(use.verb, rest):
                return target[: length + 1]
            break
    if use.via or len(target) < 2:
        return None
    if use.verb in BINDS and _certainly_shared(project, target):
        return target
    # `from mod import STATE; STATE[k] = v`, of a module that we cannot see
    for length in range(2, len(target)):
        rest = target[length - 1 :]
        if target[length] in (SUBSCRIPT, *CHANGING_METHODS):
            certain = target[length] in _OF_LISTS or rest[0].isupper()
            return target[:length] if certain and _changes_container(use.verb, rest) else None
    return None


def _certainly_shared(project: Project, target: Target) -> bool:
    """Whether a name's only attribute is a constant's or a class's, wherever the name is from: `settings.DEBUG`, `Pool.size`."""
    if len(target) < 3 or project.module_named(target) is not None or not {SUBSCRIPT, SLICE, GOT, ANY}.isdisjoint(target):
        return False
    return target[-1].isupper() if target[-2].islower() else is_class_name(target[-2])


def _is_method(project: Project, module: Target, name: str) -> bool:
    """Whether a class of that module has a method of the name, which what the module does not declare may be an object of."""
    found = project.module_named(module)
    return found is not None and not found[1] and any("." not in cls.name and name in cls.methods for cls in found[0].classes)


def is_class_name(name: str) -> bool:
    """Whether a name is spelled as classes are: `HTTPConnection`, `Pool`."""
    return name[:1].isupper() and not name.isupper() and "_" not in name


def is_module(project: Project, site: Site, target: Target) -> bool:
    """Whether a target is a module for certain: one of the project, or one imported by plain `import`."""
    found = project.module_named(target)
    if found is not None and (not found[1] or project.knows(target)):
        return not found[1]
    return ".".join(target) in site.module.modules or (site.use.via == "module" and len(target) == 1)


def _names_changed(verb: str, rest: Target) -> bool:
    """`rest` is what follows a module: a name that is stored or deleted, or an entry of its dictionary."""
    return verb in ("store", "delete") or (rest[0] == "__dict__" and _changes(verb, rest[1:]))


def _changes(verb: str, rest: Target) -> bool:
    if verb in BINDS:
        return rest in ((), (SUBSCRIPT,), (SLICE,))
    return verb == "call" and len(rest) == 1 and rest[0] in CHANGING_METHODS


def _changes_container(verb: str, rest: Target) -> bool:
    """`rest` starts with the container's name: `STATE[k] = v`, `STATE.append(v)`."""
    if verb in BINDS:
        return rest[1:] in ((SUBSCRIPT,), (SLICE,))
    if verb != "call" or len(rest) != 2:
        return False
    return rest[1] in _LISTLIKE or (rest[1] in CHANGING_METHODS and rest[0].isupper())
