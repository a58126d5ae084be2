"""Which functions run only while modules are being imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outfall_lint.facts import Class, Function, Target
from outfall_lint.sites import Site

Sites = Mapping[Target, Sequence[Site]]


def called_only_at_import(
    functions: Mapping[Target, Function], classes: Mapping[Target, Class], sites: Sites
) -> frozenset[Target]:
    """Functions with at least one call, every use of which is a call that runs at import.

    A function that only such functions call is one too. Tests do not count as callers of a private function.
    """
    only = {name for name, f in functions.items() if f.deleted or _runs_with_class_creation(name, classes)}
    open_to_doubt = [name for name, function in functions.items() if name not in only and _is_in_sight(function)]
    callers = {name: found for name in open_to_doubt if (found := _callers(name, sites)) is not None}
    while settled := [name for name, found in callers.items() if found <= only]:
        only.update(settled)
        for name in settled:
            del callers[name]
    return frozenset(only)


def _is_in_sight(function: Function) -> bool:
    """Whether all calls of it can be told: nobody calls it on an object of which the class is not known."""
    return function.kind == "function" or (function.kind in ("classmethod", "staticmethod") and function.name.rpartition(".")[2].startswith("_"))


def _callers(name: Target, sites: Sites) -> set[Target | None] | None:
    """The functions that call a function after import; None where it is never called, or used in any other way."""
    private = name[-1].startswith("_")  # of a public function, tests are only the callers that we see
    outside = [site for site in sites.get(name, ()) if site.caller != name and not (private and site.module.is_test)]
    if not outside or any(site.use.verb not in ("call", "delete") or site.rest for site in outside):
        return None
    return {site.caller for site in outside if not site.use.at_import}


def _runs_with_class_creation(name: Target, classes: Mapping[Target, Class]) -> bool:
    """Whether Python calls the method while a class statement runs."""
    last = name[-1]
    if last in ("__init_subclass__", "__set_name__"):
        return True
    owner = classes.get(name[:-1])
    return last in ("__new__", "__init__", "__prepare__") and owner is not None and "type" in owner.bases
