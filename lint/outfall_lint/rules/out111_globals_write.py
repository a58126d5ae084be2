"""OUT111: names of a module written by their text."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.facts import Target
from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._foreign import LOOKED_UP, is_module, module_namespace, of_standard_library
from outfall_lint.rules._outside import state_at


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    seen: set[tuple[str, str | None, str]] = set()
    plainly = frozenset(_written_plainly(view))
    for whole, site in view.project.changes:
        means = module_namespace(view.project, site, whole)
        if means is None:
            continue
        at_import = view.project.at_import(site)
        own = means == "globals()"
        any_module = means in LOOKED_UP.values()
        module = site.module.module if own else "sys.modules" if any_module else _module(view, whole)
        if (site.module.path, site.use.function, module) in seen:
            continue  # what one function writes of a module is one finding
        seen.add((site.module.path, site.use.function, module))
        state = state_at(site, f"{module}.*", at_import)
        foreign = not own and not any_module
        lazy_import = own and site.use.function == "__getattr__"  # PEP 562: what is found is kept for good
        low = at_import or lazy_import or site.module.is_test or (foreign and of_standard_library(view.project, whole))
        low = low or (site.module.path, site.use.function, module) in plainly  # which OUT106 reports
        whose = "a module that is looked up" if any_module else f"module `{module}`"
        message = f"names of {whose} are written through {means}: neither readers nor tools can follow that"
        yield rule.finding(state, message, Priority.LOW if low else None)


def _written_plainly(view: View) -> Iterator[tuple[str, str | None, str]]:
    """Where, by file and function, names of which modules are assigned as `module.name = v`."""
    for whole, site in view.project.changes:
        if site.use.verb == "store" and is_module(view.project, site, whole[:-1]) and module_namespace(view.project, site, whole) is None:
            yield site.module.path, site.use.function, ".".join(whole[:-1])


def _module(view: View, target: Target) -> str:
    """The module whose names a write changes."""
    path = target[: target.index("__dict__")] if "__dict__" in target else target[:-1]
    found = view.project.module_named(path)
    return found[0].module if found is not None else ".".join(path)


RULE = Rule(
    code="OUT111",
    name="globals-write",
    category="globals",
    priority=Priority.NORMAL,
    explanation=Explanation(
        what="Reports `globals()[…] = v`, `setattr(module, …)`, `vars(module)[…] = v` and the like.",
        why="The names that such code makes stand nowhere: no search, no type checker and no linter finds who sets them.",
        example="def configure(options):\n    for name, value in options.items():\n        globals()[name] = value\n",
        instead="class Options:\n    def __init__(self, options):\n        self.values = dict(options)\n",
        fix_safety="No rewrite: the names are not known before the program runs.",
        references=("https://docs.python.org/3/library/functions.html#globals",),
    ),
    bad=(
        "def configure(options):\n    for name, value in options.items():\n        globals()[name] = value\n",
        "import settings\n\ndef override(name, value):\n    setattr(settings, name, value)\n",
        "import settings\n\ndef override(name, value):\n    vars(settings)[name] = value\n",
    ),
    good=(
        "def names():\n    return list(globals())\n",
        "def fill(obj, values):\n    for name, value in values.items():\n        setattr(obj, name, value)\n",
        "import settings\n\ndef level(name):\n    return getattr(settings, name)\n",
    ),
    check=_check,
    over=("OUT106", "OUT104"),
    advice="keep the values in a dict or an object that has an owner",
)
